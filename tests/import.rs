//! `import`: what people already have becomes a stack file that passes `check`, renders, and does the same.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "import/alertmanager.rs"]
mod alertmanager;
#[path = "import/corpus.rs"]
mod corpus;
#[path = "import/jobs.rs"]
mod jobs;
#[path = "import/passwords.rs"]
mod passwords;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use stackctl::command::VOCABULARY;
use stackctl::desired::{Desired, Facts};
use stackctl::import::{self, Imported, RemarkKind, Request};
use stackctl::render::{self, Files};
use stackctl::stack::{self, Environment, Loaded, Problems};
use support::cost::cost;

fn environment() -> Environment {
    [("HOME", "/home/anna")].into_iter().collect()
}

/// Imports files as if the stack file stood in that folder.
fn import_into(folder: &Path, paths: &[PathBuf]) -> Result<Imported, Problems> {
    let environment = environment();
    import::import(&Request {
        paths,
        folder,
        name: None,
        profiles: &[],
        seen: None,
        environment: &environment,
        vocabulary: &VOCABULARY,
    })
}

#[test]
fn a_stack_of_another_name_than_the_project_is_told_to_have_other_volumes() {
    let above = folder(&[(
        "compose.yml",
        "services: { db: { image: \"postgres:16\" } }\nvolumes: { data: {}, seen: { name: seen } }\n",
    )]);
    let told = |name: Option<&str>| {
        let folder = above.path().join("shop");
        let environment = environment();
        let paths = [folder.join("compose.yml")];
        let request = Request {
            paths: &paths,
            folder: &folder,
            name,
            profiles: &[],
            seen: None,
            environment: &environment,
            vocabulary: &VOCABULARY,
        };
        let imported = import::import(&request).expect("it is right");
        let remarks = imported.remarks.into_iter().filter(|remark| remark.subject == "volumes");
        remarks.map(|remark| format!("{} {}", remark.message, remark.fix)).collect::<Vec<_>>()
    };
    assert_eq!((told(None), told(Some("shop"))), (vec![], vec![]));
    let other = told(Some("other"));
    assert!(other.len() == 1 && other[0].contains("begin empty") && other[0].contains("name: shop_data"), "{other:?}");
}

/// Reads what was imported as the stack file that it is.
fn read(imported: &Imported, folder: &Path) -> Loaded {
    let home = [("HOME".to_owned(), "/home/anna".to_owned())];
    let environment: Environment = imported.secrets.iter().cloned().chain(home).collect();
    stack::parse("stack.yml", &imported.text, folder, &environment, &VOCABULARY)
        .unwrap_or_else(|problems| panic!("{problems}\n{}", imported.text))
}

fn rendered(loaded: &Loaded) -> Files {
    render::all(&Desired::of(&loaded.stack, &Facts::default()))
}

/// A folder `shop` with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let above = tempfile::tempdir().expect("there is a place for temporary files");
    for (path, text) in files {
        let path = above.path().join("shop").join(path);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).unwrap();
        fs::write(path, text).unwrap();
    }
    above
}

/// Imports the folder `shop`, and proves that the result is a stack file.
fn imported(files: &[(&str, &str)]) -> Imported {
    let above = folder(files);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
    read(&imported, &shop);
    imported
}

fn refused(files: &[(&str, &str)]) -> String {
    let above = folder(files);
    let shop = above.path().join("shop");
    match import_into(&shop, std::slice::from_ref(&shop)) {
        Ok(imported) => panic!("it was imported:\n{}", imported.text),
        Err(problems) => problems.to_string(),
    }
}

/// The kinds of remarks about a subject.
fn remarks_about(imported: &Imported, subject: &str) -> Vec<RemarkKind> {
    imported.remarks.iter().filter(|remark| remark.subject.contains(subject)).map(|remark| remark.kind).collect()
}

const SHOP: &str = include_str!("import/shop/docker-compose.yml");
const SHOP_OVER: &str = include_str!("import/shop/docker-compose.override.yml");
const SHOP_BASE: &str = include_str!("import/shop/base.yml");
const SHOP_PROMETHEUS: &str = include_str!("import/shop/prometheus/prometheus.yml");
const SHOP_RULES: &str = include_str!("import/shop/prometheus/rules/shop.yml");
const SHOP_DATASOURCE: &str = include_str!("import/shop/grafana/datasources/all.yml");
const SHOP_PROVIDER: &str = include_str!("import/shop/grafana/dashboards/all.yml");

fn shop_files() -> Vec<(&'static str, &'static str)> {
    vec![
        ("docker-compose.yml", SHOP),
        ("docker-compose.override.yml", SHOP_OVER),
        ("base.yml", SHOP_BASE),
        (".env", "TAG=1.4\n"),
        ("prometheus/prometheus.yml", SHOP_PROMETHEUS),
        ("prometheus/rules/shop.yml", SHOP_RULES),
        ("prometheus/targets/hosts.json", "[]"),
        ("grafana/datasources/all.yml", SHOP_DATASOURCE),
        ("grafana/dashboards/all.yml", SHOP_PROVIDER),
        ("grafana/dashboards/shop.json", "{\"title\": \"Shop\", \"panels\": []}"),
    ]
}

