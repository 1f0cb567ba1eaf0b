//! The malware scan: against a small server that speaks clamd's protocol.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opsp::proto::opsp::catalog::v1::MaterialKind;
use rstest::rstest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tonic::Code;
use tonic_types::StatusExt;

use crate::objects::paths;
use crate::upload::{download, list};
use crate::world::scenario::row;
use crate::world::{Engine, World, files, postgres_database, reason, refused};

/// What the scanner finds.
const BAD: &[u8] = b"malware of a test";

/// How the scanner behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// It scans.
    Scans,
    /// It takes a file and says nothing.
    Silent,
    /// It hangs up in the middle.
    HangsUp,
    /// It says that the file is too large for it, before it has read it.
    TooLarge,
    /// It says that all is well, before it has read it.
    Hasty,
}

/// One session, as clamd's manual has it: `zINSTREAM\0`, pieces with their lengths, a length of 0; then an answer.
async fn session(mut stream: impl AsyncRead + AsyncWrite + Unpin, manner: Manner) -> io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    match manner {
        Manner::HangsUp => return Ok(()),
        Manner::TooLarge => return stream.write_all(b"INSTREAM size limit exceeded. ERROR\0").await,
        Manner::Hasty => return stream.write_all(b"stream: OK\0").await,
        Manner::Scans | Manner::Silent => {}
    }
    let mut content = Vec::new();
    loop {
        let length = usize::try_from(stream.read_u32().await?).expect("a length");
        if length == 0 {
            break;
        }
        let begin = content.len();
        content.resize(begin + length, 0);
        stream.read_exact(&mut content[begin..]).await?;
    }
    if matches!(manner, Manner::Silent) {
        return std::future::pending().await;
    }
    let is_bad = content.windows(BAD.len()).any(|part| part == BAD);
    let answer: &[u8] = if is_bad { b"stream: Test.Malware FOUND\0" } else { b"stream: OK\0" };
    stream.write_all(answer).await
}

/// A scanner on a port; gives its setting and how many sessions it had.
async fn scanner(manner: Manner) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let count = Arc::new(AtomicUsize::new(0));
    let sessions = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            sessions.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(session(stream, manner));
        }
    });
    (format!("tcp://{address}"), count)
}

async fn world(engine: Engine, scan: String, part_bytes: usize) -> World {
    let database = if engine == Engine::Postgres { postgres_database().await } else { String::new() };
    World::start_on(&database, |config| {
        (config.files.scan, config.files.scan_ms) = (scan, 3_000);
        (config.files.part_bytes, config.limits.deadline_ms) = (part_bytes, 120_000);
    })
    .await
}

fn bad() -> Vec<u8> {
    files::pdf(&format!("{}{}", "x".repeat(200_000), String::from_utf8_lossy(BAD)))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_infected_file_is_refused_and_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (setting, sessions) = scanner(Manner::Scans).await;
    let world = world(engine, setting, 16 << 10).await;
    let psn_no = world.person(row()).await;
    let header = || world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let told =
        refused(world.upload(&psn_no, header(), &bad()).await, Code::FailedPrecondition, "MATERIAL_INFECTED");
    assert!(!told.contains("Test.Malware"), "{told}");
    assert_eq!((list(&world, &psn_no).await.len(), paths(&world).await.len()), (0, 0));
    let clean = files::pdf(&"x".repeat(200_000));
    let stored = world.upload(&psn_no, header(), &clean).await.unwrap();
    assert!(download(&world, &psn_no, &stored.name).await == clean);
    assert_eq!((paths(&world).await.len(), sessions.load(Ordering::Relaxed)), (1, 2));
    // What is no jpg or pdf is refused without a scan.
    world.upload(&psn_no, header(), b"just words").await.unwrap_err();
    assert_eq!(sessions.load(Ordering::Relaxed), 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_verdict_nothing_is_stored(
    #[values(None, Some(Manner::Silent), Some(Manner::HangsUp), Some(Manner::TooLarge), Some(Manner::Hasty))]
    manner: Option<Manner>,
) {
    let setting = match manner {
        Some(manner) => scanner(manner).await.0,
        None => {
            let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
            format!("tcp://{port}")
        }
    };
    let world = world(Engine::Sqlite, setting, 8 << 20).await;
    let psn_no = world.person(row()).await;
    let header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    // More than what fits into the sockets' buffers: an answer that comes too early is seen while sending.
    let large = files::pdf(&"x".repeat(7 << 20));
    let failure = world.upload(&psn_no, header, &large).await.unwrap_err();
    assert_eq!((failure.code(), reason(&failure).as_str()), (Code::Unavailable, "UNAVAILABLE"));
    assert!(failure.get_details_retry_info().is_some());
    assert_eq!(list(&world, &psn_no).await.len(), 0);
    let left = paths(&world).await;
    assert!(
        left.iter().all(|path| path.contains("/incoming/")),
        "no more than an unfinished upload: {left:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_was_not_scanned_goes_on_when_the_scanner_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("clamd.ctl");
    let world = world(Engine::Sqlite, format!("unix://{}", socket.display()), 1 << 10).await;
    let psn_no = world.person(row()).await;
    let mut header = world.header(&psn_no, MaterialKind::ExamReport, "报告");
    let content = files::pdf(&"x".repeat(5_000));
    let away = world.upload(&psn_no, header.clone(), &content).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable);
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, Manner::Scans));
        }
    });
    let kept = content.len() / 1024 * 1024;
    header.offset = i64::try_from(kept).unwrap();
    let stored = world.upload(&psn_no, header, &content[kept..]).await.unwrap();
    assert!(download(&world, &psn_no, &stored.name).await == content);
    assert_eq!(paths(&world).await.len(), 1);
}
