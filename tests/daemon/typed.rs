//! Those who may not change the file: the commands that they are given, typed as they are, and what else they are told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use crate::beside::{Beside, Run, SMALLEST, WEB, run};
use crate::pages::Page;

const GATEWAY: &str = "engine: { metrics: gateway }\napps: {}\n";

/// What `dockerd --validate` knows to be wrong, and no check of stackctl's own.
const LOUD: &str = "{\"storage-driver\": \"vfs\", \"log-level\": \"loud\"}";

/// An engine whose file everybody can read.
fn readable_by_all(suite: &str) -> Beside {
    let engine = Beside::start(suite, SMALLEST, "--label 'rack=7 b'");
    engine.write_stack(GATEWAY);
    for path in [engine.path(""), engine.file(), engine.path("stack.yml")] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    engine
}

fn commands(engine: &Beside) -> String {
    let told = engine.stackctl_as_nobody(&["engine", "apply", "--yes"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.stderr.contains("or type the commands above"), "{told:?}");
    told.stdout
}

/// Types them: `sudo` does here what it says, root being who tests.
fn typed(engine: &Beside, commands: &str) -> Run {
    let programs = engine.path("programs");
    fs::create_dir_all(&programs).expect("writable");
    fs::write(programs.join("sudo"), "#!/bin/sh\nexec \"$@\"\n").expect("writable");
    fs::set_permissions(programs.join("sudo"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("there is one"));
    run(Command::new("sh").arg("-c").arg(commands).env("PATH", path))
}

fn copies(engine: &Beside) -> Vec<PathBuf> {
    let entries = fs::read_dir(engine.path("")).expect("a folder").flatten().map(|entry| entry.path());
    let mut found: Vec<_> = entries.filter(|path| path.display().to_string().contains("daemon.json.before-")).collect();
    found.sort();
    found
}

fn second() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

#[test]
fn engine_metrics_are_scraped_and_taken_back_as_the_page_says() {
    let page = Page::all().into_iter().find(|page| page.name == "engine-metrics.md").expect("the page is there");
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(&format!("{}{WEB}", page.blocks("yaml").first().expect("it shows a stack file")));
    let lines = page.shell_lines("sh");
    assert!(lines.len() >= 6, "{lines:?}");
    for line in lines {
        let words = shlex::split(line.trim_start_matches("sudo ")).expect("it can be typed");
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(words.remove(0), "stackctl", "{line}");
        // Nobody is there to be asked, and no systemd to restart this engine.
        let restart = engine.restart_command();
        let asks = words.contains(&"apply") || words.contains(&"rollback");
        words.extend(asks.then_some("--yes"));
        if let Some(at) = words.iter().position(|word| *word == "--restart") {
            words[at] = "--restart-command";
            words.insert(at + 1, &restart);
        }
        let steps_are_left = words == ["engine", "plan"];
        engine.expect_inside(if steps_are_left { 3 } else { 0 }, &words);
        if words.contains(&"--restart-command") {
            assert!(engine.metrics("172.17.0.1:9323") > 100, "{line}");
        }
    }
    assert_eq!(engine.text(), SMALLEST, "the last line takes the change back");
}

#[test]
fn commands_typed_as_they_are_change_nothing_that_the_engine_would_not_start_with() {
    for suite in ["trixie", "sid"] {
        let engine = readable_by_all(suite);
        fs::write(engine.file(), LOUD).expect("writable");
        let typed = typed(&engine, &commands(&engine));
        assert!(typed.code != 0 && typed.stderr.contains("loud"), "{suite}: {typed:?}");
        assert_eq!(engine.text(), LOUD, "{suite}");
        // Who may ask is told before.
        let told = engine.expect(2, &["engine", "plan"]);
        assert!(told.contains("the engine would not start with the new") && told.contains("loud"), "{suite}: {told}");
        let metrics = LOUD.replace('}', ", \"metrics-addr\": \"172.17.0.1:9323\"}");
        fs::write(engine.file(), &metrics).expect("writable");
        let told = engine.apply(2);
        assert!(told.contains("the engine would not start with") && told.contains("loud"), "{suite}: {told}");
        assert_eq!(engine.text(), metrics, "{suite}");
    }
}

#[test]
fn commands_typed_twice_keep_what_the_file_was_at_first() {
    for suite in ["bookworm", "sid"] {
        let engine = readable_by_all(suite);
        let commands = commands(&engine);
        let first = typed(&engine, &commands);
        assert_eq!(first.code, 0, "{suite}: {commands}\n{first:?}");
        assert!(engine.text().contains("metrics-addr"), "{suite}: {commands}");
        let begun = second();
        assert!(Beside::wait_until(|| second() > begun), "time goes on");
        assert_eq!(typed(&engine, &commands).code, 0, "{suite}");
        let copies = copies(&engine);
        assert_eq!(copies.len(), 2, "{suite}: {copies:?}");
        assert_eq!(fs::read_to_string(&copies[0]).expect("readable"), SMALLEST, "{suite}");
        engine.restart();
        assert!(engine.metrics("172.17.0.1:9323") > 100, "{suite}");
    }
}

#[test]
fn who_may_not_put_a_copy_back_is_given_the_commands_that_do() {
    for (suite, live_restore) in [("bookworm", false), ("sid", false), ("sid", true)] {
        let engine = readable_by_all(suite);
        let wish = format!("engine: {{ metrics: gateway, live_restore: {live_restore} }}\napps: {{}}\n");
        engine.write_stack(&wish);
        engine.apply(0);
        let told = engine.stackctl_as_nobody(&["engine", "rollback", "--yes"]);
        assert_eq!(told.code, 1, "{told:?}");
        assert!(told.stderr.contains("permission denied") && told.stderr.contains("nothing was changed"), "{told:?}");
        assert!(
            told.stderr.contains("stackctl engine rollback --yes`, or type the commands above")
                && told.stderr.contains("`sudo "),
            "{told:?}"
        );
        assert!(told.stdout.contains("# then restart the engine"), "{told:?}");
        let commands = format!("export DOCKER_HOST={}\n{}", engine.address(), told.stdout);
        let typed = typed(&engine, &commands);
        assert_eq!((typed.code, engine.text().as_str()), (0, SMALLEST), "{suite}: {commands}\n{typed:?}");
        let is_on = engine.docker(&["info", "--format", "{{.LiveRestoreEnabled}}"]);
        assert_eq!(is_on.trim(), "false", "{suite}: {commands}");
        engine.restart();
        assert_eq!(engine.metrics("172.17.0.1:9323"), 0, "{suite}");
    }
}

/// It is `restart: always` that starts them, and nothing pauses them again.
#[test]
fn a_paused_container_that_runs_after_the_restart_is_told_before_and_after() {
    for suite in ["bookworm", "sid"] {
        let engine = Beside::start(suite, SMALLEST, "");
        engine.write_stack(
            "engine: { metrics: gateway }\nprometheus: off\n\
             apps: { web: { image: stackctl/self, command: [demo, accesslog], restart: always } }\n",
        );
        engine.expect(0, &["up", "--no-wait"]);
        engine.docker(&["pause", "demo-web-1"]);
        let plan = engine.expect(3, &["engine", "plan"]);
        assert!(plan.contains("paused now, and RUN after it: demo-web-1"), "{suite}: {plan}");
        let told = engine.apply(0);
        assert!(
            told.contains("paused before, and running now") && told.contains("`docker pause demo-web-1`"),
            "{told}"
        );
        let state = engine.docker(&["inspect", "--format", "{{.State.Status}}", "demo-web-1"]);
        assert_eq!(state.trim(), "running", "{suite}");
        engine.docker(&["rm", "-f", "demo-web-1"]);
    }
}

#[test]
fn a_bridge_that_moves_is_a_gateway_still_and_what_was_pinned_for_the_metrics_is_told() {
    let engine = Beside::start("sid", SMALLEST, "");
    engine.write_stack(GATEWAY);
    let moved = SMALLEST.replace('}', ", \"bip\": \"10.77.0.1/24\"}");
    fs::write(engine.file(), &moved).expect("writable");
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("10.77.0.1:9323 is reached from this host and its containers, not from the LAN"), "{plan}");
    engine.expect(0, &["engine", "apply", "--yes"]);
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(shown.contains("10.77.0.1:9323; NOTHING LISTENS THERE"), "{shown}");
    assert!(shown.contains("reached from this host and its containers, not from the LAN"), "{shown}");
    engine.apply(0);
    let plan = engine.expect(3, &["engine", "plan", "--metrics", "off"]);
    assert!(plan.contains("`bip` stays: 10.77.0.1 may be in use for more than the metrics"), "{plan}");
    assert!(engine.text().contains("10.77.0.1/24"), "{plan}");
}

#[test]
fn a_link_that_leads_back_to_itself_and_a_text_too_deep_are_told_with_what_to_do() {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let file = folder.path().join("daemon.json");
    let plan = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.args(["engine", "plan", "--config-file"]).arg(&file).current_dir(&folder).env_remove("STACKCTL_FILE");
        run(command.env("NO_COLOR", "1")).stderr
    };
    std::os::unix::fs::symlink("daemon.json", &file).expect("a link");
    let told = plan();
    assert!(told.contains("it is a link that leads back to itself") && told.contains("remove it"), "{told}");
    fs::remove_file(&file).expect("it is there");
    fs::write(&file, format!("{{\"x\": {}{}}}", "[".repeat(200), "]".repeat(200))).expect("writable");
    let told = plan();
    assert!(told.contains("deeper here than stackctl reads"), "{told}");
    assert!(!told.contains("the engine would not start"), "{told}");
}
