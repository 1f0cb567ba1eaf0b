use super::*;
use crate::catalog::domain::{Catalog, PersonRule, Policy, SAMPLE};
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::day_start;
use crate::kernel::money::Money;
use crate::notice::domain::{Head, Notice, Opening};
use crate::notice::entry::domain::{Entry, Listing};
use time::macros::date;
use uuid::Uuid;

const CODE: &str = "M01600";
const TODAY: Date = date!(2025 - 06 - 16);

fn id(number: u128) -> Id {
    Id(Uuid::from_u128(number))
}

/// The proof of a notice of five working days that was opened on a day.
fn undisputed(opened: Date) -> Undisputed {
    let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
    let area = Region::find("620902").unwrap();
    let head = Head {
        sample: true,
        cited: Cited::default(),
        disease_basis: String::new(),
        id: id(1),
        area: area.clone(),
        number: "2025-001".to_owned(),
        insutype: Insutype::Employee,
        created_at: day_start(opened),
    };
    let open = Opening::begin(head).state.open(1, 5, day_start(opened)).state;
    let closed = open.close(&calendar, day_start(add_months(opened, 2))).unwrap().state;
    let listing = Listing {
        id: id(2),
        notice: id(1),
        name: "areas/620902/notices/1/entries/R".to_owned(),
        reference: "R".to_owned(),
        insured_area: area,
        insutype: Insutype::Employee,
        code: CODE.to_owned(),
        application: id(3),
        approved_on: opened,
        masked_name: "张*".to_owned(),
        masked_certno: String::new(),
        opsp_dise_name: String::new(),
    };
    let over = Notice::from(closed).over().unwrap();
    Entry::list(listing).state.close(&over).unwrap().state.undisputed().unwrap()
}

fn granted(opened: Date, start: BenefitStart) -> Benefit {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let mut disease = catalog.disease(CODE).unwrap().clone();
    disease.requalify_months = 12;
    let rules = Rules { benefit_start: start, ..catalog.rules };
    let under = Under { disease: &disease, rules: &rules, cited: Cited::default(), replaces: None };
    Benefit::grant(undisputed(opened), under, id(4), day_start(TODAY)).state
}

/// In force from 2025-03-11 on.
fn active() -> Benefit {
    granted(date!(2025 - 03 - 03), BenefitStart::NoticeClosed)
}

fn days(from: Date, to: Option<Date>) -> Period {
    Period { from, to }
}

fn home() -> Region {
    Region::find("620902").unwrap()
}

fn audit(benefit: Benefit, from: Date, to: Option<Date>) -> Benefit {
    benefit.suspend(days(from, to), SuspensionGround::Audit, TODAY).unwrap().state
}

/// Not begun, active, suspended today without an end, suspended later for a time, to end later, ended.
fn all() -> [Benefit; 6] {
    let later = date!(2025 - 07 - 01);
    let ended = active().end(date!(2025 - 06 - 15), EndGround::Death, TODAY).unwrap().state;
    [
        Benefit { begndate: later, ..active() },
        active(),
        audit(active(), TODAY, None),
        audit(active(), later, Some(date!(2025 - 07 - 31))),
        active().end(date!(2025 - 12 - 31), EndGround::Moved, TODAY).unwrap().state,
        ended,
    ]
}

fn check(
    step: impl Fn(Benefit) -> Result<Step<Benefit, Event>, ChangeRefused>,
    day: Date,
    expected: [Result<Standing, ChangeRefused>; 6],
) {
    for (before, expected) in all().into_iter().zip(expected) {
        let done = step(before.clone()).map(|step| step.state);
        assert_eq!(done.as_ref().map(|after| after.standing(day)).map_err(Clone::clone), expected);
        if let Ok(after) = done {
            assert_eq!((after.id, after.begndate, after.entry), (before.id, before.begndate, before.entry));
        }
    }
}

