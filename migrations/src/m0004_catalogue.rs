//! Lists of institutions, and the files from which catalogues and lists were imported.

use sea_orm_migration::prelude::*;

use crate::{area, create, day, drop, flag, instant, string, table, words};

const TABLES: &[&str] = &["institution_list", "catalog_file"];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, vec![institution_list(), catalog_file()], Vec::new()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await
    }
}

fn institution_list() -> TableCreateStatement {
    table(
        "institution_list",
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

fn catalog_file() -> TableCreateStatement {
    table(
        "catalog_file",
        vec![string("kind", 20), area("area"), string("version", 60), string("name", 40), words("content")],
        &["kind", "area", "version", "name"],
    )
}
