//! `init`: the questions under a pseudo-terminal, and the answers without one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "support/session.rs"]
mod session;

use std::fs;
use std::path::Path;

use session::Session;

/// No engine is here: what runs on the machine of a test is nobody's business.
const NO_ENGINE: (&str, &str) = ("DOCKER_HOST", "unix:///nowhere/docker.sock");

fn stackctl(folder: &Path, words: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.current_dir(folder).env(NO_ENGINE.0, NO_ENGINE.1).args(words).assert()
}

fn written(folder: &Path) -> String {
    fs::read_to_string(folder.join("stack.yml")).expect("it was written")
}

#[test]
fn the_questions_lead_to_a_stack_file_that_passes_check() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(folder.path(), &["init"], &[NO_ENGINE]);
    session.expect("Name of the stack").press("\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}shop\r");
    session.expect("Image of an app").press("ghcr.io/acme/web:1.4\r");
    session.expect("Its name").press("\r");
    session.expect("Port to publish").press("8080:80\r");
    session.expect("Where its metrics are").press("nonsense\r").expect("write PORT/PATH");
    session.press("\u{15}80/q/metrics\r");
    session.expect("Image of an app").press("\r");
    session.expect("Which exporters?").press("\r");
    session.expect("engine's own metrics?").press("y");
    session.expect("Run Grafana").press("n");
    session.expect("metrics: { port: 80, path: /q/metrics }").expect("Write stack.yml?").press("y");
    session.expect("wrote stack.yml");
    assert_eq!(session.exit_code(), 0);
    let text = written(folder.path());
    for line in [
        "name: shop",
        "  web:",
        "    image: ghcr.io/acme/web:1.4",
        "grafana: off",
        "engine: { metrics: gateway }",
        "exporters: { node: {} }",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    stackctl(folder.path(), &["check"]).success();
}

const COMPOSE: &str = "services:\n  web: { image: 'nginx:1.27', ports: ['80:80'], environment: { DB_PASSWORD: hunter2 } }\n  \
                       db: { image: 'postgres:16' }\n";

/// A folder `shop` with a Compose file.
fn shop() -> tempfile::TempDir {
    let above = tempfile::tempdir().unwrap();
    fs::create_dir(above.path().join("shop")).unwrap();
    fs::write(above.path().join("shop/compose.yml"), COMPOSE).unwrap();
    above
}

#[test]
fn a_compose_file_that_lies_here_is_offered_and_imported() {
    let above = shop();
    let folder = above.path().join("shop");
    let mut session = Session::start(&folder, &["init"], &[NO_ENGINE]);
    session.expect("A Compose project lies here").expect("import compose.yml").press("\r");
    session.expect("2 of 2 services and no scrape jobs").expect("Which exporters for what was imported?").press("\r");
    session.expect("no Docker engine answers").expect("Write stack.yml?").press("y");
    session.expect("DB_PASSWORD went into `.env`");
    assert_eq!(session.exit_code(), 0);
    assert!(written(&folder).contains("image: nginx:1.27"));
    assert!(!written(&folder).contains("hunter2"), "{}", written(&folder));
    assert_eq!(fs::read_to_string(folder.join(".env")).unwrap(), "DB_PASSWORD='hunter2'\n");
    assert!(written(&folder).contains("exporters:\n  postgres: { for: db }\n"), "{}", written(&folder));
    stackctl(&folder, &["check"]).success();
    let told = stackctl(&folder, &["init", "--yes", "--force"]).success();
    let said = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(said.contains("`db` runs postgres:16: `stackctl add exporter postgres --for db`"), "{said}");
    assert!(!written(&folder).contains("exporters:"), "an import stays what it was:\n{}", written(&folder));
    stackctl(&folder, &["add", "exporter", "postgres", "--for", "db"]).success();
    stackctl(&folder, &["check"]).success();
}

