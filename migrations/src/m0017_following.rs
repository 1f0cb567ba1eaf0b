//! What a benefit has taken over from its person's insurance, and when to look at it again.

use sea_orm_migration::prelude::*;

use crate::{create, day, drop, id, index, name, optional, psn_no, table, words};

const TABLES: &[&str] = &["benefit_look"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let following = words("following").default("{}").to_owned();
        let add = Table::alter().table(name("benefit")).add_column(following).to_owned();
        manager.alter_table(add).await?;
        let look = table(
            "benefit_look",
            vec![psn_no(), id("benefit_id"), optional(day("look_on"))],
            &["psn_no", "benefit_id"],
        );
        let due = index("benefit_look", "benefit_look_due", &["look_on", "psn_no", "benefit_id"], false);
        create(manager, vec![look], vec![due]).await?;
        // Each benefit that is there has never followed: it is looked at once.
        let all = "INSERT INTO benefit_look (psn_no, benefit_id, look_on) SELECT psn_no, id, '2000-01-01' FROM benefit";
        manager.get_connection().execute_unprepared(all).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await?;
        let column = Table::alter().table(name("benefit")).drop_column(name("following")).to_owned();
        manager.alter_table(column).await
    }
}
