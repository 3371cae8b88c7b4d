//! The dashboard of an app: its replicas, its golden signals, and how its program does.

use super::golden::{Golden, WINDOW};
use super::instrumentation::RUNTIME;
use super::{
    Annotation, Color, Dashboard, Exposed, Latency, Link, Panel, PanelKind, Row, Signals, Variable, VariableSource,
};
use crate::promql::Selector;

/// Tag of every dashboard that stackctl makes: by it they link to each other.
pub const TAG: &str = "stackctl";

/// What is known of a watched app.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedApp<'a> {
    /// Name; also its job's.
    pub name: &'a str,
    /// What its golden signals are called.
    pub signals: Signals,
    /// What it is known to expose.
    pub exposed: &'a Exposed,
    /// Time between two scrapes in seconds, where it is longer than the stack's.
    pub interval: Option<f64>,
}

impl WatchedApp<'_> {
    /// Its dashboard.
    pub fn dashboard(&self) -> Dashboard {
        let golden = Golden { signals: &self.signals, job: self.name, by_instance: true };
        let known = [self.golden(&golden), self.saturation(&golden), self.runtime()];
        let known = known.into_iter().flatten();
        let mut rows: Vec<Row> = std::iter::once(self.now(&golden)).chain(known).chain([self.scrapes()]).collect();
        for panel in rows.iter_mut().flat_map(|row| &mut row.panels) {
            panel.interval = self.interval;
        }
        Dashboard {
            uid: self.name.to_owned(),
            title: self.name.to_owned(),
            description: format!("Golden signals of {}, made by stackctl", self.name),
            tags: vec![TAG.to_owned()],
            variables: vec![instance(&format!("up{{job=\"{}\"}}", self.name))],
            rows,
            links: vec![to_the_others()],
            annotations: vec![restarts(&format!("job=\"{}\"", self.name))],
            time: None,
            refresh: None,
        }
    }

    /// Its golden signals as large numbers: replicas up, and of requests, errors and latency what is known. The queries
    /// need no variable.
    pub fn numbers(&self) -> Vec<Panel> {
        let golden = Golden { signals: &self.signals, job: self.name, by_instance: false };
        let mut panels = self.now(&golden).panels;
        for panel in &mut panels {
            panel.interval = self.interval;
            for query in &mut panel.queries {
                query.expression = query.expression.replace(",instance=~\"$instance\"", "");
            }
        }
        panels
    }

    /// The last moment, in large numbers.
    fn now(&self, golden: &Golden) -> Row {
        let up = format!("sum(up{{job=\"{}\",instance=~\"$instance\"}})", self.name);
        let mut panels = vec![
            Panel::number("Replicas up", "none")
                .asks(up, "up")
                .says("Replicas that Prometheus could scrape the last time")
                .red_below(1.0),
        ];
        panels.extend(golden.traffic().map(|query| Panel::number("Requests", "reqps").asks(query, "requests")));
        panels.extend(golden.errors().map(|query| self.errors_panel(Panel::number("Errors", "percentunit"), query)));
        panels.extend(golden.latency(0.95).map(|query| {
            let (title, legend) = if self.has_buckets() { ("Latency, p95", "p95") } else { ("Latency, mean", "mean") };
            Panel::number(title, "s").asks(query, legend)
        }));
        // One alone would be a number as wide as the page.
        if panels.len() == 1 { Row::plain(panels) } else { Row::plain(panels).filled() }
    }

    fn golden(&self, golden: &Golden) -> Option<Row> {
        let mut panels = Vec::new();
        if self.signals.latency.is_some() {
            let quantiles: &[_] =
                if self.has_buckets() { &[(0.5, "p50"), (0.95, "p95"), (0.99, "p99")] } else { &[(0.5, "mean")] };
            let panel = Panel::lines("Latency", "s").says("Time to answer: half, 95 % and 99 % of requests are faster");
            let asked = quantiles.iter().filter_map(|(quantile, legend)| Some((golden.latency(*quantile)?, legend)));
            panels.push(asked.fold(panel, |panel, (query, legend)| panel.asks(query, legend)).between(0.0, None));
        }
        panels.extend(golden.traffic().map(|query| {
            Panel::lines("Traffic", "reqps").asks(query, "requests").says("Requests a second").between(0.0, None)
        }));
        panels.extend(golden.errors().map(|query| self.errors_panel(Panel::lines("Errors", "percentunit"), query)));
        panels.extend(golden.in_flight().map(|query| {
            Panel::lines("In flight", "short")
                .asks(query, "requests")
                .says("Requests being answered")
                .between(0.0, None)
        }));
        (!panels.is_empty()).then(|| Row::titled("Golden signals", panels).filled())
    }

    fn errors_panel(&self, panel: Panel, query: String) -> Panel {
        if self.signals.traffic.is_none() {
            let panel = Panel { unit: super::Unit::named("reqps"), ..panel };
            return panel.asks(query, "failures").says("Failed requests a second").between(0.0, None);
        }
        panel
            .asks(query, "errors")
            .says("Share of requests that fail")
            .between(0.0, None)
            .colored(&[(0.01, Color::Orange), (0.05, Color::Red)])
    }

    fn saturation(&self, golden: &Golden) -> Option<Row> {
        let panels: Vec<Panel> = self.signals.saturation.iter().map(|selector| gauge(golden, selector)).collect();
        (!panels.is_empty()).then(|| Row::titled("Saturation", panels).filled())
    }

    /// How the program does. Of several ways to measure one thing, the first that the app exposes; what the file names as
    /// saturation is shown there.
    fn runtime(&self) -> Option<Row> {
        let mut panels: Vec<Panel> = Vec::new();
        let is_shown =
            |metric: &&str| self.signals.saturation.iter().any(|selector| selector.metric.as_deref() == Some(*metric));
        let known = RUNTIME.iter().filter(|runtime| self.exposed.has_all(runtime.metrics));
        for runtime in known.filter(|runtime| !runtime.metrics.iter().all(is_shown)) {
            if panels.iter().all(|panel| panel.title != runtime.title) {
                let query = runtime.query.replace("$job", self.name);
                let panel = Panel::lines(runtime.title, runtime.unit).asks(query, runtime.legend).sized(8, 7);
                panels.push(if runtime.is_share { panel.share() } else { panel.between(0.0, None) });
            }
        }
        (!panels.is_empty()).then(|| Row::titled("Runtime", panels).filled())
    }

    /// What is known of everything that is scraped.
    fn scrapes(&self) -> Row {
        let series = |metric: &str| format!("{metric}{{job=\"{}\",instance=~\"$instance\"}}", self.name);
        let mut panels = vec![
            Panel::lines("Up", "none").asks(series("up"), "{{instance}}").up_or_down().share(),
            Panel::lines("Scrape duration", "s")
                .asks(series("scrape_duration_seconds"), "{{instance}}")
                .between(0.0, None),
            Panel::lines("Samples", "short").asks(series("scrape_samples_scraped"), "{{instance}}").between(0.0, None),
        ];
        for panel in &mut panels {
            (panel.width, panel.height) = (8, 7);
        }
        if self.signals.is_empty() {
            let text = format!(
                "stackctl knows none of the metrics of `{name}` by name. What its golden signals are called can be \
                 written into the stack file:\n\n```yaml\napps:\n  {name}:\n    signals:\n      traffic: REQUESTS_TOTAL\n      \
                 errors: REQUESTS_TOTAL{{code=~\"5..\"}}\n      latency: REQUEST_DURATION_SECONDS\n```\n",
                name = self.name
            );
            panels.push(Panel { text, ..Panel::of(PanelKind::Text, "Golden signals", "none").sized(24, 6) });
        }
        Row::titled("Scrapes", panels)
    }

    fn has_buckets(&self) -> bool {
        matches!(self.signals.latency, Some(Latency::Histogram(_)))
    }
}

