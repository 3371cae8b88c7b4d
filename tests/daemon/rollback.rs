//! `engine rollback` is a change like any other: it names what stops, proves that the engine is back, and goes back itself.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::beside::{Beside, SMALLEST, SUITES, WEB, must};

/// With the metrics that are to be taken back, in force.
fn applied(suite: &str, settings: &str, flags: &str) -> Beside {
    let engine = Beside::start(suite, settings, flags);
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    engine.expect(0, &["up", "--no-wait"]);
    engine.apply(0);
    engine
}

fn rollback(engine: &Beside, code: i32) -> String {
    engine.expect(code, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()])
}

fn running(engine: &Beside) -> String {
    engine.docker(&["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"])
}

/// What lies beside the file with that end of its name.
fn copies(engine: &Beside, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(engine.path("")).expect("a folder").flatten().map(|entry| entry.path());
    let mut found: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    found.sort();
    found
}

#[test]
fn containers_that_stop_are_named_before_and_after() {
    let engine = applied("sid", SMALLEST, "");
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
    engine.docker(&["run", "-d", "--name", "left", image.trim(), "demo", "accesslog"]);
    let told = rollback(&engine, 0);
    for words in [
        "-{\"storage-driver\": \"vfs\", \"metrics-addr\": \"172.17.0.1:9323\"}",
        "2 running containers stop meanwhile",
        "restart policy: demo-web-1",
        "STAY DOWN: they have no restart policy: left",
        "1 of 2 containers not running any more",
        "`docker start left`",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("in the stack file would keep them running"), "{told}");
    assert_eq!((engine.text().as_str(), engine.metrics("172.17.0.1:9323")), (SMALLEST, 0));
    assert!(running(&engine).contains("demo-web-1"));
}

#[test]
fn a_copy_that_the_engine_does_not_start_with_is_taken_back_in_turn() {
    for suite in ["bookworm", "sid"] {
        let engine = applied(suite, SMALLEST, "");
        let (before, text) = (running(&engine), engine.text());
        let [copy] = &copies(&engine, ".stackctl")[..] else { panic!("one copy") };
        // An option that no release looks at before it starts, `dockerd --validate` included.
        let broken = "{\"storage-driver\": \"vfs\", \"log-opts\": {\"max-sized\": \"1m\"}}";
        fs::write(copy, broken).expect("writable");
        let start = Instant::now();
        let told = rollback(&engine, 1);
        let took = start.elapsed();
        for words in
            ["putting back what", "unknown log opt 'max-sized'", "before the rollback", "the engine runs with it"]
        {
            assert!(told.contains(words), "{suite}: {words}: {told}");
        }
        assert!(took < Duration::from_secs(30), "{suite} took {took:?}: {told}");
        assert_eq!((engine.text(), running(&engine)), (text, before), "{suite}: {told}");
        assert!(engine.metrics("172.17.0.1:9323") > 100, "{suite}");
        // Nothing is lost: the copy is there still, and does once it is mended.
        let [copy] = &copies(&engine, ".stackctl")[..] else { panic!("one copy") };
        assert_eq!(fs::read_to_string(copy).expect("readable"), broken);
        fs::write(copy, SMALLEST).expect("writable");
        assert!(rollback(&engine, 0).contains("the containers that ran before run again: 1"));
        assert_eq!(engine.text(), SMALLEST);
    }
}

#[test]
fn what_the_engine_has_never_taken_up_is_taken_back_without_a_restart() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let pid = engine.pid();
    engine.expect(0, &["engine", "apply", "--yes"]);
    let told = rollback(&engine, 0);
    assert!(told.contains("nothing has to be restarted") && !told.contains("restarting"), "{told}");
    assert_eq!((engine.text().as_str(), engine.pid()), (SMALLEST, pid));

    engine.apply(0);
    let told = engine.expect(0, &["engine", "rollback", "--yes"]);
    assert!(told.contains("in force after a restart") && told.contains("not in force yet; next:"), "{told}");
    assert!(engine.metrics("172.17.0.1:9323") > 100, "{told}");
}

