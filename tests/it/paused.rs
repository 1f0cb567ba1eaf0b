//! 暂停审核: what everybody is told while a review stands still, and whether an assessment does that at all.

use opsp::catalog::domain::SAMPLE;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use time::macros::date;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use application::PauseGround;
use application::application_service_client::ApplicationServiceClient;
use review::review_service_client::ReviewServiceClient;

use crate::catalogue::{document, import};
use crate::world::scenario::{psn_no, row};
use crate::world::{Engine, OFFICER, OTHER_OFFICER, World, reason, refused, request_id};

async fn pause(world: &World, name: &str, ground: PauseGround) -> Result<application::Application, Status> {
    let request = review::PauseReviewRequest {
        name: name.to_owned(),
        ground: ground.into(),
        reason: "请于 3 月 10 日到酒泉市人民医院".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).pause_review(request).await?.into_inner())
}

async fn resume(world: &World, name: &str) -> Result<application::Application, Status> {
    let request =
        review::ResumeReviewRequest { name: name.to_owned(), request_id: request_id(), validate_only: false };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).resume_review(request).await?.into_inner())
}

/// What a refusal says, with what would help.
fn words<T: std::fmt::Debug>(answer: Result<T, Status>, expected: &str) -> String {
    let status = answer.expect_err("a refusal was expected");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, expected));
    let failure = status.get_details_precondition_failure().expect("a PreconditionFailure detail");
    failure.violations.into_iter().map(|violation| violation.description).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_told_what_to_do_while_it_stands_still(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, "M01600").await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let member = world.assign(&name).await.unwrap().members.remove(0);
    let (_, operator) = experts.iter().find(|(expert, _)| *expert == member.expert).unwrap();
    pause(&world, &name, PauseGround::Examination).await.unwrap();
    let told =
        words(world.opinion(operator, &member.review_task, true).await, "APPLICATION_NOT_UNDER_REVIEW");
    assert!(told.contains("体检") && told.contains("恢复"), "{told}");
    let tasks = [member.review_task.clone()];
    let back = review::SendBackRequest {
        name: name.clone(),
        review_tasks: tasks.to_vec(),
        opsp_dise_codes: vec!["M01600".to_owned()],
        reason: "请再看材料4中的糖化血红蛋白数值。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let back = ReviewServiceClient::new(world.bureau(OTHER_OFFICER)).send_back(back).await;
    assert!(words(back, "REVIEW_PAUSED").contains("ResumeReview"));
    resume(&world, &name).await.unwrap();
    world.opinion(operator, &member.review_task, true).await.unwrap();

    // Withdrawn: the officer is told nothing that only an expert could do.
    let request = application::WithdrawApplicationRequest {
        name: name.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(psn_no(&name)));
    portal.withdraw_application(request).await.unwrap();
    let panel = review::GetPanelRequest { name: name.clone() };
    let panel = ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(panel).await.unwrap().into_inner();
    let open = panel.members.into_iter().find(|member| !member.answered).unwrap();
    let request = review::ReassignTaskRequest {
        name,
        review_task: open.review_task,
        reason: "专家出差，无法按期评审。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let late = ReviewServiceClient::new(world.bureau(OFFICER)).reassign_task(request).await;
    let told = words(late, "APPLICATION_NOT_UNDER_REVIEW");
    assert!(!told.contains("补正") && !told.contains("提交意见"), "{told}");
}

/// The sample counts the time of an assessment; a catalogue may leave it out.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assessment_stops_the_clock_where_the_catalogue_does_not_count_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let counted = world.submitted(&world.person(row()).await, "M01600").await;
    world.accept(&counted).await.unwrap();
    let told = words(pause(&world, &counted, PauseGround::Assessment).await, "ASSESSMENT_COUNTS");
    assert!(told.contains("ExtendDeadline"), "{told}");

    let text = SAMPLE.replace("2025-sample-2", "2025-sample-uncounted");
    let text = text.replace("in_force_from = \"2025-01-01\"", "in_force_from = \"2025-04-01\"");
    let text = text.replace("assessment_counts = true", "assessment_counts = false");
    assert!(import(world.bureau(OFFICER), document("620900", &text)).await.unwrap().faults.is_empty());
    world.wait_until(date!(2025 - 04 - 01));
    let name = world.submitted(&world.person(row()).await, "M01600").await;
    world.accept(&name).await.unwrap();
    let paused = pause(&world, &name, PauseGround::Assessment).await.unwrap();
    assert_eq!(paused.deadline.unwrap().due_date, None);
    refused(world.confirm(&name).await, Code::FailedPrecondition, "REVIEW_PAUSED");
    world.wait_until(date!(2025 - 04 - 09));
    let resumed = resume(&world, &name).await.unwrap();
    assert_eq!(resumed.pauses[0].ground(), PauseGround::Assessment);
    // Twenty working days from 9 April on, past the first days of May: 27 April is a working Sunday.
    let due = resumed.deadline.unwrap().due_date.as_ref().and_then(opsp::rpc::parse::to_date);
    assert_eq!(due, Some(date!(2025 - 05 - 09)));
    // Of what was submitted under the sample the sample's rules hold.
    words(pause(&world, &counted, PauseGround::Assessment).await, "ASSESSMENT_COUNTS");
}
