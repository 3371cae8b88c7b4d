//! Arguments in, exit code out; nothing else.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use stackctl::{cli::Cli, command};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::completions::answer(Cli::command);
    command::run(Cli::parse()).await.into()
}
