//! Containers that were to run on, or to come back: what was promised before a restart is what there is after it.

use std::fs;
use std::process::Command;

use crate::beside::{Beside, SMALLEST, WEB, must, run};

/// With an app of the stack, a container that comes back unless it was stopped, and one that does not.
fn with_three(suite: &str) -> Beside {
    three(Beside::start(suite, SMALLEST, ""))
}

fn three(engine: Beside) -> Beside {
    engine.write_stack(WEB);
    engine.expect(0, &["up", "--no-wait"]);
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
    for (name, policy) in [("unless", "unless-stopped"), ("left", "no")] {
        engine.docker(&["run", "-d", "--name", name, "--restart", policy, image.trim(), "demo", "accesslog"]);
    }
    engine
}

/// What runs, and since when.
fn running(engine: &Beside) -> Vec<String> {
    let names = engine.docker(&["ps", "--format", "{{.Names}}"]);
    let mut lines: Vec<String> = names
        .split_whitespace()
        .map(|name| engine.docker(&["inspect", "--format", "{{.Name}} {{.State.StartedAt}}", name]).trim().to_owned())
        .collect();
    lines.sort();
    lines
}

fn names(engine: &Beside) -> Vec<String> {
    running(engine).iter().map(|line| line.split_once(' ').expect("a name and a time").0.to_owned()).collect()
}

fn live_restore(engine: &Beside) -> String {
    engine.docker(&["info", "--format", "{{.LiveRestoreEnabled}}"]).trim().to_owned()
}

#[test]
fn what_outlives_a_restart_that_fails_outlives_the_way_back() {
    for suite in ["bookworm", "sid"] {
        let engine = with_three(suite);
        let before = running(&engine);
        engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
        let command = engine.never_with_metrics();
        let told = engine.expect(1, &["engine", "apply", "--yes", "--restart-command", &command]);
        assert!(
            told.contains("3 running containers run on") && told.contains("the engine runs with it"),
            "{suite}: {told}"
        );
        assert_eq!((running(&engine), engine.text().as_str()), (before, SMALLEST), "{suite}: {told}");
        // Nor does the next restart, by whomever, surprise anybody.
        assert_eq!(live_restore(&engine), "false", "{suite}: {told}");
        engine.restart();
        assert!(Beside::wait_until(|| names(&engine) == ["/demo-web-1", "/unless"]), "{suite}: {:?}", names(&engine));
    }
}

#[test]
fn where_live_restore_is_taken_back_restart_policies_count() {
    for suite in ["bookworm", "trixie", "sid"] {
        let engine = with_three(suite);
        engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
        let before = running(&engine);
        engine.apply(0);
        assert_eq!(running(&engine), before, "{suite}");
        let told = engine.expect(0, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()]);
        assert!(
            told.contains("1 of 3 containers not running any more") && told.contains("start left`"),
            "{suite}: {told}"
        );
        assert_eq!(names(&engine), ["/demo-web-1", "/unless"], "{suite}: {told}");
        assert_eq!((engine.text().as_str(), live_restore(&engine).as_str()), (SMALLEST, "false"), "{suite}");
    }
}

/// A reload puts live-restore in force; the rest needs a restart, which never came.
#[test]
fn what_was_never_in_force_is_taken_back_without_a_restart() {
    for suite in ["bookworm", "sid"] {
        let engine = with_three(suite);
        let before = running(&engine);
        engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
        let nothing = ["engine", "apply", "--yes", "--timeout", "1s", "--restart-command", "true"];
        let restart = engine.restart_command();
        let rollback = ["engine", "rollback", "--yes", "--restart-command", restart.as_str()];
        engine.expect(1, &nothing);
        assert_eq!(live_restore(&engine), "true", "{suite}");
        let told = engine.expect(0, &rollback);
        assert!(told.contains("live-restore is switched off in the engine by a reload"), "{suite}: {told}");
        let state = || (running(&engine), engine.text(), live_restore(&engine));
        let expected = (before.clone(), SMALLEST.to_owned(), "false".to_owned());
        assert_eq!(state(), expected, "{suite}: {told}");

        // A run that was ended at the last step of its way back leaves a file that says no more than that.
        engine.expect(1, &nothing);
        fs::write(engine.file(), SMALLEST.replacen('{', "{ \"live-restore\": false, ", 1)).expect("writable");
        must(Command::new("kill").args(["-HUP", &engine.pid().expect("it runs").to_string()]));
        assert!(Beside::wait_until(|| live_restore(&engine) == "false"), "{suite}");
        let told = engine.expect(0, &rollback);
        assert!(told.contains("nothing has to be restarted"), "{suite}: {told}");
        assert_eq!(state(), expected, "{suite}: {told}");
    }
}

