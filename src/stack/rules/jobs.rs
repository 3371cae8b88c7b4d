//! Jobs that alerts and panels ask for by name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::document::Path;
use super::super::{Alerts, DashboardSource, Exporter, Metrics, ServiceName, Stack, suggest, written_alerts};
use super::Examination;
use super::alerts::of_apps;
use super::dashboards::panels_of;
use super::names::job_names;
use crate::promql::{Expression, Filling, Operator, fill};

/// Jobs of stackctl's own.
const OWN: [&str; 6] = ["alertmanager", "blackbox", "docker", "grafana", "prometheus", "pushgateway"];

/// What asks for `job="web"` needs a job `web`. The samples of an app that was called so until today stay in Prometheus, and
/// `verify` sees them: nothing else says that no more will come.
pub(super) fn jobs_asked_for_are_there(examination: &mut Examination) {
    let stack = examination.stack;
    let Some(known) = known(stack) else { return };
    let top = Path::ROOT.key("alerts");
    of_alerts(examination, top, &stack.alerts, &known);
    let apps = Path::ROOT.key("apps");
    for (name, alerts) in of_apps(stack) {
        let path = apps.key(name);
        of_alerts(examination, path.key("alerts"), alerts, &known);
    }
    let dashboards = Path::ROOT.key("dashboards");
    for (name, dashboard) in &stack.dashboards {
        let DashboardSource::Rows(written) = &dashboard.source else { continue };
        panels_of(examination, dashboards.key(name.as_str()), written, |examination, path, panel| {
            let key = if examination.locate(&path.key("queries")).node.is_some() { "queries" } else { "query" };
            for query in &panel.queries {
                // A variable stands for whatever is chosen.
                let filled = fill(query, &ANY);
                asks(examination, path.key(key), &filled, &known);
            }
        });
    }
}

/// Times that a query can stand with, and no variables.
const ANY: Filling = Filling { rate_interval: 60.0, interval: 60.0, range: 3600.0, end: 0.0, variables: Vec::new() };

fn of_alerts(examination: &mut Examination, path: Path, alerts: &Alerts, known: &BTreeSet<Cow<str>>) {
    for (name, alert) in written_alerts(alerts) {
        let Some(when) = alert.settings().and_then(|settings| settings.when.as_deref()) else { continue };
        let path = path.key(name);
        let place = if examination.locate(&path.key("when")).node.is_none() { path } else { path.key("when") };
        asks(examination, place, when, known);
    }
}

fn asks(examination: &mut Examination, path: Path, query: &str, known: &BTreeSet<Cow<str>>) {
    let Ok(expression) = Expression::parse(query) else { return };
    let selectors = expression.selectors();
    let mut jobs = selectors.iter().flat_map(|selector| &selector.matchers).filter(|matcher| {
        matcher.label == "job"
            && matcher.operator == Operator::Equal
            && matcher.value != ".*"
            && !matcher.value.is_empty()
    });
    let Some(unknown) = jobs.find(|matcher| !known.contains(matcher.value.as_str())) else { return };
    let help = match suggest::nearest(&unknown.value, known.iter().map(AsRef::as_ref)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`stackctl verify targets` lists the jobs".to_owned(),
    };
    examination.warning(path, format!("there is no job `{}` in this stack", unknown.value), help);
}

/// The jobs of the stack. `None`: others may write the label `job`, too.
fn known(stack: &Stack) -> Option<BTreeSet<Cow<'_, str>>> {
    let prometheus = stack.prometheus.as_option()?;
    let writes = |metrics: &Metrics| metrics.honor_labels || metrics.labels.contains_key("job");
    let mut all = stack.apps.values().filter_map(|app| app.metrics.as_ref());
    let of_others = all.any(writes)
        || stack.attached.values().any(|attached| writes(&attached.metrics))
        || stack.exporters.values().any(|exporter| writes(&exporter.metrics))
        || stack.scrape.values().any(|scrape| writes(&scrape.metrics))
        || stack.probes.values().any(|probe| probe.labels.contains_key("job"));
    let takes_in = !prometheus.extra_scrape_configs.is_empty() || !prometheus.remote_read.is_empty();
    // What is pushed says itself which job it is of.
    let pushes = |(name, exporter): (&ServiceName, &Exporter)| {
        exporter.kind.as_deref().unwrap_or(name.as_str()) == "pushgateway"
    };
    if of_others || takes_in || stack.exporters.iter().any(pushes) {
        return None;
    }
    let attached = stack.attached.iter().map(|(name, app)| app.metrics.job.as_ref().unwrap_or(name).as_str());
    let services = job_names(stack).map(|(name, _)| name);
    let written = stack.scrape.keys().chain(stack.probes.keys()).map(ServiceName::as_str);
    let names = services.chain(attached).chain(written).chain(OWN).map(Cow::Borrowed);
    Some(names.chain(prometheus.service_names().map(Cow::Owned)).collect())
}
