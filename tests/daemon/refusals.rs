//! What would keep an engine from starting is refused before anything is written: the file stays, and the engine runs on.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use stackctl::daemon::{Document, Flags, Release, objections};

use crate::beside::{Beside, SMALLEST};

const GATEWAY: &str = "engine: { metrics: gateway }\napps: {}\n";

#[test]
fn engine_20_10_is_kept_from_what_it_would_not_start_with() {
    refuses("bookworm", "20.10");
}

#[test]
fn engine_26_1_is_kept_from_what_it_would_not_start_with() {
    refuses("trixie", "26.1");
}

#[test]
fn engine_28_5_is_kept_from_what_it_would_not_start_with() {
    refuses("sid", "28.5");
}

fn refuses(suite: &str, release: &str) {
    let engine = Beside::start(suite, SMALLEST, "--label rack=7 --shutdown-timeout=5");
    let pid = engine.pid();
    engine.write_stack(GATEWAY);
    let unknown = format!("line 1: `metrics-address` is no setting of Engine {release}");
    for (text, code, said) in [
        ("{\n  \"debug\": true,\n}\n", 2, "daemon.json, line 3, column 1: trailing comma"),
        ("{\"metrics-address\": \"1.2.3.4:5\"}", 2, unknown.as_str()),
        ("{\"shutdown-timeout\": 9}", 2, "`shutdown-timeout` is given as a flag, too (`--shutdown-timeout 5`)"),
        ("{\"live-restore\": \"yes\"}", 2, "`live-restore` is `\"yes\"`, which no engine starts with"),
        ("{\"bridge\": \"none\"}", 2, "there is no default bridge"),
        (
            "{\"storage-driver\": \"vfs\", \"bridge\": \"br-none\"}",
            2,
            "`bridge` is `br-none`, which this host does not have",
        ),
        ("{\"bip\": \"fd00::1/64\"}", 2, "`bip` is `\"fd00::1/64\"`, which no engine starts with"),
    ] {
        fs::write(engine.file(), text).expect("writable");
        let told = engine.apply(code);
        assert!(told.contains(said), "{said}: {told}");
        assert_eq!(engine.text(), text);
    }
    byte_order_mark(&engine, release);
    values_that_only_the_program_knows(&engine, release);
    fs::write(engine.file(), SMALLEST).expect("writable");
    taken_ports_and_strange_addresses(&engine);
    kept_from_others(&engine);
    assert_eq!(engine.text(), SMALLEST);
    assert_eq!(engine.pid(), pid, "nobody restarted it");
    let names: Vec<_> =
        fs::read_dir(engine.path("")).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("daemon.json.")), "{names:?}");
    drop(engine);
}

#[test]
fn who_cannot_see_whose_sockets_are_open_is_not_told_that_the_engine_is_in_its_own_way() {
    let engine = Beside::start("bookworm", "{\"storage-driver\": \"vfs\", \"metrics-addr\": \"172.17.0.1:9323\"}", "");
    engine.write_stack(GATEWAY);
    for path in [engine.path(""), engine.file(), engine.path("stack.yml")] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let wider = ["engine", "plan", "--metrics", "0.0.0.0:9323", "--allow-public"];
    let run = engine.stackctl_as_nobody(&wider);
    assert_eq!(run.code, 3, "{run:?}");
    let held = engine.hold_as_nobody("127.0.0.1", 9323);
    let run = engine.stackctl_as_nobody(&wider);
    assert!(run.code == 1 && run.stderr.contains("127.0.0.1:9323 is taken already"), "{run:?}");
    drop(held);
}

/// The real program has the last word on what begins with a byte order mark: 20.10 refuses it, and cannot be asked before.
fn byte_order_mark(engine: &Beside, release: &str) {
    let text = format!("\u{feff}{SMALLEST}");
    fs::write(engine.file(), &text).expect("writable");
    if release == "20.10" {
        assert!(engine.apply(2).contains("byte order mark, and Engine 20.10 would not start with it"));
        assert_eq!(engine.text(), text);
        return;
    }
    engine.expect(0, &["engine", "apply", "--yes"]);
    engine.expect(0, &["engine", "rollback", "--yes"]);
    assert_eq!(engine.text(), text);
}

/// What no check of stackctl's own objects to: the engine's program does, before anything is written. That of 20.10 has no
/// `--validate`.
fn values_that_only_the_program_knows(engine: &Beside, release: &str) {
    let release: Release = release.parse().expect("a release");
    for (member, said) in [
        ("\"dns\": [\"router\"]", "router"),
        ("\"log-level\": \"loud\"", "loud"),
        ("\"max-concurrent-downloads\": -1", "-1"),
    ] {
        let text = format!("{{\"storage-driver\": \"vfs\", {member}}}");
        let document = Document::parse(text.as_bytes()).expect("JSON");
        assert_eq!(objections(&document, &Flags::default(), Some(release)), [], "{text}");
        fs::write(engine.file(), &text).expect("writable");
        let told = engine.apply(2);
        let words = format!("the engine would not start with the new {}", engine.file().display());
        assert!(told.contains(&words) && told.contains(said) && told.contains("nothing was changed"), "{told}");
        assert!(!told.contains(".stackctl-") && !told.contains("/tmp/.tmp"), "the name of a file that is gone: {told}");
        assert_eq!(engine.text(), text);
    }
}

fn taken_ports_and_strange_addresses(engine: &Beside) {
    let held = engine.hold("0.0.0.0", 9323);
    let told = engine.apply(1);
    assert!(told.contains("0.0.0.0:9323 is taken already by stackctl ("), "{told}");
    assert!(told.contains("`engine.metrics: 172.17.0.1:9324`"), "{told}");
    drop(held);
    let told = engine.expect(1, &["engine", "apply", "--yes", "--metrics", "192.0.2.1:9323"]);
    assert!(told.contains("this host has no such address"), "{told}");
    let told = engine.expect(2, &["engine", "apply", "--yes", "--metrics", "0.0.0.0:9323"]);
    assert!(told.contains("--allow-public"), "{told}");
    let told = engine.expect(2, &["engine", "apply", "--yes", "--restart"]);
    assert!(told.contains("--restart-command"), "{told}");
}

/// A file that this user cannot read, and one that it can read and not write.
fn kept_from_others(engine: &Beside) {
    fs::set_permissions(engine.path(""), fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::set_permissions(engine.file(), fs::Permissions::from_mode(0o600)).expect("it is ours");
    let run = engine.stackctl_as_nobody(&["engine", "apply", "--yes"]);
    assert_eq!(run.code, 1, "{run:?}");
    // sudo keeps nothing of the environment that says which engine and which stack file are meant.
    let sudo = format!(
        "`sudo DOCKER_HOST={} STACKCTL_FILE={} stackctl engine apply --yes`",
        engine.address(),
        engine.path("stack.yml").display()
    );
    assert!(run.stderr.contains("cannot read") && run.stderr.contains(&sudo), "{run:?}");
    fs::set_permissions(engine.file(), fs::Permissions::from_mode(0o644)).expect("it is ours");
    let run = engine.stackctl_as_nobody(&["engine", "apply", "--yes"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("\"storage-driver\": \"vfs\", \"metrics-addr\": \"172.17.0.1:9323\""), "{run:?}");
    assert!(run.stdout.contains(&format!("sudo mv {0}.new {0}", engine.file().display())), "{run:?}");
}
