//! Clocks of an earlier version are taken among the deadlines, and what cannot be read holds up nothing else.

use opsp::proto::opsp::ops::v1 as ops;
use opsp::proto::opsp::ops::v1::ops_service_client::OpsServiceClient;
use opsp::proto::opsp::review::v1 as review;
use rstest::rstest;
use time::macros::date;
use tonic::Code;

use crate::deadlines::{deadlines, events};
use crate::rows::sql;
use crate::world::scenario::row;
use crate::world::{Engine, World, request_id};

/// An earlier version kept no copy of its clocks.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_of_an_earlier_version_are_taken_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let person = world.person(row()).await;
    world.submitted(&person, "M01600").await;
    let before = deadlines(&world, review::ListDeadlinesRequest::default()).await;
    assert_eq!(before.len(), 2);
    sql(&world, "DELETE FROM deadline").await;
    sql(&world, "UPDATE job SET bookmark = '' WHERE name = 'refile-deadlines'").await;
    assert_eq!(deadlines(&world, review::ListDeadlinesRequest::default()).await, []);
    assert_eq!(world.job("refile-deadlines").await, 1);
    assert_eq!(deadlines(&world, review::ListDeadlinesRequest::default()).await, before);
    assert_eq!(world.job("refile-deadlines").await, 0, "once");
}

/// What cannot be read holds up nothing else, and is a failed job.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_row_holds_up_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let person = world.person(row()).await;
        names.push(world.submitted(&person, "M01600").await);
    }
    let job = async |name: &str| {
        let request = ops::RunJobRequest {
            name: format!("jobs/{name}"),
            request_id: request_id(),
            validate_only: false,
        };
        OpsServiceClient::new(world.ops()).run_job(request).await
    };
    let all = || review::ListDeadlinesRequest::default();
    let id = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    let broken = id(&names[1]);
    sql(&world, "DELETE FROM deadline").await;
    sql(&world, "UPDATE job SET bookmark = '' WHERE name = 'refile-deadlines'").await;
    sql(&world, &format!("UPDATE application SET state = 'accepted' WHERE {}", is(engine, &broken))).await;
    assert_eq!(job("refile-deadlines").await.unwrap_err().code(), Code::Internal);
    assert_eq!(deadlines(&world, all()).await.len(), 4, "two cases with two clocks each");
    sql(&world, &format!("UPDATE application SET state = 'submitted' WHERE {}", is(engine, &broken))).await;
    assert_eq!(job("refile-deadlines").await.unwrap().into_inner().last_done, 1, "only what was missing");
    assert_eq!(deadlines(&world, all()).await.len(), 6);

    let spoil = |kind: &str| {
        format!(
            "UPDATE deadline SET kind = '{kind}' WHERE kind LIKE 'review%' AND {}",
            is(engine, &id(&names[0]))
        )
    };
    sql(&world, &spoil("review later")).await;
    world.wait_until(date!(2025 - 03 - 24));
    assert_eq!(job("escalate-deadlines").await.unwrap_err().code(), Code::Internal);
    sql(&world, &spoil("review")).await;
    job("escalate-deadlines").await.unwrap();
    let told = events(&world, &["deadline.escalated"]).await;
    let told = told.iter().filter(|(_, data)| data["kind"] == "review").count();
    assert_eq!(told, 3, "each once");
}

/// A condition on an id.
fn is(engine: Engine, id: &str) -> String {
    match engine {
        Engine::Sqlite => format!("id = x'{}'", id.replace('-', "")),
        Engine::Postgres => format!("id = '{id}'"),
    }
}
