//! 送达: the portal or the bureau tells that the person got the notice.

use time::Date;

use super::domain::{Delivery, Way};
use super::store::{self, Stored};
use crate::app::App;
use crate::benefit::store as benefits;
use crate::db::work::Work;
use crate::kernel::access::Role;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::Id;

/// Records a delivery. The first one counts: of another one nothing is kept.
pub async fn deliver(work: &Work, app: &App, id: Id, way: Way, on: Date) -> Result<Stored> {
    // Paper is handed over by the bureau: the portal knows only what went through it.
    if work.actor().role == Some(Role::Portal) && !matches!(way, Way::PortalRead | Way::Sms) {
        return Err(Error::invalid(
            "way",
            "门户只能确认门户阅读或短信送达",
            "the portal tells only of what was read in it, and of text messages",
        ));
    }
    let stored = store::get(work, id).await?;
    let told_by = match work.actor().operator.as_deref() {
        Some(officer) => format!("{} {officer}", work.actor().word()),
        None => work.actor().word().to_owned(),
    };
    let version = stored.version;
    let benefit = benefits::get(work, stored.round.head().benefit).await?.benefit;
    let step = stored.round.clone().deliver(Delivery { on, way, told_by }, work.today());
    match step.map_err(Refusal::from)? {
        Some(step) => {
            let ends = benefit.end.map(|(last, _)| last);
            store::save(work, &app.calendar.now(), version, step, ends).await
        }
        None => Ok(stored),
    }
}
