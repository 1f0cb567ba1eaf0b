//! What stands against a bill, as a table.

use time::Date;
use time::macros::{date, datetime};

use super::*;
use crate::benefit::domain::{EndGround, Replacement, Suspension, SuspensionGround};
use crate::catalog::domain::{Insutype, SAMPLE};
use crate::insured::domain::{History, Spell, Stated};
use crate::insured::sample::{self, person};
use crate::kernel::id::Id;
use crate::kernel::money::Money;
use crate::kernel::period::Period;
use crate::settlement::domain::{BillKey, Place};

const TODAY: Date = date!(2025 - 03 - 03);
/// When we heard of a person's states.
const HEARD: Date = date!(2025 - 02 - 20);
const HOME: &str = "H62098100001";
const REMOTE: &str = "H62010200001";

fn benefit(begndate: Date) -> Benefit {
    let id = Id(uuid::Uuid::from_u128(1));
    Benefit {
        id,
        area: Region::find("620902").unwrap(),
        insutype: Insutype::Employee,
        code: "M01600".to_owned(),
        begndate,
        end: None,
        requalify_on: None,
        lapses: Vec::new(),
        suspensions: Vec::new(),
        application: id,
        entry: id,
        notice_entry: String::new(),
        certificate: None,
        following: crate::benefit::domain::Following::default(),
        created_at: datetime!(2025-01-01 0:00 UTC),
        replacement: Replacement::default(),
    }
}

fn bill(institution: &str, code: &str, service_day: Date) -> Bill {
    Bill {
        code: code.to_owned(),
        key: BillKey { fixmedins_code: institution.to_owned(), medins_setl_id: "1".to_owned() },
        mdtrt_id: String::new(),
        service_day,
        total: Money(10_000),
        in_scope: Money(10_000),
    }
}

fn check(
    bill: &Bill,
    insured: &Insured,
    benefits: &[Benefit],
    filed: bool,
    expected: Result<Place, &[&str]>,
) {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let area = &insured.insu_admdvs;
    let place = Region::find("620102").unwrap();
    let not_filed = (!filed).then_some(NotFiled::None { place, day: bill.service_day });
    let benefits = benefits.iter().collect();
    let known = Known { insured, area, benefits, not_filed };
    let reasons = |against: Vec<Refusal>| {
        against.into_iter().map(|reason| reason.reason.to_string()).collect::<Vec<_>>()
    };
    let found = admit(&catalog, bill, &known).map(|admitted| {
        assert_eq!(admitted.in_force.day(), bill.service_day);
        if admitted.case.remote { Place::Remote } else { Place::Home }
    });
    let expected =
        expected.map_err(|reasons| reasons.iter().map(|reason| (*reason).to_owned()).collect::<Vec<_>>());
    assert_eq!(found.map_err(reasons), expected);
}

#[test]
fn home_needs_no_filing_and_elsewhere_needs_one() {
    let held = [benefit(date!(2025 - 01 - 01))];
    check(&bill(HOME, "M01600", TODAY), &person(), &held, false, Ok(Place::Home));
    check(&bill(REMOTE, "M01600", TODAY), &person(), &held, true, Ok(Place::Remote));
    check(&bill(REMOTE, "M01600", TODAY), &person(), &held, false, Err(&["NOT_FILED"]));
    check(&bill("H99999999999", "M01600", TODAY), &person(), &held, true, Err(&["INSTITUTION_UNKNOWN"]));
}

#[test]
fn everything_against_it_is_told_at_once() {
    let unpaid = sample::insured(date!(2010 - 01 - 01), date!(2025 - 03 - 02));
    let expected = ["NOT_PAID_UP", "NOT_FILED", "DISEASE_UNKNOWN", "NO_BENEFIT"];
    check(&bill(REMOTE, "NONE", TODAY), &unpaid, &[], false, Err(&expected));
}

#[test]
fn the_insurance_is_that_of_the_service_day() {
    let held = [benefit(date!(2025 - 01 - 01))];
    let of = |insured: &Insured, day, expected| {
        check(&bill(HOME, "M01600", day), insured, &held, false, expected);
    };
    let unpaid = sample::insured(date!(2010 - 01 - 01), date!(2025 - 03 - 01));
    // The bill of a day that is not paid for stays unpaid, however late it comes.
    of(&unpaid, TODAY, Err(&["NOT_PAID_UP"]));
    of(&unpaid, date!(2025 - 03 - 02), Err(&["NOT_PAID_UP"]));
    of(&unpaid, date!(2025 - 03 - 01), Ok(Place::Home));
    // The states are those that were known on the day.
    let mut stopped = person();
    stopped.psn_insu_stas = "2".to_owned();
    stopped.stated = Stated::since(HEARD);
    of(&stopped, date!(2025 - 02 - 19), Ok(Place::Home));
    of(&stopped, HEARD, Err(&["NOT_INSURED"]));
}

