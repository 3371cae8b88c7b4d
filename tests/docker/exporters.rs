//! Exporters that belong to an app: one line each, beside the real server of Debian.

use serde_json::Value;

use crate::compose::contents;
use crate::sandbox::{Sandbox, docker, eventually, own_image, run};
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

#[test]
fn a_haproxy_exporter_reads_the_page_of_its_app() {
    let image = image("haproxy");
    let stack = Sandbox::new(&format!(
        "apps: {{ balancer: {{ image: {image}, pull_policy: never, command: [haproxy] }} }}\n\
         exporters: {{ haproxy: {{ for: balancer }} }}\n"
    ));
    stack.ok(&["up"]);
    eventually("the page is read", || value(&stack, "haproxy_up").as_deref() == Some("1"));
    assert_eq!(value(&stack, "count(haproxy_frontend_sessions_total{frontend=\"stats\"})").as_deref(), Some("1"));
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
}

#[test]
fn a_process_exporter_counts_the_processes_of_the_host() {
    let stack = Sandbox::new("exporters: { process: {} }\n");
    stack.ok(&["up"]);
    let processes = "namedprocess_namegroup_num_procs{groupname=\"dockerd\"} >= bool 1";
    eventually("the engine's own process is counted", || value(&stack, processes).as_deref() == Some("1"));
    let files = "namedprocess_namegroup_open_filedesc{groupname=\"dockerd\"} >= bool 1";
    assert_eq!(value(&stack, files).as_deref(), Some("1"), "it may read what other users' processes have open");
    let inspected = docker(&[
        "inspect",
        "-f",
        "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}}",
        &stack.container("process", 1),
    ]);
    assert_eq!(inspected.trim(), "true false");
}

#[test]
fn a_device_that_speaks_snmp_is_a_job_of_its_own_through_the_exporter() {
    let image = image("snmpd");
    let stack = Sandbox::bare("");
    let modules = "uptime:\n  get: [1.3.6.1.2.1.1.3.0]\n  version: 2\n  auth: { community: public }\n  metrics:\n    \
                   - { name: sysUpTime, oid: 1.3.6.1.2.1.1.3, type: gauge, help: hundredths of a second }\n";
    std::fs::write(stack.path("snmp.yml"), modules).expect("the test's folder is writable");
    let listen = "\"--web.listen-address=:9116\"";
    stack.write(&format!(
        "apps: {{ switch: {{ image: {image}, pull_policy: never, command: [snmpd] }} }}\nexporters:\n  snmp:\n    \
         command: [--config.file=/etc/snmp.yml, {listen}]\n    volumes: [\"./snmp.yml:/etc/snmp.yml:ro\"]\n\
         scrape:\n  switches:\n    targets: [\"snmp:9116\"]\n    path: /snmp\n    params: {{ target: [switch], module: [uptime] }}\n"
    ));
    stack.ok(&["up"]);
    let uptime = "sysUpTime{job=\"switches\"} > bool 0";
    eventually("the device is asked", || value(&stack, uptime).as_deref() == Some("1"));
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    docker(&["stop", "-t", "1", &stack.container("switch", 1)]);
    eventually("a device that does not answer is a target that is down", || {
        stack.broken_targets().iter().any(|target| target.starts_with("snmp:9116 "))
    });
}

#[test]
fn a_database_that_is_stopped_is_told_from_an_exporter_that_is() {
    let image = image("redis");
    let stack = Sandbox::new(&format!(
        "apps: {{ cache: {{ image: {image}, pull_policy: never, command: [redis] }} }}\nexporters: {{ redis: {{ for: cache }} }}\n"
    ));
    stack.ok(&["up"]);
    eventually("the exporter reaches the database", || value(&stack, "redis_up").as_deref() == Some("1"));
    docker(&["stop", &stack.container("cache", 1)]);
    eventually("the stopped database is seen", || {
        stack.broken_targets().contains(&"STACK-redis-1 app-unreachable".to_owned())
    });
    assert_eq!(value(&stack, "redis_up").as_deref(), Some("0"));
    let findings = stack.findings("targets");
    let finding = findings.iter().find(|finding| finding["cause"] == "app-unreachable").expect("it was there");
    assert!(
        finding["message"].as_str().is_some_and(|text| text.contains("`cache`, which it watches, does not run")),
        "{finding:#}"
    );
    stack.ok(&["up"]);
    eventually("it is well again", || stack.broken_targets().is_empty());

    docker(&["exec", &stack.container("cache", 1), "redis-cli", "config", "set", "requirepass", "changed"]);
    eventually("the login that is refused is seen", || {
        let findings = stack.findings("targets");
        let finding = findings.iter().find(|finding| finding["cause"] == "app-unreachable");
        finding.is_some_and(|finding| {
            finding["message"].as_str().is_some_and(|text| text.contains("cannot use `cache:6379`"))
        })
    });
}

/// A network of others, with somebody in it who is called `cache`.
struct Others(String);

