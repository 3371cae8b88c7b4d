//! Stacks for tests: from the smallest to one that uses every setting.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use indexmap::IndexMap;
use stackctl::catalog;
use stackctl::desired::{Facts, ImageChoice, ImageOrigin, ScaleOverride};
use stackctl::stack::{self, Environment};
use stackctl::stack::{
    App, BasicAuth, ByteSize, Command, ContainerSettings, DependencyCondition, Discovery, Duration, Engine,
    EngineMetrics, Exporter, Grafana, Healthcheck, HealthcheckTest, Images, Includes, Logging, Metrics, Mount,
    MountKind, MountedSecret, Network, Port, Ports, Prometheus, Propagation, Protocol, Publish, PullPolicy, Queue,
    Relabel, RelabelAction, RemoteRead, RemoteWrite, Restart, Retention, RuleFile, Scheme, Scrape, Secret, ServiceName,
    ServiceNetwork, Stack, StackName, Tls, Toggle, Ulimit, Volume, Web, WebTls, Wiring,
};

/// A stack of that name with nothing in it but what is on by default.
pub(crate) fn bare(stack_name: &str) -> Stack {
    Stack {
        attached: IndexMap::new(),
        include: Includes::default(),
        name: stack_name.parse::<StackName>().expect("a test writes valid names"),
        engine: Engine::default(),
        images: Images::default(),
        prometheus: Toggle::default(),
        grafana: Toggle::default(),
        alertmanager: Toggle::Off,
        apps: IndexMap::new(),
        exporters: IndexMap::new(),
        scrape: IndexMap::new(),
        probes: IndexMap::new(),
        dashboards: IndexMap::new(),
        alerts: None,
        rules: IndexMap::new(),
        tests: IndexMap::new(),
        networks: IndexMap::new(),
        volumes: IndexMap::new(),
        secrets: IndexMap::new(),
    }
}

/// A name.
pub(crate) fn name(text: &str) -> ServiceName {
    text.parse().expect("a test writes valid names")
}

/// A map from names.
pub(crate) fn named<const N: usize, T>(entries: [(&str, T); N]) -> IndexMap<ServiceName, T> {
    entries.into_iter().map(|(key, value)| (name(key), value)).collect()
}

/// A map from text to text.
pub(crate) fn texts<const N: usize>(entries: [(&str, &str); N]) -> IndexMap<String, String> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A command of these words.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Command {
    Command(words.map(str::to_owned).to_vec())
}

/// An app of that image that is scraped.
pub(crate) fn app(image: &str, metrics: Metrics) -> App {
    App {
        image: image.to_owned(),
        scale: None,
        container: ContainerSettings::default(),
        wiring: Wiring::default(),
        metrics: Some(metrics),
        signals: None,
        alerts: None,
        slo: None,
    }
}

fn mounted_secret(secret_name: &str) -> MountedSecret {
    MountedSecret { source: name(secret_name), target: format!("/run/secrets/{secret_name}") }
}

/// A port of 127.0.0.1.
pub(crate) fn port(host_port: u16, container_port: u16) -> Port {
    Port {
        every_family: false,
        host_ip: IpAddr::from([127, 0, 0, 1]),
        host_port: Some(host_port),
        host_port_up_to: None,
        container_port,
        protocol: Protocol::Tcp,
    }
}

/// The smallest stack: one app, everything else by default.
pub(crate) fn hello() -> Stack {
    shipped("hello.yml")
}

/// The image gallery, the reference example.
pub(crate) fn image_gallery() -> Stack {
    shipped("gallery.yml")
}

/// The demo: the gallery with stackctl's own demo apps.
pub(crate) fn demo() -> Stack {
    shipped("demo.yml")
}

