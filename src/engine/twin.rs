//! Of Prometheus servers that do the same, one answers while the other is replaced.

use std::time::{Duration, Instant};

use super::error::{cannot, status};
use super::reload::CheckAnswer;
use super::{ContainerState, Engine, Error};
use crate::catalog::prometheus::ANSWERS;
use crate::desired::{HealthcheckTest, Role, Service};

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
        let Some(question) = question(service) else { return Ok(()) };
        let words: Vec<&str> = question.iter().map(String::as_str).collect();
        let begun = Instant::now();
        for twin in &service.depends_on {
            while !self.answers(&twin.service, &words, stack).await? {
                if begun.elapsed() >= timeout {
                    let cause = format!("`{}` does not answer after {} s", twin.service, timeout.as_secs());
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
        let Some(twin) = containers.iter().find(|container| container.service == service) else { return Ok(false) };
        if twin.state != ContainerState::Running || twin.restarts > 0 {
            return Ok(false);
        }
        let asked = self.act(async || self.run_checker(&twin.id, question).await).await;
        // It has ended meanwhile.
        if asked.as_ref().is_err_and(|error| status(error) == Some(409)) {
            return Ok(false);
        }
        let answer = asked.map_err(cannot(format!("ask `{service}` whether it answers")))?;
        // Nothing can be run in one that has ended meanwhile, either.
        Ok(match answer {
            CheckAnswer::Fine => true,
            CheckAnswer::Absent => self.runs(&twin.id).await,
            CheckAnswer::Refused(_) => false,
        })
    }
}

/// The words that ask such a server in its own container. `None`: it is not one of several, or it cannot be asked so.
fn question(service: &Service) -> Option<Vec<String>> {
    if service.role != Role::Prometheus || service.depends_on.is_empty() {
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
