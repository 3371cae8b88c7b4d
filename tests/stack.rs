//! The stack file: what is read, what is refused, and in which words.

#[path = "stack/full.rs"]
mod full;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stackctl::stack::{
    ByteSize, DashboardSource, Discovery, Duration, EngineMetrics, Environment, Loaded, PanelType, Problems, Publish,
    Secret, Severity, Vocabulary, load, parse,
};

const VOCABULARY: Vocabulary = Vocabulary {
    exporters: stackctl::catalog::EXPORTERS,
    presets: &["node", "containers"],
    compose: Some(stackctl::import::included),
};

fn environment() -> Environment {
    VARIABLES.into_iter().collect()
}

const VARIABLES: [(&str, &str); 6] = [
    ("HOME", "/home/anna"),
    ("GRAFANA_PASSWORD", "correct horse"),
    ("DATABASE_URL", "postgres://shop:hunter2secret@db/shop"),
    ("TOKEN", "s3cr3t-t0ken"),
    ("EMPTY", ""),
    ("TAG", "1.4"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack")
}

fn read(text: &str) -> Result<Loaded, Problems> {
    parse("stack.yml", text, &folder(), &environment(), &VOCABULARY)
}

/// The problems of a text, one line each: `LINE:COLUMN path: message`.
fn problems(text: &str) -> Vec<String> {
    let problems = match read(text) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    let line = |problem: &stackctl::stack::Problem| {
        format!("{}:{} {}: {}", problem.line, problem.column, problem.path, problem.message)
    };
    problems.iter().map(line).collect()
}

#[test]
fn every_bad_file_is_refused_in_the_words_of_its_golden_file() {
    let mut wrong = Vec::new();
    for path in bad_files() {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shown = match parse(&name, &text, &folder(), &environment(), &VOCABULARY) {
            Ok(loaded) => loaded.warnings.render(false),
            Err(problems) => problems.render(false),
        };
        let golden = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &shown).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != shown {
            wrong.push(format!("{name}:\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}\nBLESS=1 cargo test --test stack rewrites the golden files", wrong.join("\n"));
}

#[test]
fn every_bad_file_has_a_problem_with_a_line_and_a_help() {
    assert!(bad_files().len() >= 40);
    for path in bad_files() {
        let text = fs::read_to_string(&path).unwrap();
        let problems = match read(&text) {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        assert!(!problems.is_empty(), "{}", path.display());
        for problem in &problems {
            assert!(
                problem.line > 0 && problem.column > 0 && !problem.help.is_empty(),
                "{}: {problem:?}",
                path.display()
            );
        }
    }
}

/// Exit code 1 would say that the engine was asked: it is behind a socket that is not there.
#[test]
fn every_bad_file_is_refused_by_the_program_before_it_asks_the_engine() {
    let mut refused = 0;
    for path in bad_files() {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        program.arg("-f").arg(&path).arg("up").env_clear().env("NO_COLOR", "1");
        program.env("DOCKER_HOST", "unix:///no/such.sock").envs(VARIABLES);
        let output = program.output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let name = path.display();
        assert!(stdout.is_empty() && !stderr.contains("panicked"), "{name}:\n{stdout}\n{stderr}");
        match load(std::slice::from_ref(&path), &environment(), &stackctl::command::VOCABULARY) {
            Ok(_) => {
                // One that can be used, and is warned of.
                assert_eq!(output.status.code(), Some(1), "{name}:\n{stderr}");
                assert!(stderr.contains("no such socket"), "{name}:\n{stderr}");
            }
            Err(problems) => {
                refused += 1;
                assert_eq!(output.status.code(), Some(2), "{name}:\n{stderr}");
                let first = problems.iter().find(|problem| problem.severity == Severity::Error).expect("an error");
                let place = format!("--> {name}:{}:{}", first.line, first.column);
                assert!(stderr.contains(&place) && stderr.contains("help: "), "{place}:\n{stderr}");
                assert!(!stderr.contains("Docker"), "{name}:\n{stderr}");
            }
        }
    }
    assert!(refused >= 50, "{refused}");
}

fn bad_files() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut bad: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".bad.yml")).collect();
    bad.sort();
    bad
}

const GALLERY: &str = r#"
name: image-gallery

engine:
  metrics: gateway                 # gateway | ADDRESS:PORT | off → daemon.json, and a scrape job for the engine

prometheus:
  version: "3.5.0"
  scrape_interval: 10s
  retention: { time: 15d }
  port: 9090                       # published on 127.0.0.1 unless an address is written

grafana:
  port: 3000
  admin_password: { env: GRAFANA_PASSWORD }   # or {file: …}; left out: generated once, kept 0600 beside the state

apps:
  accesslog:
    image: diamol/ch09-access-log
    scale: 3
    metrics: { discovery: dns, interval: 3s }
  iotd:
    image: diamol/ch09-image-of-the-day
    metrics: { path: /actuator/prometheus }
  image-gallery:
    image: diamol/ch09-image-gallery
    ports: ["8010:80"]
    depends_on: [accesslog, iotd]
    metrics: { discovery: static }
    signals:                       # what the golden signals of this app are called
      traffic: image_gallery_requests_total
      errors: image_gallery_requests_total{code=~"5.."}
      in_flight: image_gallery_in_flight_requests
      saturation: [go_goroutines, go_memstats_stack_inuse_bytes]

exporters:
  node: {}
  cadvisor: {}

scrape:                            # things that run elsewhere
  other-hosts:
    interval: 5s
    targets: ["172.26.0.100:8180", "172.26.0.101:9100"]

dashboards:
  gallery:
    title: Image gallery
    rows:
      - title: Golden signals
        panels:
          - { title: HTTP 200 responses, query: 'sum(image_gallery_requests_total{code="200"}) without(instance)' }
          - { title: Requests in flight, query: 'sum(image_gallery_in_flight_requests) without(instance)', type: stat }
          - { title: Memory in use, query: 'go_memstats_stack_inuse_bytes{job="image-gallery"}', unit: bytes }
  node: { preset: node }
  legacy: { file: dashboards/legacy.json }
"#;

#[test]
fn the_gallery_is_read_as_it_is_written() {
    let loaded = read(GALLERY).unwrap();
    let stack = &loaded.stack;
    assert_eq!(stack.name.as_str(), "image-gallery");
    assert_eq!(stack.engine.metrics, EngineMetrics::Gateway);
    let prometheus = stack.prometheus.as_option().unwrap();
    assert_eq!(prometheus.version.as_deref(), Some("3.5.0"));
    assert_eq!(prometheus.scrape_interval, Some(Duration::from_secs(10)));
    assert_eq!(prometheus.retention.time, Some(Duration::from_secs(15 * 86_400)));
    assert_eq!(prometheus.port, Publish::At("127.0.0.1:9090".parse().unwrap()));
    let grafana = stack.grafana.as_option().unwrap();
    assert_eq!(grafana.admin_password, Some(Secret::Environment("GRAFANA_PASSWORD".into())));
    assert_eq!(stack.apps.len(), 3);
    assert_eq!(stack.apps["accesslog"].scale, Some(3));
    assert_eq!(stack.apps["accesslog"].metrics.as_ref().unwrap().discovery, Discovery::Dns);
    assert_eq!(stack.apps["iotd"].metrics.as_ref().unwrap().path.as_deref(), Some("/actuator/prometheus"));
    let gallery = &stack.apps["image-gallery"];
    assert_eq!(gallery.container.ports.0[0].host_port, Some(8010));
    assert_eq!(gallery.wiring.depends_on.keys().map(AsRef::as_ref).collect::<Vec<&str>>(), ["accesslog", "iotd"]);
    let signals = gallery.signals.as_ref().unwrap();
    assert_eq!(signals.errors.as_deref(), Some("image_gallery_requests_total{code=~\"5..\"}"));
    assert_eq!(signals.saturation.len(), 2);
    assert_eq!(stack.exporters.len(), 2);
    assert_eq!(stack.scrape["other-hosts"].targets.len(), 2);
    assert_eq!(stack.scrape["other-hosts"].metrics.interval, Some(Duration::from_secs(5)));
    let DashboardSource::Rows(written) = &stack.dashboards["gallery"].source else { panic!("rows") };
    let rows = &written.rows;
    assert_eq!(rows[0].panels[1].kind, PanelType::Stat);
    assert_eq!(rows[0].panels[2].unit.as_deref(), Some("bytes"));
    assert_eq!(stack.dashboards["node"].source, DashboardSource::Preset("node".into()));
    let legacy = folder().join("dashboards/legacy.json").to_string_lossy().into_owned();
    let DashboardSource::File { path, imported } = &stack.dashboards["legacy"].source else { panic!("a file") };
    assert_eq!((path, imported.as_ref().map(|read| read.dashboard.title.as_str())), (&legacy, Some("Legacy")));
}

/// The file that people get says the same, but for its notes, and for a dashboard that lies beside it.
#[test]
fn the_gallery_that_comes_with_stackctl_is_that_one() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks/gallery.yml");
    let mut shipped = as_json(&fs::read_to_string(shipped).unwrap());
    let mut expected = as_json(GALLERY);
    let dashboards = |stack: &mut serde_json::Value, name: &str| {
        stack["dashboards"].as_object_mut().and_then(|dashboards| dashboards.remove(name)).expect("it is there")
    };
    assert_eq!(dashboards(&mut shipped, "own")["file"], "dashboards/own.json");
    assert_eq!(dashboards(&mut expected, "legacy")["file"], "dashboards/legacy.json");
    assert_eq!(shipped, expected);
}

