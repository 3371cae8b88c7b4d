//! `man`: the man page.

use clap::CommandFactory;

use super::{Exit, Failure, output};
use crate::cli::Cli;
use crate::engine::Error;

/// Runs it.
pub(super) fn run() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| Error::new("cannot write the man page", error))?;
    output::print(String::from_utf8_lossy(&page).trim_end());
    Ok(Exit::Done)
}
