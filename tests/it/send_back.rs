//! 退回专家复评: the officer sends back what could be confirmed, with a reason, and not for ever.

use opsp::proto::opsp::application::v1::LineState;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::review::v1 as review;
use opsp::rpc::parse::date_message;
use rstest::rstest;
use time::macros::date;
use tonic::{Code, Status};

use review::Finding::Met;
use review::review_service_client::ReviewServiceClient;

use crate::once::{ask, proof};
use crate::world::opinion::opinions;
use crate::world::redaction::redactions;
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, OTHER_OFFICER, World, refused, request_id, wrong_fields};

const TWO: [&str; 2] = ["M01600", "M03900"];
const REASON: &str = "请再看材料4中的糖化血红蛋白数值。";

async fn send_back(
    world: &World,
    name: &str,
    (tasks, codes): (&[String], &[&str]),
    reason: &str,
) -> Result<review::Panel, Status> {
    let request = review::SendBackRequest {
        name: name.to_owned(),
        review_tasks: tasks.to_vec(),
        opsp_dise_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        reason: reason.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(OTHER_OFFICER)).send_back(request).await?.into_inner())
}

async fn seen(world: &World, operator: &str, name: &str) -> review::ReviewTask {
    world.tasks(operator).await.into_iter().find(|task| task.name == name).unwrap()
}

/// Says of each line that waits for it whether it is met.
async fn say(world: &World, (operator, name): &(String, String), met: &[&str]) {
    let task = seen(world, operator, name).await;
    let waits = |code: &str| {
        let line = task.lines.iter().find(|line| line.opsp_dise_code == code);
        line.is_some_and(|line| line.finding() == review::Finding::Unspecified)
    };
    let all = opinions(&task, met);
    let request = review::SubmitOpinionRequest {
        name: name.clone(),
        opinions: all.into_iter().filter(|opinion| waits(&opinion.opsp_dise_code)).collect(),
        request_id: request_id(),
        validate_only: false,
    };
    ReviewServiceClient::new(world.bureau(operator)).submit_opinion(request).await.unwrap();
}