#[test]
fn a_prometheus_yml_that_lies_here_alone_is_offered_and_imported() {
    let folder = tempfile::tempdir().unwrap();
    let config = "scrape_configs: [{ job_name: hosts, static_configs: [{ targets: ['10.0.0.9:9100'] }] }]\n";
    fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let mut session = Session::start(folder.path(), &["init", "--name", "watch"], &[NO_ENGINE]);
    session.expect("Import prometheus.yml?").press("y");
    session.expect("1 of 1 scrape job").expect("Write stack.yml?").press("y");
    assert_eq!(session.exit_code(), 0);
    assert!(
        written(folder.path()).contains("  hosts: { targets: [\"10.0.0.9:9100\"] }\n"),
        "{}",
        written(folder.path())
    );
    stackctl(folder.path(), &["check"]).success();
}

#[test]
fn a_compose_file_that_lies_here_is_included_and_stays_the_source() {
    let above = shop();
    let folder = above.path().join("shop");
    let mut session = Session::start(&folder, &["init"], &[NO_ENGINE]);
    session.expect("A Compose project lies here").press("\u{1b}[B").press("\r");
    session.expect("Name of the stack").press("\r");
    session.expect("Which of these services have metrics?").press(" ").press("\r");
    session.expect("Which exporters?").press("\r");
    session.expect("engine's own metrics?").press("n");
    session.expect("Run Grafana").press("n");
    session.expect("include: [compose.yml]").expect("Write stack.yml?").press("y");
    assert_eq!(session.exit_code(), 0);
    let text = written(&folder);
    // Nginx tells nothing before it is told to: its exporter is offered, and not marked.
    for line in ["name: shop", "include: [compose.yml]", "  web: { metrics: {} }", "  postgres: { for: db }"] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let told = text.lines().find(|line| line.starts_with("# Not scraped")).unwrap_or_default();
    assert!(!told.contains("db"), "its exporter watches it: {told}");
    assert_eq!(fs::read_to_string(folder.join("compose.yml")).unwrap(), COMPOSE);
    stackctl(&folder, &["check"]).success();
    let options =
        ["init", "--yes", "--force", "--include", "compose.yml", "--metrics", "web=80/stats", "--no-exporters"];
    stackctl(&folder, &options).success();
    assert!(written(&folder).contains("  web:\n    metrics: { port: 80, path: /stats }\n"), "{}", written(&folder));
    stackctl(&folder, &["check"]).success();
}

/// Presses Ctrl-C at one question after another. `before`: what is in the folder; nothing else is afterwards.
fn ctrl_c_at_each(questions: &[(&str, &str)], folder: impl Fn() -> tempfile::TempDir, below: &str, before: usize) {
    for (question, _) in questions {
        let above = folder();
        let here = above.path().join(below);
        let mut session = Session::start(&here, &["init"], &[NO_ENGINE]);
        for (asked, answer) in questions {
            session.expect(asked);
            if asked == question {
                session.press("\u{3}");
                break;
            }
            session.press(answer);
        }
        assert_eq!(session.exit_code(), 130, "at {question}");
        session.expect("\u{1b}[?25h");
        assert_eq!(fs::read_dir(&here).unwrap().count(), before, "at {question}");
    }
}

#[test]
fn ctrl_c_leaves_the_terminal_whole_and_nothing_half_written() {
    let all = [
        ("Name of the stack", "\r"),
        ("Image of an app", "web:1\r"),
        ("Its name", "\r"),
        ("Port to publish", "\r"),
        ("Where its metrics are", "\r"),
        ("Image of an app", "\r"),
        ("Which exporters?", "\r"),
        ("engine's own metrics?", "n"),
        ("Run Grafana", "y"),
        ("Write stack.yml?", "y"),
    ];
    ctrl_c_at_each(&all, || tempfile::tempdir().unwrap(), "", 0);
}

#[test]
fn ctrl_c_leaves_a_compose_project_as_it_was() {
    let import = [
        ("A Compose project lies here", "\r"),
        ("Which exporters for what was imported?", "\r"),
        ("Write stack.yml?", "y"),
    ];
    ctrl_c_at_each(&import, shop, "shop", 1);
    let include = [
        ("A Compose project lies here", "\u{1b}[B\r"),
        ("Name of the stack", "\r"),
        ("Which of these services have metrics?", "\r"),
        ("Which exporters?", "\r"),
        ("engine's own metrics?", "n"),
        ("Run Grafana", "y"),
        ("Write stack.yml?", "y"),
    ];
    ctrl_c_at_each(&include, shop, "shop", 1);
}

