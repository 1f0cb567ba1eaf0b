//! The objects of a pdf, found through its cross-reference tables and read one at a time, when they are asked for. Nothing
//! is kept of an object but what the caller takes, and all work is counted: a small file can ask for a lot of it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::filter::{Inner, Packing, inflate, predicted, stated};
use super::lexer::{Dict, Lexer, Value};

/// How near to its end a pdf says that it ends. Readers look this far.
const TAIL: usize = 1024;
/// Most tables that follow each other: one for each time that the file was changed.
const SECTIONS_MAX: usize = 1_000;
/// Most objects.
const ENTRIES_MAX: usize = 1_000_000;
/// Most bytes of a stream that holds tables or objects, once inflated.
pub const STRUCTURE_MAX: usize = 16 << 20;
/// Most bytes of such streams that are kept at once.
const KEPT_MAX: usize = 64 << 20;
/// Most bytes that are inflated or searched.
const WORK_MAX: usize = 1 << 30;
/// How much more work a byte is that is read word by word.
const READING: usize = 4;

/// Most references that lead to each other.
const REFERENCES_MAX: usize = 8;

/// Why a pdf cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Cut off or damaged.
    Broken,
    /// Needs a password, or may need one.
    Encrypted,
    /// Asks for more work or memory than it is worth.
    TooMuch,
}

/// Where an object lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Nowhere: deleted.
    Free,
    /// At this byte.
    At(usize),
    /// In the object stream of this number, as the so-many-eth.
    In(u32, usize),
}

/// An object: its value, and the raw bytes of its stream.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// Its value.
    pub value: Value,
    /// The bytes of its stream as they lie in the file.
    pub stream: Option<&'a [u8]>,
}

/// An object stream, inflated, with the number of each object in it and where that begins.
struct Contained {
    bytes: Vec<u8>,
    begins: Vec<(usize, usize)>,
}

/// A pdf whose tables were read.
pub struct Reader<'a> {
    bytes: &'a [u8],
    places: HashMap<u32, Place>,
    /// The newest trailer.
    pub trailer: Dict,
    contained: HashMap<u32, Option<Rc<Contained>>>,
    kept: usize,
    work: usize,
    /// Whether an object was met that is there but cannot be read.
    pub unreadable: bool,
}

