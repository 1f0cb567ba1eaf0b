//! 年度复审: renewed by data, asked, reminded, delivered, answered, decided, lapsed and returned.

use benefit::benefit_service_client::BenefitServiceClient;
use benefit::{
    BenefitState, DeliveryWay, RenewalBasis, Requalification, RequalificationOutcome, RequalificationState,
    RequalificationWant,
};
use opsp::catalog::domain::SAMPLE;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::review::v1 as review;
use opsp::proto::opsp::settlement::v1 as settlement;
use opsp::rpc::parse::date_message;
use rstest::rstest;
use settlement::settlement_service_client::SettlementServiceClient;
use time::macros::date;
use time::{Date, Duration};
use tonic::{Code, Status};

use crate::catalogue::{document, import};
use crate::deadlines::{deadlines, events};
use crate::world::scenario::row;
use crate::world::{Caller, Engine, OFFICER, OTHER_OFFICER, World, files, refused, request_id, wrong_fields};

pub const CODE: &str = "M01600";
/// Benefits of these tests begin on 11 March 2025.
pub const DUE: Date = date!(2026 - 03 - 11);
/// 60 days before.
pub const OPENED: Date = date!(2026 - 01 - 10);
pub const PAPER: &str = "糖化血红蛋白复查报告";

/// Publishes the sample with something more about the disease, and other rules.
pub async fn publish(world: &World, disease: &str, rules: (&str, &str)) {
    let head = format!("[[diseases]]\ncode = \"{CODE}\"\n");
    let text = SAMPLE.replace("2025-sample-2", "2025-sample-requalified");
    let text = text.replace(&head, &format!("{head}{disease}\n")).replace(rules.0, rules.1);
    let done = import(world.ops(), document("620900", &text)).await.unwrap();
    assert!(done.faults.is_empty(), "{:?}", done.faults);
}

pub async fn with_paper(world: &World) {
    let paper = format!(
        "requalify_materials = [{{ kind = \"exam_report\", name = \"{PAPER}\", formats = [\"pdf\"], months_max = 6, \
         seal = true, hospital_min = \"secondary\" }}]"
    );
    publish(world, &paper, ("", "")).await;
}

pub fn client(caller: Caller) -> BenefitServiceClient<Caller> {
    BenefitServiceClient::new(caller)
}

pub async fn rounds(world: &World, psn_no: &str) -> Vec<Requalification> {
    let request =
        benefit::ListRequalificationsRequest { parent: format!("insured/{psn_no}"), ..Default::default() };
    let list = client(world.portal(psn_no)).list_requalifications(request).await.unwrap();
    list.into_inner().requalifications
}

/// The only round of a person.
pub async fn round(world: &World, psn_no: &str) -> Requalification {
    let mut rounds = rounds(world, psn_no).await;
    assert_eq!(rounds.len(), 1, "{rounds:#?}");
    rounds.remove(0)
}

pub async fn wait_until(world: &World, day: Date) {
    world.wait_until(day);
    world.job("requalify").await;
}

pub async fn deliver(
    world: &World,
    caller: Caller,
    name: &str,
    way: DeliveryWay,
) -> Result<Requalification, Status> {
    let request = benefit::ConfirmDeliveryRequest {
        name: name.to_owned(),
        way: way.into(),
        delivered_on: Some(date_message(world.today())),
        request_id: request_id(),
        validate_only: false,
    };
    client(caller).confirm_delivery(request).await.map(tonic::Response::into_inner)
}

pub fn answer(name: &str) -> benefit::AnswerRequalificationRequest {
    benefit::AnswerRequalificationRequest {
        name: name.to_owned(),
        request_id: request_id(),
        ..Default::default()
    }
}

pub async fn send(
    world: &World,
    psn_no: &str,
    request: benefit::AnswerRequalificationRequest,
) -> Result<Requalification, Status> {
    let answer = client(world.portal(psn_no)).answer_requalification(request).await;
    answer.map(tonic::Response::into_inner)
}

