//! A secret of `secrets` in a service: its name, or where inside the container it lies, too.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ServiceName;
use super::wrong::Wrong;

/// Where secrets lie that name no place of their own.
const USUAL_FOLDER: &str = "/run/secrets";

/// A secret that a service gets as a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MountedSecret {
    /// Which one of `secrets`.
    pub source: ServiceName,
    /// Absolute path of the file inside the container.
    pub target: String,
}

/// A secret in Compose's long form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongSecret {
    /// Which one of `secrets`.
    source: ServiceName,
    /// Path of the file inside the container; a name alone lies in `/run/secrets`. Default: the name of the secret.
    #[serde(default)]
    target: Option<String>,
}

impl MountedSecret {
    fn new(source: ServiceName, target: Option<&str>) -> Result<Self, Wrong> {
        let name = target.unwrap_or(source.as_str());
        let is_file = name.split('/').next_back().is_some_and(|last| !matches!(last, "" | "." | ".."));
        if !is_file || name.split('/').any(|part| part == "..") {
            let message = format!("`{}` is no path of a file", name.escape_debug());
            return Err(Wrong::new(message, "write a path inside the container, such as `/etc/web/key.pem`"));
        }
        let target = if name.starts_with('/') { name.to_owned() } else { format!("{USUAL_FOLDER}/{name}") };
        Ok(Self { source, target })
    }
}

impl<'de> Deserialize<'de> for MountedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MountedSecretVisitor)
    }
}

struct MountedSecretVisitor;

impl<'de> Visitor<'de> for MountedSecretVisitor {
    type Value = MountedSecret;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("the name of a secret, or `{ source: NAME, target: /PATH }`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MountedSecret, E> {
        let source = text.parse::<ServiceName>().map_err(E::custom)?;
        MountedSecret::new(source, None).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MountedSecret, A::Error> {
        let LongSecret { source, target } = LongSecret::deserialize(MapAccessDeserializer::new(map))?;
        MountedSecret::new(source, target.as_deref()).map_err(A::Error::custom)
    }
}

impl JsonSchema for MountedSecret {
    fn schema_name() -> Cow<'static, str> {
        "MountedSecret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<LongSecret>();
        json_schema!({
            "description": "The name of a secret, or `{ source: NAME, target: /PATH }`.",
            "anyOf": [{ "type": "string" }, long],
        })
    }
}
