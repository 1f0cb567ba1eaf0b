//! 一次性告知: what may be asked of an applicant, and when.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use application::application_service_client::ApplicationServiceClient;
use application::{ApplicationState, LineState};
use review::Finding::{Met, Unknown};
use review::review_service_client::ReviewServiceClient;

use crate::world::opinion::opinion;
use crate::world::scenario::{psn_no, row};
use crate::world::{Engine, OFFICER, World, files, refused, request_id, wrong_fields};

const DIABETES: &str = "M01600";
const REPORT: &str = "血糖及糖化血红蛋白检查报告";

fn item(kind: MaterialKind, title: &str) -> review::SupplementItem {
    review::SupplementItem {
        opsp_dise_code: String::new(),
        text: "请重新提交清晰的扫描件。".to_owned(),
        kind: kind.into(),
        title: title.to_owned(),
        fact: String::new(),
    }
}

fn proof(fact: &str) -> review::SupplementItem {
    review::SupplementItem {
        opsp_dise_code: DIABETES.to_owned(),
        fact: fact.to_owned(),
        ..item(MaterialKind::Unspecified, "")
    }
}

async fn ask(
    world: &World,
    name: &str,
    items: &[review::SupplementItem],
) -> Result<application::Application, Status> {
    let request = review::RequestSupplementRequest {
        name: name.to_owned(),
        items: items.to_vec(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).request_supplement(request).await?.into_inner())
}

/// Brings a paper of each of these kinds.
async fn supplement(world: &World, name: &str, papers: &[(MaterialKind, &str)]) -> application::Application {
    let person = psn_no(name);
    let mut materials = Vec::new();
    for (index, (kind, title)) in papers.iter().enumerate() {
        let content = files::pdf(&format!("{name} {title} {index} {}", request_id()));
        let made = world.upload(person, world.header(person, *kind, title), &content).await.unwrap();
        materials.push(made.name);
    }
    let request = application::SupplementApplicationRequest {
        name: name.to_owned(),
        materials,
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(person));
    portal.supplement_application(request).await.unwrap().into_inner()
}

