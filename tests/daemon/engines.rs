//! The Docker suite on every engine that stackctl is meant for: a table of what works.
//!
//! `cargo test --test daemon engines -- --ignored --nocapture` prints it, with BLESS=1 it goes into `docs/engines.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::beside::{Beside, run};
use crate::podman::Podman;
use crate::tools;

/// What is run of `tests/docker/`: each a file there.
const SUITE: [&str; 5] = ["lifecycle", "scale", "reload", "converge", "causes"];

/// A storage driver that is quick where the data folder lies on a disk.
const SETTINGS: &str = "{\"storage-driver\": \"overlay2\"}";

/// Every image that the suite runs, got from outside: an engine's own network leads nowhere.
const IMAGES: &str = "name: images\nimages: { from: debian }\ngrafana: off\nexporters: { node: {} }\nalertmanager: {}\n\
                      apps: { web: { image: stackctl/self } }\n";

/// One engine: what it calls itself, and what came of the suite, by file: passed, all, and the names of what failed.
struct Row {
    engine: String,
    api: String,
    results: BTreeMap<&'static str, (usize, usize)>,
    failed: Vec<String>,
}

#[test]
#[ignore = "takes twenty minutes, and prints the table of docs/engines.md"]
fn every_engine_runs_the_suite() {
    // What the suite fetches for itself, it finds from within a network that leads nowhere.
    tools::prometheus("sid");
    let wanted = std::env::var("ENGINES").unwrap_or_else(|_| "bookworm trixie sid podman".to_owned());
    let suite = suite();
    let rows: Vec<Row> = wanted
        .split_whitespace()
        .map(|which| {
            if which == "podman" {
                let podman = Podman::start();
                return row(&suite, &podman.address(), &podman.enter());
            }
            let engine = Beside::start(which, SETTINGS, "");
            row(&suite, &engine.address(), &engine.enter())
        })
        .collect();
    let table = table(&rows);
    println!("{table}");
    if std::env::var_os("BLESS").is_some() {
        bless(&table);
    }
    let engines = rows.iter().filter(|row| !row.engine.contains("Podman"));
    let failed: Vec<&String> = engines.flat_map(|row| &row.failed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The built `tests/docker`.
fn suite() -> PathBuf {
    let words = ["test", "--test", "docker", "--no-run", "--message-format=json"];
    let built = run(Command::new(env!("CARGO")).args(words).current_dir(env!("CARGO_MANIFEST_DIR")));
    let messages = built.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut executables = messages.filter(|message| message["target"]["name"] == "docker");
    let executable = executables.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.unwrap_or_else(|| panic!("the suite cannot be built:\n{}", built.stderr))
}

fn row(suite: &Path, address: &str, network: &str) -> Row {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stack.yml");
    std::fs::write(&file, IMAGES).expect("the folder is ours");
    let mut pull = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    let pulled = run(pull.arg("-f").arg(&file).args(["images", "pull"]).env("DOCKER_HOST", address));
    assert_eq!(pulled.code, 0, "{address}: {}", pulled.stderr);
    let format = "{{.Server.Platform.Name}} {{.Server.Version}}|{{.Server.APIVersion}}";
    let version = run(Command::new("docker").args(["-H", address, "version", "--format", format])).stdout;
    let version = version.trim();
    let (name, api) = version.split_once('|').unwrap_or((version, ""));
    let kind = if address.contains("podman") { "Podman" } else { "Docker Engine" };
    let engine = format!("{kind} {}", name.rsplit(' ').next().unwrap_or(name));
    println!("{engine}: the suite runs");
    let mut command = Command::new("nsenter");
    command.arg(network).arg(suite).args(SUITE).args(["--test-threads", "4"]);
    command.env("DOCKER_HOST", address).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let output = run(&mut command).stdout;
    let mut row = Row { engine, api: api.to_owned(), results: BTreeMap::new(), failed: Vec::new() };
    for line in output.lines() {
        let Some((test, outcome)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) else {
            continue;
        };
        let file = SUITE.iter().find(|file| test.starts_with(&format!("{file}::")));
        let Some(file) = file else { continue };
        let (passed, all) = row.results.entry(file).or_default();
        *all += 1;
        if outcome == "ok" {
            *passed += 1;
        } else {
            row.failed.push(format!("{}: `{test}`", row.engine));
            println!("{test} failed");
        }
    }
    if !row.failed.is_empty() {
        println!("{}", output.split("\nfailures:\n").nth(1).unwrap_or_default());
    }
    row
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("| engine | API | {} |\n|---|---|{}\n", SUITE.join(" | "), "---|".repeat(SUITE.len()));
    for row in rows {
        let cells = SUITE.map(|file| {
            row.results.get(file).map_or_else(|| "-".to_owned(), |(passed, all)| format!("{passed} of {all}"))
        });
        writeln!(text, "| {} | {} | {} |", row.engine, row.api, cells.join(" | ")).expect("a String takes everything");
    }
    let failed: Vec<&String> = rows.iter().flat_map(|row| &row.failed).collect();
    if !failed.is_empty() {
        text.push_str("\nWhat failed:\n\n");
        for test in failed {
            writeln!(text, "- {test}").expect("a String takes everything");
        }
    }
    text
}

/// Puts the table between its marks.
fn bless(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once("<!-- table -->\n").expect("the table's beginning is marked");
    let (_, after) = rest.split_once("<!-- end -->").expect("the table's end is marked");
    let page = format!("{before}<!-- table -->\n{table}<!-- end -->{after}");
    std::fs::write(&path, page).expect("the repository is writable");
}