#[test]
fn the_stacks_that_come_with_stackctl_load_without_surprise() {
    let stacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    for file in ["demo.yml", "full.yml", "gallery.yml", "hello.yml"] {
        match load(&[stacks.join(file)], &environment(), &VOCABULARY) {
            // The images of the gallery have no versions to name.
            Ok(loaded) => assert!(
                loaded.warnings.iter().all(|warning| file == "gallery.yml" && warning.message.contains("newest")),
                "{}",
                loaded.warnings.render(false)
            ),
            Err(problems) => panic!("{}", problems.render(false)),
        }
    }
}

#[test]
fn sizes_and_numbers_are_read_as_compose_reads_them() {
    let text = "name: demo\napps:\n  web:\n    image: web:3.10\n    mem_limit: 512m\n    cpus: \"0.5\"\n    shm_size: 64000\n    ulimits: { nofile: 1024 }\n";
    let stack = read(text).unwrap().stack;
    let container = &stack.apps["web"].container;
    assert_eq!(container.mem_limit, Some(ByteSize(512 << 20)));
    assert_eq!(container.cpus, Some(0.5));
    assert_eq!(container.shm_size, Some(ByteSize(64000)));
    assert_eq!(container.ulimits["nofile"].hard, 1024);
}

#[test]
fn a_version_like_3_10_stays_text() {
    let text = "name: demo\nprometheus:\n  version: 3.10\napps:\n  web: { image: a:1, environment: { DEBUG: on, PORT: 08, NO: no } }\n";
    let stack = read(text).unwrap().stack;
    assert_eq!(stack.prometheus.as_option().unwrap().version.as_deref(), Some("3.10"));
    let environment = &stack.apps["web"].container.environment;
    assert_eq!((&*environment["DEBUG"], &*environment["PORT"], &*environment["NO"]), ("on", "08", "no"));
}

