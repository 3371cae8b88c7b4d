//! What happens around a restart: an engine that does not come back, a run that is killed before, containers that live on.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::beside::{Beside, SMALLEST, SUITES, WEB};

fn with_web(suite: &str) -> Beside {
    let engine = Beside::start(suite, SMALLEST, "");
    engine.write_stack(WEB);
    engine.expect(0, &["up", "--no-wait"]);
    engine
}

fn running(engine: &Beside) -> String {
    engine.docker(&["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"])
}

/// Since when a container runs.
fn started_at(engine: &Beside) -> String {
    engine.docker(&["inspect", "--format", "{{.State.StartedAt}}", "demo-web-1"])
}

#[test]
fn an_engine_that_refuses_to_start_is_back_as_before_within_30_seconds() {
    for suite in SUITES {
        let engine = with_web(suite);
        let before = running(&engine);
        // An option that no release looks at before it starts, `dockerd --validate` included. Only who names the file and leaves
        // the engine alone gets it written.
        let logging = "engine: { metrics: gateway, logging: { driver: syslog, options: { max-sized: 1m } } }\n";
        engine.write_stack(&format!("{logging}{WEB}"));
        let file = engine.file().display().to_string();
        engine.expect(0, &["engine", "apply", "--yes", "--config-file", &file]);
        let start = Instant::now();
        let told = engine.apply(1);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(30), "{suite} took {took:?}");
        assert!(told.contains("rolling back") && told.contains("the engine runs with it"), "{told}");
        assert_eq!(engine.text(), SMALLEST);
        assert_eq!(running(&engine), before, "{suite}: {told}");
        println!("{suite}: rolled back after {took:.1?}");
    }
}

/// After the rollback nothing is left to be tried, so there is no hurry.
#[test]
fn who_is_in_a_hurry_has_a_slow_engine_back_all_the_same() {
    let engine = with_web("bookworm");
    let before = running(&engine);
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let folder = engine.path("").display().to_string();
    let script = format!(
        "cd {folder}\nif [ -e pid ]; then pid=$(cat pid); kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done; rm -f pid s; fi\n\
         (sleep 4; [ -e pid ] || ./start) >/dev/null 2>&1 &\n"
    );
    std::fs::write(engine.path("slowly"), script).expect("writable");
    let command = format!("sh {folder}/slowly");
    let told = engine.expect(1, &["engine", "apply", "--yes", "--timeout", "1s", "--restart-command", &command]);
    assert!(told.contains("rolling back") && told.contains("the engine runs with it"), "{told}");
    assert_eq!((engine.text().as_str(), running(&engine)), (SMALLEST, before));
}

#[test]
fn a_run_that_is_killed_between_writing_and_restarting_is_finished_by_the_next() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let pid = engine.pid();
    let killed = engine.stackctl(&["engine", "apply", "--yes", "--restart-command", "kill -KILL $PPID"]);
    assert_eq!(killed.code, -1, "{killed:?}");
    let new = "{\"storage-driver\": \"vfs\", \"metrics-addr\": \"172.17.0.1:9323\"}";
    assert_eq!((engine.text().as_str(), engine.pid()), (new, pid));
    assert!(engine.expect(3, &["engine", "plan"]).contains("the engine does not do it yet"));
    let told = engine.apply(0);
    assert!(told.contains("the engine is back"), "{told}");
    assert_ne!(engine.pid(), pid);
    assert!(engine.metrics("172.17.0.1:9323") > 100);
    engine.expect(0, &["engine", "rollback", "--yes"]);
    assert_eq!(engine.text(), SMALLEST);
}

#[test]
fn of_two_at_once_one_is_told_to_wait() {
    let engine = with_web("sid");
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let before = running(&engine);
    let command = format!("touch {}; {}", engine.path("begun").display(), engine.restart_command());
    let mut first = engine.outside();
    first.args(["engine", "apply", "--yes", "--restart-command", &command]);
    let first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("stackctl starts");
    assert!(Beside::wait_until(|| engine.path("begun").exists()), "it begins");
    let file = engine.file().display().to_string();
    for words in [
        &["engine", "rollback", "--yes", "--config-file", &file][..],
        &["engine", "apply", "--yes", "--metrics", "off", "--config-file", &file],
    ] {
        let told = engine.expect(1, words);
        assert!(told.contains("another stackctl is at work on it, or restarts the engine"), "{told}");
    }
    assert!(first.wait_with_output().expect("it ends").status.success(), "{}", engine.log());
    assert!(engine.metrics("172.17.0.1:9323") > 100);
    assert_eq!(running(&engine), before);
}

