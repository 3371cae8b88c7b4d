//! Containers that live on without their engine, as the kernel shows them: each has a shim of containerd's for a parent.

use std::fs;
use std::path::PathBuf;

use super::process::{is_of_this_host, processes};

/// containerd's namespace of an engine's containers, unless its settings name another.
pub const NAMESPACE: &str = "moby";

/// How the names of their programs begin.
const PROGRAM: &str = "containerd-shim";

/// Whether containers of an engine run on this host. Which engine, only its data folder tells.
pub fn containers_run(namespace: Option<&str>) -> bool {
    let namespace = namespace.unwrap_or(NAMESPACE);
    processes().filter(|pid| is_of_this_host(*pid)).any(|pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        is_shim(&line, namespace)
    })
}

/// Where a running container is kept, as its shim was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shim {
    /// Socket of the containerd that started it.
    pub containerd: PathBuf,
    /// containerd's namespace that it is in.
    pub namespace: String,
}

impl Shim {
    /// That of the container with this id. `None`: it cannot be seen, or its command line says less than that of runc's shims.
    pub fn of(container: &str) -> Option<Self> {
        let line = |pid: u32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        processes().find_map(|pid| Self::parse(&line(pid), container))
    }

    fn parse(line: &str, container: &str) -> Option<Self> {
        let words: Vec<&str> = line.split('\0').collect();
        let is_shim = words.first()?.rsplit('/').next()?.starts_with(PROGRAM);
        let value = |flag: &str| words.iter().skip_while(|word| **word != flag).nth(1).copied();
        let is_its = is_shim && value("-id") == Some(container);
        is_its
            .then(|| Some(Self { containerd: value("-address")?.into(), namespace: value("-namespace")?.to_owned() }))?
    }
}

/// Whether that is the command line of such a shim, its words parted as the kernel does it.
fn is_shim(line: &str, namespace: &str) -> bool {
    let mut words = line.split('\0');
    let program = words.next().unwrap_or_default();
    program.rsplit('/').next().is_some_and(|name| name.starts_with(PROGRAM)) && words.any(|word| word == namespace)
}

#[cfg(test)]
mod tests {
    use super::{Shim, is_shim};

    #[test]
    fn a_shim_says_where_its_container_is_kept() {
        let line = "/usr/bin/containerd-shim-runc-v2\0-namespace\0moby\0-id\x000a\0-address\0/run/c.sock\0";
        let shim = Shim { containerd: "/run/c.sock".into(), namespace: "moby".to_owned() };
        assert_eq!((Shim::parse(line, "0a"), Shim::parse(line, "moby")), (Some(shim), None));
        assert_eq!(Shim::parse("/usr/bin/dockerd\0-id\x000a\0", "0a"), None);
    }

    #[test]
    fn a_shim_is_told_by_its_name_and_namespace() {
        let line = "/usr/bin/containerd-shim-runc-v2\0-namespace\0moby\0-id\x000a\0-address\0/run/c.sock\0";
        assert!(is_shim(line, "moby") && !is_shim(line, "k8s.io"));
        assert!(!is_shim("/usr/bin/dockerd\0moby\0", "moby") && !is_shim("", "moby"));
    }
}
