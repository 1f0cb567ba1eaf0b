//! The tables `application` and `application_line`.

/// Applications.
pub mod application {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "application")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub area: String,
        pub insutype: i16,
        pub state: String,
        pub body: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
        pub updated_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Where each line stands, for those who look for lines across people.
pub mod line {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "application_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub opsp_dise_code: String,
        pub area: String,
        pub insutype: i16,
        pub state: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
