//! The load benchmark: PostgreSQL with durable commits, the server as a process of its own, and its client, on one
//! machine. Each pair is measured in the same run. `cargo bench --bench load`, `-- --rows 10000` for a smaller one.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]
#![expect(clippy::float_arithmetic, reason = "ratios and rates are printed, nothing is decided by them")]

#[path = "../it/world/postgres.rs"]
#[allow(dead_code, reason = "the integration tests use the rest")]
mod postgres;

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opsp::db::keys::Keys;
use opsp::db::source::Random;
use opsp::proto::opsp::common::v1 as common;
use opsp::proto::opsp::insured::v1 as pb;
use opsp::rpc::parse::date_message;
use pb::import_insured_response::Outcome;
use pb::insured_service_client::InsuredServiceClient;
use sha2::{Digest, Sha256};
use time::macros::date;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::transport::Channel;

const TOKEN: &str = "token-of-platform";
const CUTS: usize = 5;
/// Everything that an import writes.
const TABLES: [&str; 3] = ["insured", "certno_claim", "journal"];
/// What two imports of the same rows have in common: all but nonces, ids and instants.
const STATE: &str = "
    SELECT (SELECT count(*) || md5(string_agg(concat_ws(' ', psn_no, insu_admdvs, insutype, certno_index, version),
                ',' ORDER BY psn_no)) FROM insured),
           (SELECT count(*) || md5(string_agg(concat_ws(' ', certno_index, psn_no), ',' ORDER BY psn_no))
                FROM certno_claim),
           (SELECT count(*) || md5(string_agg(concat_ws(' ', owner, aggregate, version, event, data), ','
                ORDER BY owner, aggregate, version)) FROM journal WHERE event LIKE 'insured.%')";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let rows = rows_asked();
    let folder = tempfile::tempdir().unwrap();
    let cluster = postgres::own();
    cluster.create_database("whole", None);
    cluster.create_database("cut", None);
    let (whole, cut) = (cluster.url("whole"), cluster.url("cut"));
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        psql(&whole, &format!("ALTER SYSTEM SET {setting} = on"));
    }
    psql(&whole, "SELECT pg_reload_conf()");

    let server = Server::start(folder.path(), &whole).await;
    let begun = Instant::now();
    let (answered, created) = import(&server, 0, rows, rows).await;
    let import_seconds = begun.elapsed().as_secs_f64();
    assert_eq!((answered, created), (rows, rows), "every row was answered and made");
    let peak = server.peak_kib();
    drop(server);

    let all = copy_seconds(folder.path(), &whole, &TABLES);
    let people = copy_seconds(folder.path(), &whole, &TABLES[..1]);

    let server = Server::start(folder.path(), &cut).await;
    let mut done = 0;
    for round in 0..CUTS {
        let chance = usize::try_from(RandomState::new().hash_one(round)).unwrap();
        done += import(&server, done, rows, chance % ((rows - done) / 2)).await.0;
        println!("cut after {done} answers");
    }
    assert_eq!(import(&server, done, rows, rows).await.0, rows - done);
    let cut_peak = server.peak_kib();
    drop(server);
    let (left, right) = (psql(&whole, STATE), psql(&cut, STATE));
    assert_eq!(left, right, "a cut and resumed import ends as one that was not cut");

    let rate = |seconds: f64| f64::from(u32::try_from(rows).unwrap()) / seconds;
    println!("rows                        {rows}");
    println!("import                      {:.0} rows/s, {import_seconds:.1} s", rate(import_seconds));
    println!(
        "COPY of what it wrote       {:.0} rows/s, {all:.1} s (tables {})",
        rate(all),
        TABLES.join(", ")
    );
    println!("COPY of table insured only  {:.0} rows/s, {people:.1} s", rate(people));
    println!("server's peak memory        {} MiB, with cuts {} MiB", peak >> 10, cut_peak >> 10);
    println!("state after {CUTS} cuts          equal");
    println!("import_vs_copy {:.3}", all / import_seconds);
}

fn rows_asked() -> usize {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--rows");
    let given = given.and_then(|at| arguments.get(at + 1)).map(|rows| rows.parse().unwrap());
    given.unwrap_or(1_000_000).max(100)
}

/// A process that is killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }
}

/// The server as a process of its own.
struct Server {
    process: Process,
    client: InsuredServiceClient<Channel>,
}

