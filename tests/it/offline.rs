//! 离线核验: `opsp verify` with the files that grpcurl writes, without a network; and the rotation of the signing key.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use opsp::certificate::payload::Payload;
use opsp::certificate::status::domain::{Entries, Worth};
use opsp::certificate::status::list::StatusList;
use opsp::db::keys::Keys;
use opsp::db::public::{Algorithm, PublicKey};
use opsp::db::source::{Random, TimeSource};
use opsp::kernel::local_day;
use opsp::kernel::region::Region;
use opsp::proto::opsp::certificate::v1 as pb;
use opsp::rpc::parse::timestamp;
use pb::certificate_service_client::CertificateServiceClient;
use prost::Message;

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

    let altered = issued.qr_text.replacen("s1.A", "s1.B", 1);
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

/// A ring, a genuine text of it, and the two files as messages.
fn made(folder: &Path, algorithm: Algorithm) -> (Files, String) {
    let (random, now) = (Random::system(), TimeSource::Real.now());
    let ring = Keys::parse(&Keys::generate_of(algorithm, &random).unwrap()).unwrap();
    let key = |(id, key): (&str, &PublicKey)| pb::VerificationKey {
        id: id.to_owned(),
        algorithm: key.algorithm().name().to_owned(),
        public_key: key.bytes(),
        sign_from_time: None,
    };
    let keys = pb::GetVerificationKeysResponse { keys: ring.public().iter().map(key).collect() };
    let entries = Entries::of([(random.id(now), Worth::Revoked)]);
    let list = StatusList::sign(&entries, &ring, now, time::Duration::hours(24)).unwrap();
    let list = pb::StatusList {
        version: list.version(),
        issue_time: Some(timestamp(list.issued_at)),
        expire_time: Some(timestamp(list.expires_at)),
        count: 1,
        key_id: list.key_id,
        signature: list.signature,
    };
    let list = pb::GetStatusListResponse { list: Some(list), entries: vec![entries.bytes().to_vec()] };
    let files = Files { keys: folder.join("keys"), status: folder.join("status") };
    std::fs::write(&files.keys, keys.encode_to_vec()).unwrap();
    std::fs::write(&files.status, list.encode_to_vec()).unwrap();
    let (area, issued_on) = (Region::find("620900").unwrap(), local_day(now));
    let payload = Payload { id: random.id(now), area, issued_on, sample: true };
    (files, payload.sign(&ring, now).unwrap())
}

#[test]
fn whatever_is_given_is_forged_or_refused_and_nothing_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let (files, genuine) = made(folder.path(), Algorithm::Sm2);
    let begun = Instant::now();
    assert_eq!(files.verify(&genuine).0, Some(0));
    println!("one offline check of SM2: {:?}, a text of {} bytes", begun.elapsed(), genuine.len());
    let forged = (Some(6), "伪造 FORGED\n".to_owned());
    let no_text = OsString::from_vec([genuine.as_bytes(), b"\xff\xfe"].concat());
    let mut command = Command::new(BINARY);
    command.args(files.arguments(&genuine)).args(["--", "more"]);
    assert_eq!(command.output().unwrap().status.code(), Some(2), "one text at a time");
    let mut arguments: Vec<OsString> = files.arguments("").into_iter().map(OsString::from).collect();
    *arguments.last_mut().unwrap() = no_text;
    assert_eq!(told(Command::new(BINARY).args(&arguments).output().unwrap()), forged);
    assert_eq!(files.verify(&"A".repeat(100_000)), forged);
    assert_eq!(files.verify(""), forged);
    let piped = |input: &[u8]| {
        let mut child = Command::new(BINARY)
            .args(files.arguments("-"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It stops to read when it has read enough: a pipe that breaks then is no fault.
        let sent = child.stdin.take().unwrap().write_all(input);
        assert!(sent.is_ok() || input.len() > 4096, "{sent:?}");
        told(child.wait_with_output().unwrap())
    };
    assert_eq!(piped(format!("{genuine}\r\n").as_bytes()).0, Some(0), "a line as a scanner types it");
    // What stands behind it is not cut off and forgotten.
    for behind in ["x".to_owned(), format!("{}x", " ".repeat(5_000)), " ".repeat(2_000_000)] {
        assert_eq!(piped(format!("{genuine}{behind}").as_bytes()), forged, "{} bytes more", behind.len());
    }
    assert_eq!(piped(&[genuine.as_bytes(), &[0xff]].concat()), forged);
    assert_eq!(piped(b""), forged);

    let whole = std::fs::read(&files.status).unwrap();
    let text = String::from_utf8_lossy(&whole).into_owned();
    let cut = &whole[..whole.len() - 3];
    let nested = "[".repeat(100_000);
    for broken in [
        b"".as_slice(),
        cut,
        b"\xff\xfe{\x00}\x00",
        b"{",
        text.as_bytes(),
        nested.as_bytes(),
        &[&whole[..], &whole].concat(),
        br#"{"list": {"version": "zz"}}"#,
        br#"{"entries": ["-_-_"]}"#,
    ] {
        std::fs::write(&files.status, broken).unwrap();
        let (code, said) = files.verify(&genuine);
        let named = said.starts_with("opsp: status list ") && said.lines().count() == 1;
        assert!(code == Some(1) && named, "{}: {code:?} {said}", String::from_utf8_lossy(broken));
    }
    let (code, said) = Files { keys: "/dev/zero".into(), ..files }.verify(&genuine);
    assert!(code == Some(1) && said.contains("has more than"), "{said}");
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
    let (code, text) = run(&["keys", "rotate", "--algorithm", "RSA"]);
    assert!(code == Some(2) && text.contains("neither Ed25519 nor SM2"), "{text}");
    let (code, text) = run(&["keys", "rotate", "--algorithm", "sm2"]);
    assert!(code == Some(0) && text.contains("key s2 signs from") && text.contains("restart"), "{text}");
    let held = std::fs::File::open(folder.path()).unwrap();
    held.lock().unwrap();
    let (code, text) = run(&["keys", "rotate"]);
    assert!(code == Some(1) && text.contains("is being rotated already"), "{text}");
    held.unlock().unwrap();
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
    let sealed = old.seal(&Random::system(), "place", b"m").unwrap();
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
