//! Grafana's side: is it well, does it reach Prometheus, has it every dashboard?

use std::time::{Duration, Instant};

use super::DASHBOARDS;
use crate::client::{DatasourceHealth, Error, Grafana, GrafanaHealth};
use crate::desired::Desired;
use crate::verify::{Cause, Finding, Trouble};

/// Grafana looks at its files every ten seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// What Grafana said.
#[derive(Debug, Clone, PartialEq)]
pub struct GrafanaState {
    /// How it is.
    pub health: Result<GrafanaHealth, Error>,
    /// Whether it reaches the stack's datasource; `None` inside: it has no such datasource.
    pub datasource: Option<Result<Option<DatasourceHealth>, Error>>,
    /// Uids of the stack's dashboards that it does not have.
    pub missing: Vec<String>,
    /// Why it could not be asked for them.
    pub trouble: Option<Error>,
}

/// Asks, and waits for dashboards that were put in place a moment ago.
pub(super) async fn ask(grafana: &Grafana, desired: &Desired) -> GrafanaState {
    let health = grafana.health().await;
    let mut state = GrafanaState { health, datasource: None, missing: Vec::new(), trouble: None };
    let Some(config) = desired.grafana.as_ref().filter(|_| state.health.is_ok()) else { return state };
    if let Some(first) = config.datasources.first() {
        state.datasource = Some(grafana.datasource_health(&first.uid).await);
    }
    let deadline = Instant::now() + PATIENCE;
    let mut wanted: Vec<&str> = desired.dashboards.iter().map(|dashboard| dashboard.dashboard.uid.as_str()).collect();
    loop {
        let mut missing = Vec::new();
        for uid in wanted {
            match grafana.dashboard(uid).await {
                Ok(Some(_)) => {}
                Ok(None) => missing.push(uid),
                Err(error) => return GrafanaState { trouble: Some(error), ..state },
            }
        }
        if missing.is_empty() || Instant::now() >= deadline {
            state.missing = missing.into_iter().map(str::to_owned).collect();
            return state;
        }
        wanted = missing;
        tokio::time::sleep(PAUSE).await;
    }
}

/// One finding for Grafana, one for its datasource, and one for each dashboard.
pub fn judge_grafana(desired: &Desired, state: &GrafanaState) -> Vec<Finding> {
    let health = match &state.health {
        Ok(health) if health.database == "ok" => health,
        Ok(health) => return vec![unwell(&format!("its database is `{}`", health.database))],
        Err(error) => return vec![unwell(&error.to_string())],
    };
    let mut findings = vec![Finding::ok(
        DASHBOARDS,
        "grafana",
        None,
        format!("Grafana {} answers", health.version).replace("  ", " "),
    )];
    findings.extend(state.datasource.as_ref().map(datasource));
    if let Some(error) = &state.trouble {
        let fix =
            "the password is the one of Grafana's first start: set it back, or run `stackctl down --volumes` and `up`";
        findings.push(Finding::fail(
            DASHBOARDS,
            "grafana",
            None,
            Trouble::new(Cause::GrafanaUnreachable, error.to_string(), fix),
        ));
        return findings;
    }
    for dashboard in &desired.dashboards {
        let (name, uid) = (&dashboard.name, &dashboard.dashboard.uid);
        findings.push(if state.missing.contains(uid) {
            let message = format!("Grafana does not show `{}`", dashboard.dashboard.title);
            let fix = "see `stackctl logs grafana` for what it has against the file, then `stackctl up`";
            let trouble = Trouble::new(Cause::DashboardMissing, message, fix);
            Finding::fail(DASHBOARDS, name, Some("grafana"), trouble)
        } else {
            Finding::ok(DASHBOARDS, name, Some("grafana"), format!("Grafana shows it at /d/{uid}"))
        });
    }
    findings
}

fn unwell(why: &str) -> Finding {
    let fix = "see `stackctl ps` and `stackctl logs grafana`";
    Finding::fail(DASHBOARDS, "grafana", None, Trouble::new(Cause::GrafanaUnreachable, why, fix))
}

fn datasource(answer: &Result<Option<DatasourceHealth>, Error>) -> Finding {
    let (subject, instance) = ("grafana", Some("datasource"));
    let why = match answer {
        Ok(Some(health)) if health.status == "OK" => {
            return Finding::ok(DASHBOARDS, subject, instance, health.message.clone());
        }
        Ok(Some(health)) => format!("Grafana does not reach Prometheus: {}", health.message),
        Ok(None) => "Grafana has no datasource for the stack's Prometheus".to_owned(),
        Err(error) => error.to_string(),
    };
    let fix = "see `stackctl logs grafana`; `stackctl up` puts the provisioned datasource back";
    Finding::fail(DASHBOARDS, subject, instance, Trouble::new(Cause::DatasourceUnreachable, why, fix))
}