#[test]
fn a_whole_project_becomes_the_stack_file_that_a_person_would_write() {
    let above = folder(&shop_files());
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap();
    read(&imported, &shop);
    let remarks = imported.remarks.iter().map(|remark| format!("# {}: {remark}\n", remark.kind.word()));
    // The folder lies somewhere else each time.
    let place = format!("{}/", above.path().display());
    let found = format!("{}\n{}", imported.text, remarks.collect::<String>()).replace(&place, "");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/shop.yml");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    assert!(fs::read_to_string(golden).unwrap() == found, "BLESS=1 rewrites the golden file; found\n{found}");
}

#[test]
fn jobs_and_targets_of_the_project_are_the_same_when_rendered_again() {
    let above = folder(&shop_files());
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap();
    let files = rendered(&read(&imported, &shop));
    jobs::assert_same(SHOP_PROMETHEUS, &files.0["prometheus/prometheus.yml"], &imported.text);
}

#[test]
fn a_stack_file_elsewhere_leads_to_the_same_files() {
    let compose = "services: { web: { image: nginx:1, volumes: ['./etc:/etc/nginx:ro'] } }\n";
    let above = folder(&[("docker-compose.yml", compose), ("etc/nginx.conf", "")]);
    let shop = above.path().join("shop");
    let imported = import_into(above.path(), &[shop.join("docker-compose.yml")]).unwrap();
    assert!(imported.text.contains("./shop/etc:/etc/nginx:ro"), "{}", imported.text);
    assert!(imported.text.contains("name: shop"), "{}", imported.text);
}

#[test]
fn habits_are_named_with_what_to_write_instead() {
    let imported = imported(&[
        (
            "docker-compose.yml",
            "services:\n  web: { image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro'] }\n  \
             many: { image: 'shop:1', ports: ['80:80'], deploy: { replicas: 3 } }\n  \
             cadvisor: { image: 'gcr.io/cadvisor/cadvisor:v0.47.0' }\n  \
             grafana: { image: 'grafana/grafana:12.0.0', environment: { GF_SECURITY_ADMIN_PASSWORD: admin } }\n  \
             prometheus: { image: 'prom/prometheus:v3.5.0', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }\n",
        ),
        ("nginx.conf", ""),
        ("prometheus.yml", "scrape_configs: [{ job_name: node, static_configs: [{ targets: ['localhost:9100'] }] }]\n"),
    ]);
    for (subject, kind) in [
        ("services.web.image", RemarkKind::Habit),
        ("services.web.volumes", RemarkKind::Habit),
        ("services.many.ports", RemarkKind::Changed),
        ("services.cadvisor.image", RemarkKind::Habit),
        ("services.grafana", RemarkKind::Changed),
        ("job node", RemarkKind::Habit),
    ] {
        assert!(remarks_about(&imported, subject).contains(&kind), "{subject}: {:#?}", imported.remarks);
    }
    assert!(!imported.text.contains("admin"), "{}", imported.text);
}

#[test]
fn passwords_go_beside_the_stack_file_and_everything_means_the_same() {
    let above = folder(&[
        (
            "compose.yml",
            "services:\n  db:\n    image: postgres:16\n    environment: [\"POSTGRES_PASSWORD=hun'ter$$2\", POSTGRES_USER=shop]\n  \
             cache: { image: 'redis:7', command: [redis-server, --requirepass, s3cr3t-cache] }\n  \
             web: { image: 'web:1', environment: { DATABASE_URL: 'postgres://shop:p4ss@db/shop', API_TOKEN: t0ken-x, LEVEL: info } }\n  \
             prometheus: { image: 'prom/prometheus:v3.5.0', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }\n",
        ),
        (
            "prometheus.yml",
            "remote_write: [{ url: 'https://m.example/write', basic_auth: { username: u, password: rem0te } }]\n\
             scrape_configs:\n  - { job_name: hidden, basic_auth: { username: u, password: scr4pe }, static_configs: [{ targets: ['web:80'] }] }\n  \
             - { job_name: bearer, bearer_token: be4rer, static_configs: [{ targets: ['db:80'] }] }\n",
        ),
    ]);
    let shop = above.path().join("shop");
    let values = ["hun'ter", "s3cr3t-cache", "p4ss", "t0ken-x", "rem0te", "scr4pe", "be4rer"];
    let run = stackctl(&shop, &["import", ".", "-o", "stack.yml"]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{said}");
    let text = fs::read_to_string(shop.join("stack.yml")).unwrap();
    for value in values {
        assert!(!text.contains(value) && !said.contains(value), "{value}:\n{text}\n{said}");
    }
    assert_eq!(mode(&shop.join(".env")), 0o600);
    assert!(said.contains("POSTGRES_PASSWORD") && said.contains(".env"), "{said}");
    assert_eq!(stackctl(&shop, &["check"]).status.code(), Some(0));
    let loaded = stack::load(&[shop.join("stack.yml")], &Environment::default(), &VOCABULARY).unwrap();
    let app = |name: &str| &loaded.stack.apps[&name.parse::<stack::ServiceName>().unwrap()].container;
    assert_eq!(app("db").environment["POSTGRES_PASSWORD"], "hun'ter$2");
    assert_eq!(app("web").environment["DATABASE_URL"], "postgres://shop:p4ss@db/shop");
    assert_eq!(app("web").environment["LEVEL"], "info");
    assert!(format!("{:?}", app("cache").command).contains("s3cr3t-cache"));
    let prometheus = &rendered(&loaded).0["prometheus/prometheus.yml"];
    for value in ["scr4pe", "be4rer"] {
        assert!(prometheus.contains(value), "{value}: {prometheus}");
    }
    // Prometheus finds this one in a file.
    assert!(!prometheus.contains("rem0te") && prometheus.contains("password_file"), "{prometheus}");
    assert!(fs::read_to_string(shop.join(".env")).unwrap().contains("PROMETHEUS_REMOTE_WRITE_PASSWORD='rem0te'"));
    let printed = stackctl(&shop, &["import", "."]);
    let said = String::from_utf8_lossy(&printed.stderr).into_owned();
    assert!(values.iter().all(|value| !String::from_utf8_lossy(&printed.stdout).contains(value)));
    assert!(said.contains("`.env` beside the stack file has to set"), "{said}");
}

/// The mode of a file.
fn mode(file: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions()) & 0o777
}

