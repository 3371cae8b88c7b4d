//! Of servers that do the same, one does it while the other is replaced: Prometheus answers, Alertmanager stays up.

use std::time::{Duration, Instant};

use super::error::{cannot, status};
use super::reload::CheckAnswer;
use super::{ContainerState, Engine, Error, ObservedContainer};
use crate::catalog::prometheus::ANSWERS;
use crate::desired::{HealthcheckTest, Role, Service};

/// Seconds after which what does not like its settings has ended.
const LASTING: u64 = 2;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(300);

impl Engine {
    /// Waits until the server that this one comes after answers: one that has just been replaced reads its log first, and that
    /// may take minutes. `container`: what is to be replaced then.
    pub(super) async fn await_twin(
        &self,
        service: &Service,
        container: &str,
        stack: &str,
        timeout: Duration,
    ) -> Result<(), Error> {
        if !matches!(service.role, Role::Prometheus | Role::Alertmanager) {
            return Ok(());
        }
        let question = question(service).unwrap_or_default();
        let words: Vec<&str> = question.iter().map(String::as_str).collect();
        let begun = Instant::now();
        for twin in &service.depends_on {
            while !self.answers(&twin.service, &words, stack).await? {
                if begun.elapsed() >= timeout {
                    let what = if words.is_empty() { "does not stay up" } else { "does not answer" };
                    let cause = format!("`{}` {what} after {} s", twin.service, timeout.as_secs());
                    let advice = format!(
                        "`{}` runs on as it was, so that one answers; see `stackctl logs {}`, then run `stackctl up` again, \
                         with more --timeout where it only takes long",
                        service.name, twin.service
                    );
                    return Err(Error::new(format!("cannot replace container `{container}`"), cause).advise(advice));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Whether it runs and answers. An image without the program that asks is taken at its word.
    async fn answers(&self, service: &str, question: &[&str], stack: &str) -> Result<bool, Error> {
        let containers = self.containers(stack).await?.containers;
        let is_it = |container: &&ObservedContainer| container.service == service && !container.stands_aside();
        let Some(twin) = containers.iter().find(is_it) else { return Ok(false) };
        if twin.state != ContainerState::Running || twin.restarts > 0 {
            return Ok(false);
        }
        let lasts = twin.seconds_up.is_none_or(|seconds| seconds >= LASTING);
        if question.is_empty() {
            return Ok(lasts);
        }
        let asked = self.act(async || self.run_checker(&twin.id, question).await).await;
        // It has ended meanwhile.
        if asked.as_ref().is_err_and(|error| status(error) == Some(409)) {
            return Ok(false);
        }
        let answer = asked.map_err(cannot(format!("ask `{service}` whether it answers")))?;
        // Nothing can be run in one that is between two ends, either.
        Ok(match answer {
            CheckAnswer::Fine => true,
            CheckAnswer::Absent => lasts,
            CheckAnswer::Refused(_) => false,
        })
    }
}

/// The words that ask a Prometheus in its own container. `None`: it cannot be asked so, and is only to stay up.
fn question(service: &Service) -> Option<Vec<String>> {
    if service.role != Role::Prometheus {
        return None;
    }
    let settings = &service.container.settings;
    let open =
        || settings.command.iter().all(|command| !command.0.iter().any(|word| word.starts_with("--web.config.file")));
    match settings.healthcheck.as_ref().map(|check| &check.test) {
        Some(HealthcheckTest::Words(words)) => Some(words.clone()),
        Some(HealthcheckTest::Shell(line)) => Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()]),
        Some(HealthcheckTest::Inherit | HealthcheckTest::Disabled) => None,
        None => open().then(|| ANSWERS.iter().map(|word| (*word).to_owned()).collect()),
    }
}
