//! 专家评审: who may be drawn, what an expert sees, what the bureau reads of it, and what cannot be done any more.

use std::collections::BTreeSet;

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::insured::v1::import_insured_response::Outcome;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use tonic::{Code, Status};

use application::ApplicationState;
use application::application_service_client::ApplicationServiceClient;
use review::review_service_client::ReviewServiceClient;

use crate::world::opinion::opinions;
use crate::world::scenario::{EXPERT_HOSPITALS, HOSPITAL, psn_no, row};
use crate::world::{Engine, OFFICER, OTHER_OFFICER, World, files, reason, refused, request_id};

/// Diabetes and high blood pressure: two of the sample that one may apply for together.
const TWO: [&str; 2] = ["M01600", "M03900"];

/// Who signs in for a member of a panel.
fn operator<'a>(experts: &'a [(String, String)], member: &review::PanelMember) -> &'a str {
    let found = experts.iter().find(|(expert, _)| *expert == member.expert);
    &found.expect("a known expert").1
}

/// A member's own task, as its expert sees it.
async fn task_of(world: &World, operator: &str, member: &review::PanelMember) -> review::ReviewTask {
    let tasks = world.tasks(operator).await;
    tasks.into_iter().find(|task| task.name == member.review_task).expect("the member's task")
}

/// The facts of some leaves, in order.
fn facts(leaves: &[review::LeafFinding]) -> Vec<String> {
    leaves.iter().map(|leaf| leaf.fact.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Sends opinions on a task.
async fn say(
    world: &World,
    operator: &str,
    task: &str,
    opinions: Vec<review::LineOpinion>,
) -> Result<review::ReviewTask, Status> {
    let request = review::SubmitOpinionRequest {
        name: task.to_owned(),
        opinions,
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(operator)).submit_opinion(request).await?.into_inner())
}

/// An accepted application for one disease with its first panel, and the experts there are.
async fn seated(world: &World, psn_no: &str) -> (String, Vec<(String, String)>, review::Panel) {
    let name = world.submitted(psn_no, "M01600").await;
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();
    (name, experts, panel)
}

async fn get_panel(world: &World, name: &str) -> Result<review::Panel, Status> {
    let request = review::GetPanelRequest { name: name.to_owned() };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await?.into_inner())
}

async fn ask(world: &World, name: &str) -> Result<application::Application, Status> {
    let request = review::RequestSupplementRequest {
        name: name.to_owned(),
        items: vec![review::SupplementItem {
            opsp_dise_code: "M01600".to_owned(),
            text: "请补充检验报告。".to_owned(),
            kind: MaterialKind::ExamReport.into(),
            ..Default::default()
        }],
        request_id: request_id(),
        validate_only: false,
    };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).request_supplement(request).await?.into_inner())
}

