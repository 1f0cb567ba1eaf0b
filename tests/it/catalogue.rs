//! Catalogues and institutions as data: import, versions, both axes of time, a second city, a 69th disease.

use catalog::catalog_service_client::CatalogServiceClient;
use opsp::catalog::domain::{Catalog, SAMPLE};
use opsp::catalog::import::{File, parse};
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::event::v1 as event;
use opsp::rpc::parse::{date_message, to_date};
use rstest::rstest;
use time::macros::date;
use tonic::{Code, Status};

use crate::world::scenario::{HOSPITAL, row};
use crate::world::{
    Caller, Engine, OFFICER, World, postgres_database, reason, refused, request_id, wrong_fields,
};

/// The second city, in one file.
const ZHANGYE: &str = include_str!("cities/zhangye.toml");
/// A 69th disease for Jiuquan.
const DISEASE: &str = include_str!("cities/69th.toml");
/// The same city as the sheets of a spreadsheet.
const SHEETS: [(&str, &str); 9] = [
    ("catalog.csv", include_str!("cities/zhangye/catalog.csv")),
    ("rules.csv", include_str!("cities/zhangye/rules.csv")),
    ("groups.csv", include_str!("cities/zhangye/groups.csv")),
    ("bounds.csv", include_str!("cities/zhangye/bounds.csv")),
    ("materials.csv", include_str!("cities/zhangye/materials.csv")),
    ("diseases.csv", include_str!("cities/zhangye/diseases.csv")),
    ("criteria.csv", include_str!("cities/zhangye/criteria.csv")),
    ("policies.csv", include_str!("cities/zhangye/policies.csv")),
    ("institutions.csv", include_str!("cities/zhangye/institutions.csv")),
];

/// The sample with a 69th disease, in force from a later day.
fn with_a_69th_disease() -> String {
    let text = SAMPLE.replace("2025-sample-2", "2025-sample-69");
    text.replace("in_force_from = \"2025-01-01\"", "in_force_from = \"2025-04-01\"") + DISEASE
}

pub fn file(name: &str, content: &str) -> catalog::CatalogFile {
    catalog::CatalogFile { name: name.to_owned(), content: content.to_owned() }
}

pub fn document(area: &str, text: &str) -> catalog::ImportCatalogRequest {
    catalog::ImportCatalogRequest {
        parent: format!("areas/{area}"),
        files: vec![file("catalog.toml", text)],
        request_id: request_id(),
        validate_only: false,
    }
}

pub async fn import(
    caller: Caller,
    request: catalog::ImportCatalogRequest,
) -> Result<catalog::ImportCatalogResponse, Status> {
    CatalogServiceClient::new(caller).import_catalog(request).await.map(tonic::Response::into_inner)
}

async fn versions(world: &World, area: &str) -> Vec<String> {
    let request = catalog::ListCatalogsRequest { parent: format!("areas/{area}"), ..Default::default() };
    let list = CatalogServiceClient::new(world.public()).list_catalogs(request).await.unwrap().into_inner();
    list.catalogs.into_iter().map(|version| version.version).collect()
}