pub async fn decide(
    world: &World,
    name: &str,
    outcome: RequalificationOutcome,
) -> Result<Requalification, Status> {
    let request = benefit::DecideRequalificationRequest {
        name: name.to_owned(),
        outcome: outcome.into(),
        reason: "材料已核实。".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let answer = client(world.bureau(OTHER_OFFICER)).decide_requalification(request).await;
    answer.map(tonic::Response::into_inner)
}

pub async fn settle(world: &World, psn_no: &str, number: &str) -> Result<settlement::Settlement, Status> {
    let bill = world.bill(psn_no, CODE, number, 10_000);
    let request =
        settlement::SettleRequest { bill: Some(bill), request_id: request_id(), validate_only: false };
    SettlementServiceClient::new(world.platform()).settle(request).await.map(tonic::Response::into_inner)
}

pub fn wants(round: &Requalification) -> Vec<RequalificationWant> {
    round.wanted.iter().map(benefit::RequalificationItem::want).collect()
}

/// How often something happened to a resource, in order.
pub async fn happened(world: &World, name: &str) -> Vec<String> {
    let kinds = ["asked", "reminded", "due", "delivered", "answered", "renewed", "lapsed", "closed"];
    let kinds = kinds.map(|kind| format!("requalification.{kind}"));
    let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
    let all = events(world, &kinds).await.into_iter();
    let own = all.filter(|(event, _)| event.resource == name);
    own.map(|(event, _)| event.r#type.replace("requalification.", "")).collect()
}

pub async fn state(world: &World, psn_no: &str) -> BenefitState {
    world.benefits(psn_no).await.remove(0).state()
}

/// A paper that serves, but for what is spoilt.
pub async fn paper(world: &World, psn_no: &str, good: bool) -> String {
    let mut header = world.header(psn_no, MaterialKind::ExamReport, PAPER);
    if !good {
        header.sealed = false;
        header.issued_on = Some(date_message(world.today() - Duration::days(300)));
    }
    world.upload(psn_no, header, &files::pdf(&request_id())).await.unwrap().name
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_insured_and_uses_it_is_renewed_without_a_question(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, granted) = world.granted(row(), CODE).await;
    assert_eq!(granted.requalify_on, Some(date_message(DUE)));
    world.wait_until(date!(2025 - 08 - 01));
    settle(&world, &psn_no, "B1").await.unwrap();
    wait_until(&world, OPENED.previous_day().unwrap()).await;
    assert!(rounds(&world, &psn_no).await.is_empty());
    wait_until(&world, OPENED).await;
    let renewed = round(&world, &psn_no).await;
    assert_eq!((renewed.state(), renewed.basis()), (RequalificationState::Renewed, RenewalBasis::Data));
    let next = Some(date_message(date!(2027 - 03 - 11)));
    assert_eq!((renewed.requalify_on, renewed.due_date), (next, Some(date_message(DUE))));
    assert_eq!(world.benefits(&psn_no).await[0].requalify_on, next);
    assert_eq!(happened(&world, &renewed.name).await, ["renewed"]);
    let told = events(&world, &["benefit.renewed"]).await;
    assert!(told.len() == 1 && told[0].0.resource == granted.name, "{told:?}");
    // Nothing comes up a second time.
    wait_until(&world, DUE).await;
    assert_eq!(rounds(&world, &psn_no).await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_end_rule_moves_the_day_to_the_end_of_the_year(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    publish(&world, "", ("at = \"anniversary\"", "at = \"year_end\"")).await;
    let (psn_no, granted) = world.granted(row(), CODE).await;
    assert_eq!(granted.requalify_on, Some(date_message(date!(2026 - 12 - 31))));
    world.wait_until(date!(2026 - 10 - 09));
    settle(&world, &psn_no, "B1").await.unwrap();
    wait_until(&world, date!(2026 - 10 - 31)).await;
    assert!(rounds(&world, &psn_no).await.is_empty(), "61 days before");
    wait_until(&world, date!(2026 - 11 - 01)).await;
    let renewed = round(&world, &psn_no).await;
    assert_eq!(renewed.requalify_on, Some(date_message(date!(2027 - 12 - 31))));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_lapses_without_a_delivered_notice_and_its_grace(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), CODE).await;
    wait_until(&world, OPENED).await;
    let asked = round(&world, &psn_no).await;
    assert_eq!(asked.state(), RequalificationState::Open);
    assert_eq!(wants(&asked), [RequalificationWant::StillNeeded]);
    let why = &asked.wanted[0].reasons[0];
    assert!(why.text_zh.contains("没有该病种的结算记录") && !why.help_en.is_empty(), "{why:?}");
    assert_eq!((asked.lapse_date, asked.delivery), (None, None));
    for day in [DUE - Duration::days(30), DUE - Duration::days(7), DUE, date!(2027 - 06 - 01)] {
        wait_until(&world, day).await;
        world.job("requalify").await;
    }
    // More than a year late, and nobody has told of a delivery: in force, and listed for the bureau.
    assert_eq!(happened(&world, &asked.name).await, ["asked", "reminded", "reminded", "due"]);
    assert_eq!(world.in_force(&psn_no, CODE, None).await, (true, Vec::new()));
    let request = |undelivered| benefit::ListDueRequalificationsRequest {
        parent: "areas/620900".to_owned(),
        undelivered,
        due_until: Some(date_message(DUE)),
        ..Default::default()
    };
    let list = async |caller, undelivered| {
        let answer = client(caller).list_due_requalifications(request(undelivered)).await;
        answer.map(|answer| answer.into_inner().requalifications)
    };
    let found = list(world.bureau(OFFICER), true).await.unwrap();
    assert!(found.len() == 1 && found[0].name == asked.name);
    assert_eq!(list(world.elsewhere(), true).await.unwrap_err().code(), Code::NotFound);

    let told = deliver(&world, world.bureau(OFFICER), &asked.name, DeliveryWay::Letter).await.unwrap();
    let lapses = date!(2027 - 07 - 02);
    assert_eq!(told.lapse_date, Some(date_message(lapses)));
    assert!(list(world.bureau(OFFICER), true).await.unwrap().is_empty());
    assert_eq!(list(world.bureau(OFFICER), false).await.unwrap().len(), 1);
    // Only the first delivery counts.
    world.wait_days(3);
    let again = deliver(&world, world.portal(&psn_no), &asked.name, DeliveryWay::Sms).await.unwrap();
    assert_eq!((again.lapse_date, again.delivery), (told.lapse_date, told.delivery));

    wait_until(&world, lapses.previous_day().unwrap()).await;
    assert_eq!(state(&world, &psn_no).await, BenefitState::Active);
    settle(&world, &psn_no, "B1").await.unwrap();
}

/// Lapsed on the 31st day after the due day; gives psn_no and the round.
async fn lapsed(world: &World) -> (String, Requalification) {
    let (psn_no, _) = world.granted(row(), CODE).await;
    wait_until(world, OPENED).await;
    let asked = round(world, &psn_no).await;
    deliver(world, world.portal(&psn_no), &asked.name, DeliveryWay::PortalRead).await.unwrap();
    let on = DUE + Duration::days(31);
    wait_until(world, on.previous_day().unwrap()).await;
    assert_eq!(state(world, &psn_no).await, BenefitState::Active);
    wait_until(world, on).await;
    let lapsed = round(world, &psn_no).await;
    assert_eq!(lapsed.state(), RequalificationState::Lapsed);
    assert_eq!(lapsed.lapse_date, Some(date_message(on)));
    (psn_no, lapsed)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lapsed_pays_nothing_and_returns_by_an_officer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, lapsed) = lapsed(&world).await;
    assert_eq!(lapsed.return_until, Some(date_message(date!(2028 - 04 - 10))));
    assert_eq!(lapsed.remedies.len(), 2);
    assert_eq!(state(&world, &psn_no).await, BenefitState::Lapsed);
    assert_eq!(world.in_force(&psn_no, CODE, None).await, (false, vec!["BENEFIT_LAPSED".to_owned()]));
    refused(settle(&world, &psn_no, "B1").await, Code::FailedPrecondition, "BENEFIT_LAPSED");
    let open = world.benefits(&psn_no).await.remove(0);
    assert!(open.lapses.len() == 1 && open.lapses[0].enddate.is_none() && open.requalify_on.is_none());

    world.wait_days(20);
    let request = benefit::AnswerRequalificationRequest {
        ask_officer: true,
        reason: "住院期间未收到。".to_owned(),
        ..answer(&lapsed.name)
    };
    let answered = send(&world, &psn_no, request.clone()).await.unwrap();
    assert_eq!(answered.state(), RequalificationState::Answered);
    assert_eq!(answered.answers[0].reason, request.reason);
    assert_eq!(send(&world, &psn_no, request).await.unwrap(), answered, "repeated, it is the same answer");
    refused(settle(&world, &psn_no, "B1").await, Code::FailedPrecondition, "BENEFIT_LAPSED");
    let kind = review::DeadlineKind::Requalification;
    let due = review::ListDeadlinesRequest { kind: kind.into(), ..Default::default() };
    let running = deadlines(&world, due.clone()).await;
    assert!(running.len() == 1 && running[0].resource == lapsed.name && running[0].kind() == kind);

    let back = decide(&world, &lapsed.name, RequalificationOutcome::Renewed).await.unwrap();
    assert!(back.returned && back.basis() == RenewalBasis::Officer);
    assert_eq!(back.decisions[0].operator, OTHER_OFFICER);
    let seen = round(&world, &psn_no).await;
    assert_eq!(
        (seen.decisions[0].operator.as_str(), seen.decisions[0].reason.as_str()),
        ("", "材料已核实。")
    );
    assert!(deadlines(&world, due).await.is_empty());
    settle(&world, &psn_no, "B2").await.unwrap();
    let gap = world.benefits(&psn_no).await.remove(0);
    assert_eq!(gap.lapses[0].enddate, Some(date_message(world.today() - Duration::days(1))));
    assert_eq!(world.in_force(&psn_no, CODE, Some(DUE + Duration::days(31))).await.1, ["BENEFIT_LAPSED"]);
    // The server was not asked on the days of its reminders.
    let all = ["asked", "delivered", "due", "lapsed", "answered", "renewed"];
    assert_eq!(happened(&world, &lapsed.name).await, all);
    refused(
        decide(&world, &lapsed.name, RequalificationOutcome::Lapsed).await,
        Code::FailedPrecondition,
        "REQUALIFICATION_STATE",
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_return_in_time_ends(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, lapsed) = lapsed(&world).await;
    wait_until(&world, date!(2028 - 04 - 10)).await;
    assert_eq!(state(&world, &psn_no).await, BenefitState::Lapsed);
    wait_until(&world, date!(2028 - 04 - 11)).await;
    let ended = world.benefits(&psn_no).await.remove(0);
    assert_eq!(ended.state(), BenefitState::Ended);
    assert_eq!(ended.enddate, Some(date_message(DUE + Duration::days(30))));
    let closed = round(&world, &psn_no).await;
    assert_eq!(closed.closing_ground(), benefit::ClosingGround::ReturnOver);
    let late = benefit::AnswerRequalificationRequest { ask_officer: true, ..answer(&lapsed.name) };
    refused(send(&world, &psn_no, late).await, Code::FailedPrecondition, "REQUALIFICATION_STATE");
    // Anew.
    world.submitted(&psn_no, CODE).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_benefit_that_ends_ends_its_round_and_what_waits_for_an_officer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, granted) = world.granted(row(), CODE).await;
    wait_until(&world, OPENED).await;
    let asked = round(&world, &psn_no).await;
    let request = benefit::AnswerRequalificationRequest { ask_officer: true, ..answer(&asked.name) };
    send(&world, &psn_no, request).await.unwrap();
    let end = |ground: benefit::EndGround| benefit::EndBenefitRequest {
        name: granted.name.clone(),
        enddate: Some(date_message(OPENED + Duration::days(5))),
        ground: ground.into(),
        request_id: request_id(),
        validate_only: false,
    };
    let wrong = client(world.bureau(OFFICER)).end_benefit(end(benefit::EndGround::Lapsed)).await;
    assert_eq!(wrong_fields(wrong), ["ground"]);
    client(world.bureau(OFFICER)).end_benefit(end(benefit::EndGround::GivenUp)).await.unwrap();
    wait_until(&world, OPENED + Duration::days(5)).await;
    assert_eq!(round(&world, &psn_no).await.state(), RequalificationState::Answered);
    wait_until(&world, OPENED + Duration::days(6)).await;
    let closed = round(&world, &psn_no).await;
    assert_eq!(closed.closing_ground(), benefit::ClosingGround::BenefitEnded);
    let due = review::ListDeadlinesRequest {
        kind: review::DeadlineKind::Requalification.into(),
        ..Default::default()
    };
    assert!(deadlines(&world, due).await.is_empty());
}
