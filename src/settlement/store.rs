//! Settlements in their table.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Date;

use super::calculation::{Calculated, Line};
use super::domain::{Bill, BillKey, Event, Place, Reversed, Settled, Settlement, Source, Unseen};
use super::row::{ActiveModel, Column, Entity, Model};
use crate::benefit::requalification::run::LastDays;
use crate::catalog::domain::Insutype;
use crate::db::batch::Batch;
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::access::Person;
use crate::kernel::calendar::parse_date;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::money::{Money, Ratio};
use crate::kernel::step::Step;

/// A settlement as it was read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The settlement.
    pub settlement: Settlement,
    /// Its version.
    pub version: i64,
}

/// `insured/{psn_no}/settlements/{id}`.
pub fn name(person: &Person, id: Id) -> String {
    format!("{}/settlements/{id}", person.name())
}

/// One settlement of this call's person.
pub async fn get(view: &View, id: Id) -> Result<Stored> {
    let person = view.person()?;
    let row = Entity::find_by_id((person.psn_no.as_str().to_owned(), id.0))
        .one(&view.conn())
        .await
        .map_err(failed)?;
    parse(row.ok_or_else(|| Error::NotFound(name(person, id)))?)
}

/// The settlement of a bill of this call's person, or the reversal that came before it.
pub async fn find(view: &View, bill: &BillKey) -> Result<Option<Stored>> {
    let row = Entity::find()
        .filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()))
        .filter(Column::FixmedinsCode.eq(bill.fixmedins_code.as_str()))
        .filter(Column::MedinsSetlId.eq(bill.medins_setl_id.as_str()))
        .one(&view.conn())
        .await
        .map_err(failed)?;
    row.map(parse).transpose()
}

/// Settlements of this call's person, newest first, before an id.
pub async fn list(view: &View, before: Option<Id>, most: u64) -> Result<Vec<Stored>> {
    let mut find = Entity::find().filter(Column::PsnNo.eq(view.person()?.psn_no.as_str()));
    if let Some(before) = before {
        find = find.filter(Column::Id.lt(before.0));
    }
    let rows = find.order_by_desc(Column::Id).limit(most).all(&view.conn()).await.map_err(failed)?;
    rows.into_iter().map(parse).collect()
}

/// When some people settled last for each disease, from a day on; what was reversed is not counted.
pub async fn last_settled(batch: &Batch, people: &BTreeSet<PsnNo>, since: Date) -> Result<LastDays> {
    let rows: Vec<(String, String, Option<String>)> = Entity::find()
        .select_only()
        .columns([Column::PsnNo, Column::OpspDiseCode])
        .column_as(Column::ServiceDay.max(), "last")
        .filter(batch.db().among("psn_no", people.iter().map(PsnNo::as_str)))
        .filter(Column::State.eq("settled"))
        .filter(Column::ServiceDay.gte(since.to_string()))
        .group_by(Column::PsnNo)
        .group_by(Column::OpspDiseCode)
        .into_tuple()
        .all(&batch.conn())
        .await
        .map_err(failed)?;
    let mut last = LastDays::new();
    for (psn_no, code, day) in rows {
        let impossible = || Error::internal("a settlement without its day");
        let day = day.as_deref().and_then(parse_date).ok_or_else(impossible)?;
        last.insert((PsnNo::parse(&psn_no)?, code), day);
    }
    Ok(last)
}

/// Saves a new settlement, or the reversal of a bill that was never seen, with its event.
pub async fn create(work: &Work, step: Step<impl Into<Settlement>, Event>) -> Result<Stored> {
    let (person, settlement) = (work.person()?, step.state.into());
    let row = match &settlement {
        Settlement::Settled(settled) => settled_row(person, settled)?,
        Settlement::Unseen(unseen) => unseen_row(person, unseen),
        Settlement::Reversed(reversed) => {
            let name = name(person, reversed.settled.id);
            return Err(Error::internal(format!("{name}: a new settlement that is reversed")));
        }
    };
    work.insert(row, Entry::new(name(person, settlement.id()), 1, &step.event)?).await?;
    Ok(Stored { settlement, version: 1 })
}

