//! Several builds of stackctl on one engine, and several stack files of one name.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use stackctl::catalog::own;
use stackctl::engine::images::own_build;

use crate::sandbox::{Run, Sandbox, run};

/// The stackctl of this test run under another build id, as if it had been built once more.
struct OtherBuild {
    executable: PathBuf,
    _folder: tempfile::TempDir,
}

impl OtherBuild {
    /// `seed` tells the other builds of this test run apart.
    fn new(seed: u8) -> Self {
        let original = Path::new(env!("CARGO_BIN_EXE_stackctl"));
        let build_id = own_build(original).expect("the executable is there");
        let build_id: Vec<u8> = (0..build_id.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&build_id[at..at + 2], 16).expect("a build id is in hex"))
            .collect();
        let mut content = std::fs::read(original).expect("the executable can be read");
        let at = content.windows(build_id.len()).position(|window| window == build_id);
        content[at.expect("the build id lies in the executable")] ^= seed;
        let folder = tempfile::tempdir().expect("a folder");
        let executable = folder.path().join("stackctl");
        std::fs::write(&executable, content).expect("a copy");
        std::fs::set_permissions(&executable, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self { executable, _folder: folder }
    }

    fn image(&self) -> String {
        own::reference(&own_build(&self.executable).expect("the executable is there"))
    }

    fn run(&self, stack: &Sandbox, arguments: &[&str]) -> Run {
        let mut command = Command::new(&self.executable);
        run(command.env("NO_COLOR", "1").env("STACKCTL_FILE", stack.stack_file()).args(arguments))
    }
}

impl Drop for OtherBuild {
    fn drop(&mut self) {
        run(Command::new("docker").args(["rmi", "-f", &self.image()]));
    }
}

#[test]
fn two_builds_of_stackctl_leave_each_others_stacks_alone() {
    let apps = "apps: { web: { image: stackctl/self, command: [demo, iotd] } }\n";
    let (first, second, other) = (Sandbox::started(apps), Sandbox::new(apps), OtherBuild::new(1));
    let up = other.run(&second, &["up", "--no-wait"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(first.plan(), [""; 0]);
    let plan = other.run(&second, &["plan"]);
    assert_eq!(plan.code, 0, "{}", plan.stdout);
    drop(second);
}

/// Debian's node-exporter as somebody's app: what runs then has nothing of stackctl's own image.
#[test]
fn a_stack_without_a_demo_app_is_probed_all_the_same() {
    let other = OtherBuild::new(2);
    let stack = Sandbox::new(
        "apps: { web: { image: \"stackctl/node:debian\", pull_policy: never, metrics: { port: 9100, path: /stats } } }\n",
    );
    let up = other.run(&stack, &["up", "--timeout", "30s"]);
    assert_eq!(up.code, 3, "{}\n{}", up.stdout, up.stderr);
    assert!(up.stdout.contains("not-metrics") && up.stdout.contains("path: /metrics"), "{}", up.stdout);
}

#[test]
fn a_stack_file_of_the_same_name_elsewhere_does_not_take_over_without_being_told() {
    let app = |name| format!("apps: {{ {name}: {{ image: stackctl/self, command: [demo, iotd] }} }}\n");
    let stack = Sandbox::started(&app("web"));
    let runs = stack.running("web");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other_file = elsewhere.path().join("stack.yml");
    let text = std::fs::read_to_string(stack.stack_file()).expect("the test wrote it");
    std::fs::write(&other_file, text.replace("web:", "shop:")).expect("the folder is ours");
    let other = |arguments: &[&str]| run(crate::sandbox::stackctl().arg("-f").arg(&other_file).args(arguments));
    let other_up = |more: &[&str]| other(&[&["up", "--no-wait"], more].concat());
    let plan = other(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).expect("plan prints JSON");
    let told = plan["refused"][0]["message"].as_str().unwrap_or_default();
    assert!(
        told.contains("another stack of this name runs from") && plan["refused"][0]["container"].is_null(),
        "{plan}"
    );
    let refused = other_up(&[]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    for words in [&stack.container("web", 1), stack.stack_file().to_str().expect("UTF-8"), "--take-over"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    assert_eq!(stack.running("web"), runs, "nothing was touched");
    assert!(stack.running("shop").is_empty(), "nothing was begun");
    let verified = other(&["verify", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&verified.stdout).expect("it is JSON");
    let checks = report["checks"].as_array().expect("a report has checks");
    let stale = checks.iter().find(|check| check["subject"] == stack.container("web", 1).as_str());
    let stale = stale.expect("what would go is told").to_string();
    for words in ["refuses to: another stack of this name runs from", "--take-over"] {
        assert!(stale.contains(words), "{words}: {stale}");
    }
    assert!(checks.iter().all(|check| check["fix"] != "run `stackctl up`"), "{report:#}");
    let verified = other(&["verify", "config"]);
    assert!(verified.stderr.contains("cannot bring up stack"), "{}", verified.stderr);
    for down in [&["down"][..], &["down", "--volumes", "--yes"]] {
        let refused = other(down);
        assert_eq!(refused.code, 1, "{down:?}: {}", refused.stderr);
        for words in [stack.stack_file().to_str().expect("UTF-8"), "--take-over"] {
            assert!(refused.stderr.contains(words), "{down:?}: {words}: {}", refused.stderr);
        }
        assert_eq!(stack.running("web"), runs, "{down:?}: nothing was touched");
    }
    let told = other_up(&["--take-over"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!((stack.running("web").len(), stack.running("shop").len()), (0, 1));
    assert_eq!(stack.expect(1, &["down"]).stdout, "", "now it is the other's");
    std::fs::remove_file(&other_file).expect("the test wrote it");
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web").len(), 1, "a file that is gone has no say");
}

#[test]
fn volumes_of_a_stack_file_of_the_same_name_elsewhere_are_neither_removed_nor_taken() {
    let text = "apps: { web: { image: stackctl/self, command: [demo, iotd], volumes: [\"data:/data\"] } }\nvolumes: { data: {} }\n";
    let stack = Sandbox::new(text);
    stack.ok(&["up", "--no-wait"]);
    stack.ok(&["down"]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other_file = elsewhere.path().join("stack.yml");
    std::fs::copy(stack.stack_file(), &other_file).expect("the folder is ours");
    let other = |arguments: &[&str]| run(crate::sandbox::stackctl().arg("-f").arg(&other_file).args(arguments));
    let volume = format!("{}_data", stack.name);
    for words in [&["down", "--volumes", "--yes"][..], &["up", "--no-wait"]] {
        let refused = other(words);
        assert_eq!(refused.code, 1, "{words:?}: {}", refused.stderr);
        for told in [stack.stack_file().to_str().expect("UTF-8"), "--take-over", &stack.name] {
            assert!(refused.stderr.contains(told), "{words:?}: {told}: {}", refused.stderr);
        }
        assert_eq!(crate::sandbox::docker(&["volume", "inspect", "--format", "{{.Name}}", &volume]).trim(), volume);
    }
    assert!(stack.running("web").is_empty(), "nothing was begun");
    let taken = other(&["up", "--no-wait", "--take-over"]);
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    assert_eq!(other(&["plan"]).code, 0, "no label is a reason to do anything");
    let again = other(&["down", "--volumes", "--yes"]);
    assert_eq!(again.code, 0, "what runs from there has its volumes with it: {}", again.stderr);
    assert!(!crate::sandbox::docker(&["volume", "ls", "--quiet"]).lines().any(|name| name == volume));
}
