//! 撤销决定: a second officer takes a decision back while nothing depends on it.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::to_date;
use rstest::rstest;
use time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use application::application_service_client::ApplicationServiceClient;
use application::{Application, ApplicationState, LineState, RemedyKind};
use review::review_service_client::ReviewServiceClient;

use crate::receipts::receipts;
use crate::world::opinion::opinions;
use crate::world::scenario::{psn_no, row};
use crate::world::{Engine, OFFICER, OTHER_OFFICER, World, refused, request_id, wrong_fields};

pub async fn undo(world: &World, officer: &str, name: &str) -> Result<Application, Status> {
    let request = review::UndoDecisionRequest {
        name: name.to_owned(),
        reason: "评审材料页码有误，须重新确认。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(officer)).undo_decision(request).await?.into_inner())
}

pub async fn timeline(world: &World, name: &str) -> Vec<(String, String, String)> {
    let request = application::ListTimelineRequest { parent: name.to_owned(), ..Default::default() };
    let mut portal = ApplicationServiceClient::new(world.portal(psn_no(name)));
    let entries = portal.list_timeline(request).await.unwrap().into_inner().entries;
    entries.into_iter().map(|entry| (entry.r#type, entry.text_zh, entry.text_en)).collect()
}

/// The subjects of a refusal.
fn subjects<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("a refusal was expected");
    let failure = status.get_details_precondition_failure().expect("a PreconditionFailure detail");
    failure.violations.into_iter().map(|violation| violation.subject).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_taken_back_by_another_officer_and_made_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    let experts = world.experts().await;
    refused(undo(&world, OFFICER, &name).await, Code::FailedPrecondition, "APPLICATION_STATE");
    let due = |application: &Application| application.deadline.clone().and_then(|deadline| deadline.due_date);
    let accepted = world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    for member in &panel.members {
        let (_, operator) = experts.iter().find(|(expert, _)| *expert == member.expert).unwrap();
        world.opinion(operator, &member.review_task, false).await.unwrap();
    }
    world.wait_days(2);
    let decided = world.confirm(&name).await.unwrap();
    assert_eq!(decided.lines[0].state(), LineState::Rejected);
    let own = undo(&world, OTHER_OFFICER, &name).await;
    refused(own, Code::FailedPrecondition, "UNDO_NEEDS_SECOND_PERSON");

    world.wait_days(1);
    let back = undo(&world, OFFICER, &name).await.unwrap();
    assert_eq!(
        (back.state(), due(&back)),
        (ApplicationState::Accepted, due(&accepted)),
        "as if never stopped"
    );
    assert!(back.remedies.is_empty() && back.lines[0].state() == LineState::Pending);
    let told = timeline(&world, &name).await;
    let (kind, zh, en) = told.last().unwrap();
    assert_eq!(kind, "decision_undone");
    assert!(zh.contains("撤销") && en.contains("taken back") && !zh.contains("页码"), "{zh} {en}");
    assert!(told.iter().any(|(kind, ..)| kind == "decided"), "the old decision stays told");

    // The panel and its opinions stand: it can be confirmed at once.
    let again = world.confirm(&name).await.unwrap();
    assert_eq!(again.lines, decided.lines);
    let kinds: Vec<_> = receipts(&world, &name).await.iter().map(review::Receipt::kind).collect();
    let expected = [review::ReceiptKind::Decided, review::ReceiptKind::Undone, review::ReceiptKind::Decided];
    assert_eq!(kinds, expected);
    let replayed = world.replay(&name).await.unwrap();
    let stands: Vec<_> = replayed.receipts.iter().map(|receipt| receipt.stands).collect();
    assert_eq!((replayed.equal, stands), (true, vec![false, false, true]));
    assert_eq!(world.replay_all().await, 3);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_something_depends_on_is_not_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let experts = world.experts().await;
    let person = world.person(row()).await;
    let approved = world.submitted(&person, "M01600").await;
    world.decide(&approved, &experts, true).await;
    let notice = world.notice(Insutype::Employee).await;
    let late = undo(&world, OFFICER, &approved).await;
    refused(late.clone(), Code::FailedPrecondition, "UNDO_TOO_LATE");
    assert_eq!(subjects(late), std::slice::from_ref(&notice), "it names the notice");
    // By the officer who decided it is refused for both reasons.
    assert_eq!(subjects(undo(&world, OTHER_OFFICER, &approved).await), [String::new(), notice]);

    let other = world.person(row()).await;
    let rejected = world.submitted(&other, "M01600").await;
    world.decide(&rejected, &experts, false).await;
    let materials = world.upload_checklist(&other, "M01600").await;
    let anew = world.draft(&other, world.form("M01600", materials)).await.unwrap();
    let late = undo(&world, OFFICER, &rejected).await;
    refused(late.clone(), Code::FailedPrecondition, "UNDO_TOO_LATE");
    assert_eq!(subjects(late), ["M01600"]);
    let request = application::WithdrawApplicationRequest {
        name: anew,
        request_id: request_id(),
        validate_only: false,
    };
    ApplicationServiceClient::new(world.portal(&other)).withdraw_application(request).await.unwrap();
    assert_eq!(undo(&world, OFFICER, &rejected).await.unwrap().state(), ApplicationState::Accepted);
    // What was taken back before a notice took it up is in none.
    assert_eq!(world.replay_all().await, 3);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_taken_back_and_tells_its_remedies_while_it_stands(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    world.wait_days(1);
    // Asked for a supplement that never comes: its clock stands still.
    let ask = review::RequestSupplementRequest {
        name: name.clone(),
        items: vec![review::SupplementItem {
            opsp_dise_code: "M01600".to_owned(),
            text: "请补充检验报告。".to_owned(),
            kind: MaterialKind::ExamReport.into(),
            ..Default::default()
        }],
        request_id: request_id(),
        validate_only: false,
    };
    ReviewServiceClient::new(world.bureau(OFFICER)).request_supplement(ask).await.unwrap();
    world.wait_days(7);
    let ended = world.refuse(&name).await.unwrap();
    let kinds: Vec<_> = ended.remedies.iter().map(application::Remedy::kind).collect();
    assert_eq!(kinds, [RemedyKind::Recheck, RemedyKind::Legal, RemedyKind::ApplyAgain]);
    let until = ended.remedies[0].until.as_ref().and_then(to_date).unwrap();
    assert_eq!(until, world.today() + Duration::days(30), "the sample's rule");
    assert!(ended.remedies[0].text_zh.contains(&until.to_string()), "{ended:?}");
    assert!(ended.remedies.iter().all(|remedy| remedy.text_en.is_ascii() && !remedy.text_zh.is_empty()));

    refused(undo(&world, OFFICER, &name).await, Code::FailedPrecondition, "UNDO_NEEDS_SECOND_PERSON");
    let short = review::UndoDecisionRequest {
        name: name.clone(),
        reason: "错".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let short = ReviewServiceClient::new(world.bureau(OTHER_OFFICER)).undo_decision(short).await;
    assert_eq!(wrong_fields(short), ["reason"]);
    let back = undo(&world, OTHER_OFFICER, &name).await.unwrap();
    assert_eq!(back.state(), ApplicationState::Submitted);
    let due = back.deadline.and_then(|deadline| deadline.due_date).as_ref().and_then(to_date);
    // Day 0 was Monday 3 March; one working day went by before it was asked for, and none from the 4th to the 11th.
    assert_eq!(due, Some(time::macros::date!(2025 - 04 - 08)), "it runs from today on");
    let told = timeline(&world, &name).await;
    assert!(told.last().unwrap().1.starts_with("不予受理的决定已由另一名经办人员撤销"));
    assert!(back.refusals.is_empty() && back.remedies.is_empty());
    let experts = world.experts().await;
    let decided = world.decide(&name, &experts, false).await;
    assert_eq!(decided.remedies.len(), 3);
    assert_eq!(world.replay_all().await, 3);
}

/// M01600 and M01603 exclude each other; three diseases are the most that the sample allows.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_go_with_what_came_since_is_not_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let experts = world.experts().await;
    let person = world.person(row()).await;
    let rejected = world.submitted(&person, "M01603").await;
    world.decide(&rejected, &experts, false).await;
    let other = world.submitted(&person, "M01600").await;
    let late = undo(&world, OFFICER, &rejected).await;
    let told = refused(late.clone(), Code::FailedPrecondition, "UNDO_TOO_LATE");
    assert!(told.contains("M01603") && told.contains("M01600"), "{told}");
    assert_eq!(subjects(late), ["M01603"]);
    // With the other out of the way it is; then the other cannot come back beside it.
    world.refuse(&other).await.unwrap();
    assert_eq!(undo(&world, OFFICER, &rejected).await.unwrap().state(), ApplicationState::Accepted);
    let late = undo(&world, OTHER_OFFICER, &other).await;
    refused(late.clone(), Code::FailedPrecondition, "UNDO_TOO_LATE");
    assert_eq!(subjects(late), ["M01600"]);

    let person = world.person(row()).await;
    let fourth = world.submitted(&person, "M03900").await;
    world.refuse(&fourth).await.unwrap();
    let mut three = world.form("M01600", Vec::new());
    for code in ["M04600", "M01908"] {
        three.lines.extend(world.form(code, Vec::new()).lines);
    }
    world.draft(&person, three).await.unwrap();
    let told = refused(undo(&world, OTHER_OFFICER, &fourth).await, Code::FailedPrecondition, "UNDO_TOO_LATE");
    assert!(told.contains("最多 3 个病种"), "{told}");
}

/// What counts is what the person holds, whenever its draft was begun.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_granted_from_an_older_draft_stands_against_it_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let experts = world.experts().await;
    let person = world.person(row()).await;
    let older = world.draft(&person, world.form("M03900", Vec::new())).await.unwrap();
    let taken = world.submitted(&person, "M04600").await;
    world.refuse(&taken).await.unwrap();
    let materials = world.upload_checklist(&person, "M04600").await;
    let request = application::UpdateApplicationRequest {
        name: older.clone(),
        application: Some(world.form("M04600", materials)),
        request_id: request_id(),
        ..Default::default()
    };
    ApplicationServiceClient::new(world.portal(&person)).update_application(request).await.unwrap();
    world.submit(&older).await.unwrap();
    world.decide(&older, &experts, true).await;
    let notice = world.notice(Insutype::Employee).await;
    world.close(&notice).await;
    assert_eq!(world.benefits(&person).await.len(), 1);
    let late = undo(&world, OTHER_OFFICER, &taken).await;
    refused(late.clone(), Code::FailedPrecondition, "UNDO_TOO_LATE");
    assert_eq!(subjects(late), ["M04600"]);
}

/// One line rejected, one objected to after its notice: only of the first is it known until when.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_was_objected_to_is_told_no_day_of_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let codes = ["M01600", "M03900"];
    let materials = world.upload_checklists(&person, &codes).await;
    let mut form = world.form(codes[0], materials.clone());
    form.lines.extend(world.form(codes[1], materials).lines);
    let name = world.draft(&person, form).await.unwrap();
    world.submit(&name).await.unwrap();
    world.accept(&name).await.unwrap();
    let experts = world.experts().await;
    for member in world.assign(&name).await.unwrap().members {
        let (_, operator) = experts.iter().find(|(expert, _)| *expert == member.expert).unwrap();
        let task =
            world.tasks(operator).await.into_iter().find(|task| task.name == member.review_task).unwrap();
        let request = review::SubmitOpinionRequest {
            name: task.name.clone(),
            opinions: opinions(&task, &codes[..1]),
            request_id: request_id(),
            validate_only: false,
        };
        ReviewServiceClient::new(world.bureau(operator)).submit_opinion(request).await.unwrap();
    }
    let decided = world.confirm(&name).await.unwrap();
    let until = |remedy: &application::Remedy| remedy.until.as_ref().and_then(to_date);
    let last = Some(world.today() + Duration::days(30));
    assert_eq!(decided.remedies.iter().filter_map(until).collect::<Vec<_>>(), Vec::from_iter(last));
    assert!(decided.remedies.iter().all(|remedy| remedy.opsp_dise_codes == codes[1..]));
    let notice = world.notice(Insutype::Employee).await;
    let objection = world.object(&world.entries(&notice).await[0].name).await.unwrap();
    world.resolve(&objection.name, true).await.unwrap();
    world.close(&notice).await;

    let request = application::GetApplicationRequest { name: name.clone() };
    let mut portal = ApplicationServiceClient::new(world.portal(&person));
    let ended = portal.get_application(request).await.unwrap().into_inner();
    let states: Vec<_> = ended.lines.iter().map(|line| line.state()).collect();
    assert_eq!(states, [LineState::Objected, LineState::Rejected]);
    let told: Vec<_> = ended
        .remedies
        .iter()
        .map(|remedy| (remedy.kind(), until(remedy), remedy.opsp_dise_codes.join(" ")))
        .collect();
    let both = codes.join(" ");
    let expected = [
        (RemedyKind::Recheck, last, codes[1].to_owned()),
        (RemedyKind::Recheck, None, codes[0].to_owned()),
        (RemedyKind::Legal, None, both.clone()),
        (RemedyKind::ApplyAgain, None, both),
    ];
    assert_eq!(told, expected);
    assert!(ended.remedies[0].text_zh.contains(codes[1]) && ended.remedies[1].text_zh.contains(codes[0]));
}
