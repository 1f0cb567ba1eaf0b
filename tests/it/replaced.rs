//! Who leaves a panel before giving an opinion, and who is drawn instead.

use std::collections::BTreeSet;

use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::date_message;
use review::{DeclineReason, Departure};
use rstest::rstest;
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::Date;
use time::macros::date;
use tonic::Code;

use crate::deadlines::{deadlines, events};
use crate::experts::{Answer, client, create, new, registry};
use crate::once::{answer, ask, proof, reasons};
use crate::world::opinion::opinions;
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, postgres_database, refused, request_id, wrong_fields};

pub async fn decline(
    world: &World,
    operator: &str,
    task: &str,
    reason: DeclineReason,
) -> Answer<review::DeclineTaskResponse> {
    let request = review::DeclineTaskRequest {
        name: task.to_owned(),
        reason: reason.into(),
        text: "本人为申请人亲属".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(client(world, operator).decline_task(request).await?.into_inner())
}

pub fn replacement(name: &str, task: &str) -> review::ReassignTaskRequest {
    review::ReassignTaskRequest {
        name: name.to_owned(),
        review_task: task.to_owned(),
        reason: "出差".to_owned(),
        request_id: request_id(),
        validate_only: false,
    }
}

pub async fn reassign(world: &World, request: review::ReassignTaskRequest) -> Answer<review::Panel> {
    Ok(client(world, OFFICER).reassign_task(request).await?.into_inner())
}

async fn panel(world: &World, name: &str) -> review::Panel {
    let request = review::GetPanelRequest { name: name.to_owned() };
    client(world, OFFICER).get_panel(request).await.unwrap().into_inner()
}

/// Who signs in for an expert.
pub async fn operator(world: &World, expert: &str) -> String {
    let found = registry(world).await.into_iter().find(|listed| listed.name == expert);
    found.expect("a registered expert").operator
}

/// Accepted, with the first panel of two; gives the application.
pub async fn seated(world: &World) -> (String, review::Panel) {
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    (name, panel)
}

pub async fn some_experts(world: &World, count: usize) {
    for number in 0..count {
        create(world, new(&format!("expert.{number}"))).await.unwrap();
    }
}

fn members(panel: &review::Panel) -> BTreeSet<String> {
    panel.members.iter().map(|member| member.expert.clone()).collect()
}

/// Whoever sits on a panel gives the opinion that all is met.
async fn all_answer(world: &World, name: &str) {
    for member in panel(world, name).await.members.iter().filter(|member| !member.answered) {
        let operator = operator(world, &member.expert).await;
        world.opinion(&operator, &member.review_task, true).await.unwrap();
    }
}

/// Draws again from what an event holds: the order and the first of it.
fn drawn_again(event: &Value) {
    let seed = event["seed"].as_str().unwrap();
    let seed = u128::from_str_radix(seed, 16).unwrap().to_be_bytes();
    let order = event["order"].as_array().unwrap();
    let id = |place: &Value| uuid::Uuid::parse_str(place["expert"].as_str().unwrap()).unwrap();
    let rank = |place: &&Value| {
        let number = |field: &str| place[field].as_u64().unwrap();
        let key = Sha256::new().chain_update(seed).chain_update(id(place).as_bytes()).finalize().to_vec();
        let done = number("answered_tasks") + number("closed_tasks");
        (number("open_tasks"), done / 10, key)
    };
    let mut sorted: Vec<_> = order.iter().collect();
    sorted.sort_by_key(rank);
    assert_eq!(sorted, order.iter().collect::<Vec<_>>());
    let experts = event["experts"].as_array().unwrap();
    let first: Vec<_> = order.iter().map(|place| place["expert"].clone()).take(experts.len()).collect();
    assert_eq!(*experts, first);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expert_who_is_related_gives_the_task_back_for_good(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    some_experts(&world, 4).await;
    let (name, first) = seated(&world).await;
    let (gone, stays) = (&first.members[0], &first.members[1]);
    let (who, other) = (operator(&world, &gone.expert).await, operator(&world, &stays.expert).await);
    let task = world.tasks(&who).await.remove(0);
    assert_eq!(task.opinion_due_date, Some(date_message(date!(2025 - 03 - 17))));
    let theirs = decline(&world, &other, &gone.review_task, DeclineReason::Absent).await;
    assert_eq!(theirs.unwrap_err().code(), Code::NotFound);
    let silent = review::DeclineTaskRequest {
        name: gone.review_task.clone(),
        reason: DeclineReason::Other.into(),
        request_id: request_id(),
        ..Default::default()
    };
    assert_eq!(wrong_fields(client(&world, &who).decline_task(silent).await), ["text"]);
    let done = decline(&world, &who, &gone.review_task, DeclineReason::Relation).await.unwrap();
    assert_eq!(done.name, gone.review_task);

    assert!(world.tasks(&who).await.is_empty());
    let request = review::SubmitOpinionRequest {
        name: gone.review_task.clone(),
        opinions: opinions(&task, &["M01600"]),
        request_id: request_id(),
        validate_only: false,
    };
    refused(client(&world, &who).submit_opinion(request).await, Code::FailedPrecondition, "TASK_CLOSED");
    let again = decline(&world, &who, &gone.review_task, DeclineReason::Absent).await;
    refused(again, Code::FailedPrecondition, "TASK_CLOSED");

    let now = panel(&world, &name).await;
    assert!((now.members.len(), now.missing_members) == (2, 0) && now.seed != first.seed);
    assert!(members(&now).contains(&stays.expert) && !members(&now).contains(&gone.expert));
    let [former] = &now.former_members[..] else { panic!("one left") };
    assert_eq!((&former.expert, &former.review_task), (&gone.expert, &gone.review_task));
    assert_eq!(
        (former.departure(), former.decline_reason(), former.text.as_str(), &former.operator),
        (Departure::Declined, DeclineReason::Relation, "本人为申请人亲属", &who)
    );
    assert_eq!(former.leave_time, done.leave_time);
    let told = events(&world, &["review.panel_drawn", "review.expert_replaced"]).await;
    assert_eq!(told.len(), 2);
    // Who comes next is not known before: each draw has a seed of its own.
    for ((event, data), panel) in told.iter().zip([&first, &now]) {
        drawn_again(data);
        assert_eq!(data["seed"], panel.seed.as_str());
        assert!(!event.data_json.contains("亲属"));
    }
    assert!(gone.expert.ends_with(told[1].1["left"].as_str().unwrap()));

    let due = deadlines(
        &world,
        review::ListDeadlinesRequest { kind: review::DeadlineKind::Opinion.into(), ..Default::default() },
    );
    let due: BTreeSet<_> = due.await.into_iter().map(|entry| entry.resource).collect();
    assert_eq!(due, now.members.iter().map(|member| member.review_task.clone()).collect());
    all_answer(&world, &name).await;
    world.confirm(&name).await.unwrap();
    let answered = registry(&world).await.iter().map(|expert| expert.answered_tasks).sum::<i32>();
    assert_eq!(answered, 2);

    // Not for another application of the same person either.
    let person = crate::world::scenario::psn_no(&name).to_owned();
    let name = world.submitted(&person, "M03900").await;
    world.accept(&name).await.unwrap();
    let next = world.assign(&name).await.unwrap();
    let excluded: Vec<_> = next.excluded.iter().map(|reason| (&*reason.reason, &reason.subject)).collect();
    assert_eq!(excluded, [("CONFLICT_DECLARED_RELATION", &gone.expert)]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_given_back_though_nobody_is_left_and_the_panel_filled_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    some_experts(&world, 2).await;
    let (name, first) = seated(&world).await;
    let (gone, stays) = (&first.members[0], &first.members[1]);
    let who = operator(&world, &gone.expert).await;
    decline(&world, &who, &gone.review_task, DeclineReason::NotMyField).await.unwrap();
    let other = operator(&world, &stays.expert).await;
    world.opinion(&other, &stays.review_task, true).await.unwrap();
    let now = panel(&world, &name).await;
    assert_eq!((now.members.len(), now.missing_members), (1, 1));
    refused(world.confirm(&name).await, Code::FailedPrecondition, "PANEL_SHORT");
    refused(world.assign(&name).await, Code::FailedPrecondition, "NOT_ENOUGH_EXPERTS");
    let third = create(&world, new("third")).await.unwrap();
    let filled = world.assign(&name).await.unwrap();
    assert_eq!((filled.missing_members, &filled.members[1].expert), (0, &third.name));
    refused(world.assign(&name).await, Code::FailedPrecondition, "THIRD_NOT_NEEDED");
    let told = events(&world, &["review.expert_left", "review.panel_filled"]).await;
    let kinds: Vec<_> = told.iter().map(|(event, _)| event.r#type.as_str()).collect();
    assert_eq!(kinds, ["review.expert_left", "review.panel_filled"]);
    drawn_again(&told[1].1);
    all_answer(&world, &name).await;
    world.confirm(&name).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_replaces_who_has_not_answered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    some_experts(&world, 3).await;
    let person = world.person(row()).await;
    let early = world.submitted(&person, "M03900").await;
    let try_out = async |name: &str| {
        let name = name.to_owned();
        let request = review::AssignExpertsRequest { name, request_id: request_id(), validate_only: true };
        client(&world, OFFICER).assign_experts(request).await.unwrap().into_inner()
    };
    let nowhere = replacement(&early, &format!("reviewTasks/{}", request_id()));
    refused(reassign(&world, nowhere).await, Code::FailedPrecondition, "PANEL_MISSING");
    world.accept(&early).await.unwrap();
    let tried = try_out(&early).await;
    assert!(tried.members.is_empty() && tried.missing_members == 2 && tried.seed.is_empty());
    let (name, first) = seated(&world).await;
    let (gone, stays) = (&first.members[0], &first.members[1]);
    let (_, foreign) = seated(&world).await;
    let theirs = reassign(&world, replacement(&name, &foreign.members[0].review_task)).await;
    assert_eq!(theirs.unwrap_err().code(), Code::NotFound);

    let tried = review::ReassignTaskRequest { validate_only: true, ..replacement(&name, &gone.review_task) };
    let tried = reassign(&world, tried).await.unwrap();
    assert_eq!((tried.former_members.len(), tried.members.len(), tried.missing_members), (1, 1, 1));
    assert!(tried.members[0].expert == stays.expert && tried.seed.is_empty(), "nobody tries who would come");
    assert_eq!(panel(&world, &name).await, first, "nothing was changed");
    let now = reassign(&world, replacement(&name, &gone.review_task)).await.unwrap();
    assert_eq!((now.members.len(), now.former_members[0].departure()), (2, Departure::Reassigned));
    assert_eq!((now.former_members[0].text.as_str(), &*now.former_members[0].operator), ("出差", OFFICER));
    assert!(!members(&now).contains(&gone.expert));
    assert_eq!(panel(&world, &name).await, now);
    drawn_again(&events(&world, &["review.expert_replaced"]).await[0].1);
    let again = reassign(&world, replacement(&name, &gone.review_task)).await;
    refused(again, Code::FailedPrecondition, "TASK_CLOSED");

    // Nobody is left: who was there before is never drawn again.
    let last = reassign(&world, replacement(&name, &stays.review_task)).await;
    assert_eq!(reasons(last), [("NOT_ENOUGH_EXPERTS".to_owned(), String::new())]);
    assert_eq!(panel(&world, &name).await, now, "nothing was changed");
    all_answer(&world, &name).await;
    let late = reassign(&world, replacement(&name, &stays.review_task)).await;
    refused(late, Code::FailedPrecondition, "OPINION_GIVEN");
    world.confirm(&name).await.unwrap();
    let over = reassign(&world, replacement(&name, &stays.review_task)).await;
    refused(over, Code::FailedPrecondition, "OPINION_GIVEN");
}

/// What became of a panel, once the job has run.
async fn swept(world: &World, name: &str) -> review::Panel {
    world.job("replace-overdue-experts").await;
    panel(world, name).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_answer_in_time_is_replaced(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    some_experts(&world, 3).await;
    let (name, first) = seated(&world).await;
    world.wait_until(date!(2025 - 03 - 05));
    ask(&world, &name, &[proof("hba1c_6_5")]).await.unwrap();
    let who = operator(&world, &first.members[0].expert).await;
    assert_eq!(world.tasks(&who).await[0].opinion_due_date, None, "it stands still with its application");
    world.wait_until(date!(2025 - 03 - 12));
    answer(&world, &name, &[], true).await.unwrap();
    let due = Some(date_message(date!(2025 - 03 - 24)));
    assert_eq!(world.tasks(&who).await[0].opinion_due_date, due);
    world.opinion(&who, &first.members[0].review_task, true).await.unwrap();
    world.wait_until(date!(2025 - 03 - 24));
    assert!(swept(&world, &name).await.former_members.is_empty(), "the last day is in time");
    world.wait_until(date!(2025 - 03 - 25));
    let now = swept(&world, &name).await;
    let [former] = &now.former_members[..] else { panic!("one left") };
    assert_eq!((former.departure(), &*former.operator), (Departure::Overdue, ""));
    assert_eq!((&former.expert, now.members.len()), (&first.members[1].expert, 2));
    drawn_again(&events(&world, &["review.expert_replaced"]).await[0].1);

    // The third one does not answer either, and nobody is left: told once, and looked for again on another day.
    world.wait_until(date!(2025 - 04 - 15));
    for day in [date!(2025 - 04 - 15), date!(2025 - 04 - 15), date!(2025 - 04 - 16)] {
        world.wait_until(day);
        assert_eq!(swept(&world, &name).await, now);
    }
    assert_eq!(events(&world, &["review.replacement_missing"]).await.len(), 1);
    create(&world, new("fourth")).await.unwrap();
    world.wait_until(date!(2025 - 04 - 17));
    assert_eq!(swept(&world, &name).await.former_members.len(), 2);
    assert_eq!(events(&world, &["review.replacement_missing"]).await.len(), 1);
    all_answer(&world, &name).await;
    world.confirm(&name).await.unwrap();

    // Who was replaced is no better off in the next draw than who has answered.
    seated(&world).await;
    let order = events(&world, &["review.panel_drawn"]).await.remove(1).1["order"].clone();
    let done: BTreeSet<_> = order
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["answered_tasks"].as_u64(), place["closed_tasks"].as_u64()))
        .collect();
    assert_eq!(done, BTreeSet::from([(Some(1), Some(0)), (Some(0), Some(1))]));
    let closed: i32 = registry(&world).await.iter().map(|expert| expert.closed_tasks).sum();
    assert_eq!(closed, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_replaced_whose_application_was_withdrawn(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use opsp::proto::opsp::application::v1 as application;
    let world = World::start(engine).await;
    some_experts(&world, 3).await;
    let (name, first) = seated(&world).await;
    let request = application::WithdrawApplicationRequest {
        name: name.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    let portal = world.portal(crate::world::scenario::psn_no(&name));
    let mut portal = application::application_service_client::ApplicationServiceClient::new(portal);
    portal.withdraw_application(request).await.unwrap();
    assert!(deadlines(&world, review::ListDeadlinesRequest::default()).await.is_empty());
    let who = operator(&world, &first.members[0].expert).await;
    let late = decline(&world, &who, &first.members[0].review_task, DeclineReason::Absent).await;
    refused(late, Code::FailedPrecondition, "APPLICATION_NOT_UNDER_REVIEW");
    world.wait_until(date!(2025 - 04 - 15));
    assert!(swept(&world, &name).await.former_members.is_empty());
}

/// Two instances look for overdue experts at the same time, each as if it held the job.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_replace_each_expert_once() {
    let database = postgres_database().await;
    let one = World::start_on(&database, |_| {}).await;
    let keys = std::fs::read(one.running.app.config.data_dir.join("keys.toml")).unwrap();
    let other = World::start_on(&database, |config| {
        std::fs::write(config.data_dir.join("keys.toml"), &keys).unwrap();
    })
    .await;
    some_experts(&one, 6).await;
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(seated(&one).await.0);
    }
    let day: Date = date!(2025 - 03 - 18);
    for world in [&one, &other] {
        world.wait_until(day);
    }
    let sweep = async |world: &World, job: &str| {
        let app = &world.running.app;
        for _ in 0..10 {
            let lease = app.db.lease(job, job, 60).await.unwrap().expect("nobody else holds it");
            opsp::review::overdue::run(app, &lease).await.unwrap();
            app.db.release(lease, 0, "").await.unwrap();
        }
    };
    tokio::join!(
        sweep(&one, "first"),
        sweep(&other, "second"),
        sweep(&one, "third"),
        sweep(&other, "fourth")
    );
    let told = events(&one, &["review.expert_replaced"]).await;
    assert_eq!(told.len(), 2 * names.len());
    for name in &names {
        let now = panel(&one, name).await;
        assert_eq!((now.members.len(), now.former_members.len()), (2, 2));
    }
    let (one, other) = (one.stop(), other.stop());
    tokio::join!(one, other);
}
