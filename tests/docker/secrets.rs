//! Values of secrets reach the containers that need them, readable by their users only, and nothing else.

use std::io::Read;
use std::process::Command;

use crate::compose::contents;
use crate::sandbox::{Sandbox, docker, eventually, own_image, run};

const IN_FILE: &str = "q9Xfile7Zvalue";
const IN_ENVIRONMENT: &str = "w4Kenviron8value";

/// A container that is no part of any stack; taken away when this is dropped.
struct Stranger(String);

impl Drop for Stranger {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}

/// User, group, mode and content of a file in a container.
pub(crate) fn placed(container: &str, path: &str) -> (u64, u64, u32, String) {
    let output = Command::new("docker").args(["cp", &format!("{container}:{path}"), "-"]).output().expect("docker");
    let mut archive = tar::Archive::new(output.stdout.as_slice());
    let mut entry = archive.entries().expect("an archive").next().expect("a file").expect("whole");
    let mut text = String::new();
    entry.read_to_string(&mut text).expect("text");
    let header = entry.header();
    let (user, group) = (header.uid().expect("a number"), header.gid().expect("a number"));
    (user, group, header.mode().expect("a number") & 0o777, text)
}

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    for value in [IN_FILE, IN_ENVIRONMENT] {
        assert!(!text.contains(value), "a secret's value is in {what}:\n{text}");
    }
}

/// Everything that a run of stackctl printed. The value is in its environment.
fn printed(stack: &Sandbox, arguments: &[&str]) -> String {
    let run = run(stack.command(arguments).env("SCRAPE_PASSWORD", IN_ENVIRONMENT));
    format!("{}{}", run.stdout, run.stderr)
}

