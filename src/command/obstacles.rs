//! What stands in the way of a whole plan: found before anything is changed, so that nothing is left half done.

use std::collections::BTreeSet;

use super::situation::Situation;
use super::{Failure, output};
use crate::desired::{MountSource, Unfit};
use crate::engine::{Error, Named, Owner};
use crate::plan::{Plan, Step, changed_volumes};

/// Refuses to carry a plan out, or to say that nothing is to be done, where something stands in the way of it.
pub(super) async fn refuse(situation: &Situation, plan: &Plan) -> Result<(), Failure> {
    refuse_missing_externals(situation)?;
    refuse_unfit_receivers(situation)?;
    refuse_changed_volumes(situation)?;
    refuse_taken_names(situation, plan).await?;
    refuse_strangers(situation, plan).await
}

/// The engine would make an empty volume of that name without a word.
fn refuse_missing_externals(situation: &Situation) -> Result<(), Failure> {
    let (desired, observed) = (&situation.desired, &situation.observed);
    let is_attached = |name: &str| observed.attached.iter().any(|it| it.container.addresses.contains_key(name));
    let has_network = |name: &str| observed.networks.iter().any(|network| network.name == name) || is_attached(name);
    let has_volume = |name: &str| observed.volumes.iter().any(|volume| volume.name == name);
    let networks = desired.networks.iter().filter(|network| network.external && !has_network(&network.name));
    let volumes = desired.volumes.iter().filter(|volume| volume.external && !has_volume(&volume.name));
    let networks = networks.map(|network| ("network", &network.name));
    let Some((kind, name)) = networks.chain(volumes.map(|volume| ("volume", &volume.name))).next() else {
        return Ok(());
    };
    let error = cannot_bring_up(situation, format!("the external {kind} `{name}` does not exist"));
    Err(error.advise(format!("make it with `docker {kind} create {name}`, or remove `external: true`")).into())
}

/// A receiver that cannot be had as it is written in the version of Alertmanager that was found.
fn refuse_unfit_receivers(situation: &Situation) -> Result<(), Failure> {
    let unfit = situation.desired.alertmanager.iter().flat_map(|config| &config.unfit).next();
    let Some(Unfit { receiver, reason, since }) = unfit else { return Ok(()) };
    let attempt = format!("cannot set up receiver `{receiver}` of `alertmanager.receivers`");
    let advice = format!(
        "take Alertmanager {}.{} or later (`alertmanager: {{ version: … }}`, from a registry), or another way to tell",
        since.major, since.minor
    );
    Err(Error::new(attempt, reason).advise(advice).into())
}

/// An engine changes no setting of a volume, and to make it anew would cost what is in it.
fn refuse_changed_volumes(situation: &Situation) -> Result<(), Failure> {
    let (labels, changed): (Vec<_>, Vec<_>) =
        changed_volumes(situation.inputs()).into_iter().partition(|volume| volume.only_labels);
    for volume in labels {
        output::say(&format!(
            "warning: volume `{}` keeps the labels that it was made with, which no engine changes: {}",
            volume.name, volume.differences
        ));
    }
    let Some(first) = changed.first() else { return Ok(()) };
    let told = changed.iter().map(|volume| {
        let (name, differences) = (&volume.name, &volume.differences);
        format!("volume `{name}` exists with other settings than the stack file's: {differences}")
    });
    let (name, stack) = (&first.name, &situation.desired.stack);
    let error = cannot_bring_up(situation, told.collect::<Vec<_>>().join("; "));
    Err(error
        .advise(format!(
            "no engine changes the settings of a volume, and stackctl removes none: put them back in the stack file; \
             or keep the data and give the volume another key or `name` there, and copy by hand, while stack `{stack}` is down: \
             `docker run --rm -v {name}:/from:ro -v NEW:/to IMAGE cp -a /from/. /to/`; \
             where the data may go, run `stackctl down` and `docker volume rm {name}`, then `stackctl up`"
        ))
        .into())
}

/// Names of containers, networks and volumes that somebody else has. Nobody is asked where the plan makes none.
async fn refuse_taken_names(situation: &Situation, plan: &Plan) -> Result<(), Failure> {
    let (mut containers, mut networks) = (BTreeSet::new(), BTreeSet::new());
    for step in &plan.steps {
        match step {
            Step::CreateContainer { container, .. } => drop(containers.insert(container.as_str())),
            Step::ReplaceContainer { container, id, .. } => {
                let is_renamed = |old: &&crate::engine::ObservedContainer| old.id == *id && old.name != *container;
                if situation.observed.containers.iter().any(|old| is_renamed(&old)) {
                    containers.insert(container.as_str());
                }
            }
            Step::CreateNetwork { network, .. } => drop(networks.insert(network.name.as_str())),
            _ => {}
        }
    }
    let mut taken: Vec<Taken> = volumes_of_others(situation, plan);
    if !containers.is_empty() {
        taken.extend(of_others(situation, "container", &containers, situation.engine.named_containers().await?));
    }
    if !networks.is_empty() {
        taken.extend(of_others(situation, "network", &networks, situation.engine.named_networks().await?));
    }
    let Some(first) = taken.first() else { return Ok(()) };
    let told: Vec<String> = taken.iter().map(Taken::words).collect();
    Err(cannot_bring_up(situation, told.join("; ")).advise(first.advice()).into())
}

