//! The plan, as text: what is done from which state, in which order, and why. No engine is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stackctl::catalog;
use stackctl::desired::{Desired, Facts, MountSource, ScaleOverride, SecretSource};
use stackctl::engine::{
    ContainerState, FileStamp, Health, Observed, ObservedContainer, ObservedImage, ObservedLimits, ObservedNetwork,
    ObservedSettings, ObservedVolume, Secrets,
};
use stackctl::plan::{Inputs, Plan, Step, changed_volumes, network_parts, parts, volume_parts};
use stackctl::render::{self, Files};
use stackctl::stack::{self, Environment, Vocabulary};

const STACK: &str = "\
name: shop
images: { from: debian }
grafana: off
volumes: { data: {} }
apps:
  db: { image: 'db:1', volumes: ['data:/data'] }
  web: { image: 'web:1', scale: 2, depends_on: [db], metrics: {} }
";

/// A stack file with everything that follows from it.
struct World {
    desired: Desired,
    files: Files,
}

impl World {
    fn of(text: &str) -> Self {
        Self::with(text, &Facts::default())
    }

    fn with(text: &str, facts: &Facts) -> Self {
        let loaded =
            stack::parse("stack.yml", text, Path::new("/nowhere"), &Environment::default(), &Vocabulary::default())
                .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let desired = Desired::of(&loaded.stack, facts);
        let files = render::all(&desired);
        Self { desired, files }
    }

    fn plan(&self, observed: &Observed) -> String {
        self.plan_of(observed).to_string()
    }

    fn plan_of(&self, observed: &Observed) -> Plan {
        self.plan_with(&Secrets::default(), observed)
    }

    fn plan_with(&self, secrets: &Secrets, observed: &Observed) -> Plan {
        let (desired, files) = (&self.desired, &self.files);
        Plan::of(Inputs { desired, files, secrets, observed })
    }

    /// What the engine has after the plan from nothing was carried out.
    fn running(&self) -> Observed {
        let desired = &self.desired;
        let network = |network: &stackctl::desired::Network| ObservedNetwork {
            id: format!("id-{}", network.name),
            name: network.name.clone(),
            ours: true,
            external: false,
            in_use: true,
            internal: network.internal,
            subnets: vec![network.subnet.clone().unwrap_or("172.30.0.0/16".to_owned())],
            made: made(&network.driver, &network.driver_opts, &network.labels, network_parts(network)),
        };
        let volume = |volume: &stackctl::desired::Volume| ObservedVolume {
            name: volume.name.clone(),
            ours: true,
            external: false,
            other_stack: None,
            stack_files: Vec::new(),
            made: made(&volume.driver, &volume.driver_opts, &volume.labels, volume_parts(volume)),
        };
        let images = desired.services.iter().map(|service| {
            let reference = service.image.reference.clone();
            (reference.clone(), ObservedImage { id: format!("sha256:{reference}"), ..ObservedImage::default() })
        });
        Observed {
            networks: desired.networks.iter().map(network).collect(),
            volumes: desired.volumes.iter().map(volume).collect(),
            containers: desired.services.iter().flat_map(|service| self.replicas(service)).collect(),
            images: images.collect(),
            ..Observed::default()
        }
    }

    fn replicas(&self, service: &stackctl::desired::Service) -> Vec<ObservedContainer> {
        let stamp = |source: &String| self.files.0.get(source).map(|text| FileStamp::of(text));
        let one = |replica| ObservedContainer {
            stack_files: Vec::new(),
            id: format!("id-{}-{replica}", service.name),
            name: service.container_name(&self.desired.stack, replica),
            service: service.name.clone(),
            replica,
            image: service.image.reference.clone(),
            image_id: format!("sha256:{}", service.image.reference),
            state: ContainerState::Running,
            health: Health::None,
            exit_code: None,
            started_at: 0,
            restarts: 0,
            seconds_up: None,
            fingerprint: Some(service.fingerprint.clone()),
            parts: parts(service),
            addresses: service.container.networks.iter().map(|joined| (joined.network.clone(), None)).collect(),
            aliases: aliases(service),
            limits: Some(ObservedLimits::of(&service.container.settings)),
            ports: Vec::new(),
            nameless: Vec::new(),
            mounts: mounts(service),
            host_ports: BTreeSet::new(),
            files: service.container.files.iter().map(|file| (file.target.clone(), stamp(&file.source))).collect(),
        };
        (1..=service.replicas).map(one).collect()
    }
}

