//! Named volumes, and where volumes are mounted.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::ByteSize;
use super::shape::{pairs, pairs_schema};
use super::wrong::Wrong;

/// One named volume.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Volume {
    /// It exists already, under `name` or the key: never created, never removed.
    pub external: bool,
    /// Its name at the engine. Default `STACK_KEY`, or the key where it is external.
    pub name: Option<String>,
    /// Driver. Default `local`.
    pub driver: Option<String>,
    /// Options of the driver.
    pub driver_opts: IndexMap<String, String>,
    /// Labels.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
}

/// One mount of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// Absolute path inside the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
    /// A new volume stays empty, whatever the image has at that path.
    pub no_copy: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum MountKind {
    /// A named volume of `volumes`, by its key.
    Volume(String),
    /// A new volume without a name.
    Anonymous,
    /// A path of the host, absolute (a relative one is resolved against the stack file when it is loaded).
    Bind {
        /// The path.
        source: String,
        /// How mounts below it spread.
        propagation: Option<Propagation>,
        /// Whether the engine makes a folder of it where it is missing.
        create_host_path: Option<bool>,
    },
    /// Memory.
    Tmpfs {
        /// Its size.
        size: Option<ByteSize>,
    },
}

/// How mounts below a bind spread between host and container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Propagation {
    /// `rprivate`
    #[serde(rename(deserialize = "rprivate"))]
    Private,
    /// `rshared`
    #[serde(rename(deserialize = "rshared"))]
    Shared,
    /// `rslave`
    #[serde(rename(deserialize = "rslave"))]
    Slave,
}

/// What can stand after the target of a mount.
#[derive(Default)]
struct MountOptions {
    read_only: bool,
    no_copy: bool,
    propagation: Option<Propagation>,
}

impl FromStr for MountOptions {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let mut options = Self::default();
        for option in text.split(',') {
            match option {
                "ro" => options.read_only = true,
                "nocopy" => options.no_copy = true,
                "rw" | "z" | "Z" | "cached" | "delegated" | "consistent" => {}
                "rprivate" | "private" => options.propagation = Some(Propagation::Private),
                "rshared" | "shared" => options.propagation = Some(Propagation::Shared),
                "rslave" | "slave" => options.propagation = Some(Propagation::Slave),
                _ => {
                    let help = "use `ro`, `rw`, `rprivate`, `rshared` or `rslave`";
                    return Err(Wrong::new(format!("`{option}` is not an option of a mount"), help));
                }
            }
        }
        Ok(options)
    }
}

impl FromStr for Mount {
    type Err = Wrong;

    /// The short form: `TARGET`, `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`.
    fn from_str(text: &str) -> Result<Self, Wrong> {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, target, options) = match parts[..] {
            [target] => (None, target, MountOptions::default()),
            [source, target] => (Some(source), target, MountOptions::default()),
            [source, target, options] => (Some(source), target, options.parse()?),
            _ => return Err(not_a_mount(text)),
        };
        let kind = match source {
            None => MountKind::Anonymous,
            Some("") => return Err(not_a_mount(text)),
            Some(path) if path.starts_with(['/', '.', '~']) => {
                let propagation = options.propagation;
                MountKind::Bind { source: path.to_owned(), propagation, create_host_path: None }
            }
            Some(name) if name.contains('/') => {
                let help = format!("for a folder write `./{name}`; names of volumes hold no `/`");
                return Err(Wrong::new(format!("`{name}` is neither a path nor the name of a volume"), help));
            }
            Some(name) => MountKind::Volume(name.to_owned()),
        };
        Ok(Self { kind, target: absolute(target)?, read_only: options.read_only, no_copy: options.no_copy })
    }
}

fn not_a_mount(text: &str) -> Wrong {
    let help = "write `VOLUME:/PATH`, `./FOLDER:/PATH` or `./FOLDER:/PATH:ro`";
    Wrong::new(format!("`{text}` is not a mount"), help)
}

