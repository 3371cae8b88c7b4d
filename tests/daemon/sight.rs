//! Files with which an engine would come back without its images and containers: refused, and what is harmless is not.

use std::fs;

use crate::beside::{Beside, SMALLEST, WEB};

#[test]
fn a_file_with_which_all_containers_would_be_gone_is_refused() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, SMALLEST, "");
        engine.write_stack(&format!("engine: {{ metrics: gateway }}\n{WEB}"));
        engine.expect(0, &["up", "--no-wait"]);
        let (before, pid) = (engine.docker(&["ps", "--quiet"]), engine.pid());
        let mut cases = vec![
            (
                "{\"storage-driver\": \"overlay2\"}",
                "`storage-driver` is `overlay2`, and the engine keeps them by `vfs`",
            ),
            ("{}", "`storage-driver` is not in it, and the engine keeps them by `vfs`, which none chooses"),
            (
                "{\"storage-driver\": \"vfs\", \"userns-remap\": \"nobody\"}",
                "`userns-remap` is `nobody`, and the engine keeps them without",
            ),
        ];
        if suite == "sid" {
            cases.push((
                "{\"storage-driver\": \"vfs\", \"features\": {\"containerd-snapshotter\": true}}",
                "`features` has `containerd-snapshotter`, and the engine keeps them without it",
            ));
        }
        for (text, words) in cases {
            fs::write(engine.file(), text).expect("writable");
            let told = engine.apply(2);
            assert!(told.contains(words), "{suite}: {words}: {told}");
            assert!(engine.expect(2, &["engine", "plan"]).contains("has changed since the engine started"), "{suite}");
            assert_eq!(
                (engine.docker(&["ps", "--quiet"]), engine.pid(), engine.text()),
                (before.clone(), pid, text.to_owned())
            );
        }
    }
}

#[test]
fn a_copy_with_which_all_containers_would_be_gone_is_not_put_back() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    engine.apply(0);
    let copies = fs::read_dir(engine.path("")).expect("a folder").flatten().map(|entry| entry.path());
    let copy = copies.filter(|path| path.display().to_string().ends_with(".stackctl")).last().expect("a copy");
    fs::write(copy, "{}").expect("writable");
    let told = engine.expect(2, &["engine", "rollback", "--yes"]);
    assert!(told.contains("`storage-driver` is not in it") && told.contains("gone from sight"), "{told}");
}

#[test]
fn a_data_root_that_is_in_the_file_no_more_is_missed() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let root = engine.path("data").display().to_string();
    let start = fs::read_to_string(engine.path("start")).expect("readable");
    fs::write(engine.path("start"), start.replace(&format!("--data-root {root}"), "")).expect("writable");
    fs::write(engine.file(), SMALLEST.replace('}', &format!(", \"data-root\": \"{root}\"}}"))).expect("writable");
    engine.restart();
    assert_eq!(engine.docker(&["info", "--format", "{{.DockerRootDir}}"]).trim(), root);
    fs::write(engine.file(), SMALLEST).expect("writable");
    let told = engine.apply(2);
    let words =
        format!("`data-root` is not in it, so that it is `/var/lib/docker`, and the engine keeps them in `{root}`");
    assert!(told.contains(&words), "{told}");
}

/// An engine without `storage-driver` takes the one whose data it finds.
#[test]
fn a_storage_driver_that_the_engine_finds_again_may_be_taken_out() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, "{\"storage-driver\": \"overlay2\"}", "");
        engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
        engine.docker(&["volume", "create", "kept"]);
        fs::write(engine.file(), "{}").expect("writable");
        fs::create_dir_all(engine.path("data/fuse-overlayfs/l")).expect("writable");
        let told = engine.apply(2);
        assert!(told.contains("data/fuse-overlayfs holds: it would not choose between the two"), "{suite}: {told}");
        fs::remove_dir_all(engine.path("data/fuse-overlayfs")).expect("writable");
        engine.apply(0);
        assert_eq!(engine.docker(&["info", "--format", "{{.Driver}}"]).trim(), "overlay2", "{suite}");
    }
}

/// Containers that live on are where the containerd has them that started them.
#[test]
fn a_file_with_which_every_container_would_run_twice_is_refused() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, SMALLEST, "");
        let script = fs::read_to_string(engine.path("start")).expect("readable");
        let run = engine.path("run").display().to_string();
        fs::write(engine.path("start"), script.replace(&format!("--exec-root {run}"), "")).expect("writable");
        let with = |more: &str| SMALLEST.replace('}', &format!(", \"exec-root\": \"{run}\"{more}}}"));
        fs::write(engine.file(), with("")).expect("writable");
        engine.restart();
        engine.write_stack(&format!("engine: {{ live_restore: true, metrics: gateway }}\n{WEB}"));
        engine.expect(0, &["up", "--no-wait"]);
        let (before, pid) = (engine.docker(&["ps", "--quiet"]), engine.pid());
        let moved = with("").replace(&run, &engine.path("other").display().to_string());
        let words = "and live on (live-restore): it would start each a second time";
        for (text, why) in [
            (
                with(", \"containerd-namespace\": \"other\""),
                "`containerd-namespace` is `other`, and its containers are in `moby`",
            ),
            (moved, "other/containerd/containerd.sock, and its containers are kept by that at"),
        ] {
            fs::write(engine.file(), &text).expect("writable");
            let told = engine.apply(2);
            assert!(told.contains(why) && told.contains(words) && told.contains("docker stop"), "{suite}: {told}");
            assert_eq!((engine.docker(&["ps", "--quiet"]), engine.pid(), engine.text()), (before.clone(), pid, text));
        }
        fs::write(engine.file(), with("")).expect("writable");
        engine.apply(0);
        let copies = fs::read_dir(engine.path("")).expect("a folder").flatten().map(|entry| entry.path());
        let copy = copies.filter(|path| path.display().to_string().ends_with(".stackctl")).last().expect("a copy");
        let live = ", \"live-restore\": true";
        fs::write(copy, with(&format!("{live}, \"containerd-namespace\": \"other\""))).expect("writable");
        let told = engine.expect(2, &["engine", "rollback", "--yes"]);
        assert!(told.contains("is not put back: `containerd-namespace` is `other`") && told.contains(words), "{told}");
        assert_eq!(engine.docker(&["ps", "--quiet"]), before, "{suite}");
    }
}

/// Engine 20.10 takes `graph` of the file, and passes over the flag `--data-root`.
#[test]
fn a_folder_that_the_file_calls_graph_comes_before_the_flag() {
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack("engine: { metrics: gateway }\napps: {}\n");
    let other = engine.path("other").display().to_string();
    let moved = SMALLEST.replace('}', &format!(", \"graph\": \"{other}\"}}"));
    fs::write(engine.file(), &moved).expect("writable");
    let told = engine.apply(2);
    assert!(told.contains(&format!("`graph` is `{other}`, and the engine keeps them in")), "{told}");
    // Where it is meant, it is restarted by hand first.
    engine.restart();
    assert_eq!(engine.docker(&["info", "--format", "{{.DockerRootDir}}"]).trim(), other);
    engine.apply(0);
    let told = engine.expect(0, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()]);
    assert!(told.contains("is what it was before"), "{told}");
    assert_eq!(engine.text(), moved);
}
