//! Issuing: the timed job that gives each benefit its certificate, from its first day on.

use super::domain::{Certificate, Snapshot, Terms};
use super::payload::Payload;
use super::store;
use crate::app::App;
use crate::benefit::domain::Standing;
use crate::benefit::store as benefits;
use crate::catalog::domain::Catalog;
use crate::db::work::Owner;
use crate::insured::store as insured;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, PsnNo};
use crate::kernel::local_day;

/// How many benefits are looked up at once.
const BATCH: u64 = 500;

/// Issues what is due, and says how many. One that fails is logged, stops no other, and makes the run a failed one.
pub async fn run(app: &App) -> Result<u64> {
    let today = local_day(app.db.time().now());
    let (mut done, mut after, mut failed) = (0, None, None);
    loop {
        let batch = benefits::without_certificate(&app.db, today, after, BATCH).await?;
        let Some((_, last)) = batch.last() else { return failed.map_or(Ok(done), Err) };
        after = Some(*last);
        for (psn_no, benefit) in batch {
            match issue(app, psn_no, benefit).await {
                Ok(issued) => done += u64::from(issued),
                Err(error) => {
                    tracing::error!(benefit.id = %benefit, %error, "a certificate could not be issued");
                    failed.get_or_insert(error);
                }
            }
        }
    }
}

/// Issues one, unless another instance was faster or the benefit has ended since it was looked up.
async fn issue(app: &App, psn_no: PsnNo, benefit: Id) -> Result<bool> {
    let work = app.db.work(&Actor::system(), Owner::Person(psn_no)).await?;
    let stored = benefits::get(&work, benefit).await?;
    let standing = stored.benefit.standing(work.today());
    let running = matches!(standing, Standing::Active | Standing::Suspended);
    if stored.benefit.certificate.is_some() || !running {
        work.rollback().await?;
        return Ok(false);
    }
    let insured = insured::get(&work).await?.insured;
    // Whoever was granted a benefit has the proof of it, though the disease was dropped since.
    let says =
        |catalog: &Catalog| Terms::of_benefit(&stored.benefit, &insured, catalog, work.today()).is_some();
    let silent = || Error::internal("no catalogue that has begun says what the benefit pays");
    let published = app.catalogs.latest(&stored.benefit.area, work.today(), says).ok_or_else(silent)?;
    let payload = Payload {
        id: work.new_id(),
        area: stored.benefit.area.pooling(),
        issued_on: work.today(),
        sample: published.catalog.sample,
    };
    let qr_text = payload.sign(work.keys())?;
    let snapshot = Snapshot::take(&stored.benefit, &insured, &published, payload.issued_on, qr_text)
        .ok_or_else(silent)?;
    store::create(&work, Certificate::issue(payload.id, benefit, snapshot, work.now())).await?;
    benefits::save(&work, stored.version, stored.benefit.certify(payload.id)).await?;
    work.commit().await?;
    Ok(true)
}
