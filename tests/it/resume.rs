//! Uploads that are cut off and go on: with the same result, wherever the cut was.

use std::time::Duration;

use opsp::config::Config;
use opsp::proto::opsp::catalog::v1::MaterialKind;
use opsp::proto::opsp::material::v1 as pb;
use pb::material_service_client::MaterialServiceClient;
use pb::upload_material_request::Part;
use rstest::rstest;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use crate::objects::{Store, age, paths, world};
use crate::upload::{download, list};
use crate::world::scenario::row;
use crate::world::{
    Caller, Engine, OFFICER, World, connect, files, present, refused, request_id, wrong_fields,
};

/// What a test's server keeps at a time.
const PART: usize = 1 << 10;
/// Pieces of a test's stream.
const PIECE: usize = 700;

fn small_parts(config: &mut Config) {
    config.files.part_bytes = PART;
}

fn parts(header: &pb::UploadHeader, rest: &[u8]) -> Vec<pb::UploadMaterialRequest> {
    let chunks = rest.chunks(PIECE).map(|chunk| Part::Chunk(chunk.to_vec()));
    std::iter::once(Part::Header(header.clone()))
        .chain(chunks)
        .map(|part| pb::UploadMaterialRequest { part: Some(part) })
        .collect()
}

/// Sends what comes, on a connection of its own. What it gives makes the connection go away in the middle.
fn on_its_own(world: &World, psn_no: &str, parts: Receiver<pb::UploadMaterialRequest>) -> Box<dyn FnOnce()> {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (address, subject) = (world.running.address, psn_no.to_owned());
    let caller = std::thread::spawn(move || {
        // The connection lives in this runtime, and goes with it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let channel = connect(address).await;
            let caller = present(&channel, "portal", &[("x-opsp-subject", &subject)]);
            let mut client = MaterialServiceClient::new(caller);
            tokio::select! {
                answer = client.upload_material(ReceiverStream::new(parts)) => panic!("{answer:?}"),
                _ = stopped => {}
            }
        });
    });
    Box::new(move || {
        drop(stop);
        tokio::task::block_in_place(|| caller.join()).unwrap();
    })
}

/// Sends what comes, on the connection of all. What it gives hangs up this call alone.
fn beside_others(
    world: &World,
    psn_no: &str,
    parts: Receiver<pb::UploadMaterialRequest>,
) -> Box<dyn FnOnce()> {
    let mut client = MaterialServiceClient::new(world.portal(psn_no));
    let call = tokio::spawn(async move { client.upload_material(ReceiverStream::new(parts)).await });
    Box::new(move || call.abort())
}