#[test]
fn it_begins_as_the_rule_says() {
    for (opened, start, begndate) in [
        (date!(2025 - 03 - 03), BenefitStart::NoticeClosed, date!(2025 - 03 - 11)),
        (date!(2025 - 03 - 03), BenefitStart::Approved, date!(2025 - 03 - 03)),
        (date!(2025 - 03 - 03), BenefitStart::FirstOfNextMonth, date!(2025 - 04 - 01)),
        // The last day of this notice is 2025-10-31.
        (date!(2025 - 10 - 24), BenefitStart::FirstOfNextMonth, date!(2025 - 11 - 01)),
        (date!(2025 - 12 - 17), BenefitStart::FirstOfNextMonth, date!(2026 - 01 - 01)),
    ] {
        let benefit = granted(opened, start);
        assert_eq!(benefit.begndate, begndate, "{opened} {start:?}");
        assert_eq!(benefit.requalify_on, Some(add_months(begndate, 12)));
        assert_eq!((benefit.standing(begndate), benefit.end), (Standing::Active, None));
    }
}

/// Granted from 2025-03-11 on, or from 2025-03-03 on by the disease's own rule, instead of another benefit.
fn instead(old: &Benefit, own: Option<BenefitStart>) -> Benefit {
    let catalog = Catalog::parse(SAMPLE).unwrap();
    let disease = Disease { benefit_start: own, ..catalog.disease(CODE).unwrap().clone() };
    let rules = Rules { benefit_start: BenefitStart::NoticeClosed, ..catalog.rules };
    let under = Under { disease: &disease, rules: &rules, cited: Cited::default(), replaces: Some(old) };
    Benefit::grant(undisputed(date!(2025 - 03 - 03)), under, id(4), day_start(TODAY)).state
}

#[test]
fn it_ends_the_day_before_another_begins_instead_unless_it_is_over_by_then() {
    let old = || Benefit { id: id(5), begndate: date!(2024 - 01 - 01), ..active() };
    let ending = |last| Benefit { end: Some((last, EndGround::Recovered)), ..old() };
    let check = |old: Benefit, own, expected: Option<Date>| {
        let new = instead(&old, own);
        assert_eq!(new.replacement.replaces, expected.map(|_| old.id), "{old:?}");
        let ended = old.replaced_by(&new).map(|step| step.state);
        let found = ended.as_ref().map(|ended| (ended.end, ended.replacement.replaced_by));
        assert_eq!(found, expected.map(|last| (Some((last, EndGround::Changed)), Some(new.id))));
    };
    let day_before = Some(date!(2025 - 03 - 10));
    check(old(), None, day_before);
    check(ending(date!(2025 - 12 - 31)), None, day_before);
    check(ending(date!(2025 - 03 - 11)), None, day_before);
    check(ending(date!(2025 - 03 - 10)), None, None);
    check(old(), Some(BenefitStart::Approved), Some(date!(2025 - 03 - 02)));
    check(Benefit { area: Region::find("620702").unwrap(), ..old() }, None, None);
    assert!(old().replaced_by(&active()).is_none(), "one that replaces nothing ends nothing");
}

#[test]
fn it_is_suspended_unless_it_has_ended_or_is_suspended_then() {
    use ChangeRefused::{AlreadySuspended, Ended, InPast, Order};
    let july = days(date!(2025 - 07 - 10), Some(date!(2025 - 07 - 20)));
    let suspend = |period| move |benefit: Benefit| benefit.suspend(period, SuspensionGround::Arrears, TODAY);
    check(
        suspend(july),
        july.from,
        [
            Ok(Standing::Suspended),
            Ok(Standing::Suspended),
            Err(AlreadySuspended),
            Err(AlreadySuspended),
            Ok(Standing::Suspended),
            Err(Ended),
        ],
    );
    let past = days(date!(2025 - 06 - 15), None);
    check(
        suspend(past),
        TODAY,
        [Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(Ended)],
    );
    let [.., ending, _] = all();
    let last = date!(2025 - 12 - 31);
    assert!(suspend(days(last, None))(ending.clone()).is_ok());
    assert_eq!(suspend(days(date!(2026 - 01 - 01), None))(ending).err(), Some(Order));
    let before_it_begins = days(TODAY, Some(TODAY));
    assert_eq!(suspend(before_it_begins)(all()[0].clone()).err(), Some(Order));
    let backwards = days(july.from, Some(TODAY));
    assert_eq!(suspend(backwards)(active()).err(), Some(Order));
}

