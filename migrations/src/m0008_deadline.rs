//! What is due when: a copy of every running clock, for those who look for it.

use sea_orm_migration::prelude::*;

use crate::{area, create, day, drop, flag, id, index, name, number, optional, string, table, words};

const TABLES: &[&str] = &["deadline"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            vec![deadline()],
            vec![
                index("deadline", "deadline_due", &["area", "ended", "due_on"], false),
                index("deadline", "deadline_look", &["ended", "look_on"], false),
                index("deadline", "deadline_calendar", &["ended", "calendar"], false),
            ],
        )
        .await?;
        // Copies of due dates that nobody derives anew any more.
        for (on, title) in [("application", "application_due"), ("notice", "notice_due")] {
            manager.drop_index(Index::drop().name(title).table(name(on)).to_owned()).await?;
            let drop = Table::alter().table(name(on)).drop_column(name("due_on")).to_owned();
            manager.alter_table(drop).await?;
        }
        manager.create_index(index("notice", "notice_state", &["state"], false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("notice_state").table(name("notice")).to_owned()).await?;
        for on in ["application", "notice"] {
            let add = Table::alter().table(name(on)).add_column(optional(day("due_on"))).to_owned();
            manager.alter_table(add).await?;
        }
        let due = index("application", "application_due", &["area", "state", "due_on"], false);
        manager.create_index(due).await?;
        manager.create_index(index("notice", "notice_due", &["state", "due_on"], false)).await?;
        drop(manager, TABLES).await
    }
}

fn deadline() -> TableCreateStatement {
    table(
        "deadline",
        vec![
            string("owner", 30),
            id("id"),
            string("kind", 20),
            words("name"),
            area("area"),
            string("officer", 64),
            words("codes"),
            string("state", 30),
            words("clock"),
            flag("ended"),
            day("due_on"),
            day("look_on"),
            string("calendar", 60),
            string("told", 200),
            number("version"),
        ],
        &["owner", "id", "kind"],
    )
}
