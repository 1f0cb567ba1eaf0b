//! The table `redaction`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "redaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub material_id: Uuid,
    pub sha256: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub operator: String,
    pub body: Vec<u8>,
    pub version: i64,
    pub made_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
