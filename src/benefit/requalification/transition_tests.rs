use std::sync::LazyLock;

use time::Duration;
use time::macros::{date, datetime};
use uuid::Uuid;

use super::*;
use crate::benefit::domain::{EndGround, Standing};
use crate::benefit::requalification::domain::Way;
use crate::catalog::domain::{Catalog, Insutype, RequalifyAt, RequiredMaterial, SAMPLE};
use crate::kernel::error::Refusal;
use crate::kernel::region::Region;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::parse(SAMPLE).unwrap());
pub const DUE: Date = date!(2026 - 03 - 11);

fn id(number: u128) -> Id {
    Id(Uuid::from_u128(number))
}

fn home() -> Region {
    Region::find("620902").unwrap()
}

pub fn benefit() -> Benefit {
    Benefit {
        id: id(1),
        area: home(),
        insutype: Insutype::Employee,
        code: "M01600".to_owned(),
        begndate: date!(2025 - 03 - 11),
        end: None,
        requalify_on: Some(DUE),
        suspensions: Vec::new(),
        lapses: Vec::new(),
        application: id(2),
        entry: id(3),
        notice_entry: String::new(),
        certificate: None,
        following: Default::default(),
        created_at: datetime!(2025-03-11 01:00 UTC),
        replacement: Default::default(),
    }
}

fn disease(papers: bool) -> Disease {
    let mut disease = CATALOG.disease("M01600").unwrap().clone();
    disease.requalify_months = 12;
    disease.requalify_materials = if papers { disease.materials.clone() } else { Vec::new() };
    disease
}

pub fn found(today: Date, insured: bool, settled: Option<Date>) -> Found {
    let insurance = if insured { Vec::new() } else { vec![Refusal::new("NOT_PAID_UP", "", "")] };
    Found { today, area: home(), died: false, insurance, settled }
}

/// Nothing in force, nothing settled.
pub fn nothing(today: Date) -> Found {
    found(today, false, None)
}

pub fn opened(papers: bool, found: &Found) -> Option<Advance> {
    opened_by(&RequalificationRules::default(), &disease(papers), &benefit(), found)
}

fn opened_by(
    rules: &RequalificationRules,
    disease: &Disease,
    benefit: &Benefit,
    found: &Found,
) -> Option<Advance> {
    let (disease, cited) = (Some(disease), Cited::default());
    let opening = Opening { id: id(9), disease, rules, cited, now: datetime!(2026-01-10 01:00 UTC) };
    open(opening, benefit, found).unwrap()
}

fn asked(papers: bool, found: &Found) -> Requalification {
    opened(papers, found).unwrap().round.state
}

fn words_of(round: &Requalification) -> Vec<&'static str> {
    round.dossier().wanted.iter().map(Wanted::word).collect()
}

fn delivered(round: Requalification, on: Date) -> Requalification {
    let delivery = Delivery { on, way: Way::Letter, told_by: String::new() };
    round.deliver(delivery, on).unwrap().unwrap().state
}

pub fn answer(on: Date, ask_officer: bool) -> Answer {
    Answer { materials: Vec::new(), still_needed: true, ask_officer, reason: String::new(), on }
}

pub fn decision(on: Date) -> Decision {
    Decision { reason: String::new(), officer: "officer.li".to_owned(), on }
}

#[test]
fn data_alone_renew_and_nobody_is_asked() {
    let day = DUE - Duration::days(60);
    assert!(opened(false, &found(day.previous_day().unwrap(), true, Some(day))).is_none(), "too early");
    let done = opened(false, &found(day, true, Some(date!(2025 - 02 - 01)))).unwrap();
    let Requalification::Renewed(renewed) = done.round.state else { panic!("asked") };
    assert_eq!((renewed.basis, renewed.next), (Basis::Data, Some(date!(2027 - 03 - 11))));
    let after = done.benefit.unwrap().state;
    assert_eq!(after.requalify_on, Some(date!(2027 - 03 - 11)));
    let year_end = RequalificationRules { at: RequalifyAt::YearEnd, ..Default::default() };
    let done = opened_by(&year_end, &disease(false), &benefit(), &found(day, true, Some(day))).unwrap();
    assert_eq!(done.benefit.unwrap().state.requalify_on, Some(date!(2027 - 12 - 31)));
    // Two years late, the next one is a whole period away all the same.
    let late = date!(2028 - 01 - 05);
    let done = opened(false, &found(late, true, Some(late))).unwrap();
    assert_eq!(done.benefit.unwrap().state.requalify_on, Some(date!(2029 - 01 - 05)));
}

