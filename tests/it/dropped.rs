//! Certificates where the catalogue of the day says nothing of the benefit any more, or one of them cannot be issued.

use catalog::catalog_service_client::CatalogServiceClient;
use event::event_service_client::EventServiceClient;
use opsp::catalog::domain::SAMPLE;
use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::proto::opsp::catalog::v1 as catalog;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::event::v1 as event;
use opsp::rpc::parse::to_date;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use time::Date;

use crate::world::scenario::row;
use crate::world::{Engine, World, request_id};

/// Approved under the sample, and dropped by the next version.
const DROPPED: &str = "M05300";
const KEPT: &str = "M01600";

/// The sample without a disease, in force from a day on.
fn without(code: &str, from: Date) -> String {
    let mut blocks: Vec<_> = SAMPLE.split("[[diseases]]").collect();
    let place = blocks.iter().position(|block| block.starts_with(&format!("\ncode = \"{code}\"")));
    blocks.remove(place.expect("a disease of the sample"));
    let text = blocks.join("[[diseases]]").replace("2025-sample-2", "2025-sample-67");
    text.replace("in_force_from = \"2025-01-01\"", &format!("in_force_from = \"{from}\""))
}

async fn publish(world: &World, text: &str) {
    let content = text.to_owned();
    let request = catalog::ImportCatalogRequest {
        parent: "areas/620900".to_owned(),
        files: vec![catalog::CatalogFile { name: "catalog.toml".to_owned(), content }],
        request_id: request_id(),
        validate_only: false,
    };
    CatalogServiceClient::new(world.ops()).import_catalog(request).await.expect("the catalogue is published");
}

/// People whose benefits, for a disease each, are granted today.
pub async fn granted(
    world: &World,
    codes: &[&str],
    before_the_day: impl AsyncFnOnce(&[String], Date),
) -> Vec<String> {
    let experts = world.experts().await;
    let mut people = Vec::new();
    for code in codes {
        let psn_no = world.person(row()).await;
        let name = world.submitted(&psn_no, code).await;
        world.decide(&name, &experts, true).await;
        people.push(psn_no);
    }
    let notice = world.notice(common::Insutype::Employee).await;
    let due = world.get_notice(&notice).await.deadline.and_then(|deadline| deadline.due_date);
    let day = due.as_ref().and_then(to_date).and_then(Date::next_day).unwrap();
    before_the_day(&people, day).await;
    world.wait_until(day);
    world.job("close-notices").await;
    world.job("grant-benefits").await;
    people
}

/// The catalogue that the certificate of a person was issued under.
async fn issued_under(world: &World, psn_no: &str) -> Option<String> {
    while world.job("sequence").await > 0 {}
    let request = event::ListEventsRequest { after: 0, page_size: 1_000 };
    let page = EventServiceClient::new(world.platform()).list_events(request).await.unwrap().into_inner();
    let issued = page.events.into_iter().find(|event| {
        event.r#type == "certificate.issued" && event.resource.starts_with(&format!("insured/{psn_no}/"))
    })?;
    let data: serde_json::Value = serde_json::from_str(&issued.data_json).unwrap();
    data["catalog_version"].as_str().map(str::to_owned)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disease_that_is_dropped_before_the_certificate_is_named_as_it_was_last(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let people =
        granted(&world, &[DROPPED, KEPT], async |_, day| publish(&world, &without(DROPPED, day)).await).await;
    world.job("issue-certificates").await;
    for (psn_no, expected) in people.iter().zip(["2025-sample-2", "2025-sample-67"]) {
        assert_eq!(issued_under(&world, psn_no).await.as_deref(), Some(expected));
        assert!(!world.benefits(psn_no).await[0].certificate.is_empty());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_cannot_be_issued_keeps_no_other_waiting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let app = &world.running.app;
    let people = granted(&world, &[KEPT; 3], async |people, _| {
        let work = app.db.work(&Actor::system(), Owner::Nobody).await.unwrap();
        let [other, broken] = [&people[0], &people[1]];
        let body = format!("(SELECT body FROM insured WHERE psn_no = '{other}')");
        let copy = format!("UPDATE insured SET body = {body} WHERE psn_no = '{broken}'");
        work.conn().execute_unprepared(&copy).await.unwrap();
        work.commit().await.unwrap();
    })
    .await;
    assert!(
        opsp::certificate::issue::run(app).await.is_err(),
        "a job that meets something broken is a failed job"
    );
    for (psn_no, expected) in people.iter().zip([true, false, true]) {
        assert_eq!(!world.benefits(psn_no).await[0].certificate.is_empty(), expected);
    }
}
