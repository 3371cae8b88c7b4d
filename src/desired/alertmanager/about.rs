//! Which alerts are about an app: by their labels, as routes and silences name them.

use super::super::lookup::find;
use crate::stack::{Matcher, Metrics, ServiceName, Stack};

/// What the labels of an alert about one of these are, in ways of which one is enough: it carries the app's name; or the job of the
/// app, or of an exporter that watches it, and no app, or the one that every series of that job carries. Of an exporter that watches
/// an app, alerts may carry that app's name.
pub fn about(stack: &Stack, names: &[&str]) -> Vec<Vec<Matcher>> {
    let target_of = |name: &str| find(&stack.exporters, name).and_then(|exporter| exporter.watched.as_ref());
    let (of_apps, own): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| target_of(name).is_some());
    let watchers = stack.exporters.keys().map(ServiceName::as_str);
    let watchers = watchers.filter(|name| target_of(name).is_some_and(|target| own.contains(&target.app.as_str())));
    let job = |name: &str| job_name(stack, name).to_owned();
    let scraped: Vec<&str> = own.iter().copied().chain(watchers).collect();
    let jobs: Vec<String> = scraped.iter().copied().map(job).collect();
    let watching: Vec<String> = of_apps.iter().copied().map(job).collect();
    let any = |jobs: &[String]| Matcher::any_of("job", jobs.iter().map(String::as_str));
    let mut ways = vec![vec![Matcher::any_of("app", names.iter().copied())]];
    if !jobs.is_empty() {
        ways.push(vec![any(&jobs), Matcher::equal("app", "")]);
    }
    for name in scraped {
        let given = metrics_of(stack, name).and_then(|metrics| metrics.labels.get("app"));
        if let Some(given) = given.filter(|given| !given.is_empty() && !names.contains(&given.as_str())) {
            ways.push(vec![Matcher::equal("job", &job(name)), Matcher::equal("app", given)]);
        }
    }
    if !watching.is_empty() {
        ways.push(vec![any(&watching)]);
    }
    ways
}

/// The job of an app, an exporter or something elsewhere, which its alerts carry as a label.
fn job_name<'a>(stack: &'a Stack, name: &'a str) -> &'a str {
    metrics_of(stack, name).and_then(|metrics| metrics.job.as_ref()).map_or(name, ServiceName::as_str)
}

/// How it is scraped.
fn metrics_of<'a>(stack: &'a Stack, name: &str) -> Option<&'a Metrics> {
    let of_app = find(&stack.apps, name).and_then(|app| app.metrics.as_ref());
    of_app
        .or_else(|| find(&stack.attached, name).map(|app| &app.metrics))
        .or_else(|| find(&stack.exporters, name).map(|exporter| &exporter.metrics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{Environment, Vocabulary, parse};

    fn ways(file: &str, name: &str) -> Vec<String> {
        let loaded =
            parse("stack.yml", file, std::path::Path::new("/"), &Environment::default(), &Vocabulary::default());
        let stack = loaded.unwrap_or_else(|problems| panic!("{problems}")).stack;
        let ways = about(&stack, &[name]).into_iter();
        ways.map(|way| way.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")).collect()
    }

    #[test]
    fn an_app_whose_series_carry_another_name_is_known_by_that_too() {
        let apps = "name: a\napps: { api: { image: 'api:1', metrics: { labels: { app: shop } } }, web: { image: 'web:1', metrics: {} } }";
        let named = ["app=\"api\"", "job=\"api\" and app=\"\"", "job=\"api\" and app=\"shop\""];
        assert_eq!(ways(apps, "api"), named);
        assert_eq!(ways(apps, "web"), ["app=\"web\"", "job=\"web\" and app=\"\""]);
    }
}
