//! A preview as it goes on: pulled by the caller, page by page, in no transaction.

use std::sync::Arc;

use super::domain::{Past, rerun};
use super::store::{self, Period, Row};
use super::summary::Summary;
use crate::app::App;
use crate::benefit;
use crate::catalog::domain::Catalog;
use crate::catalog::published::{Published, Snapshot};
use crate::db::work::Owner;
use crate::kernel::access::{Actor, Person};
use crate::kernel::error::{Error, Result, Violation};
use crate::kernel::local_day;
use crate::kernel::region::Region;
use crate::settlement::domain::Settled;
use crate::settlement::store::name;

/// The longest period, in days.
const DAYS_MAX: i64 = 366;

/// A preview under way.
pub struct Run {
    app: App,
    draft: Catalog,
    period: Period,
    summary: Summary,
    after: String,
    done: i64,
    total: i64,
    over: bool,
}

/// A part of the answer.
pub enum Part {
    /// Settlements calculated again, and all of them.
    Progress(i64, i64),
    /// The end: the draft, and what it would have changed.
    Summary(Box<(Catalog, Summary)>),
}

impl Period {
    /// Everything that is wrong with it, together with a draft.
    fn faults(&self, draft: &Catalog) -> Vec<Violation> {
        let mut faults = Vec::new();
        if self.area.pooling().as_str() != draft.area {
            faults.push(Violation::new(
                "parent",
                format!("不在草案的统筹区 {} 内", draft.area),
                format!("does not lie in the draft's pooling area {}", draft.area),
            ));
        }
        if self.to < self.from || (self.to - self.from).whole_days() >= DAYS_MAX {
            faults.push(Violation::new(
                "to",
                format!("不得早于 from，且首尾相距不超过 {DAYS_MAX} 天"),
                format!("must not be before from, and the period has at most {DAYS_MAX} days"),
            ));
        }
        faults
    }
}

impl Run {
    /// Begins, when the caller holds the area.
    pub async fn begin(
        app: App,
        actor: &Actor,
        draft: Catalog,
        period: Period,
        examples: usize,
    ) -> Result<Self> {
        app.db.view(actor, Owner::Area(period.area.clone())).await?;
        let faults = period.faults(&draft);
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let total = store::count(&app.db, &period).await?;
        let summary = Summary::with_examples(examples);
        Ok(Self { app, draft, period, summary, after: String::new(), done: 0, total, over: false })
    }

    /// The next part; none after the summary.
    pub async fn next(&mut self) -> Result<Option<Part>> {
        if self.over {
            return Ok(None);
        }
        if *self.app.draining.borrow() {
            return Err(Error::Unavailable("the server is going down"));
        }
        let people = store::people(&self.app.db, &self.period, &self.after).await?;
        let Some(last) = people.last() else {
            self.over = true;
            return self.finish().await.map(Some);
        };
        self.after.clone_from(last);
        self.page(&people).await?;
        Ok(Some(Part::Progress(self.done, self.total)))
    }

    async fn page(&mut self, people: &[String]) -> Result<()> {
        let db = &self.app.db;
        let rows = store::of_people(db, &self.period, people).await?;
        let retired = store::retired(db, people).await?;
        let granted = benefit::store::granted_in(db, &self.period.area, people).await?;
        let catalogs = self.app.catalogs.now();
        let days = self.period.from..=self.period.to;
        for own in rows.chunk_by(|(one, ..), (other, ..)| one == other) {
            let person = Person { psn_no: own[0].0.clone(), area: self.period.area.clone() };
            let past = own.iter().map(|(_, settled, reversed_at): &Row| {
                let name = name(&person, settled.id);
                let retired = retired.get(&name).copied();
                let tried = granted.contains(&settled.benefit) && days.contains(&settled.bill.service_day);
                Ok(Past {
                    settled: settled.clone(),
                    reversed_at: *reversed_at,
                    retired: retired
                        .ok_or_else(|| Error::internal(format!("{name} is not in the journal")))?,
                    paid_by: paid_by(&catalogs, &self.period.area, settled),
                    tried,
                })
            });
            let compared = rerun(&self.draft, past.collect::<Result<_>>()?);
            self.done += i64::try_from(compared.len()).map_err(|error| Error::Internal(error.into()))?;
            self.summary.add(&person.psn_no, &compared);
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<Part> {
        let today = local_day(self.app.db.time().now());
        for row in benefit::store::running(&self.app.db, &self.period.area, today).await? {
            self.summary.benefits(&self.draft, row);
        }
        let summary = std::mem::take(&mut self.summary);
        Ok(Part::Summary(Box::new((self.draft.clone(), summary))))
    }
}

/// What a settlement was paid by; of one that does not name its list of institutions, the list of its day.
fn paid_by(catalogs: &Snapshot, area: &Region, settled: &Settled) -> Option<Arc<Published>> {
    let Settled { source, bill, .. } = settled;
    let named = catalogs.paid_by(area, &source.catalog_sha256, &source.institutions_sha256);
    named.or_else(|| catalogs.of_day(area, bill.service_day, None))
}
