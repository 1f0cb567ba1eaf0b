//! One citizen's case, the whole way, and the invariants on the way.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::notice::v1 as notice;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::to_date;
use rstest::rstest;
use time::macros::date;
use tonic::Code;

use application::application_service_client::ApplicationServiceClient;
use notice::notice_service_client::NoticeServiceClient;
use review::review_service_client::ReviewServiceClient;

use crate::world::opinion::opinions;
use crate::world::scenario::{resident_row, row};
use crate::world::{Engine, OFFICER, World, files, refused, request_id, wrong_fields};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_goes_from_the_application_to_the_benefit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    let experts = world.experts().await;
    let decided = world.decide(&name, &experts, true).await;
    assert_eq!(decided.state(), application::ApplicationState::Decided);
    assert_eq!(decided.lines[0].state(), application::LineState::Approved);
    assert_eq!(world.in_force(&psn_no, "M01600", None).await, (false, vec!["NO_BENEFIT".to_owned()]));

    let notice = world.notice(common::Insutype::Employee).await;
    let entries = world.entries(&notice).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].masked_name, "欧阳**");
    assert!(entries[0].opsp_dise_name.is_empty(), "the disease is not publicised");
    assert!(!world.in_force(&psn_no, "M01600", None).await.0, "the notice is still open");
    world.after_close().await;
    assert!(world.benefits(&psn_no).await.is_empty(), "a job before the day gives nothing");

    world.close(&notice).await;
    assert!(world.in_force(&psn_no, "M01600", None).await.0);
    let held = world.benefits(&psn_no).await;
    assert_eq!(held.len(), 1);
    assert!(!held[0].certificate.is_empty(), "the certificate is issued with the benefit");
    world.after_close().await;
    assert_eq!(world.benefits(&psn_no).await.len(), 1, "a job that runs twice grants once");

    let request = application::GetApplicationRequest { name };
    let after = ApplicationServiceClient::new(world.portal(&psn_no))
        .get_application(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(after.lines[0].state(), application::LineState::Granted);
    assert_eq!(world.replay_all().await, 1, "the decision made again is the same");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_takes_effect_while_an_objection_stands(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(resident_row()).await;
    let name = world.submitted(&psn_no, "M03900").await;
    let experts = world.experts().await;
    world.decide(&name, &experts, true).await;
    let notice = world.notice(common::Insutype::Resident).await;
    let entry = world.entries(&notice).await.remove(0).name;
    let first = world.object(&entry).await.unwrap();
    let second = world.object(&entry).await.unwrap();
    world.close(&notice).await;
    assert!(!world.in_force(&psn_no, "M03900", None).await.0);
    refused(world.object(&entry).await, Code::FailedPrecondition, "NOTICE_NOT_OPEN");

    world.resolve(&first.name, false).await.unwrap();
    world.after_close().await;
    assert!(!world.in_force(&psn_no, "M03900", None).await.0, "the second objection still stands");
    let again = world.resolve(&first.name, true).await.unwrap_err();
    assert_eq!(again.code(), Code::FailedPrecondition, "what is resolved stays so");

    world.wait_days(3);
    let today = world.today();
    world.resolve(&second.name, false).await.unwrap();
    world.after_close().await;
    assert!(world.in_force(&psn_no, "M03900", None).await.0);
    let begun = world.benefits(&psn_no).await[0].begndate.as_ref().and_then(to_date);
    assert_eq!(begun, Some(today), "it begins on the first day on which nothing stood against it");
    assert_eq!(world.replay_all().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upheld_objection_ends_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    let experts = world.experts().await;
    world.decide(&name, &experts, true).await;
    let notice = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&notice).await.remove(0).name;
    let objection = world.object(&entry).await.unwrap();
    assert_eq!(world.resolve(&objection.name, true).await.unwrap().state(), notice::ObjectionState::Upheld);
    world.close(&notice).await;
    assert!(world.benefits(&psn_no).await.is_empty());
    let request = application::GetApplicationRequest { name };
    let after = ApplicationServiceClient::new(world.portal(&psn_no))
        .get_application(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(after.lines[0].state(), application::LineState::Objected);
    assert_eq!(after.lines[0].reasons[0].reason, "OBJECTION_UPHELD");
    assert_eq!(world.replay_all().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supplement_stops_the_clock(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let materials = world.upload_checklist(&psn_no, "M01600").await;
    let name = world.draft(&psn_no, world.form("M01600", materials.clone())).await.unwrap();
    let sent = world.submit(&name).await.unwrap();
    let due = |application: &application::Application| {
        application.deadline.as_ref().and_then(|deadline| deadline.due_date.as_ref()).and_then(to_date)
    };
    // Monday 3 March and 20 working days.
    assert_eq!(due(&sent), Some(date!(2025 - 03 - 31)));
    world.wait_until(date!(2025 - 03 - 05));
    let request = review::RequestSupplementRequest {
        name: name.clone(),
        items: vec![review::SupplementItem {
            opsp_dise_code: "M01600".to_owned(),
            text: "请补充检验报告。".to_owned(),
            kind: catalog::MaterialKind::ExamReport.into(),
            ..Default::default()
        }],
        request_id: request_id(),
        validate_only: false,
    };
    let mut officer = ReviewServiceClient::new(world.bureau(OFFICER));
    let waiting = officer.request_supplement(request.clone()).await.unwrap().into_inner();
    assert_eq!((waiting.state(), due(&waiting)), (application::ApplicationState::AwaitingSupplement, None));
    assert_eq!(
        waiting.supplement_wanted[0].text_zh,
        "请补正材料“血糖及糖化血红蛋白检查报告”：请补充检验报告。"
    );
    let again = review::RequestSupplementRequest { request_id: request_id(), ..request };
    refused(officer.request_supplement(again).await, Code::FailedPrecondition, "APPLICATION_STATE");

    world.wait_until(date!(2025 - 03 - 12));
    let answer = |materials: &[String]| application::SupplementApplicationRequest {
        name: name.clone(),
        materials: materials.to_vec(),
        nothing_to_add: false,
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(&psn_no));
    let nothing = portal.supplement_application(answer(&materials[..2])).await;
    assert_eq!(wrong_fields(nothing), ["materials"], "what adds nothing does not start the clock");
    let header = world.header(&psn_no, catalog::MaterialKind::ExamReport, "补充检验报告");
    let paper = world.upload(&psn_no, header, &files::pdf("supplement")).await.unwrap().name;
    let both = answer(&[materials[0].clone(), paper.clone()]);
    let back = portal.supplement_application(both).await.unwrap().into_inner();
    assert_eq!(back.materials, [materials, vec![paper]].concat());
    assert_eq!(
        (back.state(), due(&back)),
        (application::ApplicationState::Submitted, Some(date!(2025 - 04 - 08)))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn experts_who_differ_get_a_third(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let operator = |member: &review::PanelMember| {
        experts
            .iter()
            .find(|(expert, _)| *expert == member.expert)
            .map(|(_, operator)| operator.clone())
            .unwrap()
    };
    let panel = world.assign(&name).await.unwrap();
    assert_eq!(panel.members.len(), 2);
    world.opinion(&operator(&panel.members[0]), &panel.members[0].review_task, true).await.unwrap();
    refused(world.confirm(&name).await, Code::FailedPrecondition, "OPINIONS_MISSING");
    world.opinion(&operator(&panel.members[1]), &panel.members[1].review_task, false).await.unwrap();
    refused(world.confirm(&name).await, Code::FailedPrecondition, "THIRD_EXPERT_NEEDED");

    let stranger = experts
        .iter()
        .find(|(expert, _)| panel.members.iter().all(|member| member.expert != *expert))
        .unwrap();
    // What the member could say, said by somebody whose task it is not.
    let member = &panel.members[0];
    let task = world.tasks(&operator(member)).await.into_iter().find(|task| task.name == member.review_task);
    let opinions = opinions(&task.unwrap(), &["M01600"]);
    let foreign = review::SubmitOpinionRequest {
        name: member.review_task.clone(),
        opinions,
        request_id: request_id(),
        validate_only: false,
    };
    assert!(!foreign.opinions.is_empty());
    let foreign = ReviewServiceClient::new(world.bureau(&stranger.1)).submit_opinion(foreign).await;
    refused(foreign, Code::NotFound, "NOT_FOUND");

    let panel = world.assign(&name).await.unwrap();
    assert_eq!(panel.members.len(), 3);
    let third = panel.members.iter().find(|member| !member.answered).unwrap();
    world.opinion(&operator(third), &third.review_task, false).await.unwrap();
    let decided = world.confirm(&name).await.unwrap();
    assert_eq!(decided.lines[0].state(), application::LineState::Rejected);
    let reasons = &decided.lines[0].reasons;
    assert!(
        !reasons.is_empty()
            && reasons.iter().all(|reason| !reason.text_zh.is_empty() && !reason.help_zh.is_empty())
    );
    // A rejected line is in no notice.
    let request = notice::OpenNoticeRequest {
        parent: "areas/620900".to_owned(),
        insutype: common::Insutype::Employee.into(),
        request_id: request_id(),
        validate_only: false,
    };
    let none = NoticeServiceClient::new(world.bureau(OFFICER)).open_notice(request).await;
    refused(none, Code::FailedPrecondition, "NOTHING_TO_PUBLISH");
    assert_eq!(world.replay_all().await, 1);
}
