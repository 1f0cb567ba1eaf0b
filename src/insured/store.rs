//! Insured people in their table, sealed.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use super::domain::{Event, Insured};
use super::row::{claim, insured};
use crate::db::failed;
use crate::db::journal::Entry;
use crate::db::source::{from_micros, micros};
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Result};
use crate::kernel::step::Step;

/// An insured person as read.
pub struct Stored {
    /// The person.
    pub insured: Insured,
    /// The row's version.
    pub version: i64,
    /// When we last heard something new of the person.
    pub updated_at: OffsetDateTime,
}

/// The person of this call.
pub async fn get(view: &View) -> Result<Stored> {
    let found = find(view).await?;
    found.map_or_else(|| Err(Error::NotFound(view.person()?.name())), Ok)
}

/// The person of this call, who is perhaps not there yet.
pub async fn find(view: &View) -> Result<Option<Stored>> {
    let person = view.person()?;
    let row = insured::Entity::find_by_id(person.psn_no.as_str().to_owned())
        .one(&view.conn())
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let insured: Insured = view.open(&person.name(), &row.body)?;
    if insured.psn_no != person.psn_no || insured.insu_admdvs.as_str() != row.insu_admdvs {
        return Err(Error::internal(format!("{}: the sealed body is of another row", person.name())));
    }
    Ok(Some(Stored { insured, version: row.version, updated_at: from_micros(row.updated_at) }))
}

/// Claims a certificate for this call's person; false when it is another's. Two who claim it at once: the second one
/// fails with `Conflict`, is run again, and then finds it claimed.
pub async fn claim_certificate(work: &Work, insured: &Insured) -> Result<bool> {
    let psn_no = work.person()?.psn_no.as_str();
    let index = certno_index(work, insured)?;
    let claimed = claim::Entity::find_by_id(index.clone()).one(&work.conn()).await.map_err(failed)?;
    if let Some(claimed) = claimed {
        return Ok(claimed.psn_no == psn_no);
    }
    work.insert_part(claim::ActiveModel { certno_index: Set(index), psn_no: Set(psn_no.to_owned()) }).await?;
    Ok(true)
}

/// Saves a new person with the event.
pub async fn create(work: &Work, step: Step<Insured, Event>) -> Result<()> {
    let (person, insured) = (work.person()?, step.state);
    let row = insured::ActiveModel {
        psn_no: Set(person.psn_no.as_str().to_owned()),
        insu_admdvs: Set(insured.insu_admdvs.as_str().to_owned()),
        insutype: Set(insured.insutype.code()),
        certno_index: Set(certno_index(work, &insured)?),
        body: Set(work.seal(&person.name(), &insured)?),
        version: Set(1),
        updated_at: Set(micros(work.now())),
    };
    work.insert(row, Entry::new(person.name(), 1, &step.event)?).await
}

/// Saves what changed about a person, and gives up the claim to a certificate that is no longer theirs.
pub async fn save(work: &Work, known: &Stored, step: Step<Insured, Event>) -> Result<()> {
    use insured::Column;
    let (person, insured, version) = (work.person()?, step.state, known.version + 1);
    let index = certno_index(work, &insured)?;
    let before = certno_index(work, &known.insured)?;
    if index != before {
        let given_up = claim::Entity::delete_many()
            .filter(claim::Column::CertnoIndex.eq(before))
            .filter(claim::Column::PsnNo.eq(person.psn_no.as_str()));
        work.delete_part(given_up).await?;
    }
    let update = insured::Entity::update_many()
        .col_expr(Column::InsuAdmdvs, Expr::value(insured.insu_admdvs.as_str()))
        .col_expr(Column::Insutype, Expr::value(insured.insutype.code()))
        .col_expr(Column::CertnoIndex, Expr::value(index))
        .col_expr(Column::Body, Expr::value(work.seal(&person.name(), &insured)?))
        .col_expr(Column::Version, Expr::value(version))
        .col_expr(Column::UpdatedAt, Expr::value(micros(work.now())))
        .filter(Column::PsnNo.eq(person.psn_no.as_str()))
        .filter(Column::Version.eq(known.version));
    work.update(update, Entry::new(person.name(), version, &step.event)?).await
}

fn certno_index(view: &View, insured: &Insured) -> Result<Vec<u8>> {
    view.keys().blind_index("certno", &insured.certificate())
}
