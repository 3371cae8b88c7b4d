//! `healthcheck`: how the engine finds out that a container is healthy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duration;
use super::shape::{one_or_many, one_or_many_schema};
use super::wrong::Wrong;

/// How the engine finds out that a container is healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "HealthcheckKeys")]
#[schemars(with = "HealthcheckKeys")]
pub struct Healthcheck {
    /// The command; `["NONE"]` and `disable: true` switch the image's own check off.
    pub test: HealthcheckTest,
    /// Time between two checks. Engine default 30s.
    pub interval: Option<Duration>,
    /// Time one check may take. Engine default 30s.
    pub timeout: Option<Duration>,
    /// Failures in a row that make a container unhealthy. Engine default 3.
    pub retries: Option<u32>,
    /// Time in which failures do not count. Engine default 0s.
    pub start_period: Option<Duration>,
}

/// The command of a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum HealthcheckTest {
    /// The image's own check, with other times.
    Inherit,
    /// No check.
    Disabled,
    /// `["CMD", …]`: the words, run as they are.
    Words(Vec<String>),
    /// `["CMD-SHELL", …]` or one string: run by the image's shell.
    Shell(String),
}

/// How the engine finds out that a container is healthy.
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct HealthcheckKeys {
    /// One text for the image's shell, or a list that begins with `CMD`, `CMD-SHELL` or `NONE`.
    #[serde(deserialize_with = "test")]
    #[schemars(schema_with = "one_or_many_schema")]
    test: Option<HealthcheckTest>,
    /// Switch the image's own check off.
    disable: bool,
    /// Time between two checks.
    interval: Option<Duration>,
    /// Time one check may take.
    timeout: Option<Duration>,
    /// Failures in a row that make a container unhealthy.
    retries: Option<u32>,
    /// Time in which failures do not count.
    start_period: Option<Duration>,
}

/// Reads the command of a health check.
fn test<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<HealthcheckTest>, D::Error> {
    let Words { words, is_text } = Words::deserialize(deserializer)?;
    let test = match words.split_first() {
        None => HealthcheckTest::Inherit,
        Some((command, _)) if is_text => HealthcheckTest::Shell(command.clone()),
        Some((kind, rest)) => from_list(kind, rest).map_err(serde::de::Error::custom)?,
    };
    Ok(Some(test))
}

fn from_list(kind: &str, rest: &[String]) -> Result<HealthcheckTest, Wrong> {
    match (kind, rest) {
        ("NONE", []) => Ok(HealthcheckTest::Disabled),
        ("CMD", [_, ..]) => Ok(HealthcheckTest::Words(rest.to_vec())),
        ("CMD-SHELL", [command]) => Ok(HealthcheckTest::Shell(command.clone())),
        _ => Err(Wrong::new(
            format!("a check cannot be a list that begins with `{kind}`"),
            "write `[CMD, WORD, …]`, `[CMD-SHELL, TEXT]`, `[NONE]`, or one text",
        )),
    }
}

/// One text, or a list of words.
struct Words {
    words: Vec<String>,
    is_text: bool,
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> serde::de::Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("a text or a list of words")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Words, E> {
        Ok(Words { words: vec![text.to_owned()], is_text: true })
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Words, A::Error> {
        let words = one_or_many(serde::de::value::SeqAccessDeserializer::new(items))?;
        Ok(Words { words, is_text: false })
    }
}

impl TryFrom<HealthcheckKeys> for Healthcheck {
    type Error = Wrong;

    fn try_from(keys: HealthcheckKeys) -> Result<Self, Wrong> {
        let test = match (keys.disable, keys.test) {
            (false, test) => test.unwrap_or(HealthcheckTest::Inherit),
            (true, None | Some(HealthcheckTest::Disabled)) => HealthcheckTest::Disabled,
            (true, Some(_)) => return Err(Wrong::new("both `disable: true` and `test`", "keep one of them")),
        };
        let HealthcheckKeys { interval, timeout, retries, start_period, .. } = keys;
        Ok(Self { test, interval, timeout, retries, start_period })
    }
}