impl<'a> Reader<'a> {
    /// Reads the tables, from the newest to the oldest.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Unread> {
        let mut reader = Self {
            bytes,
            places: HashMap::new(),
            trailer: Dict::default(),
            contained: HashMap::new(),
            kept: 0,
            work: 0,
            unreadable: false,
        };
        let mut next = Some(start(bytes).ok_or(Unread::Broken)?);
        let mut seen = HashSet::new();
        while let Some(offset) = next {
            if !seen.insert(offset) || seen.len() > SECTIONS_MAX {
                return Err(Unread::TooMuch);
            }
            let trailer = reader.section(offset)?;
            if trailer.get("Encrypt").is_some() {
                return Err(Unread::Encrypted);
            }
            if let Some(hidden) = trailer.number("XRefStm") {
                reader.section(usize::try_from(hidden).map_err(|_| Unread::Broken)?)?;
            }
            next = trailer.number("Prev").map(usize::try_from).transpose().map_err(|_| Unread::Broken)?;
            if seen.len() == 1 {
                reader.trailer = trailer;
            }
        }
        if reader.trailer.get("Root").is_some() { Ok(reader) } else { Err(Unread::Broken) }
    }

    /// The numbers of all objects.
    pub fn numbers(&self) -> Vec<u32> {
        let there = self.places.iter().filter(|(_, place)| **place != Place::Free);
        let mut numbers: Vec<_> = there.map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// An object; none where there is none, or where what is there is broken.
    pub fn get(&mut self, number: u32) -> Result<Option<Object<'a>>, Unread> {
        match self.places.get(&number) {
            None | Some(Place::Free) => Ok(None),
            Some(Place::At(offset)) => self.at(*offset, Some(number)),
            Some(Place::In(container, index)) => {
                let (container, index) = (*container, *index);
                let value = self.inside(number, container, index)?;
                self.unreadable |= value.is_none();
                Ok(value.map(|value| Object { value, stream: None }))
            }
        }
    }

    /// The value of an object in an object stream.
    fn inside(&mut self, number: u32, container: u32, index: usize) -> Result<Option<Value>, Unread> {
        let Some(contained) = self.container(container)? else { return Ok(None) };
        let Some((own, begin)) = contained.begins.get(index) else { return Ok(None) };
        if u32::try_from(*own) != Ok(number) {
            return Ok(None);
        }
        let mut lexer = Lexer::new(&contained.bytes, *begin);
        let value = lexer.value();
        self.passed(&lexer)?;
        Ok(value)
    }

    /// A value, or that of the object to which it refers.
    pub fn resolve(&mut self, value: &Value) -> Result<Option<Object<'a>>, Unread> {
        let mut value = value.clone();
        for _ in 0..REFERENCES_MAX {
            let Value::Reference(number) = value else { return Ok(Some(Object { value, stream: None })) };
            match self.get(number)? {
                Some(Object { value: next @ Value::Reference(_), .. }) => value = next,
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    /// The value of a key, resolved.
    pub fn entry(&mut self, dict: &Dict, key: &str) -> Result<Option<Value>, Unread> {
        let Some(value) = dict.get(key) else { return Ok(None) };
        Ok(self.resolve(value)?.map(|object| object.value))
    }

    /// Counts work.
    pub fn spend(&mut self, bytes: usize) -> Result<(), Unread> {
        self.work = self.work.saturating_add(bytes);
        if self.work > WORK_MAX { Err(Unread::TooMuch) } else { Ok(()) }
    }

    /// Counts what was read word by word, which takes longer.
    fn passed(&mut self, lexer: &Lexer<'_>) -> Result<(), Unread> {
        self.spend(lexer.passed().saturating_mul(READING))
    }

    /// The object that begins at an offset, of this number where one is expected.
    fn at(&mut self, offset: usize, expected: Option<u32>) -> Result<Option<Object<'a>>, Unread> {
        let mut lexer = Lexer::new(self.bytes, offset);
        // An object of nothing counts as none.
        if !begins(&mut lexer, expected) || lexer.word("endobj") {
            self.passed(&lexer)?;
            return Ok(None);
        }
        let value = lexer.value();
        let is_stream = value.as_ref().is_some_and(|value| value.dict().is_some()) && lexer.word("stream");
        self.passed(&lexer)?;
        let Some(value) = value else {
            self.unreadable = true;
            return Ok(None);
        };
        let Some(dict) = value.dict().filter(|_| is_stream) else {
            return Ok(Some(Object { value, stream: None }));
        };
        let begin = lexer.at
            + match self.bytes.get(lexer.at..) {
                Some([b'\r', b'\n', ..]) => 2,
                Some([b'\r' | b'\n', ..]) => 1,
                _ => 0,
            };
        let length = match dict.get("Length") {
            Some(Value::Reference(number)) => self.plain_number(*number)?,
            length => length.and_then(Value::number),
        };
        let end = match self.stated_end(begin, length)? {
            Some(end) => Some(end),
            None => self.next_end(begin)?,
        };
        let stream = end.and_then(|end| self.bytes.get(begin..end));
        self.unreadable |= stream.is_none();
        Ok(stream.map(|stream| Object { value, stream: Some(stream) }))
    }

    /// The end of a stream, where its length leads to it.
    fn stated_end(&mut self, begin: usize, length: Option<i64>) -> Result<Option<usize>, Unread> {
        let length = length.and_then(|length| usize::try_from(length).ok());
        let Some(end) = length.and_then(|length| begin.checked_add(length)) else { return Ok(None) };
        let mut lexer = Lexer::new(self.bytes, end);
        let right = end <= self.bytes.len() && lexer.word("endstream");
        self.passed(&lexer)?;
        Ok(right.then_some(end))
    }

    /// The end of a stream whose length is wrong.
    fn next_end(&mut self, begin: usize) -> Result<Option<usize>, Unread> {
        let rest = self.bytes.get(begin..).unwrap_or_default();
        let found = rest.windows(9).position(|window| window == b"endstream");
        self.spend(found.unwrap_or(rest.len()))?;
        Ok(found.map(|length| begin + length))
    }

    /// A number that is an object of its own.
    fn plain_number(&mut self, number: u32) -> Result<Option<i64>, Unread> {
        let Some(Place::At(offset)) = self.places.get(&number) else { return Ok(None) };
        let mut lexer = Lexer::new(self.bytes, *offset);
        let value = if begins(&mut lexer, Some(number)) { lexer.value() } else { None };
        self.passed(&lexer)?;
        Ok(value.as_ref().and_then(Value::number))
    }

    /// One table, or stream that is one. What is known from a newer one stays.
    fn section(&mut self, offset: usize) -> Result<Dict, Unread> {
        let mut lexer = Lexer::new(self.bytes, offset);
        if offset >= self.bytes.len() {
            return Err(Unread::Broken);
        }
        if !lexer.word("xref") {
            return self.stream_section(offset);
        }
        while !lexer.word("trailer") {
            let first = lexer.natural().ok_or(Unread::Broken)?;
            let count = lexer.natural().ok_or(Unread::Broken)?;
            for number in first..first.saturating_add(count) {
                let at = lexer.natural().ok_or(Unread::Broken)?;
                lexer.natural().ok_or(Unread::Broken)?;
                let place = match lexer.run() {
                    b"n" => Place::At(at),
                    b"f" => Place::Free,
                    _ => return Err(Unread::Broken),
                };
                self.place(number, place)?;
            }
        }
        let trailer = lexer.value();
        self.passed(&lexer)?;
        match trailer {
            Some(Value::Dict(trailer)) => Ok(trailer),
            _ => Err(Unread::Broken),
        }
    }

    fn stream_section(&mut self, offset: usize) -> Result<Dict, Unread> {
        let object = self.at(offset, None)?.ok_or(Unread::Broken)?;
        let (Value::Dict(dict), Some(stream)) = (object.value, object.stream) else {
            return Err(Unread::Broken);
        };
        let table = self.structure(&dict, stream)?;
        let numbers = |value: Option<&Value>| match value {
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.number().and_then(|number| usize::try_from(number).ok()))
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let widths = numbers(dict.get("W")).ok_or(Unread::Broken)?;
        let [kind, second, third] = widths[..] else { return Err(Unread::Broken) };
        let width = kind + second + third;
        if width == 0 || widths.iter().any(|width| *width > 8) {
            return Err(Unread::Broken);
        }
        let size = dict.number("Size").and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let ranges = numbers(dict.get("Index")).unwrap_or_else(|| vec![0, size]);
        let mut rows = table.chunks_exact(width);
        for range in ranges.chunks_exact(2) {
            for number in range[0]..range[0].saturating_add(range[1]) {
                let Some(row) = rows.next() else { return Ok(dict) };
                let field = |from: usize, length: usize| {
                    row[from..from + length].iter().fold(0_usize, |all, byte| (all << 8) | usize::from(*byte))
                };
                let (at, index) = (field(kind, second), field(kind + second, third));
                let place = match if kind == 0 { 1 } else { field(0, kind) } {
                    1 => Place::At(at),
                    2 => u32::try_from(at).map_or(Place::Free, |container| Place::In(container, index)),
                    _ => Place::Free,
                };
                self.place(number, place)?;
            }
        }
        Ok(dict)
    }

    fn place(&mut self, number: usize, place: Place) -> Result<(), Unread> {
        let number = u32::try_from(number).map_err(|_| Unread::Broken)?;
        self.places.entry(number).or_insert(place);
        if self.places.len() > ENTRIES_MAX { Err(Unread::TooMuch) } else { Ok(()) }
    }

    fn container(&mut self, number: u32) -> Result<Option<Rc<Contained>>, Unread> {
        if let Some(known) = self.contained.get(&number) {
            return Ok(known.clone());
        }
        // A container lies in the file itself: no circle.
        let object = match self.places.get(&number) {
            Some(Place::At(offset)) => self.at(*offset, Some(number))?,
            _ => None,
        };
        let contained = match object {
            Some(Object { value: Value::Dict(dict), stream: Some(stream) }) => {
                let inflated = self.structure(&dict, stream)?;
                let contained = contained(&dict, inflated);
                let size = |own: &Contained| own.bytes.len() + size_of_val(own.begins.as_slice());
                self.kept += contained.as_ref().map_or(0, size);
                if self.kept > KEPT_MAX {
                    return Err(Unread::TooMuch);
                }
                contained.map(Rc::new)
            }
            _ => None,
        };
        self.contained.insert(number, contained.clone());
        Ok(contained)
    }

    /// The content of a stream that holds tables or objects.
    fn structure(&mut self, dict: &Dict, stream: &[u8]) -> Result<Vec<u8>, Unread> {
        self.spend(stream.len())?;
        let content = match stated(dict) {
            Packing { deflated: 0, inner: Inner::Plain } if stream.len() <= STRUCTURE_MAX => stream.to_vec(),
            Packing { deflated: 0, inner: Inner::Plain } => return Err(Unread::TooMuch),
            Packing { deflated: 1, inner: Inner::Plain } => {
                let (content, whole) = inflate(stream, STRUCTURE_MAX);
                if content.len() > STRUCTURE_MAX {
                    return Err(Unread::TooMuch);
                }
                if !whole && content.is_empty() {
                    return Err(Unread::Broken);
                }
                content
            }
            _ => return Err(Unread::Broken),
        };
        self.spend(content.len())?;
        predicted(dict, content).ok_or(Unread::Broken)
    }
}

