//! Podman's service of a test's own, in a network and with folders of its own.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::beside::{Beside, must, processes_of, run};
use crate::tools;

/// Releases that are tested: 4.3 of Debian 12, 5.4 of Debian 13.
pub(crate) const SUITES: [&str; 2] = ["bookworm", "trixie"];

/// Its defaults ask for more open files than a host in a container or a small machine allows.
const SETTINGS: &str = "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n";

/// What is unpacked of a suite, with all that it depends on.
const PACKAGES: [&str; 5] = ["podman", "conmon", "netavark", "aardvark-dns", "catatonit"];

/// In mounts of its own: the suite's programs and libraries lie over the host's, its settings below them. The runtime is the
/// host's: that of newer suites does not start everywhere, nor does Podman's usual crun on a host with both versions of
/// control groups. Its locks lie in `/dev/shm`, where one that starts frees those of all others, and the server of names that its network
/// programs find in `/run/containers` answers in the network of whoever started it.
const START: &str = "set -e
mount -t overlay -o lowerdir=$TREE/usr:/usr none /usr
mount -t overlay -o lowerdir=/etc:$TREE/etc none /etc
mount -t tmpfs none /dev/shm
mkdir -p /run/containers
mount -t tmpfs none /run/containers
exec podman --root $F/data --runroot $F/run --tmpdir $F/tmp --network-config-dir $F/net --runtime /usr/sbin/runc \\
    --cgroup-manager cgroupfs system service --time=0 unix://$F/s
";

/// A running service, which speaks Docker's API on a socket. It ends with the value, and its containers with it.
pub(crate) struct Podman {
    folder: tempfile::TempDir,
    network: String,
    service: Child,
}

impl Podman {
    /// That of a Debian suite.
    pub(crate) fn start(suite: &str) -> Self {
        Self::start_with(suite, "")
    }

    /// The same, in which every user of every container may listen on ports below 1024: with Docker the containers may that
    /// tests start themselves.
    pub(crate) fn start_for_the_suite(suite: &str) -> Self {
        Self::start_with(suite, "default_sysctls = [\"net.ipv4.ip_unprivileged_port_start=0\"]\n")
    }

    fn start_with(suite: &str, settings: &str) -> Self {
        let tree = tools::tree(suite, "podman", &PACKAGES);
        tools::installed("/usr/sbin/runc", "runc");
        tools::installed("/bin/ip", "iproute2");
        tools::installed("/usr/sbin/iptables", "iptables");
        let folder = tempfile::Builder::new().prefix("podman").tempdir_in("/tmp").expect("a folder");
        let name = folder.path().file_name().expect("a folder has a name");
        let network = format!("stackctl-{}", name.display());
        must(Command::new("ip").args(["netns", "add", &network]));
        let enter = format!("--net=/run/netns/{network}");
        must(Command::new("nsenter").args([&enter, "ip", "link", "set", "lo", "up"]));
        let path = |name: &str| folder.path().join(name);
        fs::write(path("containers.conf"), format!("{SETTINGS}{settings}")).expect("the folder is ours");
        fs::write(path("start"), START).expect("the folder is ours");
        let log = fs::File::create(path("log")).expect("the folder is ours");
        let mut command = Command::new("nsenter");
        command.args([&enter, "unshare", "--mount", "--propagation", "slave", "sh"]).arg(path("start"));
        command.env("F", folder.path()).env("TREE", tree);
        // The firewall's rules are made by the host's own program, whatever the release would take by itself.
        command.env("CONTAINERS_CONF", path("containers.conf")).env("NETAVARK_FW", "iptables");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let service = command.spawn().expect("nsenter is part of util-linux");
        let podman = Self { folder, network, service };
        let answers = || run(Command::new("docker").args(["-H", &podman.address(), "version"])).code == 0;
        assert!(Beside::wait_until(answers), "Podman of {suite} did not start:\n{}", podman.log());
        podman
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("s").display())
    }

    pub(crate) fn enter(&self) -> String {
        format!("--net=/run/netns/{}", self.network)
    }

    /// A question of its own API.
    fn ask(&self, path: &str) {
        let mut socket = UnixStream::connect(self.folder.path().join("s")).expect("it listens");
        write!(socket, "GET {path} HTTP/1.0\r\nHost: podman\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let ids = run(Command::new("docker").args(["-H", &self.address(), "ps", "-aq"])).stdout;
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if !ids.is_empty() {
            run(Command::new("docker").args(["-H", &self.address(), "rm", "-f"]).args(ids));
        }
        self.service.kill().expect("it runs until now");
        self.service.wait().expect("it was killed");
        // What watches a container, and what tells names, outlives the service. Its mounts end with the last of them.
        let left = || processes_of(self.folder.path());
        for pid in left() {
            run(Command::new("sh").arg("-c").arg(format!("kill -KILL {pid}")));
        }
        let ended = Beside::wait_until(|| left().is_empty());
        run(Command::new("ip").args(["netns", "delete", &self.network]));
        assert!(ended || std::thread::panicking(), "left behind: {:?}", left());
    }
}

