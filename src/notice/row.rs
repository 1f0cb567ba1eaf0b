//! The tables `notice`, `notice_entry`, `reference_claim`, `objection`, `objection_file` and `objection_copy`.

/// Headers. They belong to their area.
pub mod notice {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: String,
        pub insutype: i16,
        pub state: String,
        pub entry_count: i32,
        pub body: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Entries. They belong to their people.
pub mod entry {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub notice_id: Uuid,
        pub area: String,
        pub reference: String,
        pub application_id: Uuid,
        pub opsp_dise_code: String,
        pub state: String,
        pub body: Vec<u8>,
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whose entry a public reference names: unique across people.
pub mod claim {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reference_claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub reference: String,
        pub psn_no: String,
        pub entry_id: Uuid,
        pub notice_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Objections. They belong to the people whom they are about.
pub mod objection {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "objection")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub entry_id: Uuid,
        pub notice_id: Uuid,
        pub state: String,
        pub body: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The files of objections.
pub mod file {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "objection_file")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub objection_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub sha256: String,
        pub media_type: String,
        pub size_bytes: i64,
        pub content: Vec<u8>,
        pub created_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the people whom objections are about may see of them.
pub mod copy {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "objection_copy")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub objection_id: Uuid,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
