//! The binary itself: the demo twice, cut off and gone on, a stop in order; a database that goes away and comes back.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use opsp::proto::opsp::catalog::v1 as catalog;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use tonic::Code;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};

use crate::world::scenario::row;
use crate::world::{World, postgres, postgres_database, reason};

fn demo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opsp"));
    command.arg("demo").arg("--data-dir").arg(folder).stdin(Stdio::null());
    command
}

fn finished(command: &mut Command) -> String {
    let done = command.output().expect("the demo runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{text}\n{}", String::from_utf8_lossy(&done.stderr));
    text
}

/// Runs the demo until its output has a word, then kills it.
fn kill_at(folder: &Path, word: &str) {
    let mut child: Child = demo(folder).stdout(Stdio::piped()).spawn().expect("the demo runs");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let seen = lines.map_while(Result::ok).any(|line| line.contains(word));
    assert!(seen, "the demo never said {word}");
    child.kill().expect("kill -9");
    child.wait().expect("it is gone");
}

#[test]
fn a_demo_that_is_killed_between_steps_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    // Three cuts: in the middle of the review, of the notice, of the settlements.
    for word in ["opinions", "objection", "settle"] {
        kill_at(folder.path(), word);
    }
    let rest = finished(&mut demo(folder.path()));
    assert!(rest.contains("resume") && rest.contains("done"), "{rest}");
    assert!(!rest.contains("ImportInsured"), "what was done is not done again:\n{rest}");
    let second = finished(&mut demo(folder.path()));
    assert!(
        second.contains("ImportInsured") && second.contains("done"),
        "a second run has two new people:\n{second}"
    );
    // The third begins more than thirty days later: answers to repeated requests are forgotten by then.
    let third = finished(&mut demo(folder.path()));
    assert!(third.contains("done"), "{third}");
}

#[test]
fn settings_that_cannot_work_are_told_before_anything_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsp"));
        let done = command.args(arguments).arg("--data-dir").arg(folder.path()).output().expect("it runs");
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (ok, text) = run(&["serve"]);
    assert!(!ok && text.contains("opsp init"), "{text}");
    assert!(run(&["init"]).0);
    let (ok, text) = run(&["init"]);
    assert!(!ok && text.contains("is there already"), "{text}");
    let settings = folder.path().join("opsp.toml");
    let whole = std::fs::read_to_string(&settings).expect("the settings");
    std::fs::write(&settings, format!("surprise = 1\n{whole}")).expect("they are changed");
    let (ok, text) = run(&["serve"]);
    assert!(!ok && text.contains("surprise"), "{text}");
}

#[test]
fn sigterm_ends_the_server_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let binary = env!("CARGO_BIN_EXE_opsp");
    let init = ["init", "--listen", "127.0.0.1:0", "--data-dir"];
    let made = Command::new(binary).args(init).arg(folder.path()).status().expect("init runs");
    assert!(made.success());
    let mut server = Command::new(binary)
        .args(["serve", "--data-dir"])
        .arg(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("serve runs");
    let mut lines = BufReader::new(server.stderr.take().expect("its log")).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("ready"));
    assert!(ready, "the server never said that it is ready");
    let stopped = Command::new("kill").arg("-TERM").arg(server.id().to_string()).status().expect("kill runs");
    assert!(stopped.success());
    assert!(lines.map_while(Result::ok).any(|line| line.contains("stopping")));
    assert!(server.wait().expect("it ends").success(), "it ends well");
}

async fn health(world: &World) -> ServingStatus {
    let request = HealthCheckRequest { service: "opsp.catalog.v1.CatalogService".to_owned() };
    let answer =
        HealthClient::new(world.stranger()).check(request).await.expect("health answers").into_inner();
    answer.status()
}

async fn health_becomes(world: &World, wanted: ServingStatus) {
    for _ in 0..200 {
        if health(world).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("health never became {wanted:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_told_and_the_server_recovers() {
    let cluster = tokio::task::spawn_blocking(postgres::own).await.expect("a cluster");
    cluster.create_database("away", None);
    let world = World::start_on(&cluster.url("away"), |config| config.database_wait_ms = 500).await;
    health_becomes(&world, ServingStatus::Serving).await;
    let psn_no = world.person(row()).await;
    tokio::task::block_in_place(|| cluster.stop());
    let read = crate::world::scenario::psn_no(&format!("insured/{psn_no}")).to_owned();
    let mut insured = opsp::proto::opsp::insured::v1::insured_service_client::InsuredServiceClient::new(
        world.portal(&read),
    );
    let request = opsp::proto::opsp::insured::v1::GetInsuredRequest { name: format!("insured/{read}") };
    let away = insured.get_insured(request.clone()).await.expect_err("the database is away");
    assert_eq!(
        (away.code(), reason(&away).as_str()),
        (Code::Unavailable, "UNAVAILABLE"),
        "{}",
        away.message()
    );
    assert!(!away.message().contains("sqlx") && !away.message().contains("127.0.0.1"), "{}", away.message());
    health_becomes(&world, ServingStatus::NotServing).await;
    // What needs no database goes on.
    let disease =
        catalog::GetDiseaseRequest { name: "areas/620900/diseases/M01600".to_owned(), ..Default::default() };
    let mut client = catalog::catalog_service_client::CatalogServiceClient::new(world.public());
    client.get_disease(disease).await.expect("the catalogue is in memory");
    tokio::task::block_in_place(|| cluster.start());
    health_becomes(&world, ServingStatus::Serving).await;
    assert_eq!(insured.get_insured(request).await.expect("it is back").into_inner().psn_no, psn_no);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_take_up_what_is_published_is_not_ready() {
    let url = postgres_database().await;
    let world = World::start_on(&url, |_| {}).await;
    health_becomes(&world, ServingStatus::Serving).await;
    let database = sea_orm::Database::connect(&url).await.expect("the database");
    let broken = "INSERT INTO catalog (area, version, in_force_from, sha256, sample, body, published_at)
                  SELECT area, 'broken', in_force_from, sha256, sample, '{}', published_at FROM catalog";
    database.execute_unprepared(broken).await.expect("a row that cannot be read");
    health_becomes(&world, ServingStatus::NotServing).await;
    database.execute_unprepared("DELETE FROM catalog WHERE version = 'broken'").await.expect("it is gone");
    health_becomes(&world, ServingStatus::Serving).await;
}
