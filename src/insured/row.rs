//! The tables `insured` and `certno_claim`.

/// Insured people. All but the area is sealed.
pub mod insured {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "insured")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        pub insu_admdvs: String,
        pub insutype: i16,
        pub certno_index: Vec<u8>,
        pub body: Vec<u8>,
        pub version: i64,
        pub updated_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// One person a number: unique across people.
pub mod claim {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "certno_claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub certno_index: Vec<u8>,
        pub psn_no: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