/// A panel for a gauge or counter that the stack file names: its unit is in its name, as the convention has it.
fn gauge(golden: &Golden, selector: &Selector) -> Panel {
    let name = selector.metric.clone().unwrap_or_default();
    let series = golden.of_job(selector);
    let title = name.replace('_', " ");
    let (query, unit) = match name.strip_suffix("_total") {
        // Seconds of a second.
        Some(base) if base.ends_with("_seconds") => (format!("rate({series}{WINDOW})"), "percentunit"),
        Some(base) if base.ends_with("_bytes") => (format!("rate({series}{WINDOW})"), "Bps"),
        Some(_) => (format!("rate({series}{WINDOW})"), "ops"),
        None if name.ends_with("_bytes") => (series.to_string(), "bytes"),
        None if name.ends_with("_seconds") => (series.to_string(), "s"),
        None if name.ends_with("_ratio") => (series.to_string(), "percentunit"),
        None if name.ends_with("_percent") => (series.to_string(), "percent"),
        None => (series.to_string(), "short"),
    };
    Panel::lines(&title, unit).asks(query, "{{instance}}").between(0.0, None)
}

/// The instances of the series that a selector finds; all of them at first.
pub(super) fn instance(selector: &str) -> Variable {
    Variable {
        name: "instance".to_owned(),
        label: "Instance".to_owned(),
        source: VariableSource::LabelValues { selector: selector.to_owned(), label: "instance".to_owned() },
        multi: true,
        include_all: true,
        all_value: Some(".*".to_owned()),
        ..Variable::default()
    }
}

/// A list of every dashboard that stackctl makes.
pub(crate) fn to_the_others() -> Link {
    Link::Tag { title: "Dashboards".to_owned(), tag: TAG.to_owned() }
}

/// Marks where a program started anew, or a target came or went. `matchers`: of which series.
pub fn restarts(matchers: &str) -> Annotation {
    let changes = |metric: &str| format!("changes({metric}{{{matchers}}}{WINDOW}) > 0");
    Annotation {
        name: "Restarts".to_owned(),
        expression: format!("{} or {}", changes("process_start_time_seconds"), changes("up")),
        text: "{{job}} {{instance}}".to_owned(),
        color: Color::Purple,
    }
}
