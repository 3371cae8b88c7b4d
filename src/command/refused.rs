//! A Prometheus that refuses its configuration dies at each start, and the engine starts it for ever: it is stopped, and its
//! own words say why.

use super::Failure;
use super::situation::Situation;
use crate::desired::without_url_secrets;
use crate::engine::{ContainerState, ObservedContainer};

/// Log lines that are looked at: those of one start.
const LOG_LINES: usize = 20;

/// What Prometheus prints when it begins with its work, its configuration read.
const BEGINS: &str = "Starting Prometheus";

/// Words of the lines in which it says that a configuration is not taken (`cmd/prometheus/main.go`).
const REFUSALS: [&str; 3] = ["Error loading config", "error loading config", "Failed to apply configuration"];

/// Stops every Prometheus of the stack that keeps dying of its configuration.
pub(super) async fn stop(situation: &Situation) -> Result<(), Failure> {
    let containers = situation.observed.containers.iter();
    for container in containers.filter(|container| container.state == ContainerState::Restarting) {
        if words(situation, container).await.is_some() {
            situation.engine.stop_container(&container.id, &container.name).await?;
        }
    }
    Ok(())
}

/// Why a Prometheus that does not run refused its configuration; `None`: it did not, or it is no Prometheus.
pub(super) async fn words(situation: &Situation, container: &ObservedContainer) -> Option<String> {
    let mut services = situation.desired.prometheus_services();
    if container.state == ContainerState::Running || services.all(|service| service.name != container.service) {
        return None;
    }
    let lines = situation.engine.last_lines(&container.id, LOG_LINES).await.ok()?;
    refusal(&lines).map(|words| without_url_secrets(&words))
}

/// The first error of the last start, where one of its errors is a refusal.
fn refusal(lines: &[String]) -> Option<String> {
    let mut errors: Vec<String> = Vec::new();
    let mut is_refused = false;
    for line in lines
        .iter()
        .rev()
        .filter(|line| line.contains("level=error") || line.contains("level=ERROR") || line.contains(BEGINS))
    {
        let error = line.rsplit_once(" err=").map(|(_, error)| unquoted(error));
        let Some(error) = error.filter(|error| !errors.contains(error)) else { break };
        is_refused |= REFUSALS.iter().any(|words| line.contains(words));
        errors.push(error);
    }
    errors.pop().filter(|_| is_refused)
}

fn unquoted(text: &str) -> String {
    let inner = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.map_or_else(|| text.trim().to_owned(), |inner| inner.replace("\\\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::refusal;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_in_prometheus_words() {
        let log = "ts=1 caller=main.go:468 level=error msg=\"Error loading config (--config.file=/p.yml)\" file=/p.yml err=\"parsing: field x\"\n\
                   ts=2 caller=main.go:468 level=error msg=\"Error loading config (--config.file=/p.yml)\" file=/p.yml err=\"parsing: field \\\"x\\\"\"\n\
                   ts=3 caller=main.go:468 level=error msg=\"Error loading config (--config.file=/p.yml)\" file=/p.yml err=\"parsing: field \\\"x\\\"\"";
        assert_eq!(refusal(&lines(log)).as_deref(), Some("parsing: field \"x\""));
    }

    #[test]
    fn of_several_errors_the_first_is_the_reason() {
        let log = "ts=1 level=info msg=\"Starting Prometheus Server\" mode=server\n\
                   ts=1 level=error component=\"rule manager\" msg=\"loading groups failed\" err=\"rules.yml: 3:1: bad\"\n\
                   ts=1 level=error msg=\"Failed to apply configuration\" err=\"error loading rules\"\n\
                   ts=1 level=error err=\"error loading config from p.yml: one or more errors\"";
        assert_eq!(refusal(&lines(log)).as_deref(), Some("rules.yml: 3:1: bad"));
    }

    #[test]
    fn other_deaths_are_no_refusal() {
        assert_eq!(refusal(&lines("ts=1 level=error err=\"opening storage failed: lock DB directory\"")), None);
        assert_eq!(refusal(&[]), None);
    }
}
