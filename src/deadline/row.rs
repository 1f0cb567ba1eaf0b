//! The table `deadline`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deadline")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    pub name: String,
    pub area: String,
    pub officer: String,
    pub codes: String,
    pub state: String,
    pub clock: String,
    pub ended: bool,
    pub due_on: String,
    pub look_on: String,
    pub calendar: String,
    pub told: String,
    pub version: i64,
    pub within: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
