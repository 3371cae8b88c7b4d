//! `explain`: what a cause that `verify` names means, and what to do. The pages are those of `docs/causes.md`.

use clap_complete::engine::ArgValueCompleter;

use super::{Exit, Failure, complete, output};
use crate::stack::unknown_name;

/// The pages.
const PAGES: &str = include_str!("../../docs/causes.md");

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl explain wrong-path")]
pub struct Arguments {
    /// A cause, as `stackctl verify` names it; left out: all of them
    #[arg(add = ArgValueCompleter::new(complete::causes))]
    cause: Option<String>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.cause {
        Some(cause) => output::print(page(cause).ok_or_else(|| unknown(cause))?),
        None => causes().for_each(output::print),
    }
    Ok(Exit::Done)
}

fn unknown(cause: &str) -> Failure {
    let wrong = unknown_name("cause", cause, causes(), "`stackctl explain` lists them all".to_owned());
    Failure::arguments(wrong.message, wrong.help)
}

/// Every cause that has a page, in the order of the pages.
pub(super) fn causes() -> impl Iterator<Item = &'static str> {
    PAGES.lines().filter_map(|line| line.strip_prefix("## "))
}

/// The page of a cause, without its heading.
fn page(cause: &str) -> Option<&'static str> {
    let (_, rest) = PAGES.split_once(&format!("\n## {cause}\n"))?;
    Some(rest.split("\n## ").next().unwrap_or(rest).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_page_that_says_what_it_means_and_what_to_do() {
        let source = include_str!("../verify/finding.rs");
        let body = source.split("pub enum Cause {").nth(1).and_then(|rest| rest.split('}').next()).unwrap();
        let kebab = |name: &str| {
            let letters = name.char_indices().map(|(at, letter)| {
                let dash = if at > 0 && letter.is_ascii_uppercase() { "-" } else { "" };
                format!("{dash}{}", letter.to_ascii_lowercase())
            });
            letters.collect::<String>()
        };
        let known: Vec<String> = body.lines().filter_map(|line| line.trim().strip_suffix(',')).map(kebab).collect();
        assert_eq!(causes().collect::<Vec<_>>(), known, "docs/causes.md, in the order of `verify::Cause`");
        for cause in causes() {
            let page = page(cause).unwrap();
            assert!(page.contains("What to do:") && page.lines().count() >= 3, "{cause}: {page}");
        }
    }
}