/// A file of the folder `stacks/`, loaded without any environment variable.
pub(crate) fn shipped(file: &str) -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks").join(file);
    let vocabulary = stackctl::command::VOCABULARY;
    match stack::load(&[path], &Environment::default(), &vocabulary) {
        Ok(loaded) => loaded.stack,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// A stack with two Prometheus servers that do the same.
pub(crate) fn replicas() -> Stack {
    written(
        "name: pair\nprometheus: { replicas: 2, external_labels: { site: here }, volumes: [\"samples:/prometheus\"] }\n\
         volumes: { samples: {} }\nalertmanager: {}\n\
         apps: { web: { image: \"ghcr.io/acme/web:1.4\", networks: [back], metrics: {} } }\nnetworks: { back: {} }\n",
    )
}

/// A stack whose targets are shared by two Prometheus servers.
pub(crate) fn shards() -> Stack {
    written(
        "name: many\nprometheus:\n  shards: 2\n  external_labels: { site: here }\n  \
         web: { basic_auth: { username: reader, password: { env: PASSWORD } } }\n  \
         remote_write: [{ url: \"http://archive:8428/api/v1/write\" }]\n  \
         remote_read: [{ url: \"http://archive:8428/api/v1/read\" }]\n  \
         extra_scrape_configs:\n    - { job_name: own, static_configs: [{ targets: [\"a:1\"] }], relabel_configs: [{ target_label: site, replacement: here }] }\n\
         alertmanager: {}\nexporters: { blackbox: {} }\nprobes: { site: { http: \"http://web/\" } }\n\
         apps:\n  web: { image: \"ghcr.io/acme/web:1.4\", metrics: { discovery: dns, labels: { team: shop } } }\n  \
         archive: { image: \"victoria:1\" }\n",
    )
}

/// The stack of a text that names no file.
pub(crate) fn written(text: &str) -> Stack {
    let vocabulary = stackctl::command::VOCABULARY;
    match stack::parse("stack.yml", text, Path::new("/srv/stack"), &Environment::default(), &vocabulary) {
        Ok(loaded) => loaded.stack,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// A stack whose alerts are told in every way, by two Alertmanagers.
pub(crate) fn alerting() -> Stack {
    let text = r##"
name: alerting
grafana: off
alertmanager:
  replicas: 2
  port: "9193"
  external_url: https://alerts.example.com/tell
  receivers:
    team: { webhook: "http://hook:8080/alerts" }
    guarded: { webhook: { url: { file: hook }, token: { env: HOOK_TOKEN }, max_alerts: 10 }, send_resolved: false }
    chat:
      slack: { url: { file: hook }, channel: "#alerts" }
      options: { title: '{{ template "x" . }}', fields: [{ title: "a: b", value: "{{ .Status }}" }] }
    mail:
      email: { to: [a@example.com, b@example.com], from: c@example.com, server: "mail:587", username: me, password: { file: hook } }
    duty: { pagerduty: { key: { file: hook } } }
    teams: { teams: { url: { file: hook } } }
    discord: { discord: { url: { file: hook } } }
    phone: { telegram: { token: { file: hook }, chat: -1001234 } }
    nobody: {}
  receiver: team
  routes:
    - { severity: critical, receiver: [duty, chat, mail], group_wait: 10s, continue: true }
    - { app: [web, shop], receiver: chat, group_by: ... }
    - { matchers: ['team=~"a|b"', 'note!="say \"x\" \\ y"'], receiver: team, repeat_interval: 1h }
    - { severity: [info, warning], receiver: nobody }
  inhibit:
    - { source: [alertname=HostDown], target: ["severity!=none"], equal: [host] }
  templates: [message.tmpl]
apps:
  web: { image: "ghcr.io/acme/web:1.4", metrics: {} }
  shop: { image: "ghcr.io/acme/shop:2", metrics: { job: the-shop } }
"##;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hook"), "https://hooks.example.com/secret").expect("it is writable");
    std::fs::write(folder.path().join("message.tmpl"), "{{ define \"x\" }}y{{ end }}\n").expect("it is writable");
    let environment: Environment = [("HOOK_TOKEN", "secret")].into_iter().collect();
    let loaded = stack::parse("stack.yml", text, folder.path(), &environment, &stackctl::command::VOCABULARY);
    let mut stack = loaded.unwrap_or_else(|problems| panic!("{}", problems.render(false))).stack;
    // The same path in every run, as the golden files have it.
    if let Toggle::On(alertmanager) = &mut stack.alertmanager {
        let elsewhere = folder.path().to_string_lossy().into_owned();
        for receiver in alertmanager.receivers.values_mut() {
            receiver.each_secret(|_, secret| {
                if let Secret::File(path) = secret {
                    *path = path.replace(&elsewhere, "/srv/stack");
                }
            });
        }
    }
    stack
}

/// Names of the files in the folder `stacks/`.
pub(crate) fn all_shipped() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let entries = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry"));
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|extension| extension == "yml"));
    names.sort();
    names
}

