//! What was read from a file before it is known what it means: values with their places, and how they become types.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// Where something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which file of those that were given, from 0.
    pub file: usize,
    /// Line, from 1.
    pub line: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where.
    pub at: Place,
    /// What.
    pub value: Value,
}

/// What a file can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text that was written as one.
    Text(String),
    /// A cell of a spreadsheet: what it is depends on what is asked for.
    Cell(String),
    /// A whole number.
    Whole(i64),
    /// Yes or no.
    Flag(bool),
    /// A list.
    List(Vec<Node>),
    /// Named values.
    Table(Vec<(String, Node)>),
    /// What no field is: a fraction, an instant, a number beyond all bounds.
    Strange,
}

/// What a field wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// Yes or no.
    Flag,
    /// A list.
    List,
    /// Named values.
    Table,
}

/// Why a node is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Of another type, or a number beyond the type's bounds.
    Type(Want),
    /// None of the words that are known.
    Choice(&'static [&'static str]),
    /// A field that does not exist; those that do.
    Unknown(&'static [&'static str]),
    /// A field that must be there.
    Missing,
    /// Anything else.
    Other(String),
}

/// The first thing that is wrong with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// From the outside in.
    pub path: Vec<Step>,
    /// What.
    pub what: What,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Item(usize),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Wrong {}

impl Wrong {
    fn new(what: What) -> Self {
        Self { path: Vec::new(), what }
    }

    fn named(field: &str, what: What) -> Self {
        Self { path: vec![Step::Key(field.to_owned())], what }
    }

    fn inside(mut self, step: Step) -> Self {
        self.path.insert(0, step);
        self
    }
}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(What::Other(text.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Other(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Other(expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(What::Choice(known))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::named(field, What::Unknown(known))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::named(field, What::Missing)
    }
}

impl Node {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.fields().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// Takes the value of a key out.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        let Value::Table(fields) = &mut self.value else { return None };
        let index = fields.iter().position(|(name, _)| name == key)?;
        Some(fields.remove(index).1)
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: &str, value: Value) {
        let node = Self { at: self.at, value };
        if let Value::Table(fields) = &mut self.value {
            fields.retain(|(name, _)| name != key);
            fields.push((key.to_owned(), node));
        }
    }

    /// Its named values; none where it is no table.
    pub fn fields(&self) -> &[(String, Self)] {
        if let Value::Table(fields) = &self.value { fields } else { &[] }
    }

    /// Its items; none where it is no list.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// Its text; none where it is no text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Cell(text) => Some(text),
            Value::Whole(_) | Value::Flag(_) | Value::List(_) | Value::Table(_) | Value::Strange => None,
        }
    }

    /// Where a path such as `diseases[3].criteria` stands, or what of it there is.
    pub fn locate(&self, path: &str) -> Place {
        let mut node = self;
        for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
            let next = match &node.value {
                Value::List(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => node.get(part),
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.at
    }

    /// Puts something in the place of what is wrong that lets the reading go on. False when there is nothing that would.
    pub fn heal(&mut self, wrong: &Wrong) -> bool {
        let Some((last, before)) = wrong.path.split_last() else { return self.replace(&wrong.what) };
        let mut node = self;
        for step in before {
            let next = match (&mut node.value, step) {
                (Value::Table(fields), Step::Key(key)) => {
                    fields.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node)
                }
                (Value::List(items), Step::Item(index)) => items.get_mut(*index),
                _ => None,
            };
            let Some(next) = next else { return false };
            node = next;
        }
        match (last, &wrong.what) {
            (Step::Key(key), What::Unknown(_)) => node.take(key).is_some(),
            (Step::Key(key), What::Missing) => {
                node.set(key, Value::Text(String::new()));
                true
            }
            (Step::Key(key), what) => {
                let Value::Table(fields) = &mut node.value else { return false };
                fields.iter_mut().find(|(name, _)| name == key).is_some_and(|(_, node)| node.replace(what))
            }
            (Step::Item(index), what) => {
                let Value::List(items) = &mut node.value else { return false };
                items.get_mut(*index).is_some_and(|node| node.replace(what))
            }
        }
    }

    fn replace(&mut self, what: &What) -> bool {
        self.value = match what {
            What::Type(Want::Text) => Value::Text(String::new()),
            What::Type(Want::Whole) => Value::Whole(0),
            What::Type(Want::Flag) => Value::Flag(false),
            What::Type(Want::List) => Value::List(Vec::new()),
            What::Type(Want::Table) => Value::Table(Vec::new()),
            What::Choice([first, ..]) => Value::Text((*first).to_owned()),
            What::Choice([]) | What::Unknown(_) | What::Missing | What::Other(_) => return false,
        };
        true
    }

    fn visit<'de, V: Visitor<'de>>(&'de self, visitor: V, want: Want) -> Result<V::Value, Wrong> {
        let visited = match &self.value {
            Value::Text(text) | Value::Cell(text) => visitor.visit_borrowed_str(text),
            Value::Whole(number) => visitor.visit_i64(*number),
            Value::Flag(flag) => visitor.visit_bool(*flag),
            Value::List(items) => visitor.visit_seq(Items { items, index: 0 }),
            Value::Table(fields) => visitor.visit_map(Fields { fields, index: 0 }),
            Value::Strange => Err(Wrong::new(What::Type(want))),
        };
        visited.map_err(|wrong| match wrong.what {
            What::Other(_) if wrong.path.is_empty() => Wrong::new(What::Type(want)),
            _ => wrong,
        })
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.visit(visitor, Want::Text)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::Cell(text) if ["true", "TRUE", "是", "1"].contains(&text.as_str()) => {
                visitor.visit_bool(true)
            }
            Value::Cell(text) if ["false", "FALSE", "否", "0"].contains(&text.as_str()) => {
                visitor.visit_bool(false)
            }
            _ => self.visit(visitor, Want::Flag),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::Cell(text) => match text.parse() {
                Ok(number) => {
                    visitor.visit_i64(number).map_err(|_: Wrong| Wrong::new(What::Type(Want::Whole)))
                }
                Err(_) => Err(Wrong::new(What::Type(Want::Whole))),
            },
            _ => self.visit(visitor, Want::Whole),
        }
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::Cell(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.visit(visitor, Want::List)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.visit(visitor, Want::Table)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let word = self.text().ok_or_else(|| Wrong::new(What::Choice(known)))?;
        let word: StrDeserializer<'_, Wrong> = word.into_deserializer();
        visitor.visit_enum(word)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'de> {
    items: &'de [Node],
    index: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(node) = self.items.get(self.index) else { return Ok(None) };
        self.index += 1;
        seed.deserialize(node).map(Some).map_err(|wrong| wrong.inside(Step::Item(self.index - 1)))
    }
}

struct Fields<'de> {
    fields: &'de [(String, Node)],
    index: usize,
}

impl<'de> de::MapAccess<'de> for Fields<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((key, _)) = self.fields.get(self.index) else { return Ok(None) };
        let key: StrDeserializer<'_, Wrong> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let (key, node) =
            self.fields.get(self.index).ok_or_else(|| Wrong::new(What::Other("no value".to_owned())))?;
        self.index += 1;
        seed.deserialize(node).map_err(|wrong| wrong.inside(Step::Key(key.clone())))
    }
}
