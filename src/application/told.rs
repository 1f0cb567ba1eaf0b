//! What the journal of an application tells that its state does not: by whom, and into which notice.

use std::collections::BTreeMap;

use time::Date;

use super::domain::Event;
use super::store;
use crate::db::journal::Recorded;
use crate::db::work::View;
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::kernel::local_day;

/// More entries than any application has.
const ENTRIES: u64 = 10_000;

/// What the journal tells.
#[derive(Debug, Default)]
pub struct Told {
    /// The officer who accepted it last.
    pub accepted_by: Option<String>,
    /// The officer who decided or refused it last, and when.
    pub ended: Option<(String, Date)>,
    /// Into which notice a line of a disease went last.
    pub notices: BTreeMap<String, String>,
    /// The hashes of the receipts of its decisions, in order.
    pub receipts: Vec<String>,
}

/// What the journal tells of an application of this call's person.
pub async fn told(view: &View, id: Id) -> Result<Told> {
    let entries = view.history(&store::name(view.person()?, id), 0, ENTRIES).await?;
    Ok(entries.into_iter().fold(Told::default(), Told::with))
}

impl Told {
    fn with(mut self, entry: Recorded) -> Self {
        let Some(event) = Event::read(&entry.event, &entry.data) else { return self };
        self.receipts.extend(event.receipt().map(str::to_owned));
        match event {
            Event::Accepted { .. } => self.accepted_by = entry.operator,
            Event::Decided { .. } | Event::Refused { .. } => {
                self.ended = entry.operator.map(|by| (by, local_day(entry.at)));
            }
            Event::LineNoticed { opsp_dise_code, notice } => {
                self.notices.insert(opsp_dise_code, notice);
            }
            _ => {}
        }
        self
    }
}
