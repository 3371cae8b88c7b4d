//! Who may use whom, as data, held against the `use` lines and `crate::` paths of every source file.
//!
//! A room is a folder or a file directly below `src/`. The reasons stand in the `//!` page of `src/lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms a room may use. `room::Item` allows that item alone. Its own inside it may use anyhow.
const MAY_USE: &[(&str, &[&str])] = &[
    ("disk", &[]),
    ("printable", &[]),
    ("promql", &[]),
    ("dashboard", &["promql"]),
    ("stack", &["catalog", "dashboard", "promql"]),
    ("catalog", &[]),
    ("desired", &["stack", "catalog", "dashboard", "promql"]),
    ("pins", &["stack", "catalog", "desired"]),
    ("render", &["desired", "dashboard", "disk"]),
    (
        "plan",
        &[
            "desired",
            "render::Files",
            "engine::Observed*",
            "engine::ContainerState",
            "engine::FileStamp",
            "engine::Health",
            "engine::Secrets",
        ],
    ),
    (
        "engine",
        &["plan", "pins::name_of", "dashboard", "desired", "catalog", "disk", "printable", "probe", "render::Files"],
    ),
    ("daemon", &["probe::listening"]),
    ("exposition", &[]),
    ("probe", &["exposition", "client::install_tls_provider"]),
    ("client", &[]),
    ("chosen", &["client", "dashboard", "promql"]),
    ("import", &["catalog", "stack"]),
    ("demo", &[]),
    (
        "verify",
        &[
            "dashboard",
            "desired",
            "chosen",
            "client",
            "exposition",
            "plan",
            "promql",
            "probe",
            "render::Files",
            "engine::Observed*",
            "engine::ContainerState",
            "engine::FileStamp",
            "engine::Health",
            "engine::probe",
            "engine::Probe*",
        ],
    ),
    ("plot", &["dashboard"]),
    ("view", &["chosen", "client", "dashboard", "plot", "promql", "stack::Duration"]),
    ("top", &["client", "dashboard", "plot", "promql"]),
    ("cli", &["command", "stack"]),
    ("command", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// Where a crate, or what shows on the screen, may appear.
const CONFINED: &[(&str, &[&str])] = &[
    // `import` reads YAML through `stack`, and writes it by hand. `client`: Prometheus answers the question for its configuration in YAML.
    ("serde_yaml", &["stack", "render", "client"]),
    // `view`: the page around the panels.
    ("tera", &["render", "view"]),
    ("bollard", &["engine"]),
    ("clap", &["cli", "command", "main"]),
    ("clap_complete", &["cli", "command", "main"]),
    ("clap_mangen", &["cli", "command"]),
    ("dialoguer", &["cli", "command"]),
    ("reqwest", &["client", "probe", "demo"]),
    ("axum", &["demo", "view"]),
    ("crossterm", &["top", "command"]),
    ("ratatui", &["plot", "top"]),
    ("resvg", &["plot"]),
    ("pulldown_cmark", &["plot"]),
    ("prometheus_client", &["demo"]),
    ("promql_parser", &["promql"]),
    ("println!", &["command"]),
    ("print!", &["command"]),
];

/// Words that say nothing about what is in a file.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "handler", "misc", "prelude"];

/// Longest file, without its tests.
const LONGEST_FILE: usize = 400;

#[test]
fn every_room_uses_only_what_it_may() {
    report(&sources().iter().flat_map(Source::forbidden_rooms).collect::<Vec<_>>());
}

#[test]
fn crates_stay_where_they_belong() {
    report(&sources().iter().flat_map(Source::misplaced_crates).collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent =
        |source: &Source| (!source.text.starts_with("//!")).then(|| source.at(1, "has no `//!` on its first line"));
    report(&sources().iter().filter_map(silent).collect::<Vec<_>>());
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long = |source: &Source| {
        let lines = source.code_lines().count();
        (lines > LONGEST_FILE)
            .then(|| source.at(lines, &format!("has {lines} lines without tests; {LONGEST_FILE} at most")))
    };
    report(&sources().iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn every_file_name_says_what_is_in_it() {
    let empty = |source: &Source| {
        let parts = source.path.strip_suffix(".rs").unwrap_or(&source.path).split('/').flat_map(|part| part.split('_'));
        let word = parts.into_iter().find(|word| EMPTY_NAMES.contains(word))?;
        Some(source.at(1, &format!("is named `{word}`, which says nothing")))
    };
    report(&sources().iter().filter_map(empty).collect::<Vec<_>>());
}

#[test]
fn every_room_stands_in_the_table() {
    let unknown = |source: &Source| {
        let known = MAY_USE.iter().any(|(room, _)| *room == source.room());
        (!known).then(|| source.at(1, "lies in a room that is not in the table of tests/architecture.rs"))
    };
    report(&sources().iter().filter_map(unknown).collect::<Vec<_>>());
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// One source file.
struct Source {
    /// Path below `src/`, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// The room it belongs to.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Its module path, such as `["engine", "observed"]`.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        path.split('/').filter(|part| *part != "lib" && *part != "main").collect()
    }

    fn at(&self, line: usize, problem: &str) -> String {
        format!("src/{}:{line} {problem}", self.path)
    }

    /// Its lines up to the tests.
    fn code_lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]")
    }

    /// Its code up to the tests: no comments, and nothing in quotes.
    fn code(&self) -> String {
        self.code_lines().map(without_comment_and_text).collect::<Vec<_>>().join("\n")
    }

    fn forbidden_rooms(&self) -> Vec<String> {
        let may_use = MAY_USE.iter().find(|(room, _)| *room == self.room()).map_or(&[][..], |(_, rooms)| rooms);
        let used = crate_paths(&self.code(), &self.module());
        let forbidden = used.into_iter().filter(|(_, path)| !self.allowed(path, may_use));
        forbidden
            .map(|(line, path)| {
                let allowed =
                    if may_use.is_empty() { "nothing".to_owned() } else { format!("`{}`", may_use.join("`, `")) };
                self.at(line, &format!("uses `crate::{path}`; `{}` may use {allowed}", self.room()))
            })
            .collect()
    }

    fn allowed(&self, path: &str, may_use: &[&str]) -> bool {
        let room = path.split("::").next().unwrap_or_default();
        let is_room = MAY_USE.iter().any(|(known, _)| *known == room);
        !is_room || room == self.room() || may_use.iter().any(|pattern| covers(pattern, path))
    }

    fn misplaced_crates(&self) -> Vec<String> {
        let code = self.code();
        let mut problems = Vec::new();
        for (number, line) in code.lines().enumerate() {
            for (name, rooms) in CONFINED {
                if mentions(line, name) && !rooms.contains(&self.room()) {
                    problems.push(
                        self.at(number + 1, &format!("uses `{name}`, which belongs in `{}`", rooms.join("`, `"))),
                    );
                }
            }
        }
        problems
    }
}

/// Does the table's entry allow the path? `room` allows all of it, `room::Item` the item and what is in it,
/// `room::Item*` all items that begin so.
fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => path == pattern || path.strip_prefix(pattern).is_some_and(|rest| rest.starts_with("::")),
    }
}

/// Is the name there as a whole word: as a path's first part, or as a macro?
fn mentions(line: &str, name: &str) -> bool {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(name).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = &line[start + name.len()..];
        let path =
            name.ends_with('!') || after.starts_with("::") || after.starts_with(';') || after.starts_with(" as ");
        path && !before.is_some_and(|character| word(character) || character == ':')
    })
}

