//! A stack of a test's own: a folder with a stack file, a random name, and the built `stackctl` to run on it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use serde_json::Value;
use stackctl::engine::images::own_build;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A stack of a test's own. It is taken away, volumes too, when this is dropped.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    /// Name of the stack.
    pub(crate) name: String,
}

/// What a run of `stackctl` came to.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Sandbox {
    /// A stack with Prometheus from Debian, scraping each second, without Grafana and without published ports, plus `body`.
    pub(crate) fn new(body: &str) -> Self {
        let sandbox = Self::bare("");
        sandbox.write(body);
        sandbox
    }

    /// A stack file that says just what is given, after its name.
    pub(crate) fn bare(text: &str) -> Self {
        get_images_once();
        let folder = tempfile::tempdir().expect("a folder for the test");
        let name = format!("t{}", unique());
        let sandbox = Self { folder, name };
        sandbox.write_bare(text);
        sandbox
    }

    /// Writes the stack file anew.
    pub(crate) fn write(&self, body: &str) {
        self.write_bare(&format!(
            "images: {{ from: debian }}\ngrafana: off\nprometheus: {{ port: off, scrape_interval: 1s }}\n{body}"
        ));
    }

    /// Writes the stack file anew, with nothing but the name in front.
    pub(crate) fn write_bare(&self, text: &str) {
        std::fs::write(self.stack_file(), format!("name: {}\n{text}", self.name))
            .expect("the stack file can be written");
    }

    /// Path of the stack file.
    pub(crate) fn stack_file(&self) -> PathBuf {
        self.folder.path().join("stack.yml")
    }

    /// A path in the test's folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// `stackctl ARGUMENTS…` for the stack file, ready to run. `STACKCTL_FILE` names it, so that commands in advice need not;
    /// where the arguments lay another file over it, `-f` names both.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = stackctl();
        if arguments.contains(&"-f") {
            command.arg("-f").arg(self.stack_file());
        } else {
            command.env("STACKCTL_FILE", self.stack_file());
        }
        command.args(arguments);
        command
    }

    /// Runs `stackctl` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments))
    }

    /// Runs `stackctl`, which has to end with this code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, code, "stackctl {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
        run
    }

    /// Runs `stackctl`, which has to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> Run {
        self.expect(0, arguments)
    }

    /// A new stack that is started and not waited for.
    #[track_caller]
    pub(crate) fn started(body: &str) -> Self {
        let sandbox = Self::new(body);
        sandbox.ok(&["up", "--no-wait"]);
        sandbox
    }

    /// The JSON that `stackctl ARGUMENTS --format json` prints, whatever its exit code.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstackctl {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr))
    }

    /// Starts `stackctl` and leaves it running.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("stackctl starts")
    }

    /// `action kind name` of each step that `plan` prints.
    #[track_caller]
    pub(crate) fn plan(&self) -> Vec<String> {
        let plan = self.json(&["plan"]);
        let steps = plan["steps"].as_array().expect("a plan has steps").iter();
        steps
            .map(|step| {
                let word = |key: &str| step[key].as_str().expect("a word").replace(&self.name, "STACK");
                format!("{} {} {}", word("action"), word("kind"), word("name"))
            })
            .collect()
    }

    /// The findings of a check that `verify` prints.
    #[track_caller]
    pub(crate) fn findings(&self, check: &str) -> Vec<Value> {
        let report = self.json(&["verify", check]);
        report["checks"].as_array().expect("a report has checks").clone()
    }

    /// `container cause` for each finding of `verify targets` that is not in order.
    #[track_caller]
    pub(crate) fn broken_targets(&self) -> Vec<String> {
        let broken = self.findings("targets").into_iter().filter(|finding| finding["status"] != "ok");
        broken
            .map(|finding| {
                let instance = finding["instance"].as_str().unwrap_or("-").replace(&self.name, "STACK");
                format!("{instance} {}", finding["cause"].as_str().unwrap_or("-"))
            })
            .collect()
    }

    /// Containers of a service, as `name id`, running ones only.
    pub(crate) fn running(&self, service: &str) -> Vec<String> {
        let project = format!("label=com.docker.compose.project={}", self.name);
        let service = format!("label=com.docker.compose.service={service}");
        let listed =
            docker(&["ps", "--no-trunc", "--format", "{{.Names}} {{.ID}}", "--filter", &project, "--filter", &service]);
        let mut lines: Vec<String> = listed.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// Full name of a replica's container.
    pub(crate) fn container(&self, service: &str, replica: u32) -> String {
        format!("{}-{service}-{replica}", self.name)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut report = format!("stack {} as the failed test left it:\n", self.name);
            write!(report, "{}", self.run(&["ps"]).stdout).expect("a String takes everything");
            eprintln!("{report}");
        }
        self.write("");
        let down = self.run(&["down", "--volumes", "--yes"]);
        assert!(
            down.code == 0 || std::thread::panicking(),
            "the stack of the test could not be taken away: {}",
            down.stderr
        );
    }
}

/// The `stackctl` that this test run has built.
pub(crate) fn stackctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.env("NO_COLOR", "1").env_remove("STACKCTL_FILE");
    command
}

/// The image made of it.
pub(crate) fn own_image() -> String {
    let build = own_build(env!("CARGO_BIN_EXE_stackctl").as_ref()).expect("the executable is there");
    stackctl::catalog::own::reference(&build)
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().expect("the command starts");
    Run {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// What `docker ARGUMENTS…` prints. It has to succeed.
#[track_caller]
pub(crate) fn docker(arguments: &[&str]) -> String {
    let run = run(Command::new("docker").args(arguments));
    assert_eq!(run.code, 0, "docker {}\n{}", arguments.join(" "), run.stderr);
    run.stdout
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A number that no other test has, in this process or another.
fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{:x}{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Images are got once for all tests, so that no test waits for another's download.
fn get_images_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("stack.yml");
        let text = "name: images\nimages: { from: debian }\ngrafana: off\nexporters: { node: {} }\nalertmanager: {}\n\
                    apps: { web: { image: stackctl/self } }\n";
        std::fs::write(&file, text).expect("the stack file can be written");
        let run = run(stackctl().arg("-f").arg(&file).args(["images", "pull"]));
        assert_eq!(run.code, 0, "the images of the tests could not be had:\n{}", run.stderr);
    });
}
