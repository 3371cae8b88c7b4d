//! `include`: Compose files stay the source of their services, and the stack file says what to watch.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use stackctl::command::VOCABULARY;
use stackctl::desired::{Desired, Facts};
use stackctl::stack::{App, Environment, Loaded, Mount, MountKind, Problems, Restart, ServiceName, load};

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

fn read(above: &Path) -> Result<Loaded, Problems> {
    let environment: Environment = [("HOME", "/home/anna"), ("LEVEL", "debug")].into_iter().collect();
    load(&[above.join("shop/stack.yml")], &environment, &VOCABULARY)
}

fn loaded(files: &[(&str, &str)]) -> Loaded {
    let above = folder(files);
    read(above.path()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn app<'l>(loaded: &'l Loaded, name: &str) -> &'l App {
    &loaded.stack.apps[&name.parse::<ServiceName>().unwrap()]
}

/// `FILE:LINE path: message` of every problem, files without their folder.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let above = folder(files);
    let found = match read(above.path()) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    };
    let name = |file: &str| Path::new(file).file_name().unwrap().to_string_lossy().into_owned();
    let line = |problem: &stackctl::stack::Problem| {
        format!("{}:{} {}: {}", name(&problem.file), problem.line, problem.path, problem.message)
    };
    found.iter().map(line).collect()
}

fn stackctl(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.current_dir(folder.join("shop")).args(arguments).env_remove("STACKCTL_FILE").output().unwrap()
}

const STACK: &str = "name: shop\ninclude: [compose.yml]\napps:\n  web: { metrics: { port: 80 } }\n";

#[test]
fn services_of_the_compose_file_are_apps_and_the_stack_file_adds_what_to_watch() {
    let compose = "services:\n  web:\n    image: web:${TAG}\n    ports: [\"8080:80\"]\n    depends_on: [db]\n    \
                   environment: [LEVEL, TAG]\n    volumes: [\"./web:/etc/web:ro\", \"data:/data\"]\n  \
                   db: { image: 'postgres:16' }\nvolumes: { data: {} }\n";
    let files = [("compose.yml", compose), (".env", "TAG=1.4\n"), ("stack.yml", STACK)];
    let loaded = loaded(&files);
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let names: Vec<&str> = loaded.stack.apps.keys().map(ServiceName::as_str).collect();
    assert_eq!(names, ["web", "db"]);
    let web = app(&loaded, "web");
    assert_eq!(web.image, "web:1.4");
    assert_eq!(web.container.environment["LEVEL"], "debug", "from the process");
    assert_eq!(web.container.environment["TAG"], "1.4", "from .env beside the Compose file");
    assert_eq!(web.container.ports.0[0].host_ip.to_string(), "0.0.0.0", "as open as under Compose");
    assert!(web.metrics.is_some());
    assert!(app(&loaded, "db").metrics.is_none());
    let desired = Desired::of(&loaded.stack, &Facts::default());
    let jobs: Vec<&str> = desired.prometheus.as_ref().unwrap().jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(jobs, ["prometheus", "web", "grafana"]);
}