/// A host without a registry, on which `accesslog` was scaled to three by hand.
pub(crate) fn debian_facts() -> Facts {
    let debian = |image: &str, version: &str| ImageChoice::Take {
        reference: image.to_owned(),
        version: version.to_owned(),
        origin: ImageOrigin::Debian,
    };
    let nowhere =
        ImageChoice::LeaveOut { reason: "no registry can be reached, and Debian has no package of it".to_owned() };
    Facts {
        attached: IndexMap::new(),
        own_image: Some(catalog::own::reference("0123456789abcdef")),
        root_is_shared: true,
        gateway: None,
        images: IndexMap::from([
            ("prometheus".to_owned(), debian("stackctl/prometheus:debian", "2.42.0")),
            ("node".to_owned(), debian("stackctl/node:debian", "1.5.0")),
            ("grafana".to_owned(), nowhere),
        ]),
        scale: IndexMap::from([("accesslog".to_owned(), ScaleOverride { replicas: 3, file: None })]),
        contents: IndexMap::new(),
        exact_images: IndexMap::new(),
        exposed: IndexMap::new(),
        learned_from: IndexMap::new(),
    }
}

/// A stack in which every setting says something, with text in it that YAML, Compose and Prometheus could take for something else.
pub(crate) fn everything() -> Stack {
    Stack {
        engine: Engine {
            metrics: EngineMetrics::Address(SocketAddr::from(([10, 0, 0, 5], 9400))),
            ..Engine::default()
        },
        images: Images { mirror: Some("mirror.example:5000".to_owned()), ..Images::default() },
        prometheus: Toggle::On(every_prometheus_setting()),
        grafana: Toggle::On(Grafana {
            version: Some("12.0.0".to_owned()),
            port: Publish::At(SocketAddr::from(([0, 0, 0, 0], 3001))),
            extra_datasources: vec![
                serde_json::json!({ "name": "Logs: all", "type": "loki", "url": "http://loki:3100" }),
            ],
            container: ContainerSettings {
                environment: texts([
                    ("GF_USERS_ALLOW_SIGN_UP", "true"),
                    ("GF_SERVER_ROOT_URL", "https://g.example/$x"),
                ]),
                mem_limit: Some(ByteSize(256 << 20)),
                ..ContainerSettings::default()
            },
            ..Grafana::default()
        }),
        apps: named([
            ("shop", every_app_setting()),
            ("database", database()),
            ("on-host", on_host()),
            ("unwatched", App { metrics: None, scale: Some(0), ..app("ghcr.io/acme/batch:1", Metrics::default()) }),
        ]),
        exporters: named([("node", node()), ("redis", redis())]),
        scrape: named([("elsewhere", elsewhere())]),
        networks: named([
            ("back", Network { internal: true, subnet: Some("10.77.0.0/24".to_owned()), ..Network::default() }),
            ("lan", Network { external: true, name: Some("company-lan".to_owned()), ..Network::default() }),
            ("unused", Network::default()),
        ]),
        volumes: named([
            ("database", Volume { driver_opts: texts([("type", "none")]), ..Volume::default() }),
            (
                "prometheus-data",
                Volume { external: true, name: Some("metrics-of-years".to_owned()), ..Volume::default() },
            ),
        ]),
        secrets: named([
            ("database-password", Secret::File("/srv/shop/secrets/database".to_owned())),
            ("api-key", Secret::Environment("SHOP_API_KEY".to_owned())),
        ]),
        ..bare("every_thing")
    }
}

