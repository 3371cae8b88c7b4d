//! What holds for every stack file and every state of the engine, on data that proptest makes up. No engine is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use proptest::prelude::*;
use stackctl::desired::{Desired, Facts, MountSource, Network, Service};
use stackctl::engine::{
    ContainerState, FileStamp, Health, Observed, ObservedContainer, ObservedImage, ObservedLimits, ObservedNetwork,
    ObservedSettings, ObservedVolume, Secrets,
};
use stackctl::plan::{Inputs, Member, Plan, Step, network_parts, parts};
use stackctl::render::{self, Files};
use stackctl::stack::{self, Environment, Loaded, Problems, Vocabulary};

const STACK: &str = "\
name: shop
images: { from: debian }
grafana: off
volumes: { data: {} }
networks: { back: {} }
apps:
  db: { image: 'db:1', volumes: ['data:/data'], networks: [back] }
  web: { image: 'web:1', scale: SCALE, depends_on: [db], networks: [default, back], metrics: {} }
";

fn read(text: &str) -> Result<Loaded, Problems> {
    stack::parse("stack.yml", text, Path::new("/nowhere"), &Environment::default(), &Vocabulary::default())
}

/// A model of the engine: what the plan's steps do to what is there, and what they need to be there.
struct Model {
    desired: Desired,
    files: Files,
    observed: Observed,
    made: usize,
}

impl Model {
    fn of(text: &str) -> Self {
        let loaded = read(text).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let desired = Desired::of(&loaded.stack, &Facts::default());
        let files = render::all(&desired);
        Self { desired, files, observed: Observed::default(), made: 0 }
    }

    fn plan(&self) -> Plan {
        let (desired, files, observed) = (&self.desired, &self.files, &self.observed);
        Plan::of(Inputs { desired, files, secrets: &Secrets::default(), observed })
    }

