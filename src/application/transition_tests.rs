//! Every transition from every state.

use super::*;
use crate::application::checklist::complete;
use crate::application::domain::{Agent, Kind, LineForm};
use crate::catalog::domain::{Catalog, SAMPLE};
use crate::insured::domain::{Held, Insured};
use crate::insured::sample::person;
use crate::kernel::calendar::{Calendar, EMBEDDED};
use crate::kernel::region::Region;
use time::macros::{date, datetime};
use uuid::Uuid;

const TODAY: Date = date!(2025 - 03 - 03);
const CODES: [&str; 2] = ["M01600", "M03900"];

fn catalog() -> Catalog {
    Catalog::parse(SAMPLE).unwrap()
}

fn eligible(area: &str) -> Eligible {
    let insured = Insured { insu_admdvs: Region::find(area).unwrap(), ..person() };
    insured.eligible(&catalog(), &[], &Held::default(), TODAY).ok().unwrap()
}

fn form(codes: &[&str]) -> Form {
    let line = |code: &&str| LineForm {
        code: (*code).to_owned(),
        ide_fixmedins_no: "H62090200001".to_owned(),
        hosp_ide_date: TODAY,
        diag_dr_codg: "D1".to_owned(),
        diag_dr_name: "李医生".to_owned(),
    };
    Form {
        appy_rea: "理由".to_owned(),
        tel: "13800000000".to_owned(),
        agent: Some(Agent {
            name: "王五".to_owned(),
            cert_type: "01".to_owned(),
            certno: "620982197512310020".to_owned(),
            tel: "13800000000".to_owned(),
            rlts: "2".to_owned(),
            addr: "样例路".to_owned(),
        }),
        lines: codes.iter().map(line).collect(),
        materials: vec![id(7)],
        dcla_souc: "03".to_owned(),
        kind: Kind::New,
    }
}

fn id(number: u128) -> Id {
    Id(Uuid::from_u128(number))
}

fn reason() -> Refusal {
    Refusal::new("WHY", "理由。", "why.").help("办法。", "help.").about("M01600").met_on(TODAY)
}

fn asked() -> Asked {
    Asked::Fact { code: CODES[0].to_owned(), fact: "hba1c_6_5".to_owned() }
}

fn draft() -> Draft {
    Draft::begin(&eligible("620902"), id(1), form(&CODES), datetime!(2025-03-03 01:02:03 UTC)).state
}

fn submitted() -> Submitted {
    let bare = Catalog { materials: Vec::new(), ..catalog() };
    let complete = complete(&form(&[]), &bare, &[], TODAY).ok().unwrap();
    draft().submit(&eligible("620902"), &complete, &Published::sample(), TODAY).state
}

fn accepted() -> Accepted {
    submitted().accept("officer").state
}

fn awaiting(application: Application) -> Awaiting {
    application.into_pending().unwrap().ask(vec![asked()], vec![reason()], "officer", TODAY).state
}

fn decided() -> Decided {
    let line = |code: &str, state, reasons| Line { code: code.to_owned(), state, reasons };
    let lines = vec![
        line(CODES[0], LineState::Approved, Vec::new()),
        line(CODES[1], LineState::Rejected, vec![reason()]),
    ];
    accepted().decide(lines, "officer", TODAY).state
}

fn all() -> [Application; 7] {
    [
        Application::Draft(draft()),
        Application::Submitted(submitted()),
        Application::Accepted(accepted()),
        Application::AwaitingSupplement(awaiting(Application::Accepted(accepted()))),
        Application::Decided(decided()),
        Application::Refused(submitted().refuse(vec![reason()]).state),
        Application::Withdrawn(Application::Submitted(submitted()).withdraw().unwrap().state),
    ]
}