/// What the engine tells of a network or volume.
fn made(
    driver: &str,
    options: &indexmap::IndexMap<String, String>,
    labels: &indexmap::IndexMap<String, String>,
    parts: BTreeMap<String, String>,
) -> ObservedSettings {
    let pairs = |map: &indexmap::IndexMap<String, String>| map.clone().into_iter().collect();
    ObservedSettings { driver: driver.to_owned(), options: pairs(options), labels: pairs(labels), parts: Some(parts) }
}

/// What the engine tells of what is mounted into a service's containers.
fn mounts(service: &stackctl::desired::Service) -> BTreeSet<String> {
    let sources = service.container.mounts.iter().map(|mount| &mount.source);
    let named = sources.filter_map(|source| match source {
        MountSource::Volume { name, .. } | MountSource::Bind { path: name, .. } => Some(name.clone()),
        MountSource::Anonymous | MountSource::Tmpfs { .. } => None,
    });
    named.collect()
}

/// The names that the engine tells of a service's containers, by network, with the one it gives by itself.
fn aliases(service: &stackctl::desired::Service) -> BTreeMap<String, Vec<String>> {
    let networks = service.container.networks.iter();
    networks
        .map(|joined| (joined.network.clone(), [&joined.aliases[..], &["0123456789ab".to_owned()]].concat()))
        .collect()
}

fn container<'a>(observed: &'a mut Observed, name: &str) -> &'a mut ObservedContainer {
    observed.containers.iter_mut().find(|container| container.name == name).expect("it is there")
}

/// Compares a plan with the expected lines; spaces that align columns do not count.
#[track_caller]
fn assert_plan(plan: &str, expected: &[&str]) {
    let lines: Vec<String> = plan.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, expected, "\n{plan}");
}

#[test]
fn from_nothing_everything_is_made_in_the_order_of_need() {
    assert_plan(
        &World::of(STACK).plan(&Observed::default()),
        &[
            "+ create image db:1 missing",
            "+ create image stackctl/prometheus:debian missing",
            "+ create image web:1 missing",
            "+ create network shop_default missing",
            "+ create volume shop_data missing",
            "+ create volume shop_prometheus-data missing",
            "+ create container shop-db-1 missing",
            "+ create container shop-prometheus-1 missing",
            "+ create container shop-web-1 missing",
            "+ create container shop-web-2 missing",
        ],
    );
}

#[test]
fn what_runs_as_the_file_says_needs_nothing() {
    let world = World::of(STACK);
    assert_plan(&world.plan(&world.running()), &[]);
}

#[test]
fn a_changed_setting_replaces_only_its_containers_and_says_which_setting() {
    let before = World::of(STACK).running();
    let after = World::of(&STACK.replace("scale: 2", "scale: 2, environment: { A: b }, user: '5'"));
    assert_plan(
        &after.plan(&before),
        &[
            "± replace container shop-web-1 environment, user changed",
            "± replace container shop-web-2 environment, user changed",
        ],
    );
}

#[test]
fn a_new_interval_is_written_and_read_again_without_a_new_container() {
    let before = World::of(STACK).running();
    let after = World::of(&STACK.replace("metrics: {}", "metrics: { interval: 5s, timeout: 2s }"));
    assert_plan(
        &after.plan(&before),
        &[
            "~ write file prometheus/prometheus.yml differs in the container",
            "~ reload container shop-prometheus-1 `prometheus/prometheus.yml` changed",
        ],
    );
}

#[test]
fn scaling_up_makes_replicas_first_and_tells_prometheus_then() {
    let before = World::of(STACK).running();
    let facts = Facts {
        scale: [("web".to_owned(), ScaleOverride { replicas: 3, file: Some(2) })].into_iter().collect(),
        ..Facts::default()
    };
    assert_plan(
        &World::with(STACK, &facts).plan(&before),
        &[
            "+ create container shop-web-3 missing",
            "~ write file prometheus/prometheus.yml differs in the container",
            "~ write file prometheus/stackctl.json differs in the container",
            "~ reload container shop-prometheus-1 `prometheus/prometheus.yml` changed",
        ],
    );
}