#[test]
fn paths_variables_and_overrides_are_those_of_the_compose_files_folder() {
    let base = "services:\n  web: { image: 'web:${TAG}', env_file: web.env, volumes: ['./etc:/etc/web:ro'] }\n";
    let stack = "name: team\ninclude: [team]\n";
    let files = [
        ("team/compose.yml", base),
        ("team/compose.override.yml", "services: { web: { restart: always, environment: { A: b } } }\n"),
        ("team/.env", "TAG=2\n"),
        ("team/web.env", "FROM=file\n"),
        (".env", "TAG=of-the-stack\n"),
        ("stack.yml", stack),
    ];
    let above = folder(&files);
    let loaded = read(above.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let web = app(&loaded, "web");
    assert_eq!((web.image.as_str(), web.container.restart), ("web:2", Restart::Always));
    assert_eq!(
        web.container.environment.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
        ["FROM=file", "A=b"]
    );
    let source = format!("{:?}", web.wiring.volumes[0].kind);
    assert!(source.contains("/shop/team/etc"), "{source}");
}

#[test]
fn variables_that_compose_takes_from_beside_a_file_included_by_a_file_are_named() {
    let compose = "services:\n  web: { image: 'web:1' }\ninclude:\n  - team/compose.yml\n";
    let team = "services:\n  db: { image: 'db:1', environment: { A: $TAG }, command: [\"${FLAG:--x}\"] }\n";
    let files = [("compose.yml", compose), ("team/compose.yml", team), ("stack.yml", STACK)];
    let with = |more: &[(&'static str, &'static str)]| problems(&[&files[..], more].concat());
    let of_team = ("team/.env", "TAG=2\nFLAG=-y\nOTHER=z\n");
    assert_eq!(
        with(&[of_team]),
        [
            "compose.yml:4 include: Compose fills `FLAG`, `TAG` of this file from `team/.env`; here only `.env` beside the first file counts"
        ]
    );
    assert_eq!(with(&[of_team, (".env", "TAG=3\nFLAG=\n")]), [""; 0], "what is set there goes before for Compose, too");
    let elsewhere = "include:\n  - { path: team/compose.yml, project_directory: ., env_file: [team.env] }\n";
    let files = [
        ("compose.yml", elsewhere),
        ("team/compose.yml", team),
        ("team.env", "FLAG=-y\n"),
        ("stack.yml", "name: shop\ninclude: [compose.yml]\n"),
        (".env", "TAG=3\n"),
    ];
    assert_eq!(
        problems(&files),
        [
            "compose.yml:2 include: Compose fills `FLAG` of this file from `team.env`; here only `.env` beside the first file counts",
            "compose.yml:2 include: `project_directory: .` is not carried: paths are taken from the folder of the file",
        ]
    );
}

#[test]
fn a_problem_is_shown_in_the_file_where_it_stands() {
    let compose = "services:\n  web:\n    image: web:1\n    ports:\n      - \"70000:80\"\n    extends:\n      file: base.yml\n      service: base\n";
    let base = "services:\n  base:\n    image: x\n    deploy: { resources: { limits: { memory: 10q } } }\n    stop_grace_period: soon\n";
    let files = [("compose.yml", compose), ("base.yml", base), ("stack.yml", STACK)];
    assert_eq!(
        problems(&files),
        [
            "compose.yml:5 services.web.ports[0]: there is no port `70000`",
            "base.yml:4 services.web.mem_limit: `10q` is not a size",
            "base.yml:5 services.web.stop_grace_period: `soon` is not a duration",
        ]
    );
    let above = folder(&files);
    let shown = stackctl(above.path(), &["check"]);
    let shown = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert!(shown.contains("--> compose.yml:5:9") && shown.contains("- \"70000:80\""), "{shown}");
    let json = stackctl(above.path(), &["check", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["problems"][0]["file"], &json["problems"][0]["line"]), (&"compose.yml".into(), &5.into()));
}

#[test]
fn what_cannot_be_carried_is_a_warning_and_what_would_change_an_app_is_an_error() {
    let compose = "services:\n  web:\n    build: .\n    image: web:1\n    tty: true\n    environment: { A: $NOBODY }\n    \
                   deploy: { placement: {} }\n  db:\n    image: db:1\n    network_mode: \"service:web\"\n    userns_mode: host\n";
    assert_eq!(
        problems(&[("compose.yml", compose), ("stack.yml", STACK)]),
        [
            "compose.yml:3 services.web.build: `build` is not carried: stackctl builds no images of apps",
            "compose.yml:5 services.web.tty: `tty` is not carried: a stack file has no such key",
            "compose.yml:6 services.web.environment.A: variable `NOBODY` is not set: nothing stands in for it, as with Compose",
            "compose.yml:10 services.db.network_mode: `network_mode` is not carried: stackctl cannot share another container's network",
            "compose.yml:11 services.db.userns_mode: `userns_mode` is not carried: a stack file has no such key",
        ]
    );
}

#[test]
fn stackctls_own_services_others_volumes_and_overrides_beside_the_file_are_named() {
    let compose = "services:\n  web: { image: 'web:1', depends_on: [prometheus] }\n  prometheus: { image: prom/prometheus }\n\
                   volumes:\n  data: {}\n";
    let files = [
        ("compose.yml", compose),
        ("compose.override.yml", "services: { web: { restart: always } }\n"),
        ("stack.yml", "name: other\ninclude: [compose.yml]\n"),
    ];
    assert_eq!(
        problems(&files),
        [
            "compose.yml:1 : `compose.override.yml` lies beside it, and is not laid over it as `docker compose` does",
            "compose.yml:3 services.prometheus: `prometheus` is a service of stackctl's own",
            "compose.yml:5 volumes.data: `docker compose` keeps this in `shop_data`, and the stack `other` in `other_data`",
        ]
    );
    let stack = "name: shop\ninclude: [{ path: [compose.yml, compose.override.yml], without: [prometheus] }]\n";
    let files = [files[0], files[1], ("stack.yml", stack)];
    assert_eq!(problems(&files), ["compose.yml:2 services.web.depends_on: `prometheus` is left out"]);
}

#[test]
fn what_is_wrong_with_include_itself_is_shown_in_the_stack_file() {
    let compose = ("compose.yml", "services:\n  web: { image: 'web:1' }\n");
    let of = |stack: &'static str| {
        problems(&[compose, ("more.yml", compose.1), ("other.yml", "groups: []\n"), ("stack.yml", stack)])
    };
    assert_eq!(
        of("name: shop\ninclude: [nope.yml]\n"),
        ["stack.yml:2 include[0]: cannot include `nope.yml`: there is no such file"]
    );
    assert_eq!(
        of("name: shop\ninclude:\n  - path: compose.yml\n    witout: [x]\n"),
        ["stack.yml:4 include[0].witout: unknown key `witout`"]
    );
    assert_eq!(
        of("name: shop\ninclude: compose.yml\napps:\n  wep: { metrics: {} }\n"),
        ["stack.yml:4 apps.wep: `wep` has no image, and no included file has such a service"]
    );
    assert_eq!(
        of("name: shop\ninclude: [compose.yml, more.yml]\n"),
        ["more.yml:2 services.web: service `web` is in two included projects"]
    );
    assert_eq!(of("name: shop\ninclude: [other.yml]\n"), ["other.yml:1 : this is no Compose file"]);
}

