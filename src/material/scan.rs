//! Malware: asks clamd, in its own protocol (INSTREAM), before a file is stored. What was not scanned is not stored.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::config::files::{Files, Scanner};
use crate::kernel::error::{Error, Refusal, Result};

/// Bytes that clamd is sent at a time.
const PIECE: usize = 64 << 10;
/// Longest answer that is read.
const ANSWER_MAX: u64 = 4 << 10;

/// What clamd says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    /// With the name of what was found.
    Infected(String),
    /// It did not scan, and says why.
    Failed(String),
}

/// The file is infected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Infected;

/// Has a file scanned, if there is a scanner. Infected files are refused; when the scanner is away, so is the service.
pub async fn scan(files: &Files, content: &[u8]) -> Result<()> {
    let Some(scanner) = files.scanner().map_err(Error::Internal)? else { return Ok(()) };
    let verdict = match timeout(files.scan_time(), ask(&scanner, content)).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(error)) => Verdict::Failed(error.to_string()),
        Err(_) => Verdict::Failed("it did not answer within files.scan_ms".to_owned()),
    };
    match verdict {
        Verdict::Clean => Ok(()),
        Verdict::Infected(what) => {
            tracing::warn!(malware = what, "an infected file was refused");
            Err(Refusal::from(Infected).into())
        }
        Verdict::Failed(why) => {
            tracing::error!(why, setting = "files.scan", "a file could not be scanned: uploads are refused");
            Err(Error::Unavailable("the malware scanner is away"))
        }
    }
}

async fn ask(scanner: &Scanner, content: &[u8]) -> io::Result<Verdict> {
    match scanner {
        Scanner::Tcp(address) => exchange(TcpStream::connect(address).await?, content).await,
        Scanner::Unix(path) => exchange(UnixStream::connect(path).await?, content).await,
    }
}

async fn exchange(stream: impl AsyncRead + AsyncWrite, content: &[u8]) -> io::Result<Verdict> {
    let (reader, mut writer) = tokio::io::split(stream);
    // A file that is too large for clamd is answered before it has read it all: then writing fails, and the answer
    // says more than the failure.
    let sent = send(&mut writer, content).await;
    let mut answer = Vec::new();
    reader
        .take(ANSWER_MAX)
        .read_to_end(&mut answer)
        .await
        .or_else(|error| if answer.is_empty() { Err(error) } else { Ok(answer.len()) })?;
    match (sent, verdict(&answer)) {
        (Err(error), _) if answer.is_empty() => Err(error),
        (Err(_), Verdict::Clean) => {
            Ok(Verdict::Failed("it answered before it had the whole file".to_owned()))
        }
        (_, verdict) => Ok(verdict),
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), content: &[u8]) -> io::Result<()> {
    writer.write_all(b"zINSTREAM\0").await?;
    for piece in content.chunks(PIECE) {
        let length = u32::try_from(piece.len()).map_err(io::Error::other)?;
        writer.write_all(&length.to_be_bytes()).await?;
        writer.write_all(piece).await?;
    }
    writer.write_all(&[0; 4]).await?;
    writer.flush().await
}

fn verdict(answer: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim_end_matches('\0').trim();
    let Some(told) = text.strip_prefix("stream: ") else { return Verdict::Failed(text.to_owned()) };
    match told.strip_suffix(" FOUND") {
        Some(what) => Verdict::Infected(what.to_owned()),
        None if told == "OK" => Verdict::Clean,
        None => Verdict::Failed(told.to_owned()),
    }
}

impl From<Infected> for Refusal {
    fn from(Infected: Infected) -> Self {
        Self::new(
            "MATERIAL_INFECTED",
            "文件含有恶意代码，未予保存。",
            "the file contains malware and was not stored.",
        )
        .help(
            "请在未感染的设备上重新扫描或导出该材料后上传。",
            "scan or export the paper again on a clean machine, and upload that.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_ok_is_clean() {
        let failed = |why: &str| Verdict::Failed(why.to_owned());
        assert_eq!(verdict(b"stream: OK\0"), Verdict::Clean);
        assert_eq!(verdict(b"stream: OK\n"), Verdict::Clean);
        assert_eq!(
            verdict(b"stream: Eicar-Test-Signature FOUND\0"),
            Verdict::Infected("Eicar-Test-Signature".to_owned())
        );
        let limit = "INSTREAM size limit exceeded. ERROR";
        assert_eq!(verdict(format!("{limit}\0").as_bytes()), failed(limit));
        assert_eq!(verdict(b""), failed(""));
        assert_eq!(verdict(b"stream: "), failed("stream:"));
        assert_eq!(verdict(b"stream: NOT OK\0"), failed("NOT OK"));
        assert_eq!(verdict(b"OK\0"), failed("OK"));
    }
}
