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