/// In two steps, as it is printed: the file first, the restart by whoever has the time.
#[test]
fn what_is_printed_for_a_restart_by_hand_keeps_the_same_promises() {
    for suite in ["bookworm", "sid"] {
        let engine = with_three(suite);
        let before = running(&engine);
        engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
        let told = engine.expect(0, &["engine", "apply", "--yes"]);
        let pid = engine.pid().expect("it runs");
        assert!(told.contains(&format!("next: `sudo kill -HUP {pid} && sleep 5 && docker info")), "{suite}: {told}");
        must(Command::new("kill").args(["-HUP", &pid.to_string()]));
        assert!(Beside::wait_until(|| live_restore(&engine) == "true"), "{suite}");
        engine.restart();
        assert_eq!(running(&engine), before, "{suite}");

        let told = engine.expect(0, &["engine", "rollback", "--yes"]);
        assert!(told.contains("live-restore is off in the engine, too"), "{suite}: {told}");
        assert_eq!((running(&engine), engine.text().as_str()), (before, SMALLEST), "{suite}");
        engine.restart();
        assert!(Beside::wait_until(|| names(&engine) == ["/demo-web-1", "/unless"]), "{suite}: {:?}", names(&engine));
    }
}

#[test]
fn where_the_engine_does_not_take_live_restore_up_nothing_is_restarted() {
    let engine = with_three("sid");
    // No engine starts with it, nor takes anything up beside it; `dockerd --validate` does not look.
    let broken = "{\"storage-driver\": \"vfs\", \"default-runtime\": \"nope\"}";
    fs::write(engine.file(), broken).expect("writable");
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    let (before, pid) = (running(&engine), engine.pid());
    let told = engine.apply(1);
    assert!(told.contains("nothing was restarted") && told.contains("is what it was before"), "{told}");
    assert_eq!((running(&engine), engine.pid(), engine.text().as_str()), (before, pid, broken), "{told}");
}

#[test]
fn metrics_on_every_address_are_in_force_once_and_for_all() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, SMALLEST, "");
        engine.write_stack("engine: { metrics: \"0.0.0.0:9323\" }\napps: {}\n");
        let command = engine.restart_command();
        let apply = ["engine", "apply", "--yes", "--allow-public", "--restart-command", command.as_str()];
        engine.expect(0, &apply);
        let pid = engine.pid();
        engine.expect(0, &apply);
        assert_eq!(engine.pid(), pid, "{suite}: nothing is restarted a second time");
        engine.expect(0, &["engine", "plan", "--allow-public"]);
        let shown = engine.expect(0, &["engine", "show"]);
        assert!(shown.contains("0.0.0.0:9323; something listens there"), "{suite}: {shown}");
    }
}

#[test]
fn logs_that_no_container_could_write_are_refused() {
    let engine = Beside::start("sid", SMALLEST, "");
    for (logging, code, words) in [
        ("{ driver: jsonfile }", 2, "`log-driver` is `jsonfile`, which this engine does not have"),
        ("{ driver: syslog, options: { max-sized: 1m } }", 1, "no new container would start"),
        ("{ driver: fluentd, options: { fluentd-address: \"127.0.0.1:1\" } }", 1, "no new container would start"),
    ] {
        engine.write_stack(&format!("engine: {{ logging: {logging} }}\napps: {{}}\n"));
        let told = engine.expect(code, &["engine", "apply", "--yes"]);
        assert!(told.contains(words), "{logging}: {told}");
        assert_eq!(engine.text(), SMALLEST, "{logging}");
    }
    engine.write_stack("engine: { logging: { driver: local } }\napps: {}\n");
    engine.expect(0, &["engine", "apply", "--yes"]);
    assert!(engine.text().contains("\"log-driver\": \"local\""), "{}", engine.text());
    assert_eq!(engine.docker(&["ps", "-aq"]), "", "nothing is left of the tries");
}