#[test]
fn passwords_that_come_to_an_env_file_that_is_there_make_it_private() {
    let compose = "services: { db: { image: 'postgres:16', environment: { POSTGRES_PASSWORD: hunter2 } } }\n";
    let above = folder(&[("compose.yml", compose), (".env", "TAG=1")]);
    let shop = above.path().join("shop");
    fs::set_permissions(shop.join(".env"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let run = stackctl(&shop, &["import", ".", "-o", "stack.yml"]);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{said}");
    assert_eq!(fs::read_to_string(shop.join(".env")).unwrap(), "TAG=1\nPOSTGRES_PASSWORD='hunter2'\n");
    assert_eq!(mode(&shop.join(".env")), 0o600);
    assert!(said.contains("for you alone to read (mode 0600, and 0644 until now)"), "{said}");
    assert!(!said.contains("belongs into `.env`"), "it is there already: {said}");
    assert_eq!(stackctl(&shop, &["check"]).status.code(), Some(0));
}

#[test]
fn a_service_that_reads_the_env_file_itself_gets_nobody_elses_password() {
    let rest = "environment: { DB_PASSWORD: hunter2 } }\n  \
                grafana: { image: 'grafana/grafana:12.0.0', environment: { GF_SECURITY_ADMIN_PASSWORD: s3cret } }\n";
    for reads in [
        "env_file: .env",
        "env_file: [./.env]",
        "env_file: [{ path: .env, required: false }]",
        "volumes: ['./.env:/app/.env:ro']",
    ] {
        let compose = format!("services:\n  web: {{ image: 'web:1', {reads} }}\n  db: {{ image: 'db:1', {rest}");
        let above = folder(&[("compose.yml", &compose), (".env", "LEVEL=info\n")]);
        let shop = above.path().join("shop");
        let run = stackctl(&shop, &["import", ".", "-o", "stack.yml"]);
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(0), "{said}");
        assert_eq!(fs::read_to_string(shop.join(".env")).unwrap(), "LEVEL=info\n", "{reads}");
        assert!(said.contains("GRAFANA_ADMIN_PASSWORD") && said.contains("went into `.env.stackctl`"), "{said}");
        assert_eq!(mode(&shop.join(".env.stackctl")), 0o600);
        let loaded = stack::load(&[shop.join("stack.yml")], &Environment::default(), &VOCABULARY).unwrap();
        let app = |name: &str| &loaded.stack.apps[&name.parse::<stack::ServiceName>().unwrap()].container;
        assert_eq!(app("db").environment["DB_PASSWORD"], "hunter2", "{reads}");
        assert_eq!(loaded.environment.get("GRAFANA_ADMIN_PASSWORD").as_deref(), Some("s3cret"));
        let compose = &rendered(&loaded).0["compose.yml"];
        assert_eq!(compose.matches("hunter2").count(), 1, "{reads}: {compose}");
        assert!(!compose.contains("s3cret"), "{reads}: {compose}");
        // A second import finds the same values there, and no names beside them.
        let again = stackctl(&shop, &["import", ".", "-o", "stack.yml", "--force"]);
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        assert!(again.status.success() && !said.contains("went into") && !said.contains("_2"), "{said}");
    }
}

#[test]
fn what_stackctl_runs_itself_has_no_habits_and_exporters_that_stay_apps_are_told() {
    let compose = "services:\n  \
        prometheus: { image: 'prom/prometheus', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }\n  \
        grafana: { image: 'grafana/grafana:latest' }\n  \
        node-exporter: { image: 'quay.io/prometheus/node-exporter:v1.9.0' }\n  web: { image: nginx }\n";
    let config = "scrape_configs: [{ job_name: node, static_configs: [{ targets: ['node-exporter:9100'] }] }]\n";
    let above = folder(&[("compose.yml", compose), ("prometheus.yml", config)]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
    let habits =
        |subject: &str| remarks_about(&imported, subject).iter().filter(|kind| **kind == RemarkKind::Habit).count();
    assert_eq!((habits("services.prometheus"), habits("services.grafana")), (0, 0), "{:#?}", imported.remarks);
    assert_eq!((habits("services.web.image"), habits("services.node-exporter")), (1, 1), "{:#?}", imported.remarks);
    let advice = imported.remarks.iter().find(|remark| remark.subject == "services.node-exporter").unwrap();
    let commands = ["remove app node-exporter", "add exporter node"];
    assert!(commands.iter().all(|command| advice.fix.contains(&format!("`stackctl {command}`"))), "{advice}");
    fs::write(shop.join("stack.yml"), &imported.text).unwrap();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let run = stackctl(&shop, &words);
        assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
    }
    assert!(fs::read_to_string(shop.join("stack.yml")).unwrap().contains("exporters:\n  node: {}\n"));
    assert!(stackctl(&shop, &["check"]).status.success());
}

#[test]
fn an_exporter_among_other_targets_keeps_a_job_of_its_own_and_the_advice_can_be_typed() {
    let compose = "services:\n  host: { image: 'prom/node-exporter:v1.9.0' }\n  \
        prometheus: { image: 'prom/prometheus:v3.5.0', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }\n";
    let job = |name: &str, targets: &str| {
        format!("scrape_configs: [{{ job_name: {name}, static_configs: [{{ targets: [{targets}] }}] }}]\n")
    };
    for (config, commands, told) in [
        (
            job("node", "'host:9100', '10.0.0.9:9100'"),
            "add exporter host --kind node",
            "take it out of `scrape.node` first",
        ),
        (job("elsewhere", "'10.0.0.9:9100'"), "add exporter node", "its job is then `node`"),
        (job("machines", "'host:9100'"), "add exporter machines --kind node", "its job stays `machines`"),
    ] {
        let above = folder(&[("compose.yml", compose), ("prometheus.yml", &config)]);
        let shop = above.path().join("shop");
        let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
        let advice = imported.remarks.iter().find(|remark| remark.subject == "services.host").unwrap();
        assert!(advice.fix.contains(&format!("`stackctl {commands}`")) && advice.fix.contains(told), "{advice}");
        fs::write(shop.join("stack.yml"), &imported.text).unwrap();
        for command in ["remove app host", commands] {
            let run = stackctl(&shop, &command.split(' ').collect::<Vec<_>>());
            assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
        }
        assert!(stackctl(&shop, &["check"]).status.success());
    }
}

#[test]
fn what_is_the_default_anyhow_is_not_written_and_what_prometheus_no_longer_takes_is_not_kept() {
    let compose = "services:\n  web: { image: 'web:1', deploy: { replicas: 1 }, ports: ['80:80/tcp'] }\n  \
        prometheus: { image: 'prom/prometheus', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }\n";
    let config = |alerting: &str| {
        format!(
            "global: {{ scrape_interval: 15s, scrape_timeout: 10s, evaluation_interval: 15s }}\n{alerting}scrape_configs:\n  \
             - {{ job_name: prometheus, honor_timestamps: true, scrape_interval: 15s, scrape_timeout: 10s, metrics_path: /metrics, \
             scheme: http, static_configs: [{{ targets: ['localhost:9090'] }}] }}\n  \
             - {{ job_name: web, scrape_interval: 0m15s, follow_redirects: true, static_configs: [{{ targets: ['web:80'] }}] }}\n"
        )
    };
    let imported_with =
        |alerting: &str| imported(&[("docker-compose.yml", compose), ("prometheus.yml", &config(alerting))]);
    let example =
        "alerting: { alertmanagers: [{ static_configs: [{ targets: [] }], timeout: 10s, api_version: v1 }] }\n";
    for alerting in ["", example] {
        let imported = imported_with(alerting);
        let expected = "prometheus: { port: off, scrape_interval: 15s }\n\ngrafana: off\n\napps:\n  web:\n    image: web:1\n    \
                        ports: [\"*:80:80\"]\n    metrics: { port: 80 }\n";
        assert!(imported.text.ends_with(expected), "{}", imported.text);
        assert!(imported.is_whole(), "{:#?}", imported.remarks);
    }
    let sent = "alerting: { alertmanagers: [{ static_configs: [{ targets: ['10.0.0.9:9093'] }], api_version: v1 }] }\n";
    let imported = imported_with(sent);
    assert!(imported.text.contains("10.0.0.9:9093") && imported.text.contains("api_version: v2"), "{}", imported.text);
    assert_eq!(remarks_about(&imported, "alerting"), [RemarkKind::Changed]);
}

#[test]
fn a_folder_that_shows_the_file_of_passwords_to_a_container_is_named() {
    let about = |volumes: &str, password: &str| {
        let compose =
            format!("services: {{ web: {{ image: 'web:1', volumes: [{volumes}], environment: {{ {password} }} }} }}\n");
        let imported = imported(&[("compose.yml", &compose)]);
        let is_it = |remark: &&stackctl::import::Remark| remark.message.contains("everybody's passwords");
        imported.remarks.iter().find(is_it).map(ToString::to_string)
    };
    let told = about("'.:/app'", "PGPASS: hunter2").expect("it is told");
    assert!(
        told.contains("compose.yml:1: services.web.volumes") && told.contains("`/dev/null:/app/.env:ro`"),
        "{told}"
    );
    let above = about("'..:/work'", "DB_PWD: hunter2").expect("it is told");
    assert!(above.contains("`/dev/null:/work/shop/.env:ro`"), "{above}");
    for (volumes, password) in [
        ("'.:/app'", "LEVEL: info"),
        ("'.:/app', '/dev/null:/app/.env:ro'", "PGPASS: hunter2"),
        ("'./src:/app'", "PGPASS: hunter2"),
    ] {
        assert_eq!(about(volumes, password), None, "{volumes} {password}");
    }
}

#[test]
fn what_is_so_in_several_services_is_said_once() {
    let compose = "services:\n  one: { image: 'acme/one', volumes: ['./app.conf:/etc/app/app.conf', './more.conf:/etc/app/more.conf'] }\n  \
        two: { image: 'acme/two', volumes: ['./app.conf:/etc/app/app.conf', './more.conf:/etc/app/more.conf'] }\n  \
        three: { image: 'acme/three:${TAG}', volumes: ['./x.yml:/x.yml'] }\n  four: { image: 'acme/four:${TAG}' }\n  \
        demo: { image: 'stackctl/self', command: demo iotd }\n";
    let above = folder(&[("compose.yml", compose)]);
    let run = stackctl(&above.path().join("shop"), &["import", "."]);
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    for part in [
        "habit: compose.yml:2 services.one.image, :3 services.two.image\n   an image without a version",
        "habit: compose.yml:2 services.one.volumes, :3 services.two.volumes\n   `./app.conf`, `./more.conf` are mounted as single files",
        "→ mount a folder with all that belongs there: `./FOLDER:/etc/app:ro`",
        "→ mount a folder of its own, and have it read there: `./FOLDER:/FOLDER:ro`",
        "changed: compose.yml:4 services.three.image, :5 services.four.image\n   `${TAG}` is not set, so the image has no version",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert_eq!(told.matches('→').count(), 4, "stackctl's own image is that of whoever brings the stack up: {told}");
}

#[test]
fn what_comes_next_is_told_of_the_file_that_was_written() {
    let compose = "services: { one: { image: 'acme/one:1' } }\n";
    let above = folder(&[("compose.yml", compose)]);
    let told = |file: &str| {
        let run = stackctl(&above.path().join("shop"), &["import", ".", "-o", file]);
        String::from_utf8_lossy(&run.stderr).into_owned()
    };
    let (usual, other) = (told("stack.yml"), told("own.yml"));
    assert!(usual.contains("next: `stackctl check`, then `stackctl up`"), "{usual}");
    assert!(other.contains("next: `stackctl -f own.yml check`, then `stackctl -f own.yml up`"), "{other}");
}

#[test]
fn a_password_of_grafana_goes_beside_the_stack_file_with_its_line() {
    for (written, name) in [
        ("environment: { GF_SECURITY_ADMIN_PASSWORD: s3cr$$et }", "GRAFANA_ADMIN_PASSWORD"),
        ("environment: ['GF_SECURITY_ADMIN_PASSWORD=s3cr$$et']", "GRAFANA_ADMIN_PASSWORD"),
        ("environment: ['GF_SECURITY_ADMIN_PASSWORD=${ADMIN_PASSWORD:-s3cr$$et}']", "ADMIN_PASSWORD"),
    ] {
        let compose = format!("services:\n  grafana:\n    image: grafana/grafana:11.0.0\n    {written}\n");
        let imported = imported(&[("compose.yml", &compose)]);
        assert_eq!(imported.secrets, [(name.to_owned(), "s3cr$et".to_owned())], "{written}");
        assert!(imported.text.contains(&format!("admin_password: {{ env: {name} }}")), "{}", imported.text);
        assert!(!imported.text.contains("s3cr"), "{}", imported.text);
        let remark = imported.remarks.iter().find(|remark| remark.message.contains("Grafana's password")).unwrap();
        assert_eq!((remark.kind, remark.line), (RemarkKind::Changed, Some(4)), "{remark}");
        assert!(!imported.remarks.iter().any(|remark| remark.to_string().contains("s3cr")));
    }
    let usual =
        "services: { grafana: { image: grafana/grafana, environment: { GF_SECURITY_ADMIN_PASSWORD: admin } } }\n";
    let imported = imported(&[("compose.yml", usual)]);
    assert!(imported.secrets.is_empty() && !imported.text.contains("admin_password"), "{}", imported.text);
}

#[test]
fn passwords_in_health_checks_and_hashes_in_labels_are_named_with_their_line() {
    let lines_of = |inside: &str| -> Vec<Option<u32>> {
        let imported = imported(&[("compose.yml", &format!("services:\n  db:\n    image: acme/db:1\n    {inside}\n"))]);
        let is_it = |message: &str| message.contains("password stands in the health") || message.contains("hashes of");
        imported.remarks.iter().filter(|remark| is_it(&remark.message)).map(|remark| remark.line).collect()
    };
    for named in [
        "healthcheck: { test: [CMD, mysqladmin, ping, -h, localhost, -phunter2] }",
        "healthcheck: { test: 'redis-cli -a hunter2 ping | grep PONG' }",
        "healthcheck: { test: [CMD-SHELL, '/usr/bin/mariadb-admin ping --silent -u root -p\"hunter2\"'] }",
        "healthcheck: { test: [CMD-SHELL, 'PGPASSWORD=hunter2 pg_isready -U shop'] }",
        "healthcheck: { test: 'curl -fs -u elastic:hunter2 http://localhost:9200' }",
        "labels: ['traefik.http.middlewares.auth.basicauth.users=anna:$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/']",
        "labels: { traefik.http.middlewares.auth.basicAuth.users: 'anna:$$2y$$05$$abc' }",
        "deploy: { labels: { traefik.http.middlewares.auth.basicauth.users: 'anna:{SHA}d95o2uzYI7q7tY7bHI4U1xBug7s=' } }",
    ] {
        assert_eq!(lines_of(named), [Some(4)], "{named}");
    }
    for silent in [
        "healthcheck: { test: [CMD-SHELL, 'mysqladmin ping -p$$MYSQL_ROOT_PASSWORD'] }",
        "healthcheck: { test: [CMD, redis-cli, -p, '6379', ping] }",
        "healthcheck: { test: [CMD, pg_isready, -p, '5432'] }",
        "healthcheck: { test: 'mkdir -p /x && mongosh --eval 1' }",
        "healthcheck: { test: 'curl -u $$USER:$$PASSWORD http://localhost' }",
        "labels: ['traefik.http.middlewares.auth.basicauth.usersfile=/users', 'traefik.enable=true']",
    ] {
        assert_eq!(lines_of(silent), [], "{silent}");
    }
}

#[test]
fn what_a_stack_file_cannot_say_is_kept_and_named() {
    let imported = imported(&[(
        "docker-compose.yml",
        "services:\n  web:\n    image: nginx:1\n    tty: true\n    gpus: all\n    ports: ['9000-9005:80-81']\n    \
         healthcheck: { test: 'true', start_interval: 1s }\n",
    )]);
    for kept in ["tty: true", "gpus: all", "9000-9005:80-81", "start_interval"] {
        let (_, below) = imported.text.split_once("x-compose:").expect("something is kept");
        assert!(below.contains(kept), "{kept}: {}", imported.text);
    }
    assert!(!imported.is_whole());
}

#[test]
fn a_free_port_of_the_host_stays_as_open_as_under_compose() {
    let above = folder(&[(
        "compose.yml",
        "services:\n  web: { image: 'web:1', ports: ['81', { target: 82 }, '${NONE:-83}'] }\n  \
         many: { image: 'web:1', scale: 2, ports: ['8080:80'] }\n",
    )]);
    let shop = above.path().join("shop");
    let loaded = read(&import_into(&shop, std::slice::from_ref(&shop)).unwrap(), &shop);
    for (name, expected) in [("web", &[81, 82, 83][..]), ("many", &[80])] {
        let ports = &loaded.stack.apps[&name.parse::<stack::ServiceName>().unwrap()].container.ports.0;
        assert!(ports.iter().all(|port| port.host_ip.is_unspecified() && port.host_port.is_none()), "{ports:?}");
        assert_eq!(ports.iter().map(|port| port.container_port).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn what_nobody_can_import_is_refused_with_line_and_reason() {
    let cases = [
        ("services:\n  web: { image: a:1, image: b:2 }\n", "docker-compose.yml:2", "is here twice"),
        ("services:\n  web: { ports: ['80'] }\n", "docker-compose.yml:2", "neither `image` nor `build`"),
        (
            "services:\n  a: { extends: { service: b } }\n  b: { extends: { service: a } }\n",
            "docker-compose.yml",
            "extends itself",
        ),
        ("hello: world\n", "docker-compose.yml:1", "none of the files"),
        ("services: [\n", "docker-compose.yml", "never closed"),
    ];
    for (text, place, reason) in cases {
        let said = refused(&[("docker-compose.yml", text)]);
        assert!(said.contains(place) && said.contains(reason), "{said}");
    }
}

#[test]
fn hostile_files_get_an_answer_within_a_second() {
    let bomb = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n", level - 1)
    });
    let large = format!("services:\n  web:\n    image: nginx:1\n    environment:\n{}", "      - A=b\n".repeat(900_000));
    let cases = [
        bomb,
        format!("services: {}", "[".repeat(100_000)),
        large,
        "services:\n  \u{0}".to_owned(),
        "\u{feff}".to_owned(),
    ];
    for text in cases {
        let above = folder(&[("docker-compose.yml", &text)]);
        let shop = above.path().join("shop");
        let (took, answer) = cost(|| import_into(&shop, std::slice::from_ref(&shop)));
        assert!(answer.is_err(), "{}", &text[..20.min(text.len())]);
        // A release build is more than ten times as fast as the build that tests run.
        assert!(took.as_secs() < 10, "took {took:?} without optimisation");
    }
}

/// The command as people call it.
fn stackctl(folder: &Path, words: &[&str]) -> std::process::Output {
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl")).current_dir(folder).args(words).output().unwrap()
}

#[test]
fn a_file_that_is_there_is_written_over_only_when_told() {
    let above = folder(&[("docker-compose.yml", "services: { web: { image: 'nginx:1' } }\n"), ("stack.yml", "mine\n")]);
    let shop = above.path().join("shop");
    let file = shop.join("stack.yml");
    let refused = stackctl(&shop, &["import", ".", "-o", "stack.yml"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine\n");
    assert_eq!(stackctl(&shop, &["import", ".", "-o", "stack.yml", "--force"]).status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("image: nginx:1"));
    assert_eq!(stackctl(&shop, &["check"]).status.code(), Some(0));
    let printed = stackctl(&shop, &["import", "docker-compose.yml"]);
    assert!(String::from_utf8_lossy(&printed.stdout).starts_with("# Imported"));
    assert!(String::from_utf8_lossy(&printed.stderr).contains("1 of 1 service"));
    assert_eq!(stackctl(&shop, &["import", "no-such.yml"]).status.code(), Some(2));
}

#[test]
fn a_prometheus_is_known_by_its_name_in_any_registry_by_its_flags_and_by_its_configuration() {
    let at = |image: &str, more: &str, config: &str| {
        let compose = format!(
            "services:\n  watch:\n    image: {image}\n    volumes: ['./p.yml:{config}', 'kept:/opt/bitnami/prometheus/data']\n{more}  \
             web: {{ image: 'web:1' }}\nvolumes: {{ kept: {{}} }}\n"
        );
        let config = "scrape_configs: [{ job_name: web, static_configs: [{ targets: ['web:80'] }] }]\n";
        imported(&[("compose.yml", &compose), ("p.yml", config)])
    };
    let usual = "/etc/prometheus/prometheus.yml";
    let flags = "    command: ['--config.file=/p.yml', '--storage.tsdb.path=/prometheus']\n";
    for (image, more, config, written) in [
        ("quay.io/prometheus/prometheus:v3.5.0", "", usual, "image: quay.io/prometheus/prometheus:v3.5.0"),
        ("registry.local:5000/prometheus:v2", "", usual, "image: registry.local:5000/prometheus:v2"),
        ("acme/metrics:7", flags, "/p.yml", "image: acme/metrics:7"),
        (
            "bitnami/prometheus:2.53.0-debian-12-r1",
            "",
            "/opt/bitnami/prometheus/conf/prometheus.yml",
            "version: 2.53.0",
        ),
    ] {
        let imported = at(image, more, config);
        assert_eq!((imported.jobs.carried, imported.jobs.all), (1, 1), "{image}: {}", imported.text);
        assert!(imported.text.contains(written), "{image}: {}", imported.text);
        assert!(imported.text.contains("metrics: { port: 80 }"), "{image}: {}", imported.text);
    }
    let bitnami = at("bitnami/prometheus:2.53.0", "", "/opt/bitnami/prometheus/conf/prometheus.yml");
    assert!(bitnami.text.contains("kept:/prometheus"), "its data come along: {}", bitnami.text);
    for (image, more, config) in [
        ("victoriametrics/vmagent:v1", "    command: ['-promscrape.config=/etc/prometheus/prometheus.yml']\n", usual),
        ("acme/prometheus:1", "", "/somewhere/else.yml"),
    ] {
        let imported = at(image, more, config);
        assert!(imported.text.contains(&format!("image: {image}")), "{}", imported.text);
        assert_eq!(imported.jobs.all, 0, "it is an app: {}", imported.text);
    }
}

#[test]
fn remote_write_and_read_are_said_in_the_words_of_a_stack_file_where_it_has_them() {
    let config = "remote_write:\n  - url: http://archive:8428/api/v1/write\n    remote_timeout: 20s\n    \
         headers: { X-Scope-OrgID: shop }\n    authorization: { credentials: t0ken }\n    \
         queue_config: { max_shards: 4 }\n    \
         write_relabel_configs: [{ source_labels: [__name__], regex: 'go_(.*)', target_label: x, replacement: '$1' }]\n\
         remote_read: [{ url: 'http://archive:9201/read', read_recent: true, basic_auth: { username: u, password_file: pw } }]\n\
         scrape_configs: []\n";
    let compose = "services: { prometheus: { image: 'prom/prometheus:v3.5.0', volumes: ['./p:/etc/prometheus'] } }\n";
    let files = [("compose.yml", compose), ("p/prometheus.yml", config), ("p/pw", "hidden\n")];
    let above = folder(&files);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(!imported.text.contains("extra_config") && !imported.text.contains("t0ken"), "{}", imported.text);
    assert_eq!(imported.secrets, [("PROMETHEUS_REMOTE_WRITE_TOKEN".to_owned(), "t0ken".to_owned())]);
    let loaded = read(&imported, &shop);
    let section = loaded.stack.prometheus.as_option().expect("it is on");
    let [write] = &section.remote_write[..] else { panic!("{}", imported.text) };
    assert_eq!(write.url.as_str(), "http://archive:8428/api/v1/write");
    assert_eq!(write.write_relabel_configs[0].replacement.as_deref(), Some("$1"));
    assert_eq!(write.queue_config.max_shards, Some(4));
    let [read] = &section.remote_read[..] else { panic!("{}", imported.text) };
    assert!(read.read_recent && format!("{:?}", read.basic_auth).contains("/shop/p/pw"), "{:?}", read.basic_auth);

    // What a stack file cannot say stays in Prometheus' own words, all of it.
    let config = "remote_write: [{ url: 'http://archive:8428/w', send_exemplars: true }]\nscrape_configs: []\n";
    let kept = self::imported(&[("compose.yml", compose), ("p/prometheus.yml", config)]);
    assert!(kept.text.contains("extra_config:") && kept.text.contains("send_exemplars: true"), "{}", kept.text);
}

#[test]
fn where_no_prometheus_yml_was_found_it_is_said_where_it_was_looked_for() {
    let compose = "services: { prometheus: { image: 'prom/prometheus:v3.5.0', volumes: ['./p.yml:/etc/prometheus/prometheus.yml'] } }\n";
    for (files, said) in [
        (vec![("compose.yml", compose)], "not found: `p.yml`"),
        (vec![("compose.yml", "services: { web: { image: 'web:1' } }\n")], "no service is Prometheus"),
        (
            vec![
                ("compose.yml", "services: { web: { image: 'web:1' } }\n"),
                ("prometheus.yml", "scrape_configs: []\n"),
            ],
            "`stackctl import compose.yml prometheus.yml`",
        ),
    ] {
        let above = folder(&files);
        let run = stackctl(&above.path().join("shop"), &["import", "."]);
        let told = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(told.contains("1 of 1 service and no scrape jobs"), "{told}");
        assert!(told.contains("prometheus.yml was not found: ") && told.contains(said), "{said}: {told}");
    }
}

#[test]
fn files_of_a_service_that_is_extended_lie_where_its_file_does() {
    let above = folder(&[
        ("docker-compose.yml", "services: { a: { extends: { file: sub/base.yml, service: b } } }\n"),
        (
            "sub/base.yml",
            "services: { b: { image: 'x:1', env_file: [e.env], volumes: ['./d:/d'], build: { context: . } } }\n",
        ),
        ("sub/e.env", "COLOR=red\n"),
        ("sub/d/x", ""),
    ]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, &[shop.join("docker-compose.yml")]).expect("it is right");
    let app = &read(&imported, &shop).stack.apps[&"a".parse::<stack::ServiceName>().unwrap()];
    assert_eq!(app.container.environment["COLOR"], "red", "{}", imported.text);
    assert!(imported.text.contains("./sub/d:/d"), "{}", imported.text);
    assert!(imported.remarks.iter().any(|remark| remark.fix.contains("docker build -t x:1 ./sub/")), "{imported:?}");
    assert!(imported.remarks.iter().all(|remark| !remark.message.contains("is not here")), "{imported:?}");
}

#[test]
fn a_dollar_sign_in_the_file_of_variables_is_a_warning_that_names_its_key() {
    let above = folder(&[
        ("docker-compose.yml", "services: { a: { image: 'x:1', environment: { P: '$DB_PASSWORD' } } }\n"),
        (".env", "DB_PASSWORD=hunter2$x\n"),
    ]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, &[shop.join("docker-compose.yml")]).expect("it is right");
    let remark = imported.remarks.iter().find(|remark| remark.file == ".env").expect("one is told");
    assert!(remark.kind == RemarkKind::Habit && remark.message.contains("DB_PASSWORD"), "{remark:?}");
    let loaded = read(&imported, &shop);
    let app = &loaded.stack.apps[&"a".parse::<stack::ServiceName>().unwrap()];
    assert_eq!(app.container.environment["P"], "hunter2", "as with Compose");
    let told = loaded.warnings.to_string();
    assert!(told.contains(".env") && told.contains("DB_PASSWORD") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_variable_without_a_value_is_an_empty_text_in_the_container_and_only_one_without_a_default_is_told() {
    let compose = "services:\n  a:\n    image: x:1\n    environment:\n      HOME: \"${NOPE:-}\"\n      BARE: $BARE\n      \
                   MAP: ${NOPE}\n      PASSED:\n  b: { image: 'x:1', environment: ['HOME=${NOBODY:-}', 'LIST=$BARE'] }\n";
    let above = folder(&[("docker-compose.yml", compose)]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, &[shop.join("docker-compose.yml")]).expect("it is right");
    assert!(imported.text.contains("HOME: \"${NOPE:-}\""), "{}", imported.text);
    let loaded = read(&imported, &shop);
    let shown = |name: &str| {
        let app = &loaded.stack.apps[&name.parse::<stack::ServiceName>().unwrap()];
        app.container.environment.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(shown("a"), ["HOME=", "BARE=", "MAP="]);
    assert_eq!(shown("b"), ["HOME=", "LIST="]);
    let told: Vec<&str> = imported.remarks.iter().map(|remark| remark.message.as_str()).collect();
    assert!(told.iter().any(|line| line.starts_with("no value is here for BARE, NOPE:")), "{told:?}");
}

#[test]
fn an_env_file_with_a_dollar_sign_in_it_is_carried_and_told() {
    let above = folder(&[
        ("docker-compose.yml", "services: { a: { image: 'x:1', env_file: [a.env] } }\n"),
        ("a.env", "A=1\nPASS=ab$cd\n"),
    ]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, &[shop.join("docker-compose.yml")]).expect("it is right");
    assert!(imported.remarks.iter().all(|remark| remark.kind == RemarkKind::Habit), "{:?}", imported.remarks);
    let remark = imported.remarks.iter().find(|remark| remark.subject.contains("env_file")).expect("one is told");
    assert!(remark.message.contains("`PASS`") && !remark.message.contains("ab$"), "{remark:?}");
    let app = &read(&imported, &shop).stack.apps[&"a".parse::<stack::ServiceName>().unwrap()];
    assert_eq!((app.container.environment["A"].as_str(), app.container.environment["PASS"].as_str()), ("1", "ab"));
}

#[test]
fn folders_that_are_not_there_yet_are_made_as_compose_makes_them() {
    let compose = "services: { a: { image: 'x:1', volumes: ['./data:/data', './seen:/seen:ro', './log:/log:ro'] } }\n";
    let above = folder(&[("docker-compose.yml", compose), ("seen/x", "")]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, &[shop.join("docker-compose.yml")]).expect("it is right");
    let app = &read(&imported, &shop).stack.apps[&"a".parse::<stack::ServiceName>().unwrap()];
    let made = |target: &str| {
        let mount = app.wiring.volumes.iter().find(|mount| mount.target == target).expect("it is mounted");
        match &mount.kind {
            stack::MountKind::Bind { create_host_path, .. } => (*create_host_path, mount.read_only),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(made("/data"), (Some(true), false));
    assert_eq!(made("/log"), (Some(true), true));
    assert_eq!(made("/seen"), (None, true));
}
