//! `alertmanager/alertmanager.yml`: what its template fills in. Secrets stand in files, which it names.

use serde::Serialize;

use super::{template, yaml};
use crate::desired::{
    AlertmanagerConfig, Desired, Grouping, Muting, PROBE_LABEL, ReceiverConfig, RouteConfig, SINK_PORT,
    prometheus_duration,
};

/// The file, where Alertmanager runs.
pub(super) fn render(desired: &Desired) -> Option<String> {
    desired.alertmanager.as_ref().map(|config| template::fill("alertmanager/alertmanager.yml", &View::of(config)))
}

/// The message templates, as they are.
pub(super) fn templates(desired: &Desired) -> impl Iterator<Item = (String, String)> {
    let files = desired.alertmanager.iter().flat_map(|config| &config.templates);
    files.map(|file| (file.rendered(), file.text.clone()))
}

#[derive(Serialize)]
struct View<'a> {
    header: &'static str,
    receiver: &'a str,
    grouping: GroupingView<'a>,
    probe_matcher: String,
    sink_url: String,
    routes: Vec<RouteView<'a>>,
    mutings: Vec<MutingView<'a>>,
    receivers: Vec<ReceiverView<'a>>,
    templates: Vec<String>,
}

#[derive(Serialize)]
struct GroupingView<'a> {
    by: &'a [String],
    wait: Option<String>,
    interval: Option<String>,
    repeat: Option<String>,
}

#[derive(Serialize)]
struct RouteView<'a> {
    receiver: &'a str,
    matchers: &'a [String],
    r#continue: bool,
    grouping: GroupingView<'a>,
}

#[derive(Serialize)]
struct MutingView<'a> {
    source: &'a [String],
    target: &'a [String],
    equal: &'a [String],
}

#[derive(Serialize)]
struct ReceiverView<'a> {
    name: &'a str,
    /// Lines of YAML, as they stand below `name`.
    ways: Option<String>,
}

impl<'a> View<'a> {
    fn of(config: &'a AlertmanagerConfig) -> Self {
        Self {
            header: yaml::HEADER,
            receiver: &config.receiver,
            grouping: GroupingView::of(&config.grouping),
            probe_matcher: format!("{PROBE_LABEL}!=\"\""),
            sink_url: format!("http://{}:{SINK_PORT}/", config.sink),
            routes: config.routes.iter().map(RouteView::of).collect(),
            mutings: config.mutings.iter().map(MutingView::of).collect(),
            receivers: config.receivers.iter().map(ReceiverView::of).collect(),
            templates: config.templates.iter().map(crate::desired::TemplateFile::placed).collect(),
        }
    }
}

impl<'a> GroupingView<'a> {
    fn of(grouping: &'a Grouping) -> Self {
        Self {
            by: &grouping.by,
            wait: grouping.wait.map(prometheus_duration),
            interval: grouping.interval.map(prometheus_duration),
            repeat: grouping.repeat.map(prometheus_duration),
        }
    }
}

impl<'a> RouteView<'a> {
    fn of(route: &'a RouteConfig) -> Self {
        Self {
            receiver: &route.receiver,
            matchers: &route.matchers,
            r#continue: route.r#continue,
            grouping: GroupingView::of(&route.grouping),
        }
    }
}

impl<'a> MutingView<'a> {
    fn of(muting: &'a Muting) -> Self {
        Self { source: &muting.source, target: &muting.target, equal: &muting.equal }
    }
}

impl<'a> ReceiverView<'a> {
    fn of(receiver: &'a ReceiverConfig) -> Self {
        let indented = |text: String| {
            let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
            lines.join("\n")
        };
        let ways = (!receiver.ways.is_empty()).then(|| indented(yaml::document(&receiver.ways)));
        Self { name: &receiver.name, ways }
    }
}