/// Where new containers log as before, none is started to see whether it can.
#[test]
fn a_log_driver_is_tried_only_where_it_changes() {
    let options = "\"log-opts\": {\"max-size\": \"10m\", \"max-file\": \"3\"}";
    let engine = Beside::start("sid", &SMALLEST.replace('}', &format!(", {options}}}")), "");
    let tries = || {
        let now = run(Command::new("date").arg("+%s.%N")).stdout;
        let only = ["--filter", "type=container", "--filter", "event=create"];
        engine.docker(&[&["events", "--since", "1", "--until", now.trim()], &only[..]].concat()).lines().count()
    };
    engine.write_stack("engine: { logging: { driver: json-file } }\napps: {}\n");
    engine.expect(0, &["engine", "apply", "--yes"]);
    assert!(engine.text().contains("\"log-driver\": \"json-file\""), "{}", engine.text());
    assert_eq!(tries(), 0);
    engine.write_stack("engine: { logging: { driver: json-file, options: { max-size: 20m } } }\napps: {}\n");
    engine.expect(0, &["engine", "apply", "--yes"]);
    assert_eq!(tries(), 1, "{}", engine.text());
}

#[test]
fn a_container_that_was_to_come_back_and_does_not_is_no_success() {
    let engine = with_three("sid");
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let id = engine.docker(&["inspect", "--format", "{{.Id}}", "unless"]);
    let lost = engine.path("data/containers").join(id.trim()).display().to_string();
    let command = engine.restart_command();
    let ended = "pid=$(cat pid); kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done";
    let command = format!("cd {}; {ended}; rm -rf {lost}; {command}", engine.path("").display());
    let told = engine.expect(3, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(told.contains("2 of 3 containers not running any more") && told.contains("unless"), "{told}");
    assert!(engine.metrics("172.17.0.1:9323") > 100, "{told}");
}

#[test]
fn a_command_that_ends_before_it_starts_the_engine_has_its_time() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let folder = engine.path("").display().to_string();
    let ended = "pid=$(cat pid); kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done; rm -f pid s";
    let command = format!("cd {folder}; {ended}; (sleep 7; ./start) >/dev/null 2>&1 &");
    let told = engine.expect(0, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(!told.contains("rolling back"), "{told}");
    assert!(engine.metrics("172.17.0.1:9323") > 100, "{told}");
}

/// `apply` has put live-restore in force and is killed once it has ended the engine: the containers live on without it.
fn living_without_their_engine(suite: &str) -> (Beside, Vec<String>) {
    let engine = with_three(suite);
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    let before = running(&engine);
    let ended = "pid=$(cat pid); kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done; rm -f pid s";
    let command = format!("cd {}; {ended}; kill -KILL $PPID", engine.path("").display());
    let killed = engine.stackctl(&["engine", "apply", "--yes", "--restart-command", &command]);
    assert_eq!(killed.code, -1, "{killed:?}");
    assert!(engine.text().contains("\"live-restore\": true") && engine.pid().is_none());
    (engine, before)
}

fn names_beside_the_file(engine: &Beside) -> Vec<String> {
    let entries = fs::read_dir(engine.path("")).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("stackctl")).collect()
}

#[test]
fn what_lives_on_without_its_engine_lives_on_when_that_is_rolled_back() {
    for suite in ["bookworm", "sid"] {
        let (engine, before) = living_without_their_engine(suite);
        let file = engine.file().display().to_string();
        let command = engine.restart_command();
        let told =
            engine.expect(0, &["engine", "rollback", "--yes", "--config-file", &file, "--restart-command", &command]);
        assert!(told.contains("so that none stops") && told.contains("live-restore is off again"), "{suite}: {told}");
        assert_eq!((running(&engine), engine.text().as_str()), (before, SMALLEST), "{suite}: {told}");
        assert_eq!((live_restore(&engine).as_str(), names_beside_the_file(&engine)), ("false", vec![]), "{suite}");
        engine.restart();
        assert!(Beside::wait_until(|| names(&engine) == ["/demo-web-1", "/unless"]), "{suite}: {:?}", names(&engine));
    }
}