#[test]
fn a_grafana_of_ones_own_making_is_an_app_where_it_is_imported_and_left_out_where_its_project_is_included() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("shop");
    fs::create_dir(&folder).unwrap();
    let compose = "services:\n  web: { image: 'acme/web:1' }\n  grafana: { build: ./grafana }\n  Prometheus: { image: 'acme/watch:1' }\n";
    fs::write(folder.join("compose.yml"), compose).unwrap();
    stackctl(&folder, &["init", "--yes"]).success();
    assert!(written(&folder).contains("  grafana-app:\n"), "{}", written(&folder));
    stackctl(&folder, &["check"]).success();
    let run = stackctl(&folder, &["init", "--yes", "--force", "--include", "compose.yml"]).success();
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains("leaves grafana, Prometheus of the project out"), "{said}");
    stackctl(&folder, &["check"]).success();
}

#[test]
fn a_folder_of_a_long_name_leaves_room_for_the_names_of_its_services() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("a-monitoring-stack-of-many-words-for-kafka");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("compose.yml"), "services: { kafka-schema-registry-of-the-shop: { image: 'acme/r:1' } }\n")
        .unwrap();
    for way in ["--from", "--include"] {
        stackctl(&folder, &["init", "--yes", "--force", way, "compose.yml"]).success();
        assert!(written(&folder).contains("name: a-monitoring-stack-of-many\n"), "{}", written(&folder));
        stackctl(&folder, &["check"]).success();
    }
}

#[test]
fn no_terminal_needs_a_word_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let refused = stackctl(folder.path(), &["init"]).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("--yes") && said.contains("--answers"), "{said}");
    stackctl(folder.path(), &["init", "--yes"]).success();
    stackctl(folder.path(), &["check"]).success();
    let before = written(folder.path());
    stackctl(folder.path(), &["init", "--yes", "--name", "other"]).code(2);
    assert_eq!(written(folder.path()), before);
    stackctl(folder.path(), &["init", "--yes", "--name", "other", "--force"]).success();
    assert!(written(folder.path()).contains("name: other"));
}

#[test]
fn an_app_of_a_known_image_gets_its_exporter_in_one_line_that_passes_check() {
    let folder = tempfile::tempdir().unwrap();
    let known = [
        ("postgres:16", "postgres"),
        ("mariadb:11", "mysql"),
        ("redis:7", "redis"),
        ("mongo:7", "mongodb"),
        ("memcached:1.6", "memcached"),
        ("opensearchproject/opensearch:2.1.0", "elasticsearch"),
        ("bitnami/kafka:3.7", "kafka"),
    ];
    for (image, kind) in known {
        let app = format!("db={image}");
        stackctl(folder.path(), &["init", "--yes", "--force", "--app", &app]).success();
        let text = written(folder.path());
        assert!(text.lines().any(|line| line == format!("  {kind}: {{ for: db }}")), "{kind} is not in\n{text}");
        stackctl(folder.path(), &["check"]).success();
    }
    for (image, kind) in [("nginx:1.27", "nginx"), ("haproxy:3.0", "haproxy"), ("rabbitmq:4", "rabbitmq")] {
        let app = format!("db={image}");
        stackctl(folder.path(), &["init", "--yes", "--force", "--app", &app]).success();
        assert!(!written(folder.path()).contains(&format!("{kind}: {{ for")), "{}", written(folder.path()));
        let exporter = format!("{kind}=db");
        stackctl(folder.path(), &["init", "--yes", "--force", "--app", &app, "--exporter", &exporter]).success();
        assert!(written(folder.path()).contains(&format!("  {kind}: {{ for: db }}\n")));
        stackctl(folder.path(), &["check"]).success();
    }
}

