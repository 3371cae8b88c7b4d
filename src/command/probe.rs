//! `probe`: looks at targets from inside a network. What stackctl starts in a container; the report is one JSON line.

use std::path::PathBuf;

use super::{Exit, Failure, output};
use crate::engine::Error;
use crate::probe::{self, Request};

/// Arguments of `probe`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File with the request, as JSON
    request: PathBuf,
}

/// Runs it.
///
/// Ends the process itself once the report is printed: a name that the resolver still waits for would hold it back.
pub(super) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let attempt = || format!("cannot read the request {}", arguments.request.display());
    let text = fs_err::read(&arguments.request).map_err(|error| Error::new(attempt(), error))?;
    let request: Request = serde_json::from_slice(&text).map_err(|error| Error::new(attempt(), error))?;
    let report = probe::run(request).await;
    output::print(&serde_json::to_string(&report).expect("a report is plain data"));
    std::process::exit(0)
}
