//! What would take an engine down at its restart, seen before; and engines that do not answer after it.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::beside::{Beside, SMALLEST, WEB, run};

fn with_web(suite: &str, settings: &str) -> Beside {
    let engine = Beside::start(suite, settings, "");
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    engine.expect(0, &["up", "--no-wait"]);
    engine
}

/// Starts a container that is none of the stack's.
fn publish(engine: &Beside, name: &str, port: &str) {
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
    engine.docker(&["run", "-d", "--name", name, "--restart", "always", "-p", port, image.trim(), "demo", "accesslog"]);
}

#[test]
fn a_port_that_a_container_has_or_takes_at_the_start_is_refused() {
    // Without a process of its own for each published port, the sockets are the engine's.
    let engine = with_web("bookworm", "{\"storage-driver\": \"vfs\", \"userland-proxy\": false}");
    let pid = engine.pid();
    publish(&engine, "holder", "9323:80");
    let refused = |words: &str| {
        let told = engine.apply(1);
        assert!(told.contains(words) && told.contains("`engine.metrics: 172.17.0.1:9324`"), "{told}");
        assert_eq!(engine.pid(), pid, "nothing was restarted");
        assert!(!engine.text().contains("metrics-addr"));
    };
    refused("container `holder` publishes 0.0.0.0:9323");
    engine.docker(&["stop", "-t", "0", "holder"]);
    refused("container `holder` publishes 0.0.0.0:9323");
    engine.docker(&["rm", "holder"]);
    publish(&engine, "elsewhere", "127.0.0.1:9323:80");
    publish(&engine, "datagrams", "9323:80/udp");
    engine.apply(0);
    assert!(engine.metrics("172.17.0.1:9323") > 100);
}

#[test]
fn a_bridge_that_does_not_move_under_containers_that_live_on_is_not_waited_for() {
    for suite in ["bookworm", "sid"] {
        let engine = with_web(suite, "{\"storage-driver\": \"vfs\", \"live-restore\": true}");
        let pid = engine.pid();
        let moved = "{\"storage-driver\": \"vfs\", \"live-restore\": true, \"bip\": \"10.77.0.1/24\"}";
        fs::write(engine.file(), moved).expect("writable");
        let told = engine.apply(1);
        assert!(told.contains("the default bridge does not move there while containers run on"), "{suite}: {told}");
        assert_eq!((engine.text().as_str(), engine.pid()), (moved, pid));
        engine.docker(&["stop", "-t", "1", "demo-web-1"]);
        engine.apply(0);
        assert!(engine.metrics("10.77.0.1:9323") > 100, "{suite}");
    }
}

#[test]
fn the_bridge_is_found_where_the_engine_has_put_it() {
    for suite in ["bookworm", "sid"] {
        let settings = "{\"storage-driver\": \"vfs\", \"fixed-cidr\": \"172.17.5.0/24\", \"ipv6\": true, \
                        \"fixed-cidr-v6\": \"2001:db8:1::/64\"}";
        let engine = Beside::start(suite, settings, "");
        engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
        let address = if suite == "bookworm" { "172.17.5.0:9323" } else { "172.17.5.1:9323" };
        let told = engine.apply(0);
        assert!(told.contains("ok      engine  engine   host.docker.internal:9323"), "{suite}: {told}");
        assert!(engine.metrics(address) > 100, "{suite}: {}", engine.text());
    }
}

/// What restarts the engine, and stops it in its tracks as soon as it listens, where the file has these words in it. With
/// `then` its script goes on. In a session of its own: where the script's ends, the kernel would hang up on what is stopped in it.
fn stopped_in_its_tracks(engine: &Beside, words: &str, then: &str) -> String {
    let folder = engine.path("").display().to_string();
    let script = format!(
        "#!/bin/sh\ncd {folder}\npid=$(cat pid)\nkill -TERM $pid\nwhile [ -d /proc/$pid ]; do sleep 0.05; done\nrm -f pid s\nsetsid ./start\n\
         while ! [ -S s ] || ! [ -s pid ]; do sleep 0.02; done\npid=$(cat pid)\n\
         if grep -q {words} daemon.json; then kill -STOP $pid; {then}; fi\n"
    );
    fs::write(engine.path("stopped"), script).expect("writable");
    format!("sh {folder}/stopped")
}