/// A name that the stack needs and somebody else has.
struct Taken {
    kind: &'static str,
    name: String,
    owner: Owner,
}

fn of_others(situation: &Situation, kind: &'static str, wanted: &BTreeSet<&str>, found: Vec<Named>) -> Vec<Taken> {
    let stack = &situation.desired.stack;
    let is_other = |named: &Named| wanted.contains(named.name.as_str()) && !named.owner.is_stack(stack);
    let others = found.into_iter().filter(is_other);
    others.map(|Named { name, owner }| Taken { kind, name, owner }).collect()
}

/// Volumes of another stack that a container of the plan would mount as the stack's own.
fn volumes_of_others(situation: &Situation, plan: &Plan) -> Vec<Taken> {
    let services = plan.steps.iter().filter_map(Step::starts).map(|(_, service)| service);
    let sources = services.flat_map(|service| &service.container.mounts).filter_map(|mount| match &mount.source {
        MountSource::Volume { name, .. } => Some(name.as_str()),
        _ => None,
    });
    let mounted: BTreeSet<&str> = sources.collect();
    let desired = &situation.desired.volumes;
    let is_own = |name: &str| desired.iter().any(|volume| !volume.external && volume.name == name);
    let found = situation.observed.volumes.iter();
    let of_other = found.filter_map(|volume| Some((&volume.name, volume.other_stack.clone()?)));
    of_other
        .filter(|(name, _)| mounted.contains(name.as_str()) && is_own(name))
        .map(|(name, stack)| Taken { kind: "volume", name: name.clone(), owner: Owner::Stack(stack) })
        .collect()
}

impl Taken {
    fn words(&self) -> String {
        let Self { kind, name, owner } = self;
        match owner {
            Owner::Stack(stack) => format!("{kind} `{name}` is there, and is stack `{stack}`'s"),
            Owner::Project(project) => {
                format!("{kind} `{name}` is there, and is not stackctl's but Compose project `{project}`'s")
            }
            Owner::Nobody => format!("{kind} `{name}` is there, and is not stackctl's"),
        }
    }

    /// What harms nobody: what is there may be in use.
    fn advice(&self) -> String {
        let Self { kind, name, owner } = self;
        let key = match *kind {
            "container" => "the app another `container_name`".to_owned(),
            _ => format!("the {kind} another `name` under `{kind}s`"),
        };
        let other = format!("give this stack another `name`, or {key}");
        match (*kind, owner) {
            ("container", Owner::Nobody) => format!(
                "{other}; or see what it is with `docker inspect {name}`, and give it another name: `docker rename {name} NEW`"
            ),
            ("container", _) => other,
            (_, Owner::Nobody) => format!(
                "{other}; to use the one that is there, write `external: true`; see what it is with `docker {kind} inspect {name}`"
            ),
            _ => format!("{other}; to share it, write `external: true`"),
        }
    }
}

/// Who is in a network that is to be replaced and is not the stack's would be cut off, and nobody here may do that.
async fn refuse_strangers(situation: &Situation, plan: &Plan) -> Result<(), Failure> {
    for step in &plan.steps {
        let Step::ReplaceNetwork { id, network, reason, .. } = step else { continue };
        let mut strangers = situation.engine.in_network(id, &network.name).await?;
        strangers.retain(|named| !named.owner.is_stack(&situation.desired.stack));
        let Some(first) = strangers.first() else { continue };
        let told: Vec<String> = strangers
            .iter()
            .map(|Named { name, owner }| match owner {
                Owner::Stack(stack) => format!("`{name}` of stack `{stack}`"),
                Owner::Project(project) => format!("`{name}` of Compose project `{project}`"),
                Owner::Nobody => format!("`{name}`"),
            })
            .collect();
        let (name, told) = (&network.name, told.join(", "));
        let cause = format!(
            "it has other settings than the stack file's ({reason}), and containers that are not the stack's are in it: {told}"
        );
        return Err(Error::new(format!("cannot replace network `{name}`"), cause)
            .advise(format!(
                "put the settings back in the stack file; or take those out yourself \
                 (`docker network disconnect {name} {}`), run `stackctl up`, and let them join again (`docker network connect`)",
                first.name
            ))
            .into());
    }
    Ok(())
}

fn cannot_bring_up(situation: &Situation, cause: String) -> Error {
    Error::new(format!("cannot bring up stack `{}`", situation.desired.stack), cause)
}
