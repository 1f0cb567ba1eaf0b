//! Decisions that a second panel judges too, and how far experts agree.

use sea_orm_migration::prelude::*;

use crate::{
    area, code, create, day, drop, id, index, instant, name, number, optional, psn_no, sealed, small, string,
    table, words,
};

const TABLES: &[&str] = &["quality_review", "judgement"];

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
            vec![quality_review(), judgement()],
            vec![
                index("quality_review", "quality_review_application", &["psn_no", "application_id"], false),
                index("quality_review", "quality_review_state", &["state", "area", "id"], false),
                index("judgement", "judgement_expert", &["expert", "area"], false),
                index("judgement", "judgement_disease", &["opsp_dise_code", "area"], false),
            ],
        )
        .await?;
        let add = Table::alter().table(name("review_task")).add_column(optional(id("quality_id"))).to_owned();
        manager.alter_table(add).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop_column =
            Table::alter().table(name("review_task")).drop_column(name("quality_id")).to_owned();
        manager.alter_table(drop_column).await?;
        drop(manager, TABLES).await
    }
}

fn quality_review() -> TableCreateStatement {
    table(
        "quality_review",
        vec![
            psn_no(),
            id("id"),
            id("application_id"),
            area("area"),
            words("codes"),
            string("state", 24),
            sealed("body"),
            number("version"),
            instant("created_at"),
        ],
        &["psn_no", "id"],
    )
}

fn judgement() -> TableCreateStatement {
    table(
        "judgement",
        vec![
            psn_no(),
            id("application_id"),
            code("opsp_dise_code"),
            string("expert", 80),
            area("area"),
            day("confirmed_on"),
            small("met"),
            small("agrees"),
            small("judged"),
            small("judged_agrees"),
        ],
        &["psn_no", "application_id", "opsp_dise_code", "expert"],
    )
}
