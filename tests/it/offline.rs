//! 离线核验: `opsp verify` with the files that grpcurl writes, without a network; and the rotation of the signing key.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use opsp::db::keys::Keys;
use opsp::db::source::TimeSource;
use opsp::proto::opsp::certificate::v1 as pb;
use pb::certificate_service_client::CertificateServiceClient;

use crate::foreign::tool;
use crate::paper::through;
use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, request_id, token};

const BINARY: &str = env!("CARGO_BIN_EXE_opsp");

/// Keeps what grpcurl prints of a call.
async fn keep(world: &World, method: &str, path: &Path) {
    let address = world.running.address.to_string();
    let (method, path) = (format!("opsp.certificate.v1.CertificateService/{method}"), path.to_owned());
    let fetch = move || {
        let bearer = format!("authorization: Bearer {}", token("portal"));
        let mut grpcurl = Command::new(tool("DEV_GRPCURL", "venv/bin/grpcurl"));
        let done = grpcurl.args(["-plaintext", "-H", &bearer, &address, &method]).output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        std::fs::write(path, done.stdout).expect("the file is written");
    };
    tokio::task::spawn_blocking(fetch).await.unwrap();
}

/// The files of one world, and what `opsp verify` says with them.
struct Files {
    keys: PathBuf,
    status: PathBuf,
}

impl Files {
    fn arguments(&self, text: &str) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        let (keys, status) = (path(&self.keys), path(&self.status));
        ["verify", "--keys", &keys, "--status", &status, text].map(str::to_owned).to_vec()
    }

    fn verify(&self, text: &str) -> (Option<i32>, String) {
        told(Command::new(BINARY).args(self.arguments(text)).output().expect("it runs"))
    }
}

fn told(done: Output) -> (Option<i32>, String) {
    let text = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(text).expect("text"))
}

/// The clock of the test's server on the machine's time: `opsp verify` knows no other.
fn to_the_present(world: &World) {
    world.running.app.db.time().advance_to(TimeSource::Real.now()).unwrap();
}