#[test]
fn a_benefit_stays_behind_when_the_person_moves() {
    let mut moved = person();
    moved.insu_admdvs = Region::find("620702").unwrap();
    let spell = sample::spell("620702", date!(2010 - 01 - 01), None);
    moved.history = crate::insured::domain::History::since(spell, date!(2025 - 12 - 31));
    let bill = bill(REMOTE, "M01600", TODAY);
    check(&bill, &moved, &[benefit(date!(2025 - 01 - 01))], true, Err(&["BENEFIT_MOVED_AWAY"]));
    let mut new = benefit(date!(2025 - 03 - 01));
    new.area = moved.insu_admdvs.clone();
    check(&bill, &moved, &[new, benefit(date!(2025 - 01 - 01))], true, Ok(Place::Remote));
}

#[test]
fn a_filing_that_waits_is_said_to_wait() {
    let (insured, held) = (person(), benefit(date!(2025 - 01 - 01)));
    let place = Region::find("620102").unwrap();
    let known = Known {
        insured: &insured,
        area: &insured.insu_admdvs,
        benefits: vec![&held],
        not_filed: Some(NotFiled::Pending { place }),
    };
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let against = admit(&catalog, &bill(REMOTE, "M01600", TODAY), &known);
    let reasons: Vec<_> = against.err().unwrap().into_iter().map(|refusal| refusal.reason).collect();
    assert_eq!(reasons, ["FILING_PENDING"]);
}

#[test]
fn the_benefit_is_that_of_the_day() {
    let mut ended = benefit(date!(2025 - 01 - 01));
    ended.end = Some((date!(2025 - 01 - 31), EndGround::GivenUp));
    let mut suspended = benefit(date!(2025 - 01 - 01));
    let period = Period::since(date!(2025 - 03 - 01));
    suspended.suspensions.push(Suspension { period, ground: SuspensionGround::Audit });
    let later = benefit(date!(2025 - 03 - 04));
    let new = benefit(date!(2025 - 02 - 15));
    let all = |benefits: &[Benefit], day, expected| {
        check(&bill(HOME, "M01600", day), &person(), benefits, false, expected);
    };
    all(&[new.clone(), ended.clone()], TODAY, Ok(Place::Home));
    all(&[new.clone(), ended.clone()], date!(2025 - 01 - 31), Ok(Place::Home));
    all(&[new, ended.clone()], date!(2025 - 02 - 14), Err(&["BENEFIT_NOT_BEGUN"]));
    all(&[later.clone(), ended.clone()], TODAY, Err(&["BENEFIT_NOT_BEGUN"]));
    all(std::slice::from_ref(&ended), TODAY, Err(&["BENEFIT_ENDED"]));
    all(&[suspended, later], TODAY, Err(&["BENEFIT_SUSPENDED"]));
}

#[test]
fn a_bill_is_paid_by_the_kind_of_its_day() {
    let change = date!(2025 - 03 - 01);
    let first = sample::spell("620902", date!(2010 - 01 - 01), change.previous_day());
    let resident = Spell { insutype: Insutype::Resident, psn_type: "1501".to_owned(), ..first };
    let paid = sample::paid(date!(2010 - 01 - 01), date!(2025 - 12 - 31));
    let spells = vec![resident, sample::spell("620902", change, None)];
    let history = History::read(spells, vec![paid], date!(1960 - 01 - 01), TODAY).unwrap();
    let insured = Insured { history, ..person() };
    let mut catalog = Catalog::parse(SAMPLE).unwrap();
    let held = Benefit { insutype: Insutype::Resident, ..benefit(date!(2025 - 01 - 01)) };
    let on = |catalog: &Catalog, day| {
        let area = &insured.insu_admdvs;
        let known = Known { insured: &insured, area, benefits: vec![&held], not_filed: None };
        let found = admit(catalog, &bill(HOME, "M01600", day), &known);
        found.map(|admitted| (admitted.case.insutype, admitted.policy.ratio_bp.0)).map_err(|against| {
            against.into_iter().map(|refusal| refusal.reason.to_string()).collect::<Vec<_>>()
        })
    };
    assert_eq!(on(&catalog, date!(2025 - 02 - 28)), Ok((Insutype::Resident, 6_000)));
    assert_eq!(on(&catalog, change), Ok((Insutype::Employee, 8_000)));
    let disease = catalog.diseases.iter_mut().find(|disease| disease.code == "M01600").unwrap();
    disease.insutypes = vec![Insutype::Resident];
    assert_eq!(on(&catalog, date!(2025 - 02 - 28)), Ok((Insutype::Resident, 6_000)));
    assert_eq!(on(&catalog, TODAY), Err(vec!["KIND_NOT_OPEN".to_owned()]));
}

#[test]
fn a_death_is_told_once() {
    let died = date!(2025 - 02 - 01);
    let dead = Insured { death_date: Some(died), ..person() };
    let mut ended = benefit(date!(2025 - 01 - 01));
    ended.end = Some((died, EndGround::Death));
    check(&bill(HOME, "M01600", TODAY), &dead, &[ended.clone()], false, Err(&["PERSON_DIED"]));
    check(&bill(HOME, "M01600", died), &dead, &[ended], false, Ok(Place::Home));
}
