//! Secrets: where a value lies, never the value.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::wrong::Wrong;

/// Where the value of a secret lies. The value itself is read at the last moment, by the command that needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Secret {
    /// In a file, absolute: a relative path is resolved against the folder of the stack file when that is loaded.
    File(String),
    /// In an environment variable.
    Environment(String),
}

/// The keys of a secret.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    File,
    Env,
    Environment,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("`{ env: NAME }` or `{ file: PATH }`")
    }

    fn visit_str<E: Error>(self, _value: &str) -> Result<Secret, E> {
        let help = "write `{ env: NAME }` for an environment variable or `{ file: PATH }` for a file";
        Err(E::custom(Wrong::new("a secret does not belong into the stack file", help)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let mut secret = None;
        while let Some(key) = map.next_key()? {
            let found = match key {
                Key::File => Secret::File(map.next_value()?),
                Key::Env | Key::Environment => Secret::Environment(map.next_value()?),
            };
            if secret.replace(found).is_some() {
                return Err(A::Error::custom(Wrong::new("two places for one secret", "keep either `env` or `file`")));
            }
        }
        secret
            .ok_or_else(|| A::Error::custom(Wrong::new("no place for the secret", "write `env: NAME` or `file: PATH`")))
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Where the value of a secret lies. The value itself does not belong into the stack file.",
            "properties": {
                "file": { "type": "string", "description": "A file, relative to the stack file." },
                "env": { "type": "string", "description": "An environment variable." },
                "environment": { "type": "string", "description": "The same as `env`, in Compose's word." },
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}