/// A new expert of an area; gives its name.
async fn expert(
    world: &World,
    area: &str,
    (name, operator): (&str, &str),
    (hospital, doctor): (&str, &str),
) -> Result<String, Status> {
    let request = review::CreateExpertRequest {
        parent: format!("areas/{area}"),
        expert_name: name.to_owned(),
        operator: operator.to_owned(),
        fixmedins_code: hospital.to_owned(),
        specialties: Vec::new(),
        diag_dr_codg: doctor.to_owned(),
        request_id: request_id(),
        validate_only: false,
        ..Default::default()
    };
    Ok(ReviewServiceClient::new(world.bureau(OFFICER)).create_expert(request).await?.into_inner().name)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_line_may_be_approved_and_the_other_rejected(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let materials = world.upload_checklists(&person, &TWO).await;
    let mut form = world.form(TWO[0], materials.clone());
    form.lines.extend(world.form(TWO[1], materials).lines);
    let name = world.draft(&person, form).await.unwrap();
    world.submit(&name).await.unwrap();
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    assert_eq!(get_panel(&world, &name).await.unwrap_err().code(), Code::NotFound);
    let panel = world.assign(&name).await.unwrap();
    assert!(panel.sample && panel.members.iter().all(|member| member.opinions.is_empty()));

    for member in &panel.members {
        let operator = operator(&experts, member);
        let task = task_of(&world, operator, member).await;
        assert!(task.sample);
        let done = say(&world, operator, &task.name, opinions(&task, &TWO[..1])).await.unwrap();
        assert!(done.opinion_time.is_some());
        let again = say(&world, operator, &task.name, opinions(&task, &TWO)).await;
        refused(again, Code::FailedPrecondition, "OPINION_GIVEN");
    }
    for member in get_panel(&world, &name).await.unwrap().members {
        let task = task_of(&world, operator(&experts, &member), &member).await;
        let mut written = opinions(&task, &TWO[..1]);
        for opinion in &mut written {
            let evidence = format!("insured/{person}/materials/");
            let told = member.opinions.iter().find(|told| told.opsp_dise_code == opinion.opsp_dise_code);
            for (leaf, told) in opinion.leaves.iter_mut().zip(&told.unwrap().leaves) {
                assert!(told.materials.len() == 1 && told.materials[0].starts_with(&evidence));
                leaf.materials.clone_from(&told.materials);
            }
        }
        written[1].facts_not_met = facts(&member.opinions[1].leaves);
        assert!(!written[1].facts_not_met.is_empty());
        assert_eq!(member.opinions, written, "the bureau reads what was written, under the names it knows");
    }
    let decided = world.confirm(&name).await.unwrap();
    let fates: Vec<_> = decided.lines.iter().map(|line| (line.state(), line.reasons.is_empty())).collect();
    assert_eq!(fates, [(application::LineState::Approved, true), (application::LineState::Rejected, false)]);
    assert_eq!(world.replay_all().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_in_conflict_is_drawn(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let clean = EXPERT_HOSPITALS[0];
    for officer in [OFFICER, OTHER_OFFICER] {
        let both = expert(&world, "620900", ("专家", officer), (clean, "")).await;
        refused(both, Code::FailedPrecondition, "EXPERT_IS_OFFICER");
    }
    let mut expected = BTreeSet::new();
    for (who, operator, hospital, doctor, conflicts) in [
        ("甲", "same.hospital", HOSPITAL, "", &["CONFLICT_ISSUER", "CONFLICT_SAME_INSTITUTION"][..]),
        ("乙", "same.doctor", clean, "D1", &["CONFLICT_DIAGNOSING_DOCTOR"]),
        ("李医生", "doctors.name", clean, "", &["CONFLICT_SAME_NAME"]),
        ("欧阳 测试", "applicants.name", clean, "", &["CONFLICT_SAME_NAME"]),
        ("丙", "twice", clean, "", &["CONFLICT_OTHER_REGISTRATION"]),
    ] {
        let name = expert(&world, "620900", (who, operator), (hospital, doctor)).await.unwrap();
        expected.extend(conflicts.iter().map(|conflict| (name.clone(), (*conflict).to_owned())));
    }
    // 丙 is registered in 敦煌 too, with the hospital that identified the disease.
    expert(&world, "620982", ("丙", "twice"), (HOSPITAL, "")).await.unwrap();
    let twice = expert(&world, "620900", ("丙", "twice"), (clean, "")).await;
    refused(twice, Code::FailedPrecondition, "EXPERT_OPERATOR_TAKEN");

    let person = world.person(row()).await;
    let name = world.submitted(&person, "M01600").await;
    world.accept(&name).await.unwrap();
    refused(world.confirm(&name).await, Code::FailedPrecondition, "PANEL_MISSING");
    refused(world.assign(&name).await, Code::FailedPrecondition, "NOT_ENOUGH_EXPERTS");
    let experts = world.experts().await;
    let panel = world.assign(&name).await.unwrap();
    assert_eq!(panel.members.len(), 2);
    assert!(panel.members.iter().all(|member| experts.iter().any(|(expert, _)| *expert == member.expert)));
    let told: BTreeSet<_> =
        panel.excluded.iter().map(|reason| (reason.subject.clone(), reason.reason.clone())).collect();
    assert_eq!(told, expected);
    assert_eq!(panel.excluded.len(), expected.len(), "one row a reason");
    refused(world.assign(&name).await, Code::FailedPrecondition, "THIRD_NOT_NEEDED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_its_experts_alone_and_names_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let row = row();
    let person = world.person(row.clone()).await;
    let mut materials = world.upload_checklist(&person, "M01600").await;
    let title = format!("{} {} {} 的血糖单", row.psn_name, row.certno, row.tel);
    let telling = world.header(&person, MaterialKind::ExamReport, &title);
    materials.push(world.upload(&person, telling, &files::pdf("telling")).await.unwrap().name);
    let name = world.draft(&person, world.form("M01600", materials)).await.unwrap();
    world.submit(&name).await.unwrap();
    let experts = world.experts().await;
    world.accept(&name).await.unwrap();
    let panel = world.assign(&name).await.unwrap();

    let (first, second) = (&panel.members[0], &panel.members[1]);
    let task = task_of(&world, operator(&experts, first), first).await;
    let foreign = say(&world, operator(&experts, second), &task.name, opinions(&task, &TWO)).await;
    let foreign = foreign.unwrap_err();
    let nowhere = format!("reviewTasks/{}", request_id());
    let none = say(&world, operator(&experts, second), &nowhere, opinions(&task, &TWO)).await.unwrap_err();
    assert_eq!((foreign.code(), reason(&foreign)), (none.code(), reason(&none)));
    assert_eq!(foreign.code(), Code::NotFound);
    let done = say(&world, operator(&experts, first), &task.name, opinions(&task, &TWO)).await.unwrap();

    let seen = world.tasks(operator(&experts, second)).await;
    assert!(seen[0].material_titles.iter().any(|title| title == "检查检验报告"), "{seen:?}");
    assert!(seen[0].material_titles.iter().any(|title| title == "诊断证明：二级及以上医院的疾病诊断证明"));
    assert!(format!("{done:?}").contains(&task.name), "the text is not redacted");
    for text in [format!("{done:?}"), format!("{seen:?}"), format!("{foreign:?}")] {
        for word in [&row.psn_no, &row.psn_name, &row.certno, &row.tel] {
            assert!(!text.contains(word.as_str()), "{word} in {text}");
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_ends_the_experts_tasks(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let (name, experts, panel) = seated(&world, &person).await;
    let member = &panel.members[0];
    let task = task_of(&world, operator(&experts, member), member).await;
    let request =
        application::WithdrawApplicationRequest { name, request_id: request_id(), validate_only: false };
    ApplicationServiceClient::new(world.portal(&person)).withdraw_application(request).await.unwrap();
    for member in &panel.members {
        assert!(world.tasks(operator(&experts, member)).await.is_empty());
    }
    let late = say(&world, operator(&experts, member), &task.name, opinions(&task, &TWO)).await;
    refused(late, Code::FailedPrecondition, "APPLICATION_NOT_UNDER_REVIEW");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_away_is_still_judged_where_the_application_was_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let mut row = row();
    let person = world.person(row.clone()).await;
    let (name, experts, panel) = seated(&world, &person).await;
    row.insu_admdvs = "620702".to_owned();
    assert_eq!(world.import(vec![row]).await[0].outcome(), Outcome::Updated);
    assert_eq!(get_panel(&world, &name).await.unwrap_err().code(), Code::NotFound);
    for member in &panel.members {
        let operator = operator(&experts, member);
        let task = task_of(&world, operator, member).await;
        say(&world, operator, &task.name, opinions(&task, &TWO)).await.unwrap();
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_supplement_is_asked_for_after_an_opinion(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let (name, experts, panel) = seated(&world, &person).await;
    let member = &panel.members[0];
    let task = task_of(&world, operator(&experts, member), member).await;
    say(&world, operator(&experts, member), &task.name, opinions(&task, &TWO)).await.unwrap();
    refused(ask(&world, &name).await, Code::FailedPrecondition, "OPINIONS_GIVEN");
    let member = &panel.members[1];
    let task = task_of(&world, operator(&experts, member), member).await;
    say(&world, operator(&experts, member), &task.name, opinions(&task, &TWO)).await.unwrap();
    assert_eq!(world.confirm(&name).await.unwrap().state(), ApplicationState::Decided);
    assert_eq!(world.replay_all().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_listed_by_its_day_and_can_be_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let mut names = Vec::new();
    // The first one will wait for its applicant; it was submitted first.
    for _ in 0..3 {
        let person = world.person(row()).await;
        names.push(world.submitted(&person, "M01600").await);
        world.wait_days(1);
    }
    ask(&world, &names[0]).await.unwrap();
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let parent = "areas/620900".to_owned();
        let request = review::ListDeadlinesRequest {
            parent,
            page_size: 1,
            page_token,
            kind: review::DeadlineKind::Review.into(),
            ..Default::default()
        };
        let page = ReviewServiceClient::new(world.bureau(OFFICER)).list_deadlines(request).await.unwrap();
        let page = page.into_inner();
        assert!(page.entries.len() <= 1);
        listed.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let order: Vec<_> = listed.iter().map(|entry| entry.application.clone()).collect();
    assert_eq!(order, [names[1].clone(), names[2].clone(), names[0].clone()]);
    let due = |entry: &review::DeadlineEntry| entry.deadline.clone().and_then(|deadline| deadline.due_date);
    assert!(due(&listed[0]).is_some() && due(&listed[2]).is_none());

    let ended = world.refuse(&names[0]).await.unwrap();
    assert_eq!(ended.state(), ApplicationState::Refused);
    world.accept(&names[1]).await.unwrap();
    refused(world.refuse(&names[1]).await, Code::FailedPrecondition, "APPLICATION_STATE");
    ask(&world, &names[1]).await.unwrap();
    refused(world.refuse(&names[1]).await, Code::FailedPrecondition, "APPLICATION_STATE");
    // Who was refused may apply again.
    let person = psn_no(&names[0]);
    assert_eq!(psn_no(&world.submitted(person, "M01600").await), person);
    assert_eq!(world.replay_all().await, 1, "the refusal");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_is_read_in_pages(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    let (_, experts, panel) = seated(&world, &person).await;
    let mut pages: Vec<Vec<review::Expert>> = Vec::new();
    let mut page_token = String::new();
    loop {
        let parent = "areas/620900".to_owned();
        let request = review::ListExpertsRequest { parent, page_size: 3, page_token };
        let page = ReviewServiceClient::new(world.bureau(OFFICER)).list_experts(request).await.unwrap();
        let page = page.into_inner();
        pages.push(page.experts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
    let all: Vec<_> = pages.concat();
    let names: Vec<_> = all.iter().map(|expert| expert.name.clone()).collect();
    assert_eq!(names, experts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    for expert in all {
        let sits = panel.members.iter().any(|member| member.expert == expert.name);
        assert_eq!(expert.open_tasks, i32::from(sits));
    }
}