#[test]
fn only_what_data_cannot_answer_is_asked() {
    let day = DUE - Duration::days(40);
    let last_year = day - Duration::days(366);
    let check = |papers, insured, settled, expected: &[&str]| {
        assert_eq!(words_of(&asked(papers, &found(day, insured, settled))), expected);
    };
    check(false, true, None, &["still_needed"]);
    check(false, true, Some(last_year), &["still_needed"]);
    check(false, false, Some(day), &["insurance"]);
    check(false, false, None, &["insurance", "still_needed"]);
    check(true, true, None, &["paper"]);
    check(true, false, Some(day), &["paper", "insurance"]);
    let unasked = RequalificationRules { settled_months: 0, ..Default::default() };
    let done = opened_by(&unasked, &disease(false), &benefit(), &found(day, true, None)).unwrap();
    assert!(matches!(done.round.state, Requalification::Renewed(_)));
}

#[test]
fn nobody_is_asked_for_what_ends_or_was_left_behind() {
    let day = DUE - Duration::days(10);
    let rules = RequalificationRules::default();
    let none = |benefit: Benefit, found: &Found| {
        assert!(opened_by(&rules, &disease(false), &benefit, found).is_none());
    };
    none(Benefit { end: Some((DUE, EndGround::Moved)), ..benefit() }, &nothing(day));
    none(Benefit { requalify_on: None, ..benefit() }, &nothing(day));
    none(benefit(), &Found { died: true, ..nothing(day) });
    none(benefit(), &Found { area: Region::find("620702").unwrap(), ..nothing(day) });
    let mut dropped = disease(true);
    dropped.requalify_months = 0;
    let done = opened_by(&rules, &dropped, &benefit(), &nothing(day)).unwrap();
    assert_eq!(done.benefit.unwrap().state.requalify_on, None);
}

/// What the job does from one day to another, on the days on which it looks: each event with its day.
fn days(
    mut round: Requalification,
    benefit: &mut Benefit,
    (from, to): (Date, Date),
    found: impl Fn(Date) -> Found,
) -> (Requalification, Vec<(String, Date)>) {
    let mut told = Vec::new();
    let mut day = from;
    while day <= to {
        while round.next_on(benefit.end.map(|(last, _)| last)).is_some_and(|next| next <= day) {
            let step = round.clone().look(benefit, &found(day)).unwrap();
            let Some(advance) = step else { panic!("{round:?} would be looked at for ever") };
            let event = serde_json::to_value(&advance.round.event).unwrap();
            told.push((event["type"].as_str().unwrap().to_owned(), day));
            round = advance.round.state;
            if let Some(step) = advance.benefit {
                *benefit = step.state;
            }
        }
        day = day.next_day().unwrap();
    }
    (round, told)
}

fn told(events: &[(&str, Date)]) -> Vec<(String, Date)> {
    events.iter().map(|(event, day)| ((*event).to_owned(), *day)).collect()
}

#[test]
fn who_was_not_reached_keeps_the_benefit_however_long() {
    let from = DUE - Duration::days(60);
    let mut held = benefit();
    let (round, events) =
        days(asked(false, &nothing(from)), &mut held, (from, DUE + Duration::days(1500)), nothing);
    let expected = [
        ("requalification.reminded", DUE - Duration::days(30)),
        ("requalification.reminded", DUE - Duration::days(7)),
        ("requalification.due", DUE),
    ];
    assert_eq!(events, told(&expected));
    assert_eq!((round.word(), held), ("open", benefit()));
}

