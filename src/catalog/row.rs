//! The tables `catalog`, `institution_list` and `catalog_file`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub area: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub in_force_from: String,
    pub sha256: String,
    pub sample: bool,
    pub body: String,
    pub published_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Lists of institutions.
pub mod list {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "institution_list")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: String,
        pub in_force_from: String,
        pub sha256: String,
        pub sample: bool,
        pub body: String,
        pub published_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was imported, as it was given.
pub mod file {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalog_file")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub content: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
