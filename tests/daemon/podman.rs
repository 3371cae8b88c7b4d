//! Podman's service of a test's own, in a network and with folders of its own.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::beside::{Beside, must, run};
use crate::tools;

/// Its defaults ask for more open files than a host in a container or a small machine allows.
const SETTINGS: &str = "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n";

/// A running service, which speaks Docker's API on a socket. It ends with the value, and its containers with it.
pub(crate) struct Podman {
    folder: tempfile::TempDir,
    network: String,
    service: Child,
}

impl Podman {
    /// The host's own release; as root it is installed where it is missing.
    pub(crate) fn start() -> Self {
        tools::installed("/usr/bin/podman", "podman");
        tools::installed("/usr/sbin/runc", "runc");
        tools::installed("/usr/lib/podman/netavark", "netavark");
        tools::installed("/usr/lib/podman/aardvark-dns", "aardvark-dns");
        let folder = tempfile::Builder::new().prefix("podman").tempdir_in("/tmp").expect("a folder");
        let name = folder.path().file_name().expect("a folder has a name");
        let network = format!("stackctl-{}", name.display());
        must(Command::new("ip").args(["netns", "add", &network]));
        let enter = format!("--net=/run/netns/{network}");
        must(Command::new("nsenter").args([&enter, "ip", "link", "set", "lo", "up"]));
        let path = |name: &str| folder.path().join(name);
        fs::write(path("containers.conf"), SETTINGS).expect("the folder is ours");
        let log = fs::File::create(path("log")).expect("the folder is ours");
        let mut command = Command::new("nsenter");
        command.args([&enter, "podman"]);
        for (option, place) in
            [("--root", "data"), ("--runroot", "run"), ("--tmpdir", "tmp"), ("--network-config-dir", "net")]
        {
            command.arg(option).arg(path(place));
        }
        // Podman's usual crun does not start on a host with both versions of control groups.
        command.args(["--runtime", "/usr/sbin/runc", "--cgroup-manager", "cgroupfs", "system", "service", "--time=0"]);
        command.arg(format!("unix://{}", path("s").display()));
        command.env("CONTAINERS_CONF", path("containers.conf")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let service = command.spawn().expect("nsenter is part of util-linux");
        let podman = Self { folder, network, service };
        let answers = || run(Command::new("docker").args(["-H", &podman.address(), "version"])).code == 0;
        assert!(
            Beside::wait_until(answers),
            "{}",
            fs::read_to_string(podman.folder.path().join("log")).unwrap_or_default()
        );
        podman
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("s").display())
    }

    pub(crate) fn enter(&self) -> String {
        format!("--net=/run/netns/{}", self.network)
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
        let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let folder = self.folder.path().display().to_string();
        let points = table.lines().filter_map(|line| line.split(' ').nth(1)).filter(|point| point.starts_with(&folder));
        for point in points.collect::<Vec<_>>().iter().rev() {
            run(Command::new("umount").args(["-l", point]));
        }
        run(Command::new("ip").args(["netns", "delete", &self.network]));
    }
}

#[test]
fn podman_has_no_settings_of_a_daemon_and_is_told_so() {
    let podman = Podman::start();
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
    let podman = Podman::start();
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
        let (code, proof) = stackctl(&podman, &file, &["up", "--scale", scale]);
        assert_eq!(code, 0, "{scale}: {proof}");
        let replicas = proof.lines().filter(|line| line.starts_with("ok") && line.contains("pods-web-")).count();
        assert_eq!(format!("web={replicas}"), scale, "{proof}");
        let (code, plan) = stackctl(&podman, &file, &["plan"]);
        assert_eq!(code, 0, "nothing is left to do: {plan}");
    }
    let (code, _) = stackctl(&podman, &file, &["down", "--volumes", "--yes"]);
    assert_eq!(code, 0);
    let left = run(Command::new("docker").args(["-H", &podman.address(), "ps", "-aq"])).stdout;
    assert_eq!(left.trim(), "");
}
