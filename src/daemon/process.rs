//! The dockerd that runs on this host, as the kernel shows it: its command line, its sockets, its addresses.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::Flags;
use crate::probe::listening;

/// Time that an engine which does not answer gets to end by itself.
const END: Duration = Duration::from_secs(1);

/// A running dockerd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerd {
    /// Its number.
    pub pid: u32,
    /// What it was started with, its own name first.
    pub arguments: Vec<String>,
}

/// A process that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Where.
    pub address: SocketAddr,
    /// Name and number, such as `node_exporter (1234)`. `None`: only an administrator can see it.
    pub process: Option<String>,
}

impl Dockerd {
    /// The one that answers behind a socket. `None`: it cannot be told.
    pub async fn behind(socket: &Path) -> Option<Self> {
        let peer = tokio::net::UnixStream::connect(socket).await.ok()?.peer_cred().ok()?.pid()?;
        let peer = u32::try_from(peer).ok()?;
        if let Some(dockerd) = Self::of(peer) {
            return Some(dockerd);
        }
        // systemd made the socket, and handed it on to the one that it starts for it.
        let mut candidates: Vec<Self> = processes().filter(|pid| is_of_this_host(*pid)).filter_map(Self::of).collect();
        candidates.retain(|dockerd| dockerd.arguments.iter().any(|argument| argument.contains("fd://")));
        if candidates.len() == 1 { candidates.pop() } else { None }
    }

    fn of(pid: u32) -> Option<Self> {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let arguments = arguments.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
        name.starts_with("dockerd").then_some(Self { pid, arguments })
    }

    /// Its flags.
    pub fn flags(&self) -> Flags {
        Flags::parse(self.arguments.get(1..).unwrap_or_default())
    }

    /// The file that its command line names.
    pub fn config_file(&self) -> Option<PathBuf> {
        let written = PathBuf::from(&self.flags().get("config-file")?.value);
        let folder = fs::read_link(format!("/proc/{}/cwd", self.pid)).unwrap_or_default();
        Some(folder.join(written))
    }

    /// The program that it runs, also where that was replaced on disk since.
    pub fn executable(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/exe", self.pid))
    }

    /// The systemd unit that runs it. `None`: none does, or it was started by hand from what is a unit of something else,
    /// such as a login by ssh. `user`: a user's own systemd.
    pub fn unit(&self, user: bool) -> Option<String> {
        let unit = unit(&fs::read_to_string(format!("/proc/{}/cgroup", self.pid)).ok()?)?;
        (unit.contains("docker") || main_process(&unit, user) == Some(self.pid)).then_some(unit)
    }

    /// Whether a dockerd with the same command line runs, this one or one that came after it.
    pub fn lives_on(&self) -> bool {
        let mut others = processes().filter(|pid| is_of_this_host(*pid)).filter_map(Self::of);
        others.any(|other| other.arguments == self.arguments)
    }

    /// Whether this very one runs. One that has ended and that nobody has taken note of yet has no command line any more.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.arguments == self.arguments)
    }

    /// Ends the one that came after this one and does not answer: it is asked to, and killed where it does not listen.
    pub async fn end_successor(&self) {
        let successor = || {
            let mut others = processes().filter(|pid| is_of_this_host(*pid)).filter_map(Self::of);
            others.find(|other| other.pid != self.pid && other.arguments == self.arguments)
        };
        let Some(hanging) = successor() else { return };
        // Where it cannot be told, whatever restarts it has its own ways.
        let _ = hanging.signal("TERM");
        let deadline = Instant::now() + END;
        while hanging.is_alive() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if hanging.is_alive() {
            let _ = hanging.signal("KILL");
        }
    }

    /// Whether its network is that of this process, so that sockets here are its sockets.
    pub fn shares_network(&self) -> bool {
        let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        network("self").is_some_and(|own| network(&self.pid.to_string()) == Some(own))
    }

    /// What listens in its network.
    pub fn listeners(&self) -> Vec<SocketAddr> {
        let mut sockets: Vec<_> = self.tables().lines().flat_map(listening).collect();
        sockets.sort_unstable();
        sockets.dedup();
        sockets
    }

    /// Who would be in the way of a socket there. Its own sockets are not: they close when it restarts.
    pub fn in_the_way(&self, wanted: SocketAddr) -> Option<Holder> {
        let mut clashing = self.clashing(wanted).into_iter();
        let (address, inode) = clashing.find(|(_, inode)| !holds(self.pid, inode))?;
        Some(Holder { address, process: holding(&inode) })
    }

    /// Who holds a place where a port would be published, its own sockets too.
    pub fn holder(&self, wanted: SocketAddr) -> Option<Holder> {
        let (address, inode) = self.clashing(wanted).into_iter().next()?;
        // A socket for every address of IPv6 may or may not take IPv4 along, which only a try tells.
        let tried = TcpListener::bind(wanted).map(drop);
        let may_share = self.shares_network() || fs::read_link(format!("/proc/{}/ns/net", self.pid)).is_err();
        if may_share && tried.is_ok() {
            return None;
        }
        Some(Holder { address, process: holding(&inode) })
    }

    /// The addresses of the host as it sees it. Empty where they cannot be read.
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        let table = fs::read_to_string(format!("/proc/{}/net/fib_trie", self.pid)).unwrap_or_default();
        let mut addresses = local_addresses(&table);
        let table = fs::read_to_string(format!("/proc/{}/net/if_inet6", self.pid)).unwrap_or_default();
        addresses.extend(table.lines().filter_map(|line| {
            let digits = u128::from_str_radix(line.get(..32)?, 16).ok()?;
            Some(IpAddr::V6(digits.into()))
        }));
        addresses
    }

    /// Has it read its file again (SIGHUP). It takes what it can without a restart.
    pub fn reload(&self) -> std::io::Result<()> {
        self.signal("HUP")
    }

    fn signal(&self, name: &str) -> std::io::Result<()> {
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.pid)).status()?;
        if status.success() { Ok(()) } else { Err(std::io::Error::other("it cannot be told to")) }
    }

    /// Sockets, each with its number, beside which none can listen there.
    fn clashing(&self, wanted: SocketAddr) -> Vec<(SocketAddr, String)> {
        let clashes = |socket: &SocketAddr| clash(*socket, wanted);
        let with_number = |line: &str| {
            let socket = listening(line).into_iter().find(clashes)?;
            Some((socket, line.split_ascii_whitespace().nth(9)?.to_owned()))
        };
        self.tables().lines().filter_map(with_number).collect()
    }

    fn tables(&self) -> String {
        let table = |name| fs::read_to_string(format!("/proc/{}/net/{name}", self.pid)).unwrap_or_default();
        table("tcp") + &table("tcp6")
    }
}

