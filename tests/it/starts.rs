//! 待遇开始: a disease may begin otherwise than its area; none begins before its notice is undisputed.

use opsp::catalog::domain::{BenefitStart, SAMPLE};
use opsp::catalog::import::{DOCUMENT, File, parse};
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1::Insutype;
use opsp::proto::opsp::settlement::v1 as settlement;
use opsp::rpc::parse::{date_message, to_date};
use rstest::rstest;
use time::Date;
use time::macros::date;
use tonic::{Code, Status};

use catalog::BenefitStart as Said;
use catalog::catalog_service_client::CatalogServiceClient;
use settlement::settlement_service_client::SettlementServiceClient;

use crate::catalogue::{document, import};
use crate::preview::draft;
use crate::world::scenario::row;
use crate::world::{Engine, World, refused, request_id};

/// By the area's rule, from the approval on, and from the first of the next month on.
const CODES: [&str; 3] = ["M01600", "M03900", "M04600"];

async fn said(world: &World, code: &str) -> Said {
    let request =
        catalog::GetDiseaseRequest { name: format!("areas/620900/diseases/{code}"), ..Default::default() };
    CatalogServiceClient::new(world.public()).get_disease(request).await.unwrap().into_inner().benefit_start()
}

async fn settle(world: &World, psn_no: &str, number: &str, day: Date) -> Result<(), Status> {
    let bill = settlement::Bill {
        service_day: Some(date_message(day)),
        ..world.bill(psn_no, CODES[1], number, 20_000)
    };
    let request =
        settlement::SettleRequest { bill: Some(bill), request_id: request_id(), validate_only: false };
    SettlementServiceClient::new(world.platform()).settle(request).await.map(|_| ())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_diseases_of_one_catalogue_begin_by_three_rules(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let changed = draft(|catalog| {
        for (code, start) in [(CODES[1], BenefitStart::Approved), (CODES[2], BenefitStart::FirstOfNextMonth)]
        {
            let disease = catalog.diseases.iter_mut().find(|disease| disease.code == code).unwrap();
            disease.benefit_start = Some(start);
        }
    });
    let answer = import(world.ops(), document("620900", &changed)).await.unwrap();
    assert!(answer.catalog.is_some(), "{:?}", answer.faults);
    assert_eq!(said(&world, CODES[0]).await, Said::NoticeClosed, "as its area has it");
    assert_eq!(said(&world, CODES[1]).await, Said::Approved);
    assert_eq!(said(&world, CODES[2]).await, Said::FirstOfNextMonth);

    let psn_no = world.person(row()).await;
    let materials = world.upload_checklists(&psn_no, &CODES).await;
    let mut form = world.form(CODES[0], materials);
    for code in &CODES[1..] {
        form.lines.extend(world.form(code, Vec::new()).lines);
    }
    let name = world.draft(&psn_no, form).await.unwrap();
    world.submit(&name).await.unwrap();
    let experts = world.experts().await;
    // Approved on Monday 3 March, in a notice from Thursday 6 March on: 5 working days, until 13 March.
    world.decide(&name, &experts, true).await;
    world.wait_until(date!(2025 - 03 - 06));
    let notice = world.notice(Insutype::Employee).await;
    world.wait_until(date!(2025 - 03 - 10));
    let early = settle(&world, &psn_no, "S1", date!(2025 - 03 - 10)).await;
    refused(early, Code::FailedPrecondition, "NO_BENEFIT");
    assert!(world.benefits(&psn_no).await.is_empty(), "nothing is in force while the notice is open");
    world.close(&notice).await;

    let held = world.benefits(&psn_no).await;
    let begins = |code: &str| {
        let found = held.iter().find(|held| held.opsp_dise_code == code).unwrap();
        found.begndate.as_ref().and_then(to_date).unwrap()
    };
    let expected = [date!(2025 - 03 - 14), date!(2025 - 03 - 03), date!(2025 - 04 - 01)];
    assert_eq!(CODES.map(begins), expected);
    // The bill that was refused is paid now: its day lies within the benefit. The day before does not.
    settle(&world, &psn_no, "S1", date!(2025 - 03 - 10)).await.unwrap();
    settle(&world, &psn_no, "S2", date!(2025 - 03 - 03)).await.unwrap();
    let before = settle(&world, &psn_no, "S3", date!(2025 - 03 - 02)).await;
    refused(before, Code::FailedPrecondition, "BENEFIT_NOT_BEGUN");
    assert_eq!(world.replay_all().await, 1);
}

#[test]
fn a_rule_that_there_is_not_is_told_at_its_line() {
    let head = "[[diseases]]\ncode = \"M01600\"\n";
    assert!(SAMPLE.contains(head));
    let with = |rule: &str| SAMPLE.replace(head, &format!("{head}benefit_start = \"{rule}\"\n"));
    let read = |text: String| parse(&[File { name: DOCUMENT.to_owned(), content: text }]);
    let faults = read(with("at_once")).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let line = with("at_once").lines().position(|line| line.contains("at_once")).unwrap() + 1;
    assert_eq!(usize::try_from(faults[0].line).unwrap(), line);
    assert!(faults[0].en.contains("one of notice_closed, approved, first_of_next_month"), "{faults:?}");
    let catalog = read(with("approved")).unwrap();
    assert_eq!(catalog.disease("M01600").unwrap().benefit_start, Some(BenefitStart::Approved));
}
