//! Runs that are killed, or ended by Ctrl-C, at one moment of a rollback: what is told, and what the next run makes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::beside::{Beside, Run, SMALLEST, WEB, must, run};

const APPLIED: &str = "{\"storage-driver\": \"vfs\", \"metrics-addr\": \"172.17.0.1:9323\"}";

/// A command that gets a signal at the moment at which it would have the engine read its file, which it then does not.
fn ended_at_the_reload(engine: &Beside, signal: &str, words: &[&str]) -> Run {
    let programs = engine.path("programs");
    fs::create_dir_all(&programs).expect("writable");
    let script = format!("case \"$*\" in *'kill -HUP'*) kill -{signal} $PPID; exit 0;; esac\nexec /bin/sh \"$@\"");
    fs::write(programs.join("sh"), format!("#!/bin/sh\n{script}\n")).expect("writable");
    fs::set_permissions(programs.join("sh"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("there is one"));
    run(engine.outside().args(words).env("PATH", path))
}

/// Names of copies beside the file.
fn copies(engine: &Beside) -> Vec<String> {
    let entries = fs::read_dir(engine.path("")).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".stackctl")).collect()
}

fn live_restore(engine: &Beside) -> String {
    engine.docker(&["info", "--format", "{{.LiveRestoreEnabled}}"]).trim().to_owned()
}

/// The file says something of its own for that moment. Whatever is left of it, the next rollback ends the whole one.
#[test]
fn a_rollback_that_ends_while_live_restore_goes_off_is_ended_by_the_next() {
    for (signal, restarts) in [("KILL", true), ("INT", true), ("KILL", false), ("INT", false)] {
        let what = format!("{signal}, restarts: {restarts}");
        let engine = Beside::start("sid", SMALLEST, "");
        engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
        engine.expect(0, &["up", "--no-wait"]);
        engine.apply(0);
        let command = format!("echo once >>{}; {}", engine.path("restarts").display(), engine.restart_command());
        let with_restart = ["--restart-command", command.as_str()];
        let pid = engine.pid();
        let ended = ended_at_the_reload(
            &engine,
            signal,
            &[&["engine", "rollback", "--yes"][..], if restarts { &with_restart } else { &[] }].concat(),
        );
        if signal == "KILL" {
            assert_eq!(ended.code, -1, "{what}: {ended:?}");
        } else {
            assert_eq!(ended.code, 130, "{what}: {ended:?}");
            let told = &ended.stderr;
            assert!(
                told.contains("interrupted, and nothing was restarted") && told.contains("is put back; `"),
                "{told}"
            );
            assert!(told.contains("` ends this rollback"), "{told}");
            assert_eq!(engine.text(), SMALLEST, "{what}");
        }
        assert_eq!((engine.pid(), live_restore(&engine).as_str()), (pid, "true"), "{what}");
        assert!(engine.expect(0, &["engine", "show"]).contains("A ROLLBACK OF IT WAS INTERRUPTED"), "{what}");

        let told = engine.expect(0, &[&["engine", "rollback", "--yes"], &with_restart[..]].concat());
        assert!(told.contains("a rollback that was interrupted has put it back"), "{what}: {told}");
        assert_eq!(fs::read_to_string(engine.path("restarts")).expect("it was restarted"), "once\n", "{what}: {told}");
        assert_eq!((engine.text().as_str(), engine.metrics("172.17.0.1:9323")), (SMALLEST, 0), "{what}: {told}");
        assert_eq!((live_restore(&engine).as_str(), copies(&engine)), ("false", vec![]), "{what}: {told}");
        assert!(engine.docker(&["ps", "--format", "{{.Names}}"]).contains("demo-web-1"), "{what}: {told}");
        assert!(engine.expect(0, &["engine", "rollback", "--yes"]).contains("nothing to roll back"), "{what}");
    }
}

