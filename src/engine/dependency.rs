//! Waits until the services that another one depends on are what it needs them to be.

use std::time::{Duration, Instant};

use super::{ContainerState, Engine, Error, Health, ObservedContainer};
use crate::desired::{Dependency, DependencyCondition, Service};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(150);

/// Log lines quoted when a service ended that should not have.
const QUOTED_LINES: usize = 5;

/// Characters quoted of what a health check printed.
const QUOTED_CHARACTERS: usize = 300;

/// How a dependency stands.
enum Standing {
    Met,
    NotYet(String),
    Never { container: String, what: String },
}

impl Engine {
    /// Waits until every dependency of the service holds, or the time is up, or one can hold no more.
    pub(super) async fn await_dependencies(
        &self,
        service: &Service,
        stack: &str,
        timeout: Duration,
        news: &(dyn Fn(String) + Sync),
    ) -> Result<(), Error> {
        let begun = Instant::now();
        for dependency in
            service.depends_on.iter().filter(|dependency| dependency.condition != DependencyCondition::Started)
        {
            loop {
                let containers = self.containers(stack).await?.containers;
                let attempt = || format!("cannot start `{}`", service.name);
                match standing(dependency, &containers) {
                    Standing::Met => break,
                    Standing::NotYet(what) if begun.elapsed() >= timeout => {
                        let said = self.health_words(&dependency.service, &containers).await;
                        return Err(Error::new(attempt(), format!("{what} after {} s{said}", timeout.as_secs()))
                            .advise(format!(
                                "see `stackctl logs {}`, or give it more time with --timeout",
                                dependency.service
                            )));
                    }
                    Standing::NotYet(what) => {
                        news(format!("waiting: {what}"));
                        tokio::time::sleep(PAUSE).await;
                    }
                    Standing::Never { container, what } => {
                        let lines = self.last_lines(&container, QUOTED_LINES).await.unwrap_or_default();
                        let cause = format!("{what}; its last lines:\n{}", lines.join("\n"));
                        return Err(
                            Error::new(attempt(), cause).advise(format!("see `stackctl logs {}`", dependency.service))
                        );
                    }
                }
            }
        }
        Ok(())
    }
}

impl Engine {
    /// What the last health check of a service that is not healthy printed: it stands in no log.
    async fn health_words(&self, service: &str, containers: &[ObservedContainer]) -> String {
        let ill = |container: &&ObservedContainer| {
            container.service == service && matches!(container.health, Health::Unhealthy | Health::Starting)
        };
        let Some(container) = containers.iter().find(ill) else { return String::new() };
        let words = self.health_check_said(&container.id).await;
        if words.is_empty() { words } else { format!("; its health check says: {words}") }
    }

    /// What the last health check of a container printed. Empty: nothing, or it has none.
    pub(super) async fn health_check_said(&self, id: &str) -> String {
        let inspected = self.inspect(id).await.ok().flatten();
        let checks = inspected.and_then(|inspected| inspected.state?.health?.log).unwrap_or_default();
        let output = checks.last().and_then(|check| check.output.clone()).unwrap_or_default();
        crate::printable::plain(output.trim()).chars().take(QUOTED_CHARACTERS).collect()
    }
}

fn standing(dependency: &Dependency, containers: &[ObservedContainer]) -> Standing {
    // One that has given way stands still, and is not what is waited for.
    let is_in_place = |container: &&ObservedContainer| !container.stands_aside();
    let of_service = containers.iter().filter(|container| container.service == dependency.service).filter(is_in_place);
    let mut found = false;
    for container in of_service {
        found = true;
        match of_container(dependency.condition, container) {
            Standing::Met => {}
            other => return other,
        }
    }
    if found { Standing::Met } else { Standing::NotYet(format!("`{}` is not there", dependency.service)) }
}

fn of_container(condition: DependencyCondition, container: &ObservedContainer) -> Standing {
    let ended = container.state == ContainerState::Exited;
    let code = container.exit_code.unwrap_or_default();
    match condition {
        DependencyCondition::Started => Standing::Met,
        DependencyCondition::Completed if ended && code == 0 => Standing::Met,
        DependencyCondition::Healthy if container.health == Health::Healthy => Standing::Met,
        DependencyCondition::Healthy
            if container.health == Health::None && container.state == ContainerState::Running =>
        {
            Standing::Never {
                container: container.name.clone(),
                what: format!("`{}` has no health check, so it never becomes healthy", container.name),
            }
        }
        DependencyCondition::Completed | DependencyCondition::Healthy if ended => Standing::Never {
            container: container.name.clone(),
            what: format!("`{}` exited with {code}", container.name),
        },
        DependencyCondition::Completed => Standing::NotYet(format!("`{}` has not ended", container.name)),
        DependencyCondition::Healthy => Standing::NotYet(format!("`{}` is not healthy", container.name)),
    }
}
