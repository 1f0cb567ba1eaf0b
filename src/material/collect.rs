//! Collecting what nobody needs any more: content that no material has, and uploads that were never finished.

use std::collections::BTreeSet;
use std::time::Instant;

use time::{Duration, OffsetDateTime};

use super::delete::sweep;
use super::incoming::is_part;
use super::objects::Object;
use super::store;
use crate::app::App;
use crate::db::lease::Lease;
use crate::db::source::TimeSource;
use crate::db::work::Owner;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;

/// Files that are looked at together.
const PAGE: usize = 500;
/// How long one run goes on: well within its lease. The next run goes on behind it.
const RUN: std::time::Duration = std::time::Duration::from_secs(5);

/// What was done in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Files that were deleted.
    pub done: u64,
    /// Files that were looked at.
    pub looked_at: usize,
    /// Behind which the next one begins; none when all were looked at.
    pub next: Option<String>,
}

/// Looks at the next files of the store and deletes those that are needed no more. Safe beside uploads and deletions:
/// what it is about to delete it looks at again, with the person locked, as they do.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    // The store's own clock stamps files, and that is the machine's, whatever a simulated one says.
    let now = TimeSource::Real.now();
    if lease.rests(now) {
        return Ok(0);
    }
    let Stretch { done, next, .. } = stretch(app, &lease.bookmark, Instant::now() + RUN).await?;
    let rest = Duration::minutes(app.config.files.collect_minutes);
    match next {
        Some(path) => app.db.bookmark(lease, &path, now).await?,
        None => app.db.bookmark(lease, "", now + rest).await?,
    }
    Ok(done)
}

/// Goes on behind a path until an instant, by whole pages and at least one. One walk for all of them: what it costs to
/// find the place in a large store is paid once for all that is done there.
pub async fn stretch(app: &App, behind: &str, end: Instant) -> Result<Stretch> {
    let mut walk = app.objects.walk(behind);
    let mut stretch = Stretch::default();
    loop {
        let now = TimeSource::Real.now();
        let page = walk.next(PAGE).await?;
        stretch.looked_at += page.files.len();
        stretch.done += collect(app, &page.files, now).await?;
        let before = now - Duration::minutes(app.config.files.orphan_minutes);
        stretch.done += app.objects.sweep_unfinished(page.passed, before).await?;
        stretch.next = page.files.get(PAGE - 1).map(|last| last.path.clone());
        if stretch.next.is_none() || Instant::now() >= end {
            return Ok(stretch);
        }
    }
}

async fn collect(app: &App, page: &[Object], now: OffsetDateTime) -> Result<u64> {
    let files = &app.config.files;
    let (orphan, unfinished) =
        (Duration::minutes(files.orphan_minutes), Duration::hours(files.unfinished_hours));
    let (parts, contents): (Vec<_>, Vec<_>) = page.iter().partition(|object| is_part(&object.path));
    let mut done = 0;
    for part in parts.iter().filter(|part| part.written_at + unfinished <= now) {
        app.objects.delete(&part.path).await?;
        done += 1;
    }
    let old = contents.iter().filter(|content| content.written_at + orphan <= now);
    let old: Vec<_> = old.filter_map(|content| parse(&content.path)).collect();
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let named: BTreeSet<_> = store::named(&view, &old).await?.into_iter().collect();
    for (psn_no, sha256) in &old {
        if named.contains(&(psn_no.as_str().to_owned(), sha256.clone())) {
            continue;
        }
        match sweep(app, psn_no, sha256).await {
            Ok(deleted) => done += u64::from(deleted),
            // Of somebody whom this database does not know: not for it to decide, and no reason to stop.
            Err(Error::NotFound(_)) => {
                tracing::warn!(
                    object.sha256 = sha256,
                    "content of a person who is not in the database is left"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Whose and which content lies at `insured/{psn_no}/{sha256}`. What else may lie there is left alone.
fn parse(path: &str) -> Option<(PsnNo, String)> {
    let mut parts = path.split('/');
    let (Some("insured"), Some(psn_no), Some(sha256), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((PsnNo::parse(psn_no).ok()?, sha256.to_owned())).filter(|_| is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_content_is_content() {
        let sha256 = "ab".repeat(32);
        assert!(parse(&format!("insured/62090000001/{sha256}")).is_some());
        for other in ["insured/1/short", "insured/1", "elsewhere/1/2", "insured/1/2/3"] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