    fn carry_out(&mut self) {
        for batch in self.plan().batches() {
            for step in batch.into_iter().flatten() {
                self.step(step);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::GetImage { image, .. } => self.new_image(&image.reference),
            Step::CreateNetwork { network, .. } => self.new_network(network),
            Step::RemoveNetwork { id, .. } => self.observed.networks.retain(|network| network.id != *id),
            Step::ReplaceNetwork { id, network, members, .. } => self.replace_network(id, network, members),
            Step::CreateVolume { volume, .. } => {
                let made = ObservedSettings { driver: volume.driver.clone(), ..ObservedSettings::default() };
                let (name, ours) = (volume.name.clone(), true);
                let stack_files = Vec::new();
                self.observed.volumes.push(ObservedVolume {
                    name,
                    ours,
                    external: false,
                    other_stack: None,
                    stack_files,
                    made,
                });
            }
            Step::RemoveContainer { id, .. } => self.observed.containers.retain(|container| container.id != *id),
            Step::CreateContainer { service, replica, container, .. } => self.create(service, *replica, container),
            Step::ReplaceContainer { id, service, replica, container, .. } => {
                self.observed.containers.retain(|found| found.id != *id);
                self.create(service, *replica, container);
            }
            Step::StartContainer { id, .. } => self.container(id).state = ContainerState::Running,
            Step::Connect { id, service, network, again, .. } => {
                let joined = aliases(service).remove(network).unwrap_or_default();
                let container = self.container(id);
                assert_eq!(container.addresses.insert(network.clone(), None).is_some(), *again, "{step}");
                container.aliases.insert(network.clone(), joined);
            }
            Step::WriteFile { id, source, target, .. } => {
                let stamp = FileStamp::of(&self.files.0[source]);
                self.container(id).files.insert(target.clone(), Some(stamp));
            }
            Step::Reload { id, .. } => assert_eq!(self.container(id).state, ContainerState::Running),
        }
    }

    fn next_id(&mut self) -> String {
        self.made += 1;
        format!("id-{}", self.made)
    }

    fn container(&mut self, id: &str) -> &mut ObservedContainer {
        let mut containers = self.observed.containers.iter_mut();
        containers.find(|container| container.id == id).expect("a step names a container that is there")
    }

    /// The registry has not changed: what is pulled again is what was there.
    fn new_image(&mut self, reference: &str) {
        let id = format!("sha256:{reference}");
        self.observed.images.insert(reference.to_owned(), ObservedImage { id, ..ObservedImage::default() });
    }

    fn new_network(&mut self, network: &Network) {
        let (id, name) = (self.next_id(), network.name.clone());
        let made = ObservedSettings {
            driver: network.driver.clone(),
            parts: Some(network_parts(network)),
            ..ObservedSettings::default()
        };
        let (internal, subnets) = (network.internal, Vec::new());
        self.observed.networks.push(ObservedNetwork {
            id,
            name,
            ours: true,
            external: false,
            in_use: false,
            internal,
            subnets,
            made,
        });
    }

    /// As the engine does, lets no network go that somebody is in.
    fn replace_network(&mut self, id: &str, network: &Network, members: &[Member]) {
        for member in members {
            self.container(&member.id).addresses.remove(&network.name);
        }
        let is_in = |container: &&ObservedContainer| container.addresses.contains_key(&network.name);
        let runs = |container: &&ObservedContainer| container.state == ContainerState::Running;
        assert_eq!(self.observed.containers.iter().filter(is_in).filter(runs).count(), 0, "`{}`", network.name);
        self.observed.networks.retain(|found| found.id != *id);
        self.new_network(network);
        for member in members.iter().filter(|member| member.service.is_some()) {
            self.container(&member.id).addresses.insert(network.name.clone(), None);
        }
    }

    /// As the engine does, refuses a name that is taken and what refers to nothing.
    fn create(&mut self, service: &Service, replica: u32, name: &str) {
        let id = self.next_id();
        let observed = &self.observed;
        assert!(observed.containers.iter().all(|container| container.name != name), "`{name}` is taken");
        for joined in &service.container.networks {
            let named = observed.networks.iter().filter(|network| network.name == joined.network).count();
            assert_eq!(named, 1, "networks `{}`", joined.network);
        }
        let stamp = |source: &String| Some(FileStamp::of(&self.files.0[source]));
        let container = ObservedContainer {
            id,
            name: name.to_owned(),
            service: service.name.clone(),
            replica,
            image: service.image.reference.clone(),
            image_id: observed.images[&service.image.reference].id.clone(),
            state: ContainerState::Running,
            health: Health::None,
            exit_code: None,
            started_at: 0,
            restarts: 0,
            seconds_up: None,
            fingerprint: Some(service.fingerprint.clone()),
            parts: parts(service),
            stack_files: Vec::new(),
            addresses: service.container.networks.iter().map(|joined| (joined.network.clone(), None)).collect(),
            aliases: aliases(service),
            limits: Some(ObservedLimits::of(&service.container.settings)),
            ports: Vec::new(),
            nameless: Vec::new(),
            mounts: mounts(service),
            host_ports: BTreeSet::new(),
            files: service.container.files.iter().map(|file| (file.target.clone(), stamp(&file.source))).collect(),
        };
        self.observed.containers.push(container);
    }

    /// Something that happens to a stack while nobody looks.
    fn suffer(&mut self, mishap: u8, which: usize) {
        let count = self.observed.containers.len();
        let Some(index) = which.checked_rem(count) else { return };
        let id = self.next_id();
        let container = &mut self.observed.containers[index];
        match mishap {
            0 => drop(self.observed.containers.remove(index)),
            1 => (container.state, container.exit_code) = (ContainerState::Exited, Some(137)),
            2 => container.state = ContainerState::Paused,
            3 => container.state = ContainerState::Created,
            4 => container.state = ContainerState::Restarting,
            5 => container.state = ContainerState::Dead,
            6 => container.name = format!("{}.{id}", container.name),
            7 => container.fingerprint = Some("another".to_owned()),
            8 => container.fingerprint = None,
            9 => container.addresses.clear(),
            10 => container.files.values_mut().for_each(|stamp| *stamp = None),
            11 => container.files.values_mut().flatten().for_each(|stamp| stamp.modified += 1),
            12 => {
                let name = format!("{}.{id}", container.name);
                let second = ObservedContainer { id, name, ..container.clone() };
                self.observed.containers.push(second);
            }
            13 => {
                let name = format!("shop-gone-{id}");
                let gone = ObservedContainer { id, name, service: "gone".to_owned(), ..container.clone() };
                self.observed.containers.push(gone);
            }
            14 => "another".clone_into(&mut container.image_id),
            15 => self.observed.images.clear(),
            17 => container.aliases.values_mut().for_each(Vec::clear),
            18 => container.limits = Some(ObservedLimits { memory: 64 << 20, ..ObservedLimits::default() }),
            20 => {
                for network in &mut self.observed.networks {
                    (network.internal, network.made.parts) = (true, None);
                }
            }
            // A network cannot go while something runs in it.
            16 => {
                self.observed.networks.clear();
                for container in &mut self.observed.containers {
                    container.addresses.clear();
                    container.state = ContainerState::Exited;
                }
            }
            _ => {
                let second = self.observed.networks.first().map(|network| ObservedNetwork { id, ..network.clone() });
                self.observed.networks.extend(second);
            }
        }
    }
}

/// What the engine tells of what is mounted into a service's containers.
fn mounts(service: &Service) -> BTreeSet<String> {
    let sources = service.container.mounts.iter().map(|mount| &mount.source);
    let named = sources.filter_map(|source| match source {
        MountSource::Volume { name, .. } | MountSource::Bind { path: name, .. } => Some(name.clone()),
        MountSource::Anonymous | MountSource::Tmpfs { .. } => None,
    });
    named.collect()
}

/// The names that the engine tells of a service's containers, by network.
fn aliases(service: &Service) -> BTreeMap<String, Vec<String>> {
    service.container.networks.iter().map(|joined| (joined.network.clone(), joined.aliases.clone())).collect()
}

fn text(scale: u32) -> String {
    STACK.replace("SCALE", &scale.to_string())
}

/// A folder with stack files, one over the other.
fn overlaid(texts: &[&str]) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<PathBuf> = (0..texts.len()).map(|number| folder.path().join(format!("{number}.yml"))).collect();
    for (path, text) in paths.iter().zip(texts) {
        std::fs::write(path, text).expect("the test's folder is writable");
    }
    let loaded = stack::load(&paths, &Environment::default(), &Vocabulary::default());
    let without_folder = |text: String| text.replace(&folder.path().display().to_string(), "FOLDER");
    match loaded {
        Ok(loaded) => Ok(without_folder(format!("{:?}", loaded.stack))),
        Err(problems) => Err(without_folder(problems.render(false))),
    }
}