#[test]
fn two_apps_of_a_kind_and_one_called_like_it_have_exporters_of_their_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let apps = ["init", "--yes", "--app", "redis=redis:7", "--app", "cache=valkey/valkey:8", "--app", "db=postgres:16"];
    stackctl(folder.path(), &apps).success();
    let text = written(folder.path());
    for line in [
        "  redis-exporter: { kind: redis, for: redis }",
        "  cache-exporter: { kind: redis, for: cache }",
        "  postgres: { for: db }",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    stackctl(folder.path(), &["check"]).success();
    let mut by_hand = apps.to_vec();
    by_hand.extend(["--force", "--app", "postgres-exporter=prometheuscommunity/postgres-exporter:v0.17.1"]);
    stackctl(folder.path(), &by_hand).success();
    assert!(!written(folder.path()).contains("for: db"), "something watches it: {}", written(folder.path()));
}

#[test]
fn no_exporter_is_offered_whose_job_or_name_is_there_already() {
    let node = "  node-exporter: { image: 'prom/node-exporter:v1.9.0' }\n";
    for (services, job, offered) in [
        // The job is there.
        (node, Some("node"), None),
        ("", Some("node"), None),
        // A service is called so.
        ("  node: { image: 'acme/node:1' }\n", None, None),
        // It runs as an app, under other names.
        (node, Some("hosts"), Some("node (the host; an app is it already)")),
        ("", Some("hosts"), Some("node (the host)")),
    ] {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("shop");
        fs::create_dir(&folder).unwrap();
        let watch =
            "  watch: { image: 'prom/prometheus:v3.5.0', volumes: ['./p.yml:/etc/prometheus/prometheus.yml'] }\n";
        let compose = format!("services:\n  web: {{ image: 'acme/web:1' }}\n{services}{watch}");
        let target = if services.is_empty() { "10.0.0.9" } else { "node-exporter" };
        let job = job.map(|job| format!("{{ job_name: {job}, static_configs: [{{ targets: ['{target}:9100'] }}] }}"));
        fs::write(folder.join("docker-compose.yml"), compose).unwrap();
        fs::write(folder.join("p.yml"), format!("scrape_configs: [{}]\n", job.unwrap_or_default())).unwrap();
        stackctl(&folder, &["init", "--yes", "--include", "docker-compose.yml"]).success();
        let is_marked = offered == Some("node (the host)");
        assert_eq!(written(&folder).contains("  node: {}\n") || written(&folder).contains("{ node: {} }"), is_marked);
        stackctl(&folder, &["check"]).success();
        let mut session = Session::start(&folder, &["init", "--force"], &[NO_ENGINE]);
        session.expect("A Compose project lies here").press("\u{1b}[B").press("\r");
        session.expect("Name of the stack").press("\r");
        session.expect("Which of these services have metrics?").press("\r");
        session.expect("Which exporters?").expect("cadvisor");
        if let Some(line) = offered {
            session.expect(line);
        }
        session.press("\r");
        session.expect("engine's own metrics?").press("n");
        session.expect("Run Grafana").press("n");
        session.expect("Write stack.yml?").press("y");
        assert_eq!(session.exit_code(), 0, "{services}{offered:?}");
        stackctl(&folder, &["check"]).success();
    }
}

#[test]
fn answers_that_come_to_no_stack_file_are_kept_and_can_be_used_again() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("shop");
    fs::create_dir(&folder).unwrap();
    let mut session = Session::start(&folder, &["init"], &[NO_ENGINE]);
    session.expect("Name of the stack").press("\r");
    for name in ["web", "Web"] {
        session.expect("Image of an app").press("acme/web:1\r");
        let erased = "\u{8}".repeat(12);
        session.expect("Its name").press(&format!("{erased}{name}\r"));
        session.expect("Port to publish").press("\r");
        session.expect("Where its metrics are").press("80/q/m\r");
    }
    session.expect("Image of an app").press("\r");
    session.expect("two services are called `Web`");
    session.expect("your answers are kept in stack.answers.yml").expect("init --answers stack.answers.yml");
    assert_eq!(session.exit_code(), 2);
    let kept = folder.join("stack.answers.yml");
    let answers = fs::read_to_string(&kept).unwrap();
    assert!(answers.contains("metrics: [\"web=80/q/m\",\"Web=80/q/m\"]"), "{answers}");
    fs::write(&kept, answers.replace("\"Web=", "\"shop=")).unwrap();
    stackctl(&folder, &["-f", "stack.yml", "init", "--answers", "stack.answers.yml"]).success();
    let text = written(&folder);
    assert!(text.contains("name: shop\n") && text.matches("metrics: { port: 80, path: /q/m }").count() == 2, "{text}");
    stackctl(&folder, &["check"]).success();
}