#[test]
fn a_file_that_is_no_yaml_is_shown_with_its_line() {
    let found = problems(&[("compose.yml", "services:\n  web: [\n"), ("stack.yml", STACK)]);
    assert!(found.iter().any(|line| line.starts_with("compose.yml:") && line.contains("bracket")), "{found:?}");
}

#[test]
fn commands_that_edit_know_which_file_a_service_stands_in() {
    let compose = "services:\n  web: { image: 'web:1', expose: [80] }\n  db: { image: 'db:1' }\n";
    let above = folder(&[("compose.yml", compose), ("stack.yml", STACK)]);
    let scaled = stackctl(above.path(), &["scale", "db=2", "--save", "--no-up"]);
    assert!(scaled.status.success(), "{}", String::from_utf8_lossy(&scaled.stderr));
    let text = fs::read_to_string(above.path().join("shop/stack.yml")).unwrap();
    assert_eq!(text, format!("{STACK}  db:\n    scale: 2\n"));
    let compose_now = fs::read_to_string(above.path().join("shop/compose.yml")).unwrap();
    assert_eq!(compose_now, compose, "the Compose file is its owner's");
    fs::write(above.path().join("shop/stack.yml"), STACK).unwrap();
    let removed = stackctl(above.path(), &["remove", "app", "db"]);
    let said = String::from_utf8_lossy(&removed.stderr).into_owned();
    assert_eq!(removed.status.code(), Some(2), "{said}");
    assert!(said.contains("included Compose file") && said.contains("without: [db]"), "{said}");

    let more = format!("{STACK}  more: {{ image: 'more:1' }}\n");
    fs::write(above.path().join("shop/stack.yml"), more).unwrap();
    for (name, stays) in [("more", false), ("web", true)] {
        let removed = stackctl(above.path(), &["remove", "app", name]);
        let said = String::from_utf8_lossy(&removed.stderr).into_owned();
        assert!(removed.status.success(), "{said}");
        assert_eq!(said.contains(&format!("`{name}` still runs")), stays, "{said}");
    }
}

