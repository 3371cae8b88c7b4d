//! What the containers print: of all of them, by time, and no more than is asked for.

use crate::sandbox::{Sandbox, eventually};

#[test]
fn logs_are_merged_and_carry_the_name_of_the_container() {
    let stack = Sandbox::new(
        "prometheus: off\napps: { web: { image: stackctl/self, command: [--version], scale: 2 } }\n"
            .trim_start_matches("prometheus: off\n"),
    );
    stack.run(&["up", "--no-wait"]);
    let version = format!("stackctl {}", env!("CARGO_PKG_VERSION"));
    eventually("both replicas have printed", || stack.ok(&["logs", "web"]).stdout.matches(&version).count() == 2);
    let logs = stack.ok(&["logs", "web", "--tail", "1"]).stdout;
    assert!(logs.contains(&format!("{} | {version}", stack.container("web", 1))), "{logs}");
    stack.expect(2, &["logs", "nobody"]);
}

#[test]
fn one_app_that_keeps_no_lines_hides_those_of_no_other() {
    let stack = Sandbox::new(
        "apps:\n  web: { image: stackctl/self, command: [--version] }\n  \
         mute: { image: stackctl/self, command: [--version], logging: { driver: none } }\n",
    );
    stack.run(&["up", "--no-wait"]);
    let version = format!("{} | stackctl {}", stack.container("web", 1), env!("CARGO_PKG_VERSION"));
    eventually("the app has printed", || stack.ok(&["logs", "web"]).stdout.contains(&version));
    let mute = stack.container("mute", 1);
    for words in [&["logs", "web", "mute"][..], &["logs", "web", "mute", "--follow"]] {
        let logs = stack.ok(words);
        assert!(logs.stdout.contains(&stack.container("web", 1)), "{}", logs.stdout);
        assert!(logs.stderr.contains(&format!("`{mute}`")) && logs.stderr.contains("`logging`"), "{}", logs.stderr);
    }
    let alone = stack.expect(1, &["logs", "mute"]);
    assert!(alone.stderr.contains(&format!("cannot read the logs of `{mute}`")), "{}", alone.stderr);
}

/// `stackctl logs --follow | head -1`: nothing more is printed that could be refused.
#[test]
fn logs_that_nobody_reads_any_more_end() {
    let stack = Sandbox::started("apps: { web: { image: stackctl/self, command: [demo, iotd] } }\n");
    let mut command = stack.command(&["logs", "web", "--follow"]);
    let mut logs = command.stdout(std::process::Stdio::piped()).spawn().expect("stackctl starts");
    drop(logs.stdout.take());
    eventually("it has ended", || logs.try_wait().expect("it is ours").is_some_and(|status| status.success()));
}

/// Lines of `logs` as container, time and text.
fn parted(logs: &str) -> Vec<(String, jiff::Timestamp, String)> {
    let lines = logs.lines().map(|line| {
        let (name, rest) = line.split_once(" | ").unwrap_or_else(|| panic!("a name in `{line}`"));
        let (time, text) = rest.split_once(' ').unwrap_or_else(|| panic!("a time in `{line}`"));
        let time = time.parse().unwrap_or_else(|error| panic!("{error}: `{line}`"));
        (name.trim_end().to_owned(), time, text.to_owned())
    });
    lines.collect()
}

#[test]
fn lines_of_several_containers_come_by_their_times_and_as_many_as_are_asked_for() {
    let app = |name: &str| format!("  {name}: {{ image: stackctl/self, command: [--version], restart: always }}\n");
    let stack = Sandbox::new(&format!("apps:\n{}{}", app("one"), app("two")));
    stack.run(&["up", "--no-wait"]);
    let names = ["one", "two"].map(|app| stack.container(app, 1));
    eventually("each has started several times", || {
        let logs = stack.ok(&["logs", "one", "two"]).stdout;
        names.iter().all(|name| logs.matches(name.as_str()).count() >= 4)
    });
    let lines = parted(&stack.ok(&["logs", "one", "two", "--timestamps"]).stdout);
    assert!(lines.is_sorted_by_key(|(_, time, _)| *time), "{lines:#?}");
    let turns = lines.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
    assert!(turns >= 2, "one prints between two lines of the other: {lines:#?}");
    let version = format!("stackctl {}", env!("CARGO_PKG_VERSION"));
    assert!(lines.iter().all(|(_, _, text)| *text == version), "{lines:#?}");
    let mut last = parted(&stack.ok(&["logs", "one", "two", "--tail", "1", "-t"]).stdout);
    last.sort();
    assert_eq!(last.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), names);
    assert_eq!(stack.ok(&["logs", "--tail", "0"]).stdout, "");
}
