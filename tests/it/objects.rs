//! The object store, on a local folder and on a real S3 server: what is put comes back, what nobody needs goes, and
//! nothing that somebody needs goes with it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use opsp::db::source::TimeSource;
use opsp::kernel::id::PsnNo;
use opsp::material::collect::stretch;
use opsp::material::objects::{Objects, path};
use opsp::ops::jobs::{JobSpec, Jobs};
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1 as pb;
use opsp::worker::JOBS;
use pb::material_service_client::MaterialServiceClient;
use rstest::rstest;
use sha2::{Digest, Sha256};
use tonic::Code;

use crate::upload::{download, list};
use crate::world::scenario::row;
use crate::world::{Engine, World, files, postgres_database, reason, request_id, s3};

/// Where files lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Folder,
    S3,
}

/// A server whose files lie there.
pub async fn world(engine: Engine, store: Store, change: impl FnOnce(&mut opsp::config::Config)) -> World {
    let database = if engine == Engine::Postgres { postgres_database().await } else { String::new() };
    World::start_on(&database, |config| {
        // Encryption that is not optimized is slow.
        config.limits.deadline_ms = 120_000;
        if store == Store::S3 {
            tokio::task::block_in_place(|| s3::bucket(config));
        }
        change(config);
    })
    .await
}

/// The paths of everything in the store.
pub async fn paths(world: &World) -> Vec<String> {
    let found = world.running.app.objects.below("insured").await.expect("the store lists");
    found.into_iter().map(|object| object.path).collect()
}

async fn read(objects: &Objects, world: &World, path: &str) -> Option<Vec<u8>> {
    let mut reading = objects.get(&world.running.app.db, path).await.unwrap()?;
    let mut content = Vec::new();
    while let Some(piece) = reading.next().await.unwrap() {
        content.extend(piece);
    }
    Some(content)
}

/// The paths behind one, so many in a page.
async fn walked(objects: &Objects, behind: &str, size: usize) -> Vec<String> {
    let (mut walk, mut seen) = (objects.walk(behind), Vec::new());
    loop {
        let page = walk.next(size).await.expect("the store lists").files;
        let is_last = page.len() < size;
        seen.extend(page.into_iter().map(|object| object.path));
        if is_last {
            return seen;
        }
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 253).unwrap()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_keeps_files_once_and_whole(#[values(Store::Folder, Store::S3)] store: Store) {
    let world = world(Engine::Sqlite, store, |_| {}).await;
    let (objects, db) = (&world.running.app.objects, &world.running.app.db);
    let place = |name: &str| format!("insured/62090000001/{name}");
    // Around the sizes of a piece and of a part: the last ones go up in parts.
    for length in [0, 1, 256 << 10, 8 << 20, (8 << 20) + 1, 17 << 20] {
        let (path, content) = (place(&length.to_string()), content(length));
        assert_eq!(read(objects, &world, &path).await, None);
        assert!(!objects.has(&path).await.unwrap());
        assert!(objects.put(db, &path, &content).await.unwrap(), "{length}");
        assert!(!objects.put(db, &path, b"another").await.unwrap(), "{length}: the first one stays");
        assert_eq!(read(objects, &world, &path).await, Some(content), "{length}");
        objects.delete(&path).await.unwrap();
        objects.delete(&path).await.unwrap();
        assert!(!objects.has(&path).await.unwrap());
    }
    assert_eq!(paths(&world).await, Vec::<String>::new());

    // Of people whose numbers begin alike, one with a character that comes before the slash.
    let people = ["62090000001", "62090000001-9", "620900000012", "7"];
    let mut names: Vec<_> = (0..48)
        .map(|at| format!("insured/{}/{}/{at:02}", people[at % people.len()], at % 3))
        .chain(people.map(|psn_no| format!("insured/{psn_no}/1a")))
        .collect();
    for name in &names {
        objects.put(db, name, b"x").await.unwrap();
    }
    names.sort();
    // Each once, in order, in pages of any size and from behind any of them on.
    for size in [1, 7, names.len(), 1_000] {
        assert_eq!(walked(objects, "", size).await, names, "{size}");
    }
    for (at, name) in names.iter().enumerate().step_by(5) {
        assert_eq!(walked(objects, name, 5).await, names[at + 1..], "{name}");
    }
    let below = objects.below(&place("1")).await.unwrap();
    assert_eq!(below.len(), names.iter().filter(|name| name.starts_with(&place("1/"))).count());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_back_from_any_store(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Store::Folder, Store::S3)] store: Store,
) {
    let world = world(engine, store, |_| {}).await;
    let psn_no = world.person(row()).await;
    let header = || world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let large = files::pdf(&"x".repeat(3 << 20));
    let one = world.upload(&psn_no, header(), &large).await.unwrap();
    let two = world.upload(&psn_no, header(), files::JPG).await.unwrap();
    assert!(download(&world, &psn_no, &one.name).await == large);
    assert_eq!(download(&world, &psn_no, &two.name).await, files::JPG);
    assert_eq!(paths(&world).await.len(), 2, "no part of an upload is left");
    delete(&world, &psn_no, &one.name).await.unwrap();
    delete(&world, &psn_no, &two.name).await.unwrap();
    assert_eq!(paths(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_tampered_with_is_not_given_out() {
    let world = World::start(Engine::Sqlite).await;
    let psn_no = world.person(row()).await;
    let large = files::pdf(&"x".repeat(1 << 20));
    let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let stored = world.upload(&psn_no, header, &large).await.unwrap();
    let file = folder(&world).join(path(&PsnNo::parse(&psn_no).unwrap(), &stored.sha256));
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..whole.len() / 2], &[]] {
        std::fs::write(&file, damaged).unwrap();
        let mut client = MaterialServiceClient::new(world.portal(&psn_no));
        let request = pb::DownloadMaterialRequest { name: stored.name.clone() };
        let mut stream = client.download_material(request).await.unwrap().into_inner();
        let failure = loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a damaged file was given out as whole"),
                Err(status) => break status,
            }
        };
        assert_eq!(failure.code(), Code::Internal);
        assert!(!failure.message().contains(&psn_no));
    }
}

