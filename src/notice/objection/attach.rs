//! 附件: small files that come with an objection. They lie sealed beside it, and only the bureau gets them.

use sha2::{Digest, Sha256};

use super::domain::File;
use super::resolve::find;
use super::store::{self, About};
use super::{evidence, file};
use crate::app::App;
use crate::db::work::{View, Work};
use crate::kernel::error::{Error, Refusal, Result};
use crate::material::upload::{Examined, Received};
use crate::notice::{name, query};

/// Bytes of one file.
const BYTES_MAX: usize = 1 << 20;

/// Looks at a file before the transaction, as at a material: whether it is whole, what it is, and what a scanner says.
/// None where the objection has it already.
pub async fn examine(view: &View, app: &App, of: &str, content: &[u8]) -> Result<Option<Examined>> {
    // Nobody has files looked at for an objection that is not there, or that takes no more.
    let stored = query::objection(view, of).await?;
    let (_, files) = query::evidence(view, of).await?;
    let sha256 = sha256(content);
    if files.iter().any(|file| file.sha256 == sha256) {
        return Ok(None);
    }
    stored.objection.add(&files, &sha256).map_err(Refusal::from)?;
    if !(1..=BYTES_MAX).contains(&content.len()) {
        return Err(Error::invalid(
            "content",
            format!("文件须为 1 至 {BYTES_MAX} 字节"),
            format!("must have 1 to {BYTES_MAX} bytes"),
        ));
    }
    let (entry_name, _) = name::objection_parts(of)?;
    let (area, _, _) = name::entry_parts(entry_name)?;
    let psn_no = file::claim(view, entry_name).await?.psn_no;
    let published = app.catalogs.in_force(&area, view.today());
    let rules = published.map(|published| published.catalog.rules.files).unwrap_or_default();
    Received { bytes: content.to_vec() }.examine(app, &psn_no, rules, None).await.map(Some)
}

/// A file as it was handed in, with what was found in it where it is new.
pub struct Handed<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// What was found.
    pub examined: Option<&'a Examined>,
}

/// Adds a file that was examined.
pub async fn attach(work: &Work, app: &App, of: &str, handed: Handed<'_>) -> Result<File> {
    let (stored, entry) = find(work, of).await?;
    let id = stored.objection.filed().id;
    let files = evidence::store::files(work, &work.person()?.psn_no, id).await?;
    let sha256 = sha256(handed.bytes);
    if let Some(same) = files.iter().find(|file| file.sha256 == sha256) {
        return Ok(same.clone());
    }
    // It was there when it was looked at, and files of an objection are never taken away.
    let examined = handed.examined.ok_or_else(|| Error::internal("a file of an objection is gone"))?;
    let content = &examined.content;
    let (number, step) = stored.objection.add(&files, &content.sha256).map_err(Refusal::from)?;
    let file = File {
        number,
        sha256: content.sha256.clone(),
        media_type: content.media_type.as_str().to_owned(),
        size_bytes: content.size_bytes,
        added_at: work.now(),
    };
    let about = About { calendar: &app.calendar.now(), listing: entry.entry.listing() };
    store::save(work, about, stored.version, step).await?;
    evidence::store::add(work, id, &file, &examined.bytes).await?;
    Ok(file)
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
