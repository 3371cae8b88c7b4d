//! `ls`: every stack at this engine, whichever file it came from.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Exit, Failure, output, ps, situation};
use crate::cli::Format;
use crate::engine::{ContainerState, ObservedStack};

/// Arguments of `ls`.
#[derive(Debug, clap::Args)]
#[command(after_help = "`stackctl down --name STACK` takes one away without its file; volumes stay.")]
pub struct Arguments {
    #[command(flatten)]
    pub(super) output: crate::cli::Output,
    /// Those, too, that are down and have volumes left
    #[arg(short, long)]
    all: bool,
}

/// Runs it.
pub(super) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut stacks = situation::connect().await?.stacks().await?;
    if !arguments.all {
        stacks.retain(|_, stack| !stack.containers.is_empty() || !stack.networks.is_empty());
    }
    match arguments.output.format {
        Format::Json => output::print_json(&stacks.iter().map(entry).collect::<Vec<_>>()),
        Format::Text if stacks.is_empty() => output::say("no stack runs at this engine"),
        Format::Text => {
            let rows: Vec<_> = stacks.iter().map(row).collect();
            output::print(&output::table(&["STACK", "STATUS", "FILES"], &rows));
        }
    }
    Ok(Exit::Done)
}

fn entry((name, stack): (&String, &ObservedStack)) -> serde_json::Value {
    json!({
        "stack": name,
        "status": status(stack),
        "containers": stack.containers.len(),
        "running": running(stack),
        "files": stack.files,
        "volumes": stack.volumes,
    })
}

fn row((name, stack): (&String, &ObservedStack)) -> Vec<String> {
    let style = match (running(stack), stack.containers.len()) {
        (0, _) => output::DIM,
        (running, all) if running == all => output::GREEN,
        _ => output::YELLOW,
    };
    vec![one_line(name), output::paint(style, &status(stack)), one_line(&stack.files.join(", "))]
}

/// What somebody else wrote into a label, in one line and without a word to the terminal.
fn one_line(text: &str) -> String {
    let shown =
        |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() };
    text.chars().map(shown).collect()
}

fn running(stack: &ObservedStack) -> usize {
    stack.containers.iter().filter(|state| **state == ContainerState::Running).count()
}

/// `running(4), exited(1)`, as `docker compose ls` writes it; of one without containers, what is left.
fn status(stack: &ObservedStack) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for state in &stack.containers {
        *counts.entry(ps::state(*state)).or_default() += 1;
    }
    let mut states: Vec<String> = counts.iter().map(|(state, count)| format!("{state}({count})")).collect();
    // What runs is what is looked for first.
    states.sort_by_key(|state| !state.starts_with("running"));
    if states.is_empty() {
        let left = [("network", stack.networks.len()), ("volume", stack.volumes.len())];
        let left = left.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{kind}({count})"));
        return format!("down, left: {}", left.collect::<Vec<_>>().join(", "));
    }
    states.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_others_break_no_line_and_reach_no_terminal() {
        let stack =
            ObservedStack { files: vec!["/a\nb".to_owned(), "\u{1b}[2J".to_owned()], ..ObservedStack::default() };
        let cells = row((&"one\ntwo".to_owned(), &stack));
        assert_eq!((cells[0].as_str(), cells[2].as_str()), ("one\\ntwo", "/a\\nb, \\u{1b}[2J"));
    }
}
