//! An engine that hangs because of what somebody has made of its file: what is told of it, and the way out.

use std::fs;
use std::process::Command;

use crate::beside::{Beside, SMALLEST, must};

/// An engine waits a minute for a containerd that is not there.
const HANGS: &str = "{\"storage-driver\": \"vfs\", \"containerd\": \"/nowhere/s\"}";

/// The engine's process, once it takes connections.
fn hung(engine: &Beside) -> u32 {
    assert!(Beside::wait_until(|| engine.path("pid").exists() && engine.path("s").exists()), "{}", engine.log());
    engine.pid().expect("it runs")
}

#[test]
fn an_edit_on_which_the_engine_hangs_is_told_and_the_last_copy_is_the_way_out() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, SMALLEST, "");
        engine.write_stack("engine: { logging: { driver: local } }\napps: {}\n");
        engine.apply(0);
        fs::write(engine.file(), HANGS).expect("writable");
        engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
        let restart = engine.restart_command();
        let told = engine.expect(1, &["engine", "apply", "--yes", "--timeout", "2s", "--restart-command", &restart]);
        let pid = hung(&engine);
        let file = engine.file().display().to_string();
        for words in [
            "It is DOWN",
            &format!("its process {pid} runs and does not answer"),
            "the file had changed since the engine started, so that it never ran with it",
            "or go back to ",
        ] {
            assert!(told.contains(words), "{suite}: {words}: {told}");
        }
        assert_eq!(engine.text(), HANGS);
        let shown = engine.expect(1, &["engine", "show"]);
        let undo = format!("`stackctl engine rollback --config-file {file} --restart-command COMMAND` goes back to ");
        for words in [
            &format!("process   {pid} `"),
            "IT DOES NOT ANSWER",
            "/nowhere/s",
            &format!(
                "its log says where it hangs ({}), and `sudo kill -KILL {pid}` ends it",
                engine.path("log").display()
            ),
            "is not what stackctl wrote there at ",
            &undo,
        ] {
            assert!(shown.contains(words), "{suite}: {words}: {shown}");
        }
        let back = ["engine", "rollback", "--yes", "--config-file", &file, "--restart-command", &restart];
        let told = engine.expect(0, &back);
        assert!(told.contains(&format!("ending process {pid}, which does not answer")), "{suite}: {told}");
        assert_eq!(engine.text(), SMALLEST, "{suite}");
        assert!(engine.docker(&["info"]).contains("Server Version"), "{suite}");
    }
}

#[test]
fn an_engine_that_hangs_and_has_no_copy_is_told_as_that() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    must(Command::new("kill").arg(engine.pid().expect("it runs").to_string()));
    assert!(Beside::wait_until(|| !engine.path("pid").exists()), "it ends");
    fs::write(engine.file(), HANGS).expect("writable");
    must(&mut Command::new(engine.path("start")));
    let pid = hung(&engine);
    let told = engine.expect(0, &["engine", "rollback", "--yes"]);
    for words in [
        "nothing to roll back",
        &format!("the engine hangs: its process {pid} runs and does not answer"),
        "stackctl keeps no copy of",
        "put right there what was changed last",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let told = engine.expect(1, &["engine", "plan"]);
    assert!(told.contains(&format!("`sudo kill -KILL {pid}` ends it")), "{told}");
}