async fn disease(
    world: &World,
    code: &str,
    change: impl FnOnce(&mut catalog::GetDiseaseRequest),
) -> Result<catalog::Disease, Status> {
    let mut request =
        catalog::GetDiseaseRequest { name: format!("areas/620900/diseases/{code}"), ..Default::default() };
    change(&mut request);
    CatalogServiceClient::new(world.public()).get_disease(request).await.map(tonic::Response::into_inner)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_69th_disease_is_data(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let text = with_a_69th_disease();
    let tried = catalog::ImportCatalogRequest { validate_only: true, ..document("620900", &text) };
    let answer = import(world.ops(), tried).await.unwrap();
    assert!(answer.faults.is_empty() && answer.catalog.is_some_and(|catalog| catalog.diseases == 69));
    assert_eq!(versions(&world, "620900").await, ["2025-sample-2"], "a trial writes nothing");

    let before = world.running.app.db.time().now();
    let request = document("620900", &text);
    let done = import(world.bureau(OFFICER), request.clone()).await.unwrap();
    assert_eq!(import(world.bureau(OFFICER), request).await.unwrap(), done, "repeated");
    assert_eq!(import(world.ops(), document("620900", &text)).await.unwrap(), done, "the same content anew");
    assert_eq!(versions(&world, "620900").await, ["2025-sample-69", "2025-sample-2"]);
    let published = done.catalog.expect("the version");
    assert!(published.sample && published.sha256.len() == 64);

    // In force from its first day on, and known from its publication on.
    let in_april = |request: &mut catalog::GetDiseaseRequest| {
        request.as_of = Some(date_message(date!(2025 - 04 - 01)));
    };
    assert_eq!(disease(&world, "JQ9069", |_| {}).await.unwrap_err().code(), Code::NotFound);
    let found = disease(&world, "JQ9069", in_april).await.unwrap();
    assert_eq!((found.age_min, found.catalog_sha256.as_str()), (14, published.sha256.as_str()));
    let unknown = disease(&world, "JQ9069", |request| {
        in_april(request);
        request.known_at = Some(opsp::rpc::parse::timestamp(before));
    });
    assert_eq!(unknown.await.unwrap_err().code(), Code::NotFound);
    world.wait_until(date!(2025 - 04 - 01));
    assert_eq!(disease(&world, "JQ9069", |_| {}).await.unwrap().name, "areas/620900/diseases/JQ9069");

    let source = catalog::GetCatalogSourceRequest { name: published.name.clone() };
    let mut client = CatalogServiceClient::new(world.ops()).max_decoding_message_size(8 << 20);
    let source = client.get_catalog_source(source).await.unwrap().into_inner();
    assert_eq!(source.files, [file("catalog.toml", &text)], "what was imported comes back as it was");
    world.job("sequence").await;
    let events = event::ListEventsRequest { page_size: 100, ..Default::default() };
    let events = event::event_service_client::EventServiceClient::new(world.ops()).list_events(events).await;
    let told = events.unwrap().into_inner().events.into_iter().any(|event| {
        format!("{event:?}").contains("2025-sample-69") && format!("{event:?}").contains(&published.sha256)
    });
    assert!(told, "the event names version and hash");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_told_whole_and_nothing_is_written(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let text = with_a_69th_disease().replace("requalify_months = 12", "requalify_months = \"12\"");
    let count = text.matches("requalify_months = \"12\"").count();
    assert!(count > 20, "{count}");
    let tried = catalog::ImportCatalogRequest { validate_only: true, ..document("620900", &text) };
    let answer = import(world.ops(), tried).await.unwrap();
    assert_eq!((answer.faults.len(), answer.catalog), (count, None));
    let lines: Vec<_> = text.lines().collect();
    for fault in &answer.faults {
        let line = lines[usize::try_from(fault.line).unwrap() - 1];
        assert!(line.starts_with("requalify_months") && fault.text_zh.contains("整数"), "{fault:?}");
    }
    let fields = wrong_fields(import(world.ops(), document("620900", &text)).await);
    assert_eq!(fields.len(), 21);
    assert!(fields[0] == "files" && fields[1].starts_with("catalog.toml:"), "{fields:?}");

    // Another content under a published version, another area than the request's.
    let changed = SAMPLE.replace("notice_working_days = 5 ", "notice_working_days = 6 ");
    let fields = wrong_fields(import(world.ops(), document("620900", &changed)).await);
    assert!(fields.len() == 2 && fields[1].ends_with(" version"), "{fields:?}");
    let fields = wrong_fields(import(world.ops(), document("620900", ZHANGYE)).await);
    assert!(fields.len() == 2 && fields[1].ends_with(" area"), "{fields:?}");
    refused(import(world.bureau(OFFICER), document("620700", ZHANGYE)).await, Code::NotFound, "NOT_FOUND");
    assert_eq!(versions(&world, "620900").await, ["2025-sample-2"]);
    assert!(versions(&world, "620700").await.is_empty());
}

#[test]
fn the_sheets_of_a_spreadsheet_say_the_same_as_the_one_file() {
    let sheets = SHEETS.map(|(name, content)| File { name: name.to_owned(), content: content.to_owned() });
    let read = parse(&sheets).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(read, Catalog::parse(ZHANGYE).unwrap());
}

#[test]
fn faults_in_sheets_have_their_file_and_line() {
    let with = |name: &str, from: &str, to: &str| {
        let sheets = SHEETS.map(|(own, content)| {
            assert!(own != name || content.contains(from), "{from} is not in {name}");
            let content = if own == name { content.replacen(from, to, 1) } else { content.to_owned() };
            File { name: own.to_owned(), content }
        });
        let faults = parse(&sheets).expect_err("a fault");
        faults.iter().map(|fault| format!("{}:{} {}", fault.file, fault.line, fault.en)).collect::<Vec<_>>()
    };
    let check = |(name, from, to): (&str, &str, &str), place: &str, said: &str| {
        let told = with(name, from, to);
        assert!(told.len() == 1 && told[0].starts_with(place) && told[0].contains(said), "{told:#?}");
    };
    check(("policies.csv", "7500", "75%"), "policies.csv:2 ", "whole number");
    check(("policies.csv", "8000", "9000"), "policies.csv:3 ", "must be from 6000 to 8500");
    check(("diseases.csv", "chronic", "nowhere"), "diseases.csv:2 ", "no group nowhere");
    check(("institutions.csv", "enddate", "until"), "institutions.csv:1 ", "no column until");
    check(("bounds.csv", "8500", "5000"), "bounds.csv:2 ", "is below ratio_bp_min");
    check(("criteria.csv", "ZY0002,1.2,", "ZY0002,2.2,"), "criteria.csv:7 ", "hangs below no other");
    check(("criteria.csv", "ZY0002,1.2,", "ZY0002,1.2.,"), "criteria.csv:7 ", "is no node");
    check(("criteria.csv", "ZY0002,1.2,", "ZY0002,1.0,"), "criteria.csv:7 ", "is no node");
    check(("criteria.csv", "ZY0002,1.3,", "ZY0002,1.2.1,"), "criteria.csv:7 ", "others below it");
    check(("rules.csv", "files.rotated,pass", "files,pass"), "rules.csv:21 ", "cannot both be");
    check(("rules.csv", "files.rotated,pass", "files.rotated,perhaps"), "rules.csv:21 ", "one of");
    check(("criteria.csv", "至少2项", "至少4项"), "criteria.csv:5 ", "never be true");
    check(("materials.csv", "ZY0002", "ZY0009"), "materials.csv:4 ", "no disease ZY0009");
    check(("materials.csv", "无,复审", "无,续方"), "materials.csv:5 ", "application or requalification");
    check(("materials.csv", "否,无,\n", "否,无,复审\n"), "materials.csv:2 ", "names its disease");
    check(("rules.csv", "30；10", "30；10；30"), "rules.csv:23 ", "30 is there twice");
    check(("rules.csv", "30；10", "30；60"), "rules.csv:23 ", "must be from 0 to 59");
    check(("groups.csv", "severe,", "severe,x,"), "groups.csv:3 ", "cells");
    check(("rules.csv", "experts,2", "experts,two"), "rules.csv:", "whole number");
    check(("catalog.csv", "2025-01-01", "1.1.2025"), "catalog.csv:4 ", "is no day");
    check(("institutions.csv", "H62072400001", "62072400001"), "institutions.csv:4 ", "11 digits");
}

#[test]
fn faults_are_told_up_to_a_bound() {
    let told =
        |name: &str, content: String| parse(&[File { name: name.to_owned(), content }]).expect_err("faults");
    let short = told("policies.csv", format!("insutype,disease\n{}", "a\n".repeat(50_000)));
    assert_eq!(short.len(), 5_001);
    assert!(short.iter().any(|fault| fault.en.contains("too many faults")));
    let titles = told("policies.csv", "x,".repeat(50_000));
    assert!(titles.len() == 1 && titles[0].en.contains("50001 columns"), "{}", titles.len());
    let broken = told("catalog.toml", "= \n".repeat(20_000)).len();
    assert!(broken <= 5_001, "{broken}");
}

#[test]
fn a_disease_has_no_more_facts_than_an_opinion_can_judge() {
    let faults = |facts: usize| {
        let facts: String =
            (0..facts).map(|fact| format!("{{ fact = \"f{fact}\", text = \"第{fact}项\" }},")).collect();
        let first = "criteria = { fact = \"coronary_imaging\", text = \"冠状动脉造影或CT证实。\" }";
        assert!(ZHANGYE.contains(first));
        let text = ZHANGYE.replace(first, &format!("criteria = {{ any = [{facts}] }}"));
        Catalog::parse(&text).err().unwrap_or_default()
    };
    assert_eq!(faults(50), []);
    let told = faults(51);
    assert!(told.len() == 1 && told[0].en.contains("has 51 facts"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_institutions_of_a_day_come_from_one_place() {
    let world = World::start(Engine::Sqlite).await;
    let with = with_a_69th_disease();
    let (before, rest) = with.split_once("[[institutions]]").expect("institutions");
    let without = format!("{before}\n[[diseases]]{}", rest.rsplit_once("[[diseases]]").expect("the 69th").1);
    let of = |text: &str, day: &str, version: &str| {
        document("620900", &text.replace("2025-04-01", day).replace("2025-sample-69", version))
    };
    let refused = async |request: catalog::ImportCatalogRequest| {
        let fields = wrong_fields(import(world.ops(), request).await);
        assert!(fields.len() == 2 && fields[1].ends_with(" institutions"), "{fields:?}");
    };
    refused(of(&without, "2025-04-01", "a")).await;
    let first = import(world.ops(), of(&with, "2025-06-01", "b")).await.expect("there is no list");

    let mut list = institutions("list-1", "");
    list.files[0].content = list.files[0].content.replace("2025-01-01", "2025-06-01");
    let mut client = CatalogServiceClient::new(world.ops());
    let listed = client.import_institutions(list.clone()).await.expect("a list").into_inner();
    // Before the list's first day the catalogue's own institutions are all that there are.
    refused(of(&without, "2025-05-31", "c")).await;
    import(world.ops(), of(&with, "2025-05-31", "c")).await.expect("the list is not in force then");
    refused(of(&with, "2025-06-01", "d")).await;
    import(world.ops(), of(&without, "2025-06-01", "d")).await.expect("the list is in force then");
    // What was published stays the same answer, whatever has been since.
    assert_eq!(import(world.ops(), of(&with, "2025-06-01", "b")).await.expect("the same content"), first);
    list.request_id = request_id();
    assert_eq!(client.import_institutions(list).await.expect("the same content").into_inner(), listed);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_is_granted_though_a_correction_drops_the_disease(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    world.decide(&name, &world.experts().await, true).await;
    let notice = world.notice(common::Insutype::Employee).await;
    let correction = crate::preview::without_disease();
    import(world.ops(), document("620900", &correction)).await.expect("a correction from the same day on");
    let due = world.get_notice(&notice).await.deadline.and_then(|deadline| deadline.due_date);
    let due = due.as_ref().and_then(to_date).expect("an open notice has a last day");
    world.wait_until(due.next_day().expect("a next day"));
    for job in ["close-notices", "grant-benefits"] {
        world.job(job).await;
    }
    assert_eq!(world.benefits(&psn_no).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_instance_follows_what_another_publishes() {
    let database = postgres_database().await;
    let one = World::start_on(&database, |_| {}).await;
    let other = World::start_on(&database, |_| {}).await;
    import(one.ops(), document("620700", ZHANGYE)).await.unwrap();
    assert_eq!(versions(&one, "620700").await.len(), 1, "here at once");
    for _ in 0..100 {
        if !versions(&other, "620700").await.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the other instance does not know it after ten seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_may_be_larger_than_another_message() {
    let world = World::start(Engine::Sqlite).await;
    let filler = "# 很长的说明\n".repeat(300_000);
    let text = format!("{ZHANGYE}\n{filler}");
    assert!(text.len() > 5 << 20 && text.chars().count() > 2_000_000 && filler.chars().count() > 2_000_000);
    let too_long = import(world.ops(), document("620700", &text)).await;
    assert_eq!(wrong_fields(too_long), ["files[0].content"]);
    let text: String = text.chars().take(1_999_999).collect::<String>() + "\n";
    assert!(text.len() > 4 << 20, "{} bytes", text.len());
    import(world.ops(), document("620700", &text)).await.unwrap();
    assert_eq!(versions(&world, "620700").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_codes_are_found_by_their_national_one() {
    let world = World::start(Engine::Sqlite).await;
    import(world.ops(), document("620700", ZHANGYE)).await.unwrap();
    let request = catalog::ListDiseasesRequest {
        parent: "areas/620700".to_owned(),
        national_opsp_dise_code: "M01600".to_owned(),
        ..Default::default()
    };
    let mut client = CatalogServiceClient::new(world.public());
    let found = client.list_diseases(request).await.unwrap().into_inner().diseases;
    let codes: Vec<_> = found.iter().map(|found| found.opsp_dise_code.as_str()).collect();
    assert_eq!((codes.as_slice(), found[0].national_opsp_dise_code.as_str()), (&["ZY0002"][..], "M01600"));
}

pub fn institutions(version: &str, diseases: &str) -> catalog::ImportInstitutionsRequest {
    let rows: String = include_str!("../../src/catalog/sample/jiuquan.toml")
        .split("[[institutions]]")
        .skip(1)
        .map(|row| {
            let own = if row.contains(HOSPITAL) { diseases } else { "" };
            format!("[[institutions]]{}\n{own}\n", row.trim_end())
        })
        .collect();
    let head = format!(
        "area = \"620900\"\nversion = \"{version}\"\nin_force_from = \"2025-01-01\"\nsample = true\nsource = \"样例\"\n"
    );
    catalog::ImportInstitutionsRequest {
        parent: "areas/620900".to_owned(),
        files: vec![file("institutions.toml", &(head + &rows))],
        request_id: request_id(),
        validate_only: false,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn institutions_are_designated_for_diseases_and_kinds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use opsp::proto::opsp::settlement::v1 as settlement;
    use settlement::settlement_service_client::SettlementServiceClient;
    let world = World::start(engine).await;
    let (held, _) = world.granted(row(), "M01600").await;
    let psn_no = world.person(row()).await;
    let mut client = CatalogServiceClient::new(world.bureau(OFFICER));
    let faulty = institutions("list-0", "diseases = [\"X9\"]");
    let tried = catalog::ImportInstitutionsRequest { validate_only: true, ..faulty.clone() };
    let answer = client.import_institutions(tried).await.unwrap().into_inner();
    assert!(answer.faults.len() == 1 && answer.faults[0].path == "institutions[0].diseases[0]", "{answer:?}");
    assert_eq!(wrong_fields(client.import_institutions(faulty).await).len(), 2);

    let done = client.import_institutions(institutions("list-1", "diseases = [\"M00500\"]")).await.unwrap();
    assert_eq!(done.into_inner().name, "areas/620900/institutionLists/list-1");
    let request =
        catalog::ListInstitutionsRequest { parent: "areas/620900".to_owned(), ..Default::default() };
    let list = client.list_institutions(request).await.unwrap().into_inner();
    assert_eq!(list.list_version, "list-1");
    let own = list.institutions.iter().find(|own| own.fixmedins_code == HOSPITAL).expect("the hospital");
    assert_eq!(own.opsp_dise_codes, ["M00500"]);

    // Neither an application nor a settlement goes by an institution that is not designated for the disease.
    let materials = world.upload_checklist(&psn_no, "M01600").await;
    let draft = world.draft(&psn_no, world.form("M01600", materials)).await.unwrap();
    let told = refused(world.submit(&draft).await, Code::FailedPrecondition, "INSTITUTION_NOT_DESIGNATED");
    assert!(told.contains("不是职工基本医疗保险参保人病种 M01600 的定点医药机构"), "{told}");
    let request =
        settlement::PreviewSettlementRequest { bill: Some(world.bill(&held, "M01600", "1", 10_000)) };
    let answer = SettlementServiceClient::new(world.platform()).preview_settlement(request).await;
    assert_eq!(answer.map_err(|status| reason(&status)).err().as_deref(), Some("INSTITUTION_NOT_DESIGNATED"));

    // The area keeps its list now: a catalogue that carries one as well says two things.
    let fields = wrong_fields(import(world.ops(), document("620900", &with_a_69th_disease())).await);
    assert!(fields.len() == 2 && fields[1].ends_with(" institutions"), "{fields:?}");
    let alone = with_a_69th_disease();
    let (before, rest) = alone.split_once("[[institutions]]").expect("institutions");
    let after = rest.rsplit_once("[[diseases]]").expect("the 69th").1;
    let done =
        import(world.ops(), document("620900", &format!("{before}\n[[diseases]]{after}"))).await.unwrap();
    assert_eq!(done.catalog.map(|catalog| catalog.institutions), Some(0));
    let request = catalog::ListInstitutionsRequest {
        parent: "areas/620900".to_owned(),
        as_of: Some(date_message(date!(2025 - 05 - 01))),
        ..Default::default()
    };
    let list = client.list_institutions(request).await.unwrap().into_inner();
    assert_eq!((list.list_version.as_str(), list.institutions.len()), ("list-1", 8));
}
