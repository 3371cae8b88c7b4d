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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Dashboard;
    use crate::desired::{DashboardOrigin, StackDashboard};
    use crate::verify::fixture::demo;

    /// A Grafana that is well and shows everything.
    fn well() -> GrafanaState {
        let health = GrafanaHealth { database: "ok".to_owned(), version: "12.1.0".to_owned() };
        let datasource = DatasourceHealth { status: "OK".to_owned(), message: "Successfully queried".to_owned() };
        GrafanaState { health: Ok(health), datasource: Some(Ok(Some(datasource))), missing: Vec::new(), trouble: None }
    }

    fn error(cause: &str) -> Error {
        Error {
            service: "Grafana",
            url: "http://127.0.0.1:3000".to_owned(),
            what: "health".to_owned(),
            cause: cause.to_owned(),
            answered: false,
        }
    }

    /// `instance cause: message` of what is not well, in a stack with two dashboards.
    fn broken(state: &GrafanaState) -> Vec<String> {
        let mut desired = demo(Vec::new());
        desired.dashboards = ["web", "overview"]
            .map(|name| {
                let dashboard =
                    Dashboard { uid: format!("demo-{name}"), title: name.to_owned(), ..Dashboard::default() };
                StackDashboard {
                    name: name.to_owned(),
                    dashboard,
                    origin: DashboardOrigin::Made,
                    jobs: Vec::new(),
                    carried: None,
                }
            })
            .into();
        let findings = judge_grafana(&desired, state).into_iter();
        let broken = findings.filter_map(|finding| {
            let cause = finding.cause?;
            assert!(!finding.fix.is_empty(), "{finding:?}");
            Some(format!("{} {cause}: {}", finding.instance.as_deref().unwrap_or("-"), finding.message))
        });
        broken.collect()
    }

    #[test]
    fn a_grafana_that_is_well_has_one_good_finding_for_each_thing() {
        assert_eq!(broken(&well()), [""; 0]);
        assert_eq!(judge_grafana(&demo(Vec::new()), &well()).len(), 2);
    }

    #[test]
    fn one_that_does_not_answer_or_lost_its_database_is_unreachable_and_nothing_else_is_guessed() {
        let silent = GrafanaState { health: Err(error("connection refused")), ..well() };
        let told = broken(&silent);
        assert!(
            told.len() == 1 && told[0].starts_with("- grafana-unreachable: ") && told[0].contains("refused"),
            "{told:?}"
        );
        let health = GrafanaHealth { database: "failing".to_owned(), version: String::new() };
        assert_eq!(
            broken(&GrafanaState { health: Ok(health), ..well() }),
            ["- grafana-unreachable: its database is `failing`"]
        );
        let refused = GrafanaState { trouble: Some(error("401")), ..well() };
        let told = broken(&refused);
        assert!(told.len() == 1 && told[0].contains("grafana-unreachable") && told[0].contains("401"), "{told:?}");
    }

    #[test]
    fn a_datasource_that_is_absent_or_does_not_reach_prometheus_is_told_with_grafanas_words() {
        let failing =
            DatasourceHealth { status: "ERROR".to_owned(), message: "lookup prometheus: no such host".to_owned() };
        let state = GrafanaState { datasource: Some(Ok(Some(failing))), ..well() };
        let expected =
            ["datasource datasource-unreachable: Grafana does not reach Prometheus: lookup prometheus: no such host"];
        assert_eq!(broken(&state), expected);
        let absent = GrafanaState { datasource: Some(Ok(None)), ..well() };
        assert_eq!(
            broken(&absent),
            ["datasource datasource-unreachable: Grafana has no datasource for the stack's Prometheus"]
        );
        assert_eq!(broken(&GrafanaState { datasource: Some(Err(error("500"))), ..well() }).len(), 1);
    }

    #[test]
    fn a_dashboard_that_it_does_not_show_is_named() {
        let state = GrafanaState { missing: vec!["demo-web".to_owned()], ..well() };
        assert_eq!(broken(&state), ["grafana dashboard-missing: Grafana does not show `web`"]);
    }
}
