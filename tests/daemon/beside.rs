//! A Docker engine of a test's own, beside the machine's: started in a network namespace, and gone with the value.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::tools;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Releases that are tested: of Debian 12, 13 and sid.
pub(crate) const SUITES: [&str; 3] = ["bookworm", "trixie", "sid"];

/// The body of a stack with one app that comes back when the engine does.
pub(crate) const WEB: &str =
    "prometheus: off\napps: { web: { image: stackctl/self, command: [demo, accesslog], restart: always } }\n";

/// What every file has to say: a storage driver that works on every file system.
pub(crate) const SMALLEST: &str = "{\"storage-driver\": \"vfs\"}";

/// A running engine. Its process, its network and its folder go with it.
pub(crate) struct Beside {
    folder: tempfile::TempDir,
    network: String,
}

/// What a run of a program came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Beside {
    /// Starts the engine of a Debian suite with this `daemon.json` and these flags.
    pub(crate) fn start(suite: &str, settings: &str, flags: &str) -> Self {
        Self::start_in(suite, settings, flags, |_| {})
    }

    /// The same on a disk of its own, of this many MiB.
    pub(crate) fn start_on_disk(suite: &str, settings: &str, size: u32) -> Self {
        Self::start_in(suite, settings, "", |folder| {
            fs::create_dir(folder.join("data")).expect("writable");
            let size = format!("size={size}m");
            must(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "disk"]).arg(folder.join("data")));
        })
    }

    /// With its file, and no more than that, on a disk of that many KiB.
    pub(crate) fn start_with_its_file_on_a_disk(suite: &str, settings: &str, size: u32) -> Self {
        Self::start_in(suite, settings, "", |folder| {
            fs::create_dir(folder.join("small")).expect("writable");
            let size = format!("size={size}k");
            must(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "disk"]).arg(folder.join("small")));
            std::os::unix::fs::symlink("small/daemon.json", folder.join("daemon.json")).expect("a link");
        })
    }

    fn start_in(suite: &str, settings: &str, flags: &str, prepare: impl FnOnce(&Path)) -> Self {
        let dockerd = tools::binary(suite, "docker.io", "usr/sbin/dockerd");
        // Its socket's path must not be longer than 107 bytes.
        let folder = tempfile::Builder::new().prefix("sd").tempdir_in("/tmp").expect("a folder");
        prepare(folder.path());
        let network = format!("stackctl-{}", unique());
        tools::installed("/bin/ip", "iproute2");
        tools::installed("/usr/sbin/iptables", "iptables");
        must(Command::new("ip").args(["netns", "add", &network]));
        let engine = Self { folder, network };
        must(Command::new("nsenter").arg(engine.enter()).args(["ip", "link", "set", "lo", "up"]));
        fs::write(engine.file(), settings).expect("writable");
        engine.write_script("start", &engine.start_script(&dockerd, flags));
        engine.write_script("restart", &engine.restart_script());
        must(&mut Command::new(engine.path("start")));
        let started = Self::wait_until(|| engine.answers());
        assert!(started, "the engine of {suite} did not start:\n{}", engine.log());
        engine
    }

    pub(crate) fn enter(&self) -> String {
        format!("--net=/run/netns/{}", self.network)
    }

    fn start_script(&self, dockerd: &Path, flags: &str) -> String {
        let (folder, enter) = (self.folder.path().display(), self.enter());
        let programs = dockerd.parent().expect("it lies in a folder").display();
        let dockerd = dockerd.display();
        // Its own `docker-proxy` lies beside it.
        format!(
            "PATH={programs}:$PATH nsenter {enter} {dockerd} --data-root {folder}/data --exec-root {folder}/run -H unix://{folder}/s \
             --pidfile {folder}/pid --config-file {folder}/daemon.json --group nogroup {flags} </dev/null >>{folder}/log 2>&1 &"
        )
    }

    /// As a service manager does it: ask it to end, wait until it has, start it.
    fn restart_script(&self) -> String {
        let folder = self.folder.path().display();
        format!(
            "if pid=$(cat {folder}/pid 2>/dev/null); then kill $pid 2>/dev/null; while [ -d /proc/$pid ]; do sleep 0.05; \
             done; fi\nrm -f {folder}/pid\n{folder}/start"
        )
    }

    fn write_script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        fs::write(self.path(name), format!("#!/bin/sh\n{text}\n")).expect("writable");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its `daemon.json`.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("daemon.json")
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("readable")
    }

    /// What `--restart-command` is given.
    pub(crate) fn restart_command(&self) -> String {
        self.path("restart").display().to_string()
    }

    pub(crate) fn restart(&self) {
        must(&mut Command::new(self.path("restart")));
        assert!(Self::wait_until(|| self.answers()), "the engine did not come back:\n{}", self.log());
    }

    /// A restart command that does not start an engine whose file has metrics in it.
    pub(crate) fn never_with_metrics(&self) -> String {
        let folder = self.folder.path().display();
        self.write_script(
            "never",
            &format!(
                "cd {folder}\npid=$(cat pid) && {{ kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done; rm -f pid s; }}\n\
                 if grep -q metrics-addr daemon.json; then exit 7; fi\n./start"
            ),
        );
        self.path("never").display().to_string()
    }

    /// Takes the default bridge away, as the end of a host does.
    pub(crate) fn without_bridge(&self) {
        must(Command::new("nsenter").arg(self.enter()).args(["ip", "link", "delete", "docker0"]));
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.path("s").display())
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        fs::read_to_string(self.path("pid")).ok()?.trim().parse().ok()
    }

    fn answers(&self) -> bool {
        run(Command::new("docker").args(["-H", &self.address(), "version"])).code == 0
    }

    pub(crate) fn log(&self) -> String {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }

    /// `docker ARGUMENTS…` with this engine. It has to succeed.
    #[track_caller]
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        must(Command::new("docker").args(["-H", &self.address()]).args(arguments))
    }

    /// Writes a stack file that runs nothing but what `body` says.
    pub(crate) fn write_stack(&self, body: &str) {
        let text = format!("name: demo\nimages: {{ from: debian }}\ngrafana: off\n{body}");
        fs::write(self.path("stack.yml"), text).expect("writable");
    }

    /// `stackctl ARGUMENTS…` with this engine and its stack file, from this host's network.
    pub(crate) fn stackctl(&self, arguments: &[&str]) -> Run {
        run(self.outside().args(arguments))
    }

    /// `stackctl` with this engine, ready to run from this host's network.
    pub(crate) fn outside(&self) -> Command {
        self.with_environment(Command::new(env!("CARGO_BIN_EXE_stackctl")))
    }

    /// The same, ready to run from the engine's network.
    pub(crate) fn inside(&self) -> Command {
        let mut command = self.with_environment(Command::new("nsenter"));
        command.arg(self.enter()).arg(env!("CARGO_BIN_EXE_stackctl"));
        command
    }

    /// The same from the engine's network, where published ports are reached.
    pub(crate) fn stackctl_inside(&self, arguments: &[&str]) -> Run {
        run(self.inside().args(arguments))
    }

    /// The same as nobody, who may talk to the engine and do nothing else.
    pub(crate) fn stackctl_as_nobody(&self, arguments: &[&str]) -> Run {
        fs::copy(env!("CARGO_BIN_EXE_stackctl"), self.path("stackctl")).expect("a copy that others can run");
        let mut command = self.with_environment(Command::new("setpriv"));
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(self.path("stackctl"));
        run(command.args(arguments))
    }

    fn with_environment(&self, mut command: Command) -> Command {
        command.env("DOCKER_HOST", self.address()).env("NO_COLOR", "1").env_remove("STACKCTL_FILE");
        command.env("STACKCTL_FILE", self.path("stack.yml")).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs `stackctl`, which has to end with this code; what it says on either stream.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> String {
        said(code, arguments, &self.stackctl(arguments), self)
    }

    #[track_caller]
    pub(crate) fn expect_inside(&self, code: i32, arguments: &[&str]) -> String {
        said(code, arguments, &self.stackctl_inside(arguments), self)
    }

    /// `engine apply` with a restart.
    #[track_caller]
    pub(crate) fn apply(&self, code: i32) -> String {
        self.expect(code, &["engine", "apply", "--yes", "--restart-command", &self.restart_command()])
    }

    /// Samples that the engine serves at an address of its network.
    pub(crate) fn metrics(&self, address: &str) -> usize {
        let script = format!(
            "exec 3<>/dev/tcp/{} && printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3",
            address.replace(':', "/")
        );
        let answer = run(Command::new("nsenter").arg(self.enter()).args(["bash", "-c", &script]));
        answer.stdout.lines().filter(|line| line.starts_with("engine_daemon_")).count()
    }

    /// Listens in the engine's network until the value is dropped.
    pub(crate) fn hold(&self, address: &str, port: u16) -> Held {
        self.hold_by(&[env!("CARGO_BIN_EXE_stackctl")], address, port)
    }

    /// The same by nobody.
    pub(crate) fn hold_as_nobody(&self, address: &str, port: u16) -> Held {
        let program = self.path("holder").display().to_string();
        let words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", &program];
        fs::copy(env!("CARGO_BIN_EXE_stackctl"), &program).expect("a copy that others can run");
        self.hold_by(&words, address, port)
    }

    fn hold_by(&self, program: &[&str], address: &str, port: u16) -> Held {
        let mut command = Command::new("nsenter");
        command.arg(self.enter()).args(program);
        command.args(["demo", "accesslog", "--bind", address, "--port", &port.to_string()]);
        let held = Held(command.stdout(Stdio::null()).spawn().expect("nsenter is part of util-linux"));
        let connects = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
        let enter = self.enter();
        let listens =
            Self::wait_until(|| run(Command::new("nsenter").arg(&enter).args(["bash", "-c", &connects])).code == 0);
        assert!(listens, "nobody listens on {address}:{port}");
        held
    }

    pub(crate) fn wait_until(holds: impl Fn() -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if holds() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        false
    }

    fn processes(&self) -> Vec<u32> {
        processes_of(self.folder.path())
    }

    fn mounts(&self) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let points = table.lines().filter_map(|line| line.split(' ').nth(1)).filter(|point| point.starts_with(&folder));
        points.map(str::to_owned).collect()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the engine's last lines:\n{}", self.log());
        }
        if self.answers() {
            let ids = run(Command::new("docker").args(["-H", &self.address(), "ps", "-q"])).stdout;
            let ids: Vec<&str> = ids.split_whitespace().collect();
            if !ids.is_empty() {
                run(Command::new("docker").args(["-H", &self.address(), "rm", "-f"]).args(ids));
            }
        }
        for signal in ["-TERM", "-KILL"] {
            for pid in self.processes() {
                run(Command::new("sh").arg("-c").arg(format!("kill {signal} {pid}")));
            }
            Self::wait_until(|| self.processes().is_empty());
        }
        for point in self.mounts().iter().rev() {
            run(Command::new("umount").args(["-l", point]));
        }
        run(Command::new("ip").args(["netns", "delete", &self.network]));
        let left = (self.processes(), self.mounts());
        assert!(left == (Vec::new(), Vec::new()) || std::thread::panicking(), "left behind: {left:?}");
    }
}

/// A process that listens; ended with the value.
pub(crate) struct Held(std::process::Child);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.kill().expect("it runs until now");
        self.0.wait().expect("it was killed");
    }
}

#[track_caller]
fn said(code: i32, arguments: &[&str], run: &Run, engine: &Beside) -> String {
    let text = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, code, "stackctl {}\n{text}\nthe engine:\n{}", arguments.join(" "), engine.log());
    text
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
    Run {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// What a program prints that has to succeed.
#[track_caller]
pub(crate) fn must(command: &mut Command) -> String {
    let run = run(command);
    assert_eq!(run.code, 0, "{command:?}\n{}", run.stderr);
    run.stdout
}

/// Every process that has a test's folder on its command line: all of them were started for it.
pub(crate) fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.display().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != std::process::id() && String::from_utf8_lossy(&line).contains(&folder)
    })
    .collect()
}

/// A name that no other test has, in this process or another.
fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{:x}{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
