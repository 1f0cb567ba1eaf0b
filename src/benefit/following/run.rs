//! The job: whoever the platform told something of, and whatever day has come, has the benefits follow. Each person in a
//! transaction of its own; one that cannot be followed stays due and holds up no other.

use std::collections::BTreeSet;
use std::time::Instant;

use time::OffsetDateTime;

use super::domain::Facts;
use super::store as looks;
use crate::app::App;
use crate::benefit::domain::Benefit;
use crate::benefit::store::{self, Stored};
use crate::catalog::domain::Insutype;
use crate::catalog::store::Catalogs;
use crate::db::lease::Lease;
use crate::db::work::{Owner, Work};
use crate::insured;
use crate::insured::domain::Insured;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::PsnNo;
use crate::kernel::local_day;

/// Events that are read at once, and benefits that are looked up at once.
const PAGE: u64 = 500;
/// How long one run goes on: well within its lease. The next run goes on behind it.
const RUN: std::time::Duration = std::time::Duration::from_secs(5);

/// The job. Answers how many steps benefits made.
pub async fn run(app: &App, lease: &Lease) -> Result<u64> {
    let end = Instant::now() + RUN;
    read(app, lease, end).await?;
    let view = app.db.view(&Actor::system(), Owner::Nobody).await?;
    let today = local_day(app.db.time().now());
    let (mut done, mut after, mut failure) = (0, None, None);
    while Instant::now() < end {
        let mut page = looks::due(&view, today, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        // All of a person's are followed together.
        page.dedup_by(|next, due| next.psn_no == due.psn_no);
        for due in page {
            match person(app, due.psn_no).await {
                Ok(steps) => done += steps,
                // Somebody was at it at the same time: it is due still, or done.
                Err(Error::Conflict) => {}
                Err(error) => {
                    let benefit = due.benefit;
                    tracing::error!(benefit.id = %benefit, %error, "a benefit could not follow the insurance");
                    failure.get_or_insert(error);
                }
            }
            if Instant::now() >= end {
                break;
            }
        }
    }
    failure.map_or(Ok(done), Err)
}

/// Reads in the event log, behind the bookmark, of whom the platform told something new, and has their benefits looked
/// at. Whoever is told of for the first time has none yet. Behind the bookmark nothing is lost: it moves after what was
/// read is marked, and a mark that comes twice costs a look.
async fn read(app: &App, lease: &Lease, end: Instant) -> Result<()> {
    let keep =
        async |position: i64| app.db.bookmark(lease, &position.to_string(), OffsetDateTime::UNIX_EPOCH).await;
    let Ok(mut position) = lease.bookmark.parse::<i64>() else {
        // The first run of all: every benefit there is waits to be looked at, and whatever was told before is known then.
        return keep(app.db.log_position().await?).await;
    };
    while Instant::now() < end {
        let page = app.db.logged_after(position, PAGE).await?;
        let Some(last) = page.last() else { break };
        position = last.position;
        let updated = page.iter().filter(|logged| logged.event == "insured.updated");
        let people: BTreeSet<_> = updated
            .filter_map(|logged| Some(logged.aggregate.strip_prefix("insured/")?.to_owned()))
            .collect();
        if !people.is_empty() {
            let work = app.db.work(&Actor::system(), Owner::Nobody).await?;
            looks::wake(&work, people, work.today()).await?;
            work.commit().await?;
        }
        keep(position).await?;
    }
    Ok(())
}

async fn person(app: &App, psn_no: PsnNo) -> Result<u64> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
    let steps = follow(&work, &app.catalogs).await?;
    work.commit().await?;
    Ok(steps)
}

/// Has all benefits of this call's person follow what the platform tells now, and keeps when to look again. Answers how
/// many steps they made; none where all has been taken over.
async fn follow(work: &Work, catalogs: &Catalogs) -> Result<u64> {
    let insured = insured::store::get(work).await?.insured;
    let mut held = store::list(work, None, u64::from(u32::MAX)).await?;
    let mut steps = 0;
    // One that ends makes room for another that returns: once for each is enough.
    for _ in 0..held.len() {
        let mut moved = 0;
        for place in 0..held.len() {
            moved += follow_one(work, catalogs, &insured, (held.as_mut_slice(), place)).await?;
        }
        steps += moved;
        if moved == 0 {
            break;
        }
    }
    for (place, stored) in held.iter().enumerate() {
        let benefit = &stored.benefit;
        if benefit.is_settled(work.today()) {
            looks::forget(work, benefit.id).await?;
            continue;
        }
        let (others, open) = (others(&held, place), open(work, catalogs, benefit));
        let facts = Facts { insured: &insured, others: &others, open: &open, today: work.today() };
        let look_on = benefit.look_on(&facts);
        looks::keep(work, benefit.id, look_on).await?;
    }
    Ok(steps)
}

async fn follow_one(
    work: &Work,
    catalogs: &Catalogs,
    insured: &Insured,
    (held, place): (&mut [Stored], usize),
) -> Result<u64> {
    let others = others(held, place);
    let mut steps = 0;
    loop {
        let Stored { benefit, version } = &held[place];
        let open = open(work, catalogs, benefit);
        let facts = Facts { insured, others: &others, open: &open, today: work.today() };
        let Some(step) = benefit.follow(&facts) else { return Ok(steps) };
        held[place] = store::save(work, *version, step).await?;
        steps += 1;
    }
}

fn others(held: &[Stored], place: usize) -> Vec<Benefit> {
    let one = &held[place].benefit;
    let same = held.iter().map(|stored| &stored.benefit).filter(|other| other.code == one.code);
    same.filter(|other| other.id != one.id).cloned().collect()
}

/// The insured kinds for which the catalogue in force has a benefit's disease open; none where it is dropped.
fn open(work: &Work, catalogs: &Catalogs, benefit: &Benefit) -> Vec<Insutype> {
    let published = catalogs.in_force(&benefit.area, work.today()).ok();
    let disease = published.as_ref().and_then(|published| published.catalog.disease(&benefit.code));
    disease.map_or_else(Vec::new, |disease| disease.insutypes.clone())
}
