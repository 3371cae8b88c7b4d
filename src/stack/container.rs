//! The settings of a container, in the words of the Compose specification.

use std::net::IpAddr;

use indexmap::IndexMap;
use serde::Serialize;

use super::{ByteSize, Duration, Mount, Ports, ServiceName};

/// What a Compose service says about its container alone. In the file these keys stand beside `image`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ContainerSettings {
    /// Replaces the image's `CMD`.
    pub command: Option<Command>,
    /// Replaces the image's `ENTRYPOINT`.
    pub entrypoint: Option<Command>,
    /// Environment, `env_file` and variables passed through already merged in, in order of first mention.
    pub environment: IndexMap<String, String>,
    /// Published ports.
    pub ports: Ports,
    /// Ports that are open inside the stack's networks only.
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
    pub labels: IndexMap<String, String>,
    /// Extra lines of `/etc/hosts`: host → address or `host-gateway`.
    pub extra_hosts: IndexMap<String, String>,
    /// DNS servers.
    pub dns: Vec<IpAddr>,
    /// Linux capabilities to add.
    pub cap_add: Vec<String>,
    /// Linux capabilities to drop.
    pub cap_drop: Vec<String>,
    /// All capabilities and devices.
    pub privileged: bool,
    /// Root file system read-only.
    pub read_only: bool,
    /// Security options such as `no-new-privileges:true`.
    pub security_opt: Vec<String>,
    /// Paths that are kept in memory.
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

/// What ties a service to the other parts of the stack. In the file these keys, too, stand beside `image`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wiring {
    /// Files of `KEY=VALUE` lines, relative to the stack file. Merged into `environment` when the file is loaded.
    pub env_file: Vec<String>,
    /// Volumes, binds and tmpfs.
    pub volumes: Vec<Mount>,
    /// Networks to join. Empty means `default`.
    pub networks: IndexMap<ServiceName, ServiceNetwork>,
    /// Services that start first.
    pub depends_on: IndexMap<ServiceName, DependencyCondition>,
    /// Secrets to mount at `/run/secrets/NAME`.
    pub secrets: Vec<ServiceName>,
}

/// A command: a list of words, or one string that is split as a shell splits words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Command(pub Vec<String>);

/// How one service stands in one network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ServiceNetwork {
    /// More DNS names of the service there.
    pub aliases: Vec<String>,
}

/// What must be true of a service before one that depends on it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum DependencyCondition {
    /// `service_started`
    #[default]
    Started,
    /// `service_healthy`
    Healthy,
    /// `service_completed_successfully`
    Completed,
}

/// How the engine finds out that a container is healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum PullPolicy {
    /// When the engine does not have it.
    #[default]
    Missing,
    /// At each `up`.
    Always,
    /// Never: it has to be there.
    Never,
}

/// A resource limit of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ulimit {
    /// The limit a process may raise up to `hard`.
    pub soft: i64,
    /// The limit that stands.
    pub hard: i64,
}

/// Log driver and its options.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Logging {
    /// `json-file`, `local`, `journald`, `fluentd` …
    pub driver: String,
    /// Options of the driver.
    pub options: IndexMap<String, String>,
}