/// Sends a header and so many bytes, and is gone when the server has kept what it can of them.
async fn cut(world: &World, psn_no: &str, header: &pb::UploadHeader, content: &[u8], at: usize) -> usize {
    let from = usize::try_from(header.offset).unwrap();
    let (sender, receiver) = channel(1_000);
    for part in parts(header, &content[from..at]) {
        sender.send(part).await.unwrap();
    }
    let way = if at.is_multiple_of(2) { on_its_own } else { beside_others };
    let hang_up = way(world, psn_no, receiver);
    // A part is kept when something comes behind it.
    let whole = from + (at - from).saturating_sub(1) / PART * PART;
    let mut found = 0;
    for _ in 0..500 {
        found = received(&mut MaterialServiceClient::new(world.portal(psn_no)), header).await.unwrap_or(0);
        if found == whole {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(found, whole, "of {at} bytes from {from} on");
    hang_up();
    // What was sent must never look like a whole stream, as it would if its source ended.
    std::mem::forget(sender);
    found
}

async fn received(
    client: &mut MaterialServiceClient<Caller>,
    header: &pb::UploadHeader,
) -> Result<usize, Status> {
    let (parent, request_id) = (header.parent.clone(), header.request_id.clone());
    let upload = client.get_upload(pb::GetUploadRequest { parent, request_id }).await?.into_inner();
    assert_eq!(upload.request_id, header.request_id);
    Ok(usize::try_from(upload.received_bytes).unwrap())
}

async fn resume(
    world: &World,
    psn_no: &str,
    header: &pb::UploadHeader,
    content: &[u8],
) -> Result<pb::Material, Status> {
    let from = usize::try_from(header.offset).unwrap_or(0);
    let stream = tokio_stream::iter(parts(header, &content[from..]));
    let answer = MaterialServiceClient::new(world.portal(psn_no)).upload_material(stream).await?;
    Ok(answer.into_inner())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_anywhere_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Store::Folder, Store::S3)] store: Store,
) {
    let world = world(engine, store, small_parts).await;
    let psn_no = world.person(row()).await;
    let content = files::pdf(&"诊".repeat(3_000));
    let end = content.len();
    // Around every border of a part and at steps that no border shares, once or twice in the same upload.
    let around = |at: usize| [at - 1, at, at + 1];
    let mut cuts: Vec<Vec<usize>> = vec![vec![0], vec![1], vec![end - 1], vec![end]];
    cuts.extend((1..=4).flat_map(|part| around(part * PART)).map(|at| vec![at]));
    cuts.extend((0..6).map(|step| vec![331 + step * 700, 2_900 + step * 1_013]));
    for points in &cuts {
        let mut header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
        for &at in points {
            let kept = cut(&world, &psn_no, &header, &content, at).await;
            header.offset = i64::try_from(kept).unwrap();
        }
        let stored = resume(&world, &psn_no, &header, &content).await.unwrap();
        assert_eq!(usize::try_from(stored.size_bytes).unwrap(), end, "{points:?}");
        assert!(download(&world, &psn_no, &stored.name).await == content, "{points:?}");
        // Wherever its last stream began, it is the same request.
        header.offset = 0;
        assert_eq!(resume(&world, &psn_no, &header, &content).await.unwrap(), stored);
        let mut client = MaterialServiceClient::new(world.portal(&psn_no));
        assert_eq!(received(&mut client, &header).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(list(&world, &psn_no).await.len(), cuts.len());
    assert_eq!(paths(&world).await.len(), 1, "one content, and no part of any upload");
}

/// The first revision of a signed pdf is a whole pdf: whoever hangs up behind it has not uploaded that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_has_not_finished() {
    let world = world(Engine::Sqlite, Store::Folder, small_parts).await;
    let psn_no = world.person(row()).await;
    let first = files::pdf(&"x".repeat(5_001));
    let end = first.windows(9).rposition(|part| part == b"startxref").unwrap();
    let content = [&first[..], "% second revision\n".repeat(200).as_bytes(), &first[end..]].concat();
    for round in 0..20 {
        let mut header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
        let at = first.len() - first.len() % 2 + 1;
        let kept = cut(&world, &psn_no, &header, &content, at).await;
        assert_eq!(list(&world, &psn_no).await.len(), round);
        header.offset = i64::try_from(kept).unwrap();
        let stored = resume(&world, &psn_no, &header, &content).await.unwrap();
        assert_eq!(usize::try_from(stored.size_bytes).unwrap(), content.len());
    }
    assert_eq!(list(&world, &psn_no).await.len(), 20);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_only_where_it_ended_and_as_what_it_began(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, Store::Folder, small_parts).await;
    let psn_no = world.person(row()).await;
    let content = files::pdf(&"x".repeat(5_000));
    let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let at = |offset: usize| pb::UploadHeader { offset: i64::try_from(offset).unwrap(), ..header.clone() };
    let unknown = resume(&world, &psn_no, &at(PART), &content).await;
    refused(unknown, Code::FailedPrecondition, "UPLOAD_OFFSET");
    let kept = cut(&world, &psn_no, &header, &content, 3_500).await;
    for offset in [1, kept - PART, kept + 1, content.len()] {
        let told = refused(
            resume(&world, &psn_no, &at(offset), &content).await,
            Code::FailedPrecondition,
            "UPLOAD_OFFSET",
        );
        assert!(told.contains(&format!(" {kept} ")), "{told}");
    }
    let other = pb::UploadHeader { title: "另一份".to_owned(), ..at(kept) };
    assert_eq!(wrong_fields(resume(&world, &psn_no, &other, &content).await), ["header.request_id"]);
    let other = pb::UploadHeader { offset: 0, ..other };
    assert_eq!(wrong_fields(resume(&world, &psn_no, &other, &content).await), ["header.request_id"]);
    let negative = pb::UploadHeader { offset: -1, ..header.clone() };
    assert_eq!(wrong_fields(resume(&world, &psn_no, &negative, &content).await), ["header.offset"]);

    // Another caller's upload, and another person's, are not found.
    let mut bureau = MaterialServiceClient::new(world.bureau(OFFICER));
    assert_eq!(received(&mut bureau, &header).await.unwrap_err().code(), Code::NotFound);
    let stranger = world.person(row()).await;
    let mut portal = MaterialServiceClient::new(world.portal(&stranger));
    assert_eq!(received(&mut portal, &header).await.unwrap_err().code(), Code::NotFound);

    // After all that it still goes on; and one that begins anew gives up what was kept.
    let mut portal = MaterialServiceClient::new(world.portal(&psn_no));
    assert_eq!(received(&mut portal, &header).await.unwrap(), kept);
    cut(&world, &psn_no, &header, &content, PART + 1).await;
    refused(resume(&world, &psn_no, &at(kept), &content).await, Code::FailedPrecondition, "UPLOAD_OFFSET");
    let stored = resume(&world, &psn_no, &at(PART), &content).await.unwrap();
    assert!(download(&world, &psn_no, &stored.name).await == content);
    assert_eq!(paths(&world).await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_after_a_cut_leaves_nothing(#[values(Store::Folder, Store::S3)] store: Store) {
    let world = world(Engine::Sqlite, store, |config| {
        small_parts(config);
        config.limits.upload_bytes = 6 << 10;
    })
    .await;
    let psn_no = world.person(row()).await;
    let text = "just words. ".repeat(300).into_bytes();
    let too_large = files::pdf(&"x".repeat(6 << 10));
    for content in [text, too_large] {
        let mut header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
        let kept = cut(&world, &psn_no, &header, &content, 2_500).await;
        header.offset = i64::try_from(kept).unwrap();
        assert_eq!(wrong_fields(resume(&world, &psn_no, &header, &content).await), ["chunk"]);
        assert_eq!(paths(&world).await, Vec::<String>::new());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_uploads_are_bounded_and_expire(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, Store::Folder, |config| {
        small_parts(config);
        config.files.unfinished_per_person = 2;
    })
    .await;
    let psn_no = world.person(row()).await;
    let content = files::pdf(&"x".repeat(5_000));
    let header = |id: &str| pb::UploadHeader {
        request_id: id.to_owned(),
        ..world.header(&psn_no, MaterialKind::ExamReport, "报告")
    };
    let (old, young) = (header(&request_id()), header(&request_id()));
    cut(&world, &psn_no, &old, &content, 3_000).await;
    let begun = paths(&world).await;
    cut(&world, &psn_no, &young, &content, 3_000).await;
    let told = resume(&world, &psn_no, &header(&request_id()), &content).await;
    assert_eq!(told.unwrap_err().code(), Code::ResourceExhausted);
    // One that fits into a part needs none kept.
    world.upload(&psn_no, header(&request_id()), &files::pdf("x")[..]).await.unwrap();

    for path in &begun {
        age(&world, path, 25);
    }
    world.job("collect-objects").await;
    let left = paths(&world).await;
    assert!(begun.iter().all(|path| !left.contains(path)), "{left:?}");
    let mut client = MaterialServiceClient::new(world.portal(&psn_no));
    assert_eq!(received(&mut client, &old).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(received(&mut client, &young).await.unwrap(), 2 * PART);
    let rest = pb::UploadHeader { offset: 2 * PART as i64, ..young };
    let stored = resume(&world, &psn_no, &rest, &content).await.unwrap();
    assert!(download(&world, &psn_no, &stored.name).await == content);
    let again = resume(&world, &psn_no, &old, &content).await.unwrap();
    assert_eq!(again.sha256, stored.sha256);
}

/// Two streams that go on with the same upload at once: one of them wins, or they agree; never a mixture.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_streams_of_one_upload_never_mix(#[values(Store::Folder, Store::S3)] store: Store) {
    let world = world(Engine::Sqlite, store, small_parts).await;
    let psn_no = world.person(row()).await;
    let (one, other) = (files::pdf(&"a".repeat(9_000)), files::pdf(&"b".repeat(9_000)));
    let mut stored = 0;
    for _ in 0..10 {
        let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
        let (first, second) =
            tokio::join!(resume(&world, &psn_no, &header, &one), resume(&world, &psn_no, &header, &other));
        for done in [first, second] {
            match done {
                Ok(material) => {
                    let content = download(&world, &psn_no, &material.name).await;
                    assert!(content == one || content == other, "a mixture");
                }
                Err(failure) => {
                    assert!(matches!(failure.code(), Code::Aborted | Code::InvalidArgument), "{failure:?}");
                }
            }
        }
        // Whoever lost tries again: it is stored now, or it is told that the other content was.
        match resume(&world, &psn_no, &header, &one).await {
            Ok(material) => assert!(download(&world, &psn_no, &material.name).await == one),
            Err(failure) => assert_eq!(failure.code(), Code::InvalidArgument, "{failure:?}"),
        }
        stored += 1;
        assert_eq!(list(&world, &psn_no).await.len(), stored);
    }
    let left = paths(&world).await;
    assert!(!left.iter().any(|path| path.contains("/incoming/")), "parts were left: {left:?}");
}
