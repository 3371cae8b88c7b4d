//! What `init` says where it has found no metrics: it sees those of what runs, and of nothing else.

use crate::catalog;
use crate::stack::Stack;

/// Apps that are named; of more the number is enough.
const NAMED: usize = 4;

/// What to do about a stack of which no app is scraped. `of_compose`: its apps come from Compose files.
pub(super) fn advice(stack: &Stack, of_compose: bool) -> Option<String> {
    // A database tells nothing itself: its exporter is offered by itself.
    let could_tell = |image: &str| catalog::exporter_for(image).is_none();
    let silent = stack.apps.iter().filter(|(_, app)| app.metrics.is_none() && could_tell(&app.image));
    let silent: Vec<String> = silent.map(|(name, _)| format!("`{name}`")).collect();
    let is_any_scraped = stack.apps.values().any(|app| app.metrics.is_some());
    if silent.is_empty() || is_any_scraped || !stack.attached.is_empty() || !stack.scrape.is_empty() {
        return None;
    }
    let mut names = silent[..silent.len().min(NAMED)].to_vec();
    if silent.len() > NAMED {
        names.push(format!("{} more", silent.len() - NAMED));
    }
    let look = if of_compose {
        "`init` finds what runs: start them (`docker compose up -d`) and type `stackctl init --force`, or write"
    } else {
        "Write"
    };
    Some(format!(
        "no app is scraped yet: nothing says where {} would tell metrics. {look} `metrics: {{ port: PORT }}` below each that has some",
        names.join(", ")
    ))
}
