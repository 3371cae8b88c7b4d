//! `explain`: what a cause that `verify` names means, and what to do. The pages are those of `docs/causes.md`.

use super::{Exit, output};
use clap::builder::PossibleValuesParser;

/// The pages.
const PAGES: &str = include_str!("../../docs/causes.md");

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl explain wrong-path")]
pub struct Arguments {
    /// A cause, as `stackctl verify` names it; left out: all of them
    #[arg(value_parser = PossibleValuesParser::new(causes()), hide_possible_values = true)]
    cause: Option<String>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments) -> Exit {
    match &arguments.cause {
        Some(cause) => output::print(page(cause).unwrap_or_default()),
        None => causes().for_each(output::print),
    }
    Exit::Done
}

/// Every cause that has a page, in the order of the pages.
fn causes() -> impl Iterator<Item = &'static str> {
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
