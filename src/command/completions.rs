//! `completions`: completions for a shell.

use clap::CommandFactory;

use super::{Exit, Failure, output};
use crate::cli::Cli;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl completions bash > /etc/bash_completion.d/stackctl")]
pub struct Arguments {
    /// Shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Runs it.
#[expect(clippy::unnecessary_wraps, reason = "every command has this shape")]
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "stackctl", &mut script);
    output::print(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}