fn absolute(target: &str) -> Result<String, Wrong> {
    if target.starts_with('/') {
        return Ok(target.to_owned());
    }
    let message = format!("`{target}` is not an absolute path inside the container");
    Err(Wrong::new(message, "write `SOURCE:/PATH`; the path inside the container begins with `/`"))
}

impl<'de> Deserialize<'de> for Mount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MountVisitor)
    }
}

struct MountVisitor;

impl<'de> Visitor<'de> for MountVisitor {
    type Value = Mount;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a mount such as `data:/var/lib/data`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Mount, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mount, A::Error> {
        let long = LongMount::deserialize(MapAccessDeserializer::new(map))?;
        long.mount().map_err(A::Error::custom)
    }
}

/// A mount in Compose's long form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongMount {
    /// What is mounted.
    #[serde(rename = "type")]
    kind: MountType,
    /// Name of the volume, or path on the host.
    #[serde(default)]
    source: Option<String>,
    /// Absolute path inside the container.
    target: String,
    /// Not writable.
    #[serde(default)]
    read_only: bool,
    /// Options of a bind.
    #[serde(default)]
    bind: BindOptions,
    /// Options of a volume.
    #[serde(default)]
    volume: VolumeOptions,
    /// Options of memory.
    #[serde(default)]
    tmpfs: TmpfsOptions,
}

/// What a mount in long form can be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum MountType {
    /// A named volume, or a new one where `source` is left out.
    Volume,
    /// A path of the host.
    Bind,
    /// Memory.
    Tmpfs,
}

/// Options of a bind.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct BindOptions {
    /// How mounts below it spread.
    propagation: Option<Propagation>,
    /// Whether the engine makes a folder of the path where it is missing. Default: it does not.
    create_host_path: Option<bool>,
}

/// Options of a volume.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct VolumeOptions {
    /// A new volume stays empty, whatever the image has at that path.
    nocopy: bool,
}

/// Options of memory.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TmpfsOptions {
    /// Its size.
    size: Option<ByteSize>,
}

impl LongMount {
    fn mount(self) -> Result<Mount, Wrong> {
        let kind = match (self.kind, self.source) {
            (MountType::Volume, Some(name)) => MountKind::Volume(name),
            (MountType::Volume, None) => MountKind::Anonymous,
            (MountType::Bind, Some(source)) => {
                let BindOptions { propagation, create_host_path } = self.bind;
                MountKind::Bind { source, propagation, create_host_path }
            }
            (MountType::Bind, None) => return Err(Wrong::new("a bind without `source`", "add `source: PATH`")),
            (MountType::Tmpfs, None) => MountKind::Tmpfs { size: self.tmpfs.size },
            (MountType::Tmpfs, Some(_)) => return Err(Wrong::new("memory has no `source`", "remove `source`")),
        };
        let no_copy = self.volume.nocopy;
        Ok(Mount { kind, target: absolute(&self.target)?, read_only: self.read_only, no_copy })
    }
}

impl JsonSchema for Mount {
    fn schema_name() -> Cow<'static, str> {
        "Mount".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<LongMount>();
        json_schema!({
            "description": "`VOLUME:/PATH`, `./FOLDER:/PATH[:ro]`, `/PATH`, or the long form.",
            "anyOf": [{ "type": "string" }, long],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_forms_are_read() {
        let mount = |text: &str| text.parse::<Mount>().unwrap();
        assert_eq!(mount("data:/var").kind, MountKind::Volume("data".into()));
        assert_eq!(mount("/cache").kind, MountKind::Anonymous);
        assert!(mount("./etc:/etc:ro").read_only);
        assert!(mount("data:/var:nocopy").no_copy);
        let propagation = Some(Propagation::Slave);
        let bind = MountKind::Bind { source: "/".into(), propagation, create_host_path: None };
        assert_eq!(mount("/:/host:ro,rslave").kind, bind);
    }

    #[test]
    fn what_is_no_mount_is_refused() {
        for text in ["", "data", "data:var", ":/x", "a:/b:ro:x", "a/b:/c", "a:/b:wo"] {
            assert!(text.parse::<Mount>().is_err(), "{text}");
        }
    }
}