/// Whether two sockets cannot be open at the same time.
pub fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

/// Whether a process is not that of a container or a host within this one, which may run an engine of its own.
fn is_of_this_host(pid: u32) -> bool {
    let space = |process: &str| fs::read_link(format!("/proc/{process}/ns/pid")).ok();
    space(&pid.to_string()).is_none_or(|other| Some(other) == space("self"))
}

/// The process that systemd watches for a unit.
fn main_process(unit: &str, user: bool) -> Option<u32> {
    let mut systemctl = Command::new("systemctl");
    systemctl.args(user.then_some("--user")).args(["show", "--property=MainPID", "--value", unit]);
    String::from_utf8_lossy(&systemctl.output().ok()?.stdout).trim().parse().ok()
}

/// The unit in the text of `/proc/PID/cgroup`: the last part of a path such as `/system.slice/docker.service`.
fn unit(groups: &str) -> Option<String> {
    let unit = |line: &str| line.rsplit('/').next().filter(|last| last.ends_with(".service")).map(str::to_owned);
    groups.lines().find_map(unit)
}

/// Addresses of the host in the text of `/proc/net/fib_trie`: a leaf, and below it what kind of route leads there.
fn local_addresses(table: &str) -> BTreeSet<IpAddr> {
    let mut addresses = BTreeSet::new();
    let mut leaf: Option<IpAddr> = None;
    for line in table.lines().map(str::trim) {
        match line.strip_prefix("|-- ") {
            Some(address) => leaf = address.parse().ok(),
            None if line.ends_with("/32 host LOCAL") => addresses.extend(leaf),
            None => {}
        }
    }
    addresses
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Name and number of the process that holds the socket with that number.
fn holding(inode: &str) -> Option<String> {
    let pid = processes().find(|pid| holds(*pid, inode))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} ({pid})", name.trim()))
}

/// Whether a process holds the socket with that number.
fn holds(pid: u32, inode: &str) -> bool {
    let socket = format!("socket:[{inode}]");
    let handles = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    handles.filter_map(|handle| fs::read_link(handle.path()).ok()).any(|target| target.as_os_str() == socket.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_one_of_either_kind_of_control_group() {
        assert_eq!(unit("0::/system.slice/docker.service\n").as_deref(), Some("docker.service"));
        let first_kind = "9:name=systemd:/system.slice/snap.docker.dockerd.service\n8:pids:/system.slice\n";
        assert_eq!(unit(first_kind).as_deref(), Some("snap.docker.dockerd.service"));
        assert_eq!(unit("0::/user.slice/user-0.slice/session-1.scope\n"), None);
    }

    #[test]
    fn addresses_of_the_host_are_told_from_routes() {
        let table = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     |-- 172.17.0.0\n\
                     \x20       /16 link UNICAST\n     |-- 172.17.0.1\n        /32 host LOCAL\n     |-- 172.17.255.255\n\
                     \x20       /32 link BROADCAST\n";
        assert_eq!(local_addresses(table), BTreeSet::from(["172.17.0.1".parse().expect("an address")]));
    }

    #[test]
    fn who_listens_on_a_port_is_named() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = socket.local_addr().expect("it is bound");
        // Another process of the same network: it sees the sockets and holds none of them.
        let other = Dockerd { pid: 1, arguments: Vec::new() };
        let everywhere = SocketAddr::new([0, 0, 0, 0].into(), address.port());
        let holder = other.in_the_way(everywhere).expect("this test listens");
        assert_eq!(holder.address, address);
        assert!(holder.process.is_none_or(|process| process.ends_with(&format!("({})", std::process::id()))));
        let this = Dockerd { pid: std::process::id(), arguments: Vec::new() };
        assert_eq!(this.in_the_way(address), None, "its own socket is not in its way");
        assert!(this.listeners().contains(&address));
        assert!(this.holder(everywhere).is_some(), "who publishes a port has its own sockets in the way");
        drop(socket);
        assert_eq!(this.holder(address), None);
        assert!(this.addresses().contains(&address.ip()));
    }
}
