//! Settlements: idempotent, exact, never above the limit, under concurrency.

use futures_util::future::join_all;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::residence::v1 as residence;
use opsp::proto::opsp::settlement::v1 as pb;
use rstest::rstest;
use tonic::Code;

use benefit::benefit_service_client::BenefitServiceClient;
use pb::settlement_service_client::SettlementServiceClient;
use residence::remote_residence_service_client::RemoteResidenceServiceClient;

use crate::world::scenario::{ELSEWHERE, HOSPITAL, row};
use crate::world::{Engine, OFFICER, World, files, reason, refused, request_id, wrong_fields};

const LIMIT: i64 = 600_000;

fn settle(bill: pb::Bill) -> pb::SettleRequest {
    pb::SettleRequest { bill: Some(bill), request_id: request_id(), validate_only: false }
}

fn reverse(psn_no: &str, number: &str) -> pb::ReverseSettlementRequest {
    pb::ReverseSettlementRequest {
        psn_no: psn_no.to_owned(),
        fixmedins_code: HOSPITAL.to_owned(),
        medins_setl_id: number.to_owned(),
        request_id: request_id(),
        validate_only: false,
    }
}

fn file(psn_no: &str, basis: residence::ResidenceBasis) -> residence::FileResidenceRequest {
    residence::FileResidenceRequest {
        parent: format!("insured/{psn_no}"),
        kind: residence::ResidenceKind::Resident.into(),
        basis: basis.into(),
        places: vec!["620100".to_owned()],
        begndate: None,
        addr: "兰州市样例路".to_owned(),
        tel: "13912345678".to_owned(),
        materials: Vec::new(),
        agent: None,
        request_id: request_id(),
        validate_only: false,
    }
}

async fn list(world: &World, psn_no: &str) -> Vec<pb::Settlement> {
    let request = pb::ListSettlementsRequest {
        parent: format!("insured/{psn_no}"),
        page_size: 0,
        page_token: String::new(),
    };
    let mut client = SettlementServiceClient::new(world.platform());
    client.list_settlements(request).await.unwrap().into_inner().settlements
}

async fn accumulator(world: &World, psn_no: &str) -> benefit::Accumulator {
    accumulator_of(world, psn_no, "M01600").await
}