#[test]
fn ten_mistakes_are_ten_problems_each_where_it_is() {
    let text = "\
name: Demo
grafna: {}
prometheus:
  scrape_interval: 10
apps:
  web:
    imge: nginx:1
    ports: [\"99999:80\"]
    metrics: { port: eighty }
    depends_on: [datebase]
  database:
    image: postgres:17
    restart: sometimes
    read_only: yes
    healthcheck: { interval: soon }
    volumes: [data:/var]
";
    let expected = [
        "1:7 name:",
        "2:1 grafna:",
        "4:20 prometheus.scrape_interval:",
        "6:3 apps.web:",
        "7:5 apps.web.imge:",
        "8:13 apps.web.ports[0]:",
        "9:22 apps.web.metrics.port:",
        "10:18 apps.web.depends_on[0]:",
        "13:14 apps.database.restart:",
        "14:16 apps.database.read_only:",
        "15:30 apps.database.healthcheck.interval:",
        "16:15 apps.database.volumes[0]:",
    ];
    let found = problems(text);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} instead of {expected}");
    }
}

#[test]
fn problems_serialize_to_the_json_contract() {
    let problems = read("name: demo\napps:\n  web: { image: a:1, metrics: { port: 70000 } }\n").unwrap_err();
    let json = serde_json::to_value(&problems).unwrap();
    let keys: Vec<&String> = json[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["line", "column", "path", "severity", "message", "help"]);
    assert_eq!(json[0]["line"], 3);
    assert_eq!(json[0]["path"], "apps.web.metrics.port");
    assert_eq!(json[0]["severity"], "error");
}

