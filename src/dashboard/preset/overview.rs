//! `overview`: the whole stack on one page. What is up, how scraping goes, and the golden signals of every app.

use super::{TAG, WatchedApp, restarts, to_the_others};
use crate::dashboard::golden::Golden;
use crate::dashboard::{Color, Dashboard, Panel, PanelKind, Query, Row};

pub(super) fn dashboard(stack_name: &str, apps: &[WatchedApp]) -> Dashboard {
    let rows = [
        Some(Row::plain(numbers())),
        of_apps(apps),
        Some(Row::titled("Targets", targets())),
        Some(Row::titled("Scrapes", scrapes())),
    ];
    Dashboard {
        uid: super::OVERVIEW_UID.to_owned(),
        title: format!("{stack_name}: overview"),
        description: "Everything that Prometheus watches, made by stackctl".to_owned(),
        tags: vec![TAG.to_owned()],
        variables: Vec::new(),
        rows: rows.into_iter().flatten().collect(),
        links: vec![to_the_others()],
        annotations: vec![restarts("job!=\"\"")],
        time: None,
        refresh: None,
    }
}

fn numbers() -> Vec<Panel> {
    vec![
        Panel::number("Targets", "none").asks("count(up)", "targets"),
        Panel::number("Down", "none").asks("count(up == 0) or vector(0)", "down").colored(&[(1.0, Color::Red)]),
        Panel::number("Series", "short").asks("sum(scrape_samples_post_metric_relabeling)", "series"),
        Panel::number("Slowest scrape", "s").asks("max(scrape_duration_seconds)", "slowest"),
    ]
}

/// One line for each app in each golden signal.
fn of_apps(apps: &[WatchedApp]) -> Option<Row> {
    let goldens = apps.iter().map(|app| Golden { signals: &app.signals, job: app.name, by_instance: false });
    let goldens: Vec<Golden> = goldens.collect();
    let lines = |title: &str, unit: &str, query: &dyn Fn(&Golden) -> Option<String>| {
        let panel = goldens.iter().fold(Panel::lines(title, unit), |panel, golden| match query(golden) {
            Some(query) => panel.asks(query, golden.job),
            None => panel,
        });
        (!panel.queries.is_empty()).then(|| panel.sized(8, 8).between(0.0, None))
    };
    let panels: Vec<Panel> = [
        lines("Traffic", "reqps", &|golden| golden.traffic()),
        lines("Errors", "percentunit", &|golden| golden.signals.traffic.as_ref().and_then(|_| golden.errors())),
        lines("Latency, p95", "s", &|golden| golden.latency(0.95)),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!panels.is_empty()).then(|| Row::titled("Apps", panels))
}

fn targets() -> Vec<Panel> {
    let table = Panel {
        queries: vec![Query { expression: "up".to_owned(), legend: String::new(), instant: true }],
        ..Panel::of(PanelKind::Table, "Each target", "none").up_or_down()
    };
    let up =
        Panel::lines("Share that is up", "percentunit").asks("avg by (job) (up)", "{{job}}").share().red_below(1.0);
    vec![up, table]
}

fn scrapes() -> Vec<Panel> {
    vec![
        Panel::lines("Scrape duration", "s")
            .asks("max by (job) (scrape_duration_seconds)", "{{job}}")
            .says("Above the job's timeout a scrape fails")
            .between(0.0, None),
        Panel::lines("Samples in a scrape", "short")
            .asks("sum by (job) (scrape_samples_scraped)", "{{job}}")
            .says("What an app tells grows with its labels: a rising line fills Prometheus' memory")
            .between(0.0, None),
    ]
}
