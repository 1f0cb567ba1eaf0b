//! 一次性告知: what may be asked of an applicant, and when.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1 as material;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::to_date;
use rstest::rstest;
use time::macros::date;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use application::application_service_client::ApplicationServiceClient;
use application::{ApplicationState, LineState};
use material::material_service_client::MaterialServiceClient;
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

/// Proof of a fact of diabetes.
pub fn proof(fact: &str) -> review::SupplementItem {
    review::SupplementItem {
        opsp_dise_code: DIABETES.to_owned(),
        fact: fact.to_owned(),
        ..item(MaterialKind::Unspecified, "")
    }
}

/// Asks for a supplement.
pub async fn ask(
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
    answer(world, name, &materials, false).await.unwrap()
}

/// Answers a request for one.
pub async fn answer(
    world: &World,
    name: &str,
    materials: &[String],
    nothing_to_add: bool,
) -> Result<application::Application, Status> {
    let request = application::SupplementApplicationRequest {
        name: name.to_owned(),
        materials: materials.to_vec(),
        nothing_to_add,
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = ApplicationServiceClient::new(world.portal(psn_no(name)));
    Ok(portal.supplement_application(request).await?.into_inner())
}

/// Every reason of a refusal with what it is about.
pub fn reasons<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<(String, String)> {
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

/// Asks for what the experts could not judge, all of it.
async fn ask_for_unknown(world: &World, name: &str) -> Result<application::Application, Status> {
    let found = panel(world, name).await;
    let wanted: Vec<_> = found.outcomes[0].facts_unknown.iter().map(|fact| proof(fact)).collect();
    ask(world, name, &wanted).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_nothing_to_add_is_decided_on_what_was_found(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, DIABETES).await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    world.assign(&name).await.unwrap();
    all_say(&world, &name, &experts, Unknown).await;
    let found = panel(&world, &name).await;
    world.wait_until(date!(2025 - 03 - 05));
    let asked = ask_for_unknown(&world, &name).await.unwrap();
    assert!(asked.supplement_wanted.iter().all(|wanted| wanted.help_en.contains("nothing_to_add")));
    world.wait_until(date!(2025 - 03 - 12));
    assert_eq!(wrong_fields(answer(&world, &name, &[], false).await), ["materials"]);
    assert_eq!(wrong_fields(answer(&world, &name, &asked.materials, true).await), ["nothing_to_add"]);
    let back = answer(&world, &name, &[], true).await.unwrap();
    assert_eq!((back.state(), &back.materials), (ApplicationState::Accepted, &asked.materials));
    let due = back.deadline.unwrap().due_date.as_ref().and_then(to_date);
    assert_eq!(due, Some(date!(2025 - 04 - 08)), "the clock runs on after five working days");
    assert_eq!(panel(&world, &name).await, found, "what was found stands");

    let again = reasons(ask_for_unknown(&world, &name).await);
    assert_eq!(again, pairs(&[("NOTHING_TO_ADD", "items[0]"), ("NOTHING_TO_ADD", "items[1]")]));
    let other = ask(&world, &name, &[item(MaterialKind::ExamReport, REPORT)]).await;
    assert_eq!(reasons(other), pairs(&[("ASKED_TOO_LATE", "items[0]")]));
    let decided = world.confirm(&name).await.unwrap();
    assert_eq!(decided.lines[0].state(), LineState::Rejected);
    assert!(decided.lines[0].reasons.iter().all(|reason| reason.reason == "CRITERION_UNKNOWN"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_that_nobody_has_judged_is_judged_though_nothing_is_added(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, DIABETES).await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    world.assign(&name).await.unwrap();
    all_say(&world, &name, &experts, Unknown).await;
    let asked = ask_for_unknown(&world, &name).await.unwrap();
    let facts: Vec<_> = panel(&world, &name).await.members[0].earlier_opinions[0]
        .leaves
        .iter()
        .filter(|leaf| leaf.finding() == Unknown)
        .map(|leaf| proof(&leaf.fact))
        .collect();
    assert_eq!(facts.len(), asked.supplement_wanted.len());
    supplement(&world, &name, &[(MaterialKind::ExamReport, REPORT)]).await;
    ask(&world, &name, &facts).await.unwrap();
    answer(&world, &name, &[], true).await.unwrap();
    refused(world.confirm(&name).await, Code::FailedPrecondition, "OPINIONS_MISSING");
    all_say(&world, &name, &experts, Met).await;
    assert_eq!(world.confirm(&name).await.unwrap().lines[0].state(), LineState::Approved);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_of_the_checklist_has_to_come(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let name = world.submitted(&world.person(row()).await, DIABETES).await;
    let asked =
        ask(&world, &name, &[item(MaterialKind::ExamReport, REPORT), proof("hba1c_6_5")]).await.unwrap();
    assert!(asked.supplement_wanted.iter().all(|wanted| !wanted.help_en.contains("nothing_to_add")));
    let told = refused(answer(&world, &name, &[], true).await, Code::FailedPrecondition, "MATERIAL_NEEDED");
    assert!(told.contains(REPORT), "{told}");
    supplement(&world, &name, &[(MaterialKind::ExamReport, REPORT)]).await;
    // Proof of a criterion that was asked for before anybody has judged need not come: then it goes on as it is.
    ask(&world, &name, &[proof("hba1c_6_5")]).await.unwrap();
    let back = answer(&world, &name, &[], true).await.unwrap();
    assert_eq!(back.state(), ApplicationState::Submitted);
    refused(ask(&world, &name, &[proof("hba1c_6_5")]).await, Code::FailedPrecondition, "NOTHING_TO_ADD");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_there_already_adds_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (person, other) = (world.person(row()).await, world.person(row()).await);
    let (name, others) = (world.submitted(&person, DIABETES).await, world.submitted(&other, DIABETES).await);
    let report = [item(MaterialKind::ExamReport, REPORT)];
    let asked = ask(&world, &name, &report).await.unwrap();
    let add = async |psn_no: &str, title: &str, content: &[u8]| {
        let header = world.header(psn_no, MaterialKind::ExamReport, title);
        world.upload(psn_no, header, content).await.unwrap().name
    };
    let (first, second) = (files::pdf("first"), files::pdf("second"));
    let new = add(&person, REPORT, &first).await;
    let twice = add(&person, "复查报告", &first).await;
    let wrong = answer(&world, &name, &[asked.materials[0].clone(), new.clone(), twice.clone()], false).await;
    assert_eq!(wrong_fields(wrong), ["materials[2]"]);
    answer(&world, &name, &[new], false).await.unwrap();
    ask(&world, &name, &report).await.unwrap();
    let same = answer(&world, &name, std::slice::from_ref(&twice), false).await;
    let told = same.as_ref().unwrap_err().get_details_bad_request().unwrap().field_violations.remove(0);
    assert!(told.description.contains(REPORT), "which one it is: {}", told.description);
    assert_eq!(wrong_fields(same), ["materials[0]"]);

    // What was handed in for somebody else is found too, as at submission.
    ask(&world, &others, &report).await.unwrap();
    for (psn_no, name) in [(&person, &name), (&other, &others)] {
        let paper = add(psn_no, "新报告", &second).await;
        answer(&world, name, &[paper], false).await.unwrap();
        let request =
            material::ListMaterialsRequest { parent: format!("insured/{psn_no}"), ..Default::default() };
        let mut bureau = MaterialServiceClient::new(world.bureau(OFFICER));
        let told = bureau.list_materials(request).await.unwrap().into_inner().materials;
        let seen = |paper: &&material::Material| {
            paper.checks.iter().any(|check| check.reason == "MATERIAL_SEEN_ELSEWHERE")
        };
        let seen: Vec<_> = told.iter().filter(seen).map(|paper| paper.title.as_str()).collect();
        assert_eq!(seen, if *psn_no == other { &["新报告"][..] } else { &[] });
    }
}
