//! The facts of a decision as they are stored, and its receipt in the step that makes it.

use time::Date;

use super::domain::{Basis, Conclusion, ENGINE, Facts, Paper, Receipt};
use super::store;
use crate::application::domain::Filed;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Refusal, Result};
use crate::review::panel::Seated;

/// A decision with the hash of its receipt, for its event.
pub struct Made {
    /// What follows from its facts.
    pub conclusion: Conclusion,
    /// SHA-256 of the receipt.
    pub sha256: String,
}

/// Makes a decision: whatever follows, follows from what its receipt holds.
pub async fn make(work: &Work, filed: &Filed, basis: Basis) -> Result<Made> {
    let facts = facts(filed, work.actor().operator()?, work.today(), basis);
    let refused = |reasons: Vec<_>| Error::Refused(reasons.into_iter().map(Refusal::from).collect());
    let conclusion = facts.conclude().map_err(refused)?;
    let number = store::last(work, filed.case.id).await?.saturating_add(1);
    let receipt = Receipt { engine: ENGINE, number, facts, conclusion };
    let sha256 = store::keep(work, &receipt).await?;
    Ok(Made { conclusion: receipt.conclusion, sha256 })
}

/// The facts of a decision by an officer on a day.
pub fn facts(filed: &Filed, officer: &str, on: Date, basis: Basis) -> Facts {
    Facts {
        application: filed.case.id,
        area: filed.case.area.clone(),
        appy_date: filed.appy_date,
        catalog: filed.cited(),
        sample: filed.sample,
        officer: officer.to_owned(),
        on,
        basis,
    }
}

/// What a confirmation rests on.
pub async fn decided(view: &View, filed: &Filed, accepted_by: &str, seated: &Seated) -> Result<Basis> {
    let materials = crate::material::store::get_all(view, &filed.form.materials).await?;
    let paper = |(place, stored): (usize, crate::material::store::Stored)| Paper {
        id: stored.material.id,
        number: place + 1,
        kind: stored.material.kind,
        title: stored.material.label.title,
        sha256: stored.material.sha256,
    };
    Ok(Basis::Decided {
        accepted_by: accepted_by.to_owned(),
        sitting: seated.sitting(),
        papers: materials.into_iter().enumerate().map(paper).collect(),
    })
}
