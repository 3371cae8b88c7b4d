//! What an engine does at its start to containers that nobody expects: those that are stopped, and those that hang on others.

use std::fs;

use crate::beside::{Beside, SMALLEST, WEB};

/// Beside the app of the stack.
fn with_web(suite: &str, settings: &str) -> (Beside, String) {
    let engine = Beside::start(suite, settings, "");
    engine.write_stack(WEB);
    engine.expect(0, &["up", "--no-wait"]);
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]).trim().to_owned();
    engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
    (engine, image)
}

fn start(engine: &Beside, image: &str, words: &[&str]) {
    engine.docker(&[&["run", "-d"], words, &[image, "demo", "accesslog"]].concat());
}

fn rollback(engine: &Beside, code: i32) -> String {
    engine.expect(code, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()])
}

#[test]
fn what_is_stopped_and_would_start_is_told_and_takes_no_port_of_what_runs() {
    for suite in ["bookworm", "sid"] {
        let (engine, image) = with_web(suite, SMALLEST);
        let pid = engine.pid();
        let published = ["--restart", "always", "-p", "127.0.0.1:25432:80"];
        start(&engine, &image, &[&["--name", "db-old"][..], &published].concat());
        engine.docker(&["stop", "-t", "1", "db-old"]);
        start(&engine, &image, &[&["--name", "db-new"][..], &published].concat());
        let plan = engine.expect(3, &["engine", "plan"]);
        for words in [
            "stopped now, and RUN after it: db-old (`docker update --restart unless-stopped db-old` keeps it stopped)",
            "WARNING: `db-old`, which is stopped, is started as well and may take 127.0.0.1:25432/tcp from `db-new`",
        ] {
            assert!(plan.contains(words), "{suite}: {words}: {plan}");
        }
        let told = engine.apply(1);
        assert!(told.contains("cannot restart the engine: `db-old`") && told.contains("nothing was changed"), "{told}");
        assert_eq!((engine.text().as_str(), engine.pid()), (SMALLEST, pid));

        engine.docker(&["rm", "-f", "db-new"]);
        let told = engine.apply(0);
        assert!(told.contains("stopped before, and running now; stop them again with `docker stop db-old`"), "{told}");

        engine.docker(&["stop", "-t", "1", "db-old"]);
        start(&engine, &image, &[&["--name", "db-new"][..], &published].concat());
        let pid = engine.pid();
        let told = rollback(&engine, 1);
        assert!(told.contains("may take 127.0.0.1:25432/tcp from `db-new`"), "{told}");
        assert_eq!(engine.pid(), pid, "{told}");
        engine.docker(&["update", "--restart", "unless-stopped", "db-old"]);
        let told = rollback(&engine, 0);
        assert!(!told.contains("db-old") && told.contains("the containers that ran before run again: 2"), "{told}");
    }
}

#[test]
fn who_hangs_on_another_container_is_told_to_stay_down_with_it() {
    for suite in ["bookworm", "sid"] {
        let (engine, image) = with_web(suite, SMALLEST);
        start(&engine, &image, &["--name", "vpn"]);
        start(&engine, &image, &["--rm", "--name", "once"]);
        let port = |port: &'static str| ["demo", "accesslog", "--port", port];
        for (name, base, number) in
            [("over-vpn", "vpn", "8001"), ("over-once", "once", "8001"), ("beside", "demo-web-1", "8002")]
        {
            let network = format!("container:{base}");
            let words = ["run", "-d", "--restart", "always", "--name", name, "--network", &network, &image];
            engine.docker(&[&words[..], &port(number)].concat());
        }
        let plan = engine.expect(3, &["engine", "plan"]);
        for words in [
            "come back by their restart policy: demo-web-1",
            "STAY DOWN: they have no restart policy: vpn",
            "of one that stops, too: beside (of demo-web-1), over-vpn (of vpn)",
            "of one that is removed: over-once (of once)",
        ] {
            assert!(plan.contains(words), "{suite}: {words}: {plan}");
        }
        let told = engine.apply(0);
        let (first, then) = (told.find("`docker start vpn`"), told.find("over-vpn`"));
        assert!(first.is_some() && first < then, "{suite}: {told}");
        assert!(told.contains("made anew: what they share is gone: over-once"), "{suite}: {told}");
        assert!(told.contains("why `over-vpn` was not started: cannot join network"), "{suite}: {told}");
        engine.docker(&["start", "vpn"]);
        engine.docker(&["start", "over-vpn"]);
    }
}

#[test]
fn a_copy_whose_address_is_taken_is_not_put_back() {
    let before = "{\"storage-driver\": \"vfs\", \"metrics-addr\": \"127.0.0.1:9400\"}";
    let (engine, _) = with_web("bookworm", before);
    engine.apply(0);
    let (text, pid) = (engine.text(), engine.pid());
    let held = engine.hold("127.0.0.1", 9400);
    let told = rollback(&engine, 1);
    for words in ["127.0.0.1:9400 is taken already by stackctl (", "is left as it is, and nothing was restarted"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!((engine.text(), engine.pid()), (text.clone(), pid));
    drop(held);
    let copies = fs::read_dir(engine.path("")).expect("a folder").flatten().map(|entry| entry.path());
    let mut copies: Vec<_> = copies.filter(|path| path.to_string_lossy().ends_with(".stackctl")).collect();
    let copy = copies.pop().expect("the copy is there still");
    fs::write(&copy, before.replace("127.0.0.1", "192.0.2.1")).expect("writable");
    let told = rollback(&engine, 1);
    assert!(told.contains("this host has no such address; the engine would not start"), "{told}");
    assert_eq!((engine.text(), engine.pid()), (text, pid));
    fs::write(&copy, before).expect("writable");
    rollback(&engine, 0);
    assert_eq!(engine.text(), before);
}
