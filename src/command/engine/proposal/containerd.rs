//! Whether an engine would find again what runs: containers that live on are known to the containerd that started them, in the
//! namespace that they were started in. An engine that looks elsewhere starts each of them a second time (measured with Engine 20.10
//! and 28.5).

use std::fs;
use std::io;
use std::path::Path;

use super::super::subject::Running;
use super::sight::Loss;
use crate::daemon::{Document, NAMESPACE, Shim};

/// The containerd of the host, which engines take where its socket is there, unless they are told of another (moby
/// `cmd/dockerd/daemon_unix.go`).
const OF_HOST: &str = "/run/containerd/containerd.sock";

/// Where an engine keeps the socket of a containerd of its own, unless it is told otherwise.
const USUAL_EXEC_ROOT: &str = "/var/run/docker";

/// Why an engine that has read this document would look for its containers where they are not. `None`: it would not, or none
/// lives that long.
pub(super) fn other_containerd(running: &Running, document: &Document) -> Option<Loss> {
    let storage = &running.host.storage;
    let live_on = running.outlives_with(document);
    if !live_on && !storage.uses_snapshotter {
        return None;
    }
    let told =
        storage.containerd.clone().map(|told| Shim { containerd: told.socket.into(), namespace: told.namespace });
    let now = running.containers.iter().find_map(|container| Shim::of(&container.id)).or(told)?;
    let (namespace, remaps) = (running.says(document, "containerd-namespace"), storage.remaps_users);
    let why = if is_in(&now.namespace, namespace.as_deref().unwrap_or(NAMESPACE), remaps) {
        let socket = socket(running, document);
        if leads_to(Path::new(&socket), &now.containerd) {
            return None;
        }
        format!(
            "the engine would use the containerd at {socket}, and its containers are kept by that at {}",
            now.containerd.display()
        )
    } else {
        match namespace {
            Some(namespace) => {
                format!("`containerd-namespace` is `{namespace}`, and its containers are in `{}`", now.namespace)
            }
            None => format!("`containerd-namespace` is not in it, and its containers are in `{}`", now.namespace),
        }
    };
    if live_on && !running.containers.is_empty() {
        let why = format!("{why} and live on (live-restore): it would start each a second time");
        return Some(Loss {
            why,
            if_meant: "stop every container first (`docker stop $(docker ps -q)`), and try again",
        });
    }
    storage.uses_snapshotter.then(|| Loss::of_all(&why))
}

/// Whether that is the namespace, or the one that an engine with remapped users makes of it.
fn is_in(now: &str, namespace: &str, remaps: bool) -> bool {
    now == namespace || (remaps && now.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('-')))
}

/// The socket of the containerd that an engine with this document uses.
fn socket(running: &Running, document: &Document) -> String {
    running.says(document, "containerd").unwrap_or_else(|| {
        if Path::new(OF_HOST).exists() {
            return OF_HOST.to_owned();
        }
        let root = running.says(document, "exec-root").unwrap_or_else(|| USUAL_EXEC_ROOT.to_owned());
        format!("{root}/containerd/containerd.sock")
    })
}

/// Whether two paths lead to the same place. Also where that cannot be told.
fn leads_to(path: &Path, place: &Path) -> bool {
    match (fs::canonicalize(path), fs::canonicalize(place)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(error), Ok(_)) => error.kind() != io::ErrorKind::NotFound,
        (_, Err(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_known_with_remapped_users_too() {
        assert!(is_in("moby", "moby", false) && is_in("moby-231072.231072", "moby", true));
        assert!(!is_in("other", "moby", false) && !is_in("moby-2", "moby", false) && !is_in("mobydick", "moby", true));
    }

    #[test]
    fn a_socket_that_is_not_there_is_another_one() {
        let place = tempfile::NamedTempFile::new().expect("writable");
        assert!(leads_to(place.path(), place.path()));
        assert!(!leads_to(Path::new("/nowhere/containerd.sock"), place.path()));
        assert!(leads_to(place.path(), Path::new("/nowhere/containerd.sock")), "it cannot be told");
    }
}
