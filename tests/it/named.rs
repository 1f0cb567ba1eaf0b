//! Every decision and payment names the catalogue that it rests on, by version and hash, and a payment its list of
//! institutions too; what they name is found, whatever was published since.

use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::kernel::region::Region;
use opsp::proto::opsp::application::v1 as application;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::certificate::v1 as certificate;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::event::v1 as event;
use opsp::proto::opsp::insured::v1 as insured;
use opsp::proto::opsp::review::v1 as review;
use opsp::proto::opsp::settlement::v1 as settlement;
use rstest::rstest;
use sea_orm::ConnectionTrait;

use application::application_service_client::ApplicationServiceClient;
use catalog::catalog_service_client::CatalogServiceClient;
use certificate::certificate_service_client::CertificateServiceClient;
use event::event_service_client::EventServiceClient;
use insured::insured_service_client::InsuredServiceClient;
use review::review_service_client::ReviewServiceClient;
use settlement::settlement_service_client::SettlementServiceClient;

use crate::catalogue::{document, import, institutions};
use crate::preview::{ask, draft, preview, tally, three_bills};
use crate::world::scenario::{HOSPITAL, row};
use crate::world::{Engine, OFFICER, World, request_id};

/// Version and hash.
type Named = (String, String);

/// The catalogues of the city, newest first.
async fn catalogs(world: &World) -> Vec<Named> {
    let request = catalog::ListCatalogsRequest { parent: "areas/620900".to_owned(), ..Default::default() };
    let list = CatalogServiceClient::new(world.public()).list_catalogs(request).await.unwrap().into_inner();
    list.catalogs.into_iter().map(|version| (version.version, version.sha256)).collect()
}

