//! Clients that no one here wrote: grpcurl, buf curl, Python's grpcio. They know nothing but what reflection tells.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::world::scenario::row;
use crate::world::{Engine, OFFICER, World, token};

/// A tool that `tests/setup.sh` installs. Without it the test fails.
pub fn tool(variable: &str, file: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let cache = || {
        let cache = std::env::var_os("DEV_CACHE").map(PathBuf::from);
        cache.unwrap_or_else(|| {
            PathBuf::from(std::env::var_os("HOME").expect("a home folder")).join(".cache/opsp")
        })
    };
    let path = named.unwrap_or_else(|| cache().join(file));
    assert!(path.exists(), "{} is not there: run tests/run, which installs it", path.display());
    path
}

fn output(command: &mut Command) -> (bool, String) {
    let done = command.output().expect("the tool runs");
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    (done.status.success(), text)
}

/// One call of each service: the method, who calls, what is sent, a part of what comes back.
fn one_call_each(psn_no: &str) -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let person = format!("insured/{psn_no}");
    vec![
        (
            "opsp.catalog.v1.CatalogService/GetDisease",
            "portal",
            json!({"name": "areas/620900/diseases/M01600"}),
            "糖尿病",
        ),
        ("opsp.insured.v1.InsuredService/GetInsured", "bureau", json!({"name": person}), "psn_name"),
        ("opsp.material.v1.MaterialService/ListMaterials", "bureau", json!({"parent": person}), "{"),
        ("opsp.residence.v1.RemoteResidenceService/ListFilings", "bureau", json!({"parent": person}), "{"),
        ("opsp.application.v1.ApplicationService/ListApplications", "bureau", json!({"parent": person}), "{"),
        ("opsp.review.v1.ReviewService/ListExperts", "bureau", json!({"parent": "areas/620900"}), "{"),
        ("opsp.notice.v1.NoticeService/ListNotices", "portal", json!({"parent": "areas/620900"}), "{"),
        (
            "opsp.benefit.v1.BenefitService/CheckBenefit",
            "platform",
            json!({"psn_no": psn_no, "opsp_dise_code": "M01600"}),
            "NO_BENEFIT",
        ),
        ("opsp.certificate.v1.CertificateService/GetVerificationKeys", "portal", json!({}), "Ed25519"),
        ("opsp.settlement.v1.SettlementService/ListSettlements", "platform", json!({"parent": person}), "{"),
        ("opsp.event.v1.EventService/ListEvents", "ops", json!({"page_size": 5}), "{"),
        ("opsp.ops.v1.OpsService/GetServerInfo", "ops", json!({}), "clock_simulated"),
    ]
}

