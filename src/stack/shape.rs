//! Shapes that YAML written by people takes: a thing or `off`, one or a list, a map or a list of `KEY=VALUE`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::wrong::Wrong;

/// A section that can be switched off with `off` (or `false`).
#[derive(Debug, Clone, PartialEq)]
pub enum Toggle<T> {
    /// Not wanted.
    Off,
    /// Wanted, with these settings.
    On(T),
}

impl<T> Toggle<T> {
    /// The settings, where the section is on.
    pub fn as_option(&self) -> Option<&T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl<T: Default> Default for Toggle<T> {
    fn default() -> Self {
        Self::On(T::default())
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Toggle<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToggleVisitor(PhantomData))
    }
}

struct ToggleVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ToggleVisitor<T> {
    type Value = Toggle<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("`off` or a map of `key: value`")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Self::Value, E> {
        Ok(if on { Toggle::default() } else { Toggle::Off })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "off" => Ok(Toggle::Off),
            "on" => Ok(Toggle::default()),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Toggle::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Toggle::On)
    }
}

impl<T: JsonSchema> JsonSchema for Toggle<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrOff", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [settings, { "enum": ["off", "on", false, true, null] }] })
    }
}

/// Implements reading through `FromStr` and the JSON schema for a type that is written as one text.
macro_rules! written_as_text {
    ($type:ident, $expected:literal, $schema:tt) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::stack::shape::from_text(deserializer, $expected)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(super) use written_as_text;

/// Reads a value that is written as one text.
pub(super) fn from_text<'de, T, D>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err = Wrong>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(TextVisitor { expected, kind: PhantomData })
}

struct TextVisitor<T> {
    expected: &'static str,
    kind: PhantomData<T>,
}

impl<T: std::str::FromStr<Err = Wrong>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Reads one thing, or a list of things.
pub(super) fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(OneOrMany(PhantomData))
}

struct OneOrMany<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let one: StrDeserializer<E> = text.into_deserializer();
        Ok(vec![T::deserialize(one)?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut many = Vec::new();
        while let Some(item) = items.next_element()? {
            many.push(item);
        }
        Ok(many)
    }
}

/// The schema of [`one_or_many`] texts.
pub(super) fn one_or_many_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}

/// Reads a map, or a list of `KEY=VALUE`. A key without value has the empty text.
pub(super) fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<String, String>, D::Error> {
    deserializer.deserialize_map(Pairs { separators: &['='] })
}

/// Reads a map, or a list of `HOST:ADDRESS` or `HOST=ADDRESS`. An address of IPv6 may stand in brackets.
pub(super) fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<String, String>, D::Error> {
    let mut hosts = deserializer.deserialize_map(Pairs { separators: &['=', ':'] })?;
    for address in hosts.values_mut() {
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(bare) = bare.filter(|bare| bare.parse::<std::net::Ipv6Addr>().is_ok()) {
            *address = bare.to_owned();
        }
    }
    Ok(hosts)
}

struct Pairs {
    separators: &'static [char],
}

impl<'de> Visitor<'de> for Pairs {
    type Value = IndexMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a map of `KEY: VALUE` or a list of `KEY=VALUE`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = IndexMap::new();
        while let Some((key, value)) = map.next_entry::<String, Option<String>>()? {
            pairs.insert(key, value.unwrap_or_default());
        }
        Ok(pairs)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut pairs = IndexMap::new();
        while let Some(item) = items.next_element::<String>()? {
            let (key, value) = item.split_once(self.separators).unwrap_or((&item, ""));
            pairs.insert(key.to_owned(), value.to_owned());
        }
        Ok(pairs)
    }
}

/// The schema of [`pairs`] and [`hosts`].
pub(super) fn pairs_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "object", "additionalProperties": { "type": ["string", "number", "boolean", "null"] } },
        { "type": "array", "items": { "type": "string" } },
    ] })
}