#[test]
fn scaling_down_tells_prometheus_first_and_removes_replicas_then() {
    let before = World::of(STACK).running();
    assert_plan(
        &World::of(&STACK.replace("scale: 2", "scale: 1")).plan(&before),
        &[
            "~ write file prometheus/prometheus.yml differs in the container",
            "~ reload container shop-prometheus-1 `prometheus/prometheus.yml` changed",
            "- remove container shop-web-2 `web` has 1 replica",
        ],
    );
}

#[test]
fn what_left_the_file_goes_before_anything_new_comes() {
    let before = World::of(STACK).running();
    let without_db =
        STACK.replace("  db: { image: 'db:1', volumes: ['data:/data'] }\n", "").replace("depends_on: [db], ", "");
    let plan = World::of(&without_db).plan(&before);
    assert_plan(&plan, &["- remove container shop-db-1 not in the stack file"]);
    assert!(!plan.contains("volume"), "volumes are never in a plan but to be made");
}

#[test]
fn a_target_goes_when_prometheus_knows_that_it_is_none_any_more() {
    let before = World::of(STACK).running();
    let renamed = World::of(&STACK.replace("  web:", "  shop:"));
    assert_plan(
        &renamed.plan(&before),
        &[
            "+ create container shop-shop-1 missing",
            "+ create container shop-shop-2 missing",
            "~ write file prometheus/prometheus.yml differs in the container",
            "~ reload container shop-prometheus-1 `prometheus/prometheus.yml` changed",
            "- remove container shop-web-1 not in the stack file",
            "- remove container shop-web-2 not in the stack file",
        ],
    );
    // What a new container needs has to be there for it: a port, or a volume that two must not write at once.
    for needed in ["ports: ['127.0.0.1:8123:80'], ", "volumes: ['data:/data'], "] {
        let needing = STACK.replace("scale: 2, ", needed);
        let mut before = World::of(&needing).running();
        if needed.starts_with("ports") {
            container(&mut before, "shop-web-1").ports = vec!["127.0.0.1:8123->80/tcp".to_owned()];
        }
        let plan = World::of(&needing.replace("  web:", "  shop:")).plan(&before);
        let place = |step: &str| plan.find(step).unwrap_or_else(|| panic!("no `{step}` in:\n{plan}"));
        assert!(place("shop-web-1") < place("shop-shop-1"), "{needed}:\n{plan}");
    }
}

#[test]
fn containers_that_stand_still_are_started_and_lost_networks_joined_again() {
    let world = World::of(STACK);
    let mut observed = world.running();
    let db = container(&mut observed, "shop-db-1");
    (db.state, db.exit_code) = (ContainerState::Exited, Some(137));
    container(&mut observed, "shop-web-1").state = ContainerState::Paused;
    container(&mut observed, "shop-web-2").addresses = BTreeMap::new();
    assert_plan(
        &world.plan(&observed),
        &[
            "> start container shop-db-1 exited with 137",
            "> start container shop-web-1 paused",
            "~ connect container shop-web-2 not in network `shop_default`",
        ],
    );
}

#[test]
fn a_stopped_prometheus_gets_its_file_before_it_starts() {
    let world = World::of(STACK);
    let mut observed = world.running();
    let prometheus = container(&mut observed, "shop-prometheus-1");
    prometheus.state = ContainerState::Exited;
    prometheus.files.insert("/etc/prometheus/prometheus.yml".to_owned(), None);
    assert_plan(
        &world.plan(&observed),
        &[
            "~ write file prometheus/prometheus.yml missing in the container",
            "> start container shop-prometheus-1 exited",
        ],
    );
}

#[test]
fn an_edited_file_is_drift() {
    let world = World::of(STACK);
    let mut observed = world.running();
    let edited = Some(FileStamp::of("somebody was here"));
    container(&mut observed, "shop-prometheus-1").files.insert("/etc/prometheus/prometheus.yml".to_owned(), edited);
    assert_plan(
        &world.plan(&observed),
        &[
            "~ write file prometheus/prometheus.yml differs in the container",
            "~ reload container shop-prometheus-1 `prometheus/prometheus.yml` changed",
        ],
    );
}

#[test]
fn what_an_interrupted_run_left_is_cleaned_up() {
    let world = World::of(STACK);
    let mut observed = world.running();
    let mut second = container(&mut observed, "shop-web-1").clone();
    (second.id, second.name) = ("id-second".to_owned(), "shop-web-1.0123456789ab".to_owned());
    observed.containers.push(second);
    observed.networks.push(ObservedNetwork {
        id: "id-other".to_owned(),
        in_use: false,
        ..observed.networks[0].clone()
    });
    assert_plan(
        &world.plan(&observed),
        &[
            "- remove network shop_default a second network of this name",
            "- remove container shop-web-1.0123456789ab a second container of one replica",
        ],
    );
}

