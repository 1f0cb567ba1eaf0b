//! 质量抽查: decided lines are drawn by their disease's rate and judged by a second panel, which knows nothing of it.

use std::collections::BTreeSet;

use opsp::catalog::domain::SAMPLE;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::{date_message, to_date};
use review::{DeclineReason, Departure, Finding, QualityState};
use rstest::rstest;
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::Duration;
use tonic::Code;

use application::LineState;

use crate::catalogue::{document, import};
use crate::deadlines::{deadlines, events};
use crate::experts::{client, create, new, registry};
use crate::replaced::{decline, operator, reassign, replacement, some_experts};
use crate::undo::{timeline, undo};
use crate::world::opinion::opinions;
use crate::world::scenario::{HOSPITAL, psn_no, row};
use crate::world::{Engine, OFFICER, World, refused, request_id, wrong_fields};

/// The sample with rates for some diseases, in force from now on.
pub async fn rated(world: &World, rates: &[(&str, u32)]) {
    let mut text = SAMPLE.replace("2025-sample-2", "2025-sample-rated");
    for (code, rate) in rates {
        let head = format!("[[diseases]]\ncode = \"{code}\"\n");
        assert_eq!(text.matches(&head).count(), 1, "{code}");
        text = text.replace(&head, &format!("{head}quality_sample_bp = {rate}\n"));
    }
    let done = import(world.ops(), document("620900", &text)).await.unwrap();
    assert!(done.faults.is_empty(), "{:?}", done.faults);
}

/// Quality reviews of the city, page by page.
pub async fn reviews(world: &World, state: QualityState) -> Vec<review::QualityReview> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = review::ListQualityReviewsRequest {
            parent: "areas/620900".to_owned(),
            page_size: 1,
            page_token,
            state: state.into(),
            opsp_dise_code: String::new(),
        };
        let page = client(world, OFFICER).list_quality_reviews(request).await.unwrap().into_inner();
        all.extend(page.quality_reviews);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// The only quality review of the city.
pub async fn only(world: &World, state: QualityState) -> (review::QualityReview, review::Panel) {
    let mut found = reviews(world, state).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    let found = found.remove(0);
    assert_eq!(found.state(), state);
    let panel = found.panel.clone().unwrap();
    (found, panel)
}

/// A member of a panel says of all lines of the task whether they are met.
pub async fn say(world: &World, member: &review::PanelMember, met: bool) -> review::ReviewTask {
    let operator = operator(world, &member.expert).await;
    world.opinion(&operator, &member.review_task, met).await.unwrap()
}

/// Accepted and judged by a first panel, whose members all say the same; gives the panel.
pub async fn judged(world: &World, name: &str, met: bool) -> review::Panel {
    world.accept(name).await.unwrap();
    let panel = world.assign(name).await.unwrap();
    for member in &panel.members {
        say(world, member, met).await;
    }
    panel
}

/// Somebody's application for some diseases, judged and confirmed; gives its name and the first panel.
pub async fn confirmed(world: &World, codes: &[&str], met: bool) -> (String, review::Panel) {
    let person = world.person(row()).await;
    let materials = world.upload_checklists(&person, codes).await;
    let mut form = world.form(codes[0], materials.clone());
    for code in &codes[1..] {
        form.lines.extend(world.form(code, materials.clone()).lines);
    }
    let name = world.draft(&person, form).await.unwrap();
    world.submit(&name).await.unwrap();
    let first = judged(world, &name, met).await;
    world.confirm(&name).await.unwrap();
    (name, first)
}

fn experts(panel: &review::Panel) -> BTreeSet<String> {
    panel.members.iter().map(|member| member.expert.clone()).collect()
}

