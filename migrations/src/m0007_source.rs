//! By which list of institutions a bill was settled; empty for what was settled before it was kept.

use sea_orm_migration::prelude::*;

use crate::{name, string};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for mut column in [string("institutions_version", 60), string("institutions_sha256", 64)] {
            let column = column.default("").to_owned();
            let add = Table::alter().table(name("settlement")).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["institutions_sha256", "institutions_version"] {
            let drop = Table::alter().table(name("settlement")).drop_column(name(column)).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
