//! What is due: listed, told of once a step, and moved by a calendar that is imported.

use std::collections::{BTreeMap, BTreeSet};

use application::application_service_client::ApplicationServiceClient;
use ops::ops_service_client::OpsServiceClient;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::event::v1::event_service_client::EventServiceClient;
use opsp::proto::opsp::event::v1::{Event, ListEventsRequest};
use opsp::proto::opsp::ops::v1 as ops;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::date_message;
use review::review_service_client::ReviewServiceClient;
use rstest::rstest;
use serde_json::Value;
use time::Date;
use time::macros::date;
use tonic::{Code, Status};

use crate::world::scenario::row;
use crate::world::{
    Engine, OFFICER, OTHER_OFFICER, World, postgres_database, refused, request_id, wrong_fields,
};

/// A plausible 2027, made up: its days off were not announced when this was written.
pub const YEAR: &str = "2027-01-01 off 元旦\n2027-02-08 off 春节\n2027-02-09 off 春节\n2027-02-10 off 春节\n\
                    2027-02-14 work 春节\n2027-04-05 off 清明节\n2027-05-03 off 劳动节\n2027-06-09 off 端午节\n\
                    2027-09-15 off 中秋节\n2027-10-01 off 国庆节\n2027-10-04 off 国庆节\n";

pub fn calendar(version: &str, content: &str) -> ops::ImportCalendarRequest {
    ops::ImportCalendarRequest {
        calendar_version: version.to_owned(),
        year: 2027,
        notice_number: "样例〔2026〕1号".to_owned(),
        content: content.to_owned(),
        request_id: request_id(),
        validate_only: false,
    }
}

pub async fn import(
    world: &World,
    request: ops::ImportCalendarRequest,
) -> Result<ops::ImportCalendarResponse, Status> {
    OpsServiceClient::new(world.ops()).import_calendar(request).await.map(tonic::Response::into_inner)
}

/// What is due in the city.
pub async fn deadlines(world: &World, request: review::ListDeadlinesRequest) -> Vec<review::DeadlineEntry> {
    let request =
        review::ListDeadlinesRequest { parent: "areas/620900".to_owned(), page_size: 200, ..request };
    let answer = ReviewServiceClient::new(world.bureau(OFFICER)).list_deadlines(request).await.unwrap();
    answer.into_inner().entries
}