impl Server {
    async fn start(folder: &Path, database: &str) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
        let settings = format!(
            "listen = \"127.0.0.1:{port}\"\ndatabase = \"{database}\"\n[callers.platform]\n\
             roles = [\"national_platform\"]\nareas = [\"100000\"]\ntoken_sha256 = [\"{digest}\"]\n"
        );
        std::fs::write(folder.join("opsp.toml"), settings).unwrap();
        let keys = folder.join("keys.toml");
        if !keys.exists() {
            std::fs::write(keys, Keys::generate(&Random::system()).unwrap()).unwrap();
        }
        let mut serve = Command::new(env!("CARGO_BIN_EXE_opsp"));
        serve.args(["serve", "--log", "warn", "--data-dir"]).arg(folder).stdin(Stdio::null());
        let process = Process(serve.spawn().unwrap());
        let endpoint = Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
        for _ in 0..300 {
            if let Ok(channel) = endpoint.connect().await {
                return Self { process, client: InsuredServiceClient::new(channel) };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server does not answer");
    }

    /// The most memory that it had at once.
    fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// Sends rows from one on, until so many are answered; then the stream is dropped. How many were answered, how many of
/// them were new.
async fn import(server: &Server, from: usize, to: usize, most: usize) -> (usize, usize) {
    let (sender, receiver) = mpsc::channel(4_096);
    let feeding = tokio::spawn(async move {
        for number in from..to {
            if sender.send(row(number)).await.is_err() {
                return;
            }
        }
    });
    let mut request = Request::new(ReceiverStream::new(receiver));
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    let mut answers = server.client.clone().import_insured(request).await.unwrap().into_inner();
    let (mut answered, mut created) = (0, 0);
    while answered < most {
        let Some(answer) = answers.message().await.unwrap() else { break };
        assert_eq!(usize::try_from(answer.row).unwrap(), from + answered);
        answered += 1;
        match answer.outcome() {
            Outcome::Created => created += 1,
            Outcome::Unchanged => {}
            other => panic!("row {}: {other:?} {:?}", answer.row, answer.reasons),
        }
    }
    feeding.abort();
    (answered, created)
}

/// A person that nobody is, with a number that passes the checks.
fn row(number: usize) -> pb::ImportInsuredRequest {
    let brdy = date!(1950 - 01 - 01) + time::Duration::days(i64::try_from(number / 400).unwrap());
    let sequence = (number % 400) * 2 + 1;
    let digits = format!("620902{}{:02}{:02}{sequence:03}", brdy.year(), u8::from(brdy.month()), brdy.day());
    let check = char::from(opsp::kernel::identity::check_digit(&digits));
    pb::ImportInsuredRequest {
        row: i64::try_from(number).unwrap(),
        psn_no: format!("62099{number:09}"),
        psn_cert_type: "01".to_owned(),
        certno: format!("{digits}{check}"),
        psn_name: "欧阳测试".to_owned(),
        gend: "1".to_owned(),
        brdy: Some(date_message(brdy)),
        tel: "13912345678".to_owned(),
        addr: "甘肃省酒泉市肃州区样例路1号".to_owned(),
        insutype: common::Insutype::Employee.into(),
        psn_type: "1101".to_owned(),
        psn_insu_stas: "1".to_owned(),
        psn_clct_stas: "1".to_owned(),
        insu_admdvs: "620902".to_owned(),
        insured_since: Some(date_message(date!(2010 - 01 - 01))),
        paid_until: Some(date_message(date!(2030 - 12 - 31))),
        ..Default::default()
    }
}

/// How long COPY takes for the rows of some tables, into empty ones with the same constraints and indexes.
fn copy_seconds(folder: &Path, database: &str, tables: &[&str]) -> f64 {
    let mut seconds = 0.0;
    for table in tables {
        let file: PathBuf = folder.join(table);
        let file = file.display();
        psql(database, &format!("\\copy {table} to '{file}'"));
        psql(
            database,
            &format!("DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE {table} INCLUDING ALL)"),
        );
        psql(database, "CHECKPOINT");
        let begun = Instant::now();
        psql(database, &format!("\\copy copied from '{file}'"));
        seconds += begun.elapsed().as_secs_f64();
        std::fs::remove_file(folder.join(table)).unwrap();
    }
    seconds
}

fn psql(database: &str, command: &str) -> String {
    let output = Command::new("/usr/lib/postgresql/15/bin/psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--dbname", database, "--command", command])
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