#[test]
fn it_lapses_after_delivery_and_grace_and_not_a_day_earlier() {
    let lapses = |delivered_on: Date| {
        let from = DUE - Duration::days(60);
        let mut held = benefit();
        let before = (from, delivered_on.previous_day().unwrap());
        let (round, _) = days(asked(true, &nothing(from)), &mut held, before, nothing);
        let round = delivered(round, delivered_on);
        let (round, events) =
            days(round, &mut held, (delivered_on, delivered_on + Duration::days(400)), nothing);
        let Requalification::Lapsed(lapsed) = round else { panic!("{events:?}") };
        assert_eq!(held.standing(lapsed.on), Standing::Lapsed);
        assert_eq!(held.standing(lapsed.on.previous_day().unwrap()), Standing::Active);
        lapsed.on
    };
    assert_eq!(lapses(DUE - Duration::days(50)), DUE + Duration::days(31));
    assert_eq!(lapses(DUE), DUE + Duration::days(31));
    assert_eq!(lapses(DUE + Duration::days(100)), DUE + Duration::days(131));
}

#[test]
fn only_the_first_delivery_counts_and_none_before_it_was_opened() {
    let day = DUE - Duration::days(20);
    let round = asked(true, &nothing(day));
    let told = |on, today| {
        let delivery = Delivery { on, way: Way::Sms, told_by: String::new() };
        round.clone().deliver(delivery, today)
    };
    let refused = Refused::DeliveryDay { opened_on: day };
    assert_eq!(told(day.previous_day().unwrap(), day).unwrap_err(), refused);
    assert_eq!(told(day.next_day().unwrap(), day).unwrap_err(), refused);
    let round = delivered(round, day);
    let later = Delivery { on: day.next_day().unwrap(), way: Way::Sms, told_by: String::new() };
    assert!(round.deliver(later, DUE).unwrap().is_none());
}

#[test]
fn data_are_looked_at_again_before_anything_is_done() {
    let from = DUE - Duration::days(60);
    let round = delivered(asked(false, &nothing(from)), from);
    // Paid up a day before it would lapse.
    let mut held = benefit();
    let paid = DUE + Duration::days(30);
    let (round, events) =
        days(round, &mut held, (from, DUE + Duration::days(40)), |day| found(day, day >= paid, Some(day)));
    assert_eq!(events.last().unwrap(), &("requalification.renewed".to_owned(), DUE + Duration::days(31)));
    assert_eq!((round.word(), held.lapses.len()), ("renewed", 0));
    assert_eq!(held.requalify_on, Some(date!(2027 - 03 - 11)));
}

#[test]
fn a_confirmation_is_enough_where_nothing_else_is_asked() {
    let day = DUE - Duration::days(20);
    let insured = found(day, true, None);
    let round = asked(false, &insured);
    let silent = Answer { still_needed: false, ..answer(day, false) };
    assert_eq!(round.against(&silent, &insured), [Refused::StillNeeded]);
    let both = [Refused::StillNeeded, Refused::Insurance];
    assert_eq!(round.against(&silent, &nothing(day)), both);
    assert_eq!(round.against(&Answer { ask_officer: true, ..silent }, &nothing(day)), []);
    let done = round.answer(answer(day, false), &benefit(), &insured).unwrap();
    let Requalification::Renewed(renewed) = done.round.state else { panic!() };
    assert_eq!(renewed.basis, Basis::Confirmed);
    assert_eq!(done.benefit.unwrap().state.requalify_on, Some(date!(2027 - 03 - 11)));
}

