//! The journal, the log and the feed: in order, without a gap, without personal data. And the schema, both ways.

use std::collections::BTreeMap;
use std::time::Duration;

use opsp::db::keys::Keys;
use opsp::db::source::{Random, TimeSource};
use opsp::db::{Db, Settings};
use opsp::proto::opsp::event::v1 as pb;
use pb::event_service_client::EventServiceClient;
use rstest::rstest;

use crate::world::scenario::row;
use crate::world::{Caller, Engine, World, postgres_database};

async fn all(client: &mut EventServiceClient<Caller>) -> Vec<pb::Event> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page =
            client.list_events(pb::ListEventsRequest { after, page_size: 20 }).await.unwrap().into_inner();
        if page.last_position == after {
            return events;
        }
        after = page.last_position;
        events.extend(page.events);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_position_is_there_once_and_versions_are_in_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = row();
    let (certno, name, tel) = (person.certno.clone(), person.psn_name.clone(), person.tel.clone());
    let (psn_no, _) = world.granted(person, "M01600").await;
    world.job("sequence").await;
    let events = all(&mut EventServiceClient::new(world.ops())).await;
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
    let mut versions: BTreeMap<&str, i64> = BTreeMap::new();
    for event in &events {
        let before = versions.insert(&event.resource, event.version).unwrap_or(0);
        assert_eq!(event.version, before + 1, "{} {}", event.resource, event.r#type);
    }
    let types: Vec<_> = events.iter().map(|event| event.r#type.as_str()).collect();
    for expected in [
        "insured.imported",
        "application.submitted",
        "application.decided",
        "benefit.granted",
        "catalog.published",
    ] {
        assert!(types.contains(&expected), "{expected} is not in {types:?}");
    }
    for event in &events {
        for private in [certno.as_str(), name.as_str(), tel.as_str(), "李医生", "长期门诊治疗", "专家"]
        {
            assert!(!event.data_json.contains(private), "{}: {}", event.r#type, event.data_json);
        }
    }
    let elsewhere = all(&mut EventServiceClient::new(world.elsewhere())).await;
    assert!(
        elsewhere.iter().all(|event| !event.resource.contains(&psn_no)),
        "another area sees nothing of it"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_gets_what_was_and_what_comes(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let first = world.person(row()).await;
    let request = pb::WatchEventsRequest { after: 0 };
    let mut stream =
        EventServiceClient::new(world.platform()).watch_events(request).await.unwrap().into_inner();
    let mut wait_for = async |psn_no: &str| {
        let resource = format!("insured/{psn_no}");
        let found = async {
            loop {
                let event = stream.message().await.unwrap().expect("the stream goes on");
                if event.resource == resource && event.r#type == "insured.imported" {
                    return event.position;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("the event comes")
    };
    let before = wait_for(&first).await;
    let second = world.person(row()).await;
    assert!(wait_for(&second).await > before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_goes_up_down_and_up_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let url = match engine {
        Engine::Sqlite => format!("sqlite://{}", folder.path().join("schema.db").display()),
        Engine::Postgres => postgres_database().await,
    };
    let settings = Settings {
        url,
        pool: 4,
        acquire_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(30),
    };
    let open = async || {
        let random = Random::system();
        let keys = Keys::parse(&Keys::generate(&random).unwrap()).unwrap();
        Db::open(&settings, keys, TimeSource::Real, random).await.unwrap()
    };
    let (one, other) = (open().await, open().await);
    // Two instances at once.
    if engine == Engine::Postgres {
        let (left, right) = tokio::join!(one.migrate(), other.migrate());
        left.unwrap();
        right.unwrap();
    } else {
        one.migrate().await.unwrap();
        other.migrate().await.unwrap();
    }
    one.migrate_down().await.unwrap();
    assert!(one.log_position().await.is_err(), "the tables are gone");
    one.migrate().await.unwrap();
    assert_eq!(one.log_position().await.unwrap(), 0);
}
