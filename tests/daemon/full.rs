//! An engine whose disk is full: what failed is said, `down` works, and once there is room `up` goes on.

use std::process::Command;

use crate::beside::{Beside, must};

const STACK: &str = "prometheus: off\nvolumes: { data: {} }\napps:\n  web: { image: stackctl/self, \
                     command: [demo, accesslog], volumes: [\"data:/data\"], scale: 2 }\n";

/// MiB. The image of a debug build has 200.
const ROOM: u32 = 900;

/// KiB that are left on the full disk: something else fails each time. The first two are tried by `cargo test`, all for
/// `STACKCTL_FAULTS=all`.
const LEFT: [u32; 5] = [0, 96, 16, 48, 160];

const SETTINGS: &str = "{\"storage-driver\": \"overlay2\"}";

fn script(engine: &Beside, text: &str) {
    must(Command::new("sh").current_dir(engine.path("data")).args(["-c", text]));
}

fn fill(engine: &Beside, left: u32) {
    // `head` ends badly, which is what it is for.
    script(engine, &format!("head -c 2G /dev/zero >full 2>/dev/null; truncate -s -{left}K full"));
}

fn make_room(engine: &Beside) {
    script(engine, "rm full");
}

#[track_caller]
fn assert_said(told: &str, what: &str) {
    assert!(told.contains("error: cannot ") && told.contains("no space left on device"), "{what}: {told}");
    assert!(told.contains("help:"), "{what}: {told}");
}

#[test]
fn on_a_full_disk_up_says_so_down_works_and_with_room_again_up_converges() {
    let engine = Beside::start_on_disk("bookworm", SETTINGS, 60);
    engine.write_stack(STACK);
    assert_said(&engine.expect(1, &["up", "--no-wait"]), "no room for the image");
    script(&engine, &format!("mount -o remount,size={ROOM}m ."));
    engine.expect(0, &["up", "--no-wait"]);
    engine.expect(0, &["plan"]);

    let mut said = 0;
    let count = if crate::midway::everything() { LEFT.len() } else { 2 };
    for left in LEFT.into_iter().take(count) {
        engine.expect(0, &["down", "--volumes", "--yes"]);
        fill(&engine, left);
        let up = engine.stackctl(&["up", "--no-wait"]);
        if up.code != 0 {
            assert_eq!(up.code, 1, "{left} KiB: {}", up.stderr);
            assert_said(&up.stderr, &format!("{left} KiB"));
            said += 1;
        }
        println!("{left} KiB: {}", up.stderr.lines().find(|line| line.contains("cannot ")).unwrap_or("done"));
        engine.expect(0, &["down"]);
        assert_eq!(engine.docker(&["ps", "--all", "--quiet"]), "", "{left} KiB");
        make_room(&engine);
        engine.expect(0, &["up", "--no-wait"]);
        engine.expect(0, &["plan"]);
        assert_eq!(engine.docker(&["ps", "--quiet"]).lines().count(), 2, "{left} KiB");
    }
    assert!(said > 0, "the disk was never full");
    engine.expect(0, &["down", "--volumes", "--yes"]);
}
