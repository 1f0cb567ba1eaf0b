//! The table `catalog`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub area: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub in_force_from: String,
    pub sha256: String,
    pub sample: bool,
    pub body: String,
    pub published_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
