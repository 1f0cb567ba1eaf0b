//! 已查阅: who may open what was redacted, and what counts as opened.

use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use tonic::Code;

use review::review_service_client::ReviewServiceClient;

use crate::redaction::{in_task, small};
use crate::world::opinion::opinions;
use crate::world::redaction::{Case, open, redact};
use crate::world::{Engine, OFFICER, World, refused, request_id};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gave_a_task_back_opens_nothing_of_it_any_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let case = Case::begin(&world).await;
    let made = redact(&world, case.harmless(&case.photo)).await.unwrap();
    let (operator, task) = case.seat(&world, 0).await;
    let photo = in_task(&task, &made);
    open(&world, &operator, &photo).await.unwrap();
    let request = review::DeclineTaskRequest {
        name: task.name.clone(),
        reason: review::DeclineReason::Absent.into(),
        request_id: request_id(),
        ..Default::default()
    };
    ReviewServiceClient::new(world.bureau(&operator)).decline_task(request).await.unwrap();
    refused(open(&world, &operator, &photo).await, Code::FailedPrecondition, "TASK_CLOSED");
    refused(small(&world, &operator, &photo).await, Code::FailedPrecondition, "TASK_CLOSED");
}

/// What was opened is the copy that experts get now: one of before a new redaction is another.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_redacted_anew_was_not_opened(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let case = Case::begin(&world).await;
    let made = redact(&world, case.blackened(&case.photo, &[[0, 0, 10_000, 1_000]])).await.unwrap();
    let paper = redact(&world, case.harmless(&case.paper)).await.unwrap();
    for seat in 0..2 {
        let (operator, task) = case.seat(&world, seat).await;
        open(&world, &operator, &in_task(&task, &made)).await.unwrap();
        open(&world, &operator, &in_task(&task, &paper)).await.unwrap();
    }
    redact(&world, case.blackened(&case.photo, &[[0, 0, 10_000, 2_000]])).await.unwrap();
    let (again, _) = case.seat(&world, 1).await;
    for seat in 0..2 {
        let (operator, task) = case.seat(&world, seat).await;
        let photo = in_task(&task, &made);
        if operator == again {
            open(&world, &operator, &photo).await.unwrap();
        }
        let mut said = opinions(&task, &["M01600"]);
        for leaf in said.iter_mut().flat_map(|opinion| &mut opinion.leaves) {
            leaf.materials = vec![photo.clone(), in_task(&task, &paper)];
        }
        let request = review::SubmitOpinionRequest {
            name: task.name.clone(),
            opinions: said,
            request_id: request_id(),
            validate_only: false,
        };
        ReviewServiceClient::new(world.bureau(&operator)).submit_opinion(request).await.unwrap();
    }
    let panel = review::GetPanelRequest { name: case.name.clone() };
    let panel = ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(panel).await.unwrap().into_inner();
    let both = vec![case.photo.clone(), case.paper.clone()];
    for (member, opened) in panel.members.iter().zip([vec![case.paper.clone()], both]) {
        let mut leaves = member.opinions.iter().flat_map(|opinion| &opinion.leaves);
        assert!(leaves.all(|leaf| leaf.opened == opened), "{member:?}");
    }
}