#[test]
fn without_live_restore_in_the_copy_containers_do_not_live_on() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    engine.expect(0, &["up", "--no-wait"]);
    let since = || engine.docker(&["inspect", "--format", "{{.State.StartedAt}}", "demo-web-1"]);
    let first = since();
    engine.apply(0);
    assert_eq!(since(), first);
    let told = rollback(&engine, 0);
    assert!(told.contains("1 running container stops meanwhile") && told.contains("run again: 1"), "{told}");
    assert_ne!(since(), first, "{told}");
}

#[test]
fn an_empty_copy_is_put_back_only_where_the_engine_starts_with_it() {
    for suite in SUITES {
        let engine = applied(suite, "{}", "--storage-driver vfs");
        let text = engine.text();
        let [copy] = &copies(&engine, ".stackctl")[..] else { panic!("one copy") };
        fs::write(copy, "").expect("writable");
        if suite == "bookworm" {
            let told = rollback(&engine, 2);
            assert!(told.contains("it is empty, and Engine 20.10 wants at least `{}`"), "{told}");
            assert_eq!(engine.text(), text);
        } else {
            assert!(rollback(&engine, 0).contains("run again: 1"), "{suite}");
            assert_eq!(engine.text(), "");
        }
    }
}

#[test]
fn a_copy_that_contradicts_the_flags_is_refused() {
    let engine = applied("bookworm", SMALLEST, "--log-driver local");
    let text = engine.text();
    let [copy] = &copies(&engine, ".stackctl")[..] else { panic!("one copy") };
    fs::write(copy, "{\"log-driver\": \"json-file\"}").expect("writable");
    let told = rollback(&engine, 2);
    assert!(told.contains("`log-driver` is given as a flag, too (`--log-driver local`)"), "{told}");
    assert_eq!(engine.text(), text);
}

#[test]
fn a_restart_that_never_happens_is_told_with_the_way_back() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let told = engine
        .expect(1, &["engine", "apply", "--yes", "--timeout", "1s", "--restart-command", "echo no such unit; exit 5"]);
    assert!(told.contains("| no such unit") && told.contains("`stackctl engine rollback`"), "{told}");
    assert_ne!(engine.text(), SMALLEST);
}

/// Whoever edits the file back by hand has not restarted the engine.
#[test]
fn what_runs_is_taken_back_by_a_restart_also_where_the_file_says_so_already() {
    let engine = applied("bookworm", SMALLEST, "");
    fs::write(engine.file(), SMALLEST).expect("writable");
    let told = rollback(&engine, 0);
    assert!(told.contains("restarting the engine"), "{told}");
    assert_eq!((engine.text().as_str(), engine.metrics("172.17.0.1:9323")), (SMALLEST, 0), "{told}");
}

/// What is said by an `engine apply` or `engine rollback` that Ctrl-C ends while its restart command runs.
fn interrupted(engine: &Beside, what: &str) -> String {
    let begun = engine.path(&format!("{what} has begun"));
    let command = format!("touch '{}'; sleep 30", begun.display());
    let mut child = engine.outside();
    child.args(["engine", what, "--yes", "--restart-command", &command]).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = child.spawn().expect("stackctl starts");
    assert!(Beside::wait_until(|| begun.exists()), "it begins");
    must(Command::new("kill").args(["-INT", &child.id().to_string()]));
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(130), "{told}");
    told
}

#[test]
fn ctrl_c_while_the_engine_restarts_says_how_things_stand() {
    let engine = applied("sid", SMALLEST, "");
    let told = interrupted(&engine, "rollback");
    assert!(told.contains("is put back; `") && told.contains("` ends this rollback"), "{told}");
    assert_eq!(engine.text(), SMALLEST);
    rollback(&engine, 0);

    let told = interrupted(&engine, "apply");
    assert!(
        told.contains("is changed")
            && told.contains("`stackctl engine rollback` takes the change back, and where the engine is down"),
        "{told}"
    );
    assert_ne!(engine.text(), SMALLEST);
    assert!(engine.expect(0, &["engine", "rollback", "--yes"]).contains("nothing has to be restarted"));
}

