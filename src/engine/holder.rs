//! Who changes a stack: a process of some user on some host, and whether it still lives, as far as that can be seen here.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A process that holds the lock of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    /// The command: `up`, `down`.
    pub command: String,
    user: String,
    host: String,
    process: u32,
    /// When it started, as the kernel counts: another process of that number is not it.
    started: Option<u64>,
    /// Which run of which kernel, and which processes can be seen in it. `None`: this system does not say.
    world: Option<String>,
}

/// Where a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// On this host, and it lives.
    Here,
    /// It was on this host, and is dead.
    Gone,
    /// On another host, or hidden from this process.
    Elsewhere,
}

impl Holder {
    /// This process.
    pub(super) fn this(command: &str) -> Self {
        let process = std::process::id();
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            command: command.to_owned(),
            user: variable("SUDO_USER")
                .or_else(|| variable("USER"))
                .or_else(|| variable("LOGNAME"))
                .unwrap_or_default(),
            host: fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned(),
            process,
            started: started(process),
            world: world(),
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text and numbers are JSON")
    }

    pub(super) fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// On another host, or hidden from this process.
    pub fn is_elsewhere(&self) -> bool {
        self.whereabouts() == Whereabouts::Elsewhere
    }

    /// Where it is, and whether it lives.
    pub fn whereabouts(&self) -> Whereabouts {
        // Where other users' processes are hidden (`hidepid`), the first one is, too.
        let sees_all = Path::new("/proc/1").exists();
        if self.world.is_none() || self.world != world() || !sees_all {
            return Whereabouts::Elsewhere;
        }
        let now = started(self.process);
        if now.is_some() && now == self.started { Whereabouts::Here } else { Whereabouts::Gone }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let user = if self.user.is_empty() { "somebody" } else { &self.user };
        let host = if self.host.is_empty() { "an unknown host" } else { &self.host };
        write!(formatter, "`stackctl {}` of {user} on {host} (process {})", self.command, self.process)
    }
}

/// `proc_sys_kernel(5)`: another one after each boot; `pid_namespaces(7)`: numbers mean other processes in another one.
fn world() -> Option<String> {
    let boot = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs_err::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// `proc_pid_stat(5)`: the 22nd field, counted behind the name, which may hold anything. A zombie is dead.
fn started(process: u32) -> Option<u64> {
    let text = fs_err::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let started = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_another_one_of_its_number_is_not_it() {
        let this = Holder::this("up");
        assert_eq!(this.whereabouts(), Whereabouts::Here);
        assert_eq!(Holder::from_json(&this.to_json()), Some(this.clone()));
        let earlier = Holder { started: Some(1), ..this.clone() };
        assert_eq!(earlier.whereabouts(), Whereabouts::Gone);
        let on_another_host = Holder { world: Some("another".to_owned()), ..this };
        assert_eq!(on_another_host.whereabouts(), Whereabouts::Elsewhere);
    }

    #[test]
    fn one_that_says_nothing_of_itself_is_elsewhere() {
        let holder = Holder::from_json("{}").expect("an object");
        assert_eq!(holder.whereabouts(), Whereabouts::Elsewhere);
        assert_eq!(Holder::from_json("no JSON"), None);
    }

    #[test]
    fn a_process_that_has_ended_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let holder = Holder { process: child.id(), started: started(child.id()), ..Holder::this("up") };
        assert_eq!(holder.whereabouts(), Whereabouts::Here);
        child.kill().expect("kill -9");
        child.wait().expect("it ends");
        assert_eq!(holder.whereabouts(), Whereabouts::Gone);
    }
}
