//! 附件: small files that come with an objection. They lie sealed beside it, and only the bureau gets them.

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
pub async fn examine(view: &View, app: &App, of: &str, content: &[u8]) -> Result<Examined> {
    // Nobody has files looked at for an objection that is not there.
    query::objection(view, of).await?;
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
    Received { bytes: content.to_vec() }.examine(app, &psn_no, rules, None).await
}

/// Adds a file that was examined.
pub async fn attach(work: &Work, app: &App, of: &str, examined: &Examined) -> Result<File> {
    let (stored, entry) = find(work, of).await?;
    let id = stored.objection.filed().id;
    let content = &examined.content;
    let files = evidence::store::files(work, &work.person()?.psn_no, id).await?;
    if let Some(same) = files.iter().find(|file| file.sha256 == content.sha256) {
        return Ok(same.clone());
    }
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