#[test]
fn where_an_engine_of_ones_own_is_down_its_file_has_to_be_named() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    engine.expect(0, &["engine", "apply", "--yes"]);
    must(Command::new("kill").arg(engine.pid().expect("it runs").to_string()));
    assert!(Beside::wait_until(|| !engine.path("pid").exists()), "it ends");
    for words in [&["engine", "rollback", "--yes"][..], &["engine", "apply", "--yes"], &["engine", "show"]] {
        let told = engine.expect(1, words);
        assert!(told.contains("`stackctl engine rollback --config-file FILE`"), "{words:?}: {told}");
    }
    engine.expect(0, &["engine", "rollback", "--yes", "--config-file", &engine.file().display().to_string()]);
    assert_eq!(engine.text(), SMALLEST);
}

#[test]
fn verify_sends_nobody_to_a_command_that_would_refuse() {
    let engine = Beside::start("sid", SMALLEST, "--metrics-addr 127.0.0.1:9323");
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    engine.expect_inside(0, &["up", "--no-wait"]);
    let told = engine.expect_inside(3, &["verify", "engine"]);
    assert!(told.contains("dockerd's command line decides that: `--metrics-addr 127.0.0.1:9323`"), "{told}");
    let told = engine.expect(2, &["engine", "apply", "--yes"]);
    assert!(told.contains("is given as a flag, too") && !told.contains(", line "), "{told}");
    let wanted = ["engine", "plan", "--metrics", "127.0.0.1:9323"];
    let told = engine.expect(0, &wanted);
    assert!(told.contains("the flag `--metrics-addr 127.0.0.1:9323` of the engine says so already"), "{told}");
}

/// Its command line names the file, as every engine of these tests has it.
#[test]
fn an_engine_that_wants_its_file_is_not_left_without_one() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    fs::remove_file(engine.file()).expect("it is there");
    engine.expect(0, &["engine", "apply", "--yes"]);
    let text = engine.text();
    let told = rollback(&engine, 2);
    assert!(told.contains("was not there before") && told.contains("would not start without"), "{told}");
    assert_eq!(engine.text(), text);

    // The same where the engine does not come back with the new one.
    fs::remove_file(engine.file()).expect("it is there");
    let command = engine.never_with_metrics();
    let told = engine.expect(1, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(told.contains("is `{}` (there was none before") && told.contains("the engine runs with it"), "{told}");
    assert!(!told.contains("is what it was before") && engine.pid().is_some(), "{told}");
    assert_eq!(engine.text(), "{}\n");
}

/// Killed once the file is back, and before or after the engine was restarted with it.
#[test]
fn a_rollback_that_was_killed_is_ended_by_the_next_and_not_taken_back() {
    for restarts in [false, true] {
        let engine = applied("sid", SMALLEST, "");
        let restart = if restarts { engine.restart_command() } else { "true".to_owned() };
        let command = format!("{restart}; kill -KILL $PPID");
        let killed = engine.stackctl(&["engine", "rollback", "--yes", "--restart-command", &command]);
        assert_eq!((killed.code, engine.text().as_str()), (-1, SMALLEST), "{killed:?}");
        if restarts {
            assert!(Beside::wait_until(|| engine.stackctl(&["engine", "show"]).code == 0), "{}", engine.log());
        }
        assert!(engine.expect(0, &["engine", "show"]).contains("A ROLLBACK OF IT WAS INTERRUPTED"));
        let told = rollback(&engine, 0);
        assert!(told.contains("a rollback that was interrupted has put it back"), "{restarts}: {told}");
        assert_eq!(told.contains("restarting the engine"), !restarts, "{told}");
        assert_eq!((engine.text().as_str(), engine.metrics("172.17.0.1:9323")), (SMALLEST, 0), "{told}");
        assert_eq!((copies(&engine, ".stackctl"), copies(&engine, "-under-way")), (vec![], vec![]), "{told}");
        assert!(rollback(&engine, 0).contains("nothing to roll back"));
    }
}