#[test]
fn what_gives_its_port_to_another_stops_first_although_an_internal_network_hides_that_it_has_it() {
    let apps = |one: u16, two: u16| {
        World::of(&format!(
            "name: demo\nprometheus: off\ngrafana: off\napps: {{ one: {{ image: x:1, ports: [\"{one}:80\"] }}, two: {{ image: x:1, ports: [\"{two}:80\"] }} }}"
        ))
    };
    let mut observed = apps(21001, 21002).running();
    for (name, port) in [("demo-one-1", "21001/tcp"), ("demo-two-1", "21002/tcp")] {
        container(&mut observed, name).host_ports = [port.to_owned()].into();
    }
    let plan = apps(21002, 21001).plan(&observed);
    assert!(plan.contains("stops first, because `demo-two-1` gets its port"), "{plan}");
    assert!(plan.contains("stops first, because `demo-one-1` gets its port"), "{plan}");
    // One that stands still has nothing to give.
    container(&mut observed, "demo-one-1").state = ContainerState::Exited;
    let plan = apps(21002, 21001).plan(&observed);
    assert!(!plan.contains("because `demo-two-1` gets its port"), "{plan}");
}

#[test]
fn replacements_stand_or_fall_together_where_one_gets_what_the_other_has() {
    let apps = |one: u16, two: u16, three: u16, value: &str| {
        let app = |name: &str, rest: &str| format!("  {name}: {{ image: x:1, environment: {{ A: {value} }}{rest} }}\n");
        World::of(&format!(
            "name: demo\nprometheus: off\ngrafana: off\napps:\n{}{}{}{}{}{}",
            app("one", &format!(", ports: [\"{one}:80\"]")),
            app("two", &format!(", ports: [\"{two}:80\"]")),
            app("three", &format!(", ports: [\"{three}:80\"]")),
            app("alone", ""),
            app("owner", ""),
            app("sharer", ", pid: \"service:owner\"")
        ))
    };
    let mut observed = apps(21001, 21002, 21003, "a").running();
    for (name, port) in [("one", 21001), ("two", 21002), ("three", 21003)] {
        container(&mut observed, &format!("demo-{name}-1")).host_ports = [format!("{port}/tcp")].into();
    }
    let groups = |plan: &Plan| -> BTreeMap<String, Option<usize>> {
        let replaced = plan.steps.iter().filter_map(|step| match step {
            Step::ReplaceContainer { service, group, .. } => Some((service.name.clone(), *group)),
            _ => None,
        });
        replaced.collect()
    };
    // The third one's port stays its own; the first two exchange theirs.
    let found = groups(&apps(21002, 21001, 21003, "b").plan_of(&observed));
    assert!(found["one"].is_some() && found["one"] == found["two"], "{found:?}");
    assert!(
        found["owner"].is_some() && found["owner"] == found["sharer"] && found["owner"] != found["one"],
        "{found:?}"
    );
    assert_eq!((found["three"], found["alone"]), (None, None), "{found:?}");
    // Each gets the next one's.
    let found = groups(&apps(21002, 21003, 21001, "b").plan_of(&observed));
    assert!(found["one"].is_some() && found["one"] == found["two"] && found["two"] == found["three"], "{found:?}");
}

#[test]
fn what_stands_aside_for_one_that_was_never_started_is_what_there_is_to_come_back_to() {
    let world = World::of(STACK);
    let mut observed = world.running();
    let new = container(&mut observed, "shop-web-1");
    let mut old = new.clone();
    new.state = ContainerState::Created;
    (old.id, old.name, old.state) = ("id-old".to_owned(), "shop-web-1.id-old.old".to_owned(), ContainerState::Exited);
    observed.containers.push(old);
    assert_plan(
        &world.plan(&observed),
        &[
            "- remove container shop-web-1 a second container of one replica",
            "± replace container shop-web-1 named `shop-web-1.id-old.old`",
        ],
    );
}

