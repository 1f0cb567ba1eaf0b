//! Whether a bill can be settled at all: institution, place, insurance, benefit and policy of its day. Pure.

use time::Date;

use super::domain::{Bill, Place, SettleRefused};
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
    /// Whether a valid filing covers the institution's area on the service day; not asked for at home.
    pub filed: bool,
    /// Today.
    pub today: Date,
}

/// Proof that nothing stands against a bill, and what it is settled by. Only `admit` makes one.
pub struct Admitted<'a> {
    /// The benefit.
    pub in_force: InForce,
    /// The row of the catalogue.
    pub policy: &'a Policy,
    /// 就医地.
    pub place: Place,
}

/// The institution, when it is a designated one on the service day, and where it is.
pub fn institution<'a>(catalog: &'a Catalog, bill: &Bill) -> Option<(&'a Institution, Region)> {
    let found = catalog.institution(&bill.key.fixmedins_code);
    let found = found.filter(|institution| institution.is_designated(bill.service_day))?;
    Region::find(&found.admdvs).map(|region| (found, region))
}

/// Everything that stands against a bill, or the proof that nothing does.
pub fn admit<'a>(catalog: &'a Catalog, bill: &Bill, known: &Known<'_>) -> Result<Admitted<'a>, Vec<Refusal>> {
    let mut against: Vec<Refusal> = Vec::new();
    let day = bill.service_day;
    // The insurance is known as it is today and not as it was: it is asked about for today only.
    if day == known.today {
        against.extend(known.insured.standing(day).into_iter().map(Refusal::from));
    }
    let found = institution(catalog, bill);
    let (level, place) = match &found {
        None => {
            let fixmedins_code = bill.key.fixmedins_code.clone();
            against.push(SettleRefused::InstitutionUnknown { fixmedins_code, day }.into());
            (None, Place::Home)
        }
        Some((institution, region)) if known.area.pooling().contains(region) => {
            (Some(institution.level()), Place::Home)
        }
        Some((institution, region)) => {
            if !known.filed {
                against.push(NotFiled::None { place: region.clone(), day }.into());
            }
            (Some(institution.level()), Place::Remote)
        }
    };
    let disease = catalog.disease(&bill.code);
    if disease.is_none() {
        against.push(NotEligible::UnknownDisease { code: bill.code.clone() }.into());
    }
    let in_force = in_force(&known.benefits, &bill.code, day).map_err(|reason| against.push(reason.into()));
    let (Some(hospital), Some(disease), Ok(in_force)) = (level, disease, in_force) else {
        return Err(against);
    };
    let insutype = in_force.insutype();
    let remote = place == Place::Remote;
    let case = Case { insutype, retired: known.insured.retired(), hospital, remote };
    let policy = catalog.policy(disease, &case);
    if policy.is_none() {
        against.push(NotEligible::KindNotOpen { code: bill.code.clone(), kind: insutype }.into());
    }
    match policy {
        Some(policy) if against.is_empty() => Ok(Admitted { in_force, policy, place }),
        _ => Err(against),
    }
}

/// The benefit that is in force on a day, or of all reasons why none is the one that says most.
fn in_force(benefits: &[&Benefit], code: &str, day: Date) -> Result<InForce, NotInForce> {
    let mut telling = NotInForce::None { code: code.to_owned() };
    for benefit in benefits {
        match benefit.in_force(day) {
            Ok(proof) => return Ok(proof),
            Err(reason) if weight(&reason) > weight(&telling) => telling = reason,
            Err(_) => {}
        }
    }
    Err(telling)
}

/// A suspension can be lifted, a beginning waited for, an end is over. Of two of a kind the nearest day says more.
fn weight(reason: &NotInForce) -> (u8, i64) {
    match reason {
        NotInForce::None { .. } => (0, 0),
        NotInForce::Ended { enddate, .. } => (1, i64::from(enddate.to_julian_day())),
        NotInForce::NotBegun { begndate, .. } => (2, -i64::from(begndate.to_julian_day())),
        NotInForce::Suspended { .. } => (3, 0),
    }
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
