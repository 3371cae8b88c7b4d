//! How a command ends: exit codes, and what is said when it could not do its work.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::advice::typed;
use super::output;
use crate::stack::{Problem, Problems};
use crate::{daemon, engine};

/// How a command ends. The numbers are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: the world said no.
    WorldSaidNo,
    /// 2: the file or the arguments are wrong.
    FileIsWrong,
    /// 3: not as desired.
    NotAsDesired,
    /// 130: Ctrl-C, as shells have it; SIGTERM and a lost terminal, too, where work is left half done.
    Interrupted,
    /// What a demo app was asked to end with.
    Asked(u8),
}

impl Exit {
    /// What a program ends with that Ctrl-C ended.
    pub(super) const INTERRUPTED: u8 = 130;
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::WorldSaidNo => 1,
            Exit::FileIsWrong => 2,
            Exit::NotAsDesired => 3,
            Exit::Interrupted => Exit::INTERRUPTED,
            Exit::Asked(code) => code,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The stack file is wrong.
    File(Problems),
    /// The arguments are wrong: what, and what to do.
    Arguments {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// The world said no.
    World(engine::Error),
    /// Somebody pressed Ctrl-C at a question.
    Interrupted,
}

impl Failure {
    /// Wrong arguments.
    pub(super) fn arguments(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Arguments { message: message.into(), help: help.into() }
    }

    /// The same for programs: `{"error": {"message", "help", "problems"}}`.
    pub(super) fn to_json(&self) -> serde_json::Value {
        let located = |problem: &Problem| {
            let mut entry = serde_json::json!(problem);
            entry["file"] = problem.file.as_str().into();
            entry
        };
        let (message, help, problems) = match self {
            Self::File(problems) => {
                let problems = problems.advised(typed).iter().map(located).collect();
                ("the stack file is wrong".to_owned(), None, Some(problems))
            }
            Self::Arguments { message, help } => (typed(message), Some(typed(help)), None),
            Self::World(error) => (typed(&error.to_string()), error.advice.as_deref().map(typed), None),
            Self::Interrupted => ("interrupted".to_owned(), None, None),
        };
        serde_json::json!({ "error": { "message": message, "help": help, "problems": problems.unwrap_or_else(Vec::new) } })
    }

    /// Says it on standard error, and returns the exit code that goes with it.
    pub(super) fn report(self) -> Exit {
        match self {
            Self::File(problems) => {
                output::say_problems(&problems);
                Exit::FileIsWrong
            }
            Self::Arguments { message, help } => {
                output::say(&framed(&message, Some(&help)));
                Exit::FileIsWrong
            }
            Self::Interrupted => Exit::Interrupted,
            Self::World(error) => {
                output::say(&framed(&error.to_string(), error.advice.as_deref()));
                Exit::WorldSaidNo
            }
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::File(problems)
    }
}

impl From<daemon::Error> for Failure {
    fn from(error: daemon::Error) -> Self {
        match error {
            daemon::Error::Wrong { message, help } => Self::Arguments { message, help },
            daemon::Error::World { attempt, cause, help } => {
                let advice = Some(help).filter(|help| !help.is_empty());
                Self::World(engine::Error { attempt, cause, advice })
            }
            daemon::Error::Denied { attempt, .. } => {
                let command = super::engine::as_administrator(&super::engine::command_line());
                let advice = format!("run it as an administrator: `{command}`");
                Self::World(engine::Error::new(attempt, "permission denied").advise(advice))
            }
        }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::World(error)
    }
}

/// `error: …` and, below it, `help: …`.
pub(super) fn framed(message: &str, help: Option<&str>) -> String {
    let fitted = |text: &str| output::fitted(&std::io::stderr(), text, MARGIN);
    let mut text = format!("{} {}", output::paint(output::RED, "error:"), fitted(message));
    if let Some(help) = help {
        let ways: Vec<String> = ways(help).iter().map(|way| fitted(way)).collect();
        let help = ways.join(&format!("\n{}", " ".repeat(MARGIN)));
        write!(text, "\n{} {help}", output::paint(output::CYAN, " help:")).expect("a String takes everything");
    }
    text
}

/// The column in which words begin, after `error:` and ` help:`.
const MARGIN: usize = 7;

/// A long advice, each way out in a line of its own. A semicolon parts them, but for one between backticks.
fn ways(help: &str) -> Vec<String> {
    if help.chars().count() + MARGIN <= output::COLUMNS {
        return vec![help.to_owned()];
    }
    let mut ways: Vec<String> = Vec::new();
    for part in help.split_inclusive("; ") {
        match ways.last_mut() {
            Some(last) if last.matches('`').count() % 2 == 1 => last.push_str(part),
            _ => ways.push(part.to_owned()),
        }
    }
    ways.iter().map(|way| way.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::ways;

    #[test]
    fn a_long_advice_has_a_line_for_each_way_and_a_short_one_is_one() {
        let own =
            "where `acme/web:1` is an image of your own, `docker build -t acme/web:1 FOLDER; true` makes it here;";
        let else_check = "else check that the engine's host reaches and trusts `docker.io`";
        assert_eq!(ways(&format!("{own} {else_check}")), [own, else_check]);
        assert_eq!(ways("wait; or run it again"), ["wait; or run it again"]);
    }
}
