//! Why a certificate was revoked, and the status lists for those who check offline.

use sea_orm_migration::prelude::*;

use crate::{create, drop, instant, name, number, optional, sealed, string, table};

const TABLES: &[&str] = &["certificate_status_list"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add =
            Table::alter().table(name("certificate")).add_column(optional(sealed("revocation"))).to_owned();
        manager.alter_table(add).await?;
        create(manager, vec![status_list()], Vec::new()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await?;
        let drop = Table::alter().table(name("certificate")).drop_column(name("revocation")).to_owned();
        manager.alter_table(drop).await
    }
}

fn status_list() -> TableCreateStatement {
    table(
        "certificate_status_list",
        vec![
            number("serial"),
            instant("issued_at"),
            instant("expires_at"),
            string("key_id", 255),
            sealed("signature"),
            sealed("sha256"),
            number("entry_count"),
            sealed("entries"),
        ],
        &["serial"],
    )
}
