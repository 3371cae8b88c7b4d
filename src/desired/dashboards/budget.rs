//! The error budget of an app: what is left of it, how fast it goes, and whether somebody is told.

use super::super::rules::{Objective, ObjectiveKind, objectives};
use super::super::{Job, JobOrigin, PrometheusConfig, RuleKind, prometheus_duration};
use crate::dashboard::{Color, Dashboard, Link, Panel, Row, TAG, Threshold, restarts, to_the_others, uid};
use crate::stack::{Amount, OBJECTIVE_ALERTS, Stack};

/// Below this share of the budget it is time to go carefully.
const LITTLE: f64 = 0.25;

/// The dashboard of an app's objectives, as far as they are recorded. `None`: none is.
pub(super) fn dashboard(stack: &Stack, prometheus: &PrometheusConfig, job: &Job) -> Option<Dashboard> {
    let (JobOrigin::Service(app_name) | JobOrigin::Attached(app_name)) = &job.origin else { return None };
    let run = stack.apps.get(app_name.as_str()).and_then(|app| app.slo.as_ref());
    let written = run.or_else(|| stack.attached.get(app_name.as_str())?.slo.as_ref())?;
    let interval = job.interval.unwrap_or(prometheus.scrape_interval);
    let recorded = objectives(app_name, written, interval).into_iter().filter(|known| is_recorded(known, prometheus));
    let rows: Vec<Row> = recorded.flat_map(|objective| rows(&objective)).collect();
    (!rows.is_empty()).then(|| Dashboard {
        uid: String::new(),
        title: format!("{app_name}: error budget"),
        description: format!("What `{app_name}` promises, and what is left of its error budget; made by stackctl"),
        tags: vec![TAG.to_owned()],
        variables: Vec::new(),
        rows,
        links: vec![Link::Dashboard { title: app_name.clone(), uid: uid(&job.name) }, to_the_others()],
        annotations: vec![restarts(&format!("job=\"{}\"", job.name))],
        time: None,
        refresh: None,
    })
}

/// An objective of an app whose requests nobody counts has no rules.
fn is_recorded(objective: &Objective, prometheus: &PrometheusConfig) -> bool {
    let rules = prometheus.rule_files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let is_of =
        |label: &str, rule: &super::super::Rule, value: &str| rule.labels.get(label).is_some_and(|l| l == value);
    rules.into_iter().any(|rule| {
        matches!(rule.kind, RuleKind::Record)
            && rule.name == "slo:error_budget:remaining"
            && is_of("app", rule, &objective.app)
            && is_of("slo", rule, objective.word())
    })
}

fn rows(objective: &Objective) -> [Row; 2] {
    let word = match objective.kind {
        ObjectiveKind::Availability => "Availability",
        ObjectiveKind::Latency(_) => "Latency",
    };
    let (share, window) = (Amount::Share(objective.share), objective.window);
    [
        Row::titled(&format!("{word}: {share} over {window}"), numbers(objective)),
        Row::titled(&format!("{word}: course"), courses(objective)),
    ]
}

fn numbers(objective: &Objective) -> Vec<Panel> {
    let (matchers, window) = (objective.matchers(), objective.window);
    let (shortest, _, _) = objective.burns[0];
    let promise = match objective.kind {
        ObjectiveKind::Availability => "Share of requests that are promised to succeed".to_owned(),
        ObjectiveKind::Latency(under) => format!("Share of requests that are promised an answer within {under}"),
    };
    let burn = Panel::number("Burn rate", "short").asks(burn_rate(objective, shortest), "burn rate");
    let panels = [
        remaining(Panel::number("Budget remaining", "percentunit"), objective).says(&format!(
            "Share of the failures allowed over {window} that are still to come; below 0 the promise is broken"
        )),
        Panel::number("Objective", "percentunit")
            .asks(format!("slo:objective:ratio{matchers}"), "objective")
            .says(&promise),
        Panel::number("Error ratio", "percentunit")
            .asks(format!("{}{matchers}", objective.ratio(window)), "errors")
            .says(&format!("Share of requests over {window} that broke the promise"))
            .colored(&[(objective.budget() * (1.0 - LITTLE), Color::Orange), (objective.budget(), Color::Red)]),
        burn.says(&format!(
            "How many times too fast the budget went over the last {}: at 1 it lasts for just the {window}",
            prometheus_duration(shortest)
        ))
        .colored(&[(1.0, Color::Orange), (objective.burns[0].2, Color::Red)]),
        Panel::number("Alerts firing", "none")
            .asks(format!("count(ALERTS{}) or vector(0)", firing(objective, None)), "alerts")
            .says("Alerts on this budget that fire now")
            .colored(&[(1.0, Color::Red)]),
    ];
    let widths = [5, 5, 5, 5, 4];
    panels.into_iter().zip(widths).map(|(panel, width)| panel.sized(width, 4)).collect()
}

fn courses(objective: &Objective) -> Vec<Panel> {
    let ratios = Panel::lines("Error ratio", "percentunit").says("Share of requests that broke the promise, by window");
    let ratios = objective.windows().into_iter().chain([objective.window]).fold(ratios, |panel, window| {
        let ratio = format!("{}{}", objective.ratio(window), objective.matchers());
        panel.asks(ratio, &prometheus_duration(window))
    });
    let burning = Panel::lines("Burn rate", "short").says("How many times too fast the budget goes, by window");
    let burning = objective.burns.iter().fold(burning, |panel, (long, _, limit)| {
        let legend = format!("{}, alert above {limit}", prometheus_duration(*long));
        panel.asks(burn_rate(objective, *long), &legend)
    });
    let alerts = OBJECTIVE_ALERTS.iter().fold(Panel::lines("Alerts firing", "none"), |panel, name| {
        panel.asks(format!("count(ALERTS{}) or vector(0)", firing(objective, Some(name))), name)
    });
    vec![
        Panel { maximum: Some(1.0), ..remaining(Panel::lines("Budget remaining", "percentunit"), objective) },
        burning.between(0.0, None),
        ratios.between(0.0, None),
        alerts.between(0.0, None),
    ]
}

fn remaining(panel: Panel, objective: &Objective) -> Panel {
    let mut panel = panel.asks(format!("slo:error_budget:remaining{}", objective.matchers()), "remaining");
    let steps = [(None, Color::Red), (Some(0.0), Color::Orange), (Some(LITTLE), Color::Green)];
    panel.thresholds = steps.map(|(value, color)| Threshold { value, color }).into();
    panel
}

fn burn_rate(objective: &Objective, window: super::super::Duration) -> String {
    format!("{}{} / {}", objective.ratio(window), objective.matchers(), objective.budget())
}

fn firing(objective: &Objective, alert_name: Option<&str>) -> String {
    let name = alert_name.map(|name| format!("alertname=\"{name}\",")).unwrap_or_default();
    let (app, word) = (&objective.app, objective.word());
    format!("{{{name}alertstate=\"firing\",app=\"{app}\",slo=\"{word}\"}}")
}
