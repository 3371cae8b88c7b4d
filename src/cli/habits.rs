//! What fingers type that know Docker Compose, and how it is said here.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::Cli;

/// A command of Compose or of other tools, and what does that here.
const COMMANDS: &[(&str, &str)] = &[
    ("apply", "`stackctl up` makes it so"),
    ("build", "`stackctl images build` makes stackctl's own images; an app's comes from `docker build`"),
    ("config", "`stackctl check` reads the file, `stackctl render -o FOLDER` writes what becomes of it"),
    ("create", "`stackctl up` creates and starts"),
    ("exec", "`docker exec -it STACK-APP-1 sh`"),
    ("kill", "`docker kill STACK-APP-1`"),
    ("port", "`stackctl ps` shows the ports"),
    ("pull", "`stackctl images pull`"),
    ("restart", "`docker restart STACK-APP-1`; what has changed `stackctl up` restarts by itself"),
    ("rm", "`stackctl down`; volumes stay"),
    ("run", "`docker run --rm --network STACK_default IMAGE COMMAND`"),
    ("start", "`stackctl up`"),
    ("status", "`stackctl ps` shows what runs, `stackctl verify` proves that it is scraped"),
    (
        "stop",
        "`stackctl down` takes the stack away and keeps its volumes; `docker stop STACK-APP-1` stops one container",
    ),
    ("validate", "`stackctl check`"),
];

/// An option of Compose, the command at which it stands, and what to write.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("up", "-d", "leave it out: `up` comes back by itself once all is proven, and at once with `--no-wait`"),
    ("up", "--detach", "leave it out: `up` comes back by itself once all is proven, and at once with `--no-wait`"),
    ("up", "--build", "build the image first: `docker build -t NAME:TAG FOLDER`"),
    ("up", "--wait", "leave it out: `up` waits unless `--no-wait` is given"),
    ("up", "--remove-orphans", "leave it out: `up` always removes what the file does not name any more"),
    ("down", "-p", "write `stackctl down --name STACK`"),
    ("down", "--project-name", "write `stackctl down --name STACK`"),
    ("down", "--remove-orphans", "leave it out: `down` always removes all of the stack"),
    ("ps", "-a", "leave it out: `ps` shows what has ended, too"),
    ("ps", "--all", "leave it out: `ps` shows what has ended, too"),
    ("logs", "-f", "write `--follow`: `-f` names the stack file"),
];

/// The same error; of something that Compose knows, with how it is said here in place of a guess.
#[must_use]
pub fn put_right(error: Error) -> Error {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match said_here(&error, &words) {
        Some((wrong, here)) => Cli::command().error(error.kind(), format!("{wrong}\n\n  tip: {here}")),
        None => error,
    }
}

fn said_here(error: &Error, words: &[String]) -> Option<(String, &'static str)> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = context(ContextKind::InvalidSubcommand)?;
            let (_, here) = COMMANDS.iter().find(|(name, _)| *name == typed)?;
            Some((format!("there is no command `{typed}`"), here))
        }
        ErrorKind::UnknownArgument => option(context(ContextKind::InvalidArg)?, words),
        // `-f` at the end takes no file along.
        ErrorKind::InvalidValue if words.last().is_some_and(|word| word == "-f") => option("-f", words),
        _ => None,
    }
}

fn option(typed: &str, words: &[String]) -> Option<(String, &'static str)> {
    let stands_at = |command: &str| words.iter().any(|word| word == command);
    let (command, _, here) = OPTIONS.iter().find(|(command, name, _)| *name == typed && stands_at(command))?;
    Some((format!("`{command}` has no option `{typed}` as Compose has it"), here))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn told(line: &str) -> Option<(String, &'static str)> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = Cli::try_parse_from(std::iter::once("stackctl".to_owned()).chain(words.clone()));
        said_here(&error.expect_err("it is not a command line of stackctl"), &words)
    }

    #[test]
    fn every_word_of_compose_is_answered() {
        for (name, here) in COMMANDS {
            assert_eq!(told(name).map(|(_, told)| told), Some(*here), "{name}");
        }
        for (command, name, here) in OPTIONS {
            assert_eq!(told(&format!("{command} {name}")).map(|(_, told)| told), Some(*here), "{command} {name}");
        }
    }

    #[test]
    fn other_mistakes_are_told_as_they_are() {
        for line in ["upp", "up --scael web=3", "check -f", "down --yess"] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