/// The data of all events of a type, oldest first.
async fn events(world: &World, kind: &str) -> Vec<serde_json::Value> {
    world.job("sequence").await;
    let request = event::ListEventsRequest { page_size: 1000, ..Default::default() };
    let events = EventServiceClient::new(world.ops()).list_events(request).await.unwrap().into_inner().events;
    let own = events.into_iter().filter(|event| event.r#type == kind);
    own.map(|event| serde_json::from_str(&event.data_json).unwrap()).collect()
}

/// Every event of these types names this catalogue, and there is one at least.
async fn journalled(world: &World, kinds: &[&str], expected: &Named) {
    for kind in kinds {
        let found = events(world, kind).await;
        assert!(!found.is_empty(), "no {kind}");
        for data in found {
            assert_eq!(data["catalog_version"], expected.0, "{kind} {data}");
            assert_eq!(data["catalog_sha256"], expected.1, "{kind} {data}");
        }
    }
}

fn of(application: &application::Application) -> Named {
    (application.catalog_version.clone(), application.catalog_sha256.clone())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_names_its_catalogue(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let [first] = catalogs(&world).await.try_into().unwrap();
    assert_eq!(first.1.len(), 64);
    let psn_no = world.person(row()).await;
    let materials = world.upload_checklist(&psn_no, "M01600").await;
    let name = world.draft(&psn_no, world.form("M01600", materials)).await.unwrap();
    let get = application::GetApplicationRequest { name: name.clone() };
    let mut portal = ApplicationServiceClient::new(world.portal(&psn_no));
    let drafted = portal.get_application(get.clone()).await.unwrap().into_inner();
    assert_eq!(of(&drafted), Named::default(), "a draft rests on nothing");
    assert_eq!(of(&world.submit(&name).await.unwrap()), first);

    // Decided under what it was submitted under, though another holds by then.
    let correction = draft(|catalog| catalog.version = "corrected".to_owned());
    import(world.ops(), document("620900", &correction)).await.unwrap();
    let second = catalogs(&world).await.remove(0);
    assert!(second.0 == "corrected" && second.1.len() == 64 && second.1 != first.1, "{second:?}");
    let experts = world.experts().await;
    assert_eq!(of(&world.decide(&name, &experts, true).await), first);
    let request = review::GetPanelRequest { name: name.clone() };
    let panel =
        ReviewServiceClient::new(world.bureau(OFFICER)).get_panel(request).await.unwrap().into_inner();
    assert_eq!((panel.catalog_version, panel.catalog_sha256), first);
    let mut judged = 0;
    for (_, operator) in &experts {
        for task in world.tasks(operator).await {
            assert_eq!((task.catalog_version, task.catalog_sha256), first);
            judged += 1;
        }
    }
    assert_eq!(judged, panel.members.len());
    let listed =
        application::ListApplicationsRequest { parent: format!("insured/{psn_no}"), ..Default::default() };
    let listed = portal.list_applications(listed).await.unwrap().into_inner().applications;
    assert_eq!(
        (of(&listed[0]), of(portal.get_application(get).await.unwrap().get_ref())),
        (first.clone(), first.clone())
    );
    let decisions = ["application.submitted", "application.accepted", "application.decided"];
    journalled(&world, &decisions, &first).await;
    journalled(&world, &["review.task_assigned", "review.opinion_given"], &first).await;

    // Notice, benefit and certificate follow the rules of their day.
    let notice = world.notice(common::Insutype::Employee).await;
    let opened = world.get_notice(&notice).await;
    assert_eq!((opened.catalog_version, opened.catalog_sha256), second);
    world.close(&notice).await;
    let certificate = world.benefits(&psn_no).await.remove(0).certificate;
    let request = certificate::GetCertificateRequest { name: certificate };
    let mut client = CertificateServiceClient::new(world.portal(&psn_no));
    let issued = client.get_certificate(request).await.unwrap().into_inner();
    assert_eq!((issued.catalog_version, issued.catalog_sha256), second);
    let later = ["notice.begun", "notice.opened", "benefit.granted", "certificate.issued"];
    journalled(&world, &later, &second).await;

    // So do the answers to questions of today.
    let request = insured::CheckEligibilityRequest {
        parent: format!("insured/{psn_no}"),
        opsp_dise_codes: vec!["M03900".to_owned()],
    };
    let mut client = InsuredServiceClient::new(world.portal(&psn_no));
    let eligible = client.check_eligibility(request).await.unwrap().into_inner();
    assert_eq!((eligible.catalog_version, eligible.catalog_sha256), second);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_follows_the_catalogue_under_which_it_was_begun(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    use opsp::proto::opsp::notice::v1 as notice;
    use opsp::rpc::parse::to_date;
    let world = World::start(engine).await;
    let [first] = catalogs(&world).await.try_into().unwrap();
    let psn_no = world.person(row()).await;
    let name = world.submitted(&psn_no, "M01600").await;
    world.decide(&name, &world.experts().await, true).await;
    let request = notice::OpenNoticeRequest {
        parent: "areas/620900".to_owned(),
        insutype: common::Insutype::Employee.into(),
        request_id: request_id(),
        validate_only: false,
    };
    let mut client = notice::notice_service_client::NoticeServiceClient::new(world.bureau(OFFICER));
    let begun = client.open_notice(request).await.unwrap().into_inner();
    // Before its entries are written a correction for the same day is published, with twice the days.
    let correction = draft(|catalog| catalog.rules.notice_working_days = 10);
    import(world.ops(), document("620900", &correction)).await.unwrap();
    world.job("open-notices").await;
    let opened = world.get_notice(&begun.name).await;
    assert_eq!((opened.catalog_version, opened.catalog_sha256), first);
    let due = opened.deadline.and_then(|deadline| deadline.due_date);
    let days = (due.as_ref().and_then(to_date).unwrap() - world.today()).whole_days();
    assert_eq!(days, 7, "five working days from a Monday on");
}

async fn settle(world: &World, psn_no: &str, number: &str) -> settlement::Settlement {
    let bill = Some(world.bill(psn_no, "M01600", number, 10_000));
    let request = settlement::SettleRequest { bill, request_id: request_id(), validate_only: false };
    SettlementServiceClient::new(world.platform()).settle(request).await.unwrap().into_inner()
}

async fn publish_list(world: &World, version: &str) -> Named {
    let mut client = CatalogServiceClient::new(world.ops());
    let done = client.import_institutions(institutions(version, "")).await.unwrap().into_inner();
    (version.to_owned(), done.sha256)
}

fn catalog_of(paid: &settlement::Settlement) -> Named {
    (paid.catalog_version.clone(), paid.catalog_sha256.clone())
}

fn list_of(paid: &settlement::Settlement) -> Named {
    (paid.institutions_version.clone(), paid.institutions_sha256.clone())
}

/// What payments name stays theirs: listed, read and previewed again.
async fn stays(world: &World, psn_no: &str, paid: &[(settlement::Settlement, Named)]) {
    let mut client = SettlementServiceClient::new(world.platform());
    let request =
        settlement::ListSettlementsRequest { parent: format!("insured/{psn_no}"), ..Default::default() };
    let listed = client.list_settlements(request).await.unwrap().into_inner().settlements;
    let newest_first: Vec<_> = paid.iter().rev().map(|(paid, _)| paid.clone()).collect();
    assert_eq!(listed, newest_first);
    for (number, (paid, list)) in ["B0", "B1", "B2"].into_iter().zip(paid) {
        let get = settlement::GetSettlementRequest { name: paid.name.clone() };
        assert_eq!(client.get_settlement(get).await.unwrap().get_ref(), paid);
        let bill = Some(world.bill(psn_no, "M01600", number, 10_000));
        let again = client.preview_settlement(settlement::PreviewSettlementRequest { bill }).await.unwrap();
        assert_eq!((list_of(again.get_ref()), &again.get_ref().name), (list.clone(), &paid.name));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_names_its_catalogue_and_its_list(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let [catalog] = catalogs(&world).await.try_into().unwrap();
    let (psn_no, _) = world.granted(row(), "M01600").await;
    let mut paid = vec![(settle(&world, &psn_no, "B0").await, catalog.clone())];
    for (number, version) in [("B1", "list-1"), ("B2", "list-2")] {
        let list = publish_list(&world, version).await;
        paid.push((settle(&world, &psn_no, number).await, list));
    }
    for (paid, list) in &paid {
        assert_eq!((catalog_of(paid), list_of(paid)), (catalog.clone(), list.clone()));
    }
    assert!(paid[1].1.1.len() == 64 && paid[1].1.1 != paid[2].1.1, "two lists, two hashes");

    stays(&world, &psn_no, &paid).await;
    let mut client = SettlementServiceClient::new(world.platform());
    let reversal = settlement::ReverseSettlementRequest {
        psn_no: psn_no.clone(),
        fixmedins_code: HOSPITAL.to_owned(),
        medins_setl_id: "B1".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    let reversed = client.reverse_settlement(reversal).await.unwrap().into_inner();
    assert_eq!((catalog_of(&reversed), list_of(&reversed)), (catalog.clone(), paid[1].1.clone()));

    // It is in the journal, and leads to what was published: in memory, and as it was imported.
    let settled = events(&world, "settlement.settled").await;
    let area = Region::find("620902").unwrap();
    let snapshot = world.running.app.catalogs.now();
    for (data, (paid, list)) in settled.iter().zip(&paid) {
        assert_eq!(
            (&data["catalog_version"], &data["catalog_sha256"]),
            (&catalog.0.as_str().into(), &catalog.1.as_str().into())
        );
        assert_eq!(
            (&data["institutions_version"], &data["institutions_sha256"]),
            (&list.0.as_str().into(), &list.1.as_str().into())
        );
        let found = snapshot.paid_by(&area, &paid.catalog_sha256, &paid.institutions_sha256).expect("both");
        assert_eq!((&found.catalog.version, &found.institutions_version), (&catalog.0, &list.0));
        let day = world.today();
        assert_eq!(snapshot.named(&area, day, &paid.catalog_sha256).unwrap().sha256, catalog.1);
    }
    assert_eq!(settled.len(), 3);
    for version in ["list-1", "list-2"] {
        let name = format!("areas/620900/institutionLists/{version}");
        let mut client = CatalogServiceClient::new(world.ops());
        let source = client.get_catalog_source(catalog::GetCatalogSourceRequest { name }).await.unwrap();
        assert!(source.get_ref().files[0].content.contains(&format!("version = \"{version}\"")));
    }
    let request =
        catalog::ListInstitutionsRequest { parent: "areas/620900".to_owned(), ..Default::default() };
    let list =
        CatalogServiceClient::new(world.public()).list_institutions(request).await.unwrap().into_inner();
    assert_eq!((list.list_version, list.list_sha256), paid[2].1);

    // One that was settled before the list was kept with it stays readable, and says nothing of a list.
    let forget = "UPDATE settlement SET institutions_version = '', institutions_sha256 = ''";
    let work = world.running.app.db.work(&Actor::system(), Owner::Nobody).await.unwrap();
    work.conn().execute_unprepared(forget).await.unwrap();
    work.commit().await.unwrap();
    let get = settlement::GetSettlementRequest { name: paid[2].0.name.clone() };
    let before = client.get_settlement(get).await.unwrap().into_inner();
    assert_eq!((catalog_of(&before), list_of(&before)), (catalog, Named::default()));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_tried_with_the_institutions_that_were_paid(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    publish_list(&world, "list-1").await;
    three_bills(&world).await;
    // A list for the same days without the hospital is no difference of the draft's.
    let mut list = institutions("list-2", "");
    let content = &list.files[0].content;
    let kept: Vec<_> = content.split("[[institutions]]").filter(|row| !row.contains(HOSPITAL)).collect();
    assert_eq!(kept.len() + 1, content.split("[[institutions]]").count());
    list.files[0].content = kept.join("[[institutions]]");
    CatalogServiceClient::new(world.ops()).import_institutions(list).await.unwrap();
    let day = world.today();
    let same = ask(draft(|catalog| catalog.institutions.clear()), day, day);
    let same = preview(world.bureau(OFFICER), same).await.unwrap();
    assert_eq!(tally(&same), [3, 600_000, 600_000, 0, 0, 0, 0, 3]);
}
