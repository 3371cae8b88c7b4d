//! The short form of `benches/soak/`: many replicas come and go, `up` that changes nothing leaves nothing behind.

use std::path::Path;

use crate::sandbox::{Sandbox, docker, run};

const REPLICAS: usize = 20;
const ROUNDS: usize = 5;

/// Containers, networks and volumes of the stack, by id, probes too.
fn held(stack: &Sandbox) -> Vec<String> {
    let label = format!("label=io.stackctl.stack={}", stack.name);
    let kinds: [&[&str]; 3] = [&["ps", "--all"], &["network", "ls"], &["volume", "ls"]];
    let listed = kinds.map(|words| docker(&[words, &["--quiet", "--filter", &label]].concat()));
    let mut ids: Vec<String> = listed.iter().flat_map(|list| list.lines()).map(str::to_owned).collect();
    ids.sort();
    ids
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path.display().to_string()) }
    }
    files.sort();
    files
}

#[test]
fn many_replicas_come_and_go_and_runs_that_change_nothing_leave_nothing() {
    let stack = Sandbox::new("apps:\n  web: { image: stackctl/self, command: [demo, accesslog], metrics: {} }\n");
    let home = tempfile::tempdir().expect("a folder");
    let at_home = |arguments: &[&str]| {
        let mut command = stack.command(arguments);
        for variable in ["HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, home.path());
        }
        let run = run(&mut command);
        assert_eq!(run.code, 0, "stackctl {}\n{}\n{}", arguments.join(" "), run.stdout, run.stderr);
    };
    let all = format!("web={REPLICAS}");
    at_home(&["up", "--scale", &all]);
    at_home(&["verify"]);
    let (before, files) = (held(&stack), files_below(home.path()));
    for _ in 0..ROUNDS {
        at_home(&["up", "--scale", &all]);
    }
    at_home(&["verify"]);
    assert_eq!(stack.running("web").len(), REPLICAS);
    assert_eq!(held(&stack), before);
    assert_eq!(files_below(home.path()), files);
    at_home(&["up", "--scale", "web=10"]);
    assert_eq!(stack.running("web").len(), 10);
    at_home(&["down", "--volumes", "--yes"]);
    assert_eq!(held(&stack), Vec::<String>::new());
}
