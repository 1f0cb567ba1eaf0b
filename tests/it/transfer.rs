//! 险种变更 in mid-year: a bill is paid by the kind of its day, what was used goes along, and the limit holds. On both
//! databases.

use benefit::benefit_service_client::BenefitServiceClient;
use catalog::catalog_service_client::CatalogServiceClient;
use futures_util::future::join_all;
use opsp::catalog::domain::SAMPLE;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::insured::v1 as insured;
use opsp::proto::opsp::settlement::v1 as pb;
use opsp::rpc::parse::{date_message, to_date};
use pb::settlement_service_client::SettlementServiceClient;
use rstest::rstest;
use time::macros::date;
use time::{Date, Duration};
use tonic::{Code, Status};

use crate::deadlines::events;
use crate::world::insurance::{paid, spell, told};
use crate::world::scenario::{HOSPITAL, resident_row};
use crate::world::{Engine, World, refused, request_id};

const CODE: &str = "M01600";
const SINCE: Date = date!(2010 - 01 - 01);
/// 60 % of at most 5,000 元 as a resident, 80 % of at most 6,000 元 as an employee: the sample's.
const LIMITS: (i64, i64) = (500_000, 600_000);

/// The same person, employed from a day on.
fn hired(row: &insured::ImportInsuredRequest, on: Date) -> insured::ImportInsuredRequest {
    let employee = insured::ImportInsuredRequest {
        insutype: Insutype::Employee.into(),
        psn_type: "1101".to_owned(),
        ..row.clone()
    };
    let spells = vec![spell(row, SINCE, on.previous_day()), spell(&employee, on, None)];
    told(&employee, spells, vec![paid(SINCE, date!(2030 - 12 - 31))])
}

async fn settle(world: &World, bill: pb::Bill) -> Result<pb::Settlement, Status> {
    let request = pb::SettleRequest { bill: Some(bill), request_id: request_id(), validate_only: false };
    Ok(SettlementServiceClient::new(world.platform()).settle(request).await?.into_inner())
}

async fn reverse(world: &World, psn_no: &str, number: &str) {
    let request = pb::ReverseSettlementRequest {
        psn_no: psn_no.to_owned(),
        fixmedins_code: HOSPITAL.to_owned(),
        medins_setl_id: number.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    SettlementServiceClient::new(world.platform()).reverse_settlement(request).await.unwrap();
}

/// What the year has used: in all, as employee, as resident; and what is left of it.
async fn used(world: &World, psn_no: &str) -> (i64, i64, i64, i64) {
    let request = benefit::GetAccumulatorRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_code: CODE.to_owned(),
        year: 0,
    };
    let year =
        BenefitServiceClient::new(world.platform()).get_accumulator(request).await.unwrap().into_inner();
    let of = |kind: Insutype| {
        let own = year.kinds.iter().filter(|one| one.insutype() == kind);
        own.map(|one| one.used_fen).sum::<i64>()
    };
    (year.used_fen, of(Insutype::Employee), of(Insutype::Resident), year.left_fen)
}

