//! How streams are packed: what is packed in other ways than these is not unpacked.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::lexer::{Dict, Value};
use super::reader::{Reader, Unread};

/// How the bytes of a stream are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// How often they were deflated last.
    pub deflated: usize,
    /// What they are then.
    pub inner: Inner,
}

/// What the bytes of a stream are once they are inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// What they are meant to be.
    Plain,
    /// A picture in jpg.
    Jpeg,
    /// Packed some other way.
    Other,
}

/// How the bytes of a stream are packed, as far as its own dictionary says so: what holds tables or objects may not lead
/// elsewhere for it, and is not followed.
pub fn stated(dict: &Dict) -> Packing {
    packing(dict.get("Filter"))
}

/// How the bytes of a stream are packed.
pub fn found(reader: &mut Reader<'_>, dict: &Dict) -> Result<Packing, Unread> {
    let mut filter = reader.entry(dict, "Filter")?;
    if let Some(Value::Array(filters)) = &mut filter {
        for one in filters {
            *one = reader.resolve(one)?.map_or(Value::Other, |object| object.value);
        }
    }
    Ok(packing(filter.as_ref()))
}

fn packing(filter: Option<&Value>) -> Packing {
    let filters = match filter {
        Some(Value::Array(filters)) => filters.as_slice(),
        Some(one @ Value::Name(_)) => std::slice::from_ref(one),
        // Nothing else is a filter: readers take the bytes as they are.
        _ => &[],
    };
    let is =
        |one: &Value, names: [&[u8]; 2]| matches!(one, Value::Name(name) if names.contains(&name.as_slice()));
    let deflated = filters.iter().take_while(|one| is(one, [b"FlateDecode", b"Fl"])).count();
    let inner = match &filters[deflated..] {
        [] => Inner::Plain,
        [one] if is(one, [b"DCTDecode", b"DCT"]) => Inner::Jpeg,
        _ => Inner::Other,
    };
    Packing { deflated, inner }
}

/// Inflates, but not much more than asked for; and whether the end was reached.
pub fn inflate(packed: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = ZlibDecoder::new(packed).take(limit).read_to_end(&mut content);
    (content, read.is_ok())
}

/// Undoes the prediction of rows, which tables are usually packed with.
pub fn predicted(dict: &Dict, content: Vec<u8>) -> Option<Vec<u8>> {
    let none = Dict::default();
    let parameters = match dict.get("DecodeParms") {
        Some(Value::Dict(parameters)) => parameters,
        Some(Value::Array(items)) => items.first().and_then(Value::dict).unwrap_or(&none),
        _ => &none,
    };
    if parameters.number("Predictor").is_none_or(|predictor| predictor < 2) {
        return Some(content);
    }
    let one = |key| parameters.number(key).is_none_or(|number| number == if key == "Colors" { 1 } else { 8 });
    if parameters.number("Predictor") == Some(2) || !one("Colors") || !one("BitsPerComponent") {
        return None;
    }
    let columns = usize::try_from(parameters.number("Columns").unwrap_or(1)).ok()?;
    if columns == 0 || columns > content.len() {
        return None;
    }
    let mut plain: Vec<u8> = Vec::with_capacity(content.len());
    let mut above = vec![0_u8; columns];
    for row in content.chunks_exact(columns + 1) {
        let mut left = 0_u8;
        let mut above_left = 0_u8;
        for (at, byte) in row[1..].iter().enumerate() {
            let up = above[at];
            let guess = match row[0] {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, above_left),
                _ => return None,
            };
            left = byte.wrapping_add(guess);
            above_left = up;
            above[at] = left;
            plain.push(left);
        }
    }
    Some(plain)
}

fn paeth(left: u8, up: u8, above_left: u8) -> u8 {
    let [a, b, c] = [left, up, above_left].map(i32::from);
    let guess = a + b - c;
    let far = [a, b, c].map(|value| (guess - value).abs());
    if far[0] <= far[1] && far[0] <= far[2] {
        left
    } else if far[1] <= far[2] {
        up
    } else {
        above_left
    }
}