#[test]
fn an_engine_that_never_answers_is_back_as_before_within_30_seconds() {
    // A command that ends at once, and one that waits for an engine to be ready, as systemd does.
    for then in ["true", "while [ -d /proc/$pid ]; do sleep 0.2; done"] {
        let engine = with_web("sid", SMALLEST);
        let before = engine.docker(&["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"]);
        let command = stopped_in_its_tracks(&engine, "metrics-addr", then);
        let start = Instant::now();
        let words = ["engine", "apply", "--yes", "--timeout", "8s", "--restart-command", &command];
        let told = engine.expect(1, &words);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(30), "`{then}` took {took:?}: {told}");
        // Stopped before it listens, it refuses; stopped behind that, it takes connections and does not answer.
        assert!(told.contains("the engine is not back (it did not come back within 8 s: "), "{told}");
        assert!(told.contains("rolling back") && told.contains("the engine runs with it"), "{told}");
        assert_eq!(engine.text(), SMALLEST);
        assert_eq!(engine.docker(&["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"]), before);
        println!("`{then}`: rolled back after {took:.1?}");
    }
}

/// Neither with the new file nor with the old one, whether its command waits for it or not.
#[test]
fn an_engine_that_never_answers_with_either_file_is_left_in_bounded_time_with_the_way_out() {
    for (then, is_ended) in
        [("true", false), ("while [ -d /proc/$pid ]; do sleep 0.2; done; while :; do sleep 0.2; done", true)]
    {
        let engine = with_web("sid", SMALLEST);
        let command = stopped_in_its_tracks(&engine, "storage-driver", then);
        let start = Instant::now();
        let told = engine.stackctl(&["engine", "apply", "--yes", "--timeout", "3s", "--restart-command", &command]);
        let took = start.elapsed();
        let pid = engine.pid().expect("it has said which it is").to_string();
        // Nobody waits for an answer that never comes, not even where this test fails.
        run(Command::new("kill").args(["-KILL", &pid]));
        assert!(Beside::wait_until(|| !std::path::Path::new("/proc").join(&pid).exists()), "it is killed");
        let said = &told.stderr;
        assert_eq!(told.code, 1, "{said}");
        assert!(took < Duration::from_secs(60), "`{then}` took {took:?}: {said}");
        for words in [
            "the engine is not back (it did not come back within 3 s: ",
            "rolling back",
            "is what it was before, and still the engine does not start: it did not come back within 15 s: ",
            &format!("It is DOWN: its process {pid} runs and does not answer: its log says where it hangs ("),
            &format!("`sudo kill -KILL {pid}` ends it"),
        ] {
            assert!(said.contains(words), "`{then}`: {words}: {said}");
        }
        assert_eq!(said.matches("it is ended").count(), usize::from(is_ended), "`{then}`: {said}");
        assert!(said.contains(&engine.path("log").display().to_string()), "{said}");
        assert_eq!(engine.text(), SMALLEST, "{said}");
        engine.restart();
        assert!(
            Beside::wait_until(|| engine.docker(&["ps", "--format", "{{.Names}}"]).contains("demo-web-1")),
            "{said}"
        );
        println!("`{then}`: given up after {took:.1?}");
    }
}

