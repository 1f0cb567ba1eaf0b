//! What the bytes of a material show, and who handed in which content.

use sea_orm_migration::prelude::*;

use crate::{create, drop, name, optional, psn_no, sealed, table, words};

const TABLES: &[&str] = &["content_claim"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut checks = optional(words("checks"));
        let alter = Table::alter().table(name("material")).add_column(&mut checks).to_owned();
        manager.alter_table(alter).await?;
        // Across people, so apart from them and with its own key: the blind index of a content.
        let claim =
            table("content_claim", vec![sealed("content_index"), psn_no()], &["content_index", "psn_no"]);
        create(manager, vec![claim], Vec::new()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await?;
        let alter = Table::alter().table(name("material")).drop_column(name("checks")).to_owned();
        manager.alter_table(alter).await
    }
}
