//! Commands in advice, as they have to be typed: with the stack files that this run was given.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::cli::default_files;

/// `-f FILE` for each stack file; empty where stackctl takes them by itself.
static FILES: OnceLock<String> = OnceLock::new();

/// Commands that work on a stack file.
const OF_A_STACK: [&str; 24] = [
    "add",
    "alerts",
    "check",
    "dashboards",
    "down",
    "engine",
    "exposure",
    "images",
    "init",
    "lock",
    "logs",
    "plan",
    "ps",
    "push",
    "query",
    "remove",
    "render",
    "scale",
    "silence",
    "test",
    "top",
    "up",
    "verify",
    "view",
];

/// What is said in place of the stack file, or has no need of one.
const NEED_NO_FILE: [&str; 7] = ["-f", "--file", "--name", "--config-file", "--help", "load", "prune"];

/// From now on advice names these stack files, unless stackctl takes them by itself.
pub(super) fn name_files(files: &[PathBuf]) {
    let is_usual = files == default_files();
    let named = files.iter().map(|file| format!("-f {}", quoted(file))).collect::<Vec<_>>().join(" ");
    FILES.get_or_init(|| if is_usual { String::new() } else { named });
}

/// How to call stackctl for a stack file: one that it takes by itself need not be named.
pub(super) fn stackctl_of(file: &Path) -> String {
    let is_usual = default_files() == [file];
    if is_usual { "stackctl".to_owned() } else { format!("stackctl -f {}", quoted(file)) }
}

/// The same for files that lie in whichever folder.
pub(super) fn stackctl_of_files(files: &[String]) -> String {
    files.iter().fold("stackctl".to_owned(), |command, file| format!("{command} -f {}", quoted(Path::new(file))))
}

fn quoted(file: &Path) -> String {
    let text = file.display().to_string();
    shlex::try_quote(&text).map_or_else(|_| text.clone(), Cow::into_owned)
}

/// The text with every command in it as it has to be typed here: `` `stackctl up` `` names the stack files.
pub(super) fn typed(text: &str) -> String {
    match FILES.get().map(String::as_str) {
        None | Some("") => text.to_owned(),
        Some(files) => with_files(text, files),
    }
}

fn with_files(text: &str, files: &str) -> String {
    const BEGINNING: &str = "`stackctl ";
    let mut typed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGINNING) {
        typed.extend([before, BEGINNING]);
        let (command, behind) = after.split_once('`').unwrap_or((after, ""));
        if works_on_a_stack(command, behind) {
            typed.extend([files, " "]);
        }
        rest = after;
    }
    typed + rest
}

/// Whether a command wants a stack file and names none. What somebody else runs (`` `stackctl up` of alice ``) is no advice.
fn works_on_a_stack(command: &str, behind: &str) -> bool {
    let mut words = command.split(' ');
    words.next().is_some_and(|first| OF_A_STACK.contains(&first))
        && !words.any(|word| NEED_NO_FILE.contains(&word))
        && !behind.starts_with(" of ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn a_command_names_the_stack_file_where_it_wants_one() {
        for (said, typed) in [
            ("run `stackctl up`", "run `stackctl -f a.yml up`"),
            (
                "see `stackctl ps` and `stackctl logs web`, then run `stackctl up --pull`",
                "see `stackctl -f a.yml ps` and `stackctl -f a.yml logs web`, then run `stackctl -f a.yml up --pull`",
            ),
            ("run `stackctl -f a.yml up`", "run `stackctl -f a.yml up`"),
            ("`stackctl down --name old` takes it away", "`stackctl down --name old` takes it away"),
            ("`stackctl images load` brings them", "`stackctl images load` brings them"),
            (
                "`stackctl --help` and `stackctl catalog show kafka`",
                "`stackctl --help` and `stackctl catalog show kafka`",
            ),
            ("waiting: `stackctl up` of alice on here", "waiting: `stackctl up` of alice on here"),
            ("`stackctl 0.1.0` is no command", "`stackctl 0.1.0` is no command"),
            ("no end: `stackctl up", "no end: `stackctl -f a.yml up"),
            ("stackctl up", "stackctl up"),
        ] {
            assert_eq!(with_files(said, "-f a.yml"), typed);
            assert_eq!(with_files(typed, "-f a.yml"), typed, "once is enough");
        }
    }

    #[test]
    fn every_command_of_the_list_is_one() {
        let cli = crate::cli::Cli::command();
        for name in OF_A_STACK {
            assert!(cli.find_subcommand(name).is_some(), "{name}");
        }
    }
}
