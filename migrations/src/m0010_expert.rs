//! How much an expert did in the last year, and deadlines that stand still with another.

use sea_orm_migration::prelude::*;

use crate::{id, index, instant, name, optional};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (on, column) in [("review_task", instant("answered_at")), ("deadline", id("within"))] {
            let add = Table::alter().table(name(on)).add_column(optional(column)).to_owned();
            manager.alter_table(add).await?;
        }
        // When earlier ones were answered stands in their sealed bodies alone: the day of assignment stands in for it.
        let answered = Query::update()
            .table(name("review_task"))
            .value(name("answered_at"), Expr::col(name("created_at")))
            .and_where(Expr::col(name("state")).eq("answered"))
            .to_owned();
        manager.execute(answered).await?;
        let columns = ["expert_id", "state", "answered_at"];
        manager.create_index(index("review_task", "review_task_expert", &columns, false)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop().name("review_task_expert").table(name("review_task")).to_owned();
        manager.drop_index(drop).await?;
        for (on, column) in [("review_task", "answered_at"), ("deadline", "within")] {
            let drop = Table::alter().table(name(on)).drop_column(name(column)).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
