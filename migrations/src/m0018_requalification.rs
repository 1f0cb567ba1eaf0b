//! 年度复审: each round of it, and the order in which benefits come up for the next one.

use sea_orm_migration::prelude::*;

use crate::{
    area, code, create, day, drop, id, index, instant, name, number, optional, psn_no, sealed, string, table,
};

const TABLES: &[&str] = &["requalification"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let requalification = table(
            "requalification",
            vec![
                psn_no(),
                id("id"),
                id("benefit_id"),
                area("area"),
                code("opsp_dise_code"),
                day("due_on"),
                string("state", 24),
                optional(day("delivered_on")),
                optional(day("next_on")),
                sealed("body"),
                number("version"),
                instant("created_at"),
            ],
            &["psn_no", "id"],
        );
        create(
            manager,
            vec![requalification],
            vec![
                index("requalification", "requalification_due", &["state", "due_on", "psn_no", "id"], false),
                index("requalification", "requalification_next", &["next_on", "psn_no", "id"], false),
                index("benefit", "benefit_requalify", &["requalify_on", "psn_no", "id"], false),
            ],
        )
        .await?;
        // A benefit has one round at a time: both engines know partial indexes, the builder does not.
        let one = "CREATE UNIQUE INDEX requalification_open ON requalification (psn_no, benefit_id) \
                   WHERE state IN ('open', 'answered')";
        manager.get_connection().execute_unprepared(one).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("benefit_requalify").table(name("benefit")).to_owned()).await?;
        drop(manager, TABLES).await
    }
}
