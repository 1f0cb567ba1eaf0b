//! What the experts of an application get to see of its materials, and what each of them opened.

use sea_orm_migration::prelude::*;

use crate::{create, drop, id, index, instant, name, number, psn_no, sealed, string, table};

const TABLES: &[&str] = &["redaction", "task_reading"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let redaction = table(
            "redaction",
            vec![
                psn_no(),
                id("application_id"),
                id("material_id"),
                string("sha256", 64),
                string("media_type", 30),
                number("size_bytes"),
                string("operator", 64),
                sealed("body"),
                number("version"),
                instant("made_at"),
            ],
            &["psn_no", "application_id", "material_id"],
        );
        // Which copy of a material was given out for a task first.
        let reading = table(
            "task_reading",
            vec![psn_no(), id("task_id"), id("material_id"), string("sha256", 64), instant("read_at")],
            &["psn_no", "task_id", "material_id", "sha256"],
        );
        let contents = index("redaction", "redaction_content", &["psn_no", "sha256"], false);
        // What is under review, for those who look what waits for a redaction.
        let review = index("application", "application_review", &["state", "area"], false);
        create(manager, vec![redaction, reading], vec![contents, review]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("application_review").table(name("application")).to_owned())
            .await?;
        drop(manager, TABLES).await
    }
}
