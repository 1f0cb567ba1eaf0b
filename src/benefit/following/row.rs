//! The table `benefit_look`.

use sea_orm::entity::prelude::*;

/// When to look at a benefit again, for those who look for what is due. No part of the benefit itself: it can be derived.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "benefit_look")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub benefit_id: Uuid,
    pub look_on: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
