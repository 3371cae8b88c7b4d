//! The settings of a container that `docker update` changes while it runs: no label tells of such a change.

use bollard::models::{HostConfig, RestartPolicy, RestartPolicyNameEnum};

use crate::desired::{ByteSize, ContainerSettings, Restart};

/// Limits and restart policy of a container, as the engine counts them. 0 stands for "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ObservedLimits {
    /// Memory, in bytes.
    pub memory: i64,
    /// Memory set aside, in bytes.
    pub memory_reservation: i64,
    /// Processor time, in billionths of a core.
    pub nano_cpus: i64,
    /// Processes. Some engines have a limit of their own for a container that asks for none.
    pub pids: i64,
    /// When the engine starts it again. `None`: in a way that stackctl has no word for.
    pub restart: Option<Restart>,
}

impl ObservedLimits {
    /// What a container of these settings is made with.
    pub fn of(settings: &ContainerSettings) -> Self {
        Self {
            memory: settings.mem_limit.map_or(0, bytes),
            memory_reservation: settings.mem_reservation.map_or(0, bytes),
            nano_cpus: settings.cpus.map_or(0, nano_cpus),
            pids: settings.pids_limit.unwrap_or_default().max(0),
            restart: Some(match settings.restart {
                Restart::OnFailure(None) => Restart::OnFailure(Some(0)),
                other => other,
            }),
        }
    }

    /// What an inspection says.
    pub(super) fn told(host: &HostConfig) -> Self {
        Self {
            memory: host.memory.unwrap_or_default(),
            memory_reservation: host.memory_reservation.unwrap_or_default(),
            nano_cpus: host.nano_cpus.unwrap_or_default(),
            pids: host.pids_limit.unwrap_or_default().max(0),
            restart: restart(host.restart_policy.as_ref()),
        }
    }

    /// The key of the stack file for what `self`, at the engine, has otherwise than `wanted`, with the value there.
    ///
    /// An engine whose kernel cannot limit something leaves that limit out with a warning: one that is wanted and missing
    /// is no change, and `docker update` has no way to take a limit away.
    pub fn difference(&self, wanted: &Self) -> Option<String> {
        let size = |bytes: i64| ByteSize(bytes.unsigned_abs()).to_string();
        let changed = |is: i64, wanted: i64| is != 0 && is != wanted;
        if changed(self.memory, wanted.memory) {
            return Some(format!("`mem_limit` is {} at the engine", size(self.memory)));
        }
        if changed(self.memory_reservation, wanted.memory_reservation) {
            return Some(format!("`mem_reservation` is {} at the engine", size(self.memory_reservation)));
        }
        if changed(self.nano_cpus, wanted.nano_cpus) {
            let (cores, rest) = (self.nano_cpus / 1_000_000_000, self.nano_cpus % 1_000_000_000);
            let cores = format!("{cores}.{rest:09}");
            let cores = cores.trim_end_matches('0').trim_end_matches('.');
            return Some(format!("`cpus` is {cores} at the engine"));
        }
        if wanted.pids != 0 && changed(self.pids, wanted.pids) {
            return Some(format!("`pids_limit` is {} at the engine", self.pids));
        }
        let restart = self.restart.filter(|restart| Some(*restart) != wanted.restart)?;
        Some(format!("`restart` is `{restart}` at the engine"))
    }
}

/// The policy as the engine's API wants it.
pub(super) fn restart_policy(restart: Restart) -> RestartPolicy {
    let (name, maximum) = match restart {
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        Restart::OnFailure(tries) => (RestartPolicyNameEnum::ON_FAILURE, tries.map(i64::from)),
    };
    RestartPolicy { name: Some(name), maximum_retry_count: maximum }
}

fn restart(policy: Option<&RestartPolicy>) -> Option<Restart> {
    let Some(policy) = policy else { return Some(Restart::No) };
    match policy.name {
        None | Some(RestartPolicyNameEnum::EMPTY | RestartPolicyNameEnum::NO) => Some(Restart::No),
        Some(RestartPolicyNameEnum::ALWAYS) => Some(Restart::Always),
        Some(RestartPolicyNameEnum::UNLESS_STOPPED) => Some(Restart::UnlessStopped),
        Some(RestartPolicyNameEnum::ON_FAILURE) => {
            Some(Restart::OnFailure(Some(u32::try_from(policy.maximum_retry_count.unwrap_or_default()).ok()?)))
        }
    }
}

pub(super) fn bytes(size: ByteSize) -> i64 {
    i64::try_from(size.0).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "cores in the stack file are at most a few thousand")]
pub(super) fn nano_cpus(cores: f64) -> i64 {
    (cores * 1e9).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_named_with_its_value() {
        let wanted =
            ObservedLimits { memory: 128 << 20, restart: Some(Restart::UnlessStopped), ..ObservedLimits::default() };
        assert_eq!(wanted.difference(&wanted), None);
        let difference = |is: ObservedLimits| is.difference(&wanted).unwrap_or_default();
        assert_eq!(difference(ObservedLimits { memory: 64 << 20, ..wanted }), "`mem_limit` is 64MB at the engine");
        assert_eq!(difference(ObservedLimits { nano_cpus: 1_500_000_000, ..wanted }), "`cpus` is 1.5 at the engine");
        assert_eq!(
            difference(ObservedLimits { restart: Some(Restart::No), ..wanted }),
            "`restart` is `no` at the engine"
        );
    }

    #[test]
    fn a_limit_that_the_kernel_cannot_keep_and_one_of_the_engines_own_are_no_change() {
        let wanted = ObservedLimits { memory: 128 << 20, restart: Some(Restart::No), ..ObservedLimits::default() };
        assert_eq!(ObservedLimits { memory: 0, pids: 2048, ..wanted }.difference(&wanted), None);
    }
}