/// An application for two diseases with its panel; gives its name, and who signs in for which task.
async fn seated(world: &World) -> (String, Vec<(String, String)>) {
    let person = world.person(row()).await;
    let materials = world.upload_checklists(&person, &TWO).await;
    let mut form = world.form(TWO[0], materials.clone());
    form.lines.extend(world.form(TWO[1], materials).lines);
    let name = world.draft(&person, form).await.unwrap();
    world.submit(&name).await.unwrap();
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    let operator = |member: &review::PanelMember| {
        let found = experts.iter().find(|(expert, _)| *expert == member.expert);
        (found.unwrap().1.clone(), member.review_task.clone())
    };
    (name, panel.members.iter().map(operator).collect())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn named_experts_judge_named_lines_anew_with_the_reason(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (name, tasks) = seated(&world).await;
    let all: Vec<_> = tasks.iter().map(|(_, task)| task.clone()).collect();
    let early = send_back(&world, &name, (&all, &TWO), REASON).await;
    refused(early, Code::FailedPrecondition, "OPINIONS_MISSING");
    for task in &tasks {
        say(&world, task, &TWO).await;
    }
    let wrong = [format!("reviewTasks/{}", request_id())];
    let telling = "请联系欧阳测试核实材料。";
    let faults = wrong_fields(send_back(&world, &name, (&wrong, &["M01600", "X1"]), telling).await);
    assert_eq!(faults, ["review_tasks[0]", "opsp_dise_codes[1]", "reason"], "all at once");

    let panel = send_back(&world, &name, (&all, &TWO[..1]), REASON).await.unwrap();
    for member in &panel.members {
        assert!(!member.answered && member.earlier_opinions.len() == 2, "what was said is kept");
        assert_eq!((member.sent_back.len(), member.sent_back[0].reason.as_str()), (1, REASON));
        assert_eq!(member.sent_back[0].opsp_dise_codes, TWO[..1]);
    }
    refused(world.confirm(&name).await, Code::FailedPrecondition, "OPINIONS_MISSING");
    let again = send_back(&world, &name, (&all, &TWO), REASON).await;
    refused(again, Code::FailedPrecondition, "OPINIONS_MISSING");
    let task = seen(&world, &tasks[0].0, &tasks[0].1).await;
    assert_eq!((task.round, task.sent_back_reason.as_str()), (2, REASON));
    let findings: Vec<_> = task.lines.iter().map(review::ReviewLine::finding).collect();
    assert_eq!(findings, [review::Finding::Unspecified, Met], "the other line stands");
    // Opinions were given: nothing is asked of the applicant meanwhile.
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
    let asked = ReviewServiceClient::new(world.bureau(OFFICER)).request_supplement(ask).await;
    refused(asked, Code::FailedPrecondition, "OPINIONS_GIVEN");

    for task in &tasks {
        say(&world, task, &[]).await;
    }
    let decided = world.confirm(&name).await.unwrap();
    let states: Vec<_> = decided.lines.iter().map(|line| line.state()).collect();
    assert_eq!(states, [LineState::Rejected, LineState::Approved]);
    assert_eq!(world.replay_all().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_sent_back_twice_at_most(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (name, tasks) = seated(&world).await;
    for task in &tasks {
        say(&world, task, &TWO).await;
    }
    // One expert each time: it counts for the application.
    for (operator, task) in &tasks {
        send_back(&world, &name, (std::slice::from_ref(task), &TWO[..1]), REASON).await.unwrap();
        world.wait_days(1);
        say(&world, &(operator.clone(), task.clone()), &TWO).await;
        world.wait_days(1);
    }
    let often = send_back(&world, &name, (std::slice::from_ref(&tasks[0].1), &TWO), REASON).await;
    refused(often, Code::FailedPrecondition, "SENT_BACK_TOO_OFTEN");
    let decided = world.confirm(&name).await.unwrap();
    assert!(decided.lines.iter().all(|line| line.state() == LineState::Approved));
    let late = send_back(&world, &name, (std::slice::from_ref(&tasks[0].1), &TWO), REASON).await;
    refused(late, Code::FailedPrecondition, "APPLICATION_STATE");
    assert_eq!(world.replay_all().await, 1);
}

async fn reassign(world: &World, name: &str, task: &str) -> Result<review::Panel, Status> {
    let request = review::ReassignTaskRequest {
        name: name.to_owned(),
        review_task: task.to_owned(),
        reason: "久未评审".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).reassign_task(request).await?.into_inner())
}

/// Whoever sits on the panel by now and has not answered, and the member's task.
async fn waiting(world: &World, panel: &review::Panel) -> Vec<(String, String)> {
    let registry = crate::experts::registry(world).await;
    let members = panel.members.iter().filter(|member| !member.answered);
    let operator = |member: &review::PanelMember| {
        let found = registry.iter().find(|expert| expert.name == member.expert);
        (found.unwrap().operator.clone(), member.review_task.clone())
    };
    members.map(operator).collect()
}

/// Sending back is no way to another expert: who was sent back stays as long as there is time, and what was sent back to
/// somebody who left since counts as before.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_sent_back_is_not_replaced_while_there_is_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (name, tasks) = seated(&world).await;
    for task in &tasks {
        say(&world, task, &TWO).await;
    }
    let all: Vec<_> = tasks.iter().map(|(_, task)| task.clone()).collect();
    send_back(&world, &name, (&all, &TWO[..1]), REASON).await.unwrap();
    let told = refused(reassign(&world, &name, &all[0]).await, Code::FailedPrecondition, "TASK_REOPENED");
    assert!(told.contains("评审时限"), "{told}");
    world.wait_until(date!(2025 - 03 - 17));
    let due = seen(&world, &tasks[0].0, &all[0]).await.opinion_due_date;
    assert_eq!(due, Some(date_message(date!(2025 - 03 - 17))));
    refused(reassign(&world, &name, &all[0]).await, Code::FailedPrecondition, "TASK_REOPENED");
    world.wait_until(date!(2025 - 03 - 18));
    reassign(&world, &name, &all[0]).await.unwrap();
    world.job("replace-overdue-experts").await;
    let get = review::GetPanelRequest { name: name.clone() };
    let panel = ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(get).await.unwrap().into_inner();
    assert_eq!((panel.members.len(), panel.former_members.len()), (2, 2));
    // What those who left had said is not forgotten.
    let asked = ask(&world, &name, &[proof("hba1c_6_5")]).await;
    refused(asked, Code::FailedPrecondition, "OPINIONS_GIVEN");
    let found = redactions(&world, &name).await.redactions;
    assert!(found.iter().any(|found| found.cited), "an opinion of somebody who left cites it");
    let others = waiting(&world, &panel).await;
    for task in &others {
        say(&world, task, &TWO).await;
    }
    send_back(&world, &name, (std::slice::from_ref(&others[0].1), &TWO), REASON).await.unwrap();
    world.wait_days(1);
    say(&world, &others[0], &TWO).await;
    let often = send_back(&world, &name, (std::slice::from_ref(&others[0].1), &TWO), REASON).await;
    refused(often, Code::FailedPrecondition, "SENT_BACK_TOO_OFTEN");
    world.confirm(&name).await.unwrap();
    assert_eq!(world.replay_all().await, 1);
}