#[test]
fn a_variable_without_a_value_is_nothing_in_an_included_file_and_the_same_as_nothing_means_to_compose() {
    let compose = "services:\n  web:\n    image: web:1\n    ports: [\"${BIND}:8080:80\", \"${PORT}:81\"]\n    restart: ${RESTART}\n    \
                   env_file: [web.env]\n    networks: [front]\n    volumes: ['data:/data']\n\
                   networks: { front: { name: \"${NET}\" } }\nvolumes: { data: { name: \"${VOLUME}\" } }\n";
    let files = [("compose.yml", compose), ("web.env", "A=x$NOBODY\nB=${OTHER:-y}\n"), ("stack.yml", STACK)];
    let loaded = loaded(&files);
    let web = app(&loaded, "web");
    let ports: Vec<String> = web
        .container
        .ports
        .0
        .iter()
        .map(|port| format!("{} {:?} {}", port.host_ip, port.host_port, port.container_port))
        .collect();
    assert_eq!(ports, ["0.0.0.0 Some(8080) 80", "0.0.0.0 None 81"]);
    assert_eq!(web.container.restart, Restart::No);
    assert_eq!((web.container.environment["A"].as_str(), web.container.environment["B"].as_str()), ("x", "y"));
    let warned = loaded.warnings.to_string();
    assert!(warned.contains("line 1 of the file") && warned.contains("as with Compose"), "{warned}");
    assert!(warned.contains("`${NET}` is not set") && warned.contains("`${VOLUME}` is not set"), "{warned}");
    let needed = compose.replace("web:1", "web:${TAG:?name a version}");
    let told = problems(&[("compose.yml", &needed), files[1], files[2]]);
    assert!(told.iter().any(|line| line.contains("variable `TAG` is needed: name a version")), "{told:?}");
}

#[test]
fn what_a_variable_comes_to_is_a_text_where_a_text_is_wanted_and_a_number_where_a_number_is() {
    let environment = "environment:\n      HOME: ${NOPE:-}\n      HASH: ${HASH}\n      TILDE: ${TILDE}\n      WORD: ${WORD}\n      \
                       LEVEL:\n      YES: ${YES}\n      NUMBER: ${NUMBER}\n";
    let settings = "scale: ${SCALE}\n    privileged: ${YES}\n    mem_limit: ${NOPE:-}\n    user: ${NOPE:-}\n    \
                    command: [\"a\", \"${NOPE:-}\"]\n    entrypoint: ${NOPE:-}\n    labels:\n      one: ${WORD}\n      two: ${NOPE:-}\n";
    let variables = "HASH=\nTILDE=~\nWORD=null\nYES=true\nNUMBER=0x10\nSCALE=3\n";
    let services = format!("  web:\n    image: web:1\n    {environment}    {settings}");
    let compose = format!("services:\n{services}");
    let native = format!("name: shop\napps:\n{services}");
    for stack in [STACK, native.as_str()] {
        let loaded = loaded(&[("compose.yml", &compose), (".env", variables), ("stack.yml", stack)]);
        assert!(loaded.warnings.is_empty(), "a default stands in: {}", loaded.warnings);
        let web = app(&loaded, "web");
        let shown: Vec<String> =
            web.container.environment.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let expected = ["HOME=", "HASH=", "TILDE=~", "WORD=null", "LEVEL=debug", "YES=true", "NUMBER=0x10"];
        assert_eq!(shown, expected, "{stack}");
        assert_eq!((web.scale, web.container.privileged), (Some(3), true));
        assert_eq!((web.container.mem_limit, web.container.user.as_deref()), (None, None));
        assert_eq!(web.container.command.as_ref().unwrap().0, ["a", ""]);
        assert_eq!(
            web.container.entrypoint.as_ref().map(|command| command.0.len()),
            Some(0),
            "that of the image is taken away"
        );
        assert_eq!((web.container.labels["one"].as_str(), web.container.labels["two"].as_str()), ("null", ""));
    }
}

