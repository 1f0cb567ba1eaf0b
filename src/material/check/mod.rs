//! What the bytes of a file show: facts, and what the catalogue's rules make of them. Pure: no clock, no disk, and hostile
//! bytes are expected. Memory is bounded by the pixels and by the inflated bytes that are looked at.

mod blocks;
mod exif;
mod finding;
mod jpeg;
mod pdf;
mod picture;
mod redact;
mod scan;
mod tail;

use serde::{Deserialize, Serialize};

pub use self::finding::{Finding, Told};
pub use self::picture::Picture;
pub use self::redact::{Area, blackened, named};
use super::domain::MediaType;
use crate::catalog::files::{FileRules, Outcome};

/// Quality of a thumbnail.
const THUMBNAIL_QUALITY: u8 = 80;

/// What the bytes of a file show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Pixels from left to right, of a picture.
    pub width: Option<u32>,
    /// Pixels from top to bottom, of a picture.
    pub height: Option<u32>,
    /// Pages, of a pdf.
    pub pages: Option<u32>,
    /// Whether a picture has real colour; none where it cannot be told.
    pub colour: Option<bool>,
    /// 电子签章: whether a signature is there that covers the whole file. Whether it is valid is not looked at.
    pub signed: bool,
}

/// A file that may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub media_type: MediaType,
    /// What it shows.
    pub facts: Facts,
    /// What was looked at, and what came of it. Nothing in here refuses.
    pub findings: Vec<Told>,
}

/// Looks at a file. Refused with everything at once that the rules refuse.
pub fn examine(bytes: &[u8], rules: &FileRules) -> Result<Seen, Vec<Finding>> {
    let (media_type, facts, findings) = look(bytes, rules).map_err(|finding| vec![finding])?;
    let refused: Vec<_> = findings
        .iter()
        .filter(|told| told.outcome == Outcome::Refuse)
        .map(|told| told.finding.clone())
        .collect();
    if refused.is_empty() { Ok(Seen { media_type, facts, findings }) } else { Err(refused) }
}

/// A picture of a file, with at most so many pixels on its longer side: that of a jpg, or the first jpg on the first page
/// of a pdf. None where there is none.
pub fn thumbnail(bytes: &[u8], media_type: MediaType, side: usize) -> Option<Vec<u8>> {
    match media_type {
        MediaType::Jpeg => jpeg::reduced(bytes, side),
        MediaType::Pdf => jpeg::reduced(pdf::first_jpeg(bytes)?, side),
    }?
    .encode(THUMBNAIL_QUALITY)
}

fn look(bytes: &[u8], rules: &FileRules) -> Result<(MediaType, Facts, Vec<Told>), Finding> {
    if bytes.is_empty() {
        Err(Finding::Empty)
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        let (facts, findings) = jpeg::look(bytes, rules)?;
        Ok((MediaType::Jpeg, facts, findings))
    } else if bytes.starts_with(b"%PDF-1.") || bytes.starts_with(b"%PDF-2.") {
        let (facts, findings) = pdf::look(bytes, rules)?;
        Ok((MediaType::Pdf, facts, findings))
    } else if tail::begins_later(bytes) {
        Err(Finding::Mixed)
    } else {
        Err(Finding::Type)
    }
}