#[test]
fn podman_has_no_settings_of_a_daemon_and_is_told_so() {
    for suite in SUITES {
        is_told_that_there_are_no_settings(&Podman::start(suite));
    }
}

fn is_told_that_there_are_no_settings(podman: &Podman) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stack.yml");
    fs::write(&file, "name: demo\nengine: { metrics: gateway }\napps: {}\n").expect("the folder is ours");
    for action in [&["show"][..], &["plan"], &["apply", "--yes", "--restart"], &["rollback", "--yes"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.arg("-f").arg(&file).arg("engine").args(action).stdin(Stdio::null());
        let told = run(command.env("DOCKER_HOST", podman.address()).env("NO_COLOR", "1"));
        assert_eq!(told.code, 1, "{action:?}: {told:?}");
        assert!(told.stderr.contains("it is Podman, which has no daemon, no daemon.json"), "{action:?}: {told:?}");
        assert!(told.stderr.contains("set `engine.metrics: off`"), "{action:?}: {told:?}");
        assert_eq!(told.stdout.contains("engine    Podman "), action[0] == "show", "{told:?}");
        assert!(!told.stdout.contains("daemon.json"), "{action:?} is none of Podman's: {told:?}");
    }
}

/// `stackctl` in the network of Podman: exit code and standard output; what it says else is shown where a test fails.
fn stackctl(podman: &Podman, file: &Path, words: &[&str]) -> (i32, String) {
    let mut command = Command::new("nsenter");
    command.args([&podman.enter(), env!("CARGO_BIN_EXE_stackctl"), "-f"]).arg(file).args(words);
    let done = run(command.env("DOCKER_HOST", podman.address()));
    println!("{words:?}: {}", done.stderr);
    (done.code, done.stdout)
}

#[test]
fn a_stack_comes_up_on_podman_is_proven_scaled_and_goes() {
    for suite in SUITES {
        comes_up_is_proven_scaled_and_goes(&Podman::start(suite));
    }
}

fn comes_up_is_proven_scaled_and_goes(podman: &Podman) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stack.yml");
    let app = "{ image: stackctl/self, command: [demo, accesslog], metrics: { discovery: dns } }";
    let stack = format!("name: pods\nimages: {{ from: debian }}\ngrafana: off\napps: {{ web: {app} }}\n");
    fs::write(&file, stack).expect("the folder is ours");
    // From outside: the network of this Podman leads nowhere.
    let mut pull = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    let pulled = run(pull.arg("-f").arg(&file).args(["images", "pull"]).env("DOCKER_HOST", podman.address()));
    assert_eq!(pulled.code, 0, "{}", pulled.stderr);
    for scale in ["web=2", "web=3", "web=1"] {
        let (code, proof) = stackctl(podman, &file, &["up", "--scale", scale]);
        assert_eq!(code, 0, "{scale}: {proof}");
        let replicas = proof.lines().filter(|line| line.starts_with("ok") && line.contains("pods-web-")).count();
        assert_eq!(format!("web={replicas}"), scale, "{proof}");
        let (code, plan) = stackctl(podman, &file, &["plan"]);
        assert_eq!(code, 0, "nothing is left to do: {plan}");
    }
    let (code, _) = stackctl(podman, &file, &["down", "--volumes", "--yes"]);
    assert_eq!(code, 0);
    let left = run(Command::new("docker").args(["-H", &podman.address(), "ps", "-aq"])).stdout;
    assert_eq!(left.trim(), "");
}

