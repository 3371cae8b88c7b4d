//! Which settings which release of dockerd knows: data, read from the struct tags in moby's `daemon/config` at the releases
//! in [`LOOKED_AT`] (Linux), and the reload code in `daemon/reload.go`. A tag that no flag goes with makes no setting, and a
//! hidden flag without a tag is one still: real programs of 20.10, 26.1 and 28.5 were asked for each.

use super::Release;
use Shape::{Any, List, Map, Number, Switch, Text};

/// What JSON a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `true` or `false`
    Switch,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A list.
    List,
    /// A map.
    Map,
    /// More than one of these.
    Any,
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// As it is written in `daemon.json`.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) shape: Shape,
    /// The first release looked at that knows it.
    since: Release,
    /// The last release looked at that knows it. `None`: the newest does.
    until: Option<Release>,
    /// A running daemon takes a new value on SIGHUP.
    pub(super) reloads: bool,
}

/// The releases that the table was read from. What lies between two of them may be like the one or the other.
const LOOKED_AT: [Release; 13] = [
    Release(17, 6),
    Release(18, 9),
    Release(19, 3),
    Release(20, 10),
    Release(23, 0),
    Release(24, 0),
    Release(25, 0),
    Release(26, 0),
    Release(27, 0),
    Release(28, 0),
    Release(28, 5),
    Release(29, 0),
    Release(29, 7),
];

/// The setting of that name.
pub(super) fn key(name: &str) -> Option<Key> {
    KEYS.iter().find(|(known, ..)| *known == name).map(|&(name, shape, since, until, reloads)| Key {
        name,
        shape,
        since,
        until,
        reloads,
    })
}

/// Names of all settings.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, ..)| *name)
}

/// Whether that release is newer than all that were looked at.
pub(super) fn is_beyond(release: Release) -> bool {
    LOOKED_AT.iter().all(|looked_at| *looked_at < release)
}

impl Key {
    /// Whether that release is certain not to know it.
    pub(super) fn is_unknown_to(&self, release: Release) -> bool {
        let before = LOOKED_AT.iter().rev().find(|looked_at| **looked_at < self.since);
        let after = self.until.and_then(|until| LOOKED_AT.iter().find(|looked_at| **looked_at > until));
        before.is_some_and(|before| release <= *before) || after.is_some_and(|after| release >= *after)
    }

    /// Whether that release passes over its value. Also where the release is not known, and may be one that does; or is one
    /// that does not know it at all.
    pub(super) fn is_unread_by(&self, release: Option<Release>) -> bool {
        let since = UNREAD.iter().find(|(unread, _)| *unread == self.name).map(|(_, since)| *since);
        since.is_some_and(|since| release.is_none_or(|release| release >= since))
            || release.is_some_and(|release| self.is_unknown_to(release))
    }
}

/// Settings that only a flag is left of, or was ever there of: engines from that release on pass over them, whatever they are
/// set to.
const UNREAD: [(&str, Release); 3] = [
    ("allow-nondistributable-artifacts", Release(27, 0)),
    ("containerd-plugins-namespace", Release(17, 6)),
    ("deprecated-key-path", Release(23, 0)),
];

