//! The Docker suite on every engine that stackctl is meant for: a table of what works.
//!
//! `cargo test --test daemon engines -- --ignored --nocapture` prints it, with BLESS=1 its rows go into `docs/engines.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::beside::{Beside, must, run};
use crate::podman::Podman;
use crate::tools;

/// Engines of Debian's releases: Docker's by the release's own name.
const ENGINES: &str = "bookworm trixie sid podman-bookworm podman-trixie";

/// What is run of `tests/docker/`: each a file there.
const SUITE: [&str; 7] = ["lifecycle", "scale", "reload", "converge", "causes", "attach", "failures"];

/// A storage driver that is quick where the data folder lies on a disk.
const SETTINGS: &str = "{\"storage-driver\": \"overlay2\"}";

/// Every image that the suite runs, got from outside: an engine's own network leads nowhere.
const IMAGES: &str = "name: images\nimages: { from: debian }\ngrafana: off\nexporters: { node: {} }\nalertmanager: {}\n\
                      apps: { web: { image: stackctl/self } }\n";

/// What is known not to work with Podman, and why: it is in the table, and no reason for the command to fail.
const NOT_WITH_PODMAN: [(&str, &str); 13] = [
    (
        "failures::a_taken_port_is_named_and_the_rest_runs",
        "who holds a port is looked for beside dockerd; Podman says that it is taken",
    ),
    ("failures::what_is_waited_for_before_a_start_is_told_now_and_then", NO_HEALTH),
    (
        "failures::what_is_left_out_for_one_reason_is_told_in_one_line",
        "Podman's words for a registry that is not there name the image",
    ),
    (
        "attach::a_container_that_is_taken_over_keeps_what_it_was_made_with",
        "variables that Podman itself gives a container (`container`, `HOME`, `HOSTNAME`) are carried with those that somebody wrote",
    ),
    ("lifecycle::ps_says_how_the_health_checks_of_each_replica_stand", NO_HEALTH),
    (
        "failures::an_app_whose_health_check_fails_is_a_finding_with_the_words_of_the_check_however_often_up_runs",
        NO_HEALTH,
    ),
    ("failures::without_a_prometheus_too_an_app_that_is_not_well_is_a_finding_of_every_up", NO_HEALTH),
    ("failures::what_a_health_check_printed_is_told_to_who_waits_for_it", NO_HEALTH),
    ("causes::containers::a_container_that_does_not_serve_is_told_with_its_state_and_its_last_lines", NO_HEALTH),
    (
        "causes::engine::where_the_engine_serves_its_metrics_and_who_stands_in_the_way_is_told",
        "Podman has no metrics; the test's own server finds no address, as Podman's bridge is there only with a container in it",
    ),
    ("converge::who_gave_way_is_replaced_where_its_port_is_gone_although_somebody_wants_to_stop", NO_HEALTH),
    (
        "failures::a_port_that_an_internal_network_kept_from_its_app_is_given_up_first_too",
        "Podman publishes what is in internal networks, too",
    ),
    (
        "converge::a_stopped_stack_whose_network_was_pruned_comes_back",
        "Podman does not remove a network that a container is to join: this cannot come about",
    ),
];

/// Podman has systemd run health checks, which the hosts of these tests have not.
const NO_HEALTH: &str = "Podman has health checks run by systemd, and this host has none";

/// One engine: what it calls itself, and what came of the suite, by file: passed, all, and what failed.
struct Row {
    engine: String,
    api: String,
    results: BTreeMap<&'static str, (usize, usize)>,
    failed: Vec<String>,
}

/// An engine that answers here.
struct Place {
    maker: &'static str,
    address: String,
    /// The option of `nsenter` that leads into its network.
    network: String,
}

