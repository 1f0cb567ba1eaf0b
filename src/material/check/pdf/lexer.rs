//! The words of a pdf: one value after the other, out of bytes that may be anything.

/// Deepest nesting of a value.
const DEPTH_MAX: usize = 64;
/// Most parts of one value.
const PARTS_MAX: usize = 200_000;

/// A value. What a string says is never asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string, `true`, `false`, `null`, a number with a fraction.
    Other,
    /// A whole number.
    Number(i64),
    /// A name, its escapes resolved.
    Name(Vec<u8>),
    /// An array.
    Array(Vec<Value>),
    /// A dictionary.
    Dict(Dict),
    /// A reference to an object.
    Reference(u32),
}

/// A dictionary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dict(pub Vec<(Vec<u8>, Value)>);

impl Dict {
    /// The value of a key; the last one where a key is there twice.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value)
    }

    /// Whether a key has this name.
    pub fn is(&self, key: &str, name: &str) -> bool {
        matches!(self.get(key), Some(Value::Name(found)) if found == name.as_bytes())
    }

    /// The whole number of a key.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::number)
    }
}

impl Value {
    /// As dictionary.
    pub fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    /// As whole number.
    pub fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

/// Reads values one after the other.
pub struct Lexer<'a> {
    bytes: &'a [u8],
    /// Where it stands.
    pub at: usize,
    begin: usize,
    furthest: usize,
    parts: usize,
}

impl<'a> Lexer<'a> {
    /// From a position on.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        let at = at.min(bytes.len());
        Self { bytes, at, begin: at, furthest: at, parts: 0 }
    }

    /// How many bytes were looked at.
    pub fn passed(&self) -> usize {
        self.furthest.max(self.at) - self.begin
    }

    /// The next value; none at the end, at a word that is no value, and where a value is broken or too intricate.
    pub fn value(&mut self) -> Option<Value> {
        self.parts = 0;
        self.nested(0)
    }

    /// Passes white space and comments.
    pub fn space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
            } else if is_space(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
        self.furthest = self.furthest.max(self.at);
    }

    /// Passes a word if it stands here.
    pub fn word(&mut self, word: &str) -> bool {
        self.space();
        let is = self.bytes[self.at..].starts_with(word.as_bytes());
        if is {
            self.at += word.len();
        }
        is
    }

    /// The run of regular characters that stands here: a number or an operator.
    pub fn run(&mut self) -> &'a [u8] {
        self.space();
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(rest.len());
        self.at += length;
        self.furthest = self.furthest.max(self.at);
        &rest[..length]
    }

    /// A whole number without sign, if it stands here.
    pub fn natural(&mut self) -> Option<usize> {
        let before = self.at;
        let found = std::str::from_utf8(self.run()).ok().and_then(|run| run.parse().ok());
        if found.is_none() {
            self.at = before;
        }
        found
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn nested(&mut self, depth: usize) -> Option<Value> {
        self.parts += 1;
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return None;
        }
        self.space();
        let second = self.bytes.get(self.at + 1).copied();
        match self.peek()? {
            b'/' => {
                self.at += 1;
                Some(Value::Name(self.name()))
            }
            b'(' => self.string(),
            b'<' if second == Some(b'<') => self.dict(depth),
            b'<' => {
                let rest = &self.bytes[self.at..];
                let end = rest.iter().position(|byte| *byte == b'>');
                // What was searched in vain counts, and is not searched again.
                self.at += end.map_or(rest.len(), |end| end + 1);
                end.map(|_| Value::Other)
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.space();
                    if self.peek()? == b']' {
                        self.at += 1;
                        return Some(Value::Array(items));
                    }
                    items.push(self.nested(depth + 1)?);
                }
            }
            _ => self.plain(),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Value> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            self.space();
            match self.peek()? {
                b'/' => self.at += 1,
                b'>' if self.bytes.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    return Some(Value::Dict(Dict(entries)));
                }
                _ => return None,
            }
            let name = self.name();
            entries.push((name, self.nested(depth + 1)?));
        }
    }

    /// A number, a reference, or one of three words.
    fn plain(&mut self) -> Option<Value> {
        let run = self.run();
        if matches!(run, b"true" | b"false" | b"null") {
            return Some(Value::Other);
        }
        let text = std::str::from_utf8(run).ok()?;
        let Ok(number) = text.parse::<i64>() else {
            let fraction = !run.is_empty()
                && run.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
            return fraction.then_some(Value::Other);
        };
        let after = self.at;
        if let Ok(object) = u32::try_from(number)
            && self.natural().is_some()
            && self.run() == b"R"
        {
            return Some(Value::Reference(object));
        }
        self.at = after;
        Some(Value::Number(number))
    }

    fn name(&mut self) -> Vec<u8> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(rest.len());
        self.at += length;
        let mut name = Vec::with_capacity(length.min(128));
        let mut raw = &rest[..length];
        while let Some((first, after)) = raw.split_first() {
            let escaped = after
                .get(..2)
                .filter(|_| *first == b'#')
                .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
            name.push(escaped.unwrap_or(*first));
            raw = if escaped.is_some() { &after[2..] } else { after };
        }
        name
    }

    fn string(&mut self) -> Option<Value> {
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'\\' => self.at += 1,
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            self.at = (self.at + 1).min(self.bytes.len());
            if open == 0 {
                return Some(Value::Other);
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Value> {
        Lexer::new(text.as_bytes(), 0).value()
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        let dict = value("<</A 1/B[2 0 R -3 4.5 (a\\)(b))<0a>]/J#53 true/D<</E null>>>>").unwrap();
        let dict = dict.dict().unwrap();
        assert_eq!(dict.number("A"), Some(1));
        let items = vec![Value::Reference(2), Value::Number(-3), Value::Other, Value::Other, Value::Other];
        assert_eq!(dict.get("B"), Some(&Value::Array(items)));
        assert_eq!(dict.get("JS"), Some(&Value::Other));
        assert!(dict.get("D").and_then(Value::dict).is_some());
        assert_eq!(value("1 0 obj"), Some(Value::Number(1)));
        assert_eq!(value("% a comment\n /Name"), Some(Value::Name(b"Name".to_vec())));
    }

    #[test]
    fn what_was_searched_in_vain_is_passed() {
        for text in ["<12 <34", "(12 (34", "[1 2", "% 1 2"] {
            let mut lexer = Lexer::new(text.as_bytes(), 0);
            assert_eq!(lexer.value(), None, "{text}");
            assert_eq!((lexer.at, lexer.passed()), (text.len(), text.len()), "{text}");
        }
    }

    #[test]
    fn what_is_broken_or_too_deep_is_no_value() {
        for text in ["", "[1 2", "<</A", "<</A 1", "(a", "<12", "endobj", ")", "}", "<<1 2>>"] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"[".repeat(100_000)), None);
        assert!(value(&format!("{}{}", "[".repeat(60), "]".repeat(60))).is_some());
        assert_eq!(value(&format!("[{}]", "0 ".repeat(PARTS_MAX))), None);
    }
}