/// Who starts the engine by hand is told the order, and it holds.
#[test]
fn what_lives_on_without_its_engine_lives_on_in_the_steps_that_are_told() {
    let (engine, before) = living_without_their_engine("bookworm");
    let file = engine.file().display().to_string();
    let told = engine.expect(0, &["engine", "rollback", "--yes", "--config-file", &file]);
    assert!(told.contains("With `--restart-command COMMAND`") && told.contains("By hand, in this order"), "{told}");
    assert_eq!(engine.text(), SMALLEST);
    let with = |is_on: bool| SMALLEST.replace('}', &format!(", \"live-restore\": {is_on}}}"));
    fs::write(engine.file(), with(true)).expect("writable");
    engine.restart();
    fs::write(engine.file(), with(false)).expect("writable");
    must(Command::new("kill").args(["-HUP", &engine.pid().expect("it runs").to_string()]));
    assert!(Beside::wait_until(|| live_restore(&engine) == "false"));
    fs::write(engine.file(), SMALLEST).expect("writable");
    assert_eq!(running(&engine), before);
}

#[test]
fn an_engine_that_does_not_start_with_what_was_before_either_leaves_its_containers_alive() {
    let engine = with_three("sid");
    let before = running(&engine);
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    let folder = engine.path("").display().to_string();
    let ended = "pid=$(cat pid) && { kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done; }; rm -f pid s";
    let command = format!("cd {folder}; {ended}; exit 7");
    let told = engine.expect(1, &["engine", "apply", "--yes", "--timeout", "1s", "--restart-command", &command]);
    assert!(told.contains("It is DOWN") && told.contains("is what it was before but for `live-restore`"), "{told}");
    assert!(told.contains("`stackctl engine rollback` takes `live-restore` out again"), "{told}");
    assert!(told.contains("the containers run on without it") && !told.contains("docker start"), "{told}");
    engine.restart();
    assert_eq!(running(&engine), before, "{told}");
    let told = engine.expect(0, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()]);
    assert!(told.contains("switched off in the engine by a reload") && !told.contains("restarting"), "{told}");
    assert_eq!((running(&engine), engine.text().as_str()), (before, SMALLEST), "{told}");
    assert_eq!((live_restore(&engine).as_str(), names_beside_the_file(&engine)), ("false", vec![]), "{told}");
}

/// Nobody knows the file that the engine ran with, and the one that is there keeps it down: no container goes with it.
#[test]
fn what_somebody_else_wrote_that_keeps_the_engine_down_stops_no_container() {
    let engine = with_three("bookworm");
    let before = running(&engine);
    // An option that no program looks at before it starts.
    let broken = "{\"storage-driver\": \"vfs\", \"log-opts\": {\"max-sized\": \"1m\"}}";
    fs::write(engine.file(), broken).expect("writable");
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    let told = engine.apply(1);
    for words in ["nobody knows with what it ran", "unknown log opt 'max-sized'", "It is DOWN: put right in"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let text = engine.text();
    assert!(text.contains("max-sized") && text.contains("\"live-restore\": true"), "{text}");
    fs::write(engine.file(), text.replace("max-sized", "max-size")).expect("writable");
    engine.restart();
    assert_eq!(running(&engine), before, "{told}");
}

#[test]
fn a_disk_that_is_full_does_not_hinder_the_way_back() {
    let engine = three(Beside::start_with_its_file_on_a_disk("bookworm", SMALLEST, 64));
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    let (before, small) = (running(&engine), engine.path("small"));
    let fill = format!("cat /dev/zero >{}/full 2>/dev/null", small.display());
    let command = format!("{fill}; {}", engine.never_with_metrics());
    let told = engine.expect(1, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(told.contains("the engine runs with it"), "{told}");
    assert_eq!((running(&engine), engine.text().as_str()), (before.clone(), SMALLEST), "{told}");
    assert_eq!(live_restore(&engine), "false", "{told}");

    // Room for the new file and the copy of the old one, and none for the way back: seen before the engine is down.
    run(Command::new("sh").args(["-c", &format!("{fill}; truncate -s -8K {}/full", small.display())]));
    let pid = engine.pid();
    let told = engine.expect(1, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(told.contains("cannot prepare the way back") && told.contains("nothing was restarted"), "{told}");
    assert_eq!((running(&engine), engine.text().as_str(), engine.pid()), (before, SMALLEST, pid), "{told}");
    assert_eq!(live_restore(&engine), "false", "{told}");
    let left: Vec<_> = fs::read_dir(small).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