#[test]
fn the_value_of_a_variable_is_never_shown() {
    let text = "\
name: ${TOKEN}
prometheus: { scrape_interval: \"${DATABASE_URL}\", port: \"${TOKEN}\" }
apps:
  web:
    image: \"${DATABASE_URL} \"
    ports: [\"${TOKEN}:80\"]
    restart: ${TOKEN}
    read_only: ${TOKEN}
    depends_on: [\"${TOKEN}\"]
    container_name: \"-${TOKEN}\"
    pid: \"service:${TOKEN}\"
    user: \"${DATABASE_URL}:99999999999\"
    stop_signal: ${TOKEN}
    working_dir: ${TOKEN}
    hostname: \"${TOKEN} \"
    platform: ${TOKEN}
    cap_add: [\"${TOKEN}\"]
    security_opt: [\"${TOKEN}\", \"no-new-privileges:${TOKEN}\"]
    devices: [\"${TOKEN}\"]
    tmpfs: [\"${TOKEN}\", \"/x:${TOKEN}\"]
    extra_hosts: { db: \"${TOKEN}\" }
    sysctls: [\"${TOKEN}\"]
    logging: { driver: local, options: { max-size: \"${TOKEN}\", mode: \"${TOKEN}\" } }
    volumes: [\"${TOKEN}:/data\", \"a:b:${TOKEN}\"]
    metrics: { path: \"x${TOKEN}\", scheme: \"${TOKEN}\", fallback_scrape_protocol: \"${TOKEN}\" }
scrape:
  other: { targets: [\"http://${TOKEN}\"] }
";
    let problems = read(text).unwrap_err();
    assert!(problems.len() >= 28, "{}", problems.render(false));
    for text in [problems.render(false), serde_json::to_string(&problems).unwrap()] {
        assert!(!text.contains("s3cr3t") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_value_with_quotes_and_line_ends_is_not_shown_either() {
    for secret in
        ["hunter2\"quote", "hunter2'quote", "hunter2\\slash", "hunter2\nline", "line\nhunter2", "hunter2`tick"]
    {
        let text = "\
name: demo
prometheus: { scrape_interval: \"${SECRET}\" }
apps:
  web:
    image: \"a:${SECRET}\"
    ports: [\"${SECRET}:80\"]
    restart: ${SECRET}
    mem_limit: \"x${SECRET}\"
    depends_on: [\"${SECRET}\"]
    metrics: { path: \"x${SECRET}\" }
";
        let environment: Environment = [("SECRET", secret)].into_iter().collect();
        let problems = parse("stack.yml", text, &folder(), &environment, &Vocabulary::default()).unwrap_err();
        assert!(problems.len() >= 6, "{}", problems.render(false));
        for text in [problems.render(false), serde_json::to_string(&problems).unwrap()] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn a_password_in_the_file_is_refused_and_not_shown() {
    let problems = read("name: demo\ngrafana:\n  admin_password: hunter2\napps: {}\n").unwrap_err();
    assert_eq!(problems.as_slice()[0].line, 3);
    assert!(!problems.render(false).contains("hunter2"));
}

#[test]
fn variables_come_from_the_environment_and_then_from_dot_env() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "TAG=9.9\nREGISTRY=ghcr.io # ours\nexport NAME='shop'\n").unwrap();
    let file = folder.path().join("stack.yml");
    fs::write(&file, "name: ${NAME}\napps:\n  web: { image: \"${REGISTRY}/web:$TAG\" }\n").unwrap();
    let stack = load(&[file], &environment(), &VOCABULARY).unwrap().stack;
    assert_eq!(stack.name.as_str(), "shop");
    assert_eq!(stack.apps["web"].image, "ghcr.io/web:1.4");
}

#[test]
fn a_file_of_variables_that_cannot_be_read_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".env")).unwrap();
    let file = folder.path().join("stack.yml");
    fs::write(&file, "name: demo\napps:\n  web: { image: \"web:${TAG:-1}\" }\n").unwrap();
    let problems = load(&[file], &Environment::default(), &VOCABULARY).unwrap_err();
    let told = problems.render(false);
    assert!(told.contains("cannot read the file of variables") && told.contains(".env:1"), "{told}");
}

#[test]
fn a_file_of_variables_that_is_no_text_is_told_by_its_line_and_its_values_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), b"TAG=1\nNAME=hunter2\xe9\n").unwrap();
    let file = folder.path().join("stack.yml");
    fs::write(&file, "name: demo\napps:\n  web: { image: \"web:${TAG}\" }\n").unwrap();
    let problems = load(&[file], &Environment::default(), &VOCABULARY).unwrap_err();
    let told = problems.render(false);
    assert_eq!(problems.len(), 1, "{told}");
    assert!(told.contains("not text") && told.contains(".env:2") && told.contains("save the file as UTF-8"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_pipe_that_nobody_may_ever_write_into_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("stack.yml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let told = load(&[pipe], &Environment::default(), &VOCABULARY).unwrap_err().render(false);
    assert!(told.contains("it is a pipe; `-f -` reads standard input"), "{told}");
}

#[test]
fn environment_takes_files_and_variables_that_are_passed_through() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("web.env"), "FIRST=file\nSECOND=\"two\\nlines\"\n# comment\n\nTHIRD='$RAW'\n")
        .unwrap();
    let text = "name: demo\napps:\n  web:\n    image: a:1\n    env_file: web.env\n    environment: [FIRST=own, TOKEN, UNSET, EMPTY=]\n";
    let stack = parse("stack.yml", text, folder.path(), &environment(), &VOCABULARY).unwrap().stack;
    let variables: Vec<_> = stack.apps["web"].container.environment.iter().collect();
    let pairs: Vec<(&str, &str)> = variables.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected =
        [("FIRST", "own"), ("SECOND", "two\nlines"), ("THIRD", "$RAW"), ("TOKEN", "s3cr3t-t0ken"), ("EMPTY", "")];
    assert_eq!(pairs, expected);
}

#[test]
fn a_relative_path_is_resolved_against_the_folder_of_the_file() {
    let text = "name: demo\nvolumes: { data: }\napps:\n  web:\n    image: a:1\n    volumes: [./etc:/etc:ro, ../up:/up, ~/x:/x, data:/data]\n";
    let stack = read(text).unwrap().stack;
    let mounts = format!("{:?}", stack.apps["web"].wiring.volumes);
    assert!(mounts.contains(&format!("{:?}", folder().join("etc"))), "{mounts}");
    assert!(mounts.contains(&format!("{:?}", folder().parent().unwrap().join("up"))), "{mounts}");
    assert!(mounts.contains("\"/home/anna/x\"") && mounts.contains("Volume(\"data\")"), "{mounts}");
}

#[test]
fn a_later_file_overlays_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let (base, overlay) = (folder.path().join("stack.yml"), folder.path().join("prod.yml"));
    fs::write(
        &base,
        "name: demo\napps:\n  web:\n    image: web:1\n    ports: [\"80\"]\n    environment: { A: 1, B: 2 }\n",
    )
    .unwrap();
    fs::write(&overlay, "apps:\n  web:\n    image: web:2\n    ports: [\"81\", \"82\"]\n    environment: { B: 3 }\n  db: { image: db:1 }\n").unwrap();
    let stack = load(&[base.clone(), overlay.clone()], &environment(), &VOCABULARY).unwrap().stack;
    let web = &stack.apps["web"];
    assert_eq!((web.image.as_str(), web.container.ports.0.len()), ("web:2", 2));
    assert_eq!((&*web.container.environment["A"], &*web.container.environment["B"]), ("1", "3"));
    assert!(stack.apps.contains_key("db"));

    fs::write(&overlay, "apps:\n  web:\n    scale: lots\n").unwrap();
    let problems = load(&[base, overlay.clone()], &environment(), &VOCABULARY).unwrap_err();
    let problem = &problems.as_slice()[0];
    assert_eq!((problem.file.as_str(), problem.line), (overlay.to_str().unwrap(), 3));
}

#[test]
fn the_file_of_a_dashboard_is_looked_for_beside_the_first_stack_file_and_by_who_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let (base, overlay) = (folder.path().join("stack.yml"), folder.path().join("more/prod.yml"));
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(&base, "name: demo\napps: {}\n").unwrap();
    fs::write(&overlay, "dashboards: { web: { file: web.json } }\n").unwrap();
    fs::write(folder.path().join("more/web.json"), "{\"title\": \"Web\", \"panels\": []}").unwrap();
    let files = [base, overlay];
    let problems = load(&files, &environment(), &VOCABULARY).unwrap_err();
    let problem = &problems.as_slice()[0];
    assert_eq!(problem.message, "there is no such file");
    let beside = format!("paths are relative to the folder of the first stack file, `{}`", folder.path().display());
    assert_eq!(problem.help, beside);
    // Whoever takes the stack away needs no picture of it.
    let loaded = stackctl::stack::load_without_secrets(&files, &environment(), &VOCABULARY).unwrap();
    assert_eq!(loaded.stack.dashboards["web"].shown_title("web", "demo"), None);
}

/// `apps:` whose entries are all commented out.
#[test]
fn a_section_with_nothing_in_it_takes_nothing_away_in_an_overlay() {
    let folder = tempfile::tempdir().unwrap();
    let (base, overlay) = (folder.path().join("stack.yml"), folder.path().join("prod.yml"));
    let text =
        "name: demo\nprometheus: { version: 3.5.0 }\ngrafana: off\napps:\n  web: { image: web:1, ports: [\"80\"] }\n";
    fs::write(&base, text).unwrap();
    fs::write(&overlay, "name:\nprometheus: ~\ngrafana: null\napps:\n#  web: { scale: 2 }\nexporters: ~\n").unwrap();
    let alone = load(std::slice::from_ref(&base), &environment(), &VOCABULARY).unwrap().stack;
    let overlaid = load(&[base.clone(), overlay.clone()], &environment(), &VOCABULARY).unwrap().stack;
    assert_eq!(overlaid, alone);
    // Below a section nothing is what there is then.
    fs::write(&overlay, "apps: { web: { ports: ~ } }\n").unwrap();
    let overlaid = load(&[base, overlay], &environment(), &VOCABULARY).unwrap().stack;
    assert!(overlaid.apps["web"].container.ports.0.is_empty());
}

/// Each value was tried with Engine 20.10, 26.1 and 28.5; what only some of them take is among them.
#[test]
fn settings_that_an_engine_takes_are_taken() {
    let taken: [(&str, &[&str]); 23] = [
        ("stop_signal", &["SIGTERM", "term", "\"15\"", "SIGRTMIN+3", "SIGKILL", "\"\""]),
        ("user", &["root", "1000:1000", "\"472\"", "nobody:nogroup", "\"0:\"", "\"\""]),
        ("working_dir", &["/", "/app", "/app/../data", "\"/with space\"", "\"\""]),
        ("hostname", &["web", "web_1", "web.example.com", "WEB", "1.2.3.4", "\"\""]),
        (
            "extra_hosts",
            &["[\"db:10.0.0.1\"]", "[\"db=::1\", \"host.docker.internal:host-gateway\"]", "{ a_b: fe80::1 }"],
        ),
        ("cap_add", &["[ALL]", "[net_admin, CAP_SYS_PTRACE]", "[PERFMON, BPF, CHECKPOINT_RESTORE]"]),
        ("cap_drop", &["[all]", "[NET_RAW]"]),
        (
            "security_opt",
            &[
                "[no-new-privileges]",
                "[\"no-new-privileges:true\", seccomp=unconfined]",
                "[\"label:disable\", apparmor=mine]",
            ],
        ),
        ("devices", &["[/dev/kmsg]", "[\"/dev/null:/dev/x:rwm\"]", "[\"/dev/null:/dev/x\"]", "[\"/dev/null:rw\"]"]),
        ("platform", &["linux/amd64", "linux/arm64/v8", "linux", "arm64"]),
        ("pids_limit", &["0", "-1", "100", "4194304"]),
        (
            "sysctls",
            &[
                "{ net.core.somaxconn: 1024 }",
                "[\"net.ipv4.ip_forward=1\"]",
                "{ kernel.sem: 250 32000 100 128 }",
                "{ fs.mqueue.msg_max: 10 }",
            ],
        ),
        (
            "ulimits",
            &[
                "{ nofile: 1024 }",
                "{ NOFILE: { soft: 2000, hard: 2000 } }",
                "{ memlock: -1 }",
                "{ core: { soft: 1, hard: -1 } }",
            ],
        ),
        (
            "tmpfs",
            &[
                "/tmp",
                "[\"/tmp:size=64m,mode=1777\", \"/run:rw,noexec,nosuid\"]",
                "[\"/a:size=10%\"]",
                "[\"/b:uid=1000,gid=1000\"]",
            ],
        ),
        (
            "volumes",
            &[
                "[\"/a\", \"/a/b\"]",
                "[\"./a:/a\", \"./a:/b\"]",
                "[{ type: tmpfs, target: /c }]",
                "[\"/var/lib/lxcfs/proc/cpuinfo:/proc/cpuinfo\"]",
            ],
        ),
        (
            "logging",
            &[
                "{ driver: none }",
                "{ driver: json-file, options: { max-size: 10m, max-file: \"3\", compress: \"true\", tag: web } }",
                "{ driver: local, options: { max-size: 1.5GiB, max-file: \"1\", compress: \"false\" } }",
                "{ driver: json-file, options: { mode: non-blocking, max-buffer-size: 4m, env: A, labels: b } }",
                "{ driver: loki, options: { loki-url: \"http://localhost:3100/api/prom/push\" } }",
                "{ driver: syslog, options: { own: x } }",
            ],
        ),
        ("cpus", &["0", "0.01", "1.5", "64"]),
        ("mem_limit", &["0", "6m"]),
        ("mem_reservation", &["6m", "64m", "0"]),
        ("shm_size", &["0", "1", "1g"]),
        ("healthcheck", &["{ test: [NONE] }", "{ test: [CMD, \"\"], interval: 1ms, retries: 0 }"]),
        ("entrypoint", &["[]", "\"\"", "[/run, \"\"]"]),
        ("labels", &["{ \"a b\": c }", "[a.b=c=d]"]),
    ];
    for (key, values) in taken {
        for value in values {
            let text = format!("name: demo\napps:\n  web:\n    image: web:1\n    {key}: {value}\n");
            assert_eq!(problems(&text), [""; 0], "{key}: {value}");
        }
    }
    let digest = "0123456789abcdef".repeat(4);
    for image in [format!("web@sha256:{digest}"), format!("HOST.example:5000/a/b__c:1.0@sha256:{digest}")] {
        assert_eq!(problems(&format!("name: demo\napps:\n  web: {{ image: \"{image}\" }}\n")), [""; 0], "{image}");
    }
    let outside = "name: demo\napps: { web: { image: web:1, networks: [outer] } }\n\
                   networks: { outer: { external: true, name: bridge2 }, bridge: {}, unused: { external: true, name: host } }\n\
                   volumes: { a: { driver: other, driver_opts: { own: x } }, b: { external: true, name: \"a/b\" }, \
                   c: { driver_opts: { type: nfs, device: \":/x\", o: \"addr=10.0.0.1\" } }, \
                   d: { driver_opts: { type: \"\", device: /srv, o: bind } } }\n";
    assert_eq!(problems(outside), [""; 0]);
}

#[test]
fn a_missing_file_says_what_to_do() {
    let problems = load(&["nowhere/stack.yml".into()], &environment(), &VOCABULARY).unwrap_err();
    let text = problems.render(false);
    assert!(text.contains("nowhere/stack.yml") && text.contains("name: hello") && text.contains("-f"), "{text}");
}

#[test]
fn anchors_and_merge_keys_work() {
    let text = "\
name: demo
x-defaults: &defaults
  restart: always
  environment: { A: 1 }
apps:
  web: { <<: *defaults, image: web:1 }
  api:
    <<: [*defaults]
    image: api:1
    restart: \"no\"
";
    let stack = read(text).unwrap().stack;
    assert_eq!(stack.apps["web"].container.restart, stackctl::stack::Restart::Always);
    assert_eq!(stack.apps["api"].container.restart, stackctl::stack::Restart::No);
    assert_eq!(stack.apps["api"].container.environment["A"], "1");
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_do_not_matter() {
    let text = "\u{feff}name: demo\r\napps:\r\n  web:\r\n    image: web:1\r\n    command: |\r\n      a\r\n      b\r\n";
    assert_eq!(read(text).unwrap().stack.apps["web"].container.command.as_ref().unwrap().0, ["a", "b"]);
    let found = problems(&text.replace("image", "imäge"));
    assert!(found.iter().any(|problem| problem.starts_with("4:5 apps.web.imäge:")), "{found:?}");
}

#[test]
fn two_files_can_have_a_section_each_and_the_first_may_lack_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.yml"), folder.path().join("b.yml"));
    fs::write(&first, "apps: { web: { image: a:1 } }\n").unwrap();
    fs::write(&second, "name: demo\nprometheus: off\n").unwrap();
    assert!(load(std::slice::from_ref(&first), &environment(), &VOCABULARY).is_err());
    assert!(load(&[first, second], &environment(), &VOCABULARY).unwrap().stack.prometheus.as_option().is_none());
}

#[test]
fn sections_and_metrics_can_be_switched_off() {
    for off in ["off", "false", "\"off\""] {
        let text =
            format!("name: demo\nprometheus: {off}\ngrafana: {off}\napps:\n  web: {{ image: a:1, metrics: {off} }}\n");
        let stack = read(&text).unwrap().stack;
        assert!(stack.prometheus.as_option().is_none() && stack.grafana.as_option().is_none());
        assert!(stack.apps["web"].metrics.is_none());
    }
    let stack = read("name: demo\nprometheus:\napps:\n  web:\n    image: a:1\n    metrics:\n").unwrap().stack;
    assert!(stack.prometheus.as_option().is_some() && stack.apps["web"].metrics.is_some());
}

#[test]
fn an_error_is_found_behind_thousands_of_warnings() {
    let apps = (0..3000).map(|number| format!("  a{number}: {{ image: nginx }}\n")).collect::<Vec<_>>().concat();
    let problems =
        read(&format!("name: demo\napps:\n{apps}  last: {{ image: a:1, depends_on: [nobody] }}\n")).unwrap_err();
    assert!(problems.has_errors() && problems.len() == 3001);
}

#[test]
fn scaling_past_a_fixed_port_or_name_says_what_to_write_instead() {
    let stack =
        read("name: demo\napps:\n  web: { image: a:1, ports: [\"8080:80\"] }\n  api: { image: a:1 }\n").unwrap().stack;
    let wrong = stackctl::stack::check_scale(&stack, "web", 2).unwrap_err();
    assert!(wrong.help.contains("ports: [\"80\"]"), "{wrong}");
    assert_eq!(stackctl::stack::check_scale(&stack, "web", 1), Ok(()));
    assert_eq!(stackctl::stack::check_scale(&stack, "api", 5), Ok(()));
    let wrong = stackctl::stack::check_scale(&stack, "apj", 5).unwrap_err();
    assert!(wrong.help.contains("`api`"), "{wrong}");
    let text = "name: demo\napps:\n  web: { image: a:1 }\n  api: { image: a:1, container_name: demo-web-3 }\n";
    let stack = read(text).unwrap().stack;
    assert_eq!(stackctl::stack::check_scale(&stack, "web", 2), Ok(()));
    let wrong = stackctl::stack::check_scale(&stack, "web", 3).unwrap_err();
    assert!(wrong.message.contains("`demo-web-3`") && wrong.help.contains("`api`"), "{wrong}");
}

/// The stack file as plain data, for what only looks at its shape.
fn as_json(text: &str) -> serde_json::Value {
    serde_yaml::from_str(text).expect("the stacks of these tests are YAML")
}

/// Every property that a schema knows.
fn properties(schema: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::Object(own)) = map.get("properties") {
                found.extend(own.keys().cloned());
            }
            map.values().for_each(|below| properties(below, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|below| properties(below, found)),
        _ => {}
    }
}

#[test]
fn the_stacks_that_come_with_stackctl_fit_the_schema() {
    let validator = jsonschema::validator_for(&stackctl::stack::schema()).unwrap();
    let stacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let texts = ["demo.yml", "full.yml", "gallery.yml", "hello.yml", "host-monitor.yml", "two-hosts.yml"]
        .map(|file| fs::read_to_string(stacks.join(file)).unwrap());
    for text in texts.iter().map(String::as_str).chain([GALLERY]) {
        let wrong: Vec<String> =
            validator.iter_errors(&as_json(text)).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn the_schema_refuses_what_the_loader_refuses() {
    let validator = jsonschema::validator_for(&stackctl::stack::schema()).unwrap();
    for file in ["unknown-key", "missing-image", "compose-keys", "images", "dashboards"] {
        let text = fs::read_to_string(folder().join(format!("{file}.bad.yml"))).unwrap();
        assert!(!validator.is_valid(&as_json(&text)), "{file}");
    }
    assert!(validator.is_valid(&as_json("name: demo\ninclude: [compose.yml]\napps: { web: { metrics: {} } }\n")));
    assert!(validator.is_valid(&as_json("name: demo\nx-own: 1\napps: { web: { image: a, x-own: 1 } }\n")));
}

#[test]
fn the_schema_describes_every_key() {
    let schema = stackctl::stack::schema();
    let described = schema["properties"].as_object().unwrap().values().filter(|key| key.get("description").is_some());
    assert_eq!(described.count(), 18);
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["name"]));
}

#[test]
fn every_default_has_a_path_that_the_schema_knows() {
    let mut known = std::collections::BTreeSet::new();
    properties(&stackctl::stack::schema(), &mut known);
    for (path, default) in stackctl::stack::defaults_table() {
        let key = path.rsplit('.').next().unwrap().split(' ').next().unwrap();
        assert!(known.contains(key) && !default.is_empty(), "{path}");
    }
}
