//! The settings of a container, in the words of the Compose specification.

use std::net::IpAddr;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::written;
use super::port::{addresses, exposed, exposed_schema};
use super::shape::{hosts, one_or_many, one_or_many_schema, pairs, pairs_schema};
use super::{ByteSize, Command, Duration, Healthcheck, Ports, Restart, Ulimit};

/// What a Compose service says about its container alone. In the file these keys stand beside `image`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ContainerSettings {
    /// Replaces the image's `CMD`.
    #[serde(deserialize_with = "written")]
    #[schemars(with = "Option<Command>")]
    pub command: Option<Command>,
    /// Replaces the image's `ENTRYPOINT`.
    #[serde(deserialize_with = "written")]
    #[schemars(with = "Option<Command>")]
    pub entrypoint: Option<Command>,
    /// Environment, `env_file` and variables passed through already merged in, in order of first mention.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub environment: IndexMap<String, String>,
    /// Published ports.
    pub ports: Ports,
    /// Ports that are open inside the stack's networks only.
    #[serde(deserialize_with = "exposed")]
    #[schemars(schema_with = "exposed_schema")]
    pub expose: Vec<u16>,
    /// How the engine finds out that the container is healthy.
    pub healthcheck: Option<Healthcheck>,
    /// Restart policy; Compose's default is `no`.
    pub restart: Restart,
    /// A fixed container name; such a service cannot be scaled.
    pub container_name: Option<String>,
    /// Host name inside the container.
    pub hostname: Option<String>,
    /// `USER[:GROUP]`.
    pub user: Option<String>,
    /// Working directory inside the container.
    pub working_dir: Option<String>,
    /// Labels. `com.docker.compose.*` and `io.stackctl.*` are taken.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub labels: IndexMap<String, String>,
    /// Extra lines of `/etc/hosts`: host → address or `host-gateway`.
    #[serde(deserialize_with = "hosts")]
    #[schemars(schema_with = "pairs_schema")]
    pub extra_hosts: IndexMap<String, String>,
    /// DNS servers.
    #[serde(deserialize_with = "addresses")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub dns: Vec<IpAddr>,
    /// Linux capabilities to add.
    pub cap_add: Vec<String>,
    /// Linux capabilities to drop.
    pub cap_drop: Vec<String>,
    /// All capabilities and devices.
    pub privileged: bool,
    /// Root file system read-only.
    pub read_only: bool,
    /// Security options such as `no-new-privileges:true` or `seccomp=./profile.json`.
    pub security_opt: Vec<String>,
    /// The options that come from a file → its absolute path.
    #[serde(skip)]
    #[schemars(skip)]
    pub security_files: IndexMap<String, String>,
    /// Paths that are kept in memory.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub tmpfs: Vec<String>,
    /// Run an init process as PID 1.
    pub init: bool,
    /// Signal that asks the container to stop.
    pub stop_signal: Option<String>,
    /// How long the container may take to stop before it is killed.
    pub stop_grace_period: Option<Duration>,
    /// `host`, or `service:NAME`.
    pub pid: Option<String>,
    /// `host` or `none`; left out: the networks of `networks`.
    pub network_mode: Option<String>,
    /// `HOST[:CONTAINER[:rwm]]`.
    pub devices: Vec<String>,
    /// Resource limits of the kernel.
    pub ulimits: IndexMap<String, Ulimit>,
    /// Kernel parameters.
    #[serde(deserialize_with = "pairs")]
    #[schemars(schema_with = "pairs_schema")]
    pub sysctls: IndexMap<String, String>,
    /// Size of `/dev/shm`.
    pub shm_size: Option<ByteSize>,
    /// Log driver.
    pub logging: Option<Logging>,
    /// Memory limit.
    pub mem_limit: Option<ByteSize>,
    /// Memory the scheduler sets aside.
    pub mem_reservation: Option<ByteSize>,
    /// CPU limit, in cores.
    pub cpus: Option<f64>,
    /// Limit of processes.
    pub pids_limit: Option<i64>,
    /// `linux/amd64` and the like.
    pub platform: Option<String>,
    /// When the image is pulled.
    pub pull_policy: PullPolicy,
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(deserialize = "lowercase"))]
pub enum PullPolicy {
    /// When the engine does not have it.
    #[default]
    #[serde(alias = "if_not_present")]
    Missing,
    /// At each `up`.
    Always,
    /// Never: it has to be there.
    Never,
}

/// Log driver and its options.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    /// `json-file`, `local`, `journald`, `fluentd` …; left out: the engine's own.
    #[serde(default)]
    pub driver: String,
    /// Options of the driver.
    #[serde(default)]
    pub options: IndexMap<String, String>,
}