/// Passes the beginning of an object if it stands here and has the number.
fn begins(lexer: &mut Lexer<'_>, expected: Option<u32>) -> bool {
    let (number, generation) = (lexer.natural(), lexer.natural());
    let right = |number| expected.is_none_or(|expected| u32::try_from(number) == Ok(expected));
    number.is_some_and(right) && generation.is_some() && lexer.word("obj")
}

/// The offset of the newest table, which the end of the file names.
fn start(bytes: &[u8]) -> Option<usize> {
    let tail = bytes.len().saturating_sub(TAIL);
    let end = tail + find_last(&bytes[tail..], b"%%EOF")?;
    let from = end.saturating_sub(TAIL);
    let start = from + find_last(&bytes[from..end], b"startxref")?;
    std::str::from_utf8(&bytes[start + b"startxref".len()..end]).ok()?.trim().parse().ok()
}

/// The last place of a part.
pub fn find_last(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).rposition(|window| window == part)
}

fn contained(dict: &Dict, bytes: Vec<u8>) -> Option<Contained> {
    let first = usize::try_from(dict.number("First")?).ok()?;
    let count = usize::try_from(dict.number("N")?).ok()?;
    let mut lexer = Lexer::new(&bytes, 0);
    let mut begins = Vec::new();
    for _ in 0..count.min(ENTRIES_MAX) {
        if lexer.at >= first {
            break;
        }
        begins.push((lexer.natural()?, first.checked_add(lexer.natural()?)?));
    }
    Some(Contained { bytes, begins })
}