/// Saves the reversal of a settlement that was read in `version`.
pub async fn save(work: &Work, version: i64, step: Step<Reversed, Event>) -> Result<Stored> {
    let (person, reversed_at) = (work.person()?, step.state.reversed_at);
    let settlement = Settlement::from(step.state);
    let id = settlement.id();
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(settlement.word()))
        .col_expr(Column::ReversedAt, Expr::value(micros(reversed_at)))
        .col_expr(Column::Version, Expr::value(version + 1))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version));
    work.update(update, Entry::new(name(person, id), version + 1, &step.event)?).await?;
    Ok(Stored { settlement, version: version + 1 })
}

fn settled_row(person: &Person, settled: &Settled) -> Result<ActiveModel> {
    let Settled { bill, calculated, source, .. } = settled;
    let explanation =
        serde_json::to_string(&calculated.explanation).map_err(|error| Error::Internal(error.into()))?;
    Ok(ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(settled.id.0),
        benefit_id: Set(Some(settled.benefit.0)),
        state: Set("settled".to_owned()),
        opsp_dise_code: Set(bill.code.clone()),
        insutype: Set(settled.insutype.code()),
        fixmedins_code: Set(bill.key.fixmedins_code.clone()),
        mdtrt_id: Set(bill.mdtrt_id.clone()),
        medins_setl_id: Set(bill.key.medins_setl_id.clone()),
        service_day: Set(Some(bill.service_day.to_string())),
        place: Set(settled.place.word().to_owned()),
        medfee_sumamt_fen: Set(bill.total.0),
        inscp_scp_amt_fen: Set(bill.in_scope.0),
        act_pay_dedc_fen: Set(calculated.deductible.0),
        pool_prop_selfpay_bp: Set(calculated.ratio.0),
        fund_pay_sumamt_fen: Set(calculated.fund.0),
        psn_part_amt_fen: Set(calculated.person.0),
        left_fen: Set(calculated.left.0),
        explanation: Set(explanation),
        catalog_version: Set(source.catalog_version.clone()),
        catalog_sha256: Set(source.catalog_sha256.clone()),
        institutions_version: Set(source.institutions_version.clone()),
        institutions_sha256: Set(source.institutions_sha256.clone()),
        sample: Set(source.sample),
        version: Set(1),
        created_at: Set(micros(settled.settled_at)),
        reversed_at: Set(None),
    })
}

/// A reversal without settlement: its key and its time, and nothing else.
fn unseen_row(person: &Person, unseen: &Unseen) -> ActiveModel {
    let at = micros(unseen.reversed_at);
    ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        id: Set(unseen.id.0),
        benefit_id: Set(None),
        state: Set("reversed".to_owned()),
        opsp_dise_code: Set(String::new()),
        insutype: Set(0),
        fixmedins_code: Set(unseen.key.fixmedins_code.clone()),
        mdtrt_id: Set(String::new()),
        medins_setl_id: Set(unseen.key.medins_setl_id.clone()),
        service_day: Set(None),
        place: Set(String::new()),
        medfee_sumamt_fen: Set(0),
        inscp_scp_amt_fen: Set(0),
        act_pay_dedc_fen: Set(0),
        pool_prop_selfpay_bp: Set(0),
        fund_pay_sumamt_fen: Set(0),
        psn_part_amt_fen: Set(0),
        left_fen: Set(0),
        explanation: Set("[]".to_owned()),
        catalog_version: Set(String::new()),
        catalog_sha256: Set(String::new()),
        institutions_version: Set(String::new()),
        institutions_sha256: Set(String::new()),
        sample: Set(false),
        version: Set(1),
        created_at: Set(at),
        reversed_at: Set(Some(at)),
    }
}

