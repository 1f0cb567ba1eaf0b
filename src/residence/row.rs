//! The table `residence_filing`.

use sea_orm::entity::prelude::*;

/// Filings. Address, phone, agent and the reason of a rejection are in the sealed body.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "residence_filing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub area: String,
    pub kind: i16,
    pub basis: i16,
    pub state: String,
    pub places: String,
    pub begndate: String,
    pub enddate: Option<String>,
    pub body: Vec<u8>,
    pub version: i64,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