fn dns(seconds: u64) -> Metrics {
    Metrics { discovery: Discovery::Dns, interval: Some(Duration::from_secs(seconds)), ..Metrics::default() }
}

fn at_path(path: &str) -> Metrics {
    Metrics { path: Some(path.to_owned()), ..Metrics::default() }
}

fn every_prometheus_setting() -> Prometheus {
    Prometheus {
        version: Some("3.14.0".to_owned()),
        port: Publish::Off,
        scrape_interval: Some(Duration::from_secs(30)),
        scrape_timeout: Some(Duration::from_millis(7500)),
        evaluation_interval: Some(Duration::from_secs(60)),
        retention: Retention { time: Some(Duration::from_secs(400 * 86_400)), size: Some(ByteSize(50 << 30)) },
        web: Some(Web {
            basic_auth: Some(BasicAuth {
                username: "on: $x".to_owned(),
                password: Secret::Environment("PROMETHEUS_PASSWORD".to_owned()),
            }),
            tls: Some(WebTls {
                cert_file: "/secrets/prometheus.crt".to_owned(),
                key_file: "/secrets/prometheus.key".to_owned(),
                ca_file: Some("/secrets/ca".to_owned()),
                server_name: Some("metrics.example".to_owned()),
            }),
        }),
        external_labels: texts([("site", "a: $b #c"), ("on", "no")]),
        container: ContainerSettings { mem_limit: Some(ByteSize(2 << 30)), ..ContainerSettings::default() },
        extra_flags: vec!["--web.enable-admin-api".to_owned()],
        extra_scrape_configs: vec![serde_json::json!({
            "job_name": "own: words",
            "static_configs": [{ "targets": ["a:1", "b:2"], "labels": { "note": "two\nlines" } }],
            "relabel_configs": [{ "source_labels": ["__address__"], "regex": "(.*):\\d+", "target_label": "host" }],
        })],
        rule_files: vec![RuleFile {
            path: "/rules/shop.yml".to_owned(),
            text: "groups:\n  - name: shop\n    rules: [{ record: one, expr: vector(1) }]\n".to_owned(),
            groups: Vec::new(),
        }],
        remote_write: vec![RemoteWrite {
            url: "http://shop:8428/api/v1/write".parse().expect("a URL"),
            name: None,
            timeout: Some(Duration::from_secs(20)),
            headers: texts([("X-Scope-OrgID", "a: $b #c")]),
            basic_auth: Some(BasicAuth { username: "on".to_owned(), password: Secret::File("/secrets/x".to_owned()) }),
            token: None,
            tls: None,
            write_relabel_configs: vec![
                Relabel {
                    source_labels: vec!["job".to_owned(), "instance".to_owned()],
                    separator: Some(": ".to_owned()),
                    regex: Some("(.+): (.+)".to_owned()),
                    target_label: Some("who".to_owned()),
                    replacement: Some("$2 of $1".to_owned()),
                    action: Some(RelabelAction::Replace),
                    ..Relabel::default()
                },
                Relabel {
                    source_labels: vec!["job".to_owned()],
                    modulus: Some(3),
                    target_label: Some("part".to_owned()),
                    action: Some(RelabelAction::Hashmod),
                    ..Relabel::default()
                },
            ],
            queue_config: Queue {
                capacity: Some(500),
                max_shards: Some(4),
                batch_send_deadline: Some(Duration::from_secs(1)),
                retry_on_http_429: true,
                ..Queue::default()
            },
        }],
        remote_read: vec![RemoteRead {
            url: "https://history.example/read?x=1".parse().expect("a URL"),
            name: None,
            timeout: None,
            headers: IndexMap::new(),
            basic_auth: None,
            token: Some(Secret::Environment("TOKEN".to_owned())),
            tls: Some(Tls { ca_file: Some("/secrets/ca".to_owned()), server_name: None, insecure_skip_verify: true }),
            read_recent: true,
            required_matchers: texts([("archived", "yes")]),
        }],
        extra_config: IndexMap::from([(
            "alerting".to_owned(),
            serde_json::json!({ "alertmanagers": [{ "static_configs": [{ "targets": ["alertmanager:9093"] }] }] }),
        )]),
        ..Prometheus::default()
    }
}

