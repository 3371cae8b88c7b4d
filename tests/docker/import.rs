//! Somebody else's project, imported and brought up: dockprom, the host monitor that people copy.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::{Path, PathBuf};

use crate::data;
use crate::sandbox::{Sandbox, own_image, run, stackctl};

/// Where the files lie; their names are paths with `_` in the place of `/`.
fn corpus() -> Option<PathBuf> {
    data::folder("dockprom was not imported and not brought up").map(|folder| folder.join("corpus"))
}

/// dockprom's files in their folders again.
fn dockprom(corpus: &Path, into: &Path) {
    let dashboards = ["docker_containers", "docker_host", "monitor_services", "nginx_container"];
    let mut files = vec![
        ("compose".to_owned(), "docker-compose.yml".to_owned(), "docker-compose.yml".to_owned()),
        ("prometheus".to_owned(), "prometheus_prometheus.yml".to_owned(), "prometheus/prometheus.yml".to_owned()),
        ("rules".to_owned(), "prometheus_alert.rules.yml".to_owned(), "prometheus/alert.rules".to_owned()),
    ];
    for name in dashboards {
        let folder = "grafana/provisioning/dashboards";
        files.push((
            "dashboards".to_owned(),
            format!("grafana_provisioning_dashboards_{name}.json"),
            format!("{folder}/{name}.json"),
        ));
    }
    for (kind, from, to) in files {
        let to = into.join(to);
        std::fs::create_dir_all(to.parent().expect("it lies in a folder")).unwrap();
        std::fs::copy(corpus.join(kind).join(format!("stefanprodan__dockprom__{from}")), to).unwrap();
    }
}

/// What this machine has images for: Prometheus and node-exporter of Debian. The others answer in their place, under
/// their names and on their ports. Names and ports of the host are the test's own.
fn what_is_here(name: &str) -> String {
    let stand_in = |app: &str, port: u16| {
        format!(
            "  {app}:\n    image: stackctl/self\n    command: [demo, accesslog, --port, '{port}']\n    \
             container_name: {name}-{app}\n    volumes: []\n    privileged: false\n    ports: []\n    devices: []\n"
        )
    };
    format!(
        "images: {{ from: debian }}\nprometheus: {{ container_name: {name}-prometheus }}\ngrafana: off\napps:\n  \
         nodeexporter: {{ image: 'stackctl/node:debian', container_name: {name}-nodeexporter }}\n{}{}{}{}",
        stand_in("alertmanager", 9093),
        stand_in("cadvisor", 8080),
        stand_in("pushgateway", 9091),
        stand_in("caddy", 3000),
    )
}

#[test]
fn dockprom_is_imported_brought_up_and_proven() {
    let Some(corpus) = corpus() else { return };
    let stack = Sandbox::bare("");
    dockprom(&corpus, &stack.path("dockprom"));
    let mut import = stackctl();
    import.args(["import", "--force", "--name", &stack.name, "-o"]).arg(stack.stack_file()).arg(stack.path("dockprom"));
    let imported = run(&mut import);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    assert!(imported.stderr.contains("7 of 7 services and 4 of 4 scrape jobs"), "{}", imported.stderr);
    stack.ok(&["check"]);

    std::fs::write(stack.path("here.yml"), what_is_here(&stack.name)).unwrap();
    let here = stack.path("here.yml").display().to_string();
    stack.ok(&["-f", &here, "up"]);
    let verified = stack.json(&["-f", &here, "verify", "targets"]);
    let checks = verified["checks"].as_array().expect("there are checks");
    for job in ["nodeexporter", "cadvisor", "pushgateway", "prometheus"] {
        let is_well = |check: &&serde_json::Value| check["subject"] == job && check["status"] == "ok";
        assert!(checks.iter().any(|check| is_well(&check)), "{job}: {verified:#}");
    }
    let rules = stack.ok(&["-f", &here, "query", "count(node_load1{job=\"nodeexporter\"})"]);
    assert!(rules.stdout.contains('1'), "{}", rules.stdout);
}

#[test]
fn init_starts_what_it_has_written_where_it_is_told_to() {
    let stack = Sandbox::new("");
    // Prometheus from Debian, under the name that a Compose file can give it.
    stack.ok(&["images", "pull"]);
    std::fs::remove_file(stack.stack_file()).unwrap();
    let compose = format!(
        "services:\n  web: {{ image: '{}', command: [demo, accesslog] }}\n  \
         prometheus: {{ image: 'stackctl/prometheus:debian', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }}\n",
        own_image()
    );
    std::fs::write(stack.path("compose.yml"), compose).unwrap();
    let config = "global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: web, static_configs: [{ targets: ['web:80'] }] }]\n";
    std::fs::write(stack.path("prometheus.yml"), config).unwrap();
    let told = stack.ok(&["init", "--yes", "--up", "--name", &stack.name, "--no-exporters", "--no-running"]);
    assert!(told.stderr.contains("ok wrote "), "{}", told.stderr);
    assert_eq!(stack.running("web").len(), 1);
    let findings = stack.findings("targets");
    assert!(findings.iter().any(|finding| finding["subject"] == "web" && finding["status"] == "ok"), "{findings:#?}");
    assert_eq!(stack.plan(), [""; 0]);
}
