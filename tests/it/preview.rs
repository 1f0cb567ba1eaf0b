//! A draft catalogue over stored settlements: sums worked out by hand, nothing written, and who may ask.

use opsp::catalog::domain::{Catalog, Insutype, SAMPLE};
use opsp::kernel::money::{Money, Ratio};
use opsp::proto::opsp::catalog::v1 as pb;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::settlement::v1 as settlement;
use opsp::rpc::parse::date_message;
use pb::catalog_service_client::CatalogServiceClient;
use pb::preview_catalog_response::Part;
use rstest::rstest;
use settlement::settlement_service_client::SettlementServiceClient;
use time::Date;
use tonic::{Code, Status};

use crate::world::scenario::{HOSPITAL, row};
use crate::world::{Caller, Engine, OFFICER, World, refused, request_id, wrong_fields};

const CODE: &str = "M01600";

pub fn draft(change: impl FnOnce(&mut Catalog)) -> String {
    let mut catalog = Catalog::parse(SAMPLE).unwrap();
    catalog.version = "draft".to_owned();
    // Drafts here are wilder than the published ranges.
    catalog.bounds.clear();
    change(&mut catalog);
    toml::to_string(&catalog).unwrap()
}

/// The policy rows of the test's disease for employees, changed.
fn with_policy(change: impl Fn(&mut opsp::catalog::domain::Policy)) -> String {
    draft(|catalog| {
        let own = |row: &&mut opsp::catalog::domain::Policy| {
            row.disease == CODE && row.insutype == Insutype::Employee
        };
        catalog.policies.iter_mut().filter(own).for_each(change);
    })
}

pub fn without_disease() -> String {
    draft(|catalog| {
        catalog.diseases.retain(|disease| disease.code != CODE);
        catalog.policies.retain(|row| row.disease != CODE);
        for disease in &mut catalog.diseases {
            disease.exclusions.retain(|code| code != CODE);
        }
    })
}

pub fn ask(content: String, from: Date, to: Date) -> pb::PreviewCatalogRequest {
    pb::PreviewCatalogRequest {
        parent: "areas/620900".to_owned(),
        files: vec![pb::CatalogFile { name: "catalog.toml".to_owned(), content }],
        from: Some(date_message(from)),
        to: Some(date_message(to)),
        examples: 10,
    }
}

/// The summary, which comes last and once, after the progress.
pub async fn preview(
    caller: Caller,
    request: pb::PreviewCatalogRequest,
) -> Result<pb::PreviewSummary, Status> {
    let mut stream = CatalogServiceClient::new(caller).preview_catalog(request).await?.into_inner();
    let (mut progress, mut summary) = (Vec::new(), None);
    while let Some(answer) = stream.message().await? {
        assert!(summary.is_none(), "something came after the summary");
        match answer.part.unwrap() {
            Part::Progress(part) => progress.push(part),
            Part::Summary(found) => summary = Some(found),
        }
    }
    let summary = summary.expect("a summary");
    let total = summary.total.unwrap();
    if let Some(last) = progress.last() {
        assert_eq!((last.settlements_done, last.settlements_total), (total.settlements, total.settlements));
    }
    assert_eq!(total.settlements, total.gaining + total.losing + total.same);
    assert_eq!(total.fund_after_fen, total.fund_before_fen + total.gain_fen - total.loss_fen);
    let rows: i64 = summary.rows.iter().map(|row| row.tally.unwrap().fund_after_fen).sum();
    assert_eq!(rows, total.fund_after_fen, "the rows add up");
    Ok(summary)
}

pub fn tally(summary: &pb::PreviewSummary) -> [i64; 8] {
    let total = summary.total.unwrap();
    [
        total.settlements,
        total.fund_before_fen,
        total.fund_after_fen,
        total.gaining,
        total.gain_fen,
        total.losing,
        total.loss_fen,
        total.same,
    ]
}

fn why(summary: &pb::PreviewSummary) -> Vec<(i64, i64, String)> {
    let told = |one: &pb::PreviewExample| (one.fund_before_fen, one.fund_after_fen, one.why.join(" "));
    summary.examples.iter().map(told).collect()
}

async fn settle(world: &World, psn_no: &str, number: &str, fen: i64) -> i64 {
    let bill = Some(world.bill(psn_no, CODE, number, fen));
    let request = settlement::SettleRequest { bill, request_id: request_id(), validate_only: false };
    let mut client = SettlementServiceClient::new(world.platform());
    client.settle(request).await.unwrap().into_inner().fund_pay_sumamt_fen
}

