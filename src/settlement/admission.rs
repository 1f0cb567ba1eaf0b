//! Whether a bill can be settled at all: institution, place, insurance, benefit and policy of its day. Pure.

use super::domain::{Bill, SettleRefused};
use crate::benefit::domain::{Benefit, InForce, NotInForce};
use crate::catalog::domain::{Case, Catalog, Institution, Policy};
use crate::insured::domain::{Insured, NotEligible};
use crate::kernel::error::Refusal;
use crate::kernel::region::Region;
use crate::residence::domain::NotFiled;

/// What is known when a bill comes in.
pub struct Known<'a> {
    /// The person.
    pub insured: &'a Insured,
    /// 参保地 of the person.
    pub area: &'a Region,
    /// The benefits for the bill's disease, newest first.
    pub benefits: Vec<&'a Benefit>,
    /// Why no valid filing covers the institution's area on the service day; none when one does, or at home.
    pub not_filed: Option<NotFiled>,
}

/// Proof that nothing stands against a bill, and what it is settled by. Only `admit` makes one.
pub struct Admitted<'a> {
    /// The benefit.
    pub in_force: InForce,
    /// The row of the catalogue.
    pub policy: &'a Policy,
    /// The case for which the row was found.
    pub case: Case,
}

/// The institution, when it is a designated one on the service day, and where it is.
pub fn institution<'a>(catalog: &'a Catalog, bill: &Bill) -> Option<(&'a Institution, Region)> {
    let found = catalog.institution(&bill.key.fixmedins_code);
    let found = found.filter(|institution| institution.is_designated(bill.service_day))?;
    Region::find(&found.admdvs).map(|region| (found, region))
}

/// Everything that stands against a bill, or the proof that nothing does.
pub fn admit<'a>(catalog: &'a Catalog, bill: &Bill, known: &Known<'_>) -> Result<Admitted<'a>, Vec<Refusal>> {
    let day = bill.service_day;
    let insurance = known.insured.standing_on(day);
    let mut against: Vec<Refusal> = insurance.iter().cloned().map(Refusal::from).collect();
    let found = institution(catalog, bill);
    let (level, remote) = match &found {
        None => {
            let fixmedins_code = bill.key.fixmedins_code.clone();
            against.push(SettleRefused::InstitutionUnknown { fixmedins_code, day }.into());
            (None, false)
        }
        Some((institution, region)) if known.area.pooling().contains(region) => {
            (Some(institution.level()), false)
        }
        Some((institution, _)) => {
            against.extend(known.not_filed.clone().map(Refusal::from));
            (Some(institution.level()), true)
        }
    };
    let disease = catalog.disease(&bill.code);
    if disease.is_none() {
        against.push(NotEligible::UnknownDisease { code: bill.code.clone() }.into());
    }
    let in_force = in_force(&known.benefits, bill, known.area)
        .map_err(|reason| against.extend(reason.is_news_beside(&insurance).then(|| reason.into())));
    let (Some(hospital), Some(disease), Ok(in_force)) = (level, disease, in_force) else {
        return Err(against);
    };
    let insutype = known.insured.home_insutype_on(day);
    if let Some((institution, _)) = found.filter(|(institution, _)| !institution.serves(&bill.code, insutype))
    {
        let (fixmedins_code, code) = (institution.fixmedins_code.clone(), bill.code.clone());
        against.push(SettleRefused::NotDesignated { fixmedins_code, code, insutype }.into());
    }
    let case = Case { insutype, retired: known.insured.retired_on(day), hospital, remote };
    let policy = catalog.policy(disease, &case);
    if policy.is_none() {
        against
            .push(NotEligible::KindNotOpen { code: bill.code.clone(), kind: insutype, met_on: None }.into());
    }
    match policy {
        Some(policy) if against.is_empty() => Ok(Admitted { in_force, policy, case }),
        _ => Err(against),
    }
}

/// The benefit that is in force on the bill's day, or of all reasons why none is the one that says most.
fn in_force(benefits: &[&Benefit], bill: &Bill, area: &Region) -> Result<InForce, NotInForce> {
    let mut telling = NotInForce::None { code: bill.code.clone() };
    for benefit in benefits {
        match benefit.in_force(bill.service_day, area) {
            Ok(proof) => return Ok(proof),
            Err(reason) if weight(&reason) > weight(&telling) => telling = reason,
            Err(_) => {}
        }
    }
    Err(telling)
}

/// What lapsed can be answered, a suspension lifted, a beginning waited for, what was left behind asked for anew, an end is over. Of two of a kind the nearest day says more.
fn weight(reason: &NotInForce) -> (u8, i64) {
    match reason {
        NotInForce::None { .. } => (0, 0),
        NotInForce::Ended { enddate, .. } | NotInForce::Died { enddate, .. } => {
            (1, i64::from(enddate.to_julian_day()))
        }
        NotInForce::Moved { .. } => (2, 0),
        NotInForce::NotBegun { begndate, .. } => (3, -i64::from(begndate.to_julian_day())),
        NotInForce::Suspended { .. } => (4, 0),
        NotInForce::Lapsed { .. } => (5, 0),
    }
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
