//! What ties a service to the other parts of the stack: volumes, networks, dependencies and secrets.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::shape::{one_or_many, one_or_many_schema};
use super::{Mount, MountedSecret, ServiceName};

/// What ties a service to the other parts of the stack. In the file these keys, too, stand beside `image`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Wiring {
    /// Files of `KEY=VALUE` lines. Absolute, and merged into `environment`, once loaded.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub env_file: Vec<String>,
    /// Volumes, binds and tmpfs.
    pub volumes: Vec<Mount>,
    /// Networks to join. Empty means `default`.
    #[serde(deserialize_with = "networks")]
    #[schemars(schema_with = "networks_schema")]
    pub networks: IndexMap<ServiceName, ServiceNetwork>,
    /// Services that start first.
    #[serde(deserialize_with = "dependencies")]
    #[schemars(schema_with = "dependencies_schema")]
    pub depends_on: IndexMap<ServiceName, DependencyCondition>,
    /// Secrets to mount: names, which lie at `/run/secrets/NAME`, or `{ source: NAME, target: /PATH }`.
    pub secrets: Vec<MountedSecret>,
}

/// How one service stands in one network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceNetwork {
    /// More DNS names of the service there.
    pub aliases: Vec<String>,
}

/// What must be true of a service before one that depends on it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum DependencyCondition {
    /// `service_started`
    #[default]
    #[serde(rename(deserialize = "service_started"))]
    Started,
    /// `service_healthy`
    #[serde(rename(deserialize = "service_healthy"))]
    Healthy,
    /// `service_completed_successfully`
    #[serde(rename(deserialize = "service_completed_successfully"))]
    Completed,
}

/// One entry of `depends_on` written as a map.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DependencyKeys {
    /// What must be true of the service first.
    #[serde(default)]
    condition: DependencyCondition,
}

/// Reads the networks of a service: names, or names with settings.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IndexMap<ServiceName, ServiceNetwork>, D::Error> {
    let networks = deserializer.deserialize_map(NamesOrMap::<Option<ServiceNetwork>>(PhantomData))?;
    Ok(networks.into_iter().map(|(name, network)| (name, network.unwrap_or_default())).collect())
}

/// Reads the dependencies of a service: names, or names with conditions.
fn dependencies<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<IndexMap<ServiceName, DependencyCondition>, D::Error> {
    let dependencies = deserializer.deserialize_map(NamesOrMap::<Option<DependencyKeys>>(PhantomData))?;
    let condition = |keys: Option<DependencyKeys>| keys.map(|keys| keys.condition).unwrap_or_default();
    Ok(dependencies.into_iter().map(|(name, keys)| (name, condition(keys))).collect())
}

/// A list of names, or a map from names to settings.
struct NamesOrMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for NamesOrMap<T> {
    type Value = IndexMap<ServiceName, T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list of names or a map of `NAME: …`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut names = IndexMap::new();
        while let Some(name) = items.next_element()? {
            names.insert(name, T::default());
        }
        Ok(names)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut names = IndexMap::new();
        while let Some((name, settings)) = map.next_entry()? {
            names.insert(name, settings);
        }
        Ok(names)
    }
}

fn networks_schema(generator: &mut SchemaGenerator) -> Schema {
    let settings = generator.subschema_for::<Option<ServiceNetwork>>();
    names_or_map_schema(&settings)
}

fn dependencies_schema(generator: &mut SchemaGenerator) -> Schema {
    let settings = generator.subschema_for::<Option<DependencyKeys>>();
    names_or_map_schema(&settings)
}

fn names_or_map_schema(settings: &Schema) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "array", "items": { "type": "string" } },
        { "type": "object", "additionalProperties": settings },
    ] })
}
