//! The dockerd that runs on this host, as the kernel shows it: its command line, its sockets, its addresses.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use super::Flags;
use crate::probe::listening;

/// Time that an engine which does not answer gets to end by itself.
const END: Duration = Duration::from_secs(1);

/// By so much later a process seems to have started: the kernel rounds that down, and what was written just before it is not to
/// seem to have been written after it.
const SLACK: Duration = Duration::from_millis(100);

/// Ticks in a second, as the kernel shows times to every program.
const TICKS: u64 = 100;

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

/// A socket that listens, as the kernel's table has it.
struct Socket {
    address: SocketAddr,
    /// Number of the user whose it is.
    user: String,
    /// Its number, by which the handles of its holder name it.
    inode: String,
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
        Some(self.folder().join(written))
    }

    /// The folder that it runs in; the root folder where that is kept from this user.
    pub fn folder(&self) -> PathBuf {
        fs::read_link(format!("/proc/{}/cwd", self.pid)).unwrap_or_else(|_| PathBuf::from("/"))
    }

    /// Since when it runs. `None`: it has ended.
    pub fn since(&self) -> Option<SystemTime> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let uptime = Duration::try_from_secs_f64(uptime.split(' ').next()?.parse().ok()?).ok()?;
        let age = uptime.saturating_sub(started(&stat)?).saturating_sub(SLACK);
        SystemTime::now().checked_sub(age)
    }

    /// The program that it runs, also where that was replaced on disk since.
    pub fn executable(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/exe", self.pid))
    }

    /// The file that it prints its errors to, where it is one.
    pub fn log(&self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/fd/2", self.pid)).ok().filter(|path| path.is_file())
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

    /// The one that came after this one, with the same command line. `None`: there is none.
    pub fn successor(&self) -> Option<Self> {
        let mut others = processes().filter(|pid| is_of_this_host(*pid)).filter_map(Self::of);
        others.find(|other| other.pid != self.pid && other.arguments == self.arguments)
    }

    /// Ends the one that came after this one and does not answer: it is asked to, and killed where it does not listen.
    pub async fn end_successor(&self) {
        if let Some(hanging) = self.successor() {
            hanging.end().await;
        }
    }

    /// Ends it where it does not answer.
    pub async fn end(&self) {
        // Where it cannot be told, whatever restarts it has its own ways.
        let _ = self.signal("TERM");
        let deadline = Instant::now() + END;
        while self.is_alive() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if self.is_alive() {
            let _ = self.signal("KILL");
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

    /// Those of them that are its own. Empty where only an administrator can tell.
    pub fn own_listeners(&self) -> Vec<SocketAddr> {
        let own = self.sockets(&|_| true).into_iter().filter(|socket| holds(self.pid, &socket.inode));
        own.map(|socket| socket.address).collect()
    }

    /// Whether something listens there. What listens on every address may say so in either family: for `0.0.0.0` dockerd opens
    /// `[::]`, which takes IPv4 along.
    pub fn listens_at(&self, address: SocketAddr) -> bool {
        let listeners = self.listeners();
        let everywhere = |socket: &SocketAddr| socket.ip().is_unspecified() && socket.port() == address.port();
        listeners.contains(&address) || (address.ip().is_unspecified() && listeners.iter().any(everywhere))
    }

    /// Who would be in the way of a socket there. Its own sockets are not: they close when it restarts.
    pub fn in_the_way(&self, wanted: SocketAddr) -> Option<Holder> {
        let folder = format!("/proc/{}", self.pid);
        // Only an administrator sees which sockets are whose; others see whose user's they are.
        let is_seen = fs::read_dir(format!("{folder}/fd")).is_ok();
        let user = fs::metadata(folder).map(|process| process.uid().to_string()).unwrap_or_default();
        let is_own = |socket: &Socket| if is_seen { holds(self.pid, &socket.inode) } else { socket.user == user };
        let socket = self.clashing(wanted).into_iter().find(|socket| !is_own(socket))?;
        Some(Holder { address: socket.address, process: holding(&socket.inode) })
    }

    /// Who holds a place where a port would be published, its own sockets too.
    pub fn holder(&self, wanted: SocketAddr) -> Option<Holder> {
        let Socket { address, inode, .. } = self.clashing(wanted).into_iter().next()?;
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

    /// Whether its network has an interface of that name. Also where that cannot be told.
    pub fn has_interface(&self, name: &str) -> bool {
        let table = fs::read_to_string(format!("/proc/{}/net/dev", self.pid)).unwrap_or_default();
        let mut names = table.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim());
        table.is_empty() || names.any(|present| present == name)
    }

    /// Has it read its file again (SIGHUP). It takes what it can without a restart.
    pub fn reload(&self) -> std::io::Result<()> {
        self.signal("HUP")
    }

    fn signal(&self, name: &str) -> std::io::Result<()> {
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.pid)).status()?;
        if status.success() { Ok(()) } else { Err(std::io::Error::other("it cannot be told to")) }
    }

    /// Sockets beside which none can listen there.
    fn clashing(&self, wanted: SocketAddr) -> Vec<Socket> {
        self.sockets(&|address: &SocketAddr| clash(*address, wanted))
    }

    /// Sockets that listen at such an address.
    fn sockets(&self, is_meant: &dyn Fn(&SocketAddr) -> bool) -> Vec<Socket> {
        let socket = |line: &str| {
            let address = listening(line).into_iter().find(is_meant)?;
            let mut fields = line.split_ascii_whitespace().skip(7).map(str::to_owned);
            Some(Socket { address, user: fields.next()?, inode: fields.nth(1)? })
        };
        self.tables().lines().filter_map(socket).collect()
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

/// When a process started, as the time since the boot, in the text of its `/proc/PID/stat` (proc(5), field 22). Its name, in
/// brackets, may have anything in it.
fn started(stat: &str) -> Option<Duration> {
    let behind_name = stat.rsplit_once(") ")?.1;
    let ticks: u64 = behind_name.split(' ').nth(19)?.parse().ok()?;
    Some(Duration::from_millis(ticks.checked_mul(1000 / TICKS)?))
}

/// Whether a process is not that of a container or a host within this one, which may run an engine of its own.
pub(super) fn is_of_this_host(pid: u32) -> bool {
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

pub(super) fn processes() -> impl Iterator<Item = u32> {
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
    fn a_process_tells_since_when_it_runs() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 1234 1000 50 0";
        assert_eq!(started(stat), Some(Duration::from_millis(12_340)));
        let this = Dockerd { pid: std::process::id(), arguments: Vec::new() };
        let age = this.since().and_then(|since| since.elapsed().ok()).expect("it runs, and has begun before now");
        assert!(age < Duration::from_secs(3600), "{age:?}");
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
        assert!(this.own_listeners().contains(&address) && !other.own_listeners().contains(&address));
        assert!(this.listeners().contains(&address));
        assert!(this.holder(everywhere).is_some(), "who publishes a port has its own sockets in the way");
        drop(socket);
        assert_eq!(this.holder(address), None);
        assert!(this.addresses().contains(&address.ip()));
        assert!(this.has_interface("lo") && !this.has_interface("l"));
    }
}