impl Others {
    fn new(name: &str) -> Self {
        let others = Self(name.to_owned());
        docker(&["network", "create", name]);
        let words = ["run", "-d", "--name", name, "--network", name, "--network-alias", "cache"];
        docker(&[&words[..], &[&own_image(), "demo", "accesslog"]].concat());
        others
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        for words in [["rm", "-f", &self.0], ["network", "rm", &self.0]] {
            run(std::process::Command::new("docker").args(words));
        }
    }
}

#[test]
fn an_exporter_asks_its_own_app_where_a_stranger_has_the_name_of_that() {
    let stack = Sandbox::new("");
    let others = Others::new(&format!("{}lan", stack.name));
    let write = |networks: &str| {
        stack.write(&format!(
            "networks: {{ lan: {{ external: true, name: {} }} }}\nexporters: {{ redis: {{ for: cache }} }}\napps: {{ cache: \
             {{ image: {}, pull_policy: never, command: [redis, --protected-mode, 'no'], networks: {networks} }} }}\n",
            others.0,
            image("redis")
        ));
    };
    let networks = || {
        let format = "{{range $name, $it := .NetworkSettings.Networks}}{{$name}} {{end}}";
        docker(&["inspect", "--format", format, &stack.container("redis", 1)]).trim().to_owned()
    };
    for (of_app, of_exporter) in [("[default, lan]", format!("{}_default", stack.name)), ("[lan]", others.0.clone())] {
        write(of_app);
        stack.ok(&["up"]);
        assert_eq!(networks(), of_exporter);
        eventually("it is reached each time", || value(&stack, "sum_over_time(redis_up[6s])").as_deref() == Some("6"));
        assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    }
    stack.ok(&["down", "--volumes", "--yes"]);
    drop(others);
    stack.write("");
}

