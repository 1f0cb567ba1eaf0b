//! The table `certificate_status_list`.

use sea_orm::entity::prelude::*;

/// Status lists, the last two.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate_status_list")]
pub struct Model {
    /// From 1, one a list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub serial: i64,
    /// Microseconds.
    pub issued_at: i64,
    /// Microseconds.
    pub expires_at: i64,
    pub key_id: String,
    pub signature: Vec<u8>,
    pub sha256: Vec<u8>,
    pub entry_count: i64,
    pub entries: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
