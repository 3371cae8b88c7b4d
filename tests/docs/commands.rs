//! `docs/reference/commands.md`: the help of every command, as the program itself says it.

use std::fmt::Write as _;

use clap::CommandFactory;
use stackctl::cli::Cli;

/// The page.
pub(crate) fn page() -> String {
    let mut text = "# Commands\n\nMade of the command line itself: `stackctl COMMAND --help` says the same, `stackctl man COMMAND` as a man page.\n".to_owned();
    let mut command = Cli::command().term_width(100).max_term_width(100);
    command.build();
    add(&mut text, &mut command, 1);
    text
}

fn add(text: &mut String, command: &mut clap::Command, level: usize) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let heading = "#".repeat(level.max(2));
    write!(text, "\n{heading} {name}\n\n```text\n{}\n```\n", help.join("\n").trim())
        .expect("a String takes everything");
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|known| !known.is_hide_set() && known.get_name() != "help")
        .map(|known| known.get_name().to_owned())
        .collect();
    for name in names {
        let below = command.find_subcommand_mut(&name).expect("it was listed a line above");
        let mut below = below.clone().term_width(100).max_term_width(100);
        add(text, &mut below, level + 1);
    }
}
