//! Stack + facts → desired: the rules, one sentence each.

mod support;

use std::net::{IpAddr, SocketAddr};

use indexmap::IndexMap;
use stackctl::desired::{
    Attachment, Desired, Facts, ImageChoice, ImageOrigin, Job, JobTargets, PullPolicy, Says, ScaleOverride, Service,
    wanted_images,
};
use stackctl::stack::{
    Alertmanager, App, Attach, Attached, BasicAuth, DependencyCondition, Discovery, Duration, Engine, EngineMetrics,
    Exporter, HealthcheckTest, ImageSource, Images, Metrics, Network, Ports, Probe, Prometheus, Secret, ServiceNetwork,
    Stack, Toggle, Web, WebTls,
};
use support::stacks::{self, app, bare, name, named, port, texts};

fn desired(stack: &Stack) -> Desired {
    Desired::of(stack, &Facts::default())
}

/// A stack with one app `web` that is as said.
fn with_web(web: App) -> Stack {
    Stack { apps: named([("web", web)]), ..bare("demo") }
}

fn web() -> App {
    app("ghcr.io/acme/web:1", Metrics::default())
}

fn job<'a>(desired: &'a Desired, job_name: &str) -> &'a Job {
    let jobs = &desired.prometheus.as_ref().expect("Prometheus is on").jobs;
    jobs.iter().find(|job| job.name == job_name).unwrap_or_else(|| panic!("no job `{job_name}`"))
}

fn targets(desired: &Desired, job_name: &str) -> Vec<String> {
    match &job(desired, job_name).targets {
        JobTargets::Static(targets) => targets.iter().map(|target| target.address.clone()).collect(),
        JobTargets::Dns { name, port, refresh_interval } => {
            vec![format!("A {name}:{port} every {}ms", refresh_interval.as_millis())]
        }
    }
}

fn service<'a>(desired: &'a Desired, service_name: &str) -> &'a Service {
    desired.service(service_name).unwrap_or_else(|| panic!("no service `{service_name}`"))
}

fn command(desired: &Desired, service_name: &str) -> String {
    service(desired, service_name).container.settings.command.clone().unwrap_or_default().0.join(" ")
}

fn fingerprint(stack: &Stack) -> String {
    service(&desired(stack), "web").fingerprint.clone()
}

fn scaled(replicas: u32, file: Option<u32>) -> Facts {
    let scale = IndexMap::from([("web".to_owned(), ScaleOverride { replicas, file })]);
    Facts { scale, ..Facts::default() }
}

fn taking(component: &str, choice: ImageChoice) -> Facts {
    Facts { images: IndexMap::from([(component.to_owned(), choice)]), ..Facts::default() }
}

fn leave_out(component: &str) -> Facts {
    taking(component, ImageChoice::LeaveOut { reason: "no registry".to_owned() })
}

fn prometheus_of(version: &str) -> Stack {
    let section = Prometheus { version: Some(version.to_owned()), ..Prometheus::default() };
    let metrics = Metrics { fallback_scrape_protocol: Some("PrometheusText0.0.4".to_owned()), ..Metrics::default() };
    Stack { prometheus: Toggle::On(section), ..with_web(app("web", metrics)) }
}

#[test]
fn the_same_stack_and_facts_give_the_same_value() {
    let stack = stacks::everything();
    assert_eq!(desired(&stack), desired(&stack));
}

#[test]
fn one_replica_is_scraped_by_the_name_of_its_service() {
    assert_eq!(targets(&desired(&with_web(web())), "web"), ["web:80"]);
}

#[test]
fn among_others_a_lone_replica_is_scraped_by_the_name_of_its_container() {
    let external = Network { external: true, ..Network::default() };
    let stack = Stack { networks: named([("proxy", external)]), ..with_web(web()) };
    assert_eq!(targets(&desired(&stack), "web"), ["demo-web-1:80"], "others may have a `web` there");
    let mut guest = web();
    guest.wiring.networks = named([("proxy", ServiceNetwork::default())]);
    let desired_guest = desired(&Stack { apps: named([("web", guest)]), ..stack });
    let visited = |attachment: &&Attachment| attachment.key == "proxy";
    let aliases =
        |name: &str| service(&desired_guest, name).container.networks.iter().find(visited).unwrap().aliases.clone();
    assert_eq!(
        (aliases("web"), aliases("prometheus")),
        (vec!["web".to_owned()], Vec::new()),
        "nobody asked for it there"
    );
    let attach = Attach::Service { project: "shop".to_owned(), service: "web".to_owned() };
    let attached = Attached { attach, metrics: Metrics::default(), signals: None, alerts: None, slo: None };
    let stack = Stack { attached: named([("theirs", attached)]), ..with_web(web()) };
    assert_eq!(targets(&desired(&stack), "web"), ["demo-web-1:80"], "the project has one");
    assert_eq!(targets(&desired(&stack), "theirs"), ["shop-web-1:80"], "gone, and no app of the stack");
}