/// What stands in the file for a moment is nobody's wish, and the next run does not take it for one.
#[test]
fn an_apply_that_is_killed_while_live_restore_goes_off_leaves_nothing_of_that() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, &SMALLEST.replace('}', ", \"live-restore\": true}"), "");
        engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
        engine.expect(0, &["up", "--no-wait"]);
        // It is on in the engine still, and somebody wants it no more.
        fs::write(engine.file(), SMALLEST).expect("writable");
        let restart = engine.restart_command();
        let apply = ["engine", "apply", "--yes", "--restart-command", &restart];
        let killed = ended_at_the_reload(&engine, "KILL", &apply);
        assert_eq!(killed.code, -1, "{suite}: {killed:?}");
        assert!(engine.text().contains("\"live-restore\": false"), "{suite}: {}", engine.text());
        let shown = engine.expect(0, &["engine", "show"]);
        assert!(shown.contains("IT WAS KILLED"), "{suite}: {shown}");
        let plan = engine.expect(3, &["engine", "plan"]);
        assert!(plan.contains("a run that was killed has left in") && plan.contains("does that"), "{suite}: {plan}");
        let told = engine.expect(0, &apply);
        assert!(told.contains("what was to follow comes first") && told.contains("says so already"), "{suite}: {told}");
        assert_eq!(engine.text(), APPLIED, "{suite}: {told}");
        assert_eq!((live_restore(&engine).as_str(), copies(&engine).len()), ("false", 1), "{suite}: {told}");
        engine.expect(0, &["engine", "rollback", "--yes", "--restart-command", &restart]);
        assert_eq!((engine.text().as_str(), copies(&engine)), (SMALLEST, vec![]), "{suite}");
    }
}

/// Of two changes one is taken back, however often the same command has to be typed.
#[test]
fn ctrl_c_while_an_engine_that_was_down_starts_says_how_things_stand() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    engine.expect(0, &["engine", "apply", "--yes"]);
    engine.write_stack("engine: { metrics: gateway, logging: { driver: local } }\napps: {}\n");
    engine.expect(0, &["engine", "apply", "--yes"]);
    must(Command::new("kill").arg(engine.pid().expect("it runs").to_string()));
    assert!(Beside::wait_until(|| !engine.path("pid").exists()), "it ends");

    let (begun, file) = (engine.path("begun").display().to_string(), engine.file().display().to_string());
    let rollback = ["engine", "rollback", "--yes", "--config-file", &file, "--restart-command"];
    let mut child = engine.outside();
    child.args(rollback).arg(format!("touch {begun}; sleep 30")).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = child.spawn().expect("stackctl starts");
    assert!(Beside::wait_until(|| engine.path("begun").exists()), "it begins");
    must(Command::new("kill").args(["-INT", &child.id().to_string()]));
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{told}");
    assert!(told.contains("nobody waits for it any more") && told.contains("is put back"), "{told}");
    assert!(told.contains("ends this rollback, and starts the engine where it is down"), "{told}");

    // A command that starts nothing: the same once more is for the same change still.
    let told = engine.expect(1, &[&rollback[..], &["exit 7"]].concat());
    assert!(told.contains("try the same again") || told.contains("the same command tries once more"), "{told}");
    engine.expect(0, &[&rollback[..], &[engine.restart_command().as_str()]].concat());
    assert_eq!(engine.text(), APPLIED);
    assert!(engine.metrics("172.17.0.1:9323") > 100);
    assert_eq!(copies(&engine).len(), 1, "that of the first change is left: {:?}", copies(&engine));
}

#[test]
fn what_is_in_force_still_and_said_by_nobody_is_told_where_nothing_is_to_be_rolled_back() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway, logging: { driver: local } }\napps: {}\n");
    engine.apply(0);
    engine.expect(0, &["engine", "rollback", "--yes"]);
    let told = engine.expect(0, &["engine", "rollback", "--yes"]);
    for words in [
        "nothing to roll back",
        "the engine does what neither",
        "it serves metrics at 172.17.0.1:9323, until it is restarted",
        "new containers log to `local`, until it is restarted",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("live-restore is on"), "{told}");
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(shown.contains("THEY ARE SERVED AT 172.17.0.1:9323 until a restart"), "{shown}");

    engine.restart();
    let told = engine.expect(0, &["engine", "rollback", "--yes"]);
    assert!(told.contains("nothing to roll back") && !told.contains("neither"), "{told}");
    fs::write(engine.file(), SMALLEST.replace('}', ", \"live-restore\": true}")).expect("writable");
    let pid = engine.pid().expect("it runs").to_string();
    must(Command::new("kill").args(["-HUP", &pid]));
    assert!(Beside::wait_until(|| live_restore(&engine) == "true"), "{}", engine.log());
    fs::write(engine.file(), SMALLEST).expect("writable");
    let file = engine.file().display().to_string();
    for named in [&[][..], &["--config-file", &file]] {
        let told = engine.expect(0, &[&["engine", "rollback", "--yes"], named].concat());
        assert!(told.contains("live-restore is on") && told.contains(&format!("`sudo kill -HUP {pid}`")), "{told}");
    }
}