#[test]
fn what_was_answered_waits_for_the_officer_and_lapses_only_by_a_decision() {
    let day = DUE - Duration::days(20);
    let round = delivered(asked(true, &nothing(day)), day);
    let answered = round.answer(answer(day, true), &benefit(), &nothing(day)).unwrap().round.state;
    let mut held = benefit();
    let (answered, events) = days(answered, &mut held, (day, DUE + Duration::days(400)), nothing);
    assert_eq!((answered.word(), events.len()), ("answered", 0));
    // Refused before the due day: it holds until then.
    let early = answered.clone().decide(false, decision(day), &held).unwrap();
    let Requalification::Lapsed(lapsed) = &early.round.state else { panic!() };
    assert_eq!(lapsed.on, DUE);
    let after = early.benefit.unwrap().state;
    assert_eq!(after.standing(DUE.previous_day().unwrap()), Standing::Active);
    assert_eq!(after.standing(DUE), Standing::Lapsed);
    // After it, from the next day on.
    let late = answered.clone().decide(false, decision(DUE), &held).unwrap();
    let Requalification::Lapsed(lapsed) = &late.round.state else { panic!() };
    assert_eq!(lapsed.on, DUE.next_day().unwrap());
    let renewed = answered.decide(true, decision(DUE), &held).unwrap();
    assert_eq!(renewed.benefit.unwrap().state.requalify_on, Some(date!(2027 - 03 - 11)));
}

/// Lapsed on the 31st day after the due day.
fn lapsed() -> (Requalification, Benefit, Date) {
    let from = DUE - Duration::days(60);
    let mut held = benefit();
    let on = DUE + Duration::days(31);
    let (round, _) = days(delivered(asked(true, &nothing(from)), from), &mut held, (from, on), nothing);
    (round, held, on)
}

#[test]
fn what_lapsed_returns_by_an_officer_and_keeps_its_gap() {
    let (round, held, on) = lapsed();
    let day = on + Duration::days(100);
    let answered = round.answer(answer(day, true), &held, &nothing(day)).unwrap();
    assert!(answered.benefit.is_none(), "it stays lapsed until the decision");
    let refused = answered.round.state.clone().decide(false, decision(day), &held).unwrap();
    assert!(refused.benefit.is_none());
    let Requalification::Lapsed(again) = refused.round.state else { panic!() };
    assert_eq!((again.on, again.dossier.answers.len(), again.dossier.decisions.len()), (on, 1, 1));
    let back = answered.round.state.decide(true, decision(day), &held).unwrap();
    let after = back.benefit.unwrap().state;
    assert_eq!(after.standing(day.previous_day().unwrap()), Standing::Lapsed);
    assert_eq!(after.standing(day), Standing::Active);
    assert_eq!(after.requalify_on, Some(crate::kernel::add_months(day, 12)));
    let Requalification::Renewed(renewed) = back.round.state else { panic!() };
    assert_eq!(renewed.lapsed_on, Some(on));
}

#[test]
fn what_does_not_return_in_time_ends_as_of_its_lapse() {
    let (round, mut held, on) = lapsed();
    let over = crate::kernel::add_months(on, 24);
    let last = over.previous_day().unwrap();
    let late = [Refused::ReturnOver { until: last }];
    assert_eq!(round.against(&answer(last, true), &nothing(last)), []);
    assert_eq!(round.against(&answer(over, true), &nothing(over)), late);
    let (round, events) = days(round, &mut held, (on, over + Duration::days(10)), nothing);
    assert_eq!(events, told(&[("requalification.closed", over)]));
    assert_eq!(round.word(), "closed");
    assert_eq!(held.end, Some((on.previous_day().unwrap(), EndGround::Lapsed)));
}

#[test]
fn a_benefit_that_ends_ends_its_round() {
    let from = DUE - Duration::days(60);
    let last = DUE - Duration::days(3);
    let mut held = Benefit { end: Some((last, EndGround::Death)), ..benefit() };
    let round = asked(true, &nothing(from));
    let (round, events) = days(round, &mut held, (from, DUE), nothing);
    assert_eq!(round.word(), "closed");
    assert_eq!(events.last().unwrap(), &("requalification.closed".to_owned(), last.next_day().unwrap()));
}

#[test]
fn a_paper_of_the_catalogue_survives_the_table() {
    let paper: RequiredMaterial = disease(true).requalify_materials[0].clone();
    let round = asked(true, &nothing(DUE - Duration::days(40)));
    let text = serde_json::to_string(&round).unwrap();
    assert_eq!(serde_json::from_str::<Requalification>(&text).unwrap(), round);
    assert!(round.dossier().wanted.contains(&Wanted::Paper(paper)));
}