fn headers(caller: &str) -> Vec<(String, String)> {
    let mut headers = vec![("authorization".to_owned(), format!("Bearer {}", token(caller)))];
    if caller == "bureau" {
        headers.push(("x-opsp-operator".to_owned(), OFFICER.to_owned()));
    }
    headers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpcurl_lists_describes_and_calls() {
    let world = World::start(Engine::Sqlite).await;
    let psn_no = world.person(row()).await;
    let address = world.running.address.to_string();
    tokio::task::spawn_blocking(move || {
        let grpcurl = tool("DEV_GRPCURL", "venv/bin/grpcurl");
        let run = |arguments: &[&str]| output(Command::new(&grpcurl).arg("-plaintext").args(arguments));
        let (ok, list) = run(&[&address, "list"]);
        assert!(ok, "{list}");
        for service in opsp::contract::SERVICES {
            assert!(list.lines().any(|line| line == *service), "{service} is not in {list}");
        }
        let (ok, text) = run(&[&address, "describe", "opsp.settlement.v1.SettlementService.Settle"]);
        assert!(ok && text.contains("结算 (2207): settles a bill"), "{text}");
        let (ok, text) = run(&[&address, "describe", "opsp.settlement.v1.Bill"]);
        assert!(ok && text.contains("医药机构结算ID"), "{text}");
        let (ok, text) = run(&[&address, "grpc.health.v1.Health/Check"]);
        assert!(ok && text.contains("\"SERVING\""), "{text}");
        for (method, caller, body, expected) in one_call_each(&psn_no) {
            let mut command = Command::new(&grpcurl);
            command.arg("-plaintext").arg("-d").arg(body.to_string());
            for (name, value) in headers(caller) {
                command.arg("-H").arg(format!("{name}: {value}"));
            }
            let (ok, text) = output(command.arg(&address).arg(method));
            let camel = text.replace("psnName", "psn_name").replace("clockSimulated", "clock_simulated");
            assert!(ok && camel.contains(expected), "{method}: {text}");
        }
        // Details of a refusal are readable: their messages are in reflection.
        let bearer = format!("authorization: Bearer {}", token("portal"));
        let (ok, text) =
            run(&["-H", &bearer, "-d", "{}", &address, "opsp.catalog.v1.CatalogService/GetDisease"]);
        assert!(
            !ok && text.contains("google.rpc.BadRequest") && text.contains(r#""field":"name""#),
            "{text}"
        );
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buf_curl_calls_each_service() {
    let world = World::start(Engine::Sqlite).await;
    let psn_no = world.person(row()).await;
    let address = world.running.address.to_string();
    tokio::task::spawn_blocking(move || {
        let buf = tool("DEV_BUF", "npm/node_modules/.bin/buf");
        for (method, caller, body, expected) in one_call_each(&psn_no) {
            let mut command = Command::new(&buf);
            command.args([
                "curl",
                "--protocol",
                "grpc",
                "--http2-prior-knowledge",
                "--data",
                &body.to_string(),
            ]);
            for (name, value) in headers(caller) {
                command.arg("--header").arg(format!("{name}: {value}"));
            }
            let (ok, text) = output(command.arg(format!("http://{address}/{method}")));
            let camel = text.replace("psnName", "psn_name").replace("clockSimulated", "clock_simulated");
            assert!(ok && camel.contains(expected), "{method}: {text}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_calls_what_reflection_tells_it() {
    let world = World::start(Engine::Sqlite).await;
    let psn_no = world.person(row()).await;
    let address = world.running.address.to_string();
    let answers = tokio::task::spawn_blocking(move || {
        let mut calls: Vec<_> = one_call_each(&psn_no)
            .into_iter()
            .map(|(method, caller, body, _)| json!({"method": method, "body": body, "metadata": headers(caller)}))
            .collect();
        calls.push(json!({
            "method": "opsp.catalog.v1.CatalogService/GetDisease", "body": {}, "metadata": headers("portal"),
        }));
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/foreign.py");
        let mut python = Command::new(tool("DEV_PYTHON", "venv/bin/python"))
            .arg(script)
            .arg(address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        serde_json::to_writer(python.stdin.take().expect("its input"), &calls).expect("the calls are written");
        let done = python.wait_with_output().expect("python ends");
        assert!(done.status.success());
        serde_json::from_slice::<Value>(&done.stdout).expect("it answers in JSON")
    })
    .await
    .unwrap();
    assert_eq!(answers["health"], "SERVING");
    let services = answers["services"].as_array().expect("services");
    for service in opsp::contract::SERVICES {
        assert!(services.iter().any(|found| found == service), "{service}");
    }
    let calls = answers["calls"].as_array().expect("calls");
    let (bad, good) = calls.split_last().expect("calls");
    assert!(good.iter().all(|call| call["code"] == "OK"), "{good:#?}");
    assert_eq!((bad["code"].as_str(), bad["has_details"].as_bool()), (Some("INVALID_ARGUMENT"), Some(true)));
}

/// Random requests a method; the size of a larger run is set here.
const REQUESTS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_names_the_fields_that_protovalidate_finds() {
    let world = World::start(Engine::Sqlite).await;
    let address = world.running.address.to_string();
    let answers = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let descriptors = folder.path().join("descriptors.bin");
        std::fs::write(&descriptors, opsp::server::DESCRIPTORS).unwrap();
        let headers = json!([
            ["authorization", format!("Bearer {}", token("every"))],
            ["x-opsp-operator", OFFICER],
            ["x-opsp-subject", "1"],
        ]);
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/agree.py");
        let mut python = Command::new(tool("DEV_PYTHON", "venv/bin/python"))
            .arg(script)
            .args([&address, &descriptors.display().to_string(), &REQUESTS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        serde_json::to_writer(python.stdin.take().expect("its input"), &headers)
            .expect("the headers are written");
        let done = python.wait_with_output().expect("python ends");
        assert!(done.status.success());
        serde_json::from_slice::<Value>(&done.stdout).expect("it answers in JSON")
    })
    .await
    .unwrap();
    assert_eq!(answers["differences"], json!([]), "{answers:#}");
    let tally = &answers["tally"];
    let count = |key: &str| tally[key].as_u64().unwrap_or(0);
    assert!(count("methods") >= 50 && count("refused") * 2 > count("calls"), "{tally}");
}