/// Podman's list of containers says nothing of health, its service takes no range of ports and gives no labels to volumes that it
/// makes with a container.
#[test]
fn what_podman_tells_and_takes_otherwise_comes_to_the_same() {
    for suite in SUITES {
        comes_to_the_same(&Podman::start(suite));
    }
}

fn comes_to_the_same(podman: &Podman) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stack.yml");
    let app = "image: stackctl/self, command: [demo, iotd], scale: 2, ports: [\"21770-21771:80\"], read_only: true, \
               user: \"1000\", secrets: [token], healthcheck: { test: [CMD, /stackctl, --version], interval: 1h }";
    let secrets = "secrets: { token: { file: token } }";
    let stack = format!("name: same\nprometheus: off\ngrafana: off\n{secrets}\napps: {{ web: {{ {app} }} }}\n");
    fs::write(&file, &stack).expect("the folder is ours");
    fs::write(folder.path().join("token"), "geheim").expect("the folder is ours");
    let up = || {
        let (code, _) = stackctl(podman, &file, &["up", "--no-wait"]);
        assert_eq!(code, 0);
        let (code, plan) = stackctl(podman, &file, &["plan"]);
        assert_eq!(code, 0, "nothing is left to do: {plan}");
    };
    up();
    let docker = |words: &[&str]| must(Command::new("docker").args(["-H", &podman.address()]).args(words));
    let health = || {
        let (_, listed) = stackctl(podman, &file, &["ps", "--format", "json"]);
        let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).expect("a list");
        listed.iter().map(|entry| entry["health"].as_str().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(health(), ["starting", "starting"]);
    podman.ask("/v4.0.0/libpod/containers/same-web-2/healthcheck");
    assert_eq!(health(), ["starting", "healthy"]);
    let ports = [1, 2].map(|replica| docker(&["port", &format!("same-web-{replica}"), "80/tcp"]).trim().to_owned());
    assert_eq!(ports, ["127.0.0.1:21770", "127.0.0.1:21771"]);

    let secret = || {
        let process = docker(&["inspect", "-f", "{{.State.Pid}}", "same-web-1"]);
        fs::read_to_string(format!("/proc/{}/root/run/secrets/token", process.trim())).expect("the program sees it")
    };
    // Nobody's, as far as stackctl is concerned: it outlives all that follows.
    let other = docker(&["volume", "create"]).trim().to_owned();
    let volumes = || {
        let all: Vec<String> = docker(&["volume", "ls", "--quiet"]).lines().map(str::to_owned).collect();
        assert!(all.contains(&other), "somebody else's volume is gone");
        all.into_iter().filter(|volume| *volume != other).collect::<Vec<_>>()
    };
    assert_eq!((secret().as_str(), volumes().len()), ("geheim", 2));
    let first = volumes();
    fs::write(&file, stack.replace("[demo, iotd]", "[demo, accesslog]")).expect("the folder is ours");
    up();
    assert_eq!((secret().as_str(), volumes().len()), ("geheim", 2));
    assert!(volumes().iter().all(|volume| !first.contains(volume)), "those of the containers before are gone");
    let mut command = Command::new("nsenter");
    command.args([&podman.enter(), env!("CARGO_BIN_EXE_stackctl"), "-f"]).arg(&file).arg("down");
    let down = run(command.env("DOCKER_HOST", podman.address()));
    assert_eq!((down.code, volumes().len()), (0, 0), "{down:?}");
    assert!(!down.stderr.contains("volume"), "{down:?}");
}