/// Every path into the crate that the code names, with its line: `use` trees spread out, `super::` resolved.
fn crate_paths(code: &str, module: &[&str]) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (start, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let preceded =
            code[..start].chars().next_back().is_some_and(|before| before.is_alphanumeric() || "_:$".contains(before));
        if preceded {
            continue;
        }
        let line = code[..start].matches('\n').count() + 1;
        paths.extend(spread(&code[start..]).into_iter().filter_map(|path| Some((line, resolve(&path, module)?))));
    }
    paths
}

/// `a::{b::c, d}…` → `a::b::c`, `a::d`.
fn spread(text: &str) -> Vec<String> {
    let end =
        text.find(|character: char| !(character.is_alphanumeric() || "_:".contains(character))).unwrap_or(text.len());
    let stem = &text[..end];
    if !(stem.ends_with("::") && text[end..].starts_with('{')) {
        return vec![stem.trim_end_matches(':').to_owned()];
    }
    let branches = branches(&text[end + 1..]);
    branches.iter().flat_map(|branch| spread(branch)).map(|branch| format!("{stem}{branch}")).collect()
}

/// The parts between commas up to the brace that closes.
fn branches(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut branches = vec![String::new()];
    for character in text.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches.push(String::new());
                continue;
            }
            _ => {}
        }
        branches.last_mut().expect("there is always one").push(character);
    }
    branches.iter().map(|branch| branch.trim().to_owned()).filter(|branch| !branch.is_empty()).collect()
}

