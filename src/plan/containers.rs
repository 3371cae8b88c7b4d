//! Which containers are made, replaced, started, changed and taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::changed::differing;
use super::leaving::Needs;
use super::parts;
use super::{Inputs, Step};
use crate::desired::{Attachment, OnChange, PlacedFile, Role, Service, counted};
use crate::engine::{ContainerState, ObservedContainer, ObservedLimits};

/// What other steps make anew below the containers.
pub(super) struct Renewed {
    /// References of images that will be newer than what runs.
    pub(super) images: BTreeSet<String>,
    /// Names of networks.
    pub(super) networks: BTreeSet<String>,
}

/// Steps for the containers, in order.
pub(super) fn steps(inputs: Inputs, renewed: &Renewed) -> Vec<Step> {
    let one_shots = inputs.desired.one_shots();
    let mut found = by_service(inputs);
    let mut before = Vec::new();
    let mut changes = Vec::new();
    let mut files = Vec::new();
    let mut after = Vec::new();
    for service in &inputs.desired.services {
        let service = Arc::new(service.clone());
        let mut replicas = found.remove(service.name.as_str()).unwrap_or_default();
        for replica in 1..=service.replicas {
            let name = service.container_name(&inputs.desired.stack, replica);
            let mut candidates = replicas.remove(&replica).unwrap_or_default();
            let kept = take_kept(&mut candidates, &name);
            before.extend(candidates.into_iter().map(|extra| remove(extra, "a second container of one replica")));
            let seat = Seat { service: &service, replica, name, one_shot: one_shots.contains(service.name.as_str()) };
            seat.decide(inputs, kept, renewed, &mut changes, &mut files);
        }
        after.extend(replicas.into_values().flatten().map(|extra| {
            remove(extra, &format!("`{}` has {}", service.name, counted(service.replicas as usize, "replica")))
        }));
    }
    let needs = Needs::of(&changes);
    let leaving = found.into_values().flat_map(BTreeMap::into_values).flatten();
    let (first, last): (Vec<_>, Vec<_>) = leaving.partition(|extra| files.is_empty() || needs.anything_of(extra));
    before.extend(first.into_iter().map(|extra| remove(extra, "not in the stack file")));
    after.extend(last.into_iter().map(|extra| remove(extra, "not in the stack file")));
    super::sharing::follow(inputs, &mut changes);
    let gifts = super::yielding::mark(&mut changes, &inputs.observed.containers);
    super::together::mark(&mut changes, gifts);
    changes.sort_by_key(|step: &Step| step.service().map_or(0, |service| service.wave));
    [before, changes, files, after].concat()
}

type Replicas<'a> = BTreeMap<u32, Vec<&'a ObservedContainer>>;

fn by_service(inputs: Inputs<'_>) -> BTreeMap<&str, Replicas<'_>> {
    let mut found: BTreeMap<&str, Replicas> = BTreeMap::new();
    for container in &inputs.observed.containers {
        let replicas = found.entry(container.service.as_str()).or_default();
        replicas.entry(container.replica).or_default().push(container);
    }
    found
}

/// Of several containers of one replica, the one that stays: the one with the right name, else any. One that was never started
/// may be one that cannot be: where another one stands aside for it, that is the one to come back to.
fn take_kept<'a>(candidates: &mut Vec<&'a ObservedContainer>, name: &str) -> Option<&'a ObservedContainer> {
    let named = candidates.iter().position(|candidate| candidate.name == name);
    let aside = candidates.iter().position(|candidate| candidate.stands_aside());
    let index = match (named, aside) {
        (Some(named), Some(aside)) if candidates[named].state == ContainerState::Created => aside,
        (named, _) => named.unwrap_or(0),
    };
    (!candidates.is_empty()).then(|| candidates.remove(index))
}

fn remove(container: &ObservedContainer, reason: &str) -> Step {
    Step::RemoveContainer { id: container.id.clone(), container: container.name.clone(), reason: reason.to_owned() }
}

/// The place of one replica.
struct Seat<'a> {
    service: &'a Arc<Service>,
    replica: u32,
    name: String,
    one_shot: bool,
}

