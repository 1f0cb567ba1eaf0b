//! 我的办事: what a person is told about her own case, after each step of its life.

use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::insured::v1 as pb;
use opsp::proto::opsp::residence::v1 as residence;
use opsp::proto::opsp::review::v1 as review;
use opsp::proto::opsp::settlement::v1 as settlement;
use opsp::rpc::parse::{date_message, to_date};
use pb::CaseWaitsFor as Waits;
use pb::insured_service_client::InsuredServiceClient;
use prost::Message;
use rstest::rstest;
use time::Date;
use time::macros::date;
use tonic::{Code, Status};

use application::application_service_client::ApplicationServiceClient;
use benefit::benefit_service_client::BenefitServiceClient;
use residence::remote_residence_service_client::RemoteResidenceServiceClient;
use review::review_service_client::ReviewServiceClient;
use settlement::settlement_service_client::SettlementServiceClient;

use crate::world::scenario::{resident_row, row};
use crate::world::{Caller, Engine, OFFICER, OTHER_OFFICER, World, files, refused, request_id};

async fn ask(caller: Caller, psn_no: &str) -> Result<pb::Case, Status> {
    let request = pb::GetCaseRequest { name: format!("insured/{psn_no}") };
    Ok(InsuredServiceClient::new(caller).get_case(request).await?.into_inner())
}

/// Everything that an answer holds.
fn whole(case: &pb::Case) -> String {
    String::from_utf8_lossy(&case.encode_to_vec()).into_owned()
}

/// The case as the person sees it: the same that the bureau sees.
async fn case(world: &World, psn_no: &str) -> pb::Case {
    let own = ask(world.portal(psn_no), psn_no).await.unwrap();
    assert_eq!(own, ask(world.bureau(OFFICER), psn_no).await.unwrap());
    for item in &own.items {
        let told = [&item.name, &item.state, &item.text_zh, &item.text_en, &item.next_zh, &item.next_en];
        assert!(told.iter().all(|words| !words.is_empty()), "{item:?}");
    }
    let all = whole(&own);
    for other in [OFFICER, OTHER_OFFICER, "expert.", "某某", "13812345678", "病历存疑"] {
        assert!(!all.contains(other), "{other} is told");
    }
    own
}

/// The only item of a case, which stands as expected.
async fn check(world: &World, psn_no: &str, state: &str, waits: Waits, until: Option<Date>) -> pb::CaseItem {
    let mut found = case(world, psn_no).await;
    assert_eq!(found.items.len(), 1, "{:?}", found.items);
    let item = found.items.remove(0);
    stands(&item, state, waits, until);
    item
}

fn stands(item: &pb::CaseItem, state: &str, waits: Waits, until: Option<Date>) {
    let found = (item.state.as_str(), item.waits_for(), item.until.as_ref().and_then(to_date));
    assert_eq!(found, (state, waits, until), "{} {}", item.text_zh, item.next_zh);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_says_at_each_step_what_is_waited_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let nothing = case(&world, &psn_no).await;
    assert!(nothing.items.is_empty() && nothing.insured && nothing.sample && !nothing.more);
    assert!(nothing.next_zh.starts_with("可以申请门诊慢特病"), "{}", nothing.next_zh);
    assert_eq!(nothing.masked_name, "欧阳**");
    assert!(nothing.masked_certno.contains("********"), "{}", nothing.masked_certno);

    let materials = world.upload_checklist(&psn_no, "M01600").await;
    let name = world.draft(&psn_no, world.form("M01600", materials)).await.unwrap();
    let item = check(&world, &psn_no, "draft", Waits::Applicant, None).await;
    assert_eq!((item.name.as_str(), item.opsp_dise_code.as_str()), (name.as_str(), "M01600"));
    assert!(item.text_zh.contains("糖尿病") && item.next_zh.contains("提交"));
    assert_eq!(case(&world, &psn_no).await.next_zh, "有 1 项等待您办理，列在最前。");

    // From Monday 3 March on: 5 working days for acceptance, 20 for the review.
    world.submit(&name).await.unwrap();
    check(&world, &psn_no, "submitted", Waits::Bureau, Some(date!(2025 - 03 - 10))).await;
    assert_eq!(case(&world, &psn_no).await.next_zh, "目前无需办理。");
    world.accept(&name).await.unwrap();
    check(&world, &psn_no, "accepted", Waits::Experts, Some(date!(2025 - 03 - 31))).await;
    pause(&world, &name).await;
    let item = check(&world, &psn_no, "accepted", Waits::Institution, None).await;
    assert!(item.text_zh.contains("2025-03-03 起暂停") && item.text_zh.contains("体检"), "{}", item.text_zh);
    resume(&world, &name).await;

    let experts = world.experts().await;
    let panel = world.assign(&name).await.unwrap();
    for member in &panel.members {
        let (_, operator) = experts.iter().find(|(expert, _)| *expert == member.expert).unwrap();
        world.opinion(operator, &member.review_task, true).await.unwrap();
    }
    world.confirm(&name).await.unwrap();
    check(&world, &psn_no, "approved", Waits::Bureau, None).await;

    let notice = world.notice(common::Insutype::Employee).await;
    let entry = world.entries(&notice).await.remove(0).name;
    let due = world.get_notice(&notice).await.deadline.and_then(|deadline| deadline.due_date);
    let due = due.as_ref().and_then(to_date);
    let item = check(&world, &psn_no, "listed", Waits::Public, due).await;
    assert_eq!((item.name, item.application), (entry.clone(), name.clone()));
    assert!(item.text_zh.contains(&due.unwrap().to_string()), "{}", item.text_zh);

    // An objection is resolved within 10 working days.
    let objection = world.object(&entry).await.unwrap();
    check(&world, &psn_no, "objected", Waits::Bureau, Some(date!(2025 - 03 - 17))).await;
    world.resolve(&objection.name, false).await.unwrap();
    check(&world, &psn_no, "listed", Waits::Public, due).await;
    world.wait_until(due.unwrap().next_day().unwrap());
    world.after_close().await;
    let held = case(&world, &psn_no).await;
    assert_eq!(held.items.len(), 2);
    let today = world.today();
    let granted = world.benefits(&psn_no).await.remove(0);
    stands(&held.items[0], "active", Waits::Nobody, None);
    assert_eq!((&held.items[0].name, &held.items[0].certificate), (&granted.name, &granted.certificate));
    assert_eq!(held.items[0].requalify_on, granted.requalify_on);
    assert_eq!(held.items[0].begndate.as_ref().and_then(to_date), Some(today));
    stands(&held.items[1], "granted", Waits::Nobody, None);
}

