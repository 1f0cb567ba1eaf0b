//! What a pdf shows. It is read by our own reader: the crates that read pdf keep every object that a file claims to have,
//! and a small file can claim a lot.

mod document;
mod filter;
mod inspect;
mod lexer;
mod reader;
#[cfg(test)]
mod tests;

use self::document::{document, first_page};
use self::filter::{Inner, Packing, found};
use self::inspect::{Signature, inspect};
use self::lexer::Value;
use self::reader::{Object, Reader, Unread, find_last};
use super::{Facts, Finding, Told, tail};
use crate::catalog::files::{FileRules, Outcome};

/// The facts and findings of a pdf.
pub fn look(bytes: &[u8], rules: &FileRules) -> Result<(Facts, Vec<Told>), Finding> {
    let end = find_last(bytes, b"%%EOF").ok_or(Finding::Truncated)?;
    if tail::hides_file(&bytes[end..]) || tail::is_zip_too(bytes) {
        return Err(Finding::Mixed);
    }
    // A change that was begun and not finished: what is whole is older than what was sent.
    if tail::holds(&bytes[end..], b" obj") {
        return Err(Finding::Truncated);
    }
    let mut reader = Reader::open(bytes)?;
    let inside = inspect(&mut reader, bytes, rules)?;
    // Other readers may make something of what ours cannot read: nobody knows what.
    if reader.unreadable {
        return Err(Finding::Truncated);
    }
    let pages = document(&mut reader, rules.pages.refuse)?;
    let mut findings = Vec::new();
    let mut find = |finding: Finding, outcome: Outcome| findings.push(finding.told(outcome));
    find(Finding::Pages { pages: pages.count }, rules.pages.of(pages.count));
    if inside.active {
        find(Finding::Active, Outcome::Refuse);
    }
    if inside.attachments {
        find(Finding::Attachments, rules.attachments);
    }
    if pages.count == 0 {
        find(Finding::NoPages, Outcome::Refuse);
    } else if pages.blank == pages.count {
        find(Finding::Blank, Outcome::Refuse);
    } else if pages.blank > 0 {
        find(Finding::BlankPages { blank: pages.blank }, rules.blank_pages);
    }
    if inside.damaged || pages.damaged {
        find(Finding::Damaged, Outcome::Warn);
    }
    match inside.signature {
        Signature::None => {}
        Signature::Part => find(Finding::SignedInPart, Outcome::Warn),
        Signature::Whole => find(Finding::Signed, Outcome::Pass),
    }
    let signed = inside.signature == Signature::Whole;
    Ok((Facts { pages: Some(pages.count), signed, ..Facts::default() }, findings))
}

/// The first jpg on the first page.
pub fn first_jpeg(bytes: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::open(bytes).ok()?;
    let (_, resources) = first_page(&mut reader).ok()??;
    let images = reader.entry(&resources, "XObject").ok()??;
    for (_, image) in &images.dict()?.0 {
        if let Ok(Some(Object { value: Value::Dict(dict), stream: Some(stream) })) = reader.resolve(image)
            && dict.is("Subtype", "Image")
            && found(&mut reader, &dict) == Ok(Packing { deflated: 0, inner: Inner::Jpeg })
        {
            return Some(stream);
        }
    }
    None
}

impl From<Unread> for Finding {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Broken => Self::Truncated,
            Unread::Encrypted => Self::Encrypted,
            Unread::TooMuch => Self::Bomb,
        }
    }
}
