//! Containers that live on without their engine, as the kernel shows them: each has a shim of containerd's for a parent.

use std::fs;

use super::process::{is_of_this_host, processes};

/// containerd's namespace of an engine's containers, unless its settings name another.
const NAMESPACE: &str = "moby";

/// Whether containers of an engine run on this host. Which engine, only its data folder tells.
pub fn containers_run(namespace: Option<&str>) -> bool {
    let namespace = namespace.unwrap_or(NAMESPACE);
    processes().filter(|pid| is_of_this_host(*pid)).any(|pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        is_shim(&line, namespace)
    })
}

/// Whether that is the command line of such a shim, its words parted as the kernel does it.
fn is_shim(line: &str, namespace: &str) -> bool {
    let mut words = line.split('\0');
    let program = words.next().unwrap_or_default();
    program.rsplit('/').next().is_some_and(|name| name.starts_with("containerd-shim"))
        && words.any(|word| word == namespace)
}

#[cfg(test)]
mod tests {
    use super::is_shim;

    #[test]
    fn a_shim_is_told_by_its_name_and_namespace() {
        let line = "/usr/bin/containerd-shim-runc-v2\0-namespace\0moby\0-id\x000a\0-address\0/run/c.sock\0";
        assert!(is_shim(line, "moby") && !is_shim(line, "k8s.io"));
        assert!(!is_shim("/usr/bin/dockerd\0moby\0", "moby") && !is_shim("", "moby"));
    }
}