#[test]
fn a_probe_whose_prober_does_not_run_tells_of_the_prober() {
    let stack = Sandbox::new("probes: { front: { tcp: \"prometheus:9090\" } }\n");
    stack.ok(&["up"]);
    docker(&["stop", &stack.container("blackbox", 1)]);
    let findings = stack.findings("targets");
    let of = |subject: &str| findings.iter().find(|finding| finding["subject"] == subject).expect("it is told");
    assert_eq!((&of("front")["cause"], &of("front")["fix"]), (&of("blackbox")["cause"], &of("blackbox")["fix"]));
    let message = of("front")["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("nobody asks `prometheus:9090`: container"), "{message}");
}

#[test]
fn an_exporter_that_names_its_app_itself_is_told_where_it_does_not_reach_it() {
    let stack = Sandbox::new("exporters: { redis: { environment: { REDIS_ADDR: 'redis://prometheus:6379' } } }\n");
    stack.expect(3, &["up"]);
    assert_eq!(stack.broken_targets(), ["STACK-redis-1 app-unreachable"]);
}

#[test]
fn a_batch_job_pushes_and_its_figures_stay_over_a_new_container() {
    let stack = Sandbox::new("exporters: { pushgateway: {} }\n");
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    let pushed = stack.ok(&[
        "push",
        "backup",
        "--label",
        "database=orders",
        "--label",
        "path=/var/a",
        "backup_bytes=1048576",
        "backup_ok=1",
    ]);
    assert!(pushed.stderr.contains("pushed 2 samples for job `backup`"), "{}", pushed.stderr);
    let series = "backup_bytes{job=\"backup\",instance=\"\",database=\"orders\",path=\"/var/a\"}";
    eventually("the job's own labels are kept", || value(&stack, series).as_deref() == Some("1048576"));

    std::fs::write(
        stack.path("metrics"),
        "# TYPE rows_total counter\nrows_total{table=\"a\"} 7\nrows_total{table=\"b\"} 8",
    )
    .expect("our folder");
    stack.ok(&["push", "import", "--from", stack.path("metrics").to_str().expect("a path")]);
    eventually("a file is pushed", || value(&stack, "sum(rows_total{job=\"import\"})").as_deref() == Some("15"));

    std::fs::write(stack.path("metrics"), "rows_total{table=\"a\" 7\n").expect("our folder");
    let refused = stack.expect(2, &["push", "import", "--from", stack.path("metrics").to_str().expect("a path")]);
    assert!(refused.stderr.contains("line 1") && refused.stderr.contains("rows_total{table"), "{}", refused.stderr);
    std::fs::write(stack.path("metrics"), "# TYPE backup_bytes counter\nbackup_bytes 1\n").expect("our folder");
    let refused = stack.expect(1, &["push", "other", "--from", stack.path("metrics").to_str().expect("a path")]);
    assert!(refused.stderr.contains("it answers 400") && refused.stderr.contains("inconsistent"), "{}", refused.stderr);
    let nothing = stack.expect(2, &["push", "other"]);
    assert!(nothing.stderr.contains("there is nothing to push"), "{}", nothing.stderr);
    dashboard_is_filled(&stack, "pushgateway");

    // It writes its file as it ends.
    docker(&["stop", &stack.container("pushgateway", 1)]);
    let down = stack.expect(1, &["push", "backup", "backup_ok=1"]);
    assert!(down.stderr.contains("`pushgateway` does not run"), "{}", down.stderr);
    docker(&["rm", &stack.container("pushgateway", 1)]);
    stack.ok(&["up"]);
    eventually("what was pushed is there again", || value(&stack, series).as_deref() == Some("1048576"));
    stack.ok(&["push", "backup", "--label", "database=orders", "--label", "path=/var/a", "--delete"]);
    eventually("what was deleted is gone", || value(&stack, series).is_none());
}

#[test]
fn probes_ask_from_outside_and_one_that_fails_says_what_failed() {
    let image = image("nginx");
    let stack = Sandbox::new(&format!(
        "apps:\n  web: {{ image: {image}, pull_policy: never, command: [nginx] }}\n\
         probes:\n  page: {{ http: \"http://web/\", body: hello }}\n  port: {{ tcp: \"web:80\" }}\n  echo: {{ icmp: [web, prometheus] }}\n  \
         names: {{ dns: \"127.0.0.11\", name: web }}\n"
    ));
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0], "a second up does nothing");
    assert_eq!(value(&stack, "count(probe_success == 1)").as_deref(), Some("5"));
    let subjects: Vec<String> =
        stack.findings("targets").iter().map(|it| format!("{} {}", it["subject"], it["instance"])).collect();
    assert!(
        subjects.contains(&"\"page\" \"http://web/\"".to_owned()),
        "one entry for each thing that is asked: {subjects:?}"
    );
    assert_eq!(subjects.iter().filter(|subject| subject.starts_with("\"echo\"")).count(), 2);
    dashboard_is_filled(&stack, "blackbox");
    let confined =
        docker(&["inspect", "-f", "{{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}}", &stack.container("blackbox", 1)]);
    assert_eq!(confined.trim(), "[ALL] []", "no capability, not even for the echo");

    stack.write(&format!(
        "apps:\n  web: {{ image: {image}, pull_policy: never, command: [nginx] }}\n\
         probes:\n  body: {{ http: \"http://web/\", body: goodbye }}\n  status: {{ http: \"http://web/\", status: 404 }}\n  \
         port: {{ tcp: \"web:81\" }}\n  gone: {{ tcp: \"web:82\", tls: true }}\n  \
         plain: {{ tcp: \"web:80\", tls: true }}\n  nowhere: {{ http: \"http://nowhere/\" }}\n  names: {{ dns: \"127.0.0.11\", name: nobody.example }}\n"
    ));
    stack.run(&["up", "--timeout", "10s"]);
    let failed = |subject: &str| {
        let findings = stack.findings("targets");
        let finding =
            findings.into_iter().find(|finding| finding["subject"] == subject && finding["cause"] == "probe-failed");
        finding.map(|finding| finding["message"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    for (subject, reason) in [
        ("body", "it answers 200, and its body is not as"),
        ("status", "it answers 200"),
        ("port", "no connection within"),
        ("gone", "s: nothing listens there"),
        ("plain", "s: it listens there, and speaks no TLS"),
        ("nowhere", "its name leads nowhere"),
    ] {
        eventually(subject, || failed(subject).contains(reason));
    }
    assert!(!failed("names").is_empty());
}

#[test]
fn up_and_verify_say_alike_what_exporters_and_probes_do_not_reach() {
    let stack = Sandbox::new(
        "apps: { db: { image: stackctl/self, command: [demo, accesslog] } }\nexporters: { redis: { for: db } }\n\
         probes: { port: { tcp: \"db:81\" } }\n",
    );
    for command in ["up", "verify"] {
        let run = stack.expect(3, &[command]);
        let failed: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("fail  ")).collect();
        assert_eq!(failed.len(), 2, "{command}: {}", run.stdout);
        assert!(failed.iter().any(|line| line.ends_with("app-unreachable")), "{command}: {}", run.stdout);
        assert!(failed.iter().any(|line| line.ends_with("probe-failed")), "{command}: {}", run.stdout);
        assert!(run.stdout.contains("job-down") && !run.stdout.contains("signals"), "{command}: {}", run.stdout);
    }
}

#[test]
fn a_second_node_exporter_on_the_host_is_told_another_port_before_anything_starts() {
    let on = |port: u16| format!("exporters: {{ node: {{ metrics: {{ port: {port} }} }} }}\n");
    let (first, second) = (Sandbox::new(&on(19197)), Sandbox::new(&on(19197)));
    first.ok(&["up", "--no-wait"]);
    let refused = second.expect(1, &["up"]);
    assert!(
        refused.stderr.contains(&format!("is taken by `{}-node-1` of stack `{}`", first.name, first.name)),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("exporters: { node: { metrics: { port: 19198 } } }"), "{}", refused.stderr);
    assert!(second.running("node").is_empty());
    second.write(&on(19198));
    second.ok(&["up"]);
    first.ok(&["up"]);
}
