//! Issuing: the timed job that gives each benefit its certificate, from its first day on.

use super::domain::{Certificate, CertificateRefused, Snapshot, Terms, is_running};
use super::payload::Payload;
use super::store;
use crate::app::App;
use crate::benefit::store as benefits;
use crate::catalog::domain::Catalog;
use crate::db::work::{Owner, Work};
use crate::insured::store as insured;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
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
    if stored.benefit.certificate.is_some() || !is_running(stored.benefit.standing(work.today())) {
        work.rollback().await?;
        return Ok(false);
    }
    make(app, &work, stored).await?;
    work.commit().await?;
    Ok(true)
}

/// 补发: issues one for a running benefit whose last one was revoked, or which has none yet.
pub async fn again(app: &App, work: &Work, benefit: Id) -> Result<Certificate> {
    let stored = benefits::get(work, benefit).await?;
    if !is_running(stored.benefit.standing(work.today())) {
        return Err(Refusal::from(CertificateRefused::NotRunning).into());
    }
    if let Some(last) = stored.benefit.certificate
        && store::get(work, last).await?.certificate.revocation.is_none()
    {
        return Err(Refusal::from(CertificateRefused::Stands).into());
    }
    make(app, work, stored).await
}

/// Makes the certificate of a running benefit as of today, and writes it into the benefit.
pub(super) async fn make(app: &App, work: &Work, stored: benefits::Stored) -> Result<Certificate> {
    let (benefit, today) = (&stored.benefit, work.today());
    let insured = insured::get(work).await?.insured;
    // Whoever was granted a benefit has the proof of it, though the disease was dropped since.
    let says = |catalog: &Catalog| Terms::of_benefit(benefit, &insured, catalog, today).is_some();
    let silent = || Error::internal("no catalogue that has begun says what the benefit pays");
    let published = app.catalogs.latest(&benefit.area, today, says).ok_or_else(silent)?;
    let payload = Payload {
        id: work.new_id(),
        area: benefit.area.pooling(),
        issued_on: today,
        sample: published.catalog.sample,
    };
    let qr_text = payload.sign(work.keys(), work.now())?;
    let snapshot = Snapshot::take(benefit, &insured, &published, today, qr_text).ok_or_else(silent)?;
    let step = Certificate::issue(payload.id, benefit.id, snapshot, work.now());
    let issued = step.state.clone();
    store::create(work, step).await?;
    benefits::save(work, stored.version, stored.benefit.certify(issued.id)).await?;
    Ok(issued)
}
