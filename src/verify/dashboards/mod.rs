//! Does every panel show something? Each query is put to the stack's Prometheus, and Grafana, where it runs, is asked
//! whether it has every dashboard and reaches its datasource.

mod ask;
mod evidence;
mod grafana;
mod jobs;
mod judge;

pub use evidence::{Answer, PanelState, QueryState, Silence};
pub use grafana::{GrafanaState, judge_grafana};
pub use jobs::Jobs;
pub(super) use jobs::{Reason, ask as ask_jobs};
pub use judge::judge_panels;

use futures_util::StreamExt;

use super::server::with_the_whole;
use super::{Cause, Finding, Server, Trouble};
use crate::client::Grafana;
use crate::dashboard::{Panel, PanelKind};
use crate::desired::{DashboardOrigin, Desired, StackDashboard};

/// Name of the check.
pub const DASHBOARDS: &str = "dashboards";

/// Panels asked for side by side. Prometheus runs at most 20 queries at a time.
const CONCURRENT_PANELS: usize = 8;

/// Asks and judges. Nothing to say where the stack has no dashboards or no Prometheus.
/// `grafana`: `None` where the stack has none, or it does not run.
pub async fn dashboards(desired: &Desired, servers: &[Server], grafana: Option<&Grafana>) -> Vec<Finding> {
    let (Some(config), false) = (&desired.prometheus, desired.dashboards.is_empty()) else {
        return Vec::new();
    };
    let Some(prometheus) = with_the_whole(servers).find_map(|server| server.client.as_ref()) else {
        return vec![unreachable("it does not run")];
    };
    if let Err(error) = prometheus.ready().await {
        return vec![unreachable(&error.to_string())];
    }
    // Before the panels: what is scraped meanwhile is a panel more that shows something, and none that lacks a reason.
    let jobs = &jobs::ask(desired, servers).await;
    let asked = futures_util::stream::iter(&desired.dashboards).then(|dashboard| async move {
        let mut dashboard = dashboard.clone();
        let asker = ask::Asker::of(prometheus, config, &desired.exposed, &mut dashboard.dashboard).await;
        findings(&dashboard, &asker, jobs).await
    });
    let (panels, grafana) = tokio::join!(asked.concat(), async {
        match grafana {
            Some(grafana) => judge_grafana(desired, &grafana::ask(grafana, desired).await),
            None => Vec::new(),
        }
    });
    [panels, grafana].concat()
}

fn unreachable(why: &str) -> Finding {
    let message = format!("no panel can be asked for: {why}");
    let trouble = Trouble::new(
        Cause::PrometheusUnreachable,
        message,
        "see `stackctl ps` and `stackctl logs prometheus`; `stackctl up` starts it again",
    );
    Finding::fail(DASHBOARDS, "prometheus", None, trouble)
}

async fn findings(dashboard: &StackDashboard, asker: &ask::Asker<'_>, jobs: &Jobs) -> Vec<Finding> {
    let panels = asking_panels(dashboard);
    let answers = panels.into_iter().map(|(name, panel)| async move { (name, asker.ask(panel).await) });
    let states: Vec<_> = futures_util::stream::iter(answers).buffered(CONCURRENT_PANELS).collect().await;
    let mut findings = judge_panels(dashboard, &states, jobs);
    // One that stackctl makes asks for what its panels show, and they say it.
    if dashboard.origin != DashboardOrigin::Made {
        findings.extend(asker.without_choice.iter().map(|variable| nothing_to_choose(dashboard, variable)));
    }
    findings
}

fn nothing_to_choose(dashboard: &StackDashboard, variable: &str) -> Finding {
    let message = format!("the variable `{variable}` has nothing to choose: its query has no answer");
    let fix = format!("correct the query of `{variable}`; try it with `stackctl query`");
    let trouble = Trouble::new(Cause::NoData, message, fix);
    Finding::fail(DASHBOARDS, &dashboard.name, Some(variable), trouble).as_warning()
}

/// The panels that ask something, each under a name of its own: its title, with that of its row where two are alike. One that
/// stands there for a value has that behind it where its title does not say it.
fn asking_panels(dashboard: &StackDashboard) -> Vec<(String, &Panel)> {
    let rows = dashboard.dashboard.rows.iter();
    let panels = rows.flat_map(|row| row.panels.iter().map(move |panel| (row.title.as_deref(), panel)));
    let asking = panels.filter(|(_, panel)| panel.kind != PanelKind::Text && !panel.queries.is_empty());
    let asking: Vec<_> = asking.collect();
    let is_alone = |title: &str| asking.iter().filter(|(_, panel)| panel.title == title).count() == 1;
    let name = |(row, panel): &(Option<&str>, &Panel)| match (panel.title.as_str(), row) {
        ("", _) => panel.queries[0].expression.clone(),
        (title, Some(row)) if !is_alone(title) => format!("{row}: {title}"),
        (title, _) => title.to_owned(),
    };
    let (names, panels): (Vec<String>, Vec<&Panel>) = asking.iter().map(|found| (name(found), found.1)).unzip();
    let told_apart = names.iter().zip(panels).map(|(name, panel)| {
        let is_alone = names.iter().filter(|other| *other == name).count() == 1;
        match panel.pinned.last().filter(|_| !is_alone) {
            Some((_, value)) => (format!("{name} ({value})"), panel),
            None => (name.clone(), panel),
        }
    });
    told_apart.collect()
}