/// The step is allowed in these states and in no other; a refusal says what the state is.
fn check(step: fn(Application) -> Result<(), StepRefused>, allowed: &[&str]) {
    let mut found = Vec::new();
    for application in all() {
        let word = application.word();
        match step(application) {
            Ok(()) => found.push(word),
            Err(StepRefused::WrongState { is, .. }) => assert_eq!(is, word),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(found, allowed);
}

#[test]
fn each_step_is_allowed_in_its_states_only() {
    check(|any| any.into_draft().map(drop), &["draft"]);
    check(|any| any.into_submitted().map(drop), &["submitted"]);
    check(|any| any.into_accepted().map(drop), &["accepted"]);
    check(|any| any.into_awaiting().map(drop), &["awaiting_supplement"]);
    check(|any| any.into_decided().map(drop), &["decided"]);
    check(|any| any.into_pending().map(drop), &["submitted", "accepted"]);
    check(|any| any.withdraw().map(drop), &["draft", "submitted", "accepted", "awaiting_supplement"]);
}

#[test]
fn the_clock_is_there_while_there_is_something_to_do() {
    let with_clock = all().into_iter().filter(|any| any.clock().is_some()).map(|any| any.word());
    assert_eq!(with_clock.collect::<Vec<_>>(), ["submitted", "accepted", "awaiting_supplement"]);
}

#[test]
fn what_is_stored_comes_back_as_it_was() {
    for application in all() {
        let text = serde_json::to_string(&application).unwrap();
        assert_eq!(serde_json::from_str::<Application>(&text).unwrap(), application, "{text}");
    }
}

#[test]
fn a_draft_follows_the_insurance_until_it_is_submitted() {
    let moved = draft().update(&eligible("620981"), form(&["M01600"])).state;
    assert_eq!((moved.case.area.as_str(), moved.case.id), ("620981", id(1)));
    assert_eq!(moved.form.codes(), ["M01600"]);
}

#[test]
fn a_supplement_stops_the_clock_and_starts_it_again() {
    let calendar = Calendar::parse(EMBEDDED.0, EMBEDDED.1).unwrap();
    let plain = Application::Accepted(accepted()).clock().unwrap().due(&calendar).unwrap().date;
    let awaiting = awaiting(Application::Accepted(accepted()));
    assert_eq!(awaiting.filed.clock.paused().map(|pause| pause.from), Some(TODAY));
    assert_eq!(awaiting.filed.clock.due(&calendar), None);
    let step = awaiting.supplement(&[id(7), id(8)], date!(2025 - 03 - 10));
    assert_eq!(step.event, Event::Supplemented { materials: 1 });
    assert_eq!(step.state.form().materials, [id(7), id(8)]);
    let due = step.state.clock().unwrap().due(&calendar).unwrap().date;
    assert_eq!((plain, due), (date!(2025 - 03 - 31), date!(2025 - 04 - 08)));
}

#[test]
fn every_request_is_kept_with_what_was_there_at_the_time() {
    let ask = |application: Application| {
        application.into_pending().unwrap().ask(vec![asked()], vec![reason()], "officer", TODAY)
    };
    let first = ask(Application::Accepted(accepted())).state;
    let second = ask(first.supplement(&[id(8), id(9)], TODAY).state).state;
    let materials: Vec<_> = second.filed.requests.iter().map(|request| request.materials).collect();
    assert_eq!(materials, [1, 3]);
    assert!(second.filed.requests.iter().all(|request| request.items == [asked()] && request.on == TODAY));
}

#[test]
fn an_application_of_before_requests_were_kept_still_opens() {
    let mut stored = serde_json::to_value(Application::Submitted(submitted())).unwrap();
    stored["filed"].as_object_mut().unwrap().remove("requests").unwrap();
    assert_eq!(serde_json::from_value::<Application>(stored).unwrap(), Application::Submitted(submitted()));
}

#[test]
fn a_supplement_leads_back_to_where_it_was_asked_for() {
    for before in [Application::Submitted(submitted()), Application::Accepted(accepted())] {
        let word = before.word();
        assert_eq!(awaiting(before).supplement(&[id(8)], TODAY).state.word(), word);
    }
}

#[test]
fn a_supplement_is_new_or_none() {
    let awaiting = awaiting(Application::Submitted(submitted()));
    for (materials, new) in [(vec![id(7)], false), (vec![id(8)], true), (vec![id(7), id(8)], true)] {
        assert_eq!(awaiting.lacks_any(&materials), new, "{materials:?}");
    }
}

#[test]
fn nothing_to_add_is_an_answer_where_proof_is_asked_for_and_no_paper() {
    let paper = || Asked::Paper {
        code: String::new(),
        kind: crate::catalog::domain::MaterialKind::ExamReport,
        title: "报告".to_owned(),
    };
    let ask = |items| {
        let pending = Application::Accepted(accepted()).into_pending().unwrap();
        pending.ask(items, vec![reason()], "officer", TODAY).state
    };
    let step = ask(vec![asked()]).nothing_to_add(date!(2025 - 03 - 10)).unwrap();
    assert_eq!(step.event, Event::Supplemented { materials: 0 });
    assert_eq!((step.state.word(), step.state.form()), ("accepted", &accepted().filed.form));
    let filed = step.state.filed().unwrap();
    assert_eq!((filed.clock.paused(), filed.requests[0].nothing_to_add), (None, true));
    let second =
        step.state.into_pending().unwrap().ask(vec![asked()], vec![reason()], "officer", TODAY).state;
    let said: Vec<_> = second.filed.requests.iter().map(|request| request.nothing_to_add).collect();
    assert_eq!(said, [true, false], "of the one that was answered so");

    let titles = vec![paper().name().to_owned()];
    let refused = ask(vec![asked(), paper()]).nothing_to_add(TODAY).unwrap_err();
    assert_eq!(refused, StepRefused::MaterialNeeded { titles });
    // Asked for before it was kept what for: nobody knows whether it is a paper.
    let mut older = ask(vec![asked()]);
    older.filed.requests.clear();
    assert_eq!(older.nothing_to_add(TODAY).unwrap_err(), StepRefused::MaterialNeeded { titles: Vec::new() });
}

#[test]
fn a_request_of_before_nothing_to_add_still_opens() {
    let mut stored =
        serde_json::to_value(Application::from(awaiting(Application::Accepted(accepted())))).unwrap();
    stored["filed"]["requests"][0].as_object_mut().unwrap().remove("nothing_to_add").unwrap();
    let read = serde_json::from_value::<Application>(stored).unwrap();
    assert!(!read.filed().unwrap().requests[0].nothing_to_add);
}

#[test]
fn a_withdrawal_forgets_nothing_of_the_submission() {
    for before in all() {
        let filed = before.filed().cloned();
        if let Ok(step) = before.withdraw() {
            assert_eq!(Application::from(step.state).filed(), filed.as_ref());
        }
    }
}

#[test]
fn who_never_answers_is_refused_only_before_acceptance() {
    let refuse = |before| awaiting(before).refuse(vec![reason()]);
    let step = refuse(Application::Submitted(submitted())).unwrap();
    assert_eq!(
        (step.state.reasons, step.event),
        (
            vec![reason()],
            Event::Refused { receipt_sha256: String::new(), cited: Published::sample().cited() }
        )
    );
    let after = refuse(Application::Accepted(accepted())).unwrap_err();
    assert!(matches!(after, StepRefused::WrongState { is: "awaiting_supplement", .. }));
}

#[test]
fn lines_move_only_forward() {
    type Move = fn(Decided, &str) -> Result<Step<Decided, Event>, StepRefused>;
    let moves: [Move; 3] = [
        |decided, code| decided.notice(code, "n".to_owned()),
        |decided, code| decided.grant(code, "b".to_owned()),
        |decided, code| decided.object(code, reason()),
    ];
    let allowed = |from| match from {
        LineState::Approved => [true, false, false],
        LineState::InNotice => [false, true, true],
        LineState::Pending | LineState::Rejected | LineState::Granted | LineState::Objected => [false; 3],
    };
    for from in [
        LineState::Pending,
        LineState::Approved,
        LineState::Rejected,
        LineState::InNotice,
        LineState::Granted,
        LineState::Objected,
    ] {
        let mut decided = decided();
        decided.lines[0].state = from;
        let found = moves.map(|go| go(decided.clone(), CODES[0]).is_ok());
        assert_eq!(found, allowed(from), "{from:?}");
        assert!(moves.iter().all(|go| go(decided.clone(), "NONE").is_err()));
    }
}

#[test]
fn an_upheld_objection_says_why() {
    let noticed = decided().notice(CODES[0], "n".to_owned()).unwrap().state;
    let objected = noticed.object(CODES[0], reason()).unwrap().state;
    assert_eq!(objected.lines[0].state, LineState::Objected);
    assert_eq!(objected.lines[0].reasons, [reason()]);
    assert_eq!(objected.lines[1], decided().lines[1]);
}
