//! Exporters that belong to an app: one line each, beside the real server of Debian.

use serde_json::Value;

use crate::compose::contents;
use crate::sandbox::{Sandbox, docker, eventually};
use crate::services::image;

const PASSWORD: &str = "p@ss`w:rd/\"#%41;x9Q";

/// The value of an expression that gives one series.
fn value(stack: &Sandbox, promql: &str) -> Option<String> {
    let answer = stack.json(&["query", promql]);
    answer["result"][0]["value"][1].as_str().map(str::to_owned)
}

/// Waits until every panel of a dashboard has data.
#[track_caller]
fn dashboard_is_filled(stack: &Sandbox, dashboard: &str) {
    let mut broken: Vec<Value> = Vec::new();
    let mut seen = 0;
    let deadline = std::time::Instant::now() + crate::sandbox::PATIENCE;
    loop {
        let findings = stack.findings("dashboards");
        let of = findings.into_iter().filter(|finding| finding["subject"] == dashboard);
        broken.clear();
        for finding in of {
            seen += 1;
            if finding["status"] != "ok" {
                broken.push(finding);
            }
        }
        if broken.is_empty() && seen > 0 {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{dashboard}: {broken:#?}");
    }
}

/// Neither what docker shows of the stack's containers nor what stackctl prints or renders has the password.
#[track_caller]
fn password_is_only_where_it_was(stack: &Sandbox, exporter: &str) {
    let inspected = docker(&["inspect", &stack.container(exporter, 1)]);
    assert!(!inspected.contains("w:rd"), "{inspected}");
    for arguments in [&["plan"][..], &["plan", "--format", "json"], &["check", "--explain"], &["verify"]] {
        let run = stack.run(arguments);
        assert!(!run.stdout.contains("w:rd") && !run.stderr.contains("w:rd"), "{arguments:?}: {}", run.stdout);
    }
    let folder = stack.path("rendered");
    stack.ok(&["render", "-o", folder.to_str().expect("a path")]);
    for (path, text) in contents(&folder) {
        // The app's own variable stays in compose.yml, where the stack file has it in the clear; secrets have a folder.
        let times = text.matches("w:rd").count();
        let expected = usize::from(path == "compose.yml");
        assert!(path.starts_with("secrets/") || times <= expected, "{path} has the password {times} times");
    }
}

#[test]
fn a_postgres_exporter_is_one_line_and_its_dashboard_is_full() {
    let (quoted, image) = (serde_json::Value::from(PASSWORD), image("postgres"));
    let stack = Sandbox::new(&format!(
        "apps:\n  db:\n    image: {image}\n    pull_policy: never\n    command: [postgres]\n    networks: [back]\n    \
         healthcheck: {{ test: [CMD, /usr/lib/postgresql/15/bin/pg_isready, -h, 127.0.0.1], interval: 1s }}\n    \
         environment: {{ POSTGRES_USER: shop, POSTGRES_PASSWORD: {quoted}, POSTGRES_DB: orders }}\n\
         networks: {{ back: {{}} }}\nexporters: {{ postgres: {{ for: db }} }}\n"
    ));
    let up = stack.ok(&["up"]);
    eventually("the exporter reaches the database", || value(&stack, "pg_up").as_deref() == Some("1"));
    assert!(up.stdout.contains("postgres"), "{}", up.stdout);
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    assert_eq!(value(&stack, "count(pg_database_size_bytes{datname=\"orders\"})").as_deref(), Some("1"));
    password_is_only_where_it_was(&stack, "postgres");
    dashboard_is_filled(&stack, "postgres");
}

#[test]
fn a_mysqld_exporter_takes_the_login_of_a_mariadb_from_its_secret() {
    let stack = Sandbox::bare("");
    std::fs::write(stack.path("password"), format!("{}\n", "R0ot w:rd;#x")).expect("the test's folder is writable");
    let image = image("mariadb");
    stack.write(&format!(
        "secrets: {{ root: {{ file: password }} }}\napps:\n  shop-db:\n    image: {image}\n    pull_policy: never\n    \
         command: [mariadb]\n    \
         healthcheck: {{ test: [CMD, mariadb-admin, --protocol=tcp, ping], interval: 1s }}\n    secrets: [root]\n    environment: {{ MARIADB_ROOT_PASSWORD_FILE: /run/secrets/root }}\n\
         exporters: {{ mysql: {{ for: shop-db }} }}\n"
    ));
    stack.ok(&["up"]);
    eventually("the exporter reaches the database", || value(&stack, "mysql_up").as_deref() == Some("1"));
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    password_is_only_where_it_was(&stack, "mysql");
    dashboard_is_filled(&stack, "mysql");
}

#[test]
fn redis_exporters_watch_one_app_each_and_one_dashboard_shows_both() {
    let (image, quoted) = (image("redis"), serde_json::Value::from(PASSWORD));
    let stack = Sandbox::new(&format!(
        "apps:\n  open: {{ image: {image}, pull_policy: never, command: [redis] }}\n  \
         closed: {{ image: {image}, pull_policy: never, command: [redis, --requirepass, {quoted}] }}\n\
         exporters:\n  open-redis: {{ kind: redis, for: open }}\n  closed-redis: {{ kind: redis, for: closed }}\n"
    ));
    stack.ok(&["up"]);
    eventually("both are reached", || value(&stack, "sum(redis_up)").as_deref() == Some("2"));
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    for (app, login) in [("open", &[][..]), ("closed", &["-a", PASSWORD])] {
        let container = stack.container(app, 1);
        docker(&[&["exec", &container, "redis-cli"], login, &["set", "key", "value"]].concat());
        docker(&[&["exec", &container, "redis-cli"], login, &["get", "key"]].concat());
    }
    password_is_only_where_it_was(&stack, "closed-redis");
    dashboard_is_filled(&stack, "redis");
    let open = stack.container("open-redis", 1);
    let confined = docker(&["inspect", "-f", "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}", &open]);
    assert_eq!(confined.trim(), "true [ALL]");
}

#[test]
fn an_nginx_exporter_reads_the_page_of_its_app() {
    let image = image("nginx");
    let stack = Sandbox::new(&format!(
        "apps: {{ web: {{ image: {image}, pull_policy: never, command: [nginx] }} }}\nexporters: {{ nginx: {{ for: web }} }}\n"
    ));
    stack.ok(&["up"]);
    eventually("the page is read", || value(&stack, "nginx_up").as_deref() == Some("1"));
    dashboard_is_filled(&stack, "nginx");
}