/// Draws the lines again from what an event says, by a way of its own.
fn drawn_again(event: &Value, application: &str) -> Vec<(String, bool)> {
    let hex = |text: &str| -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter(|digit| *digit != '-').collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    };
    let seed = hex(event["seed"].as_str().unwrap());
    assert_eq!(seed.len(), 16);
    let id = hex(application.rsplit('/').next().unwrap());
    let line = |line: &Value| {
        let code = line["opsp_dise_code"].as_str().unwrap();
        let hash = Sha256::digest([&seed[..], &id[..], code.as_bytes()].concat());
        let number = u64::from_be_bytes(hash[..8].try_into().unwrap());
        let drawn = number % 10_000 < line["rate_bp"].as_u64().unwrap();
        assert_eq!(line["drawn"], drawn);
        (code.to_owned(), drawn)
    };
    event["lines"].as_array().unwrap().iter().map(line).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_drawn_by_its_rate_and_judged_by_others(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000), ("M03900", 5_000)]).await;
    some_experts(&world, 4).await;
    let (untouched, _) = confirmed(&world, &["M01908"], true).await;
    assert!(events(&world, &["review.quality_sampled"]).await.is_empty(), "a disease without a rate");
    let (name, first) = confirmed(&world, &["M01600", "M03900"], false).await;
    let told = timeline(&world, &name).await;

    let sampled = events(&world, &["review.quality_sampled"]).await;
    let [(event, data)] = &sampled[..] else { panic!("one draw: {sampled:?}") };
    assert!(event.resource.starts_with(&format!("{name}/qualityReviews/")), "{}", event.resource);
    let lots = drawn_again(data, &name);
    assert_eq!(lots.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["M01600", "M03900"]);
    let drawn: Vec<_> = lots.iter().filter(|(_, drawn)| *drawn).map(|(code, _)| code.clone()).collect();

    let (waiting, second) = only(&world, QualityState::Waiting).await;
    assert_eq!((&waiting.name, &waiting.application), (&event.resource, &name));
    assert_eq!(waiting.confirm_date, Some(date_message(world.today())));
    let lines: Vec<_> = waiting.lines.iter().map(|line| line.opsp_dise_code.clone()).collect();
    assert_eq!(lines, drawn, "only the drawn lines");
    assert!(waiting.lines.iter().all(|line| !line.approved && line.finding() == Finding::Unspecified));
    assert_eq!((second.members.len(), second.missing_members), (2, 0));
    assert!(experts(&second).is_disjoint(&experts(&first)) && second.seed != first.seed);
    for member in &second.members {
        let task = say(&world, member, false).await;
        let judged: Vec<_> = task.lines.iter().map(|line| line.opsp_dise_code.clone()).collect();
        assert_eq!(judged, drawn);
    }
    let (agreed, _) = only(&world, QualityState::Agrees).await;
    assert!(agreed.lines.iter().all(|line| line.agrees && line.finding() == Finding::NotMet));
    assert!(reviews(&world, QualityState::Waiting).await.is_empty());
    let judged = events(&world, &["review.quality_judged"]).await;
    assert_eq!(judged[0].1["lines"][0]["agrees"], true);

    assert_eq!(timeline(&world, &name).await, told, "the applicant hears nothing of it");
    let drawn = reviews(&world, QualityState::Unspecified).await;
    assert!(drawn.iter().all(|review| review.application != untouched), "nothing of it was drawn");
    assert_eq!(world.replay_all().await, 2, "the receipts stay as they are");
    let ours = [QualityState::Unspecified, QualityState::Agrees].map(|state| reviews(&world, state));
    for found in ours {
        assert_eq!(found.await.len(), 1);
    }
    let elsewhere =
        review::ListQualityReviewsRequest { parent: "areas/620700".to_owned(), ..Default::default() };
    refused(client(&world, OFFICER).list_quality_reviews(elsewhere).await, Code::NotFound, "NOT_FOUND");
    let other = review::ListQualityReviewsRequest {
        parent: "areas/620900".to_owned(),
        opsp_dise_code: "M01908".to_owned(),
        ..Default::default()
    };
    let other = client(&world, OFFICER).list_quality_reviews(other).await.unwrap().into_inner();
    assert!(other.quality_reviews.is_empty());
    let wrong = review::ListQualityReviewsRequest {
        parent: "areas/620900".to_owned(),
        state: 9,
        ..Default::default()
    };
    assert_eq!(wrong_fields(client(&world, OFFICER).list_quality_reviews(wrong).await), ["state"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_tells_between_two_and_what_differs_can_be_undone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 5).await;
    let (name, first) = confirmed(&world, &["M01600"], true).await;
    let (_, second) = only(&world, QualityState::Waiting).await;
    say(&world, &second.members[0], true).await;
    say(&world, &second.members[1], false).await;
    let (_, three) = only(&world, QualityState::Waiting).await;
    assert_eq!(three.members.len(), 3);
    assert_ne!(three.seed, second.seed, "each draw has its own");
    assert!(experts(&three).is_disjoint(&experts(&first)));
    assert_eq!(events(&world, &["review.third_drawn"]).await.len(), 1);
    say(&world, &three.members[2], false).await;
    let (differs, _) = only(&world, QualityState::Differs).await;
    let line = &differs.lines[0];
    assert_eq!((line.approved, line.finding(), line.agrees), (true, Finding::NotMet, false));
    assert_eq!(events(&world, &["review.quality_judged"]).await[0].1["lines"][0]["agrees"], false);
    let get = application::GetApplicationRequest { name: name.clone() };
    let mut portal =
        application::application_service_client::ApplicationServiceClient::new(world.portal(psn_no(&name)));
    let own = portal.get_application(get).await.unwrap().into_inner();
    assert_eq!(own.lines[0].state(), LineState::Approved, "the decision is never touched");

    undo(&world, OFFICER, &name).await.unwrap();
    assert!(reviews(&world, QualityState::Unspecified).await.is_empty());
    // Confirmed again it is drawn anew, and of those who know the case nobody sits on the new panel.
    world.confirm(&name).await.unwrap();
    let (again, short) = only(&world, QualityState::Waiting).await;
    assert_ne!(again.name, differs.name);
    assert_eq!((short.members.len(), short.missing_members), (0, 2));
    let sampled = events(&world, &["review.quality_sampled"]).await;
    assert_eq!(sampled.len(), 2);
    assert_ne!(sampled[0].1["seed"], sampled[1].1["seed"]);
    assert_eq!(world.replay_all().await, 3);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_panel_waits_for_experts_without_a_conflict(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 3).await;
    for operator in ["same.house.1", "same.house.2"] {
        let house = HOSPITAL.to_owned();
        create(&world, review::CreateExpertRequest { fixmedins_code: house, ..new(operator) }).await.unwrap();
    }
    let (name, first) = confirmed(&world, &["M01600"], true).await;
    let (_, short) = only(&world, QualityState::Waiting).await;
    assert_eq!((short.members.len(), short.missing_members), (0, 2), "one is free, two have a conflict");
    world.wait_days(1);
    world.job("fill-quality-panels").await;
    assert_eq!(only(&world, QualityState::Waiting).await.1.missing_members, 2);
    assert!(events(&world, &["review.panel_drawn"]).await.len() == 1, "nothing was drawn");
    let last = create(&world, new("expert.3")).await.unwrap();
    world.wait_days(1);
    world.job("fill-quality-panels").await;
    let (_, second) = only(&world, QualityState::Waiting).await;
    assert_eq!((second.members.len(), second.missing_members), (2, 0));
    assert!(short.seed.is_empty() && second.seed.len() == 32, "there is a seed once somebody is drawn");
    assert!(experts(&second).contains(&last.name) && experts(&second).is_disjoint(&experts(&first)));
    let conflicts: BTreeSet<_> = second.excluded.iter().map(|reason| reason.reason.as_str()).collect();
    assert!(conflicts.contains("CONFLICT_SAME_INSTITUTION"), "{conflicts:?}");

    // They differ, and nobody is left to tell: it waits again.
    say(&world, &second.members[0], true).await;
    say(&world, &second.members[1], false).await;
    let (_, short) = only(&world, QualityState::Waiting).await;
    assert_eq!((short.members.len(), short.missing_members), (2, 1));
    assert_eq!(events(&world, &["review.third_missing"]).await.len(), 1);
    create(&world, new("expert.4")).await.unwrap();
    world.wait_days(1);
    world.job("fill-quality-panels").await;
    let (_, three) = only(&world, QualityState::Waiting).await;
    say(&world, &three.members[2], true).await;
    assert_eq!(only(&world, QualityState::Agrees).await.0.application, name);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_judges_what_was_taken_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 4).await;
    let (name, _) = confirmed(&world, &["M01600"], true).await;
    let (_, second) = only(&world, QualityState::Waiting).await;
    let waits = operator(&world, &second.members[1].expert).await;
    let task = world.tasks(&waits).await.remove(0);
    say(&world, &second.members[0], false).await;
    undo(&world, OFFICER, &name).await.unwrap();

    assert!(world.tasks(&waits).await.is_empty());
    let opinion = review::SubmitOpinionRequest {
        name: task.name.clone(),
        opinions: opinions(&task, &["M01600"]),
        request_id: request_id(),
        validate_only: false,
    };
    refused(client(&world, &waits).submit_opinion(opinion).await, Code::FailedPrecondition, "TASK_CLOSED");
    let again = decline(&world, &waits, &task.name, DeclineReason::Absent).await;
    refused(again, Code::FailedPrecondition, "TASK_CLOSED");
    let officer = reassign(&world, replacement(&name, &task.name)).await;
    refused(officer, Code::FailedPrecondition, "TASK_CLOSED");
    assert!(reviews(&world, QualityState::Unspecified).await.is_empty());
    let kind = review::DeadlineKind::Opinion.into();
    let due = deadlines(&world, review::ListDeadlinesRequest { kind, ..Default::default() }).await;
    assert!(due.is_empty(), "{due:?}");
    assert!(registry(&world).await.iter().all(|expert| expert.open_tasks == 0));
    let told = events(&world, &["review.task_closed", "review.quality_undone"]).await;
    assert_eq!(told[0].1["departure"], "undone");
    assert!(second.members[1].expert.ends_with(told[1].1["left"][0].as_str().unwrap()));
    let (_, closed) = only(&world, QualityState::Undone).await;
    assert_eq!((closed.members.len(), closed.missing_members), (1, 0));
    assert_eq!(closed.former_members[0].departure(), Departure::Undone);
    // The first panel stands, and a job that comes round finds nothing to fill.
    world.wait_days(1);
    assert_eq!(world.job("fill-quality-panels").await, 0);
    world.confirm(&name).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_a_second_panel_is_followed_by_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    rated(&world, &[("M01600", 10_000)]).await;
    some_experts(&world, 7).await;
    let (name, first) = confirmed(&world, &["M01600"], true).await;
    let (_, second) = only(&world, QualityState::Waiting).await;
    let opinion = || {
        let kind = review::DeadlineKind::Opinion.into();
        deadlines(&world, review::ListDeadlinesRequest { kind, ..Default::default() })
    };
    let due: BTreeSet<_> = opinion().await.into_iter().map(|entry| entry.resource).collect();
    assert_eq!(due, second.members.iter().map(|member| member.review_task.clone()).collect());

    let who = operator(&world, &second.members[0].expert).await;
    decline(&world, &who, &second.members[0].review_task, DeclineReason::NotMyField).await.unwrap();
    let now = reassign(&world, replacement(&name, &second.members[1].review_task)).await.unwrap();
    assert_eq!((now.members.len(), now.former_members.len()), (2, 2));
    let left: Vec<_> = now.former_members.iter().map(review::FormerMember::departure).collect();
    assert_eq!(left, [Departure::Declined, Departure::Reassigned]);
    assert_eq!(only(&world, QualityState::Waiting).await.1, now);

    // 评审时限 runs by itself: of two who do not answer the first is followed by the last who is left.
    let last = to_date(&task(&world, &now.members[0]).await.opinion_due_date.unwrap()).unwrap();
    world.wait_until(last);
    world.job("replace-overdue-experts").await;
    assert_eq!(only(&world, QualityState::Waiting).await.1, now, "the last day is in time");
    world.wait_until(last + Duration::days(1));
    world.job("replace-overdue-experts").await;
    let (_, swept) = only(&world, QualityState::Waiting).await;
    let overdue = swept.former_members.iter().filter(|left| left.departure() == Departure::Overdue);
    assert_eq!((overdue.count(), swept.members.len(), swept.missing_members), (1, 2, 0));
    assert_eq!(events(&world, &["review.replacement_missing"]).await.len(), 1);
    world.job("escalate-deadlines").await;
    let told = events(&world, &["deadline.breached"]).await;
    assert!(!told.is_empty(), "an overdue opinion is escalated though its application is decided");
    let seen: BTreeSet<_> =
        experts(&first).into_iter().chain(experts(&second)).chain(experts(&now)).collect();
    let fresh = swept.members.iter().filter(|member| !seen.contains(&member.expert)).count();
    assert_eq!(fresh, 1);
    for member in &swept.members {
        say(&world, member, true).await;
    }
    only(&world, QualityState::Agrees).await;
    assert!(opinion().await.is_empty());
}

/// A member's task as the expert sees it.
pub async fn task(world: &World, member: &review::PanelMember) -> review::ReviewTask {
    let operator = operator(world, &member.expert).await;
    world.tasks(&operator).await.into_iter().find(|task| task.name == member.review_task).unwrap()
}
