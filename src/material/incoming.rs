//! Unfinished uploads: what was received is kept, sealed, part by part, so that a cut costs no more than one part.
//!
//! Parts lie below the person, `insured/{psn_no}/incoming/{upload}/{header}-{attempt}/{from}-{to}`: the upload is the
//! caller and its `request_id`, an attempt begins with each stream that starts at 0. A part is never written over, so of
//! two streams that continue the same attempt, one loses. Nothing of it is ever read as a material.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::check::Finding;
use super::objects::{Object, Objects};
use crate::app::App;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Refusal, Result};
use crate::kernel::id::PsnNo;

/// Largest piece of a stream, in bytes.
const CHUNK_MAX: usize = 1 << 20;

/// An upload: whose it is, which, and the header that it began with.
#[derive(Clone, Debug)]
pub struct Ticket {
    person: String,
    folder: String,
    header: String,
}

/// A stream that brings a file, or the rest of one.
pub struct Incoming {
    app: App,
    ticket: Ticket,
    /// The attempt's folder. None as long as nothing of it is kept.
    attempt: Option<String>,
    parts: Vec<String>,
    /// How much is kept.
    kept: usize,
    buffer: Vec<u8>,
}

/// What is kept of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// So many bytes from the beginning on.
    pub bytes: usize,
    /// When the first of them was kept, by the clock of the store.
    pub since: OffsetDateTime,
    attempt: String,
    parts: Vec<String>,
}

/// A stream that goes on elsewhere than where the kept bytes end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetDiffers {
    /// Where they end.
    pub kept: usize,
}

/// A person has as many unfinished uploads as one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyUnfinished {
    /// How many one may have.
    pub most: usize,
}

/// Below this lie the unfinished uploads of a person.
fn folder(psn_no: &PsnNo) -> String {
    format!("insured/{psn_no}/incoming")
}

/// Whether a path is a part of an unfinished upload.
pub fn is_part(path: &str) -> bool {
    path.split('/').nth(2) == Some("incoming")
}

impl Ticket {
    /// The upload that a caller names. `header` is what it says of the file.
    pub fn new(app: &App, actor: &Actor, psn_no: &PsnNo, request_id: &str, header: &[u8]) -> Result<Self> {
        let person = folder(psn_no);
        // A path takes no caller's name as it is, and shows nothing of a header.
        let caller = hex(&Sha256::digest(&actor.caller)[..8]);
        let header = hex(&app.db.keys().blind_index("upload", &hex(header))?[..16]);
        let folder = format!("{person}/{caller}-{}", request_id.to_ascii_lowercase());
        Ok(Self { person, folder, header })
    }

    /// What is kept of it, whatever its header: the attempt that came furthest.
    pub async fn kept(&self, objects: &Objects) -> Result<Option<Kept>> {
        let found = kept(objects.below(&self.folder).await?);
        Ok(found.into_iter().max_by_key(|kept| kept.bytes))
    }

    async fn forget(&self, objects: &Objects) -> Result<()> {
        for object in objects.below(&self.folder).await? {
            objects.delete(&object.path).await?;
        }
        Ok(())
    }

    fn is_its_header(&self, kept: &Kept) -> bool {
        kept.attempt.rsplit('/').next().is_some_and(|name| name.starts_with(&self.header))
    }

    fn check_header<'a>(&self, mut kept: impl Iterator<Item = &'a Kept>) -> Result<()> {
        if kept.all(|kept| self.is_its_header(kept)) {
            return Ok(());
        }
        Err(Error::invalid(
            "header.request_id",
            "该 request_id 已用于另一份未传完的材料，请换用新的 request_id",
            "was used for another upload that is not finished: take a new request_id",
        ))
    }
}

impl Incoming {
    /// Begins at 0, or goes on where the kept bytes end.
    pub async fn begin(app: &App, ticket: Ticket, offset: usize) -> Result<Self> {
        let mut incoming =
            Self { app: app.clone(), ticket, attempt: None, parts: Vec::new(), kept: 0, buffer: Vec::new() };
        if offset > 0 {
            let found = kept(app.objects.below(&incoming.ticket.folder).await?);
            incoming.ticket.check_header(found.iter())?;
            let furthest = found.iter().map(|kept| kept.bytes).max().unwrap_or(0);
            let Some(kept) = found.into_iter().find(|kept| kept.bytes == offset) else {
                return Err(Refusal::from(OffsetDiffers { kept: furthest }).into());
            };
            (incoming.attempt, incoming.parts, incoming.kept) = (Some(kept.attempt), kept.parts, kept.bytes);
        }
        Ok(incoming)
    }

    /// Takes the next piece; what makes a part is kept at once.
    pub async fn take(&mut self, chunk: &[u8]) -> Result<()> {
        let most = self.app.config.limits.upload_bytes;
        if chunk.len() > CHUNK_MAX {
            return Err(Error::invalid("chunk", "须不超过 1 MiB", "must have at most 1 MiB"));
        }
        if self.length() + chunk.len() > most {
            return Err(Finding::TooLarge { most }.into());
        }
        self.buffer.extend_from_slice(chunk);
        let part = self.app.config.files.part_bytes;
        // A file that fits into one part is whole before anything of it need be kept.
        while self.buffer.len() > part {
            let after = self.buffer.split_off(part);
            let full = std::mem::replace(&mut self.buffer, after);
            self.keep(&full).await?;
        }
        Ok(())
    }

