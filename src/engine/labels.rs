//! Labels that stackctl puts on what it makes, and reads back.
//!
//! The `com.docker.compose.*` ones make `docker compose ls|ps|logs` and every Docker UI show the stack as a project
//! (names as in Compose 2: `pkg/api/labels.go` of docker/compose).

/// Compose project, which is the stack's name.
pub(super) const PROJECT: &str = "com.docker.compose.project";
/// Compose service.
pub(super) const SERVICE: &str = "com.docker.compose.service";
/// Number of the replica, from 1.
pub(super) const NUMBER: &str = "com.docker.compose.container-number";
/// `True` for `docker compose run`; we always say `False`.
pub(super) const ONEOFF: &str = "com.docker.compose.oneoff";
/// Hash of the service; Compose wants one to be there.
pub(super) const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// Files the project came from; `docker compose ls` shows them.
pub(super) const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// Folder the project came from.
pub(super) const WORKING_DIR: &str = "com.docker.compose.project.working_dir";
/// Version of what made the container.
pub(super) const VERSION: &str = "com.docker.compose.version";
/// Key of a network.
pub(super) const NETWORK: &str = "com.docker.compose.network";
/// Key of a volume.
pub(super) const VOLUME: &str = "com.docker.compose.volume";

/// Name of the stack: what carries it is ours.
pub(super) const STACK: &str = "io.stackctl.stack";
/// Fingerprint of the service the container was made from.
pub(super) const FINGERPRINT: &str = "io.stackctl.fingerprint";
/// What a container is for, where it is not a service: `probe`.
pub(super) const ROLE: &str = "io.stackctl.role";
/// The role of containers that are no part of the stack and live for seconds.
pub(super) const PROBE: &str = "probe";
/// Which process made a probe, as JSON.
pub(super) const MAKER: &str = "io.stackctl.maker";
/// The parts of that fingerprint, as JSON; of a network or volume, the settings that the stack file says of it.
pub(super) const PARTS: &str = "io.stackctl.parts";
/// Paths of the files put into the container, as a JSON list.
pub(super) const FILES: &str = "io.stackctl.files";

/// How labels begin that nobody writes into a stack file.
pub(super) const OWN: [&str; 2] = ["com.docker.compose.", "io.stackctl."];

/// Name of the stack for one of whose containers a volume holds files: it goes when the container does.
pub(super) const PLACED: &str = "io.stackctl.placed";

/// A volume with a name like those that nobody gave, which the stack file names.
pub(super) const NAMED: &str = "io.stackctl.named";

/// Name of the stack whose lock a volume is.
pub(super) const LOCK: &str = "io.stackctl.lock";
/// Random digits that tell one lock from another.
pub(super) const LOCK_MARK: &str = "io.stackctl.lock.mark";
/// Who holds a lock, as JSON.
pub(super) const LOCK_HOLDER: &str = "io.stackctl.lock.holder";
/// What stands in a lock's name between the stack and the number.
pub(super) const LOCK_NAME: &str = "stackctl-lock.";