impl Seat<'_> {
    fn decide(
        &self,
        inputs: Inputs,
        kept: Option<&ObservedContainer>,
        renewed: &Renewed,
        changes: &mut Vec<Step>,
        files: &mut Vec<Step>,
    ) {
        let Some(container) = kept else {
            changes.push(self.create());
            return;
        };
        if let Some(reason) = self.replace_reason(inputs, container, renewed) {
            changes.push(self.replace(container, reason));
            return;
        }
        changes.extend(self.missing_networks(container));
        let own_files = self.file_steps(inputs, container);
        match self.start_reason(container) {
            // A frozen program has read its files: it takes new ones like one that runs.
            Some(reason) if container.state == ContainerState::Paused => {
                changes.push(self.start(container, reason));
                files.extend(own_files);
            }
            // Files go in before the start: a program that starts on a refused file dies.
            Some(reason) => {
                changes.extend(own_files);
                changes.push(self.start(container, reason));
            }
            None => files.extend(own_files),
        }
    }

    fn replace_reason(&self, inputs: Inputs, container: &ObservedContainer, renewed: &Renewed) -> Option<String> {
        if container.name != self.name {
            return Some(format!("named `{}`", container.name));
        }
        match &container.fingerprint {
            None => return Some("started by docker compose".to_owned()),
            Some(fingerprint)
                if *fingerprint != self.service.fingerprint && !self.is_same_by_another_name(inputs, container) =>
            {
                return Some(parts::difference(self.service, &container.parts));
            }
            Some(_) => {}
        }
        if matches!(container.state, ContainerState::Dead | ContainerState::Removing) {
            return Some("dead".to_owned());
        }
        let runs = matches!(container.state, ContainerState::Running | ContainerState::Paused);
        if runs && inputs.observed.was_being_taken_down() {
            return Some("an interrupted `down` may still be stopping it".to_owned());
        }
        if !runs && let Some(gone) = self.absent_networks(container).find(|absent| self.is_at_home(absent)) {
            return Some(format!("not in network `{}`", gone.network));
        }
        if let Some(lost) = self.lost_network(inputs, container, renewed) {
            return Some(format!("network `{lost}` is another one"));
        }
        let wanted = ObservedLimits::of(&self.service.container.settings);
        if let Some(changed) = container.limits.and_then(|limits| limits.difference(&wanted)) {
            return Some(changed);
        }
        let reference = &self.service.image.reference;
        let image = inputs.observed.images.get(reference);
        if renewed.images.contains(reference) && image.is_some() {
            return Some("a newer image".to_owned());
        }
        if image.is_some_and(|image| image.id != container.image_id) {
            return Some("another image under the same name".to_owned());
        }
        // One that ends again and again waits up to a minute between two tries: a new one starts at once.
        let ends_again = container.state == ContainerState::Restarting;
        let mut changed = differing(inputs.files, self.service, container)
            .filter(|file| ends_again || file.on_change == OnChange::Replace);
        let changed_file = changed.next().map(|file| format!("`{}` changed", file.target));
        let changed = changed_file.or_else(|| self.changed_secret(inputs, container));
        changed.or_else(|| self.lost_processes(container))
    }

    /// What differs is what its image is called, and the image is the same: `web:1` of a lock is `web@sha256:…`.
    fn is_same_by_another_name(&self, inputs: Inputs, container: &ObservedContainer) -> bool {
        let image = inputs.observed.images.get(&self.service.image.reference);
        image.is_some_and(|image| image.id == container.image_id)
            && parts::differing(self.service, &container.parts) == ["image"]
    }

    /// One that stands still and shares the processes of another container is bound to that very one, which may be gone.
    fn lost_processes(&self, container: &ObservedContainer) -> Option<String> {
        let owner = self.service.container.processes_of.as_ref()?;
        let stands_still = self.start_reason(container).filter(|_| container.state != ContainerState::Paused)?;
        Some(format!("{stands_still}, and shares the processes of `{owner}`"))
    }

    fn start_reason(&self, container: &ObservedContainer) -> Option<String> {
        match container.state {
            ContainerState::Created => Some("never started".to_owned()),
            ContainerState::Paused => Some("paused".to_owned()),
            ContainerState::Exited if self.one_shot && container.exit_code == Some(0) => None,
            ContainerState::Exited => Some(match container.exit_code {
                Some(code) => format!("exited with {code}"),
                None => "exited".to_owned(),
            }),
            _ => None,
        }
    }

    /// Networks it should be in and is not.
    fn absent_networks(&self, container: &ObservedContainer) -> impl Iterator<Item = &Attachment> {
        let networks = self.service.container.all_networks();
        networks.filter(|attachment| !container.addresses.contains_key(&attachment.network))
    }

    /// Whether a network is the stack's own.
    fn is_at_home(&self, attachment: &Attachment) -> bool {
        self.service.container.networks.contains(attachment)
    }

    /// A network that is replaced, where moving over does not do: one that ends again and again is stopped for it, and an
    /// Alertmanager of several has told the others its address.
    fn lost_network(&self, inputs: Inputs, container: &ObservedContainer, renewed: &Renewed) -> Option<&str> {
        let has_told = || self.service.role == Role::Alertmanager && inputs.desired.alertmanager_services().count() > 1;
        if !container.ends_again() && !has_told() {
            return None;
        }
        let mut own = self.service.container.networks.iter().map(|attachment| attachment.network.as_str());
        own.find(|network| renewed.networks.contains(*network))
    }

    fn missing_networks(&self, container: &ObservedContainer) -> Vec<Step> {
        let absent = self
            .absent_networks(container)
            .map(|attachment| self.connect(container, attachment, format!("not in network `{}`", attachment.network)));
        let nameless = self.service.container.all_networks().filter_map(|attachment| {
            let known = container.aliases.get(&attachment.network)?;
            let lost = attachment.aliases.iter().find(|alias| !known.contains(alias))?;
            let reason = format!("not known as `{lost}` in network `{}`", attachment.network);
            container.addresses.contains_key(&attachment.network).then(|| self.connect(container, attachment, reason))
        });
        absent.chain(nameless).collect()
    }

    fn connect(&self, container: &ObservedContainer, attachment: &Attachment, reason: String) -> Step {
        Step::Connect {
            id: container.id.clone(),
            service: Arc::clone(self.service),
            container: self.name.clone(),
            network: attachment.network.clone(),
            again: container.addresses.contains_key(&attachment.network),
            reason,
        }
    }

    /// A secret whose value is not the one in the container. Programs read secrets when they start.
    fn changed_secret(&self, inputs: Inputs, container: &ObservedContainer) -> Option<String> {
        let mut secrets = self.service.container.secrets.iter();
        let changed = secrets.find(|secret| {
            let wanted = inputs.secrets.stamp(&secret.source, &secret.target);
            wanted.is_some() && container.files.get(&secret.target).copied().flatten() != wanted
        })?;
        Some(format!("secret `{}` changed", changed.name))
    }

    fn file_steps(&self, inputs: Inputs, container: &ObservedContainer) -> Vec<Step> {
        let runs = matches!(container.state, ContainerState::Running | ContainerState::Paused);
        let changed: Vec<_> = differing(inputs.files, self.service, container).collect();
        let mut steps: Vec<_> = changed.iter().map(|file| self.write(container, file, runs)).collect();
        if runs && let Some(file) = changed.iter().find(|file| file.on_change == OnChange::Reload) {
            steps.push(Step::Reload {
                id: container.id.clone(),
                service: Arc::clone(self.service),
                container: self.name.clone(),
                reason: format!("`{}` changed", file.source),
            });
        }
        steps
    }

    fn write(&self, container: &ObservedContainer, file: &PlacedFile, runs: bool) -> Step {
        let gone = !matches!(container.files.get(&file.target), Some(Some(_)));
        let reason = if gone { "missing in the container" } else { "differs in the container" };
        Step::WriteFile {
            id: container.id.clone(),
            service: Arc::clone(self.service),
            container: self.name.clone(),
            source: file.source.clone(),
            target: file.target.clone(),
            live: runs,
            check: runs && file.on_change == OnChange::Reload,
            reason: reason.to_owned(),
        }
    }

    fn create(&self) -> Step {
        Step::CreateContainer {
            service: Arc::clone(self.service),
            replica: self.replica,
            container: self.name.clone(),
            reason: "missing".to_owned(),
        }
    }

    fn replace(&self, container: &ObservedContainer, reason: String) -> Step {
        Step::ReplaceContainer {
            id: container.id.clone(),
            service: Arc::clone(self.service),
            replica: self.replica,
            container: self.name.clone(),
            yields: false,
            group: None,
            reason,
        }
    }

    fn start(&self, container: &ObservedContainer, reason: String) -> Step {
        Step::StartContainer {
            id: container.id.clone(),
            service: Arc::clone(self.service),
            container: self.name.clone(),
            paused: container.state == ContainerState::Paused,
            reason,
        }
    }
}