#[test]
fn a_container_left_under_a_temporary_name_gives_its_place_to_a_new_one() {
    let world = World::of(STACK);
    let mut observed = world.running();
    container(&mut observed, "shop-web-1").name = "shop-web-1.0123456789ab".to_owned();
    assert_plan(&world.plan(&observed), &["± replace container shop-web-1 named `shop-web-1.0123456789ab`"]);
}

#[test]
fn containers_that_docker_compose_started_are_taken_over() {
    let world = World::of(STACK);
    let mut observed = world.running();
    container(&mut observed, "shop-db-1").fingerprint = None;
    assert_plan(&world.plan(&observed), &["± replace container shop-db-1 started by docker compose"]);
}

#[test]
fn an_image_that_moved_replaces_what_was_made_from_the_old_one() {
    let world = World::of(STACK);
    let mut observed = world.running();
    observed.images.get_mut("db:1").expect("it is there").id = "sha256:newer".to_owned();
    assert_plan(&world.plan(&observed), &["± replace container shop-db-1 another image under the same name"]);
}

#[test]
fn the_same_image_by_another_name_replaces_nothing() {
    let before = World::of(STACK).running();
    let after = World::of(&STACK.replace("db:1", "db:one"));
    let mut observed = before.clone();
    let same = observed.images["db:1"].clone();
    observed.images.insert("db:one".to_owned(), same);
    assert_plan(&after.plan(&observed), &[]);
    // Where it is not known whether it is the same, or is another one, it is replaced.
    let other = ObservedImage { id: "sha256:other".to_owned(), ..ObservedImage::default() };
    observed.images.insert("db:one".to_owned(), other);
    assert_plan(&after.plan(&observed), &["± replace container shop-db-1 image changed"]);
}

#[test]
fn another_build_of_stackctl_makes_its_own_image_and_replaces_what_ran_from_the_other() {
    let text =
        "name: shop\nprometheus: off\ngrafana: off\napps: { web: { image: stackctl/self, command: [demo, iotd] } }\n";
    let built = |build| Facts { own_image: Some(catalog::own::reference(build)), ..Facts::default() };
    let observed = World::with(text, &built("0123456789abcdef")).running();
    assert_plan(
        &World::with(text, &built("fedcba9876543210")).plan(&observed),
        &[
            &format!("+ create image stackctl/self:{}-fedcba987654 missing", env!("CARGO_PKG_VERSION")),
            "± replace container shop-web-1 image changed",
        ],
    );
}

#[test]
fn a_task_that_others_waited_for_is_not_run_again() {
    let text = "name: shop\nprometheus: off\ngrafana: off\napps:\n  task: { image: 'task:1' }\n  web: { image: 'web:1', depends_on: { task: { condition: service_completed_successfully } } }\n";
    let world = World::of(text);
    let mut observed = world.running();
    let task = container(&mut observed, "shop-task-1");
    (task.state, task.exit_code) = (ContainerState::Exited, Some(0));
    assert_plan(&world.plan(&observed), &[]);
    container(&mut observed, "shop-task-1").exit_code = Some(1);
    assert_plan(&world.plan(&observed), &["> start container shop-task-1 exited with 1"]);
}

#[test]
fn the_plan_as_json_has_the_words_of_the_contract() {
    let world = World::of("name: shop\nprometheus: off\ngrafana: off\napps: { web: { image: 'web:1' } }\n");
    let observed = Observed::default();
    let plan = world.plan_of(&observed);
    let expected = serde_json::json!({ "stack": "shop", "steps": [
        { "action": "create", "kind": "image", "name": "web:1", "reason": "missing" },
        { "action": "create", "kind": "network", "name": "shop_default", "reason": "missing" },
        { "action": "create", "kind": "container", "name": "shop-web-1", "reason": "missing" },
    ]});
    assert_eq!(plan.to_json(), expected);
}

#[test]
fn steps_of_one_wave_may_go_together_and_waves_follow_each_other() {
    let world = World::of(STACK);
    let plan = world.plan_of(&Observed::default());
    let batches: Vec<usize> = plan.batches().iter().map(Vec::len).collect();
    assert_eq!(batches, [3, 1, 2, 2, 2], "images, network, volumes, db and prometheus, two of web");
}

