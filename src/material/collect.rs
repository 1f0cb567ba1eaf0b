//! Collecting what nobody needs any more: content that no material has, and uploads that were never finished.

use std::collections::BTreeSet;

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

/// Files that one run looks at. The next run goes on behind them.
const PAGE: usize = 1000;

/// Looks at the next files of the store and deletes those that are needed no more. Safe beside uploads and deletions:
/// what it is about to delete it looks at again, with the person locked, as they do.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    // The store's own clock stamps files, and that is the machine's, whatever a simulated one says.
    let now = TimeSource::Real.now();
    if lease.rests(now) {
        return Ok(0);
    }
    let page = app.objects.page(&lease.bookmark, PAGE).await?;
    let mut done = collect(app, &page, now).await?;
    if lease.bookmark.is_empty() {
        let before = now - Duration::minutes(app.config.files.orphan_minutes);
        done += app.objects.sweep_unfinished(before).await?;
    }
    let next = if page.len() < PAGE { None } else { page.last() };
    let rest = Duration::minutes(app.config.files.collect_minutes);
    match next {
        Some(last) => app.db.bookmark(lease, &last.path, now).await?,
        None => app.db.bookmark(lease, "", now + rest).await?,
    }
    Ok(done)
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
