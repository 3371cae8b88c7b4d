//! A stack behind the proxy, with something beside it that is nobody's business, and what has to hold after each mishap.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::proxy::Proxy;
use crate::sandbox::{Run, Sandbox, docker, own_image, run};

/// A container may be killed while it writes; what was in its volume has to be there afterwards.
const MARKER: &str = "this was here before";

/// Longest time that a run may take, whatever happens to it.
pub(crate) const BOUND: Duration = Duration::from_secs(150);

/// The stack of a test, the proxy before its engine, and a neighbour.
pub(crate) struct Stage {
    pub(crate) stack: Sandbox,
    pub(crate) proxy: Proxy,
    neighbour: Neighbour,
}

/// What the stack file says besides the usual: one app with a volume.
pub(crate) const APPS: &str = "\
volumes: { data: {} }
apps:
  web: { image: stackctl/self, command: [demo, accesslog], volumes: [\"data:/data\"], metrics: {} }
";

impl Stage {
    /// A stack that says this after its usual settings.
    pub(crate) fn new(body: &str) -> Self {
        let stack = Sandbox::new(body);
        let proxy = Proxy::new(&stack.path(""));
        let neighbour = Neighbour::new(&stack.name);
        Self { stack, proxy, neighbour }
    }

    /// `stackctl ARGUMENTS…` through the proxy.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.stack.command(arguments);
        command.env("DOCKER_HOST", self.proxy.address()).env("STACKCTL_ENGINE_TIMEOUT", "8s");
        command
    }

    /// The same as the user `nobody`, who may use the engine, and whose folder `nobody` is.
    pub(crate) fn as_nobody(&self, arguments: &[&str]) -> Command {
        use std::os::unix::fs::{PermissionsExt as _, chown};
        const NOBODY: u32 = 65534;
        let state = self.stack.path("nobody");
        std::fs::create_dir(&state).expect("the test's folder is writable");
        chown(&state, Some(NOBODY), Some(NOBODY)).expect("the tests run as root, as those of the engine do");
        for (path, mode) in [(self.stack.path(""), 0o755), (self.proxy.socket().to_owned(), 0o666)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        }
        // A copy, because the folder that it was built in may be closed to others.
        let program = self.stack.path("stackctl");
        std::fs::copy(env!("CARGO_BIN_EXE_stackctl"), &program).expect("the test's folder is writable");
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program);
        command.args(arguments).env("STACKCTL_FILE", self.stack.stack_file());
        command.env("DOCKER_HOST", self.proxy.address()).env("NO_COLOR", "1");
        command
    }

    /// Starts it; what it prints is kept for later.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("stackctl starts");
        self.proxy.aim_at(child.id());
        child
    }

    /// Runs it to its end, which has to come in time.
    #[track_caller]
    pub(crate) fn bounded(&self, arguments: &[&str]) -> Run {
        let begun = Instant::now();
        let mut child = self.start(arguments);
        while child.try_wait().expect("the child is ours").is_none() {
            if begun.elapsed() > BOUND {
                child.kill().expect("kill -9");
                let output = child.wait_with_output().expect("it ends");
                panic!(
                    "stackctl {} hangs: {}\ncalls: {:#?}",
                    arguments.join(" "),
                    String::from_utf8_lossy(&output.stderr),
                    self.proxy.calls()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output().expect("it has ended");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs it through the untroubled proxy; it has to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> Run {
        self.proxy.reset();
        let run = self.bounded(arguments);
        assert_eq!(run.code, 0, "stackctl {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
        run
    }

    /// The calls of a run that nothing troubles.
    #[track_caller]
    pub(crate) fn calls_of(&self, arguments: &[&str]) -> Vec<String> {
        self.ok(arguments);
        self.proxy.calls()
    }

    /// Puts something into the stack's volume.
    pub(crate) fn mark(&self) {
        let path = self.stack.path("marker");
        std::fs::write(&path, MARKER).expect("the test's folder is writable");
        docker(&["cp", &path.display().to_string(), &format!("{}:/data/marker", self.stack.container("web", 1))]);
    }

    /// `up` leads to an empty plan; nothing is lost, doubled, or left over, and nobody else's things were touched.
    #[track_caller]
    pub(crate) fn assert_recovers(&self, what: &str, web: &[usize]) {
        self.proxy.reset();
        let up = self.bounded(&["up", "--no-wait"]);
        assert_eq!(up.code, 0, "{what}: the next up fails:\n{}", up.stderr);
        let plan = self.bounded(&["plan", "--format", "json"]);
        assert_eq!(plan.code, 0, "{what}: the plan is not empty:\n{}{}", plan.stdout, plan.stderr);
        if !self.probes().is_empty() {
            // One whose creation was under way when its maker was killed comes into being after the sweep.
            assert_eq!(self.bounded(&["up", "--no-wait"]).code, 0, "{what}");
        }
        let containers = self.labelled("container");
        let replicas = containers.iter().filter(|name| name.starts_with(&format!("{}-web-", self.stack.name))).count();
        assert!(web.contains(&replicas), "{what}: {containers:?}");
        let wanted: BTreeSet<String> = (1..=replicas)
            .map(|replica| self.stack.container("web", u32::try_from(replica).expect("few")))
            .chain([self.stack.container("prometheus", 1)])
            .collect();
        assert_eq!(containers, wanted, "{what}: containers");
        let name = &self.stack.name;
        assert_eq!(self.labelled("network"), BTreeSet::from([format!("{name}_default")]), "{what}: networks");
        let volumes = BTreeSet::from([format!("{name}_data"), format!("{name}_prometheus-data")]);
        assert_eq!(self.labelled("volume"), volumes, "{what}: volumes");
        assert_eq!(self.nameless_volumes(), "", "{what}: volumes without a name");
        assert_eq!(self.marker(), MARKER, "{what}: the volume lost what was in it");
        self.neighbour.assert_untouched(what);
    }

    /// `down` takes everything away but the volumes.
    #[track_caller]
    pub(crate) fn assert_goes(&self, what: &str) {
        self.proxy.reset();
        let down = self.bounded(&["down"]);
        assert_eq!(down.code, 0, "{what}: the next down fails:\n{}", down.stderr);
        assert_eq!(self.probes(), [""; 0], "{what}");
        for kind in ["container", "network"] {
            assert_eq!(self.labelled(kind), BTreeSet::new(), "{what}: {kind}s after down");
        }
        self.neighbour.assert_untouched(what);
    }

    /// Names of the probes that are there, whatever their state.
    pub(crate) fn probes(&self) -> Vec<String> {
        let filter = format!("label=io.stackctl.stack={}", self.stack.name);
        let filters = ["--filter", &filter, "--filter", "label=io.stackctl.role=probe"];
        let listed = docker(&[&["ps", "--all", "--format", "{{.Names}}"], &filters[..]].concat());
        listed.lines().map(str::to_owned).collect()
    }

    /// Volumes with files whose container is gone.
    fn nameless_volumes(&self) -> String {
        let filter = format!("label=io.stackctl.placed={}", self.stack.name);
        docker(&["volume", "ls", "--quiet", "--filter", "dangling=true", "--filter", &filter])
    }

    /// Names of all objects of a kind that carry the stack's label, stopped ones too.
    fn labelled(&self, kind: &str) -> BTreeSet<String> {
        let filter = format!("label=io.stackctl.stack={}", self.stack.name);
        let format = if kind == "container" { "{{.Names}}" } else { "{{.Name}}" };
        let all: &[&str] = if kind == "container" { &["--all"] } else { &[] };
        let listed = docker(&[&[kind, "ls", "--format", format, "--filter", &filter], all].concat());
        let names: Vec<&str> = listed.lines().collect();
        assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "two {kind}s of one name: {names:?}");
        names.into_iter().map(str::to_owned).collect()
    }

    fn marker(&self) -> String {
        let container = format!("{}:/data/marker", self.stack.container("web", 1));
        let output = Command::new("docker").args(["cp", &container, "-"]).output().expect("docker");
        let mut archive = tar::Archive::new(output.stdout.as_slice());
        let mut text = String::new();
        if let Some(entry) = archive.entries().expect("an archive").next() {
            entry.expect("whole").read_to_string(&mut text).expect("text");
        }
        text
    }
}

/// Objects with the names of a stack's objects and without its labels. They have to be there, unchanged, in the end.
struct Neighbour {
    container: String,
    network: String,
    volume: String,
}

impl Neighbour {
    fn new(stack: &str) -> Self {
        let (network, volume) = (format!("{stack}_neighbour"), format!("{stack}-neighbour"));
        let project = format!("com.docker.compose.project={stack}-neighbour");
        let container = format!("{stack}-neighbour-1");
        let container = docker(&["create", "--name", &container, "--label", &project, &own_image()]);
        Self {
            container: container.trim().to_owned(),
            network: docker(&["network", "create", &network]).trim().to_owned(),
            volume: docker(&["volume", "create", &volume]).trim().to_owned(),
        }
    }

    #[track_caller]
    fn assert_untouched(&self, what: &str) {
        for (kind, id) in [("container", &self.container), ("network", &self.network), ("volume", &self.volume)] {
            let inspected = run(Command::new("docker").args([kind, "inspect", id]));
            assert_eq!(inspected.code, 0, "{what}: the neighbour's {kind} is gone");
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        run(Command::new("docker").args(["rm", "--force", &self.container]));
        run(Command::new("docker").args(["network", "rm", &self.network]));
        run(Command::new("docker").args(["volume", "rm", &self.volume]));
    }
}
