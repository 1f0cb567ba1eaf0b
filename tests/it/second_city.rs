//! The README's second pooling area: its very commands, run against a server as `opsp init` sets it up.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use opsp::config::Config;
use opsp::db::source::{Random, TimeSource};
use opsp::kernel::day_start;
use time::Duration;
use time::macros::{date, datetime};

/// Where time must pass.
const MARK: &str = "# 公示期满之后";

/// The commands as they stand in the README.
fn transcript() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let section = readme.split_once("### A second pooling area").expect("the section").1;
    let block = section.split_once("```sh\n").expect("a block of commands").1;
    block.split_once("```").expect("its end").0.to_owned()
}

/// The folder of grpcurl, which `tests/setup.sh` installs.
fn tools() -> PathBuf {
    let cache = std::env::var_os("DEV_CACHE").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(std::env::var_os("HOME").expect("a home folder")).join(".cache/opsp")
    });
    cache.join("venv/bin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_readme_bring_a_second_city_from_its_catalogue_to_a_settlement() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut init = Command::new(env!("CARGO_BIN_EXE_opsp"));
    init.args(["init", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
    assert!(init.status().expect("opsp runs").success(), "the folder is set up");
    let mut config = Config::load(folder.path()).expect("the settings");
    for name in ["portal", "bureau"] {
        config.callers.get_mut(name).expect("a caller").areas.push("620700".to_owned());
    }
    let clock = TimeSource::simulated(datetime!(2025-03-03 01:00 UTC));
    let running = opsp::server::start(config, clock, Random::system()).await.expect("the server starts");
    let script = transcript()
        .replace("/var/lib/opsp", &folder.path().display().to_string())
        .replace("/tmp/opsp-69.toml", &folder.path().join("69.toml").display().to_string())
        .replace("127.0.0.1:8443", &running.address.to_string());
    assert_eq!(script.matches(MARK).count(), 1);
    let script = script.replace(MARK, &format!("echo MARK; read -r _ {MARK}"));
    let time = running.app.db.time().clone();
    let run = move || {
        let path = std::env::var_os("PATH").expect("a path");
        let path = format!("{}:{}", tools().display(), path.display());
        let mut bash = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut told = String::new();
        for line in BufReader::new(bash.stdout.take().expect("its output")).lines().map_while(Result::ok) {
            if line == "MARK" {
                // The entries are written before the days pass, by the job of each second.
                std::thread::sleep(std::time::Duration::from_secs(4));
                time.advance_to(day_start(date!(2025 - 03 - 20)) + Duration::hours(9))
                    .expect("it is simulated");
                bash.stdin.as_mut().expect("its input").write_all(b"\n").expect("it goes on");
            }
            told.push_str(&line);
            told.push('\n');
        }
        assert!(bash.wait().expect("bash ends").success(), "{told}");
        told
    };
    let told = tokio::task::spawn_blocking(run).await.expect("the commands run");
    let settled = told.split_whitespace().collect::<String>();
    // 退休职工, 80 % of 1,000 yuan, no deductible: the rules of Zhangye's catalogue.
    for expected in [
        r#""poolPropSelfpayBp":8000"#,
        r#""fundPaySumamtFen":"80000""#,
        r#""psnPartAmtFen":"20000""#,
        r#""catalogVersion":"2025-sample-zhangye-1""#,
        r#""sample":true"#,
    ] {
        assert!(settled.contains(expected), "{expected} is not in {told}");
    }
    assert!(told.contains("第六十九个样例病种"), "{told}");
    running.stop().await.expect("it stops");
}
