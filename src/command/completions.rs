//! `completions`: the script that has a shell ask stackctl what can be typed, and the answer.

use clap::CommandFactory;
use clap_complete::env::{CompleteEnv, Shells};

use super::{Exit, Failure, output};
use crate::cli::Cli;
use crate::engine::Error;

/// Set by the script where the shell asks. Its value is the shell.
const VARIABLE: &str = "STACKCTL_COMPLETE";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl completions bash > /etc/bash_completion.d/stackctl
  source <(stackctl completions zsh)

Names of apps, exporters, dashboards and tests come from the stack file that the line names with `-f`, or the usual one.
Names of stacks come from the engine.")]
pub struct Arguments {
    /// Shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let command = Cli::command();
    let known = command.get_subcommands().filter(|known| !known.is_hide_set()).map(|known| known.get_name().to_owned());
    let mut script = format!("# Completes the commands {}.\n", known.collect::<Vec<_>>().join(", ")).into_bytes();
    let shells = Shells::builtins();
    let shell = shells.completer(&arguments.shell.to_string());
    let shell =
        shell.ok_or_else(|| Failure::arguments("there are no completions for this shell", "use bash, zsh or fish"))?;
    shell
        .write_registration(VARIABLE, "stackctl", "stackctl", "stackctl", &mut script)
        .map_err(|error| Error::new("cannot write the script", error))?;
    output::print(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}

/// Answers a shell that asks what can be typed, and ends the program then.
pub fn answer(command: fn() -> clap::Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}