#[test]
#[ignore = "takes an hour, and prints the table of docs/engines.md"]
fn every_engine_runs_the_suite() {
    // What the suite fetches for itself, it finds from within a network that leads nowhere.
    tools::prometheus("sid");
    let chosen = |name, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let files = chosen("FILES", &SUITE.join(" "));
    let files: Vec<&'static str> =
        SUITE.into_iter().filter(|file| files.split_whitespace().any(|word| word == *file)).collect();
    let suite = suite();
    let mut rows = Vec::new();
    for which in chosen("ENGINES", ENGINES).split_whitespace() {
        let row = if let Some(release) = which.strip_prefix("podman-") {
            let podman = Podman::start_for_the_suite(release);
            let place = Place { maker: "Podman", address: podman.address(), network: podman.enter() };
            row(&suite, &files, &place)
        } else {
            let engine = Beside::start(which, SETTINGS, "");
            let place = Place { maker: "Docker Engine", address: engine.address(), network: engine.enter() };
            row(&suite, &files, &place)
        };
        // An hour's work is not to be lost with the next engine.
        println!("{}", written(&row));
        if std::env::var_os("BLESS").is_some() {
            bless(&row);
        }
        rows.push(row);
    }
    println!("{}{}", head(), rows.iter().map(written).collect::<String>());
    let failed: Vec<&String> = rows.iter().flat_map(|row| &row.failed).filter(|test| reason(test).is_none()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The built `tests/docker`.
fn suite() -> PathBuf {
    let words = ["test", "--test", "docker", "--no-run", "--message-format=json"];
    let mut cargo = Command::new(env!("CARGO"));
    // What the cargo that runs this test says of its package has crates built anew that look at it.
    let of_package = |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| of_package(name)) {
        cargo.env_remove(name);
    }
    let built = run(cargo.args(words).current_dir(env!("CARGO_MANIFEST_DIR")));
    let messages = built.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut executables = messages.filter(|message| message["target"]["name"] == "docker");
    let executable = executables.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.unwrap_or_else(|| panic!("the suite cannot be built:\n{}", built.stderr))
}

fn row(suite: &Path, files: &[&'static str], place: &Place) -> Row {
    get_images(&place.address);
    let (engine, api) = version(place);
    println!("{engine}: the suite runs");
    let mut row = Row { engine, api, results: BTreeMap::new(), failed: Vec::new() };
    let mut command = Command::new("nsenter");
    // Who starts this in the background may have it ignore what Ctrl-C sends, which the suite is about, too.
    command.arg(&place.network).args(["env", "--default-signal=INT,HUP"]).arg(suite);
    command.args(files.iter().map(|file| format!("{file}::"))).args(["--test-threads", "4"]);
    command.env("DOCKER_HOST", &place.address).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let mut running = command.stdout(Stdio::piped()).spawn().expect("nsenter is part of util-linux");
    let mut rest = String::new();
    for line in BufReader::new(running.stdout.take().expect("piped")).lines().map_while(Result::ok) {
        let Some((test, outcome)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) else {
            writeln!(rest, "{line}").expect("a String takes everything");
            continue;
        };
        let Some(file) = files.iter().find(|file| test.starts_with(&format!("{file}::"))) else { continue };
        let (passed, all) = row.results.entry(file).or_default();
        *all += 1;
        if outcome == "ok" {
            *passed += 1;
        } else {
            row.failed.push(format!("{}: `{test}`", row.engine));
            println!("{test} failed");
        }
    }
    running.wait().expect("it ends");
    println!("{}", rest.split("\nfailures:\n").nth(1).unwrap_or_default());
    row
}

fn get_images(address: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stack.yml");
    std::fs::write(&file, IMAGES).expect("the folder is ours");
    let mut pull = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    let pulled = run(pull.arg("-f").arg(&file).args(["images", "pull"]).env("DOCKER_HOST", address));
    assert_eq!(pulled.code, 0, "{address}: {}", pulled.stderr);
}

/// `Podman 5.4` and the version of its API.
fn version(place: &Place) -> (String, String) {
    let format = "{{.Server.Version}} {{.Server.APIVersion}}";
    let told = must(Command::new("docker").args(["-H", &place.address, "version", "--format", format]));
    let (version, api) = told.trim().split_once(' ').expect("two words");
    let release: Vec<&str> = version.split('.').take(2).collect();
    (format!("{} {}", place.maker, release.join(".")), api.to_owned())
}

/// Why a test fails with Podman, where that is known.
fn reason(failed: &str) -> Option<&'static str> {
    let mut known = NOT_WITH_PODMAN.iter().filter(|_| failed.starts_with("Podman"));
    known.find(|(test, _)| failed.ends_with(&format!("`{test}`"))).map(|(_, why)| *why)
}

fn head() -> String {
    format!("| engine | API | {} | run |\n|---|---|{}---|\n", SUITE.join(" | "), "---|".repeat(SUITE.len()))
}

/// A row of the table, and a line for each test that failed.
fn written(row: &Row) -> String {
    let cells = SUITE
        .map(|file| row.results.get(file).map_or_else(|| "-".to_owned(), |(passed, all)| format!("{passed} of {all}")));
    let git = ["describe", "--always", "--exclude=*", "--dirty=, changed"];
    let commit = must(Command::new("git").args(git).current_dir(env!("CARGO_MANIFEST_DIR")));
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let mut text = format!("| {} | {} | {} | {date}, {} |\n", row.engine, row.api, cells.join(" | "), commit.trim());
    for test in &row.failed {
        let why = reason(test).unwrap_or("not known why");
        writeln!(text, "- {test}: {why}").expect("a String takes everything");
    }
    text
}

/// Puts what is written of an engine between the marks of the page, in the place of what was there of it.
fn bless(row: &Row) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once("<!-- table -->\n").expect("the table's beginning is marked");
    let (old, after) = rest.split_once("<!-- end -->").expect("the table's end is marked");
    std::fs::write(&path, format!("{before}<!-- table -->\n{}<!-- end -->{after}", merged(old, row)))
        .expect("the repository is writable");
}