/// A stack in which `redis` watches `cache`, which is in these networks. `lan` is of others.
fn watching(networks: &[&str]) -> Desired {
    let mut cache = app("redis:7", Metrics::default());
    cache.metrics = None;
    cache.wiring.networks = networks.iter().map(|key| (name(key), ServiceNetwork::default())).collect();
    let external = Network { external: true, ..Network::default() };
    let exporter = Exporter { watched: Some("cache".parse().expect("an app")), ..Exporter::default() };
    desired(&Stack {
        apps: named([("cache", cache)]),
        networks: named([("back", Network::default()), ("lan", external)]),
        exporters: named([("redis", exporter)]),
        ..bare("demo")
    })
}

#[test]
fn an_exporter_keeps_away_from_others_where_it_can_and_asks_its_app_by_a_name_that_only_that_has() {
    for (of_app, of_exporter) in [
        (&["default", "lan"][..], vec![("default", vec!["redis"])]),
        (&["back", "default", "lan"], vec![("default", vec!["redis"]), ("back", vec!["redis"])]),
        (&["lan"], vec![("lan", vec![])]),
        (&[], vec![("default", vec!["redis"])]),
    ] {
        let desired = watching(of_app);
        let container = &service(&desired, "redis").container;
        let aliases = |it: &Attachment| it.aliases.clone();
        let joined: Vec<_> = container.networks.iter().map(|it| (it.key.as_str(), aliases(it))).collect();
        let expected: Vec<(&str, Vec<String>)> = of_exporter
            .into_iter()
            .map(|(key, aliases)| (key, aliases.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(joined, expected, "{of_app:?}");
        assert_eq!(container.settings.environment["REDIS_ADDR"], "redis://demo-cache-1:6379", "{of_app:?}");
        let watched = service(&desired, "prometheus").container.networks.iter().map(|it| it.key.as_str());
        let (watched, own): (Vec<_>, Vec<_>) = (watched.collect(), joined.iter().map(|(key, _)| *key).collect());
        assert!(own.iter().all(|key| watched.contains(key)), "{watched:?}");
    }
}

#[test]
fn among_others_grafana_and_the_probes_go_by_the_names_of_containers_too() {
    let external = Network { external: true, ..Network::default() };
    let probe = Probe { http: vec!["http://web/".to_owned()], ..Probe::default() };
    let alone = Stack {
        probes: named([("front", probe)]),
        exporters: named([("blackbox", Exporter::default())]),
        ..with_web(web())
    };
    let prober = |stack: &Stack| job(&desired(stack), "front").prober.clone().expect("it has one");
    let datasource = |stack: &Stack| desired(stack).grafana.expect("it is on").datasources[0].url.clone();
    assert_eq!((prober(&alone), datasource(&alone)), ("blackbox:9115".to_owned(), "http://prometheus:9090".to_owned()));
    let among = Stack { networks: named([("proxy", external)]), ..alone.clone() };
    assert_eq!(prober(&among), "demo-blackbox-1:9115");
    assert_eq!(targets(&desired(&among), "blackbox"), ["demo-blackbox-1:9115"], "as it is scraped");
    assert_eq!(datasource(&among), "http://demo-prometheus-1:9090");
    let view = Desired::of(&among, &leave_out("grafana"));
    assert!(command(&view, "grafana").contains("--prometheus http://demo-prometheus-1:9090"));
}

#[test]
fn an_exporter_without_an_app_says_by_its_metric_whether_it_reaches_what_it_watches() {
    let exporters = named([("redis", Exporter::default()), ("node", Exporter::default())]);
    let desired = desired(&Stack { exporters, ..bare("demo") });
    let says = Some(Says::Reaches { metric: "redis_up".to_owned(), app: None });
    assert_eq!((job(&desired, "redis").says.clone(), job(&desired, "node").says.clone()), (says, None));
}

#[test]
fn several_replicas_are_scraped_by_the_names_of_their_containers() {
    let desired = desired(&with_web(App { scale: Some(3), ..web() }));
    assert_eq!(targets(&desired, "web"), ["demo-web-1:80", "demo-web-2:80", "demo-web-3:80"]);
    assert_eq!(service(&desired, "web").container_name("demo", 2), "demo-web-2");
}

#[test]
fn a_fixed_container_name_is_the_target() {
    let mut web = web();
    web.container.container_name = Some("the-web".to_owned());
    assert_eq!(targets(&desired(&with_web(web)), "web"), ["the-web:80"]);
}

#[test]
fn an_app_in_the_hosts_network_is_scraped_at_the_host_and_prometheus_knows_the_host() {
    let mut web = app("web", Metrics { discovery: Discovery::Dns, port: Some(9555), ..Metrics::default() });
    web.container.network_mode = Some("host".to_owned());
    let desired = desired(&with_web(web));
    assert_eq!(targets(&desired, "web"), ["host.docker.internal:9555"]);
    assert!(service(&desired, "web").container.networks.is_empty());
    let extra_hosts = &desired.prometheus_service().unwrap().container.settings.extra_hosts;
    assert_eq!(*extra_hosts, texts([("host.docker.internal", "host-gateway")]));
}

#[test]
fn discovery_by_name_looks_as_often_as_it_scrapes_within_bounds() {
    for (seconds, expected) in [(3, 3000), (60, 15_000)] {
        let interval = Some(Duration::from_secs(seconds));
        let web = app("web", Metrics { discovery: Discovery::Dns, interval, ..Metrics::default() });
        let desired = desired(&with_web(web));
        assert_eq!(targets(&desired, "web"), [format!("A web:80 every {expected}ms")]);
    }
}

#[test]
fn the_port_is_the_first_exposed_one_else_the_first_published_one_else_80() {
    let mut web = web();
    assert_eq!(targets(&desired(&with_web(web.clone())), "web"), ["web:80"]);
    web.container.ports = Ports(vec![port(8080, 5000), port(8081, 5001)]);
    assert_eq!(targets(&desired(&with_web(web.clone())), "web"), ["web:5000"]);
    web.container.expose = vec![6000];
    assert_eq!(targets(&desired(&with_web(web.clone())), "web"), ["web:6000"]);
    web.metrics = Some(Metrics { port: Some(7000), ..Metrics::default() });
    assert_eq!(targets(&desired(&with_web(web)), "web"), ["web:7000"]);
}

#[test]
fn a_scale_given_by_hand_counts_until_the_file_says_something_else() {
    let stack = with_web(App { scale: Some(2), ..web() });
    let by_hand = Desired::of(&stack, &scaled(4, Some(2)));
    assert_eq!((service(&by_hand, "web").replicas, service(&by_hand, "web").file_scale), (4, 2));
    assert_eq!(targets(&by_hand, "web").len(), 4);
    assert_eq!(by_hand.scale["web"], ScaleOverride { replicas: 4, file: Some(2) });

    let file_changed = Desired::of(&stack, &scaled(4, Some(1)));
    assert_eq!(service(&file_changed, "web").replicas, 2);
    assert!(file_changed.scale.is_empty());

    let (silent, usual) = (with_web(web()), with_web(App { scale: Some(1), ..web() }));
    assert_eq!(service(&Desired::of(&silent, &scaled(3, None)), "web").replicas, 3);
    let newly_written = Desired::of(&usual, &scaled(3, None));
    assert_eq!(service(&newly_written, "web").replicas, 1, "the usual scale counts where somebody writes it");
}

#[test]
fn a_scrape_never_takes_longer_than_its_interval() {
    for (interval, timeout, expected) in
        [(None, None, None), (Some(5), None, Some(5)), (Some(60), Some(90), Some(60)), (Some(20), Some(4), Some(4))]
    {
        let (interval, timeout) = (interval.map(Duration::from_secs), timeout.map(Duration::from_secs));
        let desired = desired(&with_web(app("web", Metrics { interval, timeout, ..Metrics::default() })));
        assert_eq!(job(&desired, "web").timeout, expected.map(Duration::from_secs));
    }
    let section = Prometheus { scrape_interval: Some(Duration::from_secs(3)), ..Prometheus::default() };
    let desired = desired(&Stack { prometheus: Toggle::On(section), ..bare("demo") });
    assert_eq!(desired.prometheus.unwrap().scrape_timeout, Duration::from_secs(3));
}

#[test]
fn jobs_come_in_the_order_of_what_they_watch() {
    let desired = desired(&stacks::image_gallery());
    let jobs: Vec<&str> = desired.prometheus.as_ref().unwrap().jobs.iter().map(|job| job.name.as_str()).collect();
    let expected =
        ["prometheus", "docker", "accesslog", "iotd", "image-gallery", "node", "cadvisor", "grafana", "other-hosts"];
    assert_eq!(jobs, expected);
}

#[test]
fn services_start_after_what_they_depend_on_in_waves() {
    let depends_on = |names: &[&str]| {
        let mut app = web();
        app.wiring.depends_on = names.iter().map(|other| (name(other), DependencyCondition::Started)).collect();
        app
    };
    let apps = named([("a", depends_on(&["c", "b"])), ("b", depends_on(&["c"])), ("c", web()), ("d", web())]);
    let stack = Stack { apps, prometheus: Toggle::Off, grafana: Toggle::Off, ..bare("demo") };
    let order: Vec<(String, usize)> =
        desired(&stack).services.into_iter().map(|service| (service.name, service.wave)).collect();
    assert_eq!(order, [("c".into(), 0), ("b".into(), 1), ("a".into(), 2), ("d".into(), 0)]);
}

#[test]
fn prometheus_joins_every_network_on_which_a_scraped_service_sits() {
    let on = |network: &str, metrics| {
        let mut app = web();
        app.wiring.networks = named([(network, ServiceNetwork::default())]);
        App { metrics, ..app }
    };
    let apps = named([("web", on("front", Some(Metrics::default()))), ("batch", on("back", None))]);
    let networks =
        named([("front", stackctl::stack::Network::default()), ("back", stackctl::stack::Network::default())]);
    let desired = desired(&Stack { apps, networks, ..bare("demo") });
    let joined: Vec<&str> =
        desired.prometheus_service().unwrap().container.networks.iter().map(|n| n.network.as_str()).collect();
    assert_eq!(joined, ["demo_default", "demo_front"]);
    assert_eq!(
        desired.networks.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
        ["demo_default", "demo_front", "demo_back"]
    );
}

#[test]
fn the_order_of_maps_in_the_file_does_not_change_the_fingerprint() {
    let with = |environment| {
        let mut web = web();
        web.container.environment = environment;
        fingerprint(&with_web(web))
    };
    assert_eq!(with(texts([("A", "1"), ("B", "2")])), with(texts([("B", "2"), ("A", "1")])));
    assert_ne!(with(texts([("A", "1")])), with(texts([("A", "2")])));
    assert_eq!(with(texts([])).len(), 64);
}

#[test]
fn scale_and_pull_policy_do_not_change_the_fingerprint() {
    let plain = fingerprint(&with_web(web()));
    assert_eq!(fingerprint(&with_web(App { scale: Some(3), ..web() })), plain);
    let mut always = web();
    always.container.pull_policy = PullPolicy::Always;
    assert_eq!(service(&desired(&with_web(always.clone())), "web").image.pull_policy, PullPolicy::Always);
    assert_eq!(fingerprint(&with_web(always)), plain);
    assert_ne!(fingerprint(&with_web(App { image: "ghcr.io/acme/web:2".to_owned(), ..web() })), plain);
}

#[test]
fn another_job_does_not_replace_prometheus() {
    let prometheus = |stack: &Stack| desired(stack).prometheus_service().unwrap().fingerprint.clone();
    let mut two = with_web(web());
    two.apps.insert(name("other"), web());
    assert_eq!(prometheus(&two), prometheus(&with_web(web())));
}

#[test]
fn the_engine_is_scraped_where_containers_reach_it() {
    let engine = |metrics| desired(&Stack { engine: Engine { metrics, ..Engine::default() }, ..bare("demo") });
    let gateway = engine(EngineMetrics::Gateway);
    assert_eq!(targets(&gateway, "docker"), ["host.docker.internal:9323"]);
    assert_eq!(gateway.daemon.unwrap().metrics_address, SocketAddr::from(([172, 17, 0, 1], 9323)));
    let everywhere = EngineMetrics::Address(SocketAddr::from(([0, 0, 0, 0], 9400)));
    assert_eq!(targets(&engine(everywhere), "docker"), ["host.docker.internal:9400"]);
    let elsewhere = EngineMetrics::Address(SocketAddr::from(([10, 0, 0, 5], 9323)));
    assert_eq!(targets(&engine(elsewhere), "docker"), ["10.0.0.5:9323"]);
    assert!(engine(EngineMetrics::Off).daemon.is_none());
}

#[test]
fn the_gateway_that_was_found_is_the_one_that_is_used() {
    let stack = Stack {
        engine: Engine { metrics: EngineMetrics::Gateway, ..Engine::default() },
        exporters: named([("node", Exporter::default())]),
        ..bare("demo")
    };
    let facts = Facts { gateway: Some(IpAddr::from([10, 9, 0, 1])), ..Facts::default() };
    let desired = Desired::of(&stack, &facts);
    assert_eq!(desired.daemon.as_ref().unwrap().metrics_address, SocketAddr::from(([10, 9, 0, 1], 9323)));
    assert_eq!(command(&desired, "node"), "--path.rootfs=/host --web.listen-address=10.9.0.1:9100");
}

#[test]
fn an_exporter_that_names_a_network_leaves_the_hosts() {
    let mut node = Exporter::default();
    node.wiring.networks = named([("default", ServiceNetwork::default())]);
    let desired = desired(&Stack { exporters: named([("node", node)]), ..bare("demo") });
    assert_eq!(service(&desired, "node").container.settings.network_mode, None);
    assert_eq!(command(&desired, "node"), "--path.rootfs=/host --web.listen-address=:9100");
    assert_eq!(targets(&desired, "node"), ["node:9100"]);
}

#[test]
fn what_cannot_be_had_is_left_out_with_its_job_and_what_depends_on_it_starts_without() {
    let mut web = web();
    web.wiring.depends_on = named([("node", DependencyCondition::Started)]);
    let stack = Stack { exporters: named([("node", Exporter::default())]), ..with_web(web) };
    let without = Desired::of(&stack, &leave_out("node"));
    assert!(without.service("node").is_none() && service(&without, "web").depends_on.is_empty());
    assert!(without.prometheus.unwrap().jobs.iter().all(|job| job.name != "node"));
    assert_eq!((without.left_out[0].component.as_str(), without.left_out[0].reason.as_str()), ("node", "no registry"));

    let without = Desired::of(&stack, &leave_out("prometheus"));
    assert!(without.prometheus.is_none() && without.prometheus_service().is_none());
    assert_eq!(without.grafana.unwrap().datasources, []);
}

#[test]
fn without_facts_debian_stands_for_the_packages_that_debian_has() {
    let images = Images { from: ImageSource::Debian, mirror: None };
    let desired = desired(&Stack { images, exporters: named([("node", Exporter::default())]), ..bare("demo") });
    let prometheus = &desired.prometheus_service().unwrap().image;
    assert_eq!(
        (prometheus.reference.as_str(), &prometheus.origin),
        ("stackctl/prometheus:debian", &ImageOrigin::Debian)
    );
    assert_eq!(prometheus.pull_policy, PullPolicy::Never);
    assert_eq!(desired.prometheus.as_ref().unwrap().version, "2.42.0");
    assert_eq!(service(&desired, "node").image.reference, "stackctl/node:debian");
    assert_eq!(desired.left_out[0].component, "grafana");
}

#[test]
fn a_mirror_stands_before_the_components_images_only() {
    let images = Images { from: ImageSource::Registry, mirror: Some("mirror.example:5000".to_owned()) };
    let stack = Stack { images, exporters: named([("cadvisor", Exporter::default())]), ..with_web(web()) };
    let desired = desired(&stack);
    assert_eq!(desired.prometheus_service().unwrap().image.reference, "mirror.example:5000/prom/prometheus:v3.5.5");
    assert_eq!(service(&desired, "cadvisor").image.reference, "mirror.example:5000/ghcr.io/google/cadvisor:0.56.2");
    assert_eq!(service(&desired, "web").image.reference, "ghcr.io/acme/web:1");
}

#[test]
fn stackctls_own_image_is_built_and_never_pulled() {
    let desired = desired(&stacks::demo());
    let image = &service(&desired, "iotd").image;
    assert_eq!(image.reference, "stackctl/self", "the build is a fact that this stack was not told");
    assert_eq!((&image.origin, image.pull_policy), (&ImageOrigin::Own, PullPolicy::Never));
}

#[test]
fn keys_and_flags_follow_the_version_of_prometheus() {
    for (version, in_file, fallback) in [("2.42.0", false, false), ("3.5.0", false, true), ("3.11.0", true, true)] {
        let desired = desired(&prometheus_of(version));
        assert_eq!(desired.prometheus.as_ref().unwrap().retention.is_some(), in_file, "{version}");
        assert_eq!(
            command(&desired, "prometheus").contains("--storage.tsdb.retention.time=15d"),
            !in_file,
            "{version}"
        );
        assert_eq!(job(&desired, "web").fallback_scrape_protocol.is_some(), fallback, "{version}");
    }
}

#[test]
fn a_guarded_prometheus_is_asked_for_its_health_by_who_can_say_the_password() {
    let web = Web {
        basic_auth: Some(BasicAuth {
            username: "reader".to_owned(),
            password: Secret::Environment("TOKEN".to_owned()),
        }),
        tls: None,
    };
    let check = |version: &str| {
        let version = Some(version.to_owned());
        let section = Prometheus { version, web: Some(web.clone()), ..Prometheus::default() };
        let desired = desired(&Stack { prometheus: Toggle::On(section), ..bare("demo") });
        desired.prometheus_service().unwrap().container.settings.healthcheck.clone().unwrap().test
    };
    let words =
        ["promtool", "check", "ready", "--http.config.file=/etc/prometheus/client.yml", "--url=http://localhost:9090"];
    assert_eq!(check("3.5.0"), HealthcheckTest::Words(words.map(str::to_owned).to_vec()));
    assert_eq!(check("2.55.0"), HealthcheckTest::Disabled, "wget would need the password among its words");
}

#[test]
fn an_image_made_by_others_gets_no_health_check_that_it_might_not_have_the_tool_for() {
    let by_hand = Prometheus { image: Some("acme/prometheus:2.53.0".to_owned()), ..Prometheus::default() };
    let by_hand = desired(&Stack { prometheus: Toggle::On(by_hand), ..bare("demo") });
    assert_eq!(by_hand.prometheus.as_ref().unwrap().version, "2.53.0");
    assert_eq!(by_hand.prometheus_service().unwrap().container.settings.healthcheck, None);
    let published = desired(&bare("demo"));
    assert!(published.prometheus_service().unwrap().container.settings.healthcheck.is_some());
}

#[test]
fn every_component_that_is_on_says_which_image_it_wants() {
    let by_hand = Exporter { image: Some("acme/exporter:1.2".to_owned()), ..Exporter::default() };
    let exporters = named([("node", Exporter::default()), ("mine", by_hand), ("unknown", Exporter::default())]);
    let wanted = wanted_images(&Stack { exporters, grafana: Toggle::Off, ..bare("demo") });
    let said: Vec<_> = wanted
        .iter()
        .map(|image| {
            let package = image.debian.map(|debian| debian.package);
            (image.component.as_str(), image.reference.as_str(), image.version.as_str(), image.by_hand, package)
        })
        .collect();
    assert_eq!(
        said,
        [
            ("prometheus", "prom/prometheus:v3.5.5", "3.5.5", false, Some("prometheus")),
            ("node", "prom/node-exporter:v1.12.1", "1.12.1", false, Some("prometheus-node-exporter")),
            ("mine", "acme/exporter:1.2", "1.2", true, None),
        ]
    );
}

#[test]
fn a_secret_lies_in_a_file_of_prometheus_and_nowhere_else() {
    let auth = stackctl::stack::BasicAuth {
        username: "scraper".to_owned(),
        password: Secret::Environment("WEB_PASSWORD".to_owned()),
    };
    let desired = desired(&with_web(app("web", Metrics { basic_auth: Some(auth), ..Metrics::default() })));
    let secrets = &desired.prometheus_service().unwrap().container.secrets;
    assert_eq!(secrets[0].target, "/run/secrets/scrape_web_password");
    assert_eq!(job(&desired, "web").basic_auth.as_ref().unwrap().password_file, secrets[0].target);
}

#[test]
fn prometheus_and_grafana_can_be_switched_off() {
    let off = Stack { prometheus: Toggle::Off, grafana: Toggle::Off, ..with_web(web()) };
    let desired = desired(&off);
    assert!(desired.prometheus.is_none() && desired.grafana.is_none() && desired.volumes.is_empty());
    assert_eq!(desired.services.len(), 1);
}

#[test]
fn a_certificate_is_watched_where_a_probe_is_shown_one() {
    let of_http = |url: &str| Probe { http: vec![url.to_owned()], ..Probe::default() };
    let of_tcp = |tls| Probe { tcp: vec!["mail:465".to_owned()], tls, ..Probe::default() };
    let probes = [
        (of_http("https://shop.example/"), true),
        (of_http("http://shop:80/"), false),
        (of_tcp(true), true),
        (of_tcp(false), false),
    ];
    for (probe, is_watched) in probes {
        let stack = Stack {
            probes: named([("outside", probe.clone())]),
            exporters: named([("blackbox", Exporter::default())]),
            alerts: Some(Toggle::default()),
            ..bare("demo")
        };
        let desired = desired(&stack);
        let files = &desired.prometheus.as_ref().expect("Prometheus is on").rule_files;
        let mut rules = files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
        assert_eq!(rules.any(|rule| rule.name == "CertificateExpires"), is_watched, "{probe:?}");
    }
}

/// The URLs that links in messages begin with, by service.
fn external_urls(prometheus: Prometheus, alertmanager: Toggle<Alertmanager>) -> Vec<String> {
    let desired = desired(&Stack { prometheus: Toggle::On(prometheus), alertmanager, ..bare("demo") });
    let found = desired.services.iter().filter_map(|service| {
        let words = &service.container.settings.command.as_ref()?.0;
        let url = words.iter().find_map(|word| word.strip_prefix("--web.external-url="))?;
        assert!(
            words.contains(&"--web.route-prefix=/".to_owned()),
            "stackctl and the stack ask at the root: {words:?}"
        );
        Some(format!("{} {url}", service.name))
    });
    found.collect()
}

#[test]
fn links_in_messages_lead_to_where_the_program_is_published() {
    let urls = |prometheus: Prometheus| external_urls(prometheus, Toggle::Off);
    let at = |place: &str| Prometheus { port: place.parse().unwrap(), ..Prometheus::default() };
    assert_eq!(urls(Prometheus::default()), ["prometheus http://127.0.0.1:9090"]);
    assert_eq!(urls(at("0.0.0.0:9099")), ["prometheus http://127.0.0.1:9099"], "this host at least");
    assert_eq!(urls(at("[::]:9099")), ["prometheus http://[::1]:9099"]);
    assert_eq!(urls(at("off")), [""; 0]);
    assert_eq!(
        urls(Prometheus { replicas: Some(2), ..at("9099") }),
        ["prometheus http://127.0.0.1:9099", "prometheus-2 http://127.0.0.1:9099"],
        "both tell of the same alerts, and one is published"
    );
    let shards = Prometheus { shards: Some(2), ..Prometheus::default() };
    assert_eq!(urls(shards), ["prometheus http://127.0.0.1:9090"], "shards tell of none");
    let tls = WebTls { cert_file: "a".to_owned(), key_file: "b".to_owned(), ca_file: None, server_name: None };
    let web = Some(Web { basic_auth: None, tls: Some(tls) });
    assert_eq!(urls(Prometheus { web, ..Prometheus::default() }), ["prometheus https://127.0.0.1:9090"]);
    let named = Prometheus { external_url: "https://example.com/metrics".parse().ok(), ..at("off") };
    let everywhere = Alertmanager { port: "0.0.0.0:9093".parse().unwrap(), ..Alertmanager::default() };
    assert_eq!(
        external_urls(named, Toggle::On(everywhere)),
        ["alertmanager http://127.0.0.1:9093", "prometheus https://example.com/metrics"]
    );
}
