//! Which alerts are about an app: by their labels, as routes and silences name them.

use super::super::lookup::find;
use crate::stack::{Matcher, ServiceName, Stack};

/// What the labels of an alert about one of these are, in ways of which one is enough: it carries the app's name; or the job of the
/// app, or of an exporter that watches it, and no app. Of an exporter that watches an app, alerts may carry that app's name.
pub fn about(stack: &Stack, names: &[&str]) -> Vec<Vec<Matcher>> {
    let target_of = |name: &str| find(&stack.exporters, name).and_then(|exporter| exporter.watched.as_ref());
    let (of_apps, own): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| target_of(name).is_some());
    let watchers = stack.exporters.keys().map(ServiceName::as_str);
    let watchers = watchers.filter(|name| target_of(name).is_some_and(|target| own.contains(&target.app.as_str())));
    let job = |name: &str| job_name(stack, name).to_owned();
    let jobs: Vec<String> = own.iter().copied().chain(watchers).map(job).collect();
    let watching: Vec<String> = of_apps.iter().copied().map(job).collect();
    let any = |jobs: &[String]| Matcher::any_of("job", jobs.iter().map(String::as_str));
    let mut ways = vec![vec![Matcher::any_of("app", names.iter().copied())]];
    if !jobs.is_empty() {
        ways.push(vec![any(&jobs), Matcher::equal("app", "")]);
    }
    if !watching.is_empty() {
        ways.push(vec![any(&watching)]);
    }
    ways
}

/// The job of an app, an exporter or something elsewhere, which its alerts carry as a label.
fn job_name<'a>(stack: &'a Stack, name: &'a str) -> &'a str {
    let of_app = find(&stack.apps, name).and_then(|app| app.metrics.as_ref());
    let metrics = of_app
        .or_else(|| find(&stack.attached, name).map(|app| &app.metrics))
        .or_else(|| find(&stack.exporters, name).map(|exporter| &exporter.metrics));
    metrics.and_then(|metrics| metrics.job.as_ref()).map_or(name, ServiceName::as_str)
}