/// The rows of a table, sorted, with one anew, and below it what failed.
fn merged(old: &str, row: &Row) -> String {
    let new = written(row);
    let is_of_it = |line: &&str| {
        line.starts_with(&format!("| {} |", row.engine)) || line.starts_with(&format!("- {}:", row.engine))
    };
    let kept = old.lines().filter(|line| !is_of_it(line) && !head().contains(line));
    let (mut rows, rest): (Vec<&str>, Vec<&str>) = kept.chain(new.lines()).partition(|line| line.starts_with('|'));
    let mut failed: Vec<&str> = rest.into_iter().filter(|line| line.starts_with("- ")).collect();
    rows.sort_unstable();
    failed.sort_unstable();
    let lines = |lines: &[&str]| lines.iter().fold(String::new(), |text, line| text + line + "\n");
    let failed = if failed.is_empty() { String::new() } else { format!("\nWhat failed:\n\n{}", lines(&failed)) };
    format!("{}{}{failed}", head(), lines(&rows))
}

#[test]
fn a_row_of_the_table_takes_the_place_of_the_one_before_it() {
    let row = |results: &[(&'static str, (usize, usize))], failed: &[&str]| Row {
        engine: "Podman 5.4".to_owned(),
        api: "1.41".to_owned(),
        results: results.iter().copied().collect(),
        failed: failed.iter().map(|test| format!("Podman 5.4: `{test}`")).collect(),
    };
    let other = "| Docker Engine 28.5 | 1.51 | 18 of 18 |\n| Podman 4.3 | 1.41 | 17 of 18 |\n\nWhat failed:\n\n- Podman 4.3: `lifecycle::a`: b\n";
    let first = merged(&format!("{}{other}", head()), &row(&[("lifecycle", (17, 18))], &["lifecycle::c"]));
    assert!(first.starts_with(&head()), "{first}");
    assert!(
        first.contains("| 18 of 18 |\n| Podman 4.3 | 1.41 | 17 of 18 |\n| Podman 5.4 | 1.41 | 17 of 18 | - |"),
        "{first}"
    );
    assert!(
        first.ends_with("- Podman 4.3: `lifecycle::a`: b\n- Podman 5.4: `lifecycle::c`: not known why\n"),
        "{first}"
    );
    let second = merged(&first, &row(&[("scale", (11, 11))], &[]));
    assert!(second.contains("| Podman 5.4 | 1.41 | - | 11 of 11 |"), "{second}");
    assert!(!second.contains("lifecycle::c") && second.contains("lifecycle::a"), "{second}");
    assert_eq!(second.matches("Podman 5.4").count(), 1, "{second}");
}