/// What another one has written is in force or taken back only once that one has ended, whatever the file says by then.
#[test]
fn an_apply_that_finds_nothing_to_do_while_another_restarts_the_engine_is_told_to_wait() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let command = format!("touch {}; sleep 4; {}", engine.path("begun").display(), engine.restart_command());
    let mut first = engine.outside();
    first.args(["engine", "apply", "--yes", "--restart-command", &command]);
    let first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("stackctl starts");
    assert!(Beside::wait_until(|| engine.path("begun").exists()), "it begins");
    for words in [&["engine", "apply", "--yes"][..], &["engine", "plan"]] {
        let told = engine.expect(1, words);
        assert!(told.contains("another stackctl is at work on it, or restarts the engine"), "{told}");
    }
    assert!(first.wait_with_output().expect("it ends").status.success(), "{}", engine.log());
    assert!(engine.expect(0, &["engine", "apply", "--yes"]).contains("nothing to do"));
}

#[test]
fn with_live_restore_asked_for_no_container_stops() {
    let engine = with_web("sid");
    let (before, since) = (running(&engine), started_at(&engine));
    engine.write_stack(&format!("engine: {{ live_restore: true }}\n{WEB}"));
    let told = engine.apply(0);
    assert!(told.contains("nothing was restarted"), "{told}");
    engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
    let told = engine.apply(0);
    assert!(told.contains("live-restore is on: 1 running container runs on"), "{told}");
    assert_eq!((running(&engine), started_at(&engine)), (before, since));
}

#[test]
fn new_containers_find_the_host_after_a_restart_under_containers_that_live_on() {
    for suite in SUITES {
        let engine = with_web(suite);
        let (before, since) = (running(&engine), started_at(&engine));
        engine.write_stack(&format!("engine: {{ metrics: gateway, live_restore: true }}\n{WEB}"));
        let told = engine.apply(0);
        assert_eq!((running(&engine), started_at(&engine)), (before, since), "{suite}: {told}");
        let is_told = told.contains("host-gateway-ip: with live-restore, this release forgets");
        assert_eq!(is_told, suite == "bookworm", "{suite}: {told}");
        let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
        let new = ["run", "-d", "--name", "new", "--add-host", "host.docker.internal:host-gateway", image.trim()];
        engine.docker(&[&new[..], &["demo", "accesslog"]].concat());
        let hosts = engine.docker(&["inspect", "--format", "{{.HostsPath}}", "new"]);
        let hosts = std::fs::read_to_string(hosts.trim()).expect("the engine has written it");
        assert!(hosts.contains("172.17.0.1\thost.docker.internal"), "{suite}: {hosts}");
        assert!(engine.expect(0, &["engine", "apply", "--yes"]).contains("nothing to do"), "{suite}");
    }
}

#[test]
fn containers_that_stay_down_are_named_before_and_after() {
    let engine = with_web("trixie");
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
    let image = image.trim();
    engine.docker(&["run", "-d", "--name", "left", "--stop-timeout", "41", image, "demo", "accesslog"]);
    engine.docker(&["run", "-d", "--rm", "--name", "gone", image, "demo", "accesslog"]);
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let plan = engine.expect(3, &["engine", "plan"]);
    for words in [
        "for about 4 s, or up to 41 s longer where one does not end when it is told to",
        "restart policy: demo-web-1",
        "STAY DOWN: they have no restart policy: left",
        "ARE REMOVED at their end (--rm): gone",
    ] {
        assert!(plan.contains(words), "{words}: {plan}");
    }
    let told = engine.apply(0);
    assert!(told.contains("2 of 3 containers not running any more") && told.contains("`docker start left`"), "{told}");
    assert!(running(&engine).contains("demo-web-1"));
}

#[test]
fn an_address_pool_does_not_move_the_metrics_away_at_the_next_boot() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway, address_pools: [{ base: 10.213.0.0/16, size: 24 }] }\napps: {}\n");
    engine.apply(0);
    assert!(engine.text().contains("\"bip\": \"172.17.0.1/16\""), "{}", engine.text());
    // A boot: the engine ends, the bridge is gone, the engine starts.
    let pid = engine.pid().expect("it runs").to_string();
    assert!(Command::new("sh").arg("-c").arg(format!("kill {pid}")).status().expect("sh runs").success());
    assert!(Beside::wait_until(|| !std::path::Path::new("/proc").join(&pid).exists()));
    engine.without_bridge();
    engine.restart();
    assert!(engine.metrics("172.17.0.1:9323") > 100);
}

