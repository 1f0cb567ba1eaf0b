//! What each decision rests on.

use sea_orm_migration::prelude::*;

use crate::{count, create, drop, id, instant, psn_no, sealed, string, table};

const TABLES: &[&str] = &["receipt"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, vec![receipt()], Vec::new()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await
    }
}

fn receipt() -> TableCreateStatement {
    table(
        "receipt",
        vec![
            psn_no(),
            id("application_id"),
            count("number"),
            string("sha256", 64),
            sealed("body"),
            instant("created_at"),
        ],
        &["psn_no", "application_id", "number"],
    )
}
