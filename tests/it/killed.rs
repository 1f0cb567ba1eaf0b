//! The binary, killed between the content and its row.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use opsp::config::LogFormat;
use opsp::db::source::TimeSource;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1 as pb;
use pb::material_service_client::MaterialServiceClient;
use pb::upload_material_request::Part;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use tonic::transport::Channel;

use crate::world::scenario::row;
use crate::world::{World, connect, files, present};

/// Starts the binary; gives it and a channel to it.
async fn serve(folder: &Path) -> (Child, Channel) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_opsp"))
        .args(["serve", "--data-dir"])
        .arg(folder)
        .stderr(Stdio::piped())
        .spawn()
        .expect("serve runs");
    let mut lines = BufReader::new(server.stderr.take().expect("its log")).lines().map_while(Result::ok);
    let told = lines.find_map(|line| line.split("\"address\":\"").nth(1)?.split('"').next()?.parse().ok());
    // Somebody must go on reading, or the server would wait for its log.
    std::thread::spawn(move || lines.for_each(drop));
    (server, connect(told.expect("the server says where it listens")).await)
}

fn contents(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| if entry.path().is_dir() { contents(&entry.path()) } else { 1 })
        .sum()
}

async fn contents_become(folder: &Path, wanted: usize) {
    for _ in 0..600 {
        if contents(folder) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} files lie there, not {wanted}", contents(folder));
}

async fn upload(
    channel: Channel,
    header: pb::UploadHeader,
    psn_no: String,
) -> Result<pb::Material, tonic::Status> {
    let parts = [Part::Header(header), Part::Chunk(files::JPG.to_vec())];
    let parts = parts.map(|part| pb::UploadMaterialRequest { part: Some(part) });
    let caller = present(&channel, "portal", &[("x-opsp-subject", &psn_no)]);
    Ok(MaterialServiceClient::new(caller).upload_material(tokio_stream::iter(parts)).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_whose_server_was_killed_before_its_row_is_collected() {
    let world = World::start_on("", |config| {
        config.log_format = LogFormat::Json;
        (config.files.orphan_minutes, config.files.collect_minutes) = (1, 0);
    })
    .await;
    let psn_no = world.person(row()).await;
    let header = world.header(&psn_no, MaterialKind::IdCardFront, "身份证");
    let folder = world.stop().await;
    let materials = folder.path().join("materials");

    let (mut server, channel) = serve(folder.path()).await;
    // Nobody can write to the database any more: the content is stored, its row waits.
    let mut options = ConnectOptions::new(format!("sqlite://{}", folder.path().join("opsp.db").display()));
    options.max_connections(1).min_connections(1);
    let lock = Database::connect(options).await.unwrap();
    lock.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let waiting = tokio::spawn(upload(channel, header.clone(), psn_no.clone()));
    contents_become(&materials, 1).await;
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(waiting.await.unwrap().is_err(), "it never had an answer");
    lock.execute_unprepared("ROLLBACK").await.unwrap();
    lock.close().await.unwrap();

    // An hour later, as files go.
    let psn = materials.join("insured").join(&psn_no);
    let orphan = std::fs::read_dir(&psn).unwrap().next().unwrap().unwrap().path();
    let file = std::fs::File::options().write(true).open(orphan).unwrap();
    file.set_modified((TimeSource::Real.now() - time::Duration::HOUR).into()).unwrap();
    let (mut server, channel) = serve(folder.path()).await;
    contents_become(&materials, 0).await;
    // The same request, with its first answer now.
    upload(channel, header, psn_no).await.unwrap();
    assert_eq!(contents(&materials), 1);
    server.kill().unwrap();
    server.wait().unwrap();
}