/// Every event of some kinds with its facts, in order.
pub async fn events(world: &World, kinds: &[&str]) -> Vec<(Event, Value)> {
    world.job("sequence").await;
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let request = ListEventsRequest { after, page_size: 500 };
        let page = EventServiceClient::new(world.ops()).list_events(request).await.unwrap().into_inner();
        if page.last_position == after {
            return found;
        }
        after = page.last_position;
        let wanted = page.events.into_iter().filter(|event| kinds.contains(&event.r#type.as_str()));
        found.extend(wanted.map(|event| {
            let data = serde_json::from_str(&event.data_json).unwrap();
            (event, data)
        }));
    }
}

fn due(entry: &review::DeadlineEntry) -> Option<opsp::proto::google::r#type::Date> {
    entry.deadline.as_ref().and_then(|deadline| deadline.due_date)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_moves_what_is_due_and_says_why(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    world.wait_until(date!(2026 - 12 - 14));
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    let review =
        || review::ListDeadlinesRequest { kind: review::DeadlineKind::Review.into(), ..Default::default() };
    let before = deadlines(&world, review()).await.remove(0).deadline.unwrap();
    assert_eq!((before.due_date, before.provisional), (Some(date_message(date!(2027 - 01 - 11))), true));

    let tried =
        import(&world, ops::ImportCalendarRequest { validate_only: true, ..calendar("2027-1", YEAR) }).await;
    let tried = tried.unwrap();
    // Acceptance is due on 21 December; only the review reaches the new year.
    assert_eq!((tried.deadlines_running, tried.deadlines_moved), (2, 1));
    assert_eq!(tried.examples[0].resource, name);
    assert_eq!(tried.examples[0].due_date, Some(date_message(date!(2027 - 01 - 12))));
    world.job("derive-deadlines").await;
    assert_eq!(deadlines(&world, review()).await[0].deadline, Some(before.clone()), "nothing was written");

    let done = import(&world, calendar("2027-1", YEAR)).await.unwrap();
    assert_eq!(done, tried);
    world.job("derive-deadlines").await;
    let after = deadlines(&world, review()).await.remove(0).deadline.unwrap();
    assert_eq!((after.due_date, after.provisional), (Some(date_message(date!(2027 - 01 - 12))), false));
    assert_eq!(after.calendar_version, "2027-1");
    let moved = events(&world, &["deadline.moved"]).await;
    assert_eq!(moved.len(), 1);
    let (event, data) = &moved[0];
    assert_eq!(event.resource, format!("{name}/deadlines/review"));
    let said = ["due_date_before", "due_date", "calendar_before", "calendar", "why"]
        .map(|field| data[field].clone());
    assert_eq!(said, ["2027-01-11", "2027-01-12", "2024-2026", "2027-1", "a calendar was imported"]);

    // The same again changes nothing, under the same version; under another one nothing moves.
    assert_eq!(import(&world, calendar("2027-1", YEAR)).await.unwrap().deadlines_moved, 0);
    import(&world, calendar("2027-2", YEAR)).await.unwrap();
    world.job("derive-deadlines").await;
    assert_eq!(deadlines(&world, review()).await[0].deadline.as_ref().unwrap().calendar_version, "2027-2");
    assert_eq!(events(&world, &["deadline.moved"]).await.len(), 1);
    let listed =
        OpsServiceClient::new(world.ops()).list_calendar(ops::ListCalendarRequest { year: 2027 }).await;
    let listed = listed.unwrap().into_inner();
    assert_eq!(
        (listed.published, listed.notice_number.as_str(), listed.days.len()),
        (true, "样例〔2026〕1号", 11)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_cannot_be_is_refused_whole() {
    let world = World::start(Engine::Sqlite).await;
    let wrong = "2027-01-04 work 元旦\n2027-13-01 off 元旦\n";
    let fields = wrong_fields(import(&world, calendar("2027-1", wrong)).await);
    assert_eq!(fields, ["content line 1", "content line 2"]);
    assert_eq!(
        wrong_fields(import(&world, calendar("2027-1", "2027-01-01 off 元旦")).await),
        ["content", "content"]
    );
    import(&world, calendar("2027-1", YEAR)).await.unwrap();
    let other = format!("{YEAR}2027-10-05 off 国庆节");
    assert_eq!(wrong_fields(import(&world, calendar("2027-1", &other)).await), ["calendar_version"]);
    // An older version does not come back by being handed in again: nothing would move.
    import(&world, calendar("2027-2", &other)).await.unwrap();
    assert_eq!(wrong_fields(import(&world, calendar("2027-1", YEAR)).await), ["calendar_version"]);
    let lines =
        ops::ImportCalendarRequest { notice_number: "样例\t1\n2".to_owned(), ..calendar("2027-4", YEAR) };
    assert_eq!(wrong_fields(import(&world, lines).await), ["notice_number"]);
    let all = ops::ImportCalendarRequest { request_id: request_id(), ..Default::default() };
    assert_eq!(
        wrong_fields(import(&world, all).await),
        ["calendar_version", "year", "notice_number", "content"]
    );
    let bureau = OpsServiceClient::new(world.bureau(OFFICER)).import_calendar(calendar("2027-3", YEAR)).await;
    assert_eq!(bureau.unwrap_err().code(), Code::PermissionDenied);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_is_told_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    world.accept(&name).await.unwrap();
    let mut told = Vec::new();
    // Due on 31 March; 清明 is not before that.
    while world.today() <= date!(2025 - 04 - 02) {
        world.job("escalate-deadlines").await;
        world.job("escalate-deadlines").await;
        let all = events(&world, &["deadline.escalated", "deadline.breached"]).await;
        for (event, data) in all.into_iter().skip(told.len()) {
            assert_eq!(event.resource, format!("{name}/deadlines/review"));
            assert_eq!(
                (data["due_date"].as_str(), data["officer"].as_str()),
                (Some("2025-03-31"), Some(OFFICER))
            );
            told.push((world.today(), event.r#type, data["step"].clone()));
        }
        world.wait_days(1);
    }
    let escalated = |day: Date, step: i64| (day, "deadline.escalated".to_owned(), Value::from(step));
    let expected = [
        escalated(date!(2025 - 03 - 24), 5),
        escalated(date!(2025 - 03 - 27), 2),
        (date!(2025 - 04 - 01), "deadline.breached".to_owned(), Value::Null),
    ];
    assert_eq!(told, expected);
    let overdue = review::ListDeadlinesRequest { overdue_only: true, ..Default::default() };
    let listed = deadlines(&world, overdue).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].escalations.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([5, 2, -1]));
    assert!(listed[0].deadline.as_ref().unwrap().working_days_left < 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_found_by_officer_disease_and_kind(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let mut names = BTreeMap::new();
    for code in ["M01600", "M03900"] {
        let person = world.person(row()).await;
        names.insert(code, world.submitted(&person, code).await);
    }
    world.accept(&names["M01600"]).await.unwrap();
    let request = review::ListDeadlinesRequest::default;
    let of = |entries: Vec<review::DeadlineEntry>| -> Vec<(String, i32)> {
        entries.into_iter().map(|entry| (entry.resource, entry.kind)).collect()
    };
    let kinds = [review::DeadlineKind::Acceptance, review::DeadlineKind::Review].map(i32::from);
    let [first, second] = ["M01600", "M03900"].map(|code| names[code].clone());
    // Acceptance is due first; who was accepted waits for that no more.
    let all = of(deadlines(&world, request()).await);
    assert_eq!(all[0], (second.clone(), kinds[0]));
    let rest: BTreeSet<_> = all[1..].iter().cloned().collect();
    assert_eq!(rest, BTreeSet::from([(first.clone(), kinds[1]), (second.clone(), kinds[1])]));
    let own = |operator: &str| review::ListDeadlinesRequest { operator: operator.to_owned(), ..request() };
    assert_eq!(of(deadlines(&world, own(OFFICER)).await), [(first.clone(), kinds[1])]);
    assert_eq!(of(deadlines(&world, own(OTHER_OFFICER)).await), []);
    let about = review::ListDeadlinesRequest { opsp_dise_code: "M01600".to_owned(), ..request() };
    assert_eq!(of(deadlines(&world, about).await), [(first, kinds[1])]);
    let due_first = deadlines(&world, request()).await;
    assert!(due_first.iter().all(|entry| due(entry).is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_is_told_that_the_calendar_ends() {
    let world = World::start(Engine::Sqlite).await;
    let warnings = async || -> Vec<String> {
        let info =
            OpsServiceClient::new(world.ops()).get_server_info(ops::GetServerInfoRequest {}).await.unwrap();
        info.into_inner().warnings.into_iter().map(|warning| warning.reason).collect()
    };
    assert_eq!(warnings().await, Vec::<String>::new());
    world.wait_until(date!(2026 - 10 - 09));
    assert_eq!(warnings().await, ["CALENDAR_ENDS"]);
    import(&world, calendar("2027-1", YEAR)).await.unwrap();
    world.running.app.calendar.refresh(&world.running.app.db).await.unwrap();
    assert_eq!(warnings().await, Vec::<String>::new());
}

async fn extend(world: &World, name: &str, working_days: i32) -> Result<application::Application, Status> {
    let request = review::ExtendDeadlineRequest {
        name: name.to_owned(),
        working_days,
        reason: "病情复杂，需补充会诊".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let answer = ReviewServiceClient::new(world.bureau(OFFICER)).extend_deadline(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn pause(world: &World, name: &str) -> Result<application::Application, Status> {
    let request = review::PauseReviewRequest {
        name: name.to_owned(),
        ground: application::PauseGround::Examination.into(),
        reason: "请于 3 月 10 日到酒泉市人民医院体检".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let answer = ReviewServiceClient::new(world.bureau(OFFICER)).pause_review(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn resume(world: &World, name: &str) -> Result<application::Application, Status> {
    let request =
        review::ResumeReviewRequest { name: name.to_owned(), request_id: request_id(), validate_only: false };
    let answer = ReviewServiceClient::new(world.bureau(OFFICER)).resume_review(request).await;
    answer.map(tonic::Response::into_inner)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_days_are_given_once_and_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    refused(extend(&world, &name, 11).await, Code::FailedPrecondition, "EXTENSION_TOO_LONG");
    let extended = extend(&world, &name, 10).await.unwrap();
    // 31 March and ten more, past 清明 on 4 April.
    assert_eq!(extended.deadline.unwrap().due_date, Some(date_message(date!(2025 - 04 - 15))));
    assert_eq!(extended.acceptance_deadline.unwrap().due_date, Some(date_message(date!(2025 - 03 - 10))));
    let said = extended.extension.unwrap();
    assert_eq!((said.working_days, said.reason.as_str()), (10, "病情复杂，需补充会诊"));
    refused(extend(&world, &name, 1).await, Code::FailedPrecondition, "EXTENDED_BEFORE");
    let request = application::ListTimelineRequest { parent: name.clone(), ..Default::default() };
    let timeline = ApplicationServiceClient::new(world.portal(&person)).list_timeline(request).await.unwrap();
    assert_eq!(timeline.into_inner().entries.last().unwrap().r#type, "extended");
    let other = world.person(row()).await;
    let late = world.submitted(&other, "M01600").await;
    world.wait_until(date!(2025 - 04 - 01));
    refused(extend(&world, &late, 10).await, Code::FailedPrecondition, "DEADLINE_OVER");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_stands_still_during_an_examination(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    refused(pause(&world, &name).await, Code::FailedPrecondition, "APPLICATION_STATE");
    world.accept(&name).await.unwrap();
    refused(resume(&world, &name).await, Code::FailedPrecondition, "REVIEW_RUNS");
    world.wait_until(date!(2025 - 03 - 05));
    let paused = pause(&world, &name).await.unwrap();
    let stands = paused.deadline.unwrap();
    assert_eq!((stands.due_date, stands.paused_since), (None, Some(date_message(date!(2025 - 03 - 05)))));
    refused(pause(&world, &name).await, Code::FailedPrecondition, "REVIEW_PAUSED");
    refused(world.confirm(&name).await, Code::FailedPrecondition, "REVIEW_PAUSED");
    let review =
        review::ListDeadlinesRequest { kind: review::DeadlineKind::Review.into(), ..Default::default() };
    assert_eq!(due(&deadlines(&world, review.clone()).await[0]), None);
    world.wait_until(date!(2025 - 03 - 12));
    world.job("escalate-deadlines").await;
    let resumed = resume(&world, &name).await.unwrap();
    // Five working days, 6 to 12 March, do not count: 31 March becomes 8 April, past 清明.
    assert_eq!(resumed.deadline.unwrap().due_date, Some(date_message(date!(2025 - 04 - 08))));
    let pause = &resumed.pauses[0];
    assert_eq!(pause.ground(), application::PauseGround::Examination);
    assert_eq!(pause.to_date, Some(date_message(date!(2025 - 03 - 12))));
    assert_eq!(due(&deadlines(&world, review).await[0]), Some(date_message(date!(2025 - 04 - 08))));
}

/// Two instances on one database look for what is due at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_tell_each_step_once() {
    let database = postgres_database().await;
    let one = World::start_on(&database, |_| {}).await;
    let keys = one.running.app.config.data_dir.join("keys.toml");
    let keys = std::fs::read(keys).unwrap();
    let other = World::start_on(&database, |config| {
        std::fs::write(config.data_dir.join("keys.toml"), &keys).unwrap();
    })
    .await;
    let cases = 8;
    for _ in 0..cases {
        let person = one.person(row()).await;
        one.submitted(&person, "M01600").await;
    }
    for world in [&one, &other] {
        world.wait_until(date!(2025 - 04 - 02));
    }
    let sweep = async |world: &World| {
        for _ in 0..20 {
            let done = opsp::deadline::sweep::escalate::run(&world.running.app).await;
            done.unwrap();
        }
    };
    tokio::join!(sweep(&one), sweep(&other), sweep(&one), sweep(&other));
    let told = events(&one, &["deadline.escalated", "deadline.breached"]).await;
    let mut counts: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (event, data) in told {
        *counts.entry((event.resource, event.r#type, data["step"].to_string())).or_default() += 1;
    }
    // Two clocks a case: acceptance within 5 days (told at 2 and when missed) and review within 20 (at 5, 2, missed).
    assert_eq!(counts.len(), cases * 5);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let (one, other) = (one.stop(), other.stop());
    tokio::join!(one, other);
}