fn overlay() -> impl Strategy<Value = String> {
    let app = ("[ab]", 1..4u32, "[a-z]{1,3}", proptest::option::of(16..64u32));
    proptest::collection::btree_map("[xyz]", app, 0..3).prop_map(|apps| {
        let mut text = "name: shop\ngrafana: off\napps:\n  base: { image: 'base:1' }\n".to_owned();
        for (name, (key, scale, value, memory)) in apps {
            let memory = memory.map(|memory| format!(", mem_limit: {memory}m")).unwrap_or_default();
            let environment = format!("environment: {{ {key}: {value} }}");
            writeln!(text, "  {name}: {{ image: '{value}:1', scale: {scale}, {environment}{memory} }}")
                .expect("a String takes everything");
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(
        before in 1..4u32,
        after in 1..4u32,
        mishaps in proptest::collection::vec((0..21u8, any::<usize>()), 0..10),
    ) {
        let mut model = Model::of(&text(before));
        model.carry_out();
        prop_assert!(model.plan().is_empty(), "{}", model.plan());
        for (mishap, which) in mishaps {
            model.suffer(mishap, which);
        }
        let volumes = model.observed.volumes.clone();
        let observed = std::mem::take(&mut model.observed);
        model = Model { observed, made: model.made, ..Model::of(&text(after)) };
        // What an image is that has to be got again is known only then: `up` looks again, and goes on.
        let may_be_another = model.observed.images.is_empty();
        model.carry_out();
        if may_be_another {
            model.carry_out();
        }
        prop_assert!(model.plan().is_empty(), "{}", model.plan());
        prop_assert_eq!(&model.observed.volumes, &volumes, "volumes are sacred");
        let wanted: usize = model.desired.services.iter().map(|service| service.replicas as usize).sum();
        prop_assert_eq!(model.observed.containers.len(), wanted, "no container twice, none left over");
    }

    #[test]
    fn what_is_rendered_is_the_same_each_time(scale in 1..6u32) {
        let all = || render::all(&Desired::of(&read(&text(scale)).expect("it is right").stack, &Facts::default()));
        prop_assert_eq!(all(), all());
    }

    #[test]
    fn a_file_over_itself_and_nothing_over_it_change_nothing(first in overlay(), second in overlay()) {
        let alone = overlaid(&[&first]);
        prop_assert_eq!(&overlaid(&[&first, &first]), &alone);
        prop_assert_eq!(&overlaid(&[&first, "name: shop\n"]), &alone);
        prop_assert_eq!(&overlaid(&[&first, &second, &second]), &overlaid(&[&first, &second]));
    }

    #[test]
    fn no_name_that_is_accepted_leads_out_of_the_folder(name in "[./\\\\a-z%\\-_ ~:$]{1,12}", title in "\\PC{0,20}") {
        let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON").replace('$', "$$");
        let (name, title) = (quoted(&name), quoted(&title));
        for text in [
            format!("name: {name}\napps: {{ web: {{ image: 'a:1' }} }}\n"),
            format!("name: shop\napps: {{ {name}: {{ image: 'a:1', metrics: {{}} }} }}\n"),
            format!("name: shop\nvolumes: {{ {name}: {{}} }}\napps: {{ web: {{ image: 'a:1' }} }}\n"),
            format!("name: shop\nnetworks: {{ {name}: {{}} }}\napps: {{ web: {{ image: 'a:1' }} }}\n"),
            format!("name: shop\napps: {{ web: {{ image: 'a:1', container_name: {name} }} }}\n"),
            format!("name: shop\ndashboards: {{ {name}: {{ title: {title}, rows: [{{ panels: [{{ query: up }}] }}] }} }}\napps: {{ web: {{ image: 'a:1' }} }}\n"),
        ] {
            let Ok(loaded) = read(&text) else { continue };
            let desired = Desired::of(&loaded.stack, &Facts::default());
            for path in render::all(&desired).0.keys() {
                let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
                prop_assert!(plain && !path.contains('\\'), "{path} from\n{text}");
            }
            for service in &desired.services {
                let name = service.container_name(&desired.stack, 1);
                let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
                prop_assert!(name.chars().all(allowed) && !name.starts_with(['-', '.']), "{name} from\n{text}");
            }
        }
    }
}
