//! What `init` says where it has found no metrics: it sees those of what runs, and of nothing else.

use crate::stack::Stack;

/// Apps that are named; of more the number is enough.
const NAMED: usize = 4;

/// What to do about a stack of which no app is scraped. `of_compose`: its apps come from Compose files.
pub(super) fn advice(stack: &Stack, of_compose: bool) -> Option<String> {
    let is_watched = |name: &str| {
        let mut watched = stack.exporters.values().filter_map(|exporter| exporter.watched.as_ref());
        watched.any(|watched| watched.app.as_str() == name)
    };
    let is_scraped = stack.apps.iter().any(|(name, app)| app.metrics.is_some() || is_watched(name.as_str()));
    if stack.apps.is_empty() || is_scraped || !stack.attached.is_empty() || !stack.scrape.is_empty() {
        return None;
    }
    let mut names: Vec<String> = stack.apps.keys().take(NAMED).map(|name| format!("`{name}`")).collect();
    if let Some(more) = stack.apps.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let look = if of_compose {
        "`init` looks at what runs: where these do not run now, start them (`docker compose up -d`) and type \
         `stackctl init --force`. Or write"
    } else {
        "Write"
    };
    Some(format!(
        "no app is scraped yet: nobody knows where {} tell their metrics. {look} `metrics: {{ port: PORT }}` below each that has some",
        names.join(", ")
    ))
}
