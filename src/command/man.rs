//! `man`: the man page of stackctl, or of one of its commands.

use clap::CommandFactory;

use super::{Exit, Failure, output};
use crate::cli::Cli;
use crate::engine::Error;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl man up | man -l -")]
pub struct Arguments {
    /// A command, for its own page
    command: Option<String>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    // Only now do commands have their full names and the options that go with every command.
    command.build();
    if let Some(name) = &arguments.command {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| {
            Failure::arguments(format!("there is no command `{name}`"), "`stackctl --help` lists the commands")
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|error| Error::new("cannot write the man page", error))?;
    output::print(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::Done)
}