#[test]
fn a_secret_with_another_value_replaces_its_container_and_is_not_shown() {
    let text = "name: shop\nprometheus: off\ngrafana: off\nsecrets: { token: { env: TOKEN } }\napps: { web: { image: 'web:1', secrets: [token] } }\n";
    let world = World::of(text);
    let mut observed = world.running();
    let source = SecretSource::Environment("TOKEN".to_owned());
    let secrets = |value: &str| Secrets {
        values: [(source.clone(), value.as_bytes().to_vec())].into_iter().collect(),
        ..Secrets::default()
    };
    let stamp = secrets("old").stamp(&source, "/run/secrets/token");
    container(&mut observed, "shop-web-1").files.insert("/run/secrets/token".to_owned(), stamp);
    assert_plan(&world.plan_with(&secrets("old"), &observed).to_string(), &[]);
    assert_plan(&world.plan_of(&observed).to_string(), &[]);
    let plan = world.plan_with(&secrets("other-value"), &observed);
    assert_plan(&plan.to_string(), &["± replace container shop-web-1 secret `token` changed"]);
    assert!(!format!("{plan:?}").contains("other-value"));
}

#[test]
fn what_docker_update_changed_is_put_right() {
    let world = World::of(STACK);
    let mut observed = world.running();
    let web = container(&mut observed, "shop-web-2");
    web.limits = Some(ObservedLimits { memory: 64 << 20, ..web.limits.expect("it was inspected") });
    assert_plan(&world.plan(&observed), &["± replace container shop-web-2 `mem_limit` is 64MB at the engine"]);
    container(&mut observed, "shop-web-2").limits = None;
    assert_plan(&world.plan(&observed), &[]);
}

#[test]
fn what_shares_the_processes_of_a_container_is_replaced_after_it() {
    let text = "name: shop\nprometheus: off\ngrafana: off\napps:\n  watcher: { image: 'watcher:1', pid: 'service:web' }\n  web: { image: 'web:1' }\n";
    let world = World::of(text);
    let observed = world.running();
    assert_plan(&world.plan(&observed), &[]);
    let other = World::of(&text.replace("image: 'web:1'", "image: 'web:1', user: '1'"));
    let both = [
        "± replace container shop-web-1 user changed",
        "± replace container shop-watcher-1 shares the processes of `shop-web-1`",
    ];
    assert_plan(&other.plan(&observed), &both);
    // One that stands still is bound to a container that may be gone: it is not started.
    let mut still = world.running();
    let watcher = container(&mut still, "shop-watcher-1");
    (watcher.state, watcher.exit_code) = (ContainerState::Exited, Some(137));
    let expected = "± replace container shop-watcher-1 exited with 137, and shares the processes of `shop-web-1`";
    assert_plan(&world.plan(&still), &[expected]);
    let named = World::of(&text.replace("image: 'web:1'", "image: 'web:1', container_name: front"));
    let watcher = named.desired.services.iter().find(|service| service.name == "watcher").expect("it is in the file");
    assert_eq!(watcher.container.processes_of.as_deref(), Some("front"));
}

#[test]
fn a_container_that_lost_its_name_joins_again() {
    let world = World::of(STACK);
    let mut observed = world.running();
    container(&mut observed, "shop-db-1").aliases.values_mut().for_each(|names| names.retain(|name| name != "db"));
    let plan = world.plan_of(&observed);
    assert_plan(&plan.to_string(), &["~ connect container shop-db-1 not known as `db` in network `shop_default`"]);
    assert!(matches!(plan.steps[..], [Step::Connect { again: true, .. }]), "{plan:?}");
}

const NETWORKS: &str = "\
name: shop
prometheus: off
grafana: off
networks:
  back: { SETTINGS }
apps:
  db: { image: 'db:1', networks: [back] }
  web: { image: 'web:1', scale: 2, networks: [default, back] }
  edge: { image: 'edge:1' }
";

fn networks(settings: &str) -> World {
    World::of(&NETWORKS.replace("SETTINGS", settings))
}

#[test]
fn a_network_whose_settings_changed_is_replaced_and_says_which() {
    for (before, after, reason) in [
        ("", "internal: true", "`internal` is `false`, and the file says `true`"),
        ("", "subnet: 10.9.0.0/24", "`subnet` is `172.30.0.0/16`, and the file says `10.9.0.0/24`"),
        ("subnet: 10.9.0.0/24", "", "`subnet` is `10.9.0.0/24`, and the file says nothing of it any more"),
        ("labels: { a: b }", "labels: { a: c }", "`labels.a` is `b`, and the file says `c`"),
        ("labels: { a: b }", "", "`labels.a` is `b`, and the file says nothing of it any more"),
        ("", "driver_opts: { mtu: '1400' }", "`driver_opts.mtu` is not set, and the file says `1400`"),
        ("", "driver: macvlan", "`driver` is `bridge`, and the file says `macvlan`"),
    ] {
        let plan = networks(after).plan(&networks(before).running());
        let expected = format!("± replace network shop_back {reason}; 3 containers of the stack move over");
        assert_plan(&plan, &[&expected]);
    }
}