/// A stack that scrapes two servers with passwords, which run outside of it, so that their own commands, which have the
/// passwords in them, are no part of the stack.
fn guarded_stack() -> (Sandbox, [Stranger; 2]) {
    let stack = Sandbox::bare("");
    std::fs::write(stack.path("password"), IN_FILE).expect("the test's folder is writable");
    let [first, second] = ["first", "second"].map(|name| format!("{}-guarded-{name}", stack.name));
    stack.write(&format!(
        "\
scrape:
  by-file:
    targets: [\"{first}:80\"]
    basic_auth: {{ username: scraper, password: {{ file: password }} }}
  by-environment:
    targets: [\"{second}:80\"]
    basic_auth: {{ username: scraper, password: {{ env: SCRAPE_PASSWORD }} }}
apps:
  web: {{ image: stackctl/self, command: [demo, iotd] }}
"
    ));
    assert_clean("the plan of a new stack", &printed(&stack, &["plan"]));
    assert_clean("the output of up", &printed(&stack, &["up", "--no-wait", "-v"]));
    let guarded = [(first, IN_FILE), (second, IN_ENVIRONMENT)].map(|(name, password)| {
        let image = own_image();
        let (network, login) = (format!("{}_default", stack.name), format!("scraper:{password}"));
        let words = ["demo", "accesslog", "--basic-auth", &login];
        docker(&[&["run", "-d", "--name", &name, "--network", &network, &image], &words[..]].concat());
        Stranger(name)
    });
    (stack, guarded)
}

#[test]
fn passwords_of_scrapes_work_and_are_seen_nowhere() {
    let (stack, _guarded) = guarded_stack();
    let prometheus = stack.container("prometheus", 1);
    eventually("both guarded servers are scraped", || {
        let up = stack.json(&["query", "sum(up{job=~\"by-.*\"})"]);
        up["result"][0]["value"][1] == "2"
    });
    for (name, value) in [("by-file", IN_FILE), ("by-environment", IN_ENVIRONMENT)] {
        let path = format!("/run/secrets/scrape_{name}_password");
        assert_eq!(placed(&prometheus, &path), (65534, 65534, 0o400, value.to_owned()), "{name}");
    }

    let text = std::fs::read_to_string(stack.stack_file()).unwrap();
    std::fs::write(stack.stack_file(), text.replace("[demo, iotd]", "[demo, accesslog]")).unwrap();
    for arguments in [
        &["plan"][..],
        &["plan", "--format", "json"],
        &["check", "--explain"],
        &["up"],
        &["verify"],
        &["verify", "--format", "json"],
        &["ps", "--format", "json"],
        &["logs"],
    ] {
        assert_clean(&arguments.join(" "), &printed(&stack, arguments));
    }
    let folder = stack.path("rendered");
    assert_clean("the output of render", &printed(&stack, &["render", "-o", folder.to_str().unwrap()]));
    for (path, text) in contents(&folder) {
        assert_clean(&path, &text);
    }
    let label = format!("label=io.stackctl.stack={}", stack.name);
    let listed = docker(&["ps", "-aq", "--filter", &label]);
    let ids: Vec<&str> = listed.lines().collect();
    assert_clean("docker inspect", &docker(&[&["inspect"], ids.as_slice()].concat()));
}

#[test]
fn a_wrong_password_is_named_as_the_cause_and_not_shown() {
    let (stack, guarded) = guarded_stack();
    docker(&["rm", "-f", &guarded[0].0]);
    let image = own_image();
    let network = format!("{}_default", stack.name);
    let server = ["demo", "accesslog", "--basic-auth", "scraper:another"];
    docker(&[&["run", "-d", "--name", &guarded[0].0, "--network", &network, &image], &server[..]].concat());
    eventually("the wrong password is found out", || {
        stack.broken_targets().iter().any(|broken| broken.ends_with("auth-required"))
    });
    assert_clean("verify", &printed(&stack, &["verify"]));
    assert_clean("verify --format json", &printed(&stack, &["verify", "--format", "json"]));
}

#[test]
fn a_missing_secret_is_named_and_nothing_is_started_without_it() {
    let stack = Sandbox::new(
        "apps: { web: { image: stackctl/self, command: [demo, iotd], metrics: \
         { basic_auth: { username: me, password: { env: STACKCTL_TEST_NO_SUCH_VARIABLE } } } } }\n",
    );
    let plan = stack.expect(3, &["plan"]);
    assert!(plan.stderr.contains("variable STACKCTL_TEST_NO_SUCH_VARIABLE is set neither"), "{}", plan.stderr);
    let refused = &stack.json(&["plan"])["refused"][0];
    assert!(refused["message"].as_str().unwrap_or_default().contains("STACKCTL_TEST_NO_SUCH_VARIABLE"), "{refused}");
    let up = stack.run(&["up"]);
    assert_ne!(up.code, 0);
    assert!(up.stderr.contains("STACKCTL_TEST_NO_SUCH_VARIABLE"), "{}", up.stderr);
    assert!(stack.running("prometheus").is_empty());
}

#[test]
fn a_secret_belongs_to_the_user_of_its_container_and_a_new_value_replaces_the_container() {
    let stack = Sandbox::bare("");
    std::fs::write(stack.path("key"), IN_FILE).expect("the test's folder is writable");
    stack.write(
        "\
secrets: { key: { file: key } }
apps:
  image-user: { image: stackctl/self, command: [demo, iotd], secrets: [key] }
  own-user: { image: stackctl/self, command: [demo, iotd], secrets: [key], user: \"1234:99\" }
",
    );
    stack.ok(&["up"]);
    let of = |service: &str| placed(&stack.container(service, 1), "/run/secrets/key");
    assert_eq!(of("image-user"), (65534, 65534, 0o400, IN_FILE.to_owned()));
    assert_eq!(of("own-user"), (1234, 99, 0o400, IN_FILE.to_owned()));

    std::fs::write(stack.path("key"), IN_ENVIRONMENT).expect("the test's folder is writable");
    let plan = printed(&stack, &["plan"]);
    assert_eq!(plan.matches("secret `key` changed").count(), 2, "{plan}");
    assert_clean("the plan", &plan);
    stack.ok(&["up"]);
    assert_eq!(of("own-user"), (1234, 99, 0o400, IN_ENVIRONMENT.to_owned()));
    assert_eq!(stack.plan(), [""; 0]);
}

/// Grafana itself cannot be had from Debian. This is another program under its name: it proves what lies where and who
/// may read it, and nothing about Grafana.
#[test]
fn provisioning_and_password_lie_in_the_container_that_stands_in_for_grafana() {
    let own = own_image();
    let stack = Sandbox::bare("");
    let image = format!("stackctl-test/stand-in:{}", stack.name);
    let made = Stranger(docker(&["create", &own]).trim().to_owned());
    let entrypoint = r#"ENTRYPOINT ["/stackctl", "demo", "iotd", "--port", "3000"]"#;
    docker(&["commit", "--change", entrypoint, "--change", "CMD []", "--change", "USER 472:0", &made.0, &image]);
    let _image = Tag(image.clone());
    std::fs::write(stack.path("password"), IN_FILE).expect("the test's folder is writable");
    stack.write_bare(&format!(
        "images: {{ from: debian }}\nprometheus: {{ port: off, scrape_interval: 1s }}\n\
         grafana: {{ image: \"{image}\", port: off, admin_password: {{ file: password }} }}\n\
         apps: {{ web: {{ image: stackctl/self, command: [demo, iotd] }} }}\n"
    ));
    stack.ok(&["up", "--no-wait"]);
    let grafana = stack.container("grafana", 1);
    let path = "/run/secrets/grafana_admin_password";
    assert_eq!(placed(&grafana, path), (472, 0, 0o400, IN_FILE.to_owned()));
    for path in [
        "/etc/grafana/provisioning/datasources/prometheus.yml",
        "/etc/grafana/provisioning/dashboards/stackctl.yml",
        path,
    ] {
        // The only reader in this image: it finds no stack file there, but it does find a file that it may read.
        let read = run(Command::new("docker").args(["exec", &grafana, "/stackctl", "-f", path, "check"]));
        assert_eq!(read.code, 2, "{}", read.stderr);
        assert!(!read.stderr.contains("cannot read"), "{path}: {}", read.stderr);
    }
    let (_, _, bits, provisioning) = placed(&grafana, "/etc/grafana/provisioning/datasources/prometheus.yml");
    assert_eq!(bits, 0o644);
    assert!(provisioning.contains("http://prometheus:9090"), "{provisioning}");
    assert!(docker(&["inspect", &grafana]).contains("GF_SECURITY_ADMIN_PASSWORD__FILE"));
    assert_clean("docker inspect", &docker(&["inspect", &grafana]));
}

/// An image of a test's own.
struct Tag(String);

impl Drop for Tag {
    fn drop(&mut self) {
        run(Command::new("docker").args(["rmi", "-f", &self.0]));
    }
}

/// Volumes that hold files of this stack's containers.
fn volumes_of_files(stack: &Sandbox) -> Vec<String> {
    let label = format!("label=io.stackctl.placed={}", stack.name);
    docker(&["volume", "ls", "-q", "--filter", &label]).lines().map(str::to_owned).collect()
}

#[test]
fn a_secret_is_seen_under_memory_and_stays_in_no_volume() {
    let stack = Sandbox::bare("");
    std::fs::write(stack.path("token"), IN_FILE).expect("the test's folder is writable");
    stack.write(
        "\
secrets: { token: { file: token } }
volumes: { run: {} }
apps:
  memory: { image: stackctl/self, command: [demo, iotd], secrets: [token], tmpfs: [/run] }
  volume: { image: stackctl/self, command: [demo, iotd], secrets: [token], volumes: [\"run:/run\"] }
",
    );
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    for service in ["memory", "volume"] {
        let container = stack.container(service, 1);
        let process = docker(&["inspect", "-f", "{{.State.Pid}}", &container]);
        let seen = std::fs::read_to_string(format!("/proc/{}/root/run/secrets/token", process.trim()));
        assert_eq!(seen.expect("the program sees it"), IN_FILE, "{service}");
    }
    let folder = docker(&["volume", "inspect", "-f", "{{.Mountpoint}}", &format!("{}_run", stack.name)]);
    assert!(!std::path::Path::new(folder.trim()).join("secrets/token").exists(), "the secret stays in the volume");
}

#[test]
fn a_secret_reaches_a_container_whose_root_is_read_only_and_goes_with_it() {
    let body = |command: &str| {
        format!(
            "\
secrets: {{ token: {{ file: token }}, other: {{ file: other }} }}
apps:
  web: {{ image: stackctl/self, command: [demo, {command}], user: \"1000:1000\", read_only: true, secrets: [token, other] }}
"
        )
    };
    let stack = Sandbox::bare("");
    std::fs::write(stack.path("token"), IN_FILE).unwrap();
    std::fs::write(stack.path("other"), IN_ENVIRONMENT).unwrap();
    stack.write(&body("iotd"));
    stack.expect(0, &["up"]);
    let web = stack.container("web", 1);
    assert_eq!(docker(&["inspect", "-f", "{{.HostConfig.ReadonlyRootfs}}", &web]).trim(), "true");
    assert_eq!(placed(&web, "/run/secrets/token"), (1000, 1000, 0o400, IN_FILE.to_owned()));
    assert_eq!(placed(&web, "/run/secrets/other"), (1000, 1000, 0o400, IN_ENVIRONMENT.to_owned()));
    assert!(stack.expect(0, &["plan"]).stdout.contains("nothing to do"), "a second look finds the files in place");
    let first = volumes_of_files(&stack);
    assert_eq!(first.len(), 1, "{first:?}");

    stack.write(&body("accesslog"));
    stack.expect(0, &["up"]);
    let second = volumes_of_files(&stack);
    assert_eq!(second.len(), 1, "the old container's volume is gone: {second:?}");
    assert_ne!(first, second, "a new container begins with nothing but its own files");

    std::fs::write(stack.path("token"), "rotated-value").unwrap();
    stack.expect(0, &["up"]);
    assert_eq!(placed(&stack.container("web", 1), "/run/secrets/token").3, "rotated-value");
    assert_eq!(volumes_of_files(&stack).len(), 1);

    let label = format!("io.stackctl.placed={}", stack.name);
    docker(&["volume", "create", "--label", &label]);
    let named = docker(&["volume", "create", "--label", &label, &format!("{}-precious", stack.name)]).trim().to_owned();
    stack.expect(0, &["up"]);
    let left = volumes_of_files(&stack);
    assert_eq!(left.len(), 2, "the one in use and the named one; what a killed run left behind is gone: {left:?}");

    stack.expect(0, &["down"]);
    let left = volumes_of_files(&stack);
    docker(&["volume", "rm", &named]);
    assert_eq!(left, [named], "a volume that somebody named stays, whatever its label");
}

#[test]
fn an_engine_that_quotes_a_secret_variable_is_not_quoted_with_it() {
    const VALUE: &str = "Qx7hidden3word";
    let stack = Sandbox::bare("");
    for (setting, value) in [
        ("user", VALUE),
        ("user", "Qx7hidden3word:Zu9hidden4group"),
        ("entrypoint", VALUE),
        ("working_dir", VALUE),
        ("cap_add", VALUE),
        ("stop_signal", VALUE),
        ("hostname", "Qx7hidden3word!"),
        ("platform", VALUE),
        ("platform", "linux/Qx7hidden3word"),
    ] {
        let written = if setting == "cap_add" { "[\"${DB_PASSWORD}\"]" } else { "\"${DB_PASSWORD}\"" };
        stack.write_bare(&format!(
            "prometheus: off\ngrafana: off\napps: {{ web: {{ image: stackctl/self, command: [demo, iotd], {setting}: {written} }} }}\n"
        ));
        for arguments in [&["plan"][..], &["up", "--timeout", "5s"]] {
            let run = run(stack.command(arguments).env("DB_PASSWORD", value));
            let said = format!("{}{}", run.stdout, run.stderr).to_lowercase();
            assert!(!said.contains("hidden"), "{setting} {arguments:?}: {said}");
            // What no engine takes is refused before one is asked, as the file has it.
            let was_refused = said.contains("***") || said.contains("${db_password}") || setting == "hostname";
            assert!(arguments[0] == "plan" || was_refused, "{setting}: {said}");
        }
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_told_with_its_line_and_what_runs_can_be_seen_and_taken_away() {
    let stack = Sandbox::bare("");
    let file = stack.path("key");
    std::fs::write(&file, IN_FILE).expect("the test's folder is writable");
    stack.write(
        "secrets:\n  key:\n    file: key\napps: { web: { image: stackctl/self, command: [demo, iotd], secrets: [key] } }\n",
    );
    stack.ok(&["up", "--no-wait"]);
    let web = stack.running("web");
    for spoil in [&["rm"][..], &["mkfifo"], &["rm"], &["ln", "-s", "/dev/zero"], &["rm"], &["mkdir"]] {
        let status = Command::new(spoil[0]).args(&spoil[1..]).arg(&file).status().expect("it is part of coreutils");
        assert!(status.success(), "{spoil:?}");
        for command in [&["plan"][..], &["up"], &["check"]] {
            let refused = stack.expect(2, command).stderr;
            assert!(refused.contains("stack.yml:7:11") && refused.contains("secrets.key.file"), "{refused}");
        }
        assert!(stack.ok(&["ps"]).stdout.contains(&stack.container("web", 1)));
        stack.ok(&["logs", "--tail", "1"]);
        assert_eq!(stack.running("web"), web);
    }
    stack.ok(&["down"]);
    assert!(stack.running("web").is_empty());
}

#[test]
fn what_runs_can_be_seen_and_taken_away_where_variables_are_not_set() {
    let stack = Sandbox::bare(
        "prometheus: off\ngrafana: off\nvolumes: { data: { name: \"${VOLUME:?say which}\" } }\napps:\n  \
         web:\n    image: \"${REPOSITORY}/self\"\n    command: [demo, \"${DEMO}\"]\n    ports: [\"${PORT}80\"]\n    \
         cpus: ${CORES}\n    scale: ${SCALE}\n    environment: { A: \"${A}\" }\n    volumes: [\"data:/data\", \"${FOLDER}:/x\"]\n",
    );
    let folder = stack.path("");
    let set =
        [("REPOSITORY", "stackctl"), ("DEMO", "iotd"), ("PORT", ""), ("CORES", "0.5"), ("SCALE", "1"), ("A", "b")];
    let mut up = stack.command(&["up", "--no-wait"]);
    up.envs(set).env("VOLUME", format!("{}-own", stack.name)).env("FOLDER", &folder);
    let up = run(&mut up);
    assert_eq!(up.code, 0, "{}", up.stderr);
    let ps = stack.ok(&["ps"]);
    assert!(ps.stdout.contains(&stack.container("web", 1)), "{}", ps.stdout);
    let warning = "warning: not set, and not needed here: A, CORES, DEMO, FOLDER, PORT, REPOSITORY, SCALE, VOLUME";
    assert!(ps.stderr.contains(warning), "{}", ps.stderr);
    assert!(stack.ok(&["logs"]).stderr.contains(warning));
    stack.expect(2, &["plan"]);
    stack.ok(&["down", "--volumes", "--yes"]);
    assert_eq!(stack.running("web"), [""; 0]);
    assert_eq!(docker(&["volume", "ls", "--quiet", "--filter", &format!("name={}", stack.name)]), "");
    // Without the name nobody knows which stack is meant.
    std::fs::write(stack.stack_file(), "name: ${NAME}\nprometheus: off\ngrafana: off\n").expect("writable");
    let refused = stack.expect(2, &["down"]).stderr;
    assert!(refused.contains("variable `NAME` is not set"), "{refused}");
}
