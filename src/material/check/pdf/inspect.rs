//! What lies in a pdf apart from its pages: actions, attachments, signatures, and streams that unfold to too much.

use std::collections::HashSet;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::super::jpeg;
use super::filter::{Filter, filter};
use super::lexer::{Dict, Value};
use super::reader::{Object, Reader};
use crate::catalog::files::{FileRules, Outcome};
use crate::material::check::Finding;

/// Most bytes of a stream that is no picture, once inflated.
const STREAM_MAX: usize = 32 << 20;
/// Actions that do more than show another page.
const ACTIONS: [&str; 6] = ["JavaScript", "Launch", "ImportData", "SubmitForm", "RichMediaExecute", "GoToE"];
/// Keys under which scripts lie.
const SCRIPTS: [&str; 3] = ["JS", "XFA", "RichMediaContent"];
/// Keys under which other files lie.
const FILES: [&str; 2] = ["EF", "EmbeddedFiles"];

/// 电子签章.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// There is none.
    #[default]
    None,
    /// There is one, but it does not cover the file as it is.
    Part,
    /// There is one that covers the file as it is.
    Whole,
}

/// What lies in a pdf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// Scripts, or actions that do more than show.
    pub active: bool,
    /// Other files.
    pub attachments: bool,
    /// Something that cannot be unpacked.
    pub damaged: bool,
    /// A signature.
    pub signature: Signature,
}

/// Goes through all objects.
pub fn inspect(reader: &mut Reader<'_>, bytes: &[u8], rules: &FileRules) -> Result<Inside, Finding> {
    let mut inside = Inside::default();
    let mut fields = HashSet::new();
    let mut signatures = Vec::new();
    for number in reader.numbers() {
        let Some(object) = reader.get(number)? else { continue };
        let mut waiting = vec![&object.value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(items) => waiting.extend(items),
                Value::Dict(dict) => {
                    inside.active |= ACTIONS.iter().any(|action| dict.is("S", action));
                    inside.active |= SCRIPTS.iter().any(|key| dict.get(key).is_some());
                    inside.attachments |= FILES.iter().any(|key| dict.get(key).is_some());
                    inside.attachments |= dict.is("Type", "EmbeddedFile");
                    if let Some(Value::Reference(signature)) = dict.get("V") {
                        fields.insert(*signature);
                    }
                    waiting.extend(dict.0.iter().map(|(_, value)| value));
                }
                _ => {}
            }
        }
        if let Some(dict) = object.value.dict()
            && let Some(signature) = signature(dict, bytes)
        {
            signatures.push((number, signature));
        }
        if let Object { value: Value::Dict(dict), stream: Some(stream) } = &object {
            inside.damaged |= !unfolds(reader, dict, stream, rules)?;
        }
    }
    // A signature that no field holds signs nothing.
    inside.signature = signatures
        .into_iter()
        .filter(|(number, _)| fields.contains(number))
        .map(|(_, signature)| signature)
        .max()
        .unwrap_or_default();
    Ok(inside)
}

/// Whether a dictionary is a signature, and what it covers.
fn signature(dict: &Dict, bytes: &[u8]) -> Option<Signature> {
    let Some(Value::Array(range)) = dict.get("ByteRange") else { return None };
    dict.get("Contents")?;
    let whole = covers(range, bytes).is_some();
    Some(if whole { Signature::Whole } else { Signature::Part })
}

/// Proof that a range leaves out nothing of the file but a signature: hexadecimal digits in brackets, not all zero, in the
/// form that all signatures have.
fn covers(range: &[Value], bytes: &[u8]) -> Option<()> {
    let range: Vec<usize> =
        range.iter().map(|item| usize::try_from(item.number()?).ok()).collect::<Option<_>>()?;
    let [0, before, after, length] = range[..] else { return None };
    let end = after.checked_add(length)?;
    let rest = bytes.get(end..)?;
    let digits = bytes.get(before..after)?.strip_prefix(b"<")?.strip_suffix(b">")?;
    let is_signature = digits.starts_with(b"30") && digits.iter().all(u8::is_ascii_hexdigit);
    let padding = rest.iter().all(u8::is_ascii_whitespace) && rest.len() <= 2;
    (is_signature && padding).then_some(())
}

/// Whether a stream can be unpacked; refused when that is too much.
fn unfolds(reader: &mut Reader<'_>, dict: &Dict, stream: &[u8], rules: &FileRules) -> Result<bool, Finding> {
    let mut most = STREAM_MAX;
    if dict.is("Subtype", "Image") {
        let side = |key| dict.number(key).and_then(|side| u32::try_from(side).ok()).unwrap_or(0);
        let (width, height) = (side("Width"), side("Height"));
        let kilopixels = jpeg::kilopixels(width, height);
        if rules.kilopixels.of(kilopixels) == Outcome::Refuse {
            return Err(Finding::Pixels { width, height });
        }
        // Four channels of two bytes each, and a byte before each row.
        most = usize::try_from(kilopixels).unwrap_or(usize::MAX).saturating_mul(9_000) + (1 << 20);
        if is_jpeg(dict) {
            return Ok(jpeg::is_whole(stream));
        }
    }
    if filter(dict) != Filter::Flate {
        return Ok(true);
    }
    let mut decoder = ZlibDecoder::new(stream);
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0_usize;
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(read) => {
                total += read;
                reader.spend(read)?;
                if total > most {
                    return Err(Finding::Bomb);
                }
            }
            Err(_) => return Ok(false),
        }
    }
}

/// Whether a picture is packed as jpg and nothing else.
pub fn is_jpeg(dict: &Dict) -> bool {
    match dict.get("Filter") {
        Some(Value::Array(filters)) => {
            matches!(filters.as_slice(), [Value::Name(name)] if name == b"DCTDecode" || name == b"DCT")
        }
        _ => dict.is("Filter", "DCTDecode") || dict.is("Filter", "DCT"),
    }
}
