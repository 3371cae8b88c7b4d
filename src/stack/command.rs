//! Commands, restart policies and limits of a container: the settings that people write in more than one way.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::shape::written_as_text;
use super::wrong::Wrong;

/// A command: a list of words, or one string that is split as a shell splits words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Command(pub Vec<String>);

impl FromStr for Command {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let words = shlex::split(text);
        words
            .map(Self)
            .ok_or_else(|| Wrong::new("a quote in the command is never closed", "close it, or write a list of words"))
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CommandVisitor)
    }
}

/// Reads a command that may be left out. A text without a word in it is a command without words, as Compose takes it.
pub(super) fn written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Command>, D::Error> {
    deserializer.deserialize_str(OptionalCommand)
}

struct OptionalCommand;

impl<'de> Visitor<'de> for OptionalCommand {
    type Value = Option<Command>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        CommandVisitor.expecting(formatter)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        CommandVisitor.visit_str(text).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        CommandVisitor.visit_seq(items).map(Some)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = Command;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a command or a list of words")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Command, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Command, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = items.next_element()? {
            words.push(word);
        }
        Ok(Command(words))
    }
}

impl JsonSchema for Command {
    fn schema_name() -> Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list of words, or one text that is split as a shell splits words.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": ["string", "number", "boolean"] } }],
        })
    }
}

/// Restart policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// Always, also after the engine restarts.
    Always,
    /// Always, unless somebody stopped it.
    UnlessStopped,
    /// After a failure, at most so many times where a number is given.
    OnFailure(Option<u32>),
}

impl FromStr for Restart {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        match text {
            "no" | "false" => Ok(Self::No),
            "always" => Ok(Self::Always),
            "unless-stopped" => Ok(Self::UnlessStopped),
            "on-failure" => Ok(Self::OnFailure(None)),
            _ => match text.strip_prefix("on-failure:").map(str::parse) {
                Some(Ok(times)) => Ok(Self::OnFailure(Some(times))),
                _ => Err(Wrong::new(
                    format!("`{text}` is not a restart policy"),
                    "write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:TIMES`",
                )),
            },
        }
    }
}

/// As the stack file has it.
impl fmt::Display for Restart {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::No => formatter.write_str("no"),
            Self::Always => formatter.write_str("always"),
            Self::UnlessStopped => formatter.write_str("unless-stopped"),
            Self::OnFailure(None | Some(0)) => formatter.write_str("on-failure"),
            Self::OnFailure(Some(tries)) => write!(formatter, "on-failure:{tries}"),
        }
    }
}

written_as_text!(Restart, "a restart policy such as `unless-stopped`", {
    "type": ["string", "boolean"],
    "description": "`no`, `always`, `unless-stopped`, `on-failure` or `on-failure:TIMES`.",
});

/// A resource limit of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ulimit {
    /// The limit a process may raise up to `hard`.
    pub soft: i64,
    /// The limit that stands.
    pub hard: i64,
}

impl<'de> Deserialize<'de> for Ulimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(UlimitVisitor)
    }
}

struct UlimitVisitor;

/// The two limits, written apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UlimitKeys {
    soft: i64,
    hard: i64,
}

impl<'de> Visitor<'de> for UlimitVisitor {
    type Value = Ulimit;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a whole number or `{ soft: NUMBER, hard: NUMBER }`")
    }

    fn visit_i64<E: Error>(self, limit: i64) -> Result<Ulimit, E> {
        Ok(Ulimit { soft: limit, hard: limit })
    }

    fn visit_u64<E: Error>(self, limit: u64) -> Result<Ulimit, E> {
        let limit = i64::try_from(limit).map_err(|_| E::invalid_value(Unexpected::Unsigned(limit), &self))?;
        self.visit_i64(limit)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ulimit, A::Error> {
        let keys = UlimitKeys::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Ulimit { soft: keys.soft, hard: keys.hard })
    }
}

impl JsonSchema for Ulimit {
    fn schema_name() -> Cow<'static, str> {
        "Ulimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One limit, or `soft` and `hard`; -1 means no limit.",
            "anyOf": [
                { "type": "integer" },
                {
                    "type": "object",
                    "properties": { "soft": { "type": "integer" }, "hard": { "type": "integer" } },
                    "required": ["soft", "hard"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
