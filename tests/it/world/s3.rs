//! A throwaway S3 server, moto's: one for the test process, with a bucket for each test. It ends when this process
//! does, however it ends: it reads from a pipe whose other end is here.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use opsp::config::Config;
use opsp::config::files::S3;

use super::postgres::free_port;
use super::unique;
use crate::foreign::tool;

const SERVER: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

struct Server {
    address: SocketAddr,
    _process: Child,
}

/// Settings that name a new bucket.
pub fn bucket(config: &mut Config) {
    let server = server();
    let bucket = format!("bucket-{}", unique());
    let made = ask(server.address, &format!("PUT /{bucket}"));
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    std::fs::write(config.data_dir.join("s3.key"), "secret\n").expect("the secret is written");
    config.materials = format!("s3://{bucket}/files");
    config.files.s3 = Some(S3 {
        endpoint: format!("http://{}", server.address),
        region: "us-east-1".to_owned(),
        access_key_id: "id".to_owned(),
        secret_key_file: "s3.key".into(),
    });
}

#[expect(clippy::zombie_processes, reason = "it ends with this process, by its pipe")]
fn server() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let process = Command::new(tool("DEV_PYTHON", "venv/bin/python"))
            .args(["-c", SERVER, &address.port().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python runs: tests/run installs it with moto");
        for _ in 0..600 {
            if TcpStream::connect(address).is_ok() {
                return Server { address, _process: process };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("moto's S3 server does not come up: tests/run installs moto");
    })
}

fn ask(address: SocketAddr, what: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request =
        format!("{what} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}
