//! 认定标准, fact by fact: what experts find of each on which evidence, and what the applicant is told of it.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use tonic::{Code, Status};

use application::LineState;
use application::application_service_client::ApplicationServiceClient;
use review::Finding::{Met, NotMet, Unknown};
use review::review_service_client::ReviewServiceClient;

use crate::world::opinion::opinion;
use crate::world::scenario::{psn_no, row};
use crate::world::{Engine, OFFICER, World, refused, request_id, wrong_fields};

/// 糖尿病: two of `fasting_glucose_7_0`, `two_hour_glucose_11_1` and `hba1c_6_5`, and `glucose_lowering_drug_needed`.
const DIABETES: &str = "M01600";

/// An accepted application for diabetes with its panel; gives its name, the experts there are, and who signs in for
/// which task.
async fn seated(world: &World) -> (String, Vec<(String, String)>, Vec<(String, String)>) {
    let person = world.person(row()).await;
    let name = world.submitted(&person, DIABETES).await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    let tasks = tasks_of(&panel, &experts);
    (name, experts, tasks)
}

/// Who signs in for which task of a panel.
fn tasks_of(panel: &review::Panel, experts: &[(String, String)]) -> Vec<(String, String)> {
    let operator = |member: &review::PanelMember| {
        let found = experts.iter().find(|(expert, _)| *expert == member.expert);
        (found.unwrap().1.clone(), member.review_task.clone())
    };
    panel.members.iter().map(operator).collect()
}

async fn seen(world: &World, (operator, name): &(String, String)) -> review::ReviewTask {
    world.tasks(operator).await.into_iter().find(|task| task.name == *name).unwrap()
}

/// What is found of two hours after a meal and of hba1c; the rest is met.
fn diabetes(
    task: &review::ReviewTask,
    finding: review::Finding,
    (two_hours, hba1c): (review::Finding, review::Finding),
) -> review::LineOpinion {
    opinion(task, &task.lines[0], finding, |fact| match fact {
        "two_hour_glucose_11_1" => two_hours,
        "hba1c_6_5" => hba1c,
        _ => Met,
    })
}

async fn say(
    world: &World,
    (operator, task): &(String, String),
    opinion: review::LineOpinion,
) -> Result<review::ReviewTask, Status> {
    let request = review::SubmitOpinionRequest {
        name: task.clone(),
        opinions: vec![opinion],
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(operator)).submit_opinion(request).await?.into_inner())
}

/// Each member says the same.
async fn all_say(
    world: &World,
    tasks: &[(String, String)],
    finding: review::Finding,
    facts: (review::Finding, review::Finding),
) {
    for task in tasks {
        let mut opinion = diabetes(&seen(world, task).await, finding, facts);
        for leaf in opinion.leaves.iter_mut().filter(|leaf| leaf.finding() != Met) {
            leaf.note = "报告单上没有这一项。".to_owned();
        }
        say(world, task, opinion).await.unwrap();
    }
}

async fn panel(world: &World, name: &str) -> review::Panel {
    let request = review::GetPanelRequest { name: name.to_owned() };
    ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await.unwrap().into_inner()
}