#[test]
fn abuse_is_three_to_twelve_months() {
    for (to, fits) in [
        (None, false),
        (Some(date!(2025 - 09 - 29)), false),
        (Some(date!(2025 - 09 - 30)), true),
        (Some(date!(2026 - 06 - 30)), true),
        (Some(date!(2026 - 07 - 01)), false),
    ] {
        let period = days(date!(2025 - 07 - 01), to);
        let done = active().suspend(period, SuspensionGround::Abuse, TODAY);
        assert_eq!(done.err(), (!fits).then_some(ChangeRefused::AbuseLength), "{to:?}");
    }
}

#[test]
fn it_is_resumed_only_from_a_suspension() {
    use ChangeRefused::{Ended, InPast, NotSuspended};
    let day = date!(2025 - 07 - 15);
    check(
        |benefit| benefit.resume(day, TODAY),
        day,
        [
            Err(NotSuspended),
            Err(NotSuspended),
            Ok(Standing::Active),
            Ok(Standing::Active),
            Err(NotSuspended),
            Err(Ended),
        ],
    );
    check(
        |benefit| benefit.resume(date!(2025 - 06 - 15), TODAY),
        TODAY,
        [Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(InPast), Err(Ended)],
    );
    let ending = audit(all()[4].clone(), day, None);
    assert_eq!(ending.clone().resume(date!(2026 - 01 - 01), TODAY).err(), Some(NotSuspended));
    assert_eq!(ending.resume(day, TODAY).unwrap().state, all()[4]);
    let resumed = audit(active(), TODAY, None).resume(day, TODAY).unwrap().state;
    assert_eq!(resumed.standing(date!(2025 - 07 - 14)), Standing::Suspended);
    let at_once = audit(active(), TODAY, None).resume(TODAY, TODAY).unwrap().state;
    assert_eq!(at_once, active());
}

#[test]
fn its_end_only_moves_to_an_earlier_day() {
    use ChangeRefused::{Ended, EndsBefore, InPast};
    let last = date!(2025 - 07 - 15);
    let after = date!(2025 - 07 - 16);
    let end = |ground| move |benefit: Benefit| benefit.end(last, ground, TODAY);
    let expected = || {
        [
            Ok(Standing::Ended),
            Ok(Standing::Ended),
            Ok(Standing::Ended),
            Ok(Standing::Ended),
            Ok(Standing::Ended),
            Err(Ended),
        ]
    };
    check(end(EndGround::GivenUp), after, expected());
    check(end(EndGround::Death), after, expected());
    let yesterday = date!(2025 - 06 - 15);
    let [.., ending, over] = all();
    let set = date!(2025 - 12 - 31);
    for later in [set, date!(2026 - 01 - 01)] {
        let refused = ending.clone().end(later, EndGround::Death, TODAY).err();
        assert_eq!(refused, Some(EndsBefore { last: set }));
    }
    assert_eq!(ending.end(yesterday, EndGround::Moved, TODAY).err(), Some(InPast));
    let before = date!(2025 - 06 - 10);
    assert_eq!(over.clone().end(before, EndGround::Moved, TODAY).err(), Some(InPast));
    let died = over.end(before, EndGround::Death, TODAY).unwrap().state;
    assert_eq!(died.end, Some((before, EndGround::Death)));
    assert_eq!(active().end(yesterday, EndGround::Recovered, TODAY).err(), Some(InPast));
    let dead = active().end(yesterday, EndGround::Death, TODAY).unwrap().state;
    assert_eq!((dead.standing(yesterday), dead.standing(TODAY)), (Standing::Active, Standing::Ended));
    let ended = active().end(last, EndGround::Recovered, TODAY).unwrap().state;
    assert_eq!((ended.standing(last), ended.standing(after)), (Standing::Active, Standing::Ended));
    // Given up before it begins, it is over at once.
    let never = all()[0].clone().end(TODAY, EndGround::GivenUp, TODAY).unwrap().state;
    assert_eq!(never.standing(TODAY), Standing::Ended);
}

#[test]
fn its_certificate_changes_nothing_else() {
    for benefit in all() {
        let certified = benefit.clone().certify(id(9)).state;
        assert_eq!(certified, Benefit { certificate: Some(id(9)), ..benefit });
    }
}