#[test]
fn networks_that_exchange_their_subnets_go_before_one_of_them_comes() {
    let (one, two) = ("subnet: 10.7.1.0/24", "subnet: 10.7.2.0/24");
    let text = |back: &str, more: &str| {
        format!(
            "name: shop\nprometheus: off\ngrafana: off\nnetworks: {{ back: {{ {back} }}, {more} }}\n\
             apps:\n  db: {{ image: 'db:1', networks: [back, front] }}\n  web: {{ image: 'web:1', networks: [apart, side] }}\n"
        )
    };
    let before = format!("front: {{ {two} }}, side: {{}}, apart: {{ subnet: 10.8.0.0/16 }}");
    let after = format!("front: {{ {one} }}, side: {{ subnet: 10.8.4.0/24 }}, apart: {{ subnet: 10.9.0.0/16 }}");
    let mut observed = World::of(&text(one, &before)).running();
    observed.networks.retain(|network| network.name != "shop_side");
    let plan = World::of(&text(two, &after)).plan_of(&observed);
    let sequences: Vec<Vec<&str>> = plan
        .batches()
        .into_iter()
        .flatten()
        .filter(|sequence| sequence[0].kind() == stackctl::plan::Kind::Network)
        .map(|sequence| sequence.into_iter().map(Step::name).collect())
        .collect();
    assert_eq!(sequences, [["shop_back", "shop_front"], ["shop_side", "shop_apart"]], "{plan}");
}

#[test]
fn a_network_that_an_earlier_stackctl_made_is_replaced_only_where_the_engine_tells_another_setting() {
    let written = "subnet: 10.9.0.5/24, labels: { a: b }, driver_opts: { mtu: '1400' }, internal: true";
    let mut observed = networks(written).running();
    let back = observed.networks.iter_mut().find(|network| network.name == "shop_back").expect("it is there");
    back.made.parts = None;
    back.subnets = vec!["10.9.0.0/24".to_owned()];
    back.made.options.insert("engine's".to_owned(), "own".to_owned());
    assert_plan(&networks(written).plan(&observed), &[]);
    let plan = networks(&written.replace("internal: true", "internal: false")).plan(&observed);
    assert!(plan.contains("`internal` is `true`, and the file says `false`"), "{plan}");
}

#[test]
fn containers_move_over_to_a_new_network_and_those_that_leave_it_only_leave() {
    let mut observed = networks("").running();
    container(&mut observed, "shop-web-1").state = ContainerState::Exited;
    container(&mut observed, "shop-web-2").state = ContainerState::Restarting;
    let after = NETWORKS.replace("SETTINGS", "internal: true").replace(", networks: [back]", "");
    let plan = World::of(&after).plan_of(&observed);
    let reason = "`internal` is `false`, and the file says `true`; 2 containers of the stack move over";
    assert_plan(
        &plan.to_string(),
        &[
            &format!("± replace network shop_back {reason}"),
            "± replace container shop-db-1 networks changed",
            "> start container shop-web-1 exited",
            "± replace container shop-web-2 network `shop_back` is another one",
        ],
    );
    let Step::ReplaceNetwork { members, .. } = &plan.steps[0] else { panic!("{plan}") };
    let members: Vec<_> = members.iter().map(|member| (member.container.as_str(), member.service.is_some())).collect();
    assert_eq!(members, [("shop-db-1", false), ("shop-web-1", true), ("shop-web-2", true)]);
    assert_eq!(plan.batches()[0].len(), 1, "nothing beside it");
}

#[test]
fn external_networks_and_those_of_others_are_not_compared() {
    let text = NETWORKS.replace("SETTINGS", "external: true, name: lan");
    let mut observed = World::of(&text).running();
    for network in observed.networks.iter_mut().filter(|network| network.name == "lan") {
        (network.ours, network.internal, network.made) = (false, true, ObservedSettings::default());
    }
    assert_plan(&World::of(&text).plan(&observed), &[]);
}

