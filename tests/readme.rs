//! What the README shows can be typed, and what it has to name is named.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{CommandFactory, Parser};
use stackctl::cli::Cli;
use stackctl::command::VOCABULARY;
use stackctl::desired::{Desired, Facts};
use stackctl::stack::{Environment, parse};

const README: &str = include_str!("../README.md");

/// Every command line that starts with `stackctl`, in code spans and in blocks of shell, up to a pipe or a comment.
fn command_lines() -> Vec<String> {
    let spans = README.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let blocks = README.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let lines = blocks.flat_map(str::lines).map(|line| line.replace("cargo run --release --", "stackctl"));
    let all = spans.map(str::to_owned).chain(lines);
    all.filter(|line| line.starts_with("stackctl ")).collect()
}

#[test]
fn every_command_line_in_the_readme_can_be_typed() {
    let lines = command_lines();
    assert!(lines.len() >= 20, "{lines:#?}");
    for line in lines {
        let words = shlex::split(&line).unwrap_or_else(|| panic!("the quotes of `{line}`"));
        if let Err(error) = Cli::try_parse_from(words)
            && error.kind() != clap::error::ErrorKind::DisplayHelp
        {
            panic!("`{line}` in README.md: {error}");
        }
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let command = Cli::command();
    for known in command.get_subcommands().filter(|known| !known.is_hide_set()) {
        let written = format!("`stackctl {}", known.get_name());
        assert!(README.contains(&written), "README.md has no {written}`");
    }
}

#[test]
fn every_cause_is_in_the_table_of_the_readme_and_no_other() {
    let rows: Vec<&str> = README
        .split("## What verify names")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .expect("the section is there")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(rows, causes(), "in the order of `verify::Cause`");
}

/// The ids of `verify::Cause`, read from its source, so that a new one cannot be forgotten.
fn causes() -> Vec<String> {
    let source = include_str!("../src/verify/finding.rs");
    let body = source.split("pub enum Cause {").nth(1).and_then(|rest| rest.split('}').next()).expect("it is there");
    let variants = body.lines().filter_map(|line| line.trim().strip_suffix(','));
    variants.map(kebab_case).collect()
}

fn kebab_case(variant: &str) -> String {
    let mut id = String::new();
    for character in variant.chars() {
        if character.is_uppercase() && !id.is_empty() {
            id.push('-');
        }
        id.extend(character.to_lowercase());
    }
    id
}

/// Messages, help texts and comments send people to commands. All of them have to be there.
#[test]
fn no_source_file_names_a_command_that_is_not_there() {
    let known: Vec<String> = Cli::command().get_subcommands().map(|known| known.get_name().to_owned()).collect();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source file is text");
            for line in text.lines() {
                for rest in line.split("`stackctl ").skip(1) {
                    let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
                    assert!(word.is_empty() || known.contains(&word), "{}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_files_that_the_readme_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = README.split('`').skip(1).step_by(2);
    let mut files: Vec<&str> =
        names.filter(|name| name.starts_with("stacks/") || name.starts_with("LICENSE")).collect();
    files.push("src/lib.rs");
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        assert!(root.join(file).exists(), "{file}");
    }
}

#[test]
fn the_ports_that_the_demo_takes_are_those_that_the_readme_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let text = std::fs::read_to_string(folder.join("demo.yml")).expect("the demo is there");
    let loaded = parse("demo.yml", &text, &folder, &Environment::default(), &VOCABULARY).expect("the demo is right");
    let desired = Desired::of(&loaded.stack, &Facts::default());
    let settings = desired.services.iter().map(|service| &service.container.settings);
    let taken = settings.flat_map(|settings| {
        let published = settings.ports.0.iter().filter_map(|port| port.host_port);
        let words = settings.command.iter().flat_map(|command| &command.0);
        let in_host_network = settings.network_mode.as_deref() == Some("host");
        let places =
            words.filter_map(|word| word.strip_prefix("--web.listen-address=")?.rsplit(':').next()?.parse().ok());
        published.chain(places.filter(move |_| in_host_network))
    });
    let taken: BTreeSet<u16> = taken.collect();
    let sentence = README.split("The demo takes the ports").nth(1).and_then(|rest| rest.split("`cargo").next());
    let words = sentence.expect("the README says it").split(|letter: char| !letter.is_ascii_digit());
    let named: BTreeSet<u16> = words.filter_map(|word| word.parse().ok()).filter(|port| *port > 999).collect();
    assert_eq!(named, taken);
}
