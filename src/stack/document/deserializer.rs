//! serde's view of a node. Scalars keep their text: `3.10` read as text is `3.10`, and only `true` and `false` are booleans.

use std::borrow::Cow;
use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::error::ReadError;
use super::{Entry, Node, Scalar, Segment, Value};

/// Reads a node. Pruned nodes below it are passed over.
pub(super) struct NodeDeserializer<'t> {
    node: &'t Node,
    /// Where the keys of a struct are noted; then keys that are not of the struct are passed over.
    known: Option<&'t RefCell<Vec<&'static str>>>,
}

impl<'t> NodeDeserializer<'t> {
    /// Reads all of the node.
    pub(super) fn new(node: &'t Node) -> Self {
        Self { node, known: None }
    }

    /// Reads the part of a map that one struct knows, and notes which keys those are.
    pub(super) fn part(node: &'t Node, known: &'t RefCell<Vec<&'static str>>) -> Self {
        Self { node, known: Some(known) }
    }

    /// Reads the node, with scalars as the visitor wants them.
    fn read<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        scalar: impl FnOnce(&Scalar, V) -> Result<V::Value, ReadError>,
    ) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Scalar(value) if value.is_null() => visitor.visit_unit(),
            Value::Scalar(value) => scalar(value, visitor),
            Value::Sequence(items) => visitor.visit_seq(Items { items: items.iter().enumerate() }),
            Value::Mapping(_) => visitor.visit_map(Entries::all(self.node)),
        }
    }
}

/// A scalar as whatever it looks like.
fn guess<'de, V: Visitor<'de>>(scalar: &Scalar, visitor: V) -> Result<V::Value, ReadError> {
    match boolean(&scalar.text) {
        _ if !scalar.plain => visitor.visit_str(&scalar.text),
        Some(value) => visitor.visit_bool(value),
        None => number(scalar, visitor),
    }
}

/// A scalar as a number where it is one, else as text. Quoted numbers are numbers where one is wanted.
fn number<'de, V: Visitor<'de>>(scalar: &Scalar, visitor: V) -> Result<V::Value, ReadError> {
    let text = scalar.text.as_str();
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '.'));
    if let Ok(value) = text.parse::<u64>() {
        visitor.visit_u64(value)
    } else if let Ok(value) = text.parse::<i64>() {
        visitor.visit_i64(value)
    } else if let Some(value) = text.parse::<f64>().ok().filter(|_| numeric) {
        visitor.visit_f64(value)
    } else {
        visitor.visit_str(text)
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.read(visitor, number)
        }
    )*};
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.says_nothing() {
            return visitor.visit_unit();
        }
        self.read(visitor, guess)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.read(visitor, |scalar, visitor| visitor.visit_str(&scalar.text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.read(visitor, |scalar, visitor| match boolean(&scalar.text) {
            Some(value) if scalar.plain || scalar.written.is_some() => visitor.visit_bool(value),
            _ => Err(de::Error::invalid_type(Unexpected::Str(&scalar.text), &visitor)),
        })
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.says_nothing() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.says_nothing() {
            return visitor.visit_seq(Items { items: [].iter().enumerate() });
        }
        self.deserialize_str(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.node.says_nothing() {
            return visitor.visit_map(Entries::all(self.node));
        }
        self.deserialize_str(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match (&self.node.value, self.known) {
            // What serde derives would take a list for the fields, one after the other, in an order that no person knows.
            (Value::Sequence(_), _) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            (Value::Mapping(_), Some(known)) => {
                let mut known = known.borrow_mut();
                if fields.first().is_some_and(|field| !known.contains(field)) {
                    known.extend_from_slice(fields); // once, however often the struct is read
                }
                drop(known);
                visitor.visit_map(Entries { only: Some(fields), ..Entries::all(self.node) })
            }
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.is_null() => {
                let word: StrDeserializer<ReadError> = scalar.text.as_str().into_deserializer();
                visitor.visit_enum(word)
            }
            _ => Err(de::Error::invalid_type(Unexpected::Other("no word"), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list that are not pruned.
struct Items<'t> {
    items: std::iter::Enumerate<std::slice::Iter<'t, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some((index, node)) = self.items.find(|(_, node)| !node.pruned.get()) else { return Ok(None) };
        let item = seed.deserialize(NodeDeserializer::new(node));
        item.map(Some).map_err(|error| error.below(Segment::Index(index)))
    }
}

/// The entries of a map that are not pruned; of those, only the ones a struct knows where `only` says so.
struct Entries<'t> {
    rest: Option<indexmap::map::Iter<'t, String, Entry>>,
    only: Option<&'static [&'static str]>,
    current: Option<(&'t str, &'t Node)>,
}

impl<'t> Entries<'t> {
    fn all(node: &'t Node) -> Self {
        let entries = match &node.value {
            Value::Mapping(entries) => Some(entries.iter()),
            _ => None,
        };
        Self { rest: entries, only: None, current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let only = self.only;
        let wanted = |key: &str| only.is_none_or(|known| known.contains(&key));
        let next =
            self.rest.as_mut().and_then(|rest| rest.find(|(key, entry)| !entry.node.pruned.get() && wanted(key)));
        let Some((key, entry)) = next else { return Ok(None) };
        self.current = Some((key, &entry.node));
        let name: StrDeserializer<ReadError> = key.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|error| error.below(segment(key)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, node) = self.current.take().expect("serde asks for a value only after its key");
        seed.deserialize(NodeDeserializer::new(node)).map_err(|error| error.below(segment(key)))
    }
}

fn segment(key: &str) -> Segment<'static> {
    Segment::Key(Cow::Owned(key.to_owned()))
}