#[test]
fn an_included_project_that_reads_its_env_file_does_not_get_stackctls_passwords() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("shop");
    fs::create_dir(&folder).unwrap();
    let compose = "services:\n  web: { image: 'acme/web:1', env_file: .env }\n  \
                   grafana: { image: 'grafana/grafana:12.0.0', environment: { GF_SECURITY_ADMIN_PASSWORD: s3cret } }\n";
    fs::write(folder.join("compose.yml"), compose).unwrap();
    fs::write(folder.join(".env"), "LEVEL=info\n").unwrap();
    stackctl(&folder, &["init", "--yes", "--include", "compose.yml"]).success();
    assert_eq!(fs::read_to_string(folder.join(".env")).unwrap(), "LEVEL=info\n");
    assert!(fs::read_to_string(folder.join(".env.stackctl")).unwrap().contains("='s3cret'"));
    stackctl(&folder, &["check"]).success();
}

#[test]
fn options_and_a_file_of_answers_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let options = [
        "init",
        "--yes",
        "--name",
        "shop",
        "--app",
        "web=acme/web:1",
        "--publish",
        "web=8080:80",
        "--metrics",
        "web=80/metrics",
        "--no-exporters",
        "--grafana",
        "false",
        "--no-running",
    ];
    stackctl(folder.path(), &options).success();
    let by_options = written(folder.path());
    let answers = "name: shop\napp: [web=acme/web:1]\npublish: ['web=8080:80']\nmetrics: [web=80/metrics]\nno-exporters: true\n\
                   grafana: false\nno-running: true\n";
    fs::write(folder.path().join("answers.yml"), answers).unwrap();
    stackctl(folder.path(), &["init", "--answers", "answers.yml", "--force"]).success();
    assert_eq!(written(folder.path()), by_options);
    stackctl(folder.path(), &["check"]).success();
    for (wrong, reason) in [
        ("nane: x\n", "nane"),
        ("app: [web]\n", "names no app"),
        ("metrics: [web=80]\n", "no app `web`"),
        ("name: [\n", "cannot use"),
    ] {
        fs::write(folder.path().join("answers.yml"), wrong).unwrap();
        let refused = stackctl(folder.path(), &["init", "--answers", "answers.yml", "--force"]).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains(reason), "{wrong}: {said}");
    }
    assert_eq!(written(folder.path()), by_options);
}

#[test]
fn an_included_projects_own_prometheus_is_told_of_and_its_jobs_come_along() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("shop");
    fs::create_dir(&folder).unwrap();
    let compose = "services:\n  web: { image: 'acme/web:1', expose: ['8080'] }\n  worker: { image: 'acme/worker:1' }\n  \
                   watch: { image: 'prom/prometheus:v3.5.0', volumes: ['./p.yml:/etc/prometheus/prometheus.yml'], ports: ['127.0.0.1:9999:9090'] }\n";
    let config = "global: { scrape_interval: 7s }\nscrape_configs:\n  \
                  - { job_name: web, metrics_path: /stats, static_configs: [{ targets: ['web:8080'] }] }\n  \
                  - { job_name: far, static_configs: [{ targets: ['10.0.0.9:9100'] }] }\n";
    fs::write(folder.join("compose.yml"), compose).unwrap();
    fs::write(folder.join("p.yml"), config).unwrap();
    let run = stackctl(&folder, &["init", "--yes", "--include", "compose.yml", "--no-exporters"]).success();
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(said.contains("leaves watch of the project out; 2 of 2 scrape jobs came along"), "{said}");
    let text = written(&folder);
    for part in [
        "without: [watch]",
        "scrape_interval: 7s",
        "port: \"127.0.0.1:9999\"",
        "  web:\n    metrics: { port: 8080, path: /stats }\n",
        "targets: [\"10.0.0.9:9100\"]",
        "# Not scraped: worker.",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    stackctl(&folder, &["check"]).success();
}