/// The same command with `--restart` is what `apply` advises where it has changed the file alone.
#[test]
fn what_was_written_and_not_put_in_force_is_known_until_the_engine_was_restarted() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    let driver = || engine.docker(&["info", "--format", "{{.LoggingDriver}}"]).trim().to_owned();
    engine.write_stack("engine: { logging: { driver: local } }\napps: {}\n");
    assert!(!engine.expect(3, &["engine", "plan"]).contains("somebody has changed"));
    std::fs::write(engine.file(), format!("{SMALLEST}\n")).expect("writable");
    let told = engine.expect(0, &["engine", "apply", "--yes"]);
    assert!(told.contains("has changed since the engine started: a restart puts all of that in force"), "{told}");
    assert!(told.contains("not in force yet"), "{told}");
    assert!(engine.expect(3, &["engine", "plan"]).contains("the engine does not do it yet"));
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(shown.contains("NOT IN FORCE: the engine was not restarted since"), "{shown}");
    assert_eq!(driver(), "json-file");
    assert!(engine.apply(0).contains("the engine is back"));
    assert_eq!(driver(), "local");
    assert!(engine.expect(0, &["engine", "plan"]).contains("nothing to do"));
    assert!(!engine.expect(0, &["engine", "show"]).contains("NOT IN FORCE"));

    let command = engine.restart_command();
    let with_metrics = |code: i32, metrics: &str, more: &[&str]| {
        engine.expect(code, &[&["engine", "apply", "--yes", "--metrics", metrics], more].concat())
    };
    with_metrics(0, "gateway", &["--restart-command", &command]);
    with_metrics(0, "off", &[]);
    assert!(engine.metrics("172.17.0.1:9323") > 100);
    engine.expect(3, &["engine", "plan", "--metrics", "off"]);
    with_metrics(0, "off", &["--restart-command", &command]);
    assert_eq!(engine.metrics("172.17.0.1:9323"), 0);
    assert!(with_metrics(0, "off", &[]).contains("it has no `metrics-addr`"));

    // What a reload puts in force is put in force by one, and told until then.
    engine.write_stack("engine: { live_restore: true }\napps: {}\n");
    assert!(engine.expect(0, &["engine", "apply", "--yes"]).contains("kill -HUP"));
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("the engine does not do it yet\nin force after a reload (SIGHUP)"), "{plan}");
    let pid = engine.pid();
    assert!(engine.apply(0).contains("nothing was restarted"));
    assert_eq!(engine.pid(), pid);
    assert!(engine.expect(0, &["engine", "plan"]).contains("nothing to do"));
}

#[test]
fn a_restart_command_that_restarts_nothing_is_told() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let arguments = ["engine", "apply", "--yes", "--restart-command", "true", "--timeout", "2s"];
    let told = engine.expect(1, &arguments);
    assert!(told.contains("the same process answers as before"), "{told}");
    assert!(engine.text().contains("metrics-addr"), "the file is right, and waits for a restart");
}

#[test]
fn a_changed_bip_takes_the_metrics_along() {
    for suite in SUITES {
        let engine = Beside::start(suite, SMALLEST, "");
        engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
        std::fs::write(engine.file(), "{\"storage-driver\": \"vfs\", \"bip\": \"10.77.0.1/24\"}").expect("writable");
        engine.apply(0);
        assert!(engine.text().contains("\"metrics-addr\": \"10.77.0.1:9323\""), "{}", engine.text());
        assert!(engine.metrics("10.77.0.1:9323") > 100, "{suite}");
    }
}

#[test]
fn on_a_node_of_a_swarm_its_ways_are_told() {
    let engine = with_web("sid");
    engine.docker(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("docker node update --availability drain"), "{plan}");
    assert!(!plan.contains("engine.live_restore: true"), "it would be refused: {plan}");
    engine.write_stack("engine: { live_restore: true }\napps: {}\n");
    assert!(engine.expect(2, &["engine", "plan"]).contains("this engine is a node of a Swarm"));
    assert_eq!(engine.text(), SMALLEST);
}
