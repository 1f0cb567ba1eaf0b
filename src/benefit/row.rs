//! The tables `benefit` and `accumulator`.

/// Benefits.
pub mod benefit {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "benefit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub area: String,
        pub insutype: i16,
        pub opsp_dise_code: String,
        pub begndate: String,
        pub enddate: Option<String>,
        pub requalify_on: Option<String>,
        pub suspensions: String,
        pub application_id: Uuid,
        pub entry_id: Uuid,
        pub notice_entry: String,
        pub certificate_id: Option<Uuid>,
        pub end_ground: Option<String>,
        pub version: i64,
        pub following: String,
        pub created_at: i64,
        pub replaces: Option<Uuid>,
        pub replaced_by: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a year has used.
pub mod accumulator {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "accumulator")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub insutype: i16,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: i16,
        #[sea_orm(primary_key, auto_increment = false)]
        pub opsp_dise_code: String,
        pub used_fen: i64,
        pub deductible_used_fen: i64,
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
