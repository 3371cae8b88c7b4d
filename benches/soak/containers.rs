//! Some hundred containers: made, proven, halved and taken away.

use std::process::Command;

use crate::assert_all_are_scraped;
use crate::measure::run as measured;
use crate::stack::{DEBIAN, Stack, succeed};
use crate::table::{aligned, memory, time};

const CONTAINERS: usize = 200;

const APP: &str = "prometheus: { port: off, scrape_interval: 5s }
apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }
";

pub(crate) fn run() -> String {
    let all = crate::number("SOAK_CONTAINERS", CONTAINERS);
    let half = all / 2;
    let stack = Stack::new(&format!("{DEBIAN}{APP}"));
    succeed(&mut stack.stackctl(&["images", "pull"]));
    let (to_all, to_half) = (format!("web={all}"), format!("web={half}"));
    let works: [(String, &[&str], usize); 8] = [
        (
            format!("`up --scale web={all}` from nothing, with the proof"),
            &["up", "--scale", &to_all, "--timeout", "20m"],
            all,
        ),
        (format!("`up --scale web={all}`, nothing to do"), &["up", "--scale", &to_all], all),
        (format!("`verify` of {all}"), &["verify"], all),
        (format!("`ps` of {all}"), &["ps"], all),
        (format!("`up --scale web={half}`, with the proof"), &["up", "--scale", &to_half, "--timeout", "20m"], half),
        (format!("`verify` of {half}"), &["verify"], half),
        (format!("`up --scale web={all}`, with the proof"), &["up", "--scale", &to_all, "--timeout", "20m"], all),
        (format!("`down --volumes` of {all}"), &["down", "--volumes", "--yes"], 0),
    ];
    let mut lines = vec![["", "time", "memory", "replicas after it", "targets up"].map(str::to_owned).to_vec()];
    for (what, words, expected) in works {
        eprintln!("  {what}");
        let run = measured(&stack.stackctl(words));
        let running = running(&stack.name);
        assert_eq!(running, expected, "replicas after {what}");
        if expected > 0 {
            assert_all_are_scraped(&stack, "web", expected);
        }
        let memory = memory(run.memory.unwrap_or_default());
        lines.push(vec![what, time(run.time), memory, running.to_string(), format!("{expected} of {expected}")]);
    }
    assert_eq!(left(&stack.name), "", "nothing is left of the stack");
    aligned(&lines)
}

/// How many replicas of the app run.
fn running(stack: &str) -> usize {
    let project = format!("label=com.docker.compose.project={stack}");
    let filters = ["ps", "--quiet", "--filter", &project, "--filter", "label=com.docker.compose.service=web"];
    succeed(Command::new("docker").args(filters)).lines().count()
}

/// Whatever the engine has of the stack.
fn left(stack: &str) -> String {
    let label = format!("label=io.stackctl.stack={stack}");
    let kinds: [&[&str]; 3] = [&["ps", "--all"], &["network", "ls"], &["volume", "ls"]];
    let listed = kinds.map(|words| succeed(Command::new("docker").args(words).args(["--quiet", "--filter", &label])));
    listed.concat()
}