/// A row as a settlement.
pub(super) fn parse(row: Model) -> Result<Stored> {
    let impossible = |what: &str| Error::internal(format!("settlement {}: impossible row: {what}", row.id));
    let state = (row.state.as_str(), row.benefit_id, row.service_day.as_deref(), row.reversed_at);
    let settlement = match state {
        ("settled", Some(benefit), Some(day), None) => {
            Settlement::Settled(settled(&row, Id(benefit), day).map_err(impossible)?)
        }
        ("reversed", Some(benefit), Some(day), Some(at)) => Settlement::Reversed(Reversed {
            settled: settled(&row, Id(benefit), day).map_err(impossible)?,
            reversed_at: from_micros(at),
        }),
        ("reversed", None, None, Some(at)) if holds_nothing(&row) => {
            Settlement::Unseen(Unseen { id: Id(row.id), key: key(&row), reversed_at: from_micros(at) })
        }
        (state, ..) => return Err(impossible(state)),
    };
    Ok(Stored { settlement, version: row.version })
}

fn key(row: &Model) -> BillKey {
    BillKey { fixmedins_code: row.fixmedins_code.clone(), medins_setl_id: row.medins_setl_id.clone() }
}

fn holds_nothing(row: &Model) -> bool {
    let amounts = [
        row.medfee_sumamt_fen,
        row.inscp_scp_amt_fen,
        row.act_pay_dedc_fen,
        row.fund_pay_sumamt_fen,
        row.psn_part_amt_fen,
        row.left_fen,
    ];
    let words = [
        &row.opsp_dise_code,
        &row.mdtrt_id,
        &row.place,
        &row.catalog_version,
        &row.catalog_sha256,
        &row.institutions_version,
        &row.institutions_sha256,
    ];
    amounts == [0; 6]
        && words.iter().all(|word| word.is_empty())
        && (row.insutype, row.pool_prop_selfpay_bp, row.sample) == (0, 0, false)
        && row.explanation == "[]"
}

fn settled(row: &Model, benefit: Id, day: &str) -> Result<Settled, &'static str> {
    let explanation: Vec<Line> = serde_json::from_str(&row.explanation).map_err(|_| "explanation")?;
    let calculated = Calculated {
        deductible: Money(row.act_pay_dedc_fen),
        ratio: Ratio(row.pool_prop_selfpay_bp),
        fund: Money(row.fund_pay_sumamt_fen),
        person: Money(row.psn_part_amt_fen),
        left: Money(row.left_fen),
        explanation,
    };
    let bill = Bill {
        code: row.opsp_dise_code.clone(),
        key: key(row),
        mdtrt_id: row.mdtrt_id.clone(),
        service_day: parse_date(day).ok_or("service_day")?,
        total: Money(row.medfee_sumamt_fen),
        in_scope: Money(row.inscp_scp_amt_fen),
    };
    if calculated.fund.plus(calculated.person) != bill.total {
        return Err("fund and person are not the bill");
    }
    Ok(Settled {
        id: Id(row.id),
        benefit,
        insutype: Insutype::from_code(i32::from(row.insutype)).ok_or("insutype")?,
        bill,
        place: Place::from_word(&row.place).ok_or("place")?,
        calculated,
        source: Source {
            catalog_version: row.catalog_version.clone(),
            catalog_sha256: row.catalog_sha256.clone(),
            institutions_version: row.institutions_version.clone(),
            institutions_sha256: row.institutions_sha256.clone(),
            sample: row.sample,
        },
        settled_at: from_micros(row.created_at),
    })
}

impl From<Settled> for Settlement {
    fn from(state: Settled) -> Self {
        Self::Settled(state)
    }
}

impl From<Reversed> for Settlement {
    fn from(state: Reversed) -> Self {
        Self::Reversed(state)
    }
}

impl From<Unseen> for Settlement {
    fn from(state: Unseen) -> Self {
        Self::Unseen(state)
    }
}
