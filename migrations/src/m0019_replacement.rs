//! 病情变化: which benefit replaced which.

use sea_orm_migration::prelude::*;

use crate::{id, name, optional};

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
        for column in ["replaces", "replaced_by"] {
            let add = Table::alter().table(name("benefit")).add_column(optional(id(column))).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["replaced_by", "replaces"] {
            let drop = Table::alter().table(name("benefit")).drop_column(name(column)).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