#[test]
fn a_secret_keeps_its_place_and_what_of_a_service_is_lost_is_told() {
    let compose = "services:\n  web:\n    image: web:1\n    depends_on: { db: { condition: service_started, restart: true, required: false } }\n    \
                   secrets: [plain, { source: key, target: /etc/web/key.pem, mode: 0440 }, { source: key, target: other }]\n    \
                   configs: [{ source: conf, target: /etc/web.conf, uid: '7' }]\n    networks: [front]\n    \
                   deploy: { resources: { reservations: { cpus: '1', devices: [{ capabilities: [gpu] }] } } }\n    \
                   volumes: [{ type: cluster, source: data, target: /data }]\n  db: { image: 'db:1' }\n\
                   secrets: { plain: { file: plain.txt }, key: { file: key.pem } }\nconfigs: { conf: { file: web.conf } }\n\
                   networks: { front: { ipam: { config: [{ subnet: 10.9.0.0/24, gateway: 10.9.0.1 }] } } }\n";
    let files =
        [("compose.yml", compose), ("plain.txt", "x"), ("key.pem", "y"), ("web.conf", "z"), ("stack.yml", STACK)];
    let told = problems(&files);
    for (line, part) in [
        (4, "depends_on.db.restart: `depends_on.db.restart` is not carried"),
        (4, "depends_on.db.required"),
        (5, "services.web.secrets: `mode` of `key` is not carried"),
        (6, "services.web.configs: `uid` of `conf` is not carried"),
        (8, "`deploy.resources.reservations.devices` is not carried"),
        (9, "services.web.volumes[1].type"),
        (13, "networks.front.ipam: `ipam` is not carried: of `config[0].gateway`"),
    ] {
        let is_told = |found: &String| found.starts_with(&format!("compose.yml:{line} ")) && found.contains(part);
        assert!(told.iter().any(is_told), "{part}: {told:#?}");
    }
    // Without what would be missing in the app, all the rest is a warning.
    let compose = compose.replace(", devices: [{ capabilities: [gpu] }]", "").replace("type: cluster", "type: volume");
    let compose = format!("{compose}volumes: {{ data: {{}} }}\n");
    let loaded = loaded(&[("compose.yml", &compose), files[1], files[2], files[3], files[4]]);
    let targets: Vec<&str> = app(&loaded, "web").wiring.secrets.iter().map(|secret| secret.target.as_str()).collect();
    assert_eq!(targets, ["/run/secrets/plain", "/etc/web/key.pem", "/run/secrets/other"]);
    let desired = Desired::of(&loaded.stack, &Facts::default());
    let rendered = &stackctl::render::all(&desired).0["compose.yml"];
    let rendered: serde_json::Value = serde_yaml::from_str(rendered).unwrap();
    assert_eq!(
        rendered["services"]["web"]["secrets"],
        serde_json::json!(["plain", { "source": "key", "target": "/etc/web/key.pem" }, { "source": "key", "target": "/run/secrets/other" }])
    );
}

#[test]
fn a_port_is_open_to_both_families_as_under_compose() {
    let compose = "services:\n  web: { image: 'web:1', ports: ['28196:80', { target: 81, published: 28198, host_ip: '' }, '82'] }\n  \
                   two: { image: 'web:1', ports: ['[::]:28197:80', '0.0.0.0:28197:80'] }\n";
    let loaded = loaded(&[("compose.yml", compose), ("stack.yml", STACK)]);
    let shown = |name: &str| {
        app(&loaded, name).container.ports.0.iter().map(stackctl::stack::Port::address).collect::<Vec<_>>()
    };
    assert_eq!(shown("web"), ["*", "*", "*"]);
    assert_eq!(shown("two"), ["[::]", "0.0.0.0"]);
    let desired = Desired::of(&loaded.stack, &Facts::default());
    let rendered = &stackctl::render::all(&desired).0["compose.yml"];
    let rendered: serde_json::Value = serde_yaml::from_str(rendered).unwrap();
    assert_eq!(rendered["services"]["web"]["ports"], serde_json::json!(["28196:80", "28198:81", "82"]));
    let open: Vec<String> = desired.exposures(None).into_iter().map(|exposure| exposure.address).collect();
    let expected = [
        "0.0.0.0:28196",
        "[::]:28196",
        "0.0.0.0:28198",
        "[::]:28198",
        "0.0.0.0:*",
        "[::]:*",
        "[::]:28197",
        "0.0.0.0:28197",
    ];
    assert_eq!(open, expected);
    let more = compose.replace("'82'", "'28197:82'");
    let told = problems(&[("compose.yml", &more), ("stack.yml", STACK)]);
    assert_eq!(
        told.iter().filter(|line| line.contains("port 28197 of the host is taken by `web`")).count(),
        2,
        "{told:?}"
    );
}

