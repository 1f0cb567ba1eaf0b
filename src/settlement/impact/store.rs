//! Settlements of a period, page by page, each page of whole people.

use std::collections::HashMap;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use time::{Date, OffsetDateTime};

use crate::db::journal;
use crate::db::{Db, failed};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::region::Region;
use crate::settlement::domain::{Reversed, Settled, Settlement};
use crate::settlement::row::{Column, Entity};
use crate::settlement::store::parse;

/// People of one page.
const PEOPLE: u64 = 100;

/// Which settlements a draft is tried on.
#[derive(Clone, Debug)]
pub struct Period {
    /// Their benefits are of this area or of what lies in it.
    pub area: Region,
    /// First service day.
    pub from: Date,
    /// Last service day.
    pub to: Date,
}

/// A settlement with its person, and when it was reversed.
pub type Row = (PsnNo, Settled, Option<OffsetDateTime>);

/// How many settlements of a period stand.
pub async fn count(db: &Db, period: &Period) -> Result<i64> {
    let found = standing(period).count(db.reader()).await.map_err(failed)?;
    i64::try_from(found).map_err(|error| Error::Internal(error.into()))
}

/// The next people with a standing settlement in a period, in the order of their numbers.
pub async fn people(db: &Db, period: &Period, after: &str) -> Result<Vec<String>> {
    standing(period)
        .select_only()
        .column(Column::PsnNo)
        .filter(Column::PsnNo.gt(after))
        .group_by(Column::PsnNo)
        .order_by_asc(Column::PsnNo)
        .limit(PEOPLE)
        .into_tuple()
        .all(db.reader())
        .await
        .map_err(failed)
}

/// Everything that was settled for some people in the years of a period, reversed or not.
pub async fn of_people(db: &Db, period: &Period, people: &[String]) -> Result<Vec<Row>> {
    let (first, last) = (period.from.year(), period.to.year());
    let rows = Entity::find()
        .filter(Column::PsnNo.is_in(people))
        .filter(Column::ServiceDay.gte(format!("{first:04}-01-01")))
        .filter(Column::ServiceDay.lte(format!("{last:04}-12-31")))
        .order_by_asc(Column::PsnNo)
        .order_by_asc(Column::Id)
        .all(db.reader())
        .await
        .map_err(failed)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let psn_no = PsnNo::parse(&row.psn_no)?;
        match parse(row)?.settlement {
            Settlement::Settled(settled) => found.push((psn_no, settled, None)),
            Settlement::Reversed(Reversed { settled, reversed_at }) => {
                found.push((psn_no, settled, Some(reversed_at)));
            }
            Settlement::Unseen(_) => {}
        }
    }
    Ok(found)
}

/// Whether people were 退休 when they settled, by the name of the settlement: the journal keeps it.
pub async fn retired(db: &Db, people: &[String]) -> Result<HashMap<String, bool>> {
    #[derive(Deserialize)]
    struct Facts {
        retired: bool,
    }
    let rows: Vec<(String, String)> = journal::Entity::find()
        .select_only()
        .columns([journal::Column::Aggregate, journal::Column::Data])
        .filter(journal::Column::Owner.is_in(people))
        .filter(journal::Column::Event.eq("settlement.settled"))
        .into_tuple()
        .all(db.reader())
        .await
        .map_err(failed)?;
    let facts = |(aggregate, data): (String, String)| {
        let facts: Facts = serde_json::from_str(&data).map_err(|error| Error::Internal(error.into()))?;
        Ok((aggregate, facts.retired))
    };
    rows.into_iter().map(facts).collect()
}

fn standing(period: &Period) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::State.eq("settled"))
        .filter(Column::ServiceDay.gte(period.from.to_string()))
        .filter(Column::ServiceDay.lte(period.to.to_string()))
        .filter(Expr::exists(granted(&period.area)))
}

/// The settlement's benefit, when it was granted in an area. On the person's own key, so that nothing crosses it.
fn granted(area: &Region) -> SelectStatement {
    let of = |column: &str| Expr::col((Alias::new("benefit"), Alias::new(column)));
    let mut benefit = Query::select();
    benefit
        .expr(Expr::value(1))
        .from(Alias::new("benefit"))
        .and_where(of("psn_no").eq(Expr::col((Entity, Column::PsnNo))))
        .and_where(of("id").eq(Expr::col((Entity, Column::BenefitId))))
        .and_where(of("area").like(format!("{}%", area.prefix())));
    benefit
}