type Row = (&'static str, Shape, Release, Option<Release>, bool);

/// Name, shape, since, until, reloads.
#[rustfmt::skip] // One line for each, or the table could not be read.
const KEYS: &[Row] = &[
    ("allow-direct-routing", Switch, Release(28, 5), None, false),
    ("allow-nondistributable-artifacts", List, Release(17, 6), None, false),
    ("api-cors-header", Text, Release(17, 6), Some(Release(28, 5)), false),
    ("api-enable-cors", Switch, Release(17, 6), Some(Release(17, 6)), false),
    ("authorization-plugins", List, Release(17, 6), None, true),
    ("bip", Text, Release(17, 6), None, false),
    ("bip6", Text, Release(28, 0), None, false),
    ("bridge", Text, Release(17, 6), None, false),
    ("bridge-accept-fwmark", Text, Release(29, 0), None, false),
    ("builder", Map, Release(18, 9), None, false),
    ("cdi-spec-dirs", List, Release(25, 0), None, false),
    ("cgroup-parent", Text, Release(17, 6), None, false),
    ("cluster-advertise", Text, Release(17, 6), Some(Release(23, 0)), false),
    ("cluster-store", Text, Release(17, 6), Some(Release(23, 0)), false),
    ("cluster-store-opts", Map, Release(17, 6), Some(Release(23, 0)), false),
    ("containerd", Text, Release(17, 6), None, false),
    ("containerd-namespace", Text, Release(19, 3), None, false),
    ("containerd-plugins-namespace", Text, Release(19, 3), None, false),
    ("cpu-rt-period", Number, Release(17, 6), None, false),
    ("cpu-rt-runtime", Number, Release(17, 6), None, false),
    ("cri-containerd", Switch, Release(18, 9), None, false),
    ("data-root", Text, Release(17, 6), None, false),
    ("debug", Switch, Release(17, 6), None, true),
    ("default-address-pools", List, Release(18, 9), None, false),
    ("default-cgroupns-mode", Text, Release(20, 10), None, true),
    ("default-gateway", Text, Release(17, 6), None, false),
    ("default-gateway-v6", Text, Release(17, 6), None, false),
    ("default-ipc-mode", Text, Release(18, 9), None, true),
    ("default-network-opts", Map, Release(24, 0), None, false),
    ("default-runtime", Text, Release(17, 6), None, true),
    ("default-shm-size", Any, Release(17, 6), None, true),
    ("default-stop-timeout", Number, Release(29, 7), None, true),
    ("default-ulimits", Map, Release(17, 6), None, false),
    ("deprecated-key-path", Text, Release(17, 6), None, false),
    ("disable-legacy-registry", Switch, Release(17, 6), Some(Release(18, 9)), false),
    ("dns", List, Release(17, 6), None, false),
    ("dns-opts", List, Release(17, 6), None, false),
    ("dns-search", List, Release(17, 6), None, false),
    ("exec-opts", List, Release(17, 6), None, false),
    ("exec-root", Text, Release(17, 6), None, false),
    ("experimental", Switch, Release(17, 6), None, false),
    ("features", Map, Release(18, 9), None, true),
    ("firewall-backend", Text, Release(29, 0), None, false),
    ("fixed-cidr", Text, Release(17, 6), None, false),
    ("fixed-cidr-v6", Text, Release(17, 6), None, false),
    ("graph", Text, Release(17, 6), Some(Release(23, 0)), false),
    ("group", Text, Release(17, 6), None, false),
    ("host-gateway-ip", Any, Release(20, 10), None, false),
    ("host-gateway-ips", List, Release(28, 0), None, false),
    ("hosts", List, Release(17, 6), None, false),
    ("icc", Switch, Release(17, 6), None, false),
    ("init", Switch, Release(17, 6), None, false),
    ("init-path", Text, Release(17, 6), None, false),
    ("insecure-registries", List, Release(17, 6), None, true),
    ("ip", Text, Release(17, 6), None, false),
    ("ip-forward", Switch, Release(17, 6), None, false),
    ("ip-forward-no-drop", Switch, Release(28, 0), None, false),
    ("ip-masq", Switch, Release(17, 6), None, false),
    ("ip6tables", Switch, Release(20, 10), None, false),
    ("iptables", Switch, Release(17, 6), None, false),
    ("ipv6", Switch, Release(17, 6), None, false),
    ("labels", List, Release(17, 6), None, true),
    ("live-restore", Switch, Release(17, 6), None, true),
    ("log-driver", Text, Release(17, 6), None, false),
    ("log-format", Text, Release(25, 0), None, false),
    ("log-level", Text, Release(17, 6), None, false),
    ("log-opts", Map, Release(17, 6), None, false),
    ("max-concurrent-downloads", Number, Release(17, 6), None, true),
    ("max-concurrent-uploads", Number, Release(17, 6), None, true),
    ("max-download-attempts", Number, Release(20, 10), None, true),
    ("metrics-addr", Text, Release(17, 6), None, false),
    ("min-api-version", Text, Release(29, 0), None, false),
    ("mtu", Number, Release(17, 6), None, false),
    ("network-control-plane-mtu", Number, Release(18, 9), None, false),
    ("network-diagnostic-port", Number, Release(18, 9), None, true),
    ("no-new-privileges", Switch, Release(17, 6), None, false),
    ("node-generic-resources", List, Release(18, 9), None, false),
    ("nri-opts", Map, Release(29, 7), None, true),
    ("oom-score-adjust", Number, Release(17, 6), Some(Release(25, 0)), false),
    ("pidfile", Text, Release(17, 6), None, false),
    ("proxies", Map, Release(23, 0), None, false),
    ("raw-logs", Switch, Release(17, 6), None, false),
    ("registry-mirrors", List, Release(17, 6), None, true),
    ("resolv-conf", Text, Release(18, 9), Some(Release(19, 3)), false),
    ("rootless", Switch, Release(19, 3), None, false),
    ("runtimes", Map, Release(17, 6), None, true),
    ("seccomp-profile", Text, Release(17, 6), None, false),
    ("selinux-enabled", Switch, Release(17, 6), None, false),
    ("shutdown-timeout", Number, Release(17, 6), None, true),
    ("storage-driver", Text, Release(17, 6), None, false),
    ("storage-opts", List, Release(17, 6), None, false),
    ("swarm-default-advertise-addr", Text, Release(17, 6), None, false),
    ("swarm-raft-election-tick", Number, Release(18, 9), Some(Release(19, 3)), false),
    ("swarm-raft-heartbeat-tick", Number, Release(18, 9), Some(Release(19, 3)), false),
    ("tls", Switch, Release(17, 6), None, false),
    ("tlscacert", Text, Release(17, 6), None, false),
    ("tlscert", Text, Release(17, 6), None, false),
    ("tlskey", Text, Release(17, 6), None, false),
    ("tlsverify", Switch, Release(17, 6), None, false),
    ("userland-proxy", Switch, Release(17, 6), None, false),
    ("userland-proxy-path", Text, Release(17, 6), None, false),
    ("userns-remap", Text, Release(17, 6), None, false),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_each_name_once() {
        let names: Vec<_> = names().collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }

    #[test]
    fn a_release_is_told_from_another_only_where_it_is_certain() {
        let unknown = |name, release| key(name).expect(name).is_unknown_to(release);
        assert!(unknown("log-format", Release(24, 0)) && !unknown("log-format", Release(25, 0)));
        assert!(!unknown("log-format", Release(24, 9)), "it may have come with any release after 24.0");
        assert!(unknown("graph", Release(24, 0)) && !unknown("graph", Release(23, 0)));
        assert!(!unknown("metrics-addr", Release(17, 6)) && !unknown("metrics-addr", Release(30, 0)));
    }
}