async fn reverse(world: &World, psn_no: &str, number: &str) {
    let request = settlement::ReverseSettlementRequest {
        psn_no: psn_no.to_owned(),
        fixmedins_code: HOSPITAL.to_owned(),
        medins_setl_id: number.to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    SettlementServiceClient::new(world.platform()).reverse_settlement(request).await.unwrap();
}

/// How many entries the log has, once everything that was journalled is in it.
async fn logged(world: &World) -> i64 {
    world.job("sequence").await;
    // Else one of a new day might come at any time.
    world.job("publish-status-list").await;
    world.job("sequence").await;
    world.running.app.db.log_position().await.unwrap()
}

/// Somebody with a benefit of 80 % up to 6,000 元 and three bills: 800, 4,000 and the last 1,200 元 are paid.
pub async fn three_bills(world: &World) -> String {
    let (psn_no, _) = world.granted(row(), CODE).await;
    let bills = [("B1", 100_000, 80_000), ("B2", 500_000, 400_000), ("B3", 500_000, 120_000)];
    for (number, fen, paid) in bills {
        assert_eq!(settle(world, &psn_no, number, fen).await, paid);
    }
    psn_no
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_of_a_draft_is_worth_what_it_is_worth(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = three_bills(&world).await;
    let (day, before) = (world.today(), logged(&world).await);
    let bureau = |content| preview(world.bureau(OFFICER), ask(content, day, day));

    let same = bureau(draft(|_| {})).await.unwrap();
    assert_eq!(tally(&same), [3, 600_000, 600_000, 0, 0, 0, 0, 3]);
    assert_eq!((same.persons, same.persons_gaining, same.persons_losing), (1, 0, 0));
    assert!(same.examples.is_empty() && same.lost_benefits.is_empty() && same.draft_version == "draft");
    let [paid_under] = same.paid_under.as_slice() else { panic!("{:?}", same.paid_under) };
    assert_eq!((paid_under.catalog_version.as_str(), paid_under.settlements), ("2025-sample-2", 3));
    assert_eq!(
        paid_under.sha256,
        Catalog::sha256(&serde_json::to_string(&Catalog::parse(SAMPLE).unwrap()).unwrap())
    );
    let [only] = same.rows.as_slice() else { panic!("{:?}", same.rows) };
    assert_eq!((only.opsp_dise_code.as_str(), only.insutype()), (CODE, common::Insutype::Employee));

    // 90 %: 900 and 4,500 元, and 600 are left of the limit for the third.
    let ratio = bureau(with_policy(|row| row.ratio_bp = Ratio(9_000))).await.unwrap();
    assert_eq!(tally(&ratio), [3, 600_000, 600_000, 2, 60_000, 1, 60_000, 0]);
    assert_eq!(
        why(&ratio),
        [
            (120_000, 60_000, "ratio limit".to_owned()),
            (400_000, 450_000, "ratio".to_owned()),
            (80_000, 90_000, "ratio".to_owned())
        ]
    );
    assert!(ratio.examples[0].settlement.starts_with(&format!("insured/{psn_no}/settlements/")));

    // A limit of 3,000 元: 800, 2,200 and nothing.
    let limit = bureau(with_policy(|row| row.limit_fen = Money(300_000))).await.unwrap();
    assert_eq!(tally(&limit), [3, 600_000, 300_000, 0, 0, 2, 300_000, 1]);
    assert_eq!(why(&limit), [(400_000, 220_000, "limit".to_owned()), (120_000, 0, "limit".to_owned())]);
    assert_eq!((limit.persons_gaining, limit.persons_losing), (0, 1));

    // A deductible of 500 元: 400 of the first, and so 400 more are left for the third.
    let deductible = bureau(with_policy(|row| row.deductible_fen = Money(50_000))).await.unwrap();
    assert_eq!(tally(&deductible), [3, 600_000, 600_000, 1, 40_000, 1, 40_000, 1]);
    assert_eq!(
        why(&deductible),
        [(80_000, 40_000, "deductible".to_owned()), (120_000, 160_000, "limit".to_owned())]
    );
    assert_eq!(logged(&world).await, before, "nothing was written");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_draft_leaves_out_is_paid_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    three_bills(&world).await;
    let day = world.today();
    let ops = |content| preview(world.ops(), ask(content, day, day));
    let closed = draft(|catalog| {
        let disease = catalog.diseases.iter_mut().find(|disease| disease.code == CODE).unwrap();
        disease.insutypes = vec![Insutype::Resident];
        catalog.policies.retain(|row| row.disease != CODE || row.insutype == Insutype::Resident);
    });
    let no_hospital =
        draft(|catalog| catalog.institutions.retain(|institution| institution.fixmedins_code != HOSPITAL));
    let lost = |summary: &pb::PreviewSummary| {
        let told = |lost: &pb::LostBenefits| {
            (lost.opsp_dise_code.clone(), lost.insutype(), lost.benefits, lost.reason.clone())
        };
        summary.lost_benefits.iter().map(told).collect::<Vec<_>>()
    };
    for (content, reason, loses_benefit) in [
        (without_disease(), "DISEASE_UNKNOWN", true),
        (closed, "KIND_NOT_OPEN", true),
        (no_hospital, "INSTITUTION_UNKNOWN", false),
    ] {
        let found = ops(content).await.unwrap();
        assert_eq!(tally(&found), [3, 600_000, 0, 0, 0, 3, 600_000, 0], "{reason}");
        assert!(found.examples.iter().all(|one| one.why == [reason] && one.fund_after_fen == 0), "{reason}");
        assert!(found.examples.iter().all(|one| one.settlement.is_empty()), "operations see no person");
        let expected = (CODE.to_owned(), common::Insutype::Employee, 1, reason.to_owned());
        assert_eq!(lost(&found), if loses_benefit { vec![expected] } else { Vec::new() });
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reversals_and_other_days_draw_what_they_drew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = three_bills(&world).await;
    let first = world.today();
    reverse(&world, &psn_no, "B1").await;
    reverse(&world, &psn_no, "NEVER-SEEN").await;
    world.wait_days(1);
    let second = world.today();
    // 800 元 are free again.
    assert_eq!(settle(&world, &psn_no, "B4", 500_000).await, 80_000);
    let bureau = |content, from, to| preview(world.bureau(OFFICER), ask(content, from, to));
    let ninety = || with_policy(|row| row.ratio_bp = Ratio(9_000));

    // The third bill was cut by a payment that is not there any more: calculated again it is cut as well.
    let same = bureau(draft(|_| {}), first, second).await.unwrap();
    assert_eq!(tally(&same), [3, 600_000, 600_000, 0, 0, 0, 0, 3]);
    // 900 (reversed), 4,500, 600, and then 900 for the fourth.
    let ratio = bureau(ninety(), first, second).await.unwrap();
    assert_eq!(tally(&ratio), [3, 600_000, 600_000, 2, 60_000, 1, 60_000, 0]);
    // Only the second day: what came before it stays 5,200 元, and 800 are left whatever the ratio.
    let later = bureau(ninety(), second, second).await.unwrap();
    assert_eq!(tally(&later), [1, 80_000, 80_000, 0, 0, 0, 0, 1]);
    let limit = bureau(with_policy(|row| row.limit_fen = Money(550_000)), second, second).await.unwrap();
    assert_eq!(tally(&limit), [1, 80_000, 30_000, 0, 0, 1, 50_000, 0]);
    // No more examples than were asked for, and the largest.
    let one = pb::PreviewCatalogRequest { examples: 1, ..ask(ninety(), first, second) };
    assert_eq!(why(&preview(world.bureau(OFFICER), one).await.unwrap())[0].0, 120_000);
    // A county's people alone, and a period without settlements.
    let county = |code: &str| pb::PreviewCatalogRequest {
        parent: format!("areas/{code}"),
        ..ask(draft(|_| {}), first, second)
    };
    assert_eq!(preview(world.bureau(OFFICER), county("620902")).await.unwrap().persons, 1);
    assert_eq!(preview(world.bureau(OFFICER), county("620981")).await.unwrap().persons, 0);
    let after = second.next_day().unwrap();
    assert_eq!(bureau(ninety(), after, after).await.unwrap().total.unwrap().settlements, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_that_cannot_be_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let day = world.today();
    let wrong = |change: fn(&mut pb::PreviewCatalogRequest)| {
        let mut request = ask(draft(|_| {}), day, day);
        change(&mut request);
        let caller = world.bureau(OFFICER);
        async move { wrong_fields(preview(caller, request).await) }
    };
    assert_eq!(wrong(|request| (request.from, request.examples) = (None, 51)).await, ["from", "examples"]);
    assert_eq!(
        wrong(|request| request.to = Some(date_message(time::macros::date!(2025 - 01 - 01)))).await,
        ["to"]
    );
    assert_eq!(
        wrong(|request| request.from = Some(date_message(time::macros::date!(2024 - 03 - 01)))).await,
        ["to"]
    );
    assert_eq!(wrong(|request| request.files.clear()).await, ["files"]);
    let faults = wrong(|request| request.files[0].content = "area = 1".to_owned()).await;
    assert_eq!(faults[..2], ["files", "catalog.toml:1 area"]);
    // What could not be published cannot be tried: the area has no list, so that the draft must name institutions.
    let faults =
        wrong(|request| request.files[0].content = draft(|catalog| catalog.institutions.clear())).await;
    assert!(faults.len() == 2 && faults[1].ends_with(" institutions"), "{faults:?}");
    let zhangye = draft(|catalog| catalog.area = "620700".to_owned());
    let status = preview(world.bureau(OFFICER), ask(zhangye, day, day)).await;
    assert_eq!(wrong_fields(status), ["parent"]);
    refused(preview(world.elsewhere(), ask(draft(|_| {}), day, day)).await, Code::NotFound, "NOT_FOUND");
    refused(
        preview(world.public(), ask(draft(|_| {}), day, day)).await,
        Code::PermissionDenied,
        "ROLE_NOT_ALLOWED",
    );
}