    /// How long the file is so far.
    pub fn length(&self) -> usize {
        self.kept + self.buffer.len()
    }

    /// Everything that came, in order, from where it is kept.
    pub async fn content(&self) -> Result<Vec<u8>> {
        let mut content = Vec::with_capacity(self.length());
        for path in &self.parts {
            // It may have been too old, or another stream began anew: then this one has lost.
            let mut part = self.app.objects.get(&self.app.db, path).await?.ok_or(Error::Conflict)?;
            while let Some(piece) = part.next().await? {
                content.extend(piece);
            }
        }
        if content.len() != self.kept {
            return Err(Error::internal("the parts of an upload are not as long as their names say"));
        }
        content.extend_from_slice(&self.buffer);
        Ok(content)
    }

    /// Lets go of everything that is kept of the upload. What cannot be deleted now is collected later.
    pub async fn forget(&self) {
        if self.attempt.is_some()
            && let Err(error) = self.ticket.forget(&self.app.objects).await
        {
            tracing::warn!(%error, "parts of an upload were left behind until they are collected");
        }
    }

    async fn keep(&mut self, part: &[u8]) -> Result<()> {
        let attempt = match &self.attempt {
            Some(attempt) => attempt.clone(),
            None => self.begin_attempt().await?,
        };
        let path = format!("{attempt}/{:012}-{:012}", self.kept, self.kept + part.len());
        if !self.app.objects.put(&self.app.db, &path, part).await? {
            return Err(Error::Conflict);
        }
        self.attempt = Some(attempt);
        self.kept += part.len();
        self.parts.push(path);
        Ok(())
    }

    /// Whoever begins at 0 gives up what was kept before.
    async fn begin_attempt(&self) -> Result<String> {
        let (objects, ticket) = (&self.app.objects, &self.ticket);
        let found = kept(objects.below(&ticket.person).await?);
        let (own, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|kept| kept.attempt.starts_with(&ticket.folder));
        ticket.check_header(own.iter())?;
        let most = self.app.config.files.unfinished_per_person;
        if others.len() >= most {
            return Err(Error::Exhausted(Box::new(TooManyUnfinished { most }.into())));
        }
        ticket.forget(objects).await?;
        Ok(format!("{}/{}-{}", ticket.folder, ticket.header, self.app.db.new_id()))
    }
}

/// The attempts among parts: of each, what is there from its beginning on without a gap.
fn kept(parts: Vec<Object>) -> Vec<Kept> {
    let mut attempts = BTreeMap::<String, Kept>::new();
    for object in parts {
        let Some((attempt, from, to)) = parse(&object.path) else { continue };
        let kept = attempts.entry(attempt.clone()).or_insert_with(|| Kept {
            bytes: 0,
            since: object.written_at,
            attempt,
            parts: Vec::new(),
        });
        // They come in the order of their names, and so of where they begin.
        if from == kept.bytes && to > from {
            kept.bytes = to;
            kept.parts.push(object.path);
        }
    }
    attempts.into_values().filter(|kept| kept.bytes > 0).collect()
}

fn parse(path: &str) -> Option<(String, usize, usize)> {
    let (attempt, span) = path.rsplit_once('/')?;
    let (from, to) = span.split_once('-')?;
    Some((attempt.to_owned(), from.parse().ok()?, to.parse().ok()?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<OffsetDiffers> for Refusal {
    fn from(OffsetDiffers { kept }: OffsetDiffers) -> Self {
        Self::new(
            "UPLOAD_OFFSET",
            format!("该次上传已保存 {kept} 字节，header.offset 与之不符。"),
            format!("{kept} bytes of this upload are kept: header.offset is not that."),
        )
        .help(
            "请用 GetUpload 查询已保存的字节数并从该处续传，或从 0 重新上传。",
            "ask GetUpload how many are kept and go on from there, or begin again at 0.",
        )
        .about("header.offset")
    }
}

impl From<TooManyUnfinished> for Refusal {
    fn from(TooManyUnfinished { most }: TooManyUnfinished) -> Self {
        Self::new(
            "UPLOADS_TOO_MANY",
            format!("每人最多有 {most} 份未传完的材料，请先续传完成，或等其过期。"),
            format!(
                "one person may have {most} unfinished uploads at most: finish some of them, or wait until they expire."
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_ends_at_the_first_gap() {
        let part = |attempt: &str, from: usize, to: usize| Object {
            path: format!("insured/1/incoming/u/{attempt}/{from:012}-{to:012}"),
            written_at: OffsetDateTime::UNIX_EPOCH,
        };
        let told = |parts: Vec<Object>| {
            kept(parts).iter().map(|kept| (kept.bytes, kept.parts.len())).collect::<Vec<_>>()
        };
        assert_eq!(told(Vec::new()), []);
        assert_eq!(told(vec![part("a", 0, 5), part("a", 5, 9)]), [(9, 2)]);
        assert_eq!(told(vec![part("a", 0, 5), part("a", 6, 9)]), [(5, 1)]);
        assert_eq!(told(vec![part("a", 0, 5), part("a", 5, 9), part("a", 5, 12)]), [(9, 2)]);
        assert_eq!(told(vec![part("a", 5, 9), part("b", 0, 3)]), [(3, 1)]);
        assert!(is_part(&part("a", 0, 5).path) && !is_part("insured/1/abcd"));
    }
}