#[test]
fn tags_of_compose_are_told_for_what_they_are() {
    let files = [("compose.yml", "services: { web: { image: 'web:1', ports: !reset [] } }\n"), ("stack.yml", STACK)];
    let told = problems(&files);
    assert!(told.iter().any(|line| line.contains("`!reset`, with which Compose takes away")), "{told:?}");
}

#[test]
fn a_dollar_sign_in_a_file_of_variables_leaves_the_rest_of_it_alone() {
    let stack = "name: shop\napps:\n  web: { image: 'web:1', env_file: web.env }\n";
    let files = [("web.env", "A=1\nPASS=ab$cd\nZ=2\n"), ("stack.yml", stack)];
    let loaded = loaded(&files);
    let shown: Vec<String> =
        app(&loaded, "web").container.environment.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(shown, ["A=1", "PASS=ab", "Z=2"], "as with Compose");
    let warned = loaded.warnings.to_string();
    assert!(warned.contains("`PASS`") && warned.contains("as with Compose") && !warned.contains("ab$"), "{warned}");
}

#[test]
fn a_mistake_in_an_included_file_is_shown_without_the_passwords_on_its_line() {
    let compose = "services:\n  web: { image: 'web:1', environment: [DB_PASS2=hunter2], restart: sometimes }\n";
    let above = folder(&[("compose.yml", compose), ("stack.yml", STACK)]);
    let shown = stackctl(above.path(), &["check"]);
    let shown = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert!(shown.contains("restart: sometimes") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn an_app_that_is_laid_over_a_service_of_the_compose_file_is_told() {
    let compose = "services: { web: { image: 'web:1' }, db: { image: 'db:1' } }\n";
    let above = folder(&[("compose.yml", compose), ("stack.yml", STACK)]);
    let said = |words: &[&str]| {
        let added = stackctl(above.path(), words);
        assert!(added.status.success(), "{added:?}");
        String::from_utf8_lossy(&added.stderr).into_owned()
    };
    let told = said(&["add", "app", "db", "--image", "db:2"]);
    assert!(
        told.contains("`db` is a service of an included Compose file") && told.contains("the rest of it"),
        "{told}"
    );
    assert!(!said(&["add", "app", "other", "--image", "other:2"]).contains("included"));
}

#[test]
fn folders_of_the_compose_file_are_made_where_they_are_missing() {
    let compose =
        "services:\n  web: { image: 'web:1', volumes: ['./data:/data', 'named:/named'] }\nvolumes: { named: {} }\n";
    let loaded = loaded(&[("compose.yml", compose), ("stack.yml", STACK)]);
    let mounts = &app(&loaded, "web").wiring.volumes;
    let made = |mount: &Mount| matches!(mount.kind, MountKind::Bind { create_host_path: Some(true), .. });
    assert_eq!(mounts.iter().map(made).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_project_is_called_what_the_file_of_variables_calls_it() {
    let compose = "services:\n  web: { image: 'web:1', volumes: [\"data:/data\"] }\nvolumes:\n  data: {}\n";
    let of = |name: &str| {
        let stack = STACK.replace("name: shop", &format!("name: {name}"));
        problems(&[("compose.yml", compose), (".env", "COMPOSE_PROJECT_NAME=bookshop\n"), ("stack.yml", &stack)])
    };
    assert_eq!(of("bookshop"), Vec::<String>::new(), "its volumes are the project's");
    let told = of("shop").join("\n");
    assert!(
        told.contains("`docker compose` keeps this in `bookshop_data`, and the stack `shop` in `shop_data`"),
        "{told}"
    );
}
