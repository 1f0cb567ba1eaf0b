//! 状态清单: how those who are offline hear of what becomes of a certificate.

use opsp::certificate::status::domain::{ENTRY, Worth};
use opsp::db::work::Owner;
use opsp::kernel::access::Actor;
use opsp::proto::opsp::benefit::v1 as benefit;
use opsp::proto::opsp::ops::v1 as ops;
use opsp::rpc::parse::date_message;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use time::Duration;

use benefit::benefit_service_client::BenefitServiceClient;
use ops::ops_service_client::OpsServiceClient;

use crate::certificate::{end, events, fetch, get, offline_code, replaced, status_list, told};
use crate::dropped::granted;
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, request_id};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_list_follows_the_benefits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let issued = get(&world, &held.certificate).await;
    let empty = status_list(&world).await;
    let head = empty.list.clone().unwrap();
    assert_eq!((head.count, empty.entries.len()), (0, 0));
    let life = head.expire_time.as_ref().unwrap().seconds - head.issue_time.as_ref().unwrap().seconds;
    assert_eq!(life, 24 * 3600);

    let suspend = benefit::SuspendBenefitRequest {
        name: held.name.clone(),
        begndate: Some(date_message(world.today() + Duration::days(1))),
        enddate: Some(date_message(world.today() + Duration::days(5))),
        ground: benefit::SuspensionGround::Audit.into(),
        reason: "核查".to_owned(),
        request_id: request_id(),
        validate_only: false,
    };
    BenefitServiceClient::new(world.bureau(OFFICER)).suspend_benefit(suspend).await.unwrap();
    assert_eq!(told(&status_list(&world).await, &issued.name), None, "it is suspended from tomorrow on");
    world.wait_days(1);
    let suspended = status_list(&world).await;
    assert_eq!(told(&suspended, &issued.name), Some(Worth::Suspended), "a new day makes a new list");
    assert_eq!(offline_code(&world, &issued.qr_text).await, 3);
    let version = suspended.list.clone().unwrap().version;
    let known = fetch(&world, &version).await;
    assert!(known.entries.is_empty() && known.list == suspended.list, "entries that are known are not sent");
    assert_eq!(fetch(&world, &head.version).await.entries.concat().len(), ENTRY);

    world.wait_days(5);
    assert_eq!(told(&status_list(&world).await, &issued.name), None, "the suspension is over");
    let info = OpsServiceClient::new(world.ops()).get_server_info(ops::GetServerInfoRequest {}).await;
    let info = info.unwrap().into_inner();
    let age = info.status_list.clone().expect("an operator sees it");
    assert!(age.count == 0 && age.key_id == "s1" && age.age_seconds < 600, "{age:?}");
    assert!(info.warnings.is_empty());
    end(&world, &held.name, world.today()).await;
    replaced(&world).await;
    let last = world.benefits(&psn_no).await.remove(0).certificate;
    assert_ne!(last, issued.name, "the paper with the last day on it");
    world.wait_days(1);
    let over = status_list(&world).await;
    assert_eq!((told(&over, &issued.name), told(&over, &last)), (Some(Worth::Revoked), Some(Worth::Ended)));
    assert_eq!(offline_code(&world, &get(&world, &last).await.qr_text).await, 4);
    assert_eq!(over.entries.concat().len(), 2 * ENTRY, "9 bytes an entry");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_made_anew_when_a_third_of_its_life_is_over_and_not_before() {
    let world = World::start(Engine::Sqlite).await;
    world.job("publish-status-list").await;
    let serial = async || events(&world, "status_list.published").await.len();
    let first = fetch(&world, "").await.list.unwrap();
    let (time, before) = (world.running.app.db.time(), serial().await);
    let issued =
        time::OffsetDateTime::from_unix_timestamp(first.issue_time.as_ref().unwrap().seconds).unwrap();
    time.advance_to(issued + Duration::hours(7)).unwrap();
    world.job("publish-status-list").await;
    assert_eq!(serial().await, before);
    time.advance_to(issued + Duration::hours(8)).unwrap();
    world.job("publish-status-list").await;
    assert_eq!(serial().await, before + 1);
    let second = fetch(&world, &first.version).await.list.unwrap();
    assert_eq!(second.version, first.version, "nothing changed in it");
    assert!(second.expire_time.unwrap().seconds >= first.expire_time.unwrap().seconds + 8 * 3600);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_benefit_that_cannot_be_read_holds_up_no_list(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let people = granted(&world, &["M01600"; 2], async |_, _| {}).await;
    world.job("issue-certificates").await;
    let (broken, whole) = (world.benefits(&people[0]).await, world.benefits(&people[1]).await);
    let work = world.running.app.db.work(&Actor::system(), Owner::Nobody).await.unwrap();
    let update = format!("UPDATE benefit SET suspensions = '?' WHERE psn_no = '{}'", people[0]);
    assert_eq!(work.conn().execute_unprepared(&update).await.unwrap().rows_affected(), 1);
    work.commit().await.unwrap();
    world.wait_days(1);
    let listed = status_list(&world).await;
    let found = [&broken, &whole].map(|held| told(&listed, &held[0].certificate));
    assert_eq!(found, [Some(Worth::Suspended), None], "nobody vouches for what cannot be read");
}
