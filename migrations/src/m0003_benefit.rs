//! Benefits, certificates, accumulators, settlements and remote-residence filings.

use sea_orm_migration::prelude::*;

use crate::{
    area, code, count, create, day, drop, flag, id, index, instant, name, number, optional, psn_no, sealed,
    small, string, table, words,
};

const TABLES: &[&str] =
    &["benefit", "certificate", "certificate_claim", "accumulator", "settlement", "residence_filing"];

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
            vec![
                benefit(),
                certificate(),
                certificate_claim(),
                accumulator(),
                settlement(),
                residence_filing(),
            ],
            vec![
                index("benefit", "benefit_entry", &["psn_no", "entry_id"], true),
                index("benefit", "benefit_disease", &["psn_no", "opsp_dise_code"], false),
                index("certificate", "certificate_benefit", &["psn_no", "benefit_id"], false),
                index("certificate", "certificate_number", &["psn_no", "number"], true),
                index("settlement", "settlement_bill", &["psn_no", "fixmedins_code", "medins_setl_id"], true),
                index("residence_filing", "residence_filing_age", &["psn_no", "created_at"], false),
            ],
        )
        .await?;
        // One person has at most one open benefit for a disease: both engines know partial indexes, the builder does not.
        let open =
            "CREATE UNIQUE INDEX benefit_open ON benefit (psn_no, opsp_dise_code) WHERE enddate IS NULL";
        manager.get_connection().execute_unprepared(open).await?;
        let waiting = "CREATE INDEX benefit_uncertified ON benefit (id) WHERE certificate_id IS NULL";
        manager.get_connection().execute_unprepared(waiting).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, TABLES).await
    }
}

fn benefit() -> TableCreateStatement {
    table(
        "benefit",
        vec![
            psn_no(),
            id("id"),
            area("area"),
            small("insutype"),
            code("opsp_dise_code"),
            day("begndate"),
            optional(day("enddate")),
            optional(day("requalify_on")),
            words("suspensions"),
            id("application_id"),
            id("entry_id"),
            string("notice_entry", 120),
            optional(id("certificate_id")),
            optional(string("end_ground", 24)),
            number("version"),
            instant("created_at"),
        ],
        &["psn_no", "id"],
    )
}

fn certificate() -> TableCreateStatement {
    table(
        "certificate",
        vec![
            psn_no(),
            id("id"),
            id("benefit_id"),
            string("number", 40),
            flag("revoked"),
            sealed("body"),
            number("version"),
            instant("created_at"),
        ],
        &["psn_no", "id"],
    )
}

fn certificate_claim() -> TableCreateStatement {
    table("certificate_claim", vec![id("id"), psn_no()], &["id"])
}

/// What a year has used. The database refuses a negative sum whatever the server thinks.
fn accumulator() -> TableCreateStatement {
    let mut create = table(
        "accumulator",
        vec![
            psn_no(),
            small("insutype"),
            small("year"),
            code("opsp_dise_code"),
            number("used_fen"),
            number("deductible_used_fen"),
            number("version"),
        ],
        &["psn_no", "insutype", "year", "opsp_dise_code"],
    );
    create.check(Expr::col(name("used_fen")).gte(0)).check(Expr::col(name("deductible_used_fen")).gte(0));
    create
}

/// Fund and person together are the bill, or the row cannot be.
fn settlement() -> TableCreateStatement {
    let mut create = table(
        "settlement",
        vec![
            psn_no(),
            id("id"),
            optional(id("benefit_id")),
            string("state", 24),
            code("opsp_dise_code"),
            small("insutype"),
            string("fixmedins_code", 12),
            string("mdtrt_id", 30),
            string("medins_setl_id", 30),
            optional(day("service_day")),
            string("place", 10),
            number("medfee_sumamt_fen"),
            number("inscp_scp_amt_fen"),
            number("act_pay_dedc_fen"),
            count("pool_prop_selfpay_bp"),
            number("fund_pay_sumamt_fen"),
            number("psn_part_amt_fen"),
            number("left_fen"),
            words("explanation"),
            string("catalog_version", 60),
            string("catalog_sha256", 64),
            flag("sample"),
            number("version"),
            instant("created_at"),
            optional(instant("reversed_at")),
        ],
        &["psn_no", "id"],
    );
    let parts = Expr::col(name("fund_pay_sumamt_fen")).add(Expr::col(name("psn_part_amt_fen")));
    create
        .check(parts.eq(Expr::col(name("medfee_sumamt_fen"))))
        .check(Expr::col(name("fund_pay_sumamt_fen")).gte(0));
    create
}

fn residence_filing() -> TableCreateStatement {
    table(
        "residence_filing",
        vec![
            psn_no(),
            id("id"),
            area("area"),
            small("kind"),
            small("basis"),
            string("state", 24),
            string("places", 60),
            day("begndate"),
            optional(day("enddate")),
            sealed("body"),
            number("version"),
            instant("created_at"),
        ],
        &["psn_no", "id"],
    )
}