async fn pause(world: &World, name: &str) {
    let request = review::PauseReviewRequest {
        name: name.to_owned(),
        ground: application::PauseGround::Examination.into(),
        reason: "请到医院体检。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    ReviewServiceClient::new(world.bureau(OFFICER)).pause_review(request).await.unwrap();
}

async fn resume(world: &World, name: &str) {
    let request =
        review::ResumeReviewRequest { name: name.to_owned(), request_id: request_id(), validate_only: false };
    ReviewServiceClient::new(world.bureau(OFFICER)).resume_review(request).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_benefit_tells_its_money_its_suspension_and_its_end(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(resident_row(), "M03900").await;
    let bill = world.bill(&psn_no, "M03900", "C1", 100_000);
    let settle =
        settlement::SettleRequest { bill: Some(bill), request_id: request_id(), validate_only: false };
    SettlementServiceClient::new(world.platform()).settle(settle).await.unwrap();
    let asked = benefit::GetAccumulatorRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_code: "M03900".to_owned(),
        year: 0,
    };
    let mut bureau = BenefitServiceClient::new(world.bureau(OFFICER));
    let year = bureau.get_accumulator(asked).await.unwrap().into_inner();
    assert!(year.used_fen > 0 && year.left_fen < year.limit_fen);
    let found = case(&world, &psn_no).await;
    assert_eq!(found.items[0].accumulator, Some(year));

    let suspend = |ground: benefit::SuspensionGround, last: Option<Date>| benefit::SuspendBenefitRequest {
        name: held.name.clone(),
        begndate: Some(date_message(world.today())),
        enddate: last.map(date_message),
        ground: ground.into(),
        reason: "不告知本人的内部说明".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let last = world.today() + time::Duration::days(4);
    bureau.suspend_benefit(suspend(benefit::SuspensionGround::Audit, Some(last))).await.unwrap();
    let found = case(&world, &psn_no).await;
    stands(&found.items[0], "suspended", Waits::Bureau, Some(last));
    assert!(whole(&found).contains("核查") && !whole(&found).contains("内部说明"));
    world.wait_days(5);
    stands(&case(&world, &psn_no).await.items[0], "active", Waits::Nobody, None);
    bureau.suspend_benefit(suspend(benefit::SuspensionGround::Arrears, None)).await.unwrap();
    let found = case(&world, &psn_no).await;
    stands(&found.items[0], "suspended", Waits::Applicant, None);
    assert!(found.items[0].next_zh.contains("补缴") && found.next_zh.starts_with("有 1 项"));
    assert_eq!(found.items[0].reasons[0].reason, "BENEFIT_SUSPENDED");

    let end = benefit::EndBenefitRequest {
        name: held.name.clone(),
        enddate: Some(date_message(world.today())),
        ground: benefit::EndGround::GivenUp.into(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.end_benefit(end).await.unwrap();
    world.wait_days(1);
    let found = case(&world, &psn_no).await;
    assert!(found.items.iter().all(|item| item.waits_for() == Waits::Nobody && item.until.is_none()));
    let ended = found.items.iter().find(|item| item.name == held.name).unwrap();
    assert_eq!((ended.state.as_str(), ended.accumulator.as_ref()), ("ended", None));
    assert!(ended.text_zh.contains("本人放弃") && found.next_zh.starts_with("可以申请"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_and_what_can_be_done_against_a_decision_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let materials = world.upload_checklist(&psn_no, "M01600").await;
    let name = world.draft(&psn_no, world.form("M01600", materials)).await.unwrap();
    world.submit(&name).await.unwrap();
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
    ReviewServiceClient::new(world.bureau(OFFICER)).request_supplement(request).await.unwrap();
    let item = check(&world, &psn_no, "awaiting_supplement", Waits::Applicant, None).await;
    assert!(item.text_zh.contains("共 1 项") && item.reasons[0].text_zh.contains("请补充检验报告"));
    assert!(!item.next_zh.contains("无补充材料"), "a paper of the checklist has to come");
    let header = world.header(&psn_no, catalog::MaterialKind::ExamReport, "补充检验报告");
    let paper = world.upload(&psn_no, header, &files::pdf("supplement")).await.unwrap().name;
    let answer = application::SupplementApplicationRequest {
        name: name.clone(),
        materials: vec![paper],
        nothing_to_add: false,
        request_id: request_id(),
        validate_only: false,
    };
    ApplicationServiceClient::new(world.portal(&psn_no)).supplement_application(answer).await.unwrap();

    let experts = world.experts().await;
    world.decide(&name, &experts, false).await;
    // 30 days from 3 March.
    let last = date!(2025 - 04 - 02);
    let item = check(&world, &psn_no, "rejected", Waits::Nobody, Some(last)).await;
    assert!(item.remedies.len() == 3 && !item.reasons.is_empty());
    assert!(item.next_zh.contains("2025-04-02"), "{}", item.next_zh);
    world.wait_until(last.next_day().unwrap());
    let item = check(&world, &psn_no, "rejected", Waits::Nobody, None).await;
    assert!(item.next_zh.contains("期限已过") && item.next_zh.contains("重新申请"), "{}", item.next_zh);

    // A second one that is not accepted stands before the first, whose time is over.
    let again = world.submitted(&psn_no, "M01600").await;
    world.refuse(&again).await.unwrap();
    let found = case(&world, &psn_no).await;
    stands(&found.items[0], "refused", Waits::Nobody, Some(date!(2025 - 05 - 03)));
    assert_eq!(found.items[0].reasons[0].reason, "NOT_ACCEPTED");
    stands(&found.items[1], "rejected", Waits::Nobody, None);
    // A third is withdrawn.
    let third = world.submitted(&psn_no, "M01600").await;
    let request = application::WithdrawApplicationRequest {
        name: third,
        request_id: request_id(),
        validate_only: false,
    };
    ApplicationServiceClient::new(world.portal(&psn_no)).withdraw_application(request).await.unwrap();
    let states: Vec<_> = case(&world, &psn_no).await.items.into_iter().map(|item| item.state).collect();
    assert_eq!(states, ["refused", "withdrawn", "rejected"], "of what is over the newest comes first");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filings_and_the_insurance_are_part_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let known = row();
    let psn_no = world.person(known.clone()).await;
    let header = world.header(&psn_no, catalog::MaterialKind::Other, "居住证");
    let proof = world.upload(&psn_no, header, &files::pdf("residence")).await.unwrap().name;
    let filing = residence::FileResidenceRequest {
        parent: format!("insured/{psn_no}"),
        kind: residence::ResidenceKind::Resident.into(),
        basis: residence::ResidenceBasis::Proof.into(),
        places: vec!["620100".to_owned()],
        begndate: None,
        addr: "兰州市样例路".to_owned(),
        tel: "13912345678".to_owned(),
        materials: vec![proof],
        agent: None,
        request_id: request_id(),
        validate_only: false,
    };
    let mut portal = RemoteResidenceServiceClient::new(world.portal(&psn_no));
    let filed = portal.file_residence(filing).await.unwrap().into_inner();
    // One working day.
    let item = check(&world, &psn_no, "pending", Waits::Bureau, Some(date!(2025 - 03 - 04))).await;
    assert_eq!((item.kind(), &item.name), (pb::CaseItemKind::Filing, &filed.name));
    assert!(item.text_zh.contains("兰州市"), "{}", item.text_zh);
    let decide = residence::DecideFilingRequest {
        name: filed.name,
        approved: true,
        reason: String::new(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut bureau = RemoteResidenceServiceClient::new(world.bureau(OFFICER));
    bureau.decide_filing(decide).await.unwrap();
    check(&world, &psn_no, "valid", Waits::Nobody, None).await;

    world.import(vec![pb::ImportInsuredRequest { psn_clct_stas: "2".to_owned(), ..known }]).await;
    let found = case(&world, &psn_no).await;
    assert!(!found.insured && found.next_zh.starts_with("参保不正常"), "{}", found.next_zh);
    assert_eq!(found.reasons[0].reason, "NOT_PAID_UP");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_persons_case_is_not_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (own, other) = (world.person(row()).await, world.person(row()).await);
    let foreign = refused(ask(world.portal(&own), &other).await, Code::NotFound, "NOT_FOUND");
    let absent = refused(ask(world.portal(&own), "404").await, Code::NotFound, "NOT_FOUND");
    assert_eq!(foreign.replace(&other, "404"), absent);
    refused(ask(world.elsewhere(), &own).await, Code::NotFound, "NOT_FOUND");
    refused(ask(world.platform(), &own).await, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
}
