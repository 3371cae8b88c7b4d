//! Alerts and recording rules that compare two scrapes: their windows have to hold two.

use super::super::document::Path;
use super::super::{Alert, Duration, Metrics, Prometheus, Stack, defaults, written_alerts};
use super::Examination;
use crate::promql::Expression;

/// Functions of `PromQL` that answer nothing of a single sample.
const OF_TWO: [&str; 6] = ["rate(", "irate(", "increase(", "delta(", "idelta(", "deriv("];

/// A window that is shorter than two of the shortest intervals may hold a single scrape, and then answers nothing.
pub(super) fn windows_hold_two_scrapes(examination: &mut Examination) {
    let stack = examination.stack;
    let Some(interval) = shortest_interval(stack) else { return };
    let (rules, top, apps) = (Path::ROOT.key("rules"), Path::ROOT.key("alerts"), Path::ROOT.key("apps"));
    for (name, recording) in &stack.rules {
        look(examination, rules.key(name), "query", &recording.query, interval);
    }
    for (name, alert) in written_alerts(&stack.alerts) {
        look_at_alert(examination, top.key(name), alert, interval);
    }
    let run = stack.apps.iter().map(|(name, app)| (name, &app.alerts));
    let attached = stack.attached.iter().map(|(name, app)| (name, &app.alerts));
    for (name, alerts) in run.chain(attached) {
        let path = apps.key(name.as_str());
        let path = path.key("alerts");
        for (name, alert) in written_alerts(alerts) {
            look_at_alert(examination, path.key(name), alert, interval);
        }
    }
}

fn look_at_alert(examination: &mut Examination, path: Path, alert: &Alert, interval: Duration) {
    if let Some(when) = alert.settings().and_then(|settings| settings.when.as_deref()) {
        look(examination, path, "when", when, interval);
    }
}

fn look(examination: &mut Examination, path: Path, key: &str, query: &str, interval: Duration) {
    if !OF_TWO.iter().any(|function| query.contains(function)) {
        return;
    }
    let Ok(expression) = Expression::parse(query) else { return };
    let lengths = expression.ranges().into_iter().filter_map(|range| u64::try_from(range.length.as_millis()).ok());
    let Some(length) = lengths.min().filter(|length| *length < interval.as_millis() * 2) else { return };
    let length = Duration::from_millis(length);
    let long = path.key(key);
    let place = if examination.locate(&long).node.is_some() { long } else { path };
    let message = format!("a window of {length} may hold one scrape alone, of which nothing can be said");
    let help = format!(
        "scrapes are {interval} apart: write `[{}]` or more, which holds four",
        Duration::from_millis(interval.as_millis() * 4)
    );
    examination.warning(place, message, help);
}

/// The shortest time between two scrapes of a job. `None`: jobs in Prometheus' own words may have any.
fn shortest_interval(stack: &Stack) -> Option<Duration> {
    let usual = Prometheus::default();
    let prometheus = stack.prometheus.as_option().unwrap_or(&usual);
    if !prometheus.extra_scrape_configs.is_empty() || !prometheus.extra_config.is_empty() {
        return None;
    }
    let global = prometheus.scrape_interval.unwrap_or(defaults::SCRAPE_INTERVAL);
    let apps = stack.apps.values().filter_map(|app| app.metrics.as_ref());
    let metrics: Vec<&Metrics> = apps
        .chain(stack.attached.values().map(|app| &app.metrics))
        .chain(stack.exporters.values().map(|exporter| &exporter.metrics))
        .chain(stack.scrape.values().map(|scrape| &scrape.metrics))
        .collect();
    let own = metrics.into_iter().filter_map(|metrics| metrics.interval);
    own.chain(stack.probes.values().filter_map(|probe| probe.interval)).chain([global]).min()
}
