//! The table `material`.

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
    pub version: i64,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