#[cfg(test)]
mod tests {
    use sea_orm::ActiveValue::Set;
    use sea_orm::ConnectionTrait;
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;
    use crate::db::Settings;
    use crate::db::keys::Keys;
    use crate::db::source::{Random, TimeSource};
    use crate::settlement::row::ActiveModel;

    async fn database(folder: &std::path::Path) -> Db {
        let random = Random::seeded(7);
        let keys = Keys::parse(&Keys::generate(&random).unwrap()).unwrap();
        let settings = Settings {
            url: format!("sqlite://{}", folder.join("opsp.db").display()),
            pool: 4,
            acquire_timeout: std::time::Duration::from_secs(5),
            statement_timeout: std::time::Duration::from_secs(30),
        };
        let clock = TimeSource::simulated(datetime!(2025-03-06 1:00 UTC));
        let db = Db::open(&settings, keys, clock, random).await.unwrap();
        db.migrate().await.unwrap();
        db
    }

    fn row(number: u32, day: &str) -> ActiveModel {
        let id = Uuid::from_u128(u128::from(number));
        ActiveModel {
            psn_no: Set(format!("P{number:04}")),
            id: Set(id),
            benefit_id: Set(Some(id)),
            state: Set("settled".to_owned()),
            opsp_dise_code: Set("M01600".to_owned()),
            insutype: Set(310),
            fixmedins_code: Set("H62098100001".to_owned()),
            mdtrt_id: Set(String::new()),
            medins_setl_id: Set("1".to_owned()),
            service_day: Set(Some(day.to_owned())),
            place: Set("home".to_owned()),
            medfee_sumamt_fen: Set(0),
            inscp_scp_amt_fen: Set(0),
            act_pay_dedc_fen: Set(0),
            pool_prop_selfpay_bp: Set(8_000),
            fund_pay_sumamt_fen: Set(0),
            psn_part_amt_fen: Set(0),
            left_fen: Set(0),
            explanation: Set("[]".to_owned()),
            catalog_version: Set("1".to_owned()),
            catalog_sha256: Set(String::new()),
            institutions_version: Set(String::new()),
            institutions_sha256: Set(String::new()),
            sample: Set(true),
            version: Set(1),
            created_at: Set(0),
            reversed_at: Set(None),
        }
    }

    #[tokio::test]
    async fn pages_of_people_follow_each_other_without_gap_or_repeat() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(folder.path()).await;
        let mut expected = Vec::new();
        for number in 0..250_u32 {
            // Every tenth is of another city, every eleventh of another day.
            let (elsewhere, late) = (number % 10 == 0, number % 11 == 0);
            let area = if elsewhere { "620702" } else { "620902" };
            let benefit = format!(
                "INSERT INTO benefit (psn_no, id, area, insutype, opsp_dise_code, begndate, suspensions, application_id, \
                 entry_id, notice_entry, version, created_at) VALUES ('P{number:04}', X'{number:032x}', '{area}', 310, \
                 'M01600', '2025-01-01', '{{}}', X'00', X'{number:032x}', '', 1, 0)"
            );
            db.writer().execute_unprepared(&benefit).await.unwrap();
            let day = if late { "2025-03-02" } else { "2025-03-01" };
            Entity::insert(row(number, day)).exec_without_returning(db.writer()).await.unwrap();
            if !elsewhere && !late {
                expected.push(format!("P{number:04}"));
            }
        }
        let area = Region::find("620900").unwrap();
        let period = Period { area, from: date!(2025 - 02 - 01), to: date!(2025 - 03 - 01) };
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = people(&db, &period, &after).await.unwrap();
            let Some(last) = page.last() else { break };
            after.clone_from(last);
            found.extend(page);
        }
        assert_eq!(found, expected);
        assert_eq!(count(&db, &period).await.unwrap(), i64::try_from(expected.len()).unwrap());
        assert_eq!(of_people(&db, &period, &found).await.unwrap().len(), expected.len());
    }
}
