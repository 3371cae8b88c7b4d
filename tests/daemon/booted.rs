//! A host of a test's own: Debian's packages started by their own init, systemd or OpenRC, in namespaces of its own, with an
//! engine that this init runs. It ends with the value, and where the test is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::beside::{Beside, Run, SMALLEST, must, run};
use crate::tools;

/// What every such host has beside its init.
const PACKAGES: [&str; 13] = [
    "docker.io",
    "iptables",
    "bash",
    "coreutils",
    "dash",
    "grep",
    "iproute2",
    "libc-bin",
    "mawk",
    "mount",
    "procps",
    "sed",
    "util-linux",
];

/// Makes control groups of the host's own, and goes on in namespaces of its own. A host whose machine has no more than some of
/// the first kind of control groups gets these; `second` asks for the second kind, which newer releases of systemd need.
const OUTSIDE: &str = r"
groups=$(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts)
for group in $groups; do
    mkdir $group/$NAME
    if [ -e $group/$NAME/cpuset.cpus ] && [ -e $group/cpuset.cpus ]; then
        cat $group/cpuset.cpus >$group/$NAME/cpuset.cpus
        cat $group/cpuset.mems >$group/$NAME/cpuset.mems
        echo 1 >$group/$NAME/cgroup.clone_children
    fi
    echo $$ >$group/$NAME/cgroup.procs
done
exec unshare --mount --uts --ipc --pid --net --cgroup --fork --kill-child --propagation private bash -e $F/inside
";

/// Puts the host's root folder together, with what the packages' own scripts would have made, and starts its init.
const INSIDE: &str = r#"
R=$F/root
mount -t tmpfs -o mode=755 none $F/layer
mkdir $F/layer/up $F/layer/work
mount -t overlay -o lowerdir=$TREE,upperdir=$F/layer/up,workdir=$F/layer/work none $R
mount -t proc none $R/proc
mount -t sysfs none $R/sys
for name in dev run tmp; do mkdir -p $R/$name; mount -t tmpfs -o mode=755 none $R/$name; done
mkdir -p $R/dev/pts $R/dev/shm $R/run/lock $R/root $R/var/log $R/var/lib/docker $R/etc/default $R/etc/docker $R/usr/local/bin
chmod 1777 $R/tmp $R/dev/shm
mount -t tmpfs none $R/var/lib/docker
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 none $R/dev/pts
ln -s pts/ptmx $R/dev/ptmx
ln -s /proc/self/fd $R/dev/fd
while read -r name major minor; do mknod -m 666 $R/dev/$name c $major $minor; done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
console 5 1
END
first=$(awk '$3 == "cgroup" { print $2 }' /proc/self/mounts)
if [ -z "$first" ] || [ $GROUPS_OF = second ]; then
    mount -t cgroup2 none $R/sys/fs/cgroup