async fn delete(world: &World, psn_no: &str, name: &str) -> Result<(), tonic::Status> {
    let request =
        pb::DeleteMaterialRequest { name: name.to_owned(), request_id: request_id(), validate_only: false };
    let client = MaterialServiceClient::new(world.portal(psn_no)).delete_material(request).await;
    client.map(|_| ())
}

/// The folder of a server whose files lie in one.
pub fn folder(world: &World) -> PathBuf {
    let config = &world.running.app.config;
    config.path(Path::new(&config.materials))
}

/// Makes a file of the store as old as it would be after some hours.
pub fn age(world: &World, path: &str, hours: i64) {
    let file = File::options().write(true).open(folder(world).join(path)).expect("the file is there");
    let then = TimeSource::Real.now() - time::Duration::hours(hours);
    file.set_modified(then.into()).expect("its time can be set");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_no_material_has_is_collected(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, Store::Folder, |_| {}).await;
    let (one, other) = (world.person(row()).await, world.person(row()).await);
    let header = world.header(&one, MaterialKind::ExamReport, "报告");
    let named = world.upload(&one, header, files::JPG).await.unwrap();
    let app = &world.running.app;
    let place = |psn_no: &str, sha256: &str| path(&PsnNo::parse(psn_no).unwrap(), sha256);
    let orphan = "ab".repeat(32);
    let young = "cd".repeat(32);
    // The same content lies under another person, who has no material of it; what is not content is left alone.
    let orphans = [place(&one, &orphan), place(&other, &orphan), place(&other, &named.sha256)];
    // Somebody whom this database does not know stops nothing.
    let stranger = place("1", &orphan);
    let stay =
        [place(&one, &named.sha256), place(&one, &young), format!("insured/{one}/something"), stranger];
    for path in orphans.iter().chain(&stay[1..]) {
        app.objects.put(&app.db, path, b"x").await.unwrap();
    }
    for path in orphans.iter().chain([&stay[0], &stay[2], &stay[3]]) {
        age(&world, path, 2);
    }
    // What a write leaves that was killed: an old one, and one that may still be going on.
    let [killed, running] = [format!("{}#1", stay[0]), format!("{}#2", stay[0])];
    for name in [&killed, &running] {
        std::fs::write(folder(&world).join(name), b"x").unwrap();
    }
    age(&world, &killed, 2);
    world.job("collect-objects").await;
    assert!(!folder(&world).join(&killed).exists() && folder(&world).join(&running).exists());
    let left: BTreeSet<_> = paths(&world).await.into_iter().collect();
    assert_eq!(left, BTreeSet::from(stay));
    assert_eq!(download(&world, &one, &named.name).await, files::JPG);
}

