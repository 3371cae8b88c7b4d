//! An engine with mounts of its own: the path of its file leads elsewhere in there than it does here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::beside::{Beside, SMALLEST, must, run};

/// Its file lies on a disk that no other process sees.
fn apart() -> Beside {
    let engine = Beside::start("sid", SMALLEST, "");
    let file = engine.file();
    let folder = file.parent().expect("a folder").display();
    let inner = format!(
        "cd {folder}; mkdir -p own; mount -t tmpfs none own; cp daemon.json own/daemon.json; rm daemon.json; exec \"$@\""
    );
    fs::write(engine.path("inner"), inner).expect("writable");
    let start = fs::read_to_string(engine.path("start")).expect("readable");
    let enter = engine.enter();
    let start = start.replace(&enter, &format!("{enter} unshare --mount sh {folder}/inner"));
    let start = start.replace(&format!("{folder}/daemon.json"), &format!("{folder}/own/daemon.json"));
    fs::write(engine.path("start"), start).expect("writable");
    engine.restart();
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    engine
}

#[test]
fn a_file_that_the_engine_sees_elsewhere_is_not_taken_for_that_of_the_same_name_here() {
    let engine = apart();
    let pid = engine.pid().expect("it runs");
    let (here, seen) =
        (engine.path("own/daemon.json"), format!("/proc/{pid}/root{}", engine.path("own/daemon.json").display()));
    assert!(!here.exists());
    fs::write(&here, "{\"debug\": true}").expect("writable");
    for action in ["plan", "apply", "rollback", "show"] {
        let told = engine.expect(
            1,
            &[&["engine", action][..], if ["apply", "rollback"].contains(&action) { &["--yes"] } else { &[] }].concat(),
        );
        assert!(
            told.contains("has mounts of its own") && told.contains(&format!("nsenter --target {pid} --mount")),
            "{action}: {told}"
        );
        assert!(told.contains(&format!("--config-file {seen}")) && !told.contains("SETTING"), "{action}: {told}");
    }
    // Who is no administrator is told as well, and no command that would change the wrong file.
    fs::set_permissions(engine.path(""), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let denied = engine.stackctl_as_nobody(&["engine", "apply", "--yes"]);
    assert!(
        denied.code == 1 && denied.stderr.contains("has mounts of its own") && !denied.stdout.contains("tee"),
        "{denied:?}"
    );
    // The name that is told leads there, and is judged by what that engine takes.
    let named = ["engine", "apply", "--yes", "--config-file", &seen];
    let text = |path: &str| fs::read_to_string(path).expect("readable");
    engine.expect(0, &named);
    assert!(text(&seen).contains("metrics-addr"), "{}", text(&seen));
    let back = ["engine", "rollback", "--yes", "--config-file", &seen];
    let told = engine.expect(2, &[&back[..], &["--restart-command", "true"]].concat());
    assert!(told.contains("has that name until the engine ends"), "{told}");
    engine.expect(0, &back);
    assert_eq!(text(&seen), SMALLEST);
    fs::write(&seen, "{\"nonsense\": 1}").expect("writable");
    assert!(engine.expect(2, &named).contains("`nonsense` is no setting of Engine 28.5"));
    fs::write(&seen, SMALLEST).expect("writable");
    assert_eq!(fs::read_to_string(&here).expect("readable"), "{\"debug\": true}", "ours is left alone");
    // Nor is it taken for ours where ours is not there, or it is not there.
    fs::remove_file(&here).expect("ours");
    engine.expect(0, &named);
    engine.expect(0, &back);
    assert!(!here.exists());

    let inside = run(Command::new("nsenter")
        .args(["--target", &pid.to_string(), "--mount", env!("CARGO_BIN_EXE_stackctl"), "engine", "apply", "--yes"])
        .env("DOCKER_HOST", engine.address())
        .env("STACKCTL_FILE", engine.path("stack.yml")));
    assert_eq!(inside.code, 0, "{inside:?}");
    assert!(text(&seen).contains("metrics-addr") && !here.exists(), "{inside:?}");
}

/// As under units with `MountFlags=slave` or `PrivateMounts=yes`.
#[test]
fn mounts_of_its_own_with_the_same_file_are_no_hindrance() {
    let engine = Beside::start("sid", SMALLEST, "");
    let start = fs::read_to_string(engine.path("start")).expect("readable");
    let enter = engine.enter();
    fs::write(engine.path("start"), start.replace(&enter, &format!("{enter} unshare --mount"))).expect("writable");
    engine.restart();
    let space = |process: String| must(Command::new("readlink").arg(format!("/proc/{process}/ns/mnt")));
    assert_ne!(space("self".to_owned()), space(engine.pid().expect("it runs").to_string()));
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    for path in [engine.path(""), engine.file(), engine.path("stack.yml")] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let run = engine.stackctl_as_nobody(&["engine", "plan"]);
    assert_eq!(run.code, 3, "{run:?}");
    engine.apply(0);
    assert!(engine.metrics("172.17.0.1:9323") > 100);
}