else
    mount -t tmpfs none $R/sys/fs/cgroup
    awk '$3 == "cgroup" { print $2, $4 }' /proc/self/mounts | while read -r path options; do
        options=$(echo $options | tr , '\n' | grep -vE '^(rw|ro|nosuid|nodev|noexec|relatime|noatime|xattr)$' | paste -sd ,)
        mkdir $R/sys/fs/cgroup/${path##*/}
        mount -t cgroup -o $options none $R/sys/fs/cgroup/${path##*/}
    done
fi
cat >$R/etc/passwd <<END
root:x:0:0:root:/root:/bin/sh
messagebus:x:100:100::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
END
cat >$R/etc/group <<END
root:x:0:
adm:x:4:
tty:x:5:
messagebus:x:100:
docker:x:998:
systemd-journal:x:997:
nogroup:x:65534:
END
# The machine may not let anybody raise limits, and control groups are mounted: Debian's script of the engine heeds both.
echo 'ulimit() { command ulimit "$@" 2>/dev/null || true; }' >$R/etc/default/docker
echo 'none /sys/fs/cgroup cgroup noauto 0 0' >$R/etc/fstab
: >$R/etc/machine-id
rm -rf $R/var/run $R/var/lock
ln -s /run $R/var/run
ln -s /run/lock $R/var/lock
ln -sf dash $R/usr/bin/sh
ln -sf mawk $R/usr/bin/awk
for name in iptables ip6tables; do ln -sf $(basename $(readlink -f /usr/sbin/iptables)) $R/usr/sbin/$name; done
touch $R/usr/local/bin/stackctl
mount --bind $STACKCTL $R/usr/local/bin/stackctl
cp $F/daemon.json $R/etc/docker/daemon.json
. $F/services
ip link set lo up
cd $R
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
exec env -i container=stackctl PATH=/usr/sbin:/usr/bin:/sbin:/bin $INIT </dev/null >/dev/null 2>&1
"#;

/// Services that systemd starts: those that Debian's packages enable, without logins.
const SYSTEMD: &str = r"
U=$R/etc/systemd/system
mkdir -p $U/multi-user.target.wants $U/sockets.target.wants
for unit in docker containerd; do ln -s /usr/lib/systemd/system/$unit.service $U/multi-user.target.wants/; done
ln -s /usr/lib/systemd/system/docker.socket $U/sockets.target.wants/
ln -sf /usr/lib/systemd/system/multi-user.target $U/default.target
for unit in getty.target console-getty.service ldconfig.service systemd-modules-load.service; do ln -s /dev/null $U/$unit; done
";

/// The one service that OpenRC starts, by Debian's script.
const OPENRC: &str = r"
ln -s /etc/init.d/docker $R/etc/runlevels/default/docker
";

/// A script as Alpine and Gentoo have it, with OpenRC's own supervisor, which starts the engine again whenever it ends.
const SUPERVISED: &str = r"
cat >$R/etc/init.d/docker <<'END'
#!/sbin/openrc-run
supervisor=supervise-daemon
command=/usr/sbin/dockerd
output_log=/var/log/docker.log
error_log=/var/log/docker.log
respawn_delay=2
END
ln -s /etc/init.d/docker $R/etc/runlevels/default/docker
";

/// A running host.
pub(crate) struct Booted {
    folder: tempfile::TempDir,
    name: String,
    outside: Child,
    /// Its first process, as it is numbered here.
    init: u32,
}

impl Booted {
    /// One that systemd of that suite runs: 252 of `bookworm` with the machine's own kind of control groups, 257 of `trixie`
    /// and later ones with the second kind.
    pub(crate) fn systemd(suite: &str) -> Self {
        let groups = if suite == "bookworm" { "first" } else { "second" };
        let packages = [&PACKAGES[..], &["systemd", "systemd-sysv", "dbus"]].concat();
        Self::start(&tools::tree(suite, "host-systemd", &packages), groups, "/sbin/init", SYSTEMD)
    }

    /// One that OpenRC runs, with the engine's script of Debian.
    pub(crate) fn openrc() -> Self {
        Self::with_openrc(OPENRC)
    }

    /// One that OpenRC runs, with an engine under its `supervise-daemon`.
    pub(crate) fn openrc_supervised() -> Self {
        Self::with_openrc(SUPERVISED)
    }

    fn with_openrc(services: &str) -> Self {
        let packages = [&PACKAGES[..], &["openrc", "lsb-base", "sysvinit-utils"]].concat();
        Self::start(&tools::tree("bookworm", "host-openrc", &packages), "first", "/sbin/openrc-init", services)
    }

    fn start(tree: &Path, groups: &str, init: &str, services: &str) -> Self {
        tools::installed("/bin/ip", "iproute2");
        tools::installed("/usr/sbin/iptables", "iptables");
        let folder = tempfile::Builder::new().prefix("sb").tempdir_in("/tmp").expect("a folder");
        let name = unique();
        for (file, text) in
            [("outside", OUTSIDE), ("inside", INSIDE), ("services", services), ("daemon.json", SMALLEST)]
        {
            fs::write(folder.path().join(file), text).expect("writable");
        }
        for name in ["root", "layer"] {
            fs::create_dir(folder.path().join(name)).expect("a new folder");
        }
        let log = fs::File::create(folder.path().join("log")).expect("writable");
        // It is not to outlive a test that is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "bash", "-e"]).arg(folder.path().join("outside"));
        command.env("F", folder.path()).env("NAME", &name).env("TREE", tree).env("INIT", init);
        command.env("GROUPS_OF", groups).env("STACKCTL", env!("CARGO_BIN_EXE_stackctl"));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        let outside = command.spawn().expect("setpriv is part of util-linux");
        let mut host = Self { folder, name, outside, init: 0 };
        let booted = || first_child(host.outside.id()).filter(|init| is_init(*init));
        Beside::wait_until(|| booted().is_some() || has_ended(host.outside.id()));
        host.init = booted().unwrap_or_else(|| panic!("the host does not start:\n{}", host.log()));
        assert!(Beside::wait_until(|| host.answers()), "its engine does not start:\n{}", host.log());
        host
    }

    /// A program of that host, ready to run there.
    pub(crate) fn inside(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init.to_string(), "--mount", "--uts", "--ipc", "--pid", "--net", "--cgroup"]);
        command.args([
            "--root",
            "--wd",
            "env",
            "-i",
            "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "NO_COLOR=1",
        ]);
        command.args(["STACKCTL_FILE=/root/stack.yml"]).args(words).stdin(Stdio::null());
        command
    }

    /// Runs `stackctl` there, which has to end with this code; what it says on either stream.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &[&str]) -> String {
        let Run { code: ended, stdout, stderr } = run(&mut self.inside(&[&["stackctl"], words].concat()));
        let said = format!("{stdout}{stderr}");
        assert_eq!(ended, code, "stackctl {}\n{said}\n{}", words.join(" "), self.log());
        said
    }

    /// A line for that host's shell. It has to succeed.
    #[track_caller]
    pub(crate) fn shell(&self, line: &str) -> String {
        must(&mut self.inside(&["sh", "-c", line]))
    }

    /// `docker ARGUMENTS…` with its engine. It has to succeed.
    #[track_caller]
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        must(Command::new("docker").args(["-H", &self.address()]).args(arguments))
    }

    /// Writes the stack file.
    pub(crate) fn write_stack(&self, body: &str) {
        let text = format!("name: demo\nimages: {{ from: debian }}\ngrafana: off\n{body}");
        fs::write(self.path("root/stack.yml"), text).expect("writable");
    }

    /// A file of that host.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(self.init.to_string()).join("root").join(path)
    }

    /// Its `daemon.json`.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.path("etc/docker/daemon.json")).expect("readable")
    }

    /// Whether its engine answers.
    pub(crate) fn answers(&self) -> bool {
        // The socket may be systemd's, and nobody behind it: then there is no answer.
        run(Command::new("timeout").args(["5", "docker", "-H", &self.address(), "version"])).code == 0
    }

    /// Where its engine is reached from outside.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.path("run/docker.sock").display())
    }

    /// What is known of it when a test fails.
    fn log(&self) -> String {
        let started = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        if self.init == 0 {
            return started;
        }
        let tail = "journalctl --no-pager --lines 25 || tail -n 15 /var/log/docker.log";
        let Run { stdout, stderr, .. } = run(&mut self.inside(&["sh", "-c", tail]));
        format!("{started}{stdout}{stderr}")
    }

    /// Control groups that were made for it, the innermost first.
    fn groups(&self) -> Vec<PathBuf> {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let roots = fields.filter(|fields| matches!(fields[2], "cgroup" | "cgroup2"));
        let mut groups: Vec<PathBuf> = roots.map(|fields| Path::new(fields[1]).join(&self.name)).collect();
        groups.retain(|group| group.exists());
        let mut at = 0;
        while let Some(group) = groups.get(at).cloned() {
            let entries = fs::read_dir(group).into_iter().flatten().flatten();
            groups.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()));
            at += 1;
        }
        groups.reverse();
        groups
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the host's last lines:\n{}", self.log());
        }
        // With its first process, all others of a host end; that one ends with the program that waits for it.
        let ended = self.outside.kill().and_then(|()| self.outside.wait());
        let gone = Beside::wait_until(|| {
            self.groups().iter().for_each(|group| {
                // One whose processes are still ending is tried again.
                let _ = fs::remove_dir(group);
            });
            self.groups().is_empty()
        });
        assert!((ended.is_ok() && gone) || std::thread::panicking(), "left behind: {ended:?} {:?}", self.groups());
    }
}

/// The process that another one waits for.
fn first_child(process: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// Whether that process is a host's init, which comes last: the root folder is put together then.
fn is_init(process: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    matches!(name.trim(), "systemd" | "init" | "openrc-init")
}

fn has_ended(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|line| line.contains(") Z "))
}

/// A name that no other test has, in this process or another.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("stackctl-host-{:x}-{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