fn every_app_setting() -> App {
    App {
        image: "ghcr.io/acme/shop:2.0".to_owned(),
        scale: Some(2),
        container: every_container_setting(),
        wiring: Wiring {
            env_file: Vec::new(),
            volumes: every_kind_of_mount(),
            networks: named([
                ("lan", ServiceNetwork::default()),
                ("back", ServiceNetwork { aliases: vec!["shop.internal".to_owned()] }),
            ]),
            depends_on: named([
                ("database", DependencyCondition::Healthy),
                ("node", DependencyCondition::Started),
                ("unwatched", DependencyCondition::Completed),
            ]),
            secrets: ["database-password", "api-key"].map(mounted_secret).into(),
        },
        metrics: Some(every_metrics_setting()),
        signals: None,
        alerts: None,
        slo: None,
    }
}

fn every_container_setting() -> ContainerSettings {
    ContainerSettings {
        command: Some(words(["serve", "--motto", "costs $5: #1"])),
        entrypoint: Some(words(["/bin/shop"])),
        environment: texts([("ZONE", "no"), ("ANSWER", "42"), ("PRICE", "${FIVE}$$"), ("EMPTY", "")]),
        ports: Ports(vec![
            Port {
                every_family: false,
                host_ip: IpAddr::from([0, 0, 0, 0]),
                host_port: None,
                host_port_up_to: None,
                container_port: 8080,
                protocol: Protocol::Tcp,
            },
            Port {
                every_family: false,
                host_ip: IpAddr::from([0; 16]),
                host_port: None,
                host_port_up_to: None,
                container_port: 53,
                protocol: Protocol::Udp,
            },
        ]),
        expose: vec![8081],
        healthcheck: Some(Healthcheck {
            test: HealthcheckTest::Shell("curl -f localhost:8080/$PATH || exit 1".to_owned()),
            interval: Some(Duration::from_millis(1500)),
            timeout: Some(Duration::from_secs(90)),
            retries: Some(5),
            start_period: Some(Duration::from_secs(3600)),
        }),
        restart: Restart::OnFailure(Some(3)),
        hostname: Some("shop".to_owned()),
        user: Some("1000:1000".to_owned()),
        working_dir: Some("/srv".to_owned()),
        labels: texts([("com.acme.team", "shop & co: \"a\""), ("com.acme.on", "yes")]),
        extra_hosts: texts([("printer", "10.0.0.9"), ("host.docker.internal", "host-gateway")]),
        dns: vec![IpAddr::from([9, 9, 9, 9])],
        cap_add: vec!["NET_ADMIN".to_owned()],
        cap_drop: vec!["ALL".to_owned()],
        read_only: true,
        security_opt: vec!["no-new-privileges:true".to_owned()],
        tmpfs: vec!["/run".to_owned()],
        init: true,
        stop_signal: Some("SIGINT".to_owned()),
        stop_grace_period: Some(Duration::from_secs(90)),
        devices: vec!["/dev/fuse:/dev/fuse:rwm".to_owned()],
        ulimits: IndexMap::from([("nofile".to_owned(), Ulimit { soft: 1024, hard: 4096 })]),
        sysctls: texts([("net.core.somaxconn", "1024")]),
        shm_size: Some(ByteSize(64 << 20)),
        logging: Some(Logging { driver: "json-file".to_owned(), options: texts([("max-size", "10m")]) }),
        mem_limit: Some(ByteSize(512 << 20)),
        mem_reservation: Some(ByteSize(128 << 20)),
        cpus: Some(1.5),
        pids_limit: Some(200),
        platform: Some("linux/amd64".to_owned()),
        pull_policy: PullPolicy::Always,
        ..ContainerSettings::default()
    }
}

