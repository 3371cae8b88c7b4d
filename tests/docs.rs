//! The pages under `docs/`: what they show is right, and the references are those of the types and of the command line.
//! `BLESS=1` writes the references anew.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "docs/commands.rs"]
mod commands;
#[path = "support/pages.rs"]
mod pages;
#[path = "docs/stack_file.rs"]
mod stack_file;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use pages::Page;
use stackctl::cli::Cli;
use stackctl::command::VOCABULARY;
use stackctl::stack::{Environment, parse};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn is_up_to_date(file: &str, expected: &str) {
    let path = root().join(file);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{file} is not what the code says; BLESS=1 cargo test --test docs writes it anew");
}

#[test]
fn the_reference_of_the_stack_file_is_that_of_the_types() {
    let page = stack_file::page();
    for key in ["## include", "## apps.NAME", "`metrics`", "`retention`"] {
        assert!(page.contains(key), "{key}");
    }
    is_up_to_date("docs/reference/stack-file.md", &page);
}

#[test]
fn the_reference_of_the_commands_is_that_of_the_command_line() {
    let page = commands::page();
    for heading in ["## stackctl up\n", "### stackctl engine apply\n", "### stackctl dashboards pull\n"] {
        assert!(page.contains(heading), "{heading}");
    }
    is_up_to_date("docs/reference/commands.md", &page);
}

/// Every command line of stackctl, in blocks and in the text.
fn command_lines(page: &Page) -> Vec<String> {
    let outside = page.text.split("```").step_by(2);
    let spans = outside.flat_map(|text| text.split('`').skip(1).step_by(2)).map(str::to_owned);
    let blocks = page.shell_lines("sh").into_iter().chain(page.shell_lines("console"));
    let all =
        spans.chain(blocks).map(|line| line.strip_prefix("sudo ").unwrap_or(&line).replace("CAUSE", "wrong-path"));
    all.filter(|line| line.starts_with("stackctl ") && !line.contains('\n')).collect()
}

#[test]
fn every_command_line_of_every_page_can_be_typed() {
    let mut lines = 0;
    // The references are made of the command line itself.
    for page in Page::all().into_iter().filter(|page| !page.name.starts_with("reference/")) {
        for line in command_lines(&page) {
            let words = shlex::split(&line).unwrap_or_else(|| panic!("the quotes of `{line}` in {}", page.name));
            if let Err(error) = Cli::try_parse_from(words)
                && error.kind() != clap::error::ErrorKind::DisplayHelp
            {
                panic!("`{line}` in docs/{}: {error}", page.name);
            }
            lines += 1;
        }
    }
    assert!(lines >= 40, "{lines}");
}

#[test]
fn every_stack_file_of_every_page_is_right() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in pages::OTHERS {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let mut files = 0;
    for page in Page::all() {
        for text in page.blocks("yaml") {
            // Where an ellipsis stands, or an indentation, something is left out.
            if text.contains('…') || text.starts_with(' ') {
                continue;
            }
            // A part of a file stands for itself.
            let whole = if text.contains("name: ") { text.clone() } else { format!("name: x\n{text}") };
            let read = parse("stack.yml", &whole, folder.path(), &Environment::default(), &VOCABULARY);
            let loaded = read.unwrap_or_else(|problems| panic!("docs/{}:\n{problems}", page.name));
            assert!(loaded.warnings.is_empty(), "docs/{}:\n{}", page.name, loaded.warnings);
            files += 1;
        }
    }
    assert!(files >= 8, "{files}");
}

#[test]
fn every_page_is_in_the_index_and_every_link_leads_somewhere() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for page in Page::all() {
        assert!(
            page.name == "README.md" || index.contains(&format!("({})", page.name)),
            "{} is not in docs/README.md",
            page.name
        );
        let folder = root().join("docs").join(&page.name).parent().unwrap().to_path_buf();
        for link in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.starts_with("http") {
                continue;
            }
            let target = if file.is_empty() { root().join("docs").join(&page.name) } else { folder.join(file) };
            let text =
                fs::read_to_string(&target).unwrap_or_else(|error| panic!("{link} in docs/{}: {error}", page.name));
            assert!(anchor.is_empty() || has_heading(&text, anchor), "{link} in docs/{}", page.name);
        }
        for named in page.text.split('`').skip(1).step_by(2).filter(|named| named.starts_with("stacks/")) {
            assert!(Path::new(&root()).join(named).exists(), "`{named}` in docs/{}", page.name);
        }
    }
}

/// Whether a page has a heading that a link leads to.
fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let mut anchors = headings.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    });
    anchors.any(|found| found == anchor)
}
