//! The schema, forward and back. Knows no type of the server.
//!
//! Everything that belongs to a person is keyed by `(psn_no, …)`; no constraint and no join crosses that line. What
//! must be unique across people is a claim table of its own. Instants are microseconds since 1970 UTC, days are ISO
//! text, money is whole 分, sealed columns are encrypted by the server.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, boolean, integer, small_integer, string_len, text, uuid};

mod m0001_spine;
mod m0002_casework;
mod m0003_benefit;
mod m0004_catalogue;
mod m0005_material;
mod m0006_objects;
mod m0007_source;
mod m0008_deadline;
mod m0010_expert;
mod m0011_redaction;
mod m0012_receipt;
mod m0013_quality;
mod m0015_objection;
mod m0016_certificate;
mod m0017_following;
mod m0018_requalification;
mod m0019_replacement;

/// Runs the migrations.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_spine::Migration),
            Box::new(m0002_casework::Migration),
            Box::new(m0003_benefit::Migration),
            Box::new(m0004_catalogue::Migration),
            Box::new(m0005_material::Migration),
            Box::new(m0006_objects::Migration),
            Box::new(m0007_source::Migration),
            Box::new(m0008_deadline::Migration),
            Box::new(m0010_expert::Migration),
            Box::new(m0011_redaction::Migration),
            Box::new(m0012_receipt::Migration),
            Box::new(m0013_quality::Migration),
            Box::new(m0015_objection::Migration),
            Box::new(m0016_certificate::Migration),
            Box::new(m0017_following::Migration),
            Box::new(m0018_requalification::Migration),
            Box::new(m0019_replacement::Migration),
        ]
    }
}

fn name(text: &'static str) -> Alias {
    Alias::new(text)
}

fn psn_no() -> ColumnDef {
    string_len(name("psn_no"), 30)
}

fn string(column: &'static str, length: u32) -> ColumnDef {
    string_len(name(column), length)
}

fn day(column: &'static str) -> ColumnDef {
    string_len(name(column), 10)
}

fn area(column: &'static str) -> ColumnDef {
    string_len(name(column), 6)
}

fn code(column: &'static str) -> ColumnDef {
    string_len(name(column), 30)
}

fn instant(column: &'static str) -> ColumnDef {
    big_integer(name(column))
}

fn id(column: &'static str) -> ColumnDef {
    uuid(name(column))
}

fn sealed(column: &'static str) -> ColumnDef {
    blob(name(column))
}

fn number(column: &'static str) -> ColumnDef {
    big_integer(name(column))
}

fn count(column: &'static str) -> ColumnDef {
    integer(name(column))
}

fn small(column: &'static str) -> ColumnDef {
    small_integer(name(column))
}

fn flag(column: &'static str) -> ColumnDef {
    boolean(name(column))
}

fn words(column: &'static str) -> ColumnDef {
    text(name(column))
}

fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null();
    column
}

/// A table with its columns and its primary key.
fn table(table: &'static str, columns: Vec<ColumnDef>, key: &[&'static str]) -> TableCreateStatement {
    let mut create = Table::create();
    create.table(name(table));
    for mut column in columns {
        create.col(&mut column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(name(column));
    }
    create.primary_key(&mut primary);
    create
}

fn index(
    on: &'static str,
    title: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> IndexCreateStatement {
    let mut create = Index::create();
    create.name(title).table(name(on));
    for column in columns {
        create.col(name(column));
    }
    if unique {
        create.unique();
    }
    create
}

async fn create(
    manager: &SchemaManager<'_>,
    tables: Vec<TableCreateStatement>,
    indexes: Vec<IndexCreateStatement>,
) -> Result<(), DbErr> {
    for table in tables {
        manager.create_table(table).await?;
    }
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

async fn drop(manager: &SchemaManager<'_>, tables: &[&'static str]) -> Result<(), DbErr> {
    for table in tables.iter().rev() {
        manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
    }
    Ok(())
}