/// As the engine may have it after two `up` of one stack, of which the file says by now that they are of others.
#[test]
fn a_network_that_the_stack_made_and_that_is_external_now_is_no_second_one_of_its_name() {
    let before = NETWORKS.replace("SETTINGS", "");
    let mut observed = World::of(&before).running();
    for network in observed.networks.iter_mut().filter(|network| network.name == "shop_back") {
        (network.ours, network.external) = (false, true);
    }
    let again = observed.networks.iter().find(|network| network.external).expect("it is there").clone();
    observed.networks.push(ObservedNetwork { id: "id-other".to_owned(), ..again });
    for settings in ["external: true, name: shop_back", "external: true, name: shop_back, internal: true"] {
        assert_plan(&World::of(&NETWORKS.replace("SETTINGS", settings)).plan(&observed), &[]);
    }
}

#[test]
fn a_secret_in_a_networks_settings_is_not_shown() {
    let environment = Environment::from_iter([("LABEL_TOKEN", "hunter22")]);
    let text = NETWORKS.replace("SETTINGS", "labels: { a: \"${LABEL_TOKEN}\" }");
    let loaded = stack::parse("stack.yml", &text, Path::new("/nowhere"), &environment, &Vocabulary::default());
    let desired = Desired::of(&loaded.expect("it is right").stack, &Facts::default());
    let files = render::all(&desired);
    let secrets = Secrets { variables: vec!["hunter22".to_owned()], ..Secrets::default() };
    let observed = networks("labels: { a: hunter11 }").running();
    let plan = Plan::of(Inputs { desired: &desired, files: &files, secrets: &secrets, observed: &observed });
    let text = plan.to_string();
    assert!(text.contains("`labels.a` is another one than the file's") && !text.contains("hunter"), "{text}");
}

#[test]
fn a_volume_whose_settings_changed_is_told_and_no_step_touches_it() {
    let text = |settings: &str| STACK.replace("data: {}", &format!("data: {{ {settings} }}"));
    for (before, after, difference) in [
        ("", "driver_opts: { size: 1g }", "`driver_opts.size` is not set, and the file says `1g`"),
        (
            "driver_opts: { type: none, o: bind, device: /a }",
            "driver_opts: { type: none, o: bind, device: /b }",
            "`driver_opts.device` is `/a`, and the file says `/b`",
        ),
        ("", "driver: nfs", "`driver` is `local`, and the file says `nfs`"),
        ("labels: { a: b }", "", "`labels.a` is `b`, and the file says nothing of it any more"),
    ] {
        let (observed, world) = (World::of(&text(before)).running(), World::of(&text(after)));
        assert_plan(&world.plan(&observed), &[]);
        let (desired, files, secrets) = (&world.desired, &world.files, &Secrets::default());
        let inputs = Inputs { desired, files, secrets, observed: &observed };
        let changed = changed_volumes(inputs);
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].name.as_str(), changed[0].differences.as_str()), ("shop_data", difference));
        assert_eq!(changed[0].only_labels, before.starts_with("labels"));
        let mut others = observed.clone();
        others.volumes.iter_mut().for_each(|volume| volume.ours = false);
        assert_eq!(changed_volumes(Inputs { observed: &others, ..inputs }), []);
    }
}

#[test]
fn alertmanagers_that_know_each_others_addresses_are_replaced_with_their_network() {
    let text = |replicas: u32| {
        format!(
            "name: shop\nimages: {{ from: debian }}\ngrafana: off\nalertmanager: {{ replicas: {replicas} }}\n\
             networks: {{ default: {{}} }}\napps: {{ web: {{ image: 'web:1' }} }}\n"
        )
    };
    let facts = Facts {
        images: indexmap::IndexMap::from([(
            "alertmanager".to_owned(),
            stackctl::desired::ImageChoice::Take {
                reference: "stackctl/alertmanager:debian".to_owned(),
                version: "0.25.0".to_owned(),
                origin: stackctl::desired::ImageOrigin::Debian,
            },
        )]),
        ..Facts::default()
    };
    let replaced = |replicas| {
        let observed = World::with(&text(replicas), &facts).running();
        let changed = text(replicas).replace("default: {}", "default: { labels: { a: b } }");
        let plan = World::with(&changed, &facts).plan(&observed);
        plan.matches("network `shop_default` is another one").count()
    };
    assert_eq!((replaced(1), replaced(2)), (0, 2));
}
