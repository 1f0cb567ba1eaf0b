//! What lies in a pdf apart from its pages: actions, attachments, signatures, and streams that unfold to too much.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::super::jpeg;
use super::filter::{Inner, found, inflate};
use super::lexer::{Dict, Value};
use super::reader::{Object, Reader, Unread};
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
    // The root may lie in the trailer itself.
    let trailer = Value::Dict(reader.trailer.clone());
    inside.look(reader, &trailer, &mut fields)?;
    for number in reader.numbers() {
        let Some(object) = reader.get(number)? else { continue };
        inside.look(reader, &object.value, &mut fields)?;
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

impl Inside {
    /// Looks at a value and all that lies in it. `fields` gets what fields hold.
    fn look(
        &mut self,
        reader: &mut Reader<'_>,
        value: &Value,
        fields: &mut HashSet<u32>,
    ) -> Result<(), Unread> {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(items) => waiting.extend(items),
                Value::Dict(dict) => {
                    self.active |= SCRIPTS.iter().any(|key| dict.get(key).is_some());
                    self.attachments |= FILES.iter().any(|key| dict.get(key).is_some());
                    // Of two entries with one name, readers take the one or the other.
                    for (key, value) in &dict.0 {
                        match key.as_slice() {
                            b"S" => self.active |= is_one_of(reader, value, &ACTIONS)?,
                            b"Type" => self.attachments |= is_one_of(reader, value, &["EmbeddedFile"])?,
                            _ => {}
                        }
                        waiting.push(value);
                    }
                    if let Some(Value::Reference(signature)) = dict.get("V") {
                        fields.insert(*signature);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a value, or that to which it refers, is one of these names.
fn is_one_of(reader: &mut Reader<'_>, value: &Value, names: &[&str]) -> Result<bool, Unread> {
    let is = |name: &[u8]| names.iter().any(|one| one.as_bytes() == name);
    Ok(match value {
        Value::Name(name) => is(name),
        Value::Reference(_) => {
            matches!(reader.resolve(value)?, Some(Object { value: Value::Name(name), .. }) if is(&name))
        }
        _ => false,
    })
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
    if is_one_of(reader, dict.get("Subtype").unwrap_or(&Value::Other), &["Image"])? {
        let (width, height) = (side(reader, dict, "Width")?, side(reader, dict, "Height")?);
        let kilopixels = jpeg::kilopixels(width, height);
        if rules.kilopixels.of(kilopixels) == Outcome::Refuse {
            return Err(Finding::Pixels { width, height });
        }
        // Four channels of two bytes each, and a byte before each row.
        most = usize::try_from(kilopixels).unwrap_or(usize::MAX).saturating_mul(9_000) + (1 << 20);
    }
    let packing = found(reader, dict)?;
    // All but the last time, what comes out is packed itself, and a jpg is looked at whole.
    let kept =
        if packing.inner == Inner::Plain { packing.deflated.saturating_sub(1) } else { packing.deflated };
    let mut content = Cow::Borrowed(stream);
    for _ in 0..kept {
        reader.spend(content.len())?;
        let (inflated, whole) = inflate(&content, STREAM_MAX);
        reader.spend(inflated.len())?;
        if inflated.len() > STREAM_MAX {
            return Err(Finding::Bomb);
        }
        if !whole {
            return Ok(false);
        }
        content = Cow::Owned(inflated);
    }
    match packing.inner {
        Inner::Jpeg => {
            reader.spend(content.len())?;
            jpeg::is_whole(&content, rules)
        }
        Inner::Plain if packing.deflated > 0 => inflates(reader, &content, most),
        Inner::Plain | Inner::Other => Ok(true),
    }
}

/// A side of a picture, in pixels.
fn side(reader: &mut Reader<'_>, dict: &Dict, key: &str) -> Result<u32, Unread> {
    let side = reader.entry(dict, key)?.as_ref().and_then(Value::number);
    Ok(side.and_then(|side| u32::try_from(side).ok()).unwrap_or(0))
}

/// Whether a content can be inflated; refused when it comes to more.
fn inflates(reader: &mut Reader<'_>, packed: &[u8], most: usize) -> Result<bool, Finding> {
    reader.spend(packed.len())?;
    let mut decoder = ZlibDecoder::new(packed);
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
