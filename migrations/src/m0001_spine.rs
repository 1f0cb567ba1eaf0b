//! The journal and its log, repeated requests, timed jobs, reference data.

use sea_orm_migration::prelude::*;

use crate::{
    area, create, day, drop, flag, id, index, instant, number, optional, sealed, string, table, words,
};

const TABLES: &[&str] = &["journal", "log", "request_claim", "job", "catalog", "calendar"];

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
            vec![journal(), log(), request_claim(), job(), catalog(), calendar()],
            vec![
                // One entry for each version of each aggregate: a step without its event, or two of them, cannot be.
                index("journal", "journal_version", &["owner", "aggregate", "version"], true),
                index("journal", "journal_unsequenced", &["position", "at"], false),
                index("log", "log_entry", &["id"], false),
                index("request_claim", "request_claim_age", &["at"], false),
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await
    }
}

fn entry() -> Vec<ColumnDef> {
    vec![
        id("id"),
        string("owner", 30),
        area("area"),
        string("aggregate", 200),
        number("version"),
        string("event", 60),
        words("data"),
        string("actor", 20),
        string("caller", 64),
        optional(string("operator", 64)),
        instant("at"),
    ]
}

fn journal() -> TableCreateStatement {
    let mut columns = entry();
    columns.push(optional(number("position")));
    table("journal", columns, &["owner", "id"])
}

fn log() -> TableCreateStatement {
    let mut columns = entry();
    columns.extend([number("position"), sealed("leaf")]);
    table("log", columns, &["position"])
}

fn request_claim() -> TableCreateStatement {
    table(
        "request_claim",
        vec![
            string("owner", 30),
            string("caller", 64),
            string("request_id", 36),
            sealed("digest"),
            sealed("answer"),
            instant("at"),
        ],
        &["owner", "caller", "request_id"],
    )
}

fn job() -> TableCreateStatement {
    table(
        "job",
        vec![
            string("name", 40),
            optional(string("holder", 64)),
            instant("leased_until"),
            number("fence"),
            optional(instant("last_run")),
            number("last_done"),
            words("last_error"),
        ],
        &["name"],
    )
}

fn catalog() -> TableCreateStatement {
    table(
        "catalog",
        vec![
            area("area"),
            string("version", 60),
            day("in_force_from"),
            string("sha256", 64),
            flag("sample"),
            words("body"),
            instant("published_at"),
        ],
        &["area", "version"],
    )
}

fn calendar() -> TableCreateStatement {
    table("calendar", vec![string("version", 60), words("body"), instant("published_at")], &["version"])
}