#[test]
fn where_nobody_says_what_is_scraped_an_image_that_is_known_is_and_a_line_says_what_to_fill_in() {
    let folder = tempfile::tempdir().unwrap();
    let compose = "services: { web: { image: 'acme/web:1' }, logs: { image: 'grafana/loki:3.0.0' } }\n";
    fs::write(folder.path().join("compose.yml"), compose).unwrap();
    stackctl(folder.path(), &["init", "--yes", "--name", "shop"]).success();
    let text = written(folder.path());
    assert!(text.contains("    # metrics: { port: PORT, path: /metrics }   # not scraped: fill in"), "{text}");
    assert!(text.contains("image: grafana/loki:3.0.0\n    metrics: { port: 3100 }\n"), "{text}");
    stackctl(folder.path(), &["check"]).success();
}

#[test]
fn where_nothing_was_found_to_scrape_it_is_told_what_would_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let said = |compose: &str| {
        fs::write(folder.path().join("compose.yml"), compose).unwrap();
        let run = stackctl(folder.path(), &["init", "--yes", "--force", "--name", "shop"]).success();
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    let told = said("services: { web: { image: 'acme/web:1' }, db: { image: 'postgres:16' } }\n");
    assert!(told.contains("no app is scraped yet: nothing says where `web` would tell metrics"), "{told}");
    assert!(told.contains("`docker compose up -d`") && told.contains("`stackctl init --force`"), "{told}");
    let told = said("services: { web: { image: 'acme/web:1' }, logs: { image: 'grafana/loki:3.0.0' } }\n");
    assert!(!told.contains("no app is scraped"), "{told}");
}

#[test]
fn an_exporter_that_runs_already_keeps_its_app_and_the_others_get_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let compose = |address: &str| {
        format!(
            "services:\n  cache: {{ image: 'redis:7' }}\n  queue: {{ image: 'redis:7' }}\n  \
             watcher: {{ image: 'oliver006/redis_exporter:v1.66.0', environment: {{ REDIS_ADDR: '{address}' }} }}\n"
        )
    };
    let advice = |address: &str| {
        fs::write(folder.path().join("compose.yml"), compose(address)).unwrap();
        let run = stackctl(folder.path(), &["init", "--yes", "--force"]).success();
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    let said = advice("redis://cache:6379");
    assert!(said.contains("`queue` runs redis:7") && !said.contains("`cache` runs"), "{said}");
    let said = advice("redis://elsewhere:6379");
    assert!(said.contains("`queue` runs redis:7") && said.contains("`cache` runs"), "{said}");
}

#[test]
fn an_exporter_is_offered_under_a_name_that_no_job_has() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("shop");
    fs::create_dir(&folder).unwrap();
    let compose = "services:\n  cache: { image: 'redis:7' }\n  \
                   watch: { image: 'prom/prometheus:v3.5.0', volumes: ['./p.yml:/etc/prometheus/prometheus.yml'] }\n";
    fs::write(folder.join("compose.yml"), compose).unwrap();
    let config =
        "scrape_configs: [{ job_name: redis, static_configs: [{ targets: ['10.0.0.9:9121', '10.0.0.8:9121'] }] }]\n";
    fs::write(folder.join("p.yml"), config).unwrap();
    let run = stackctl(&folder, &["init", "--yes"]).success();
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    let advice = "`stackctl add exporter cache-exporter --for cache --kind redis`";
    assert!(said.contains(advice) && said.contains("next: `stackctl up`"), "{said}");
    stackctl(&folder, &["add", "exporter", "cache-exporter", "--for", "cache", "--kind", "redis"]).success();
    let refused = stackctl(&folder, &["add", "exporter", "redis", "--for", "cache"]).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("or the exporter: `exporters: { OTHER: { kind: redis } }`"), "{said}");
}

