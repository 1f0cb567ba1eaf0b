//! The table `quality_review`.

use sea_orm::entity::prelude::*;

/// The quality sample of one decision. What was judged is sealed; the columns beside it are for those who search.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quality_review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub application_id: Uuid,
    pub area: String,
    /// The drawn ones, each between spaces.
    pub codes: String,
    pub state: String,
    pub body: Vec<u8>,
    pub version: i64,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
