//! How far a job that goes round has come, and until when it rests.

use sea_orm_migration::prelude::*;

use crate::{instant, name, words};

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
        let (mut bookmark, mut rest) = (words("bookmark"), instant("rests_until"));
        for column in [bookmark.default(""), rest.default(0)] {
            let add = Table::alter().table(name("job")).add_column(column.to_owned()).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["rests_until", "bookmark"] {
            let drop = Table::alter().table(name("job")).drop_column(name(column)).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