/// Files that no material has, every other one old, of some people.
async fn orphans(world: &World, people: usize, each: u32) {
    for _ in 0..people {
        let psn_no = PsnNo::parse(&world.person(row()).await).unwrap();
        for number in 0..each {
            let sha256: String =
                Sha256::digest(number.to_be_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            let path = path(&psn_no, &sha256);
            let file = folder(world).join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, b"x").unwrap();
            if number % 2 == 0 {
                age(world, &path, 2);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_collector_goes_on_behind_its_bookmark_and_looks_at_each_file_once() {
    let world = World::start(Engine::Sqlite).await;
    let app = &world.running.app;
    // The server's own worker stays away.
    let lease = loop {
        if let Some(lease) = app.db.lease("collect-objects", "test", 600).await.unwrap() {
            break lease;
        }
    };
    orphans(&world, 1, 1_300).await;
    orphans(&world, 40, 30).await;
    let (mut behind, mut done, mut looked_at, mut stretches) = (String::new(), 0, 0, 0);
    loop {
        // No time at all: one page.
        let stretch = stretch(app, &behind, Instant::now()).await.unwrap();
        assert!(stretch.looked_at <= 500, "{stretch:?}");
        (done, looked_at, stretches) = (done + stretch.done, looked_at + stretch.looked_at, stretches + 1);
        let Some(next) = stretch.next else { break };
        assert!(next > behind, "{next} is not behind {behind}");
        behind = next;
    }
    assert_eq!((looked_at, done, stretches), (2_500, 1_250, 6));
    assert_eq!(paths(&world).await.len(), 1_250, "the young ones");
    // With time, all in one go; and the job keeps where it came to.
    let later = Instant::now() + Duration::from_secs(600);
    let rest = stretch(app, "", later).await.unwrap();
    assert_eq!((rest.looked_at, rest.done, rest.next), (1_250, 0, None));
    app.db.release(lease, 0, "").await.unwrap();
    world.job("collect-objects").await;
    assert_eq!(paths(&world).await.len(), 1_250);
}

/// Jobs of a worker of its own: one that never ends, and one that tells that it runs.
const SLOW_AND_QUICK: Jobs = &[
    JobSpec {
        name: "slow",
        description: "Takes its time.",
        run: |_, _| Box::pin(std::future::pending()),
        is_long: true,
    },
    JobSpec {
        name: "quick",
        description: "Is there at once.",
        run: |_, _| {
            QUICK.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(1) })
        },
        is_long: false,
    },
];
static QUICK: AtomicU32 = AtomicU32::new(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_waits_for_a_long_one_and_the_collector_is_one() {
    let long = JOBS.iter().filter(|job| job.is_long).map(|job| job.name);
    let expected = [
        "replace-certificates",
        "publish-status-list",
        "follow-insured",
        "refile-deadlines",
        "requalify",
        "collect-objects",
    ];
    assert_eq!(long.collect::<Vec<_>>(), expected);
    let world = World::start(Engine::Sqlite).await;
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(opsp::worker::run(world.running.app.clone(), SLOW_AND_QUICK, stopped));
    let ran = async {
        while QUICK.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ran).await.expect("the quick job runs again and again");
    let held = world.running.app.db.jobs().await.unwrap();
    let slow = held.into_iter().find(|job| job.name == "slow").expect("it began");
    assert!(slow.last_run.is_none(), "and it has not ended: {slow:?}");
    worker.abort();
}

/// Deletions, uploads of the same content and the collector at once: whatever has a row can be read.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_material_has_is_never_collected(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Store::Folder, Store::S3)] store: Store,
) {
    let eager = |config: &mut opsp::config::Config| {
        (config.files.orphan_minutes, config.files.collect_minutes) = (0, 0);
    };
    let world = world(engine, store, eager).await;
    let psn_no = world.person(row()).await;
    let header = || world.header(&psn_no, MaterialKind::Other, "同一份");
    let upload = async || loop {
        match world.upload(&psn_no, header(), files::JPG).await {
            Ok(material) => return material,
            Err(status) => assert_eq!(reason(&status), "LOST_RACE", "{status:?}"),
        }
    };
    let mut last = upload().await;
    for _ in 0..15 {
        let (gone, next, _) =
            tokio::join!(delete(&world, &psn_no, &last.name), upload(), world.job("collect-objects"));
        gone.unwrap();
        assert_eq!(download(&world, &psn_no, &next.name).await, files::JPG);
        last = next;
    }
    world.job("collect-objects").await;
    assert_eq!((list(&world, &psn_no).await.len(), paths(&world).await.len()), (1, 1));
    delete(&world, &psn_no, &last.name).await.unwrap();
    assert_eq!(paths(&world).await, Vec::<String>::new());
}
