//! The pages of a pdf, and which of them show something.

use std::collections::HashSet;

use super::filter::{Inner, found, inflate};
use super::lexer::{Dict, Lexer, Value};
use super::reader::{Object, Reader, Unread};

/// Deepest nesting of the tree of pages.
const DEPTH_MAX: usize = 64;
/// Most bytes of a page's content that are looked at for something that shows.
const CONTENT_MAX: usize = 8 << 20;
/// Operators that put something on the page.
const SHOWING: [&[u8]; 18] = [
    b"Tj", b"TJ", b"'", b"\"", b"Do", b"sh", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"S", b"s", b"BI",
    b"d0", b"d1",
];

/// What the pages come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// How many there are.
    pub count: u32,
    /// How many of them show nothing.
    pub blank: u32,
    /// Whether content of a page is missing or cannot be unpacked.
    pub damaged: bool,
}

/// A page or a node above pages that is still to be visited.
struct Node {
    number: u32,
    depth: usize,
}

/// Goes through the pages. Counting ends with one more than are taken.
pub fn document(reader: &mut Reader<'_>, most: u32) -> Result<Pages, Unread> {
    let mut pages = Pages::default();
    let mut waiting = vec![Node { number: root(reader)?, depth: 0 }];
    let mut seen = HashSet::new();
    while let Some(node) = waiting.pop() {
        if node.depth > DEPTH_MAX || !seen.insert(node.number) {
            return Err(Unread::Broken);
        }
        let Some(Object { value: Value::Dict(dict), .. }) = reader.get(node.number)? else {
            return Err(Unread::Broken);
        };
        match reader.entry(&dict, "Kids")? {
            Some(Value::Array(kids)) => {
                for kid in kids.iter().rev() {
                    let Value::Reference(number) = kid else { return Err(Unread::Broken) };
                    waiting.push(Node { number: *number, depth: node.depth + 1 });
                }
            }
            Some(_) => return Err(Unread::Broken),
            None if dict.is("Type", "Pages") => {}
            None => {
                pages.count += 1;
                if pages.count > most {
                    break;
                }
                match shows(reader, &dict)? {
                    Some(true) => {}
                    Some(false) => pages.blank += 1,
                    None => pages.damaged = true,
                }
            }
        }
    }
    Ok(pages)
}

/// The first page, and the resources that it has or inherits.
pub fn first_page(reader: &mut Reader<'_>) -> Result<Option<(Dict, Dict)>, Unread> {
    let mut number = root(reader)?;
    let mut resources = Dict::default();
    for _ in 0..DEPTH_MAX {
        let Some(Object { value: Value::Dict(dict), .. }) = reader.get(number)? else { return Ok(None) };
        if let Some(Value::Dict(own)) = reader.entry(&dict, "Resources")? {
            resources = own;
        }
        match reader.entry(&dict, "Kids")? {
            Some(Value::Array(kids)) => match kids.first() {
                Some(Value::Reference(first)) => number = *first,
                _ => return Ok(None),
            },
            _ => return Ok(Some((dict, resources))),
        }
    }
    Ok(None)
}

/// The number of the topmost node of the tree of pages.
fn root(reader: &mut Reader<'_>) -> Result<u32, Unread> {
    let trailer = reader.trailer.clone();
    let catalog = reader.entry(&trailer, "Root")?;
    match catalog.as_ref().and_then(Value::dict).and_then(|catalog| catalog.get("Pages")) {
        Some(Value::Reference(number)) => Ok(*number),
        _ => Err(Unread::Broken),
    }
}

/// Whether a page shows something; none where its content is not to be had.
fn shows(reader: &mut Reader<'_>, page: &Dict) -> Result<Option<bool>, Unread> {
    // What is filled in or stamped lies above the page.
    if matches!(reader.entry(page, "Annots")?, Some(Value::Array(notes)) if !notes.is_empty()) {
        return Ok(Some(true));
    }
    let Some(contents) = page.get("Contents") else { return Ok(Some(false)) };
    let parts = match reader.resolve(contents)? {
        Some(Object { value: Value::Array(parts), .. }) => parts,
        _ => vec![contents.clone()],
    };
    let mut missing = false;
    for part in &parts {
        match reader.resolve(part)? {
            Some(Object { value: Value::Dict(dict), stream: Some(stream) }) => {
                if stream_shows(reader, &dict, stream)? {
                    return Ok(Some(true));
                }
            }
            _ => missing = true,
        }
    }
    Ok(if missing { None } else { Some(false) })
}

fn stream_shows(reader: &mut Reader<'_>, dict: &Dict, stream: &[u8]) -> Result<bool, Unread> {
    let packing = found(reader, dict)?;
    // Packed in a way that is rare: taken to show something.
    if packing.inner != Inner::Plain {
        return Ok(true);
    }
    reader.spend(stream.len())?;
    let mut content = stream.to_vec();
    for _ in 0..packing.deflated {
        content = inflate(&content, CONTENT_MAX).0;
        reader.spend(content.len())?;
    }
    let mut at = 0;
    while at < content.len() {
        let mut lexer = Lexer::new(&content, at);
        let run = lexer.run();
        if SHOWING.contains(&run) {
            return Ok(true);
        }
        if run.is_empty() && lexer.value().is_none() {
            lexer.at += 1;
        }
        // Each turn counts for itself: what is looked at twice counts twice.
        reader.spend(lexer.passed())?;
        at = lexer.at;
    }
    Ok(false)
}
