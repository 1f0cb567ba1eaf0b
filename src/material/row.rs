//! The tables `material` and `content_claim`.

/// The table `material`.
pub mod material {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "material")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: i16,
        pub media_type: String,
        pub size_bytes: i64,
        pub sha256: String,
        pub in_use: bool,
        pub body: Vec<u8>,
        pub checks: Option<String>,
        pub version: i64,
        pub created_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table `content_claim`: who handed in a content, found by its blind index.
pub mod claim {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "content_claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub content_index: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