#[test]
fn the_proof_is_for_days_in_force_and_the_reason_for_others() {
    let of = |benefit: &Benefit, day| {
        benefit.in_force(day, &home()).map(|proof| (proof.benefit(), proof.day(), proof.code().to_owned()))
    };
    let code = || CODE.to_owned();
    let [not_begun, running, open, later, ending, ended] = all();
    assert_eq!(of(&running, TODAY), Ok((id(4), TODAY, code())));
    assert_eq!(of(&later, TODAY), Ok((id(4), TODAY, code())));
    assert_eq!(of(&ending, TODAY), Ok((id(4), TODAY, code())));
    let begndate = not_begun.begndate;
    assert_eq!(of(&not_begun, TODAY), Err(NotInForce::NotBegun { code: code(), begndate }));
    let suspended = |day, until| Err(NotInForce::Suspended { code: code(), day, until });
    assert_eq!(of(&open, TODAY), suspended(TODAY, None));
    let (in_july, until) = (date!(2025 - 07 - 05), Some(date!(2025 - 07 - 31)));
    assert_eq!(of(&later, in_july), suspended(in_july, until));
    let chained = audit(later, date!(2025 - 08 - 01), Some(date!(2025 - 08 - 10)));
    let until = Some(date!(2025 - 08 - 10));
    assert_eq!(of(&chained, in_july), suspended(in_july, until));
    let enddate = date!(2025 - 06 - 15);
    assert_eq!(of(&ended, TODAY), Err(NotInForce::Died { code: code(), enddate }));
    let over = running.end(TODAY, EndGround::GivenUp, TODAY).unwrap().state;
    let after = date!(2025 - 06 - 17);
    assert_eq!(of(&over, after), Err(NotInForce::Ended { code: code(), enddate: TODAY }));
}

#[test]
fn it_stays_behind_when_the_person_moves() {
    let moved = |benefit: &Benefit, to: &str| {
        let done = benefit.in_force(TODAY, &Region::find(to).unwrap());
        done.err().map(|reason| crate::kernel::error::Refusal::from(reason).reason.to_string())
    };
    let [not_begun, running, open, .., ended] = all();
    assert_eq!(moved(&running, "620981"), None, "the same pooling area");
    for benefit in [&not_begun, &running, &open] {
        assert_eq!(moved(benefit, "620702").as_deref(), Some("BENEFIT_MOVED_AWAY"));
    }
    assert_eq!(moved(&ended, "620702").as_deref(), Some("BENEFIT_ENDED"));
    let new = Benefit { area: Region::find("620702").unwrap(), ..active() };
    assert!(!new.overlaps(&running) && moved(&new, "620702").is_none());
}

#[test]
fn of_several_the_one_in_force_counts() {
    let [not_begun, running, .., ended] = all();
    let found = |list: &[Benefit]| in_force(list, CODE, TODAY, &home()).map(|proof| proof.benefit());
    let second = Benefit { id: id(5), ..not_begun.clone() };
    assert_eq!(found(&[second, running]), Ok(id(4)));
    assert!(matches!(found(&[not_begun, ended]), Err(NotInForce::NotBegun { .. })));
    assert_eq!(found(&[]), Err(NotInForce::None { code: CODE.to_owned() }));
}

#[test]
fn two_benefits_share_days_or_do_not() {
    let [_, running, .., ending, ended] = all();
    assert!(running.overlaps(&ending) && ending.overlaps(&running) && running.overlaps(&ended));
    let successor = Benefit { begndate: date!(2026 - 01 - 01), ..active() };
    assert!(!ending.overlaps(&successor) && !successor.overlaps(&ended) && running.overlaps(&successor));
}

#[test]
fn the_limit_is_the_highest_that_can_apply() {
    let mut catalog = Catalog::parse(SAMPLE).unwrap();
    let disease = catalog.disease(CODE).unwrap().clone();
    let limit = |catalog: &Catalog, retired| highest_limit(catalog, &disease, Insutype::Employee, retired);
    assert_eq!((limit(&catalog, true), limit(&catalog, false)), (Money(600_000), Money(600_000)));
    let row = catalog.policies(&disease).into_iter().find(|row| row.insutype == Insutype::Employee);
    let row = row.unwrap().clone();
    catalog.policies.push(Policy { person: PersonRule::Retired, limit_fen: Money(700_000), ..row.clone() });
    catalog.policies.push(Policy { insutype: Insutype::Resident, limit_fen: Money(900_000), ..row });
    assert_eq!((limit(&catalog, true), limit(&catalog, false)), (Money(700_000), Money(600_000)));
}
