//! People, materials, applications, review, notices and objections.

use sea_orm_migration::prelude::*;

use crate::{
    area, code, count, create, day, drop, flag, id, index, instant, number, optional, psn_no, sealed, small,
    string, table,
};

const TABLES: &[&str] = &[
    "insured",
    "certno_claim",
    "material",
    "application",
    "application_line",
    "expert",
    "panel",
    "review_task",
    "review_task_claim",
    "notice",
    "notice_entry",
    "reference_claim",
    "objection",
];

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Whole or not at all, on SQLite too.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tables = people();
        tables.extend(applications());
        tables.extend(review());
        tables.extend(notices());
        create(
            manager,
            tables,
            vec![
                index("material", "material_age", &["psn_no", "created_at"], false),
                index("application", "application_due", &["area", "state", "due_on"], false),
                index("application_line", "application_line_state", &["area", "insutype", "state"], false),
                index("expert", "expert_operator", &["area", "operator"], true),
                index("review_task", "review_task_application", &["psn_no", "application_id"], false),
                index("review_task", "review_task_operator", &["operator", "state"], false),
                index("notice", "notice_number", &["area", "number"], true),
                index("notice", "notice_due", &["state", "due_on"], false),
                index("notice_entry", "notice_entry_notice", &["notice_id", "reference"], false),
                index(
                    "notice_entry",
                    "notice_entry_line",
                    &["psn_no", "application_id", "opsp_dise_code"],
                    true,
                ),
                index("objection", "objection_notice", &["notice_id", "created_at"], false),
                index("objection", "objection_entry", &["psn_no", "entry_id"], false),
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await
    }
}

fn people() -> Vec<TableCreateStatement> {
    vec![
        table(
            "insured",
            vec![
                psn_no(),
                area("insu_admdvs"),
                small("insutype"),
                sealed("certno_index"),
                sealed("body"),
                number("version"),
                instant("updated_at"),
            ],
            &["psn_no"],
        ),
        table("certno_claim", vec![sealed("certno_index"), psn_no()], &["certno_index"]),
        table(
            "material",
            vec![
                psn_no(),
                id("id"),
                small("kind"),
                string("media_type", 40),
                number("size_bytes"),
                string("sha256", 64),
                flag("in_use"),
                sealed("body"),
                number("version"),
                instant("created_at"),
            ],
            &["psn_no", "id"],
        ),
    ]
}

fn applications() -> Vec<TableCreateStatement> {
    vec![
        table(
            "application",
            vec![
                psn_no(),
                id("id"),
                area("area"),
                small("insutype"),
                string("state", 24),
                optional(day("due_on")),
                sealed("body"),
                number("version"),
                instant("created_at"),
                instant("updated_at"),
            ],
            &["psn_no", "id"],
        ),
        table(
            "application_line",
            vec![
                psn_no(),
                id("application_id"),
                code("opsp_dise_code"),
                area("area"),
                small("insutype"),
                string("state", 24),
            ],
            &["psn_no", "application_id", "opsp_dise_code"],
        ),
    ]
}

fn review() -> Vec<TableCreateStatement> {
    vec![
        table(
            "expert",
            vec![
                area("area"),
                id("id"),
                string("operator", 64),
                string("fixmedins_code", 12),
                sealed("body"),
                number("version"),
                instant("created_at"),
            ],
            &["area", "id"],
        ),
        table(
            "panel",
            vec![psn_no(), id("application_id"), sealed("body"), number("version")],
            &["psn_no", "application_id"],
        ),
        table(
            "review_task",
            vec![
                psn_no(),
                id("id"),
                id("application_id"),
                area("area"),
                id("expert_id"),
                string("operator", 64),
                string("state", 24),
                sealed("body"),
                number("version"),
                instant("created_at"),
            ],
            &["psn_no", "id"],
        ),
        table("review_task_claim", vec![id("id"), psn_no()], &["id"]),
    ]
}

fn notices() -> Vec<TableCreateStatement> {
    vec![
        table(
            "notice",
            vec![
                area("area"),
                id("id"),
                string("number", 20),
                small("insutype"),
                string("state", 24),
                optional(day("due_on")),
                count("entry_count"),
                sealed("body"),
                number("version"),
                instant("created_at"),
            ],
            &["area", "id"],
        ),
        table(
            "notice_entry",
            vec![
                psn_no(),
                id("id"),
                id("notice_id"),
                area("area"),
                string("reference", 40),
                id("application_id"),
                code("opsp_dise_code"),
                string("state", 24),
                sealed("body"),
                number("version"),
            ],
            &["psn_no", "id"],
        ),
        table(
            "reference_claim",
            vec![string("reference", 40), psn_no(), id("entry_id"), id("notice_id")],
            &["reference"],
        ),
        table(
            "objection",
            vec![
                psn_no(),
                id("id"),
                id("entry_id"),
                id("notice_id"),
                string("state", 24),
                sealed("body"),
                number("version"),
                instant("created_at"),
            ],
            &["psn_no", "id"],
        ),
    ]
}