/// A bill for a day.
fn bill(world: &World, psn_no: &str, number: &str, fen: i64, day: Date) -> pb::Bill {
    pb::Bill { service_day: Some(date_message(day)), ..world.bill(psn_no, CODE, number, fen) }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_as_a_resident_counts_for_the_employee(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = resident_row();
    let (psn_no, held) = world.granted(person.clone(), CODE).await;
    assert_eq!((held.insutype(), held.transfers.len()), (Insutype::Resident, 0));
    let before = world.today();
    let first = settle(&world, bill(&world, &psn_no, "R1", 500_000, before)).await.unwrap();
    assert_eq!((first.fund_pay_sumamt_fen, first.left_fen), (300_000, 200_000));

    let on = before + Duration::days(10);
    world.wait_until(on);
    let answers = world.import(vec![hired(&person, on)]).await;
    assert!(answers[0].reasons.is_empty(), "{:?}", answers[0].reasons);
    // At once, whether the job was there or not: the new limit less what was used.
    let second = settle(&world, bill(&world, &psn_no, "E1", 500_000, on)).await.unwrap();
    assert_eq!(
        (second.pool_prop_selfpay_bp, second.fund_pay_sumamt_fen, second.left_fen),
        (8_000, 300_000, 0)
    );
    assert_eq!(used(&world, &psn_no).await, (LIMITS.1, 300_000, 300_000, 0));
    // A late bill of before is paid by what held then, and nothing is left of that.
    let late = settle(&world, bill(&world, &psn_no, "R2", 10_000, before)).await.unwrap();
    assert_eq!((late.pool_prop_selfpay_bp, late.fund_pay_sumamt_fen), (6_000, 0));

    world.follow().await;
    let held = world.benefits(&psn_no).await.remove(0);
    assert_eq!((held.insutype(), held.transfers.len()), (Insutype::Employee, 1));
    let transfer = &held.transfers[0];
    assert_eq!((transfer.insutype_before(), transfer.insutype()), (Insutype::Resident, Insutype::Employee));
    assert_eq!(transfer.begndate.as_ref().and_then(to_date), Some(on));
    let told = events(&world, &["benefit.transferred"]).await;
    assert_eq!(told.len(), 1);
    let expected =
        serde_json::json!({"insutype_before": "390", "insutype": "310", "begndate": on.to_string()});
    assert_eq!(told[0].1, expected);

    // What is taken back goes to the kind that had paid it.
    reverse(&world, &psn_no, "E1").await;
    assert_eq!(used(&world, &psn_no).await, (300_000, 0, 300_000, 300_000));
    let late = settle(&world, bill(&world, &psn_no, "R3", 100_000, before)).await.unwrap();
    assert_eq!((late.fund_pay_sumamt_fen, late.left_fen), (60_000, 140_000));
    reverse(&world, &psn_no, "R1").await;
    assert_eq!(used(&world, &psn_no).await, (60_000, 0, 60_000, 540_000));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bills_of_both_kinds_at_once_pay_the_limit_and_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = resident_row();
    let (psn_no, _) = world.granted(person.clone(), CODE).await;
    let before = world.today();
    let on = before + Duration::days(1);
    world.wait_until(on);
    world.import(vec![hired(&person, on)]).await;
    let calls = (0..32).map(|number| {
        let day = if number % 2 == 0 { before } else { on };
        settle(&world, bill(&world, &psn_no, &format!("B{number}"), 75_000, day))
    });
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let paid = |ratio: i32| {
        let of = answers.iter().filter(|answer| answer.pool_prop_selfpay_bp == ratio);
        of.map(|answer| answer.fund_pay_sumamt_fen).sum::<i64>()
    };
    assert_eq!(paid(6_000) + paid(8_000), LIMITS.1, "sixteen bills as an employee alone come to more");
    assert!(paid(6_000) <= LIMITS.0);
    assert_eq!(used(&world, &psn_no).await, (LIMITS.1, paid(8_000), paid(6_000), 0));
}

/// The sample with a disease open for residents alone, or for both, in force from a day on.
fn opened(code: &str, kinds: &str, version: &str, from: Date) -> String {
    let mut blocks: Vec<_> = SAMPLE.split("[[diseases]]").map(str::to_owned).collect();
    let place = blocks.iter().position(|block| block.starts_with(&format!("\ncode = \"{code}\"")));
    let block = &mut blocks[place.expect("a disease of the sample")];
    *block = block.replace("insutypes = [\"310\", \"390\"]", &format!("insutypes = [{kinds}]"));
    let text = blocks.join("[[diseases]]").replace("2025-sample-2", version);
    text.replace("in_force_from = \"2025-01-01\"", &format!("in_force_from = \"{from}\""))
}

async fn publish(world: &World, content: String) {
    let request = catalog::ImportCatalogRequest {
        parent: "areas/620900".to_owned(),
        files: vec![catalog::CatalogFile { name: "catalog.toml".to_owned(), content }],
        request_id: request_id(),
        validate_only: false,
    };
    CatalogServiceClient::new(world.ops()).import_catalog(request).await.expect("the catalogue is published");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_disease_is_not_open_for_the_new_kind_nothing_is_paid_until_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const CLOSED: &str = "M01908";
    let world = World::start(engine).await;
    let person = resident_row();
    let (psn_no, _) = world.granted(person.clone(), CLOSED).await;
    let on = world.today() + Duration::days(5);
    publish(&world, opened(CLOSED, "\"390\"", "2025-sample-70", on)).await;
    world.wait_until(on);
    world.import(vec![hired(&person, on)]).await;
    world.follow().await;
    let held = world.benefits(&psn_no).await.remove(0);
    assert_eq!((held.insutype(), held.state()), (Insutype::Resident, benefit::BenefitState::Active));
    assert_eq!(world.in_force(&psn_no, CLOSED, None).await, (false, vec!["KIND_NOT_OPEN".to_owned()]));
    let refusal = settle(&world, world.bill(&psn_no, CLOSED, "B1", 1_000)).await;
    refused(refusal, Code::FailedPrecondition, "KIND_NOT_OPEN");
    let before = pb::Bill {
        service_day: on.previous_day().map(date_message),
        ..world.bill(&psn_no, CLOSED, "B2", 1_000)
    };
    assert_eq!(settle(&world, before).await.unwrap().fund_pay_sumamt_fen, 600, "of before the change");
    world.wait_days(1);
    world.follow().await;
    let told = events(&world, &["benefit.not_transferred", "benefit.transferred"]).await;
    let kinds: Vec<_> = told.iter().map(|(event, _)| event.r#type.as_str()).collect();
    assert_eq!(kinds, ["benefit.not_transferred"], "once");

    let open = world.today() + Duration::days(10);
    publish(&world, opened(CLOSED, "\"310\", \"390\"", "2025-sample-71", open)).await;
    world.wait_until(open);
    assert_eq!(world.in_force(&psn_no, CLOSED, None).await, (true, vec![]));
    world.follow().await;
    let held = world.benefits(&psn_no).await.remove(0);
    assert_eq!((held.insutype(), held.transfers.len()), (Insutype::Employee, 1));
}