/// The path from the crate's root. `None`: `super` leads out of the file's modules, into one that is written inside it.
fn resolve(path: &str, module: &[&str]) -> Option<String> {
    if let Some(path) = path.strip_prefix("crate::") {
        return Some(path.to_owned());
    }
    let mut parts = path.split("::").peekable();
    let mut above = module.len();
    while parts.next_if_eq(&"super").is_some() {
        above = above.checked_sub(1)?;
    }
    Some(module[..above].iter().copied().chain(parts).collect::<Vec<_>>().join("::"))
}

/// The line without `// …` and without what stands in quotes.
fn without_comment_and_text(line: &str) -> String {
    let mut code = String::new();
    let mut characters = line.chars().peekable();
    let mut in_text = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' if in_text => {
                characters.next();
            }
            // The quote of a character literal opens no text.
            '"' if code.ends_with('\'') => code.push('_'),
            '"' => in_text = !in_text,
            '/' if !in_text && characters.peek() == Some(&'/') => break,
            _ if in_text => {}
            _ => code.push(character),
        }
    }
    code
}

/// Every source file but those that are tests as a whole.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    collect(&root, &root, &mut found);
    let sources = found.into_iter().map(|(path, text)| Source { path, text });
    sources.filter(|source| !source.path.ends_with("/tests.rs")).collect()
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("src/ can be read") {
        let path: PathBuf = entry.expect("src/ can be read").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(root).expect("it lies below").to_string_lossy().replace('\\', "/");
            found.insert(name, fs::read_to_string(&path).expect("a source file is text"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{covers, crate_paths, mentions, without_comment_and_text};

    #[test]
    fn paths_are_found_in_every_way_of_writing_them() {
        let code = "use crate::stack::{self, port::{Port, Ports}};\nfn f(x: crate::desired::Job) {}\nuse super::super::engine::apply;\n";
        let paths: Vec<(usize, String)> = crate_paths(code, &["verify", "targets"]);
        let expected =
            ["1 stack::self", "1 stack::port::Port", "1 stack::port::Ports", "2 desired::Job", "3 engine::apply"];
        assert_eq!(paths.iter().map(|(line, path)| format!("{line} {path}")).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_entry_of_the_table_covers_what_it_says() {
        assert!(covers("render::Files", "render::Files"));
        assert!(covers("engine::Observed*", "engine::ObservedContainer"));
        assert!(covers("desired", "desired::Job"));
        assert!(!covers("render::Files", "render::all"));
        assert!(!covers("desired", "desiredly"));
    }

    #[test]
    fn a_crate_is_found_as_a_path_and_not_inside_other_words() {
        assert!(mentions("use tera::Tera;", "tera"));
        assert!(mentions("    println!();", "println!"));
        assert!(!mentions("    eprintln!();", "println!"));
        assert!(!mentions("let literal::x", "tera"));
        assert!(!mentions("mod clap_like;", "clap"));
    }

    #[test]
    fn comments_and_text_are_no_code() {
        assert_eq!(without_comment_and_text(r#"let a = "crate::x // \" y"; // crate::z"#), "let a = ; ");
    }
}
