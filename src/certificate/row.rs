//! The tables `certificate` and `certificate_claim`.

/// Certificates. What they say is sealed.
pub mod certificate {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "certificate")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub benefit_id: Uuid,
        pub number: String,
        pub revoked: bool,
        pub body: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
        /// Sealed; there exactly when it is revoked.
        pub revocation: Option<Vec<u8>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whose certificate an id is, for those who hold only its code.
pub mod claim {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "certificate_claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub psn_no: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
