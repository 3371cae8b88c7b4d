//! Probes that a killed stackctl has left: each carries who made it, so that one whose maker lives is left alone.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::ContainerSummary;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};

use super::error::{cannot, status};
use super::summary::label;
use super::{Engine, Error, Holder, Whereabouts, labels};

/// No probe and no program that is run once lives as long. Of a maker on another host nobody here sees whether it lives.
const LONGEST_LIFE: Duration = Duration::from_secs(600);

/// Labels of a container that this process makes for a short time.
pub(super) fn labels_of_short_life(stack: &str) -> HashMap<String, String> {
    let labels = [
        (labels::STACK, stack.to_owned()),
        (labels::ROLE, labels::PROBE.to_owned()),
        (labels::MAKER, Holder::this("probe").to_json()),
    ];
    labels.map(|(key, value)| (key.to_owned(), value)).into()
}

impl Engine {
    /// Takes away probes whose maker is dead. Nothing depends on it: what cannot be had now is tried by the next one.
    pub async fn sweep_probes(&self, stack: &str) {
        let found = self.probes(stack).await.unwrap_or_default();
        let now = jiff::Timestamp::now().as_second();
        for probe in found.into_iter().filter(|probe| is_left_behind(probe, now)) {
            let _ = self.remove_probe(probe).await;
        }
    }

    /// Takes away all probes of a stack, which goes itself.
    pub(super) async fn remove_probes(&self, stack: &str) -> Result<(), Error> {
        for probe in self.probes(stack).await? {
            self.remove_probe(probe).await?;
        }
        Ok(())
    }

    async fn probes(&self, stack: &str) -> Result<Vec<ContainerSummary>, Error> {
        let both = vec![format!("{}={stack}", labels::STACK), format!("{}={}", labels::ROLE, labels::PROBE)];
        let filters = HashMap::from([("label".to_owned(), both)]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let mut found = self.list_containers(options).await?;
        // An engine that takes either condition for enough must not cost anybody a container.
        let is = |summary: &ContainerSummary, key: &str, value: &str| label(summary, key) == Some(value);
        found.retain(|it| is(it, labels::STACK, stack) && is(it, labels::ROLE, labels::PROBE));
        Ok(found)
    }

    async fn remove_probe(&self, probe: ContainerSummary) -> Result<(), Error> {
        let Some(id) = probe.id else { return Ok(()) };
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.act(async || self.docker.remove_container(&id, Some(options.clone())).await).await {
            Err(error) if !matches!(status(&error), Some(404 | 409)) => Err(cannot("remove a probe")(error)),
            _ => Ok(()),
        }
    }
}

/// Seconds since 1970 are `now`.
fn is_left_behind(probe: &ContainerSummary, now: i64) -> bool {
    let label = probe.labels.as_ref().and_then(|labels| labels.get(labels::MAKER));
    let whereabouts = label.and_then(|text| Holder::from_json(text)).unwrap_or_default().whereabouts();
    let is_old = || probe.created.is_some_and(|created| now - created > LONGEST_LIFE.as_secs().cast_signed());
    match whereabouts {
        Whereabouts::Here => false,
        Whereabouts::Gone => true,
        Whereabouts::Elsewhere => is_old(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn probe(labels: HashMap<String, String>, age: i64) -> ContainerSummary {
        ContainerSummary { labels: Some(labels), created: Some(NOW - age), ..Default::default() }
    }

    #[test]
    fn a_probe_of_a_living_process_stays_whatever_its_age() {
        assert!(!is_left_behind(&probe(labels_of_short_life("shop"), 0), NOW));
        assert!(!is_left_behind(&probe(labels_of_short_life("shop"), 100_000), NOW));
    }

    #[test]
    fn a_probe_of_a_dead_process_is_left_behind_at_once() {
        let mut labels = labels_of_short_life("shop");
        let maker = labels.get_mut(labels::MAKER).expect("it says who made it");
        // A process of that number that started when the kernel did is another one.
        let mut said: serde_json::Value = serde_json::from_str(maker).expect("JSON");
        said["started"] = 1.into();
        *maker = said.to_string();
        assert!(is_left_behind(&probe(labels, 0), NOW));
    }

    #[test]
    fn a_probe_of_nobody_that_can_be_seen_is_left_behind_once_it_is_old() {
        assert!(!is_left_behind(&probe(HashMap::new(), 60), NOW));
        assert!(is_left_behind(&probe(HashMap::new(), 601), NOW));
    }
}