fn every_kind_of_mount() -> Vec<Mount> {
    let mount = |kind, target: &str, read_only| Mount { kind, target: target.to_owned(), read_only, no_copy: false };
    let bind = |source: &str, propagation| {
        let source = source.to_owned();
        MountKind::Bind { source, propagation, create_host_path: None }
    };
    let made = MountKind::Bind { source: "/srv/made".to_owned(), propagation: None, create_host_path: Some(true) };
    vec![
        mount(MountKind::Volume("database".to_owned()), "/data", true),
        mount(MountKind::Anonymous, "/cache", false),
        Mount { no_copy: true, ..mount(MountKind::Volume("database".to_owned()), "/empty", false) },
        mount(made, "/made", true),
        mount(bind("/srv/shop", None), "/srv", true),
        mount(bind("/srv/odd:name", None), "/odd", false),
        mount(bind("/media", Some(Propagation::Shared)), "/media", false),
        mount(MountKind::Tmpfs { size: Some(ByteSize(10 << 20)) }, "/tmp", false),
    ]
}

fn every_metrics_setting() -> Metrics {
    Metrics {
        job: Some("shop-front".parse().expect("a test writes valid names")),
        port: Some(8443),
        path: Some("/odd path/\"metrics\"".to_owned()),
        interval: Some(Duration::from_secs(5)),
        timeout: Some(Duration::from_secs(60)),
        scheme: Scheme::Https,
        discovery: Discovery::Dns,
        labels: texts([("team", "shop: $1"), ("yes", "{{ x }}")]),
        params: IndexMap::from([("collect[]".to_owned(), vec!["a b".to_owned(), "null".to_owned()])]),
        basic_auth: Some(BasicAuth {
            username: "scraper: #1".to_owned(),
            password: Secret::File("/srv/shop/secrets/scrape".to_owned()),
        }),
        bearer_token_file: None,
        tls: Some(Tls {
            ca_file: Some("/srv/shop/ca.pem".to_owned()),
            server_name: Some("shop.example".to_owned()),
            insecure_skip_verify: false,
        }),
        fallback_scrape_protocol: Some("PrometheusText0.0.4".to_owned()),
        sample_limit: Some(5000),
        honor_labels: true,
    }
}

fn database() -> App {
    let mut database = app("postgres:17", Metrics { port: Some(9187), ..Metrics::default() });
    database.container.container_name = Some("the-database".to_owned());
    database.container.healthcheck = Some(Healthcheck {
        test: HealthcheckTest::Words(vec!["pg_isready".to_owned()]),
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
    });
    database.wiring.networks = named([("back", ServiceNetwork::default())]);
    database
}

fn on_host() -> App {
    let mut on_host = app("ghcr.io/acme/sniffer:1", Metrics { port: Some(9555), ..dns(60) });
    on_host.container.network_mode = Some("host".to_owned());
    on_host.container.pid = Some("service:database".to_owned());
    on_host
}

fn node() -> Exporter {
    Exporter {
        version: Some("1.9.1".to_owned()),
        metrics: Metrics { port: Some(9101), ..Metrics::default() },
        ..Exporter::default()
    }
}

fn redis() -> Exporter {
    Exporter {
        image: Some("oliver006/redis_exporter:v1.74.0".to_owned()),
        container: ContainerSettings { expose: vec![9121], ..ContainerSettings::default() },
        ..Exporter::default()
    }
}

fn elsewhere() -> Scrape {
    Scrape {
        targets: vec!["10.0.0.7:9100".to_owned(), "[fd00::7]:9100".to_owned()],
        metrics: Metrics {
            labels: texts([("room", "north")]),
            bearer_token_file: Some("/srv/token".to_owned()),
            ..Metrics::default()
        },
    }
}