/// Where somebody looks from decides what is wrong: each cause provoked with the engine itself.
#[test]
fn verify_tells_the_causes_of_a_real_engine_apart() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    // Images first, from this host's network: the engine's own leads nowhere.
    engine.expect(0, &["images", "pull"]);
    engine.expect_inside(0, &["up", "--no-wait"]);
    let told = |code: i32| engine.expect_inside(code, &["verify", "engine"]);
    let apply = |more: &[&str]| {
        let command = engine.restart_command();
        let words = [&["engine", "apply", "--yes", "--restart-command", command.as_str()], more].concat();
        engine.stackctl_inside(&words)
    };
    assert!(told(3).contains("engine-metrics-off"));
    let run = apply(&["--metrics", "127.0.0.1:9323"]);
    assert!(run.code == 3 && run.stdout.contains("engine-metrics-loopback"), "{run:?}");
    let shown = told(3);
    assert!(shown.contains("engine-metrics-loopback") && !shown.contains("engine-metrics-off"), "{shown}");
    let run = apply(&["--metrics", "0.0.0.0:9323", "--allow-public"]);
    assert_eq!(run.code, 0, "{run:?}");
    let shown = told(0);
    assert!(shown.contains("warn") && shown.contains("engine-metrics-public"), "{shown}");
    assert_eq!(apply(&[]).code, 0);
    assert!(!told(0).contains("engine-"), "nothing is wrong");
    let bar = ["iptables", "-w", "-I", "INPUT", "-p", "tcp", "--dport", "9323", "-j", "DROP"];
    crate::beside::must(std::process::Command::new("nsenter").arg(engine.enter()).args(bar));
    assert!(told(3).contains("engine-firewall"));

    engine.write_stack("apps: {}\n");
    assert!(told(0).contains("`engine.metrics` is off: nothing to prove of the engine"));
}

#[test]
fn what_flags_say_already_is_not_written_a_second_time() {
    let flags = "--log-driver local --log-opt max-size=10m --log-opt max-file=3 --default-address-pool base=10.200.0.0/16,size=24";
    let engine = Beside::start("sid", SMALLEST, flags);
    let wish = |size: &str| {
        engine.write_stack(&format!(
            "apps: {{}}\nengine:\n  logging: {{ driver: local, options: {{ max-size: {size} }} }}\n  \
             address_pools: [{{ base: 10.200.0.0/16, size: 24 }}]\n"
        ));
    };
    wish("10m");
    let told = engine.expect(0, &["engine", "apply", "--yes"]);
    assert!(told.contains("nothing"), "{told}");
    assert_eq!(engine.text(), SMALLEST);
    wish("20m");
    let told = engine.expect(2, &["engine", "apply", "--yes"]);
    assert!(told.contains("`log-opts` is given as a flag, too "), "{told}");
    assert_eq!(engine.text(), SMALLEST);
}

#[test]
fn the_file_of_a_running_engine_is_judged_by_that_engine_also_where_it_is_named() {
    let engine = Beside::start("bookworm", SMALLEST, "--metrics-addr localhost:9323");
    engine.write_stack("apps: {}\nengine: { live_restore: true }\n");
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(shown.contains("127.0.0.1:9323; something listens there; reached from this host only"), "{shown}");
    let file = engine.file().display().to_string();
    for (text, words) in [
        ("{\"log-format\": \"json\"}", "`log-format` is no setting of Engine 20.10"),
        ("{\"group\": \"x\"}", "`group` is given as a flag, too"),
        ("{\"log-opts\": {\"max-file\": 3}}", "`log-opts.max-file` is `3`, which no engine starts with"),
        ("{\"metrics-addr\": \":9323\"}", "`metrics-addr` is `\":9323\"`, which no engine starts with"),
    ] {
        fs::write(engine.file(), text).expect("writable");
        let told = engine.expect(2, &["engine", "apply", "--yes", "--config-file", &file]);
        assert!(told.contains(words), "{words}: {told}");
        assert_eq!(engine.text(), text);
    }
    let other = engine.path("other.json");
    fs::write(&other, "{\"log-format\": \"json\"}").expect("writable");
    let told = engine.expect(0, &["engine", "apply", "--yes", "--config-file", &other.display().to_string()]);
    assert!(!told.contains("warning"), "some release knows it: {told}");
}