async fn as_applicant(world: &World, name: &str) -> application::Application {
    let request = application::GetApplicationRequest { name: name.to_owned() };
    let mut portal = ApplicationServiceClient::new(world.portal(psn_no(name)));
    portal.get_application(request).await.unwrap().into_inner()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_applicant_reads_what_decided_on_which_paper_and_what_would_change_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (name, _, tasks) = seated(&world).await;
    all_say(&world, &tasks, NotMet, (NotMet, NotMet)).await;
    world.confirm(&name).await.unwrap();

    let told = as_applicant(&world, &name).await;
    assert_eq!(told.lines[0].state(), LineState::Rejected);
    let reasons = &told.lines[0].reasons;
    assert_eq!(reasons.len(), 2, "one a fact that decided it: {reasons:?}");
    for (reason, policy) in reasons.iter().zip(["餐后或糖负荷后2小时", "糖化血红蛋白不低于6.5%"])
    {
        assert_eq!((reason.reason.as_str(), reason.subject.as_str()), ("CRITERION_NOT_MET", DIABETES));
        assert!(reason.text_zh.contains(policy) && reason.text_en.contains(policy), "{reason:?}");
        assert!(reason.text_zh.contains("评审所看材料：二级及以上医院的疾病诊断证明。"), "{reason:?}");
        assert!(reason.text_zh.contains("评审说明：报告单上没有这一项。"), "{reason:?}");
        assert!(reason.help_zh.starts_with("证明该项标准即可改变结果"), "either would be enough: {reason:?}");
        assert!(reason.help_en.starts_with("proof of this criterion alone"), "{reason:?}");
    }
    let text = format!("{reasons:?}");
    assert!(tasks.iter().all(|(operator, task)| !text.contains(operator) && !text.contains(task)), "{text}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_judged_is_not_approved(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (name, experts, tasks) = seated(&world).await;
    let task = seen(&world, &tasks[0]).await;
    for wrong in [Met, NotMet] {
        let refusal = say(&world, &tasks[0], diabetes(&task, wrong, (Unknown, NotMet))).await;
        let told = refused(refusal, Code::FailedPrecondition, "OPINION_CONTRADICTS_CRITERIA");
        assert!(told.contains("结论应为“无法认定”"), "{told}");
    }
    // One of three is enough unknown when the two others are met: nothing hangs on it.
    say(&world, &tasks[0], diabetes(&task, Met, (Met, Unknown))).await.unwrap();
    let task = seen(&world, &tasks[1]).await;
    say(&world, &tasks[1], diabetes(&task, Unknown, (Unknown, NotMet))).await.unwrap();
    let outcome = panel(&world, &name).await.outcomes.remove(0);
    assert!(outcome.third_expert_needed && outcome.facts_unknown.is_empty());
    refused(world.confirm(&name).await, Code::FailedPrecondition, "THIRD_EXPERT_NEEDED");

    let third = tasks_of(&world.assign(&name).await.unwrap(), &experts).remove(2);
    let task = seen(&world, &third).await;
    say(&world, &third, diabetes(&task, Unknown, (Unknown, Unknown))).await.unwrap();
    let outcome = panel(&world, &name).await.outcomes.remove(0);
    assert_eq!(outcome.finding(), Unknown);
    assert_eq!(outcome.facts_unknown, ["two_hour_glucose_11_1", "hba1c_6_5"]);

    let decided = world.confirm(&name).await.unwrap();
    assert_eq!(decided.lines[0].state(), LineState::Rejected);
    let reasons: Vec<_> = decided.lines[0].reasons.iter().map(|reason| reason.reason.as_str()).collect();
    assert_eq!(reasons, ["CRITERION_UNKNOWN", "CRITERION_NOT_MET"], "{:?}", decided.lines[0].reasons);
    assert_eq!(world.replay_all().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_is_named_within_the_task(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (name, _, tasks) = seated(&world).await;
    let (first, second) = (seen(&world, &tasks[0]).await, seen(&world, &tasks[1]).await);
    let titles: Vec<_> = first.materials.iter().map(|material| material.title.clone()).collect();
    assert_eq!(titles, first.material_titles);
    let numbers: Vec<_> =
        first.materials.iter().filter_map(|material| material.name.rsplit('/').next()).collect();
    assert_eq!(numbers, ["4", "5", "7"], "papers that show who it is are left out: {titles:?}");
    assert!(!format!("{first:?}").contains(psn_no(&name)));
    let tree = first.lines[0].criteria.clone().unwrap();
    assert_eq!((tree.at_least, tree.children[0].at_least, tree.children[0].children.len()), (2, 2, 3));

    let with = |spoil: &dyn Fn(&mut review::LineOpinion)| {
        let mut opinion = diabetes(&first, Met, (Met, Met));
        spoil(&mut opinion);
        say(&world, &tasks[0], opinion)
    };
    let identity = format!("{}/materials/1", first.name);
    for material in [identity, second.materials[0].name.clone()] {
        let foreign = with(&|opinion| opinion.leaves[1].materials = vec![material.clone()]).await;
        assert_eq!(wrong_fields(foreign), ["opinions[0].leaves[1].materials"], "{material}");
    }
    let many = with(&|opinion| {
        opinion.leaves[0].materials.clear();
        opinion.leaves[1].fact = "no_such_fact".to_owned();
        opinion.facts_not_met = vec!["hba1c_6_5".to_owned()];
    });
    let fields = [
        "opinions[0].leaves[0].materials",
        "opinions[0].leaves[1].fact",
        "opinions[0].leaves",
        "opinions[0].facts_not_met",
    ];
    assert_eq!(wrong_fields(many.await), fields, "all at once");
    with(&|_| {}).await.unwrap();
    let members = panel(&world, &name).await.members;
    let told = &members[0].opinions[0].leaves[0];
    let materials = as_applicant(&world, &name).await.materials;
    assert_eq!(told.materials, [materials[3].clone()], "the bureau reads which paper it was");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_way_of_an_opinion_goes_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (name, _, tasks) = seated(&world).await;
    let older = |finding: review::Finding, facts: &[&str]| review::LineOpinion {
        opsp_dise_code: DIABETES.to_owned(),
        finding: finding.into(),
        facts_not_met: facts.iter().map(|fact| (*fact).to_owned()).collect(),
        text: String::new(),
        leaves: Vec::new(),
    };
    let unknown = say(&world, &tasks[0], older(Unknown, &["hba1c_6_5"])).await;
    assert_eq!(wrong_fields(unknown), ["opinions[0].leaves"]);
    for task in &tasks {
        say(&world, task, older(NotMet, &["glucose_lowering_drug_needed", "hba1c_6_5"])).await.unwrap();
    }
    let decided = world.confirm(&name).await.unwrap();
    let reasons = &decided.lines[0].reasons;
    assert_eq!(reasons.len(), 1, "two of three are left without hba1c: {reasons:?}");
    assert!(reasons[0].text_zh.contains("需长期使用口服降糖药或胰岛素治疗"), "{reasons:?}");
    assert_eq!(world.replay_all().await, 1);
}
