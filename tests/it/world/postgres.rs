//! A throwaway PostgreSQL 15: one cluster for the test process, and clusters of their own for tests that stop it.
//!
//! A cluster is kept by a small shell that reads commands from a pipe whose other end this process holds. When the
//! process ends, however it ends, the pipe closes, and the shell stops the server and removes its folder.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

const BIN: &str = "/usr/lib/postgresql/15/bin";

/// Below the range from which the system takes ports for outgoing connections, so that none of the many
/// connections of a test run can take the port of a cluster that is being started.
const PORTS: std::ops::Range<u16> = 15_000..30_000;

const CONFIG: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
shared_buffers = 64MB
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
checkpoint_timeout = 1h
autovacuum = off
";

/// The keeper of one cluster. $1: where PostgreSQL's programs are; $2: the folder to keep the cluster in;
/// $3: the settings. Reads `start PORT` and `stop`, and answers each with `ok` or `failed`.
const KEEPER: &str = r#"
trap '' HUP INT TERM QUIT PIPE
bin=$1 dir=$2 as=
umask 077
mkdir "$dir" || exit 1
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$dir"
    as='setpriv --reuid=postgres --regid=postgres --init-groups'
fi
server() { $as "$bin/pg_ctl" --pgdata="$dir/data" --timeout=60 "$@" </dev/null >>"$dir/log" 2>&1; }
answer() { if "$@"; then echo ok; else echo failed; fi 2>/dev/null; }
create() {
    $as "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
        --no-sync </dev/null >>"$dir/log" 2>&1 && printf '%s' "$3" >>"$dir/data/postgresql.conf"
}
answer create "$@"
while read -r command port; do
    case $command in
        start) answer server start --options="-p $port" ;;
        stop) answer server stop --mode=immediate ;;
    esac
done
server stop --mode=immediate
rm -rf "$dir"
"#;

/// A running PostgreSQL on loopback that is gone, folder and all, when it is dropped or the process ends.
pub struct Cluster {
    dir: PathBuf,
    port: u16,
    shared: bool,
    keeper: Mutex<Keeper>,
}

/// The cluster that all tests of this process share, each with databases of its own.
pub fn cluster() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::launch(true))
}

/// A cluster for one test alone, which may stop and start it; removed when dropped.
pub fn own() -> Cluster {
    Cluster::launch(false)
}

impl Cluster {
    /// The URL of one database of this cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Creates a database, empty or as a copy of another that nobody is connected to.
    pub fn create_database(&self, name: &str, template: Option<&str>) {
        // Copying files beats copying through the log where nothing is ever synced.
        self.client(
            "createdb",
            &["--strategy=file_copy", "--template", template.unwrap_or("template0"), name],
        );
    }

    /// Stops the server at once, as a crash would; its data stay.
    pub fn stop(&self) {
        assert!(!self.shared, "other tests use this cluster: stop one of your own, from own()");
        assert!(self.ask("stop"), "PostgreSQL does not stop:\n{}", self.log());
    }

    /// Starts the server again after `stop`, on the same port.
    pub fn start(&self) {
        assert!(self.ask(&format!("start {}", self.port)), "PostgreSQL does not start:\n{}", self.log());
    }

    fn launch(shared: bool) -> Self {
        assert!(
            Path::new(BIN).join("postgres").exists(),
            "PostgreSQL 15 is missing: {BIN}/postgres is not there. Run tests/run, which installs it, \
             or install Debian's postgresql-15."
        );
        let dir = std::env::temp_dir().join(format!("opsp-pg-{}-{:016x}", std::process::id(), random()));
        // A stop is a crash: where one may come, a commit must not wait in the server's memory.
        let commit = if shared { "off" } else { "on" };
        let keeper = Keeper::begin(&dir, &format!("{CONFIG}synchronous_commit = {commit}\n"));
        let mut cluster = Self { dir, port: 0, shared, keeper: Mutex::new(keeper) };
        assert!(cluster.created(), "PostgreSQL's initdb failed:\n{}", cluster.log());
        // Between finding a free port and listening on it, another cluster may have taken it.
        for _ in 0..5 {
            cluster.port = free_port();
            if cluster.ask(&format!("start {}", cluster.port)) {
                return cluster;
            }
        }
        panic!("PostgreSQL does not start:\n{}", cluster.log());
    }

    fn created(&self) -> bool {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).answer()
    }

    fn ask(&self, command: &str) -> bool {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).ask(command)
    }

    fn log(&self) -> String {
        let log = self.dir.join("log");
        std::fs::read_to_string(&log)
            .unwrap_or_else(|error| format!("{} cannot be read: {error}", log.display()))
    }

    fn client(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(Path::new(BIN).join(program))
            .env_clear()
            .current_dir("/")
            .args([
                "--host=127.0.0.1",
                &format!("--port={}", self.port),
                "--username=postgres",
                "--no-password",
            ])
            .args(arguments)
            .output()
            .expect("PostgreSQL's client programs run");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {}: {complaint}", arguments.join(" "));
    }
}

struct Keeper {
    shell: Child,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    fn begin(dir: &Path, config: &str) -> Self {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", KEEPER, "opsp-pg-keeper", BIN])
            .arg(dir)
            .arg(config)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            // Out of reach of a Ctrl-C or a kill that is meant for the tests' group.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Whoever reads the tests' output to its end must not have to wait for the keeper.
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let answers = BufReader::new(shell.stdout.take().expect("the shell's output is a pipe"));
        Self { shell, answers }
    }

    fn ask(&mut self, command: &str) -> bool {
        let pipe = self.shell.stdin.as_mut().expect("the pipe is open until the keeper is dropped");
        writeln!(pipe, "{command}").is_ok() && self.answer()
    }

    fn answer(&mut self) -> bool {
        let mut line = String::new();
        self.answers.read_line(&mut line).is_ok() && line.trim_end() == "ok"
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // `wait` closes the pipe first: that is the sign to stop the server and clean up.
        if let Err(error) = self.shell.wait() {
            eprintln!("the keeper of a test database was not waited for: {error}");
        }
    }
}

/// A port of loopback that nobody listens on.
pub fn free_port() -> u16 {
    let first =
        u16::try_from(random() % u64::from(PORTS.end - PORTS.start)).expect("a u16 bounds it") + PORTS.start;
    (first..PORTS.end)
        .chain(PORTS.start..first)
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("some port of the range is free")
}

fn random() -> u64 {
    RandomState::new().hash_one(0)
}