#[test]
fn quiet_says_nothing_where_nothing_is_wrong_and_yes_shows_the_plan() {
    let above = shop();
    let folder = above.path().join("shop");
    let quiet = stackctl(&folder, &["-q", "init", "--yes"]).success();
    assert_eq!(String::from_utf8_lossy(&quiet.get_output().stderr), "");
    assert_eq!(String::from_utf8_lossy(&quiet.get_output().stdout), "");
    let told = stackctl(&folder, &["init", "--yes", "--force"]).success();
    let said = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(said.contains("`stackctl plan` says later what `up` would do") && said.contains("next: "), "{said}");
}

#[test]
fn options_that_no_import_takes_are_refused_where_a_compose_file_lies_here() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yml"), "services: { web: { image: 'acme/web:1' } }\n").unwrap();
    for (option, value) in [
        ("--app", "db=postgres:16"),
        ("--publish", "web=8080:80"),
        ("--metrics", "web=80/metrics"),
        ("--attach", "shop/web"),
        ("--container", "web"),
        ("--grafana", "false"),
        ("--engine-metrics", "true"),
    ] {
        for from in [&[][..], &["--from", "compose.yml"]] {
            let refused = stackctl(folder.path(), &[&["init", "--yes", option, value], from].concat()).code(2);
            let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
            assert!(said.contains(option) && said.contains("`--include compose.yml`"), "{said}");
            assert!(said.contains("--no-import") && !folder.path().join("stack.yml").exists(), "{said}");
        }
    }
    let words = ["init", "--yes", "--no-import", "--no-running", "--no-exporters", "--app", "db=postgres:16"];
    stackctl(folder.path(), &words).success();
    assert!(written(folder.path()).contains("image: postgres:16"));
}

#[test]
fn answers_that_exclude_each_other_are_refused_and_options_count_more() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yml"), "services: { web: { image: 'acme/web:1' } }\n").unwrap();
    let answers = folder.path().join("answers.yml");
    fs::write(&answers, "from: [compose.yml]\ninclude: [compose.yml]\n").unwrap();
    let refused = stackctl(folder.path(), &["init", "--answers", "answers.yml"]).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("`from` and `include` contradict each other"), "{said}");
    fs::write(&answers, "include: [compose.yml]\nexporter: [node]\nno-running: true\n").unwrap();
    stackctl(folder.path(), &["init", "--answers", "answers.yml", "--no-import", "--no-exporters"]).success();
    let text = written(folder.path());
    assert!(!text.contains("include:") && !text.contains("exporters:"), "{text}");
}

#[test]
fn answers_come_from_a_file_or_a_pipe_of_the_shell_and_nothing_that_never_ends() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (file, reason) in [(pipe.to_str().unwrap(), "it is a pipe"), ("/dev/zero", "it is a device")] {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.current_dir(folder.path()).args(["init", "--answers", file]);
        let refused = command.timeout(std::time::Duration::from_secs(20)).assert().code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains(reason) && said.contains("`--answers -`"), "{said}");
    }
    let answers = "name: shop\napp: [web=acme/web:1]\nno-running: true\nno-exporters: true\n";
    let shells = format!("'{}' init --answers <(printf '{answers}')", env!("CARGO_BIN_EXE_stackctl"));
    let standard =
        format!("printf '{answers}' | '{}' init --force --answers /dev/stdin", env!("CARGO_BIN_EXE_stackctl"));
    let endless = format!("'{}' init --force --answers /dev/stdin </dev/zero", env!("CARGO_BIN_EXE_stackctl"));
    for (line, code) in [(shells, 0), (standard, 0), (endless, 2)] {
        let mut shell = assert_cmd::Command::new("bash");
        shell
            .current_dir(folder.path())
            .args(["-c", &line])
            .timeout(std::time::Duration::from_secs(60))
            .assert()
            .code(code);
        assert!(written(folder.path()).contains("name: shop"), "{line}");
    }
}
