//! The table `requalification`.

use sea_orm::entity::prelude::*;

/// Re-qualifications. What was asked, answered and decided is in the sealed body.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "requalification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub benefit_id: Uuid,
    pub area: String,
    pub opsp_dise_code: String,
    pub due_on: String,
    pub state: String,
    pub delivered_on: Option<String>,
    pub next_on: Option<String>,
    pub body: Vec<u8>,
    pub version: i64,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