/// Every reason of a refusal with what it is about.
fn reasons<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<(String, String)> {
    let status = answer.expect_err("a refusal was expected");
    assert_eq!(status.code(), Code::FailedPrecondition, "{}", status.message());
    let failure = status.get_details_precondition_failure().expect("a PreconditionFailure detail");
    failure.violations.into_iter().map(|violation| (violation.r#type, violation.subject)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(reason, subject)| ((*reason).to_owned(), (*subject).to_owned())).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_catalogue_names_is_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, DIABETES).await;
    let mut items = vec![item(MaterialKind::ExamReport, REPORT)];
    // As many as may be asked for at once: the answer has room for all of them.
    while items.len() < 20 {
        items.push(match items.len() % 4 {
            0 => item(MaterialKind::Unspecified, ""),
            1 => item(MaterialKind::ResidenceProof, "居住证"),
            2 => item(MaterialKind::ExamReport, "无犯罪记录证明"),
            _ => proof("no_such_fact"),
        });
    }
    let expected: Vec<_> = (1..20).map(|index| format!("items[{index}]")).collect();
    let expected: Vec<_> = expected.iter().map(|item| ("NOT_IN_CHECKLIST", item.as_str())).collect();
    assert_eq!(reasons(ask(&world, &name, &items).await), pairs(&expected));
    let both = review::SupplementItem { kind: MaterialKind::ExamReport.into(), ..proof("hba1c_6_5") };
    assert_eq!(wrong_fields(ask(&world, &name, &[both]).await), ["items[0].fact"]);

    let waiting = ask(&world, &name, &[items[0].clone(), proof("hba1c_6_5")]).await.unwrap();
    assert_eq!(waiting.state(), ApplicationState::AwaitingSupplement);
    let told: Vec<_> = waiting.supplement_wanted.iter().map(|wanted| wanted.text_zh.as_str()).collect();
    assert_eq!(
        told,
        [
            "请补正材料“血糖及糖化血红蛋白检查报告”：请重新提交清晰的扫描件。",
            "请补充能证明“糖化血红蛋白不低于6.5%”的材料：请重新提交清晰的扫描件。",
        ]
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_have_been_asked_for_the_first_time_is_too_late(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, DIABETES).await;
    let (report, certificate, record) = (
        item(MaterialKind::ExamReport, ""),
        item(MaterialKind::DiagnosisCertificate, ""),
        item(MaterialKind::MedicalRecord, ""),
    );
    ask(&world, &name, std::slice::from_ref(&report)).await.unwrap();
    supplement(&world, &name, &[(MaterialKind::DiagnosisCertificate, "新的诊断证明")]).await;
    // Accepting it in between does not begin anew.
    world.accept(&name).await.unwrap();
    let late = ask(&world, &name, &[report.clone(), record.clone(), certificate.clone()]).await;
    assert_eq!(reasons(late), pairs(&[("ASKED_TOO_LATE", "items[1]")]));
    // The report did not come, the certificate is new.
    ask(&world, &name, &[report.clone(), certificate.clone()]).await.unwrap();
    let back = supplement(&world, &name, &[(MaterialKind::ExamReport, REPORT)]).await;
    assert_eq!(back.state(), ApplicationState::Accepted);
    let late = ask(&world, &name, &[record, proof("hba1c_6_5"), report]).await;
    assert_eq!(reasons(late), pairs(&[("ASKED_TOO_LATE", "items[0]"), ("ASKED_TOO_LATE", "items[1]")]));
}

/// Each member finds of hba1c and of two hours after a meal what is given, on the task's last material.
async fn all_say(world: &World, name: &str, experts: &[(String, String)], of: review::Finding) {
    for member in panel(world, name).await.members {
        let (_, operator) = experts.iter().find(|(expert, _)| *expert == member.expert).unwrap();
        let tasks = world.tasks(operator).await;
        let task = tasks.into_iter().find(|task| task.name == member.review_task).unwrap();
        let mut said = opinion(&task, &task.lines[0], of, |fact| match fact {
            "two_hour_glucose_11_1" | "hba1c_6_5" => of,
            _ => Met,
        });
        for leaf in &mut said.leaves {
            leaf.materials = vec![task.materials.last().unwrap().name.clone()];
        }
        let request = review::SubmitOpinionRequest {
            name: task.name,
            opinions: vec![said],
            request_id: request_id(),
            validate_only: false,
        };
        ReviewServiceClient::new(world.bureau(operator)).submit_opinion(request).await.unwrap();
    }
}

async fn panel(world: &World, name: &str) -> review::Panel {
    let request = review::GetPanelRequest { name: name.to_owned() };
    ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await.unwrap().into_inner()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_could_judge_is_asked_for_and_judged_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, DIABETES).await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    world.assign(&name).await.unwrap();
    all_say(&world, &name, &experts, Unknown).await;
    let found = panel(&world, &name).await;
    let facts = &found.outcomes[0].facts_unknown;
    assert_eq!((found.outcomes[0].finding(), facts.len()), (Unknown, 2));

    let others = [item(MaterialKind::ExamReport, REPORT), proof("fasting_glucose_7_0"), proof(&facts[0])];
    let late = [("ASKED_TOO_LATE", "items[0]"), ("ASKED_TOO_LATE", "items[1]"), ("ASK_ALL_AT_ONCE", "items")];
    assert_eq!(reasons(ask(&world, &name, &others).await), pairs(&late));
    let wanted: Vec<_> = facts.iter().map(|fact| proof(fact)).collect();
    ask(&world, &name, &wanted).await.unwrap();

    let waiting = panel(&world, &name).await;
    assert!(waiting.members.iter().all(|member| !member.answered && member.earlier_opinions.len() == 1));
    let (_, operator) = experts.iter().find(|(expert, _)| *expert == waiting.members[0].expert).unwrap();
    let task = world.tasks(operator).await.remove(0);
    assert_eq!((task.round, task.opinion_time), (2, None));
    let early = world.opinion(operator, &task.name, true).await;
    refused(early, Code::FailedPrecondition, "APPLICATION_NOT_UNDER_REVIEW");

    supplement(&world, &name, &[(MaterialKind::ExamReport, REPORT)]).await;
    refused(world.confirm(&name).await, Code::FailedPrecondition, "OPINIONS_MISSING");
    all_say(&world, &name, &experts, Met).await;
    let judged = panel(&world, &name).await;
    assert_eq!(judged.outcomes[0].finding(), Met);
    let decided = world.confirm(&name).await.unwrap();
    assert_eq!(decided.lines[0].state(), LineState::Approved);
    for member in judged.members {
        assert_eq!(member.earlier_opinions[0].finding(), Unknown, "what was found before is kept");
        let cited = &member.opinions[0].leaves[0].materials;
        assert_eq!(cited.last(), decided.materials.last(), "on the paper that came in");
    }
}