async fn refresh(world: &World, files: &Files) {
    while world.job("sequence").await > 0 {}
    world.job("publish-status-list").await;
    keep(world, "GetStatusList", &files.status).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_checked_with_the_network_off() {
    let world = World::start(Engine::Sqlite).await;
    let (psn_no, held) = world.granted(row(), "M01600").await;
    let get = pb::GetCertificateRequest { name: held.certificate.clone() };
    let issued =
        CertificateServiceClient::new(world.portal(&psn_no)).get_certificate(get).await.unwrap().into_inner();
    let folder = tempfile::tempdir().unwrap();
    let files = Files { keys: folder.path().join("keys.json"), status: folder.path().join("status.json") };
    keep(&world, "GetVerificationKeys", &files.keys).await;
    refresh(&world, &files).await;
    let (code, text) = files.verify(&issued.qr_text);
    assert!(code == Some(7) && text.contains("status list expired on 2025-"), "{text}");
    assert!(text.contains("only the signature was checked"), "{text}");

    to_the_present(&world);
    refresh(&world, &files).await;
    let begun = Instant::now();
    let (code, text) = files.verify(&issued.qr_text);
    println!("one offline check: {:?}, a text of {} bytes", begun.elapsed(), issued.qr_text.len());
    assert!(code == Some(0) && text.starts_with("有效 VALID\n"), "{text}");
    assert!(text.contains(&issued.number) && text.contains("样例"), "{text}");
    assert!(!text.contains("欧阳") && !text.contains(&psn_no), "{text}");
    let input = format!("{}\n", issued.qr_text);
    let piped = through(
        BINARY,
        &files.arguments("-").iter().map(String::as_str).collect::<Vec<_>>(),
        input.as_bytes(),
    );
    assert_eq!(String::from_utf8(piped).unwrap(), text);
    without_network(&files, &issued.qr_text);
    no_socket(&files);

    let altered = issued.qr_text.replacen('.', ".A", 2);
    assert_eq!(files.verify(&altered), (Some(6), "伪造 FORGED\n".to_owned()));
    let nothing = Command::new(BINARY).args(["verify", "--keys", "/nowhere", &issued.qr_text]).output();
    let (code, text) = told(nothing.unwrap());
    assert!(code == Some(1) && text.contains("/nowhere"), "{text}");
    let swapped = Files { keys: files.status.clone(), status: files.keys.clone() };
    let (code, text) = swapped.verify(&issued.qr_text);
    assert!(code == Some(1) && text.contains("keys"), "{text}");

    let revoke = pb::RevokeCertificateRequest {
        name: held.certificate,
        reason: "遗失".to_owned(),
        reissue: None,
        request_id: request_id(),
        validate_only: false,
    };
    CertificateServiceClient::new(world.bureau(OFFICER)).revoke_certificate(revoke).await.unwrap();
    refresh(&world, &files).await;
    let (code, text) = files.verify(&issued.qr_text);
    assert!(code == Some(5) && text.starts_with("撤销 REVOKED\n"), "{text}");
}

/// In a network namespace of its own, which has no way out; where this machine does not allow it, `no_socket` alone
/// tells.
fn without_network(files: &Files, text: &str) {
    let ways: [&[&str]; 2] = [&["-n"], &["-r", "-n"]];
    let may = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let Some(way) = ways.iter().find(may) else {
        println!("this machine allows no network namespace");
        return;
    };
    let links = Command::new("unshare").args(*way).args(["cat", "/proc/self/net/dev"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&links.stdout).contains("eth"), "a namespace without a way out");
    let done = Command::new("unshare").args(*way).arg(BINARY).args(files.arguments(text)).output();
    let (code, text) = told(done.unwrap());
    assert!(code == Some(0) && text.starts_with("有效 VALID\n"), "{text}");
}

/// While it waits for the text it has no socket open: not even the ones of a runtime.
fn no_socket(files: &Files) {
    let mut child = Command::new(BINARY)
        .args(files.arguments("-"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let folder = PathBuf::from(format!("/proc/{}", child.id()));
    // It sleeps only once it has read both files and waits for the text.
    let sleeps = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let status = std::fs::read_to_string(folder.join("status")).unwrap();
        status.contains("State:\tS") && status.contains("Threads:\t1\n")
    });
    assert!(sleeps, "it waits for the text, on its only thread");
    let links = std::fs::read_dir(folder.join("fd")).unwrap();
    let open: Vec<_> = links.map(|fd| std::fs::read_link(fd.unwrap().path()).unwrap()).collect();
    assert!(open.len() >= 3 && open.iter().all(|fd| !fd.to_string_lossy().contains("socket")), "{open:?}");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(6), "nothing is no genuine text");
}

#[test]
fn a_key_is_rotated_in_place_and_old_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let done = Command::new(BINARY).args(arguments).arg("--data-dir").arg(folder.path()).output();
        told(done.expect("it runs"))
    };
    assert_eq!(run(&["init"]).0, Some(0));
    let path = folder.path().join("keys.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    let (code, text) = run(&["keys", "rotate"]);
    assert!(code == Some(0) && text.contains("key s2 signs from") && text.contains("restart"), "{text}");
    let (code, text) = run(&["keys", "rotate", "--hours", "0"]);
    assert!(code == Some(0) && text.contains("key s3"), "{text}");
    let after = std::fs::read_to_string(&path).unwrap();
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640, "who could read it still can, and nobody else");
    assert_eq!(metadata.uid(), std::fs::metadata(folder.path()).unwrap().uid());
    let (old, new) = (Keys::parse(&before).unwrap(), Keys::parse(&after).unwrap());
    let now = TimeSource::Real.now();
    let (signer, signature) = old.sign(now, b"m").unwrap();
    assert!(new.public().verifies(&signer, b"m", &signature), "what was signed stays genuine");
    assert_eq!((signer.as_str(), new.signer(now)), ("s1", "s3"));
    let sealed = old.seal(&opsp::db::source::Random::system(), "place", b"m").unwrap();
    assert_eq!(new.open("place", &sealed).unwrap(), b"m", "and what was sealed opens");
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("keys") })
            .count(),
        1,
        "no copy of the ring lies about"
    );
    std::fs::write(&path, "active = 1").unwrap();
    let (code, text) = run(&["keys", "rotate"]);
    assert!(code == Some(1) && text.contains("keys.toml"), "{text}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "active = 1", "a broken ring is not touched");
}
