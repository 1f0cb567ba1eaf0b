//! 导入工作日历: publishes what the State Council announced for a year, or tells everything against it.

use super::domain::Announcement;
use super::store::{self, Calendars};
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Result};

/// A new version of the calendar, with the one before it.
pub struct Imported {
    /// The version before; the same where it was published before.
    pub before: Calendar,
    /// The new version.
    pub after: Calendar,
}

/// Publishes a year under a new version. The same content again under the version that is in force changes nothing.
pub async fn import(
    work: &Work,
    calendars: &Calendars,
    version: &str,
    announced: Announcement,
) -> Result<Imported> {
    // Another instance may have published a moment ago.
    calendars.take_up(&work.conn()).await?;
    let before = calendars.now();
    let year = announced.year;
    if let Some(published) = store::named(work, version).await? {
        let same = announced.into_calendar(&published, version).is_ok_and(|next| next == published);
        if !same {
            let zh = "该版本号已用于另一份日历，请另取版本号";
            return Err(Error::invalid("calendar_version", zh, "names another calendar: take a new one"));
        }
        if published != *before {
            let zh = format!("该版本已被 {} 取代；要恢复其内容，请另取版本号导入", before.version());
            let en =
                format!("was replaced by {}: to have its content again, take a new one", before.version());
            return Err(Error::invalid("calendar_version", zh, en));
        }
        return Ok(Imported { before: published.clone(), after: published });
    }
    let after = announced.into_calendar(&before, version).map_err(Error::Invalid)?;
    store::publish(work, &after, year).await?;
    Ok(Imported { before: before.as_ref().clone(), after })
}