async fn accumulator_of(world: &World, psn_no: &str, code: &str) -> benefit::Accumulator {
    let request = benefit::GetAccumulatorRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_code: code.to_owned(),
        year: 0,
    };
    BenefitServiceClient::new(world.platform()).get_accumulator(request).await.unwrap().into_inner()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_calls_with_one_request_id_have_one_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let request = settle(world.bill(&psn_no, "M01600", "B1", 50_000));
    let calls = (0..32).map(|_| {
        let mut client = SettlementServiceClient::new(world.platform());
        let request = request.clone();
        async move { client.settle(request).await.unwrap().into_inner() }
    });
    let answers = join_all(calls).await;
    assert_eq!(answers.len(), 32);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "32 equal answers");
    assert_eq!(answers[0].fund_pay_sumamt_fen, 40_000);
    assert_eq!(accumulator(&world, &psn_no).await.used_fen, 40_000, "one effect");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_bills_against_a_limit_for_ten_pay_exactly_the_limit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    // 80 % of 750 元 is 600 元: ten of them are the limit of 6,000 元.
    let calls = (0..32).map(|number| {
        let mut client = SettlementServiceClient::new(world.platform());
        let request = settle(world.bill(&psn_no, "M01600", &format!("B{number}"), 75_000));
        async move { client.settle(request).await.unwrap().into_inner() }
    });
    let answers = join_all(calls).await;
    let paid: Vec<_> = answers.iter().map(|answer| answer.fund_pay_sumamt_fen).collect();
    assert_eq!(paid.iter().sum::<i64>(), LIMIT, "{paid:?}");
    assert_eq!(paid.iter().filter(|fund| **fund == 60_000).count(), 10, "{paid:?}");
    assert!(answers.iter().all(|answer| answer.fund_pay_sumamt_fen + answer.psn_part_amt_fen == 75_000));
    let sum = accumulator(&world, &psn_no).await;
    assert_eq!((sum.used_fen, sum.left_fen), (LIMIT, 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_is_paid_to_the_fen_and_a_reversal_gives_it_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let mut client = SettlementServiceClient::new(world.platform());
    let bill = |number: &str, fen| world.bill(&psn_no, "M01600", number, fen);
    let first = client.settle(settle(bill("B1", 500_001))).await.unwrap().into_inner();
    assert_eq!(
        (first.fund_pay_sumamt_fen, first.psn_part_amt_fen, first.left_fen),
        (400_000, 100_001, 200_000)
    );
    let preview = pb::PreviewSettlementRequest { bill: Some(bill("B2", 500_000)) };
    let preview = client.preview_settlement(preview).await.unwrap().into_inner();
    assert_eq!(preview.fund_pay_sumamt_fen, 200_000);
    assert!(preview.name.is_empty());
    let second = client.settle(settle(bill("B2", 500_000))).await.unwrap().into_inner();
    assert_eq!((second.fund_pay_sumamt_fen, second.left_fen), (200_000, 0));
    let third = client.settle(settle(bill("B3", 500_000))).await.unwrap().into_inner();
    assert_eq!((third.fund_pay_sumamt_fen, third.psn_part_amt_fen), (0, 500_000));
    assert!(third.explanation.iter().any(|line| line.step == "limit"), "{:?}", third.explanation);

    // The same bill under another request_id: what was settled. Another bill under its number: refused.
    assert_eq!(client.settle(settle(bill("B1", 500_001))).await.unwrap().into_inner().setl_id, first.setl_id);
    refused(client.settle(settle(bill("B1", 1))).await, Code::FailedPrecondition, "BILL_DIFFERS");

    let reversal = |number: &str| reverse(&psn_no, number);
    let reversed = client.reverse_settlement(reversal("B1")).await.unwrap().into_inner();
    assert_eq!(reversed.state(), pb::SettlementState::Reversed);
    client.reverse_settlement(reversal("B1")).await.unwrap();
    let sum = accumulator(&world, &psn_no).await;
    assert_eq!((sum.used_fen, sum.left_fen), (200_000, 400_000), "given back once");
    refused(client.settle(settle(bill("B1", 500_001))).await, Code::FailedPrecondition, "ALREADY_REVERSED");
    // A reversal that overtakes its settlement wins.
    client.reverse_settlement(reversal("B9")).await.unwrap();
    refused(client.settle(settle(bill("B9", 1_000))).await, Code::FailedPrecondition, "ALREADY_REVERSED");
    assert_eq!(accumulator(&world, &psn_no).await.used_fen, 200_000);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bill_that_cannot_be_is_refused_and_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let mut client = SettlementServiceClient::new(world.platform());
    let mut bill = world.bill(&psn_no, "M01600", "B1", 1_000);
    bill.inscp_scp_amt_fen = 1_001;
    assert_eq!(wrong_fields(client.settle(settle(bill)).await), ["bill.inscp_scp_amt_fen"]);
    let mut bill = world.bill(&psn_no, "M01600", "B1", 1_000);
    bill.service_day = Some(opsp::rpc::parse::date_message(world.today().next_day().unwrap()));
    assert_eq!(wrong_fields(client.settle(settle(bill)).await), ["bill.service_day"]);
    let mut bill = world.bill(&psn_no, "M01600", "B1", 1_000);
    let before = opsp::rpc::parse::to_date(held.begndate.as_ref().unwrap()).unwrap().previous_day().unwrap();
    bill.service_day = Some(opsp::rpc::parse::date_message(before));
    refused(client.settle(settle(bill)).await, Code::FailedPrecondition, "BENEFIT_NOT_BEGUN");
    let none = world.bill(&psn_no, "M03900", "B1", 1_000);
    refused(client.settle(settle(none)).await, Code::FailedPrecondition, "NO_BENEFIT");
    assert!(list(&world, &psn_no).await.is_empty());
    // Tried out, not done.
    let mut only = settle(world.bill(&psn_no, "M01600", "B1", 1_000));
    only.validate_only = true;
    assert_eq!(client.settle(only).await.unwrap().into_inner().fund_pay_sumamt_fen, 800);
    assert_eq!(accumulator(&world, &psn_no).await.used_fen, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filed_place_pays_what_home_pays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let mut client = SettlementServiceClient::new(world.platform());
    let at_home =
        client.settle(settle(world.bill(&psn_no, "M01600", "H1", 10_000))).await.unwrap().into_inner();
    let mut bill = world.bill(&psn_no, "M01600", "R1", 10_000);
    bill.fixmedins_code = ELSEWHERE.to_owned();
    refused(client.settle(settle(bill.clone())).await, Code::FailedPrecondition, "NOT_FILED");
    let filing = file(&psn_no, residence::ResidenceBasis::Commitment);
    let mut portal = RemoteResidenceServiceClient::new(world.portal(&psn_no));
    let filed = portal.file_residence(filing).await.unwrap().into_inner();
    assert_eq!(filed.state(), residence::FilingState::Valid);
    let away = client.settle(settle(bill)).await.unwrap().into_inner();
    assert_eq!((away.place.as_str(), at_home.place.as_str()), ("remote", "home"));
    assert_eq!(away.fund_pay_sumamt_fen, at_home.fund_pay_sumamt_fen);
    let cancel = residence::CancelFilingRequest {
        name: filed.name.clone(),
        request_id: request_id(),
        validate_only: false,
    };
    refused(portal.cancel_filing(cancel.clone()).await, Code::FailedPrecondition, "FILING_LOCKED");
    world.wait_days(185);
    let cancel = residence::CancelFilingRequest { request_id: request_id(), ..cancel };
    let on_the_day = world.bill(&psn_no, "M01600", "R3", 10_000);
    let cancelled = portal.cancel_filing(cancel).await.unwrap().into_inner();
    assert_eq!(cancelled.state(), residence::FilingState::Cancelled);
    world.wait_days(1);
    let on_the_day = pb::Bill { fixmedins_code: ELSEWHERE.to_owned(), ..on_the_day };
    let paid = client.settle(settle(on_the_day)).await.unwrap().into_inner();
    assert_eq!(paid.place, "remote", "begun on the day of the cancellation");
    let mut late = world.bill(&psn_no, "M01600", "R2", 10_000);
    late.fixmedins_code = ELSEWHERE.to_owned();
    refused(client.settle(settle(late)).await, Code::FailedPrecondition, "NOT_FILED");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filing_under_review_is_said_to_wait(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let header = world.header(&psn_no, catalog::MaterialKind::ResidenceProof, "居住证");
    let proof = world.upload(&psn_no, header, &files::pdf("residence")).await.unwrap().name;
    let filing = residence::FileResidenceRequest {
        materials: vec![proof],
        ..file(&psn_no, residence::ResidenceBasis::Proof)
    };
    let mut portal = RemoteResidenceServiceClient::new(world.portal(&psn_no));
    let filed = portal.file_residence(filing).await.unwrap().into_inner();
    assert_eq!(filed.state(), residence::FilingState::Pending);
    let bill =
        pb::Bill { fixmedins_code: ELSEWHERE.to_owned(), ..world.bill(&psn_no, "M01600", "R1", 10_000) };
    let mut client = SettlementServiceClient::new(world.platform());
    refused(client.settle(settle(bill)).await, Code::FailedPrecondition, "FILING_PENDING");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_wins_the_race_against_its_settlement(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let settled = join_all((0..32).map(|number| {
        let mut client = SettlementServiceClient::new(world.platform());
        let (bill, reversal) = (world.bill(&psn_no, "M01600", "B1", 50_000), reverse(&psn_no, "B1"));
        async move {
            if number % 2 == 0 {
                return Some(client.settle(settle(bill)).await);
            }
            client.reverse_settlement(reversal).await.unwrap();
            None
        }
    }))
    .await;
    for answer in settled.into_iter().flatten() {
        match answer {
            Ok(settled) => assert_eq!(settled.get_ref().fund_pay_sumamt_fen, 40_000),
            Err(status) => assert_eq!(reason(&status), "ALREADY_REVERSED", "{status:?}"),
        }
    }
    // Whichever came first: one settlement or none was drawn, and it was given back once.
    let known = list(&world, &psn_no).await;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].state(), pb::SettlementState::Reversed);
    assert_eq!(accumulator(&world, &psn_no).await.used_fen, 0);
    let mut client = SettlementServiceClient::new(world.platform());
    client.reverse_settlement(reverse(&psn_no, "B1")).await.unwrap();
    assert_eq!(accumulator(&world, &psn_no).await.used_fen, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deductible_is_borne_once_a_year(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M03900").await;
    let mut client = SettlementServiceClient::new(world.platform());
    let mut paid = Vec::new();
    for (number, fen) in [("B1", 20_000), ("B2", 50_000), ("B3", 10_000)] {
        let bill = world.bill(&psn_no, "M03900", number, fen);
        let done = client.settle(settle(bill)).await.unwrap().into_inner();
        paid.push((done.act_pay_dedc_fen, done.fund_pay_sumamt_fen, done.psn_part_amt_fen, done.left_fen));
    }
    assert_eq!(
        paid,
        [(20_000, 0, 20_000, 800_000), (10_000, 30_000, 20_000, 770_000), (0, 7_500, 2_500, 762_500)]
    );
    let sum = accumulator_of(&world, &psn_no, "M03900").await;
    assert_eq!((sum.limit_fen, sum.used_fen, sum.deductible_used_fen), (800_000, 37_500, 30_000));
    client.reverse_settlement(reverse(&psn_no, "B2")).await.unwrap();
    let sum = accumulator_of(&world, &psn_no, "M03900").await;
    assert_eq!((sum.used_fen, sum.deductible_used_fen), (7_500, 20_000), "the others stay as they are");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_day_inside_a_past_suspension_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use opsp::rpc::parse::date_message;
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let mut bureau = BenefitServiceClient::new(world.bureau(OFFICER));
    let inside = world.bill(&psn_no, "M01600", "B1", 1_000);
    let suspend = benefit::SuspendBenefitRequest {
        name: held.name.clone(),
        begndate: Some(date_message(world.today())),
        enddate: None,
        ground: benefit::SuspensionGround::Audit.into(),
        reason: "核查".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.suspend_benefit(suspend).await.unwrap();
    world.wait_days(10);
    let resume = benefit::ResumeBenefitRequest {
        name: held.name,
        begndate: Some(date_message(world.today())),
        reason: "核查完毕".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    bureau.resume_benefit(resume).await.unwrap();
    let mut client = SettlementServiceClient::new(world.platform());
    let day = opsp::rpc::parse::to_date(inside.service_day.as_ref().unwrap()).unwrap().to_string();
    let said = refused(client.settle(settle(inside)).await, Code::FailedPrecondition, "BENEFIT_SUSPENDED");
    assert!(said.contains(&day), "{said}");
    client.settle(settle(world.bill(&psn_no, "M01600", "B2", 1_000))).await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_without_catalogue_is_refused_alike(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let day = Some(opsp::rpc::parse::date_message(time::macros::date!(1999 - 12 - 31)));
    let check = benefit::CheckBenefitRequest {
        psn_no: psn_no.clone(),
        opsp_dise_code: "M01600".to_owned(),
        service_day: day,
    };
    let checked = BenefitServiceClient::new(world.platform()).check_benefit(check).await;
    refused(checked, Code::FailedPrecondition, "NO_CATALOG");
    let bill = pb::Bill { service_day: day, ..world.bill(&psn_no, "M01600", "B1", 1_000) };
    let settled = SettlementServiceClient::new(world.platform()).settle(settle(bill)).await;
    refused(settled, Code::FailedPrecondition, "NO_CATALOG");
}
