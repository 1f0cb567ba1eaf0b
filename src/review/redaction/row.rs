//! The table `task_reading`: which content was given out for which material of a task, and when first.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "task_reading")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub material_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    pub read_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
