//! 备案.

use super::form::Asked;
use super::store::{self, Stored};
use crate::catalog::store::Catalogs;
use crate::db::work::Work;
use crate::kernel::calendar::Calendar;
use crate::kernel::error::{Error, Refusal, Result};
use crate::{insured, material};

/// Files a remote residence for this call's person.
pub async fn file(work: &Work, catalogs: &Catalogs, calendar: &Calendar, asked: Asked) -> Result<Stored> {
    let form = asked.read(work.today()).map_err(Error::Invalid)?;
    let person = insured::store::get(work).await?.insured;
    let published = catalogs.in_force(&person.insu_admdvs, work.today())?;
    let materials = material::store::get_all(work, form.materials()).await?;
    let open = store::open(work).await?.into_iter().map(|stored| stored.filing).collect::<Vec<_>>();
    let step = form
        .file(&person, &open, &published, work.new_id(), work.now())
        .map_err(|refused| Error::Refused(refused.into_iter().map(Refusal::from).collect()))?;
    let filed = store::create(work, calendar, step).await?;
    material::store::mark_in_use(work, &materials).await?;
    Ok(filed)
}
