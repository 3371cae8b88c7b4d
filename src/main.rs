//! Arguments in, exit code out; nothing else.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use stackctl::cli::{Cli, habits};
use stackctl::command;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::completions::answer(Cli::command);
    let cli = Cli::try_parse().unwrap_or_else(|error| habits::put_right(error).exit());
    command::run(cli).await.into()
}
