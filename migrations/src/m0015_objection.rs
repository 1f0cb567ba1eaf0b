//! What comes with an objection: its files, and the copy of its words that the person whom it is about may see.

use sea_orm_migration::prelude::*;

use crate::{count, create, drop, id, instant, number, psn_no, sealed, string, table};

const TABLES: &[&str] = &["objection_file", "objection_copy"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let file = table(
            "objection_file",
            vec![
                psn_no(),
                id("objection_id"),
                count("number"),
                string("sha256", 64),
                string("media_type", 30),
                number("size_bytes"),
                sealed("content"),
                instant("created_at"),
            ],
            &["psn_no", "objection_id", "number"],
        );
        let copy = table(
            "objection_copy",
            vec![psn_no(), id("objection_id"), sealed("body")],
            &["psn_no", "objection_id"],
        );
        create(manager, vec![file, copy], Vec::new()).await?;
        // What was withdrawn, or removed and reviewed again, is listed again: one entry a line stands.
        let conn = manager.get_connection();
        conn.execute_unprepared("DROP INDEX notice_entry_line").await?;
        let standing = "CREATE UNIQUE INDEX notice_entry_line ON notice_entry (psn_no, application_id, opsp_dise_code) \
                        WHERE state NOT IN ('withdrawn', 'removed')";
        conn.execute_unprepared(standing).await?;
        Ok(())
    }

    /// The index stays as it is: over lines that were listed again by then no other one can be made.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await
    }
}
