//! A stack from nothing to running, proven, and gone.

use serde_json::Value;

use crate::sandbox::{Sandbox, docker, eventually, own_image, run, stackctl};
use crate::session::Session;

const APP: &str = "\
apps:
  web:
    image: stackctl/self
    command: [demo, accesslog]
    metrics: {}
";

#[test]
fn up_runs_the_stack_and_proves_that_every_replica_is_scraped() {
    let stack = Sandbox::new(APP);
    let up = stack.ok(&["up"]);
    assert!(up.stdout.contains("web"), "{}", up.stdout);
    assert_eq!(stack.running("web").len(), 1);
    assert_eq!(stack.running("prometheus").len(), 1);
    let findings = stack.findings("targets");
    let mut subjects: Vec<_> = findings.iter().map(|finding| finding["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["prometheus", "web"]);
    assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:#?}");
    stack.ok(&["verify"]);
}

#[test]
fn a_second_up_changes_nothing() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let before = [stack.running("web"), stack.running("prometheus")];
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["plan"]);
    let second = stack.ok(&["up"]);
    assert!(!second.stderr.contains("create"), "{}", second.stderr);
    assert_eq!([stack.running("web"), stack.running("prometheus")], before);
}

#[test]
fn the_plan_says_what_up_will_do_and_exits_with_3() {
    let stack = Sandbox::new(APP);
    stack.expect(3, &["plan"]);
    let expected = [
        "create network STACK_default",
        "create volume STACK_prometheus-data",
        "create container STACK-prometheus-1",
        "create container STACK-web-1",
    ];
    let mut planned = stack.plan();
    planned.retain(|step| !step.contains(" image "));
    planned.sort_unstable();
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(planned, sorted);
    assert!(stack.running("web").is_empty(), "plan starts nothing");
}

#[test]
fn verbose_says_what_is_worked_from_and_quiet_says_only_what_is_wrong() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let verbose = stack.ok(&["verify", "-v"]);
    let prometheus = stack.stack_file();
    for line in [
        format!("stack files: {}", prometheus.display()),
        "engine: unix://".to_owned(),
        "image of prometheus: stackctl/prometheus:debian (made of Debian's package)".to_owned(),
        "prometheus is asked at: http://".to_owned(),
    ] {
        assert!(verbose.stderr.contains(&line), "{line}: {}", verbose.stderr);
    }
    let usual = stack.ok(&["verify"]);
    let rows = |text: &str| text.lines().count();
    assert!(rows(&verbose.stdout) > rows(&usual.stdout), "each panel by itself: {}", verbose.stdout);
    assert!(!usual.stderr.contains("engine: "), "{}", usual.stderr);
    let quiet = stack.ok(&["verify", "-q"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn each_replica_gets_a_port_of_the_written_ones() {
    let stack = Sandbox::new(
        "apps: { web: { image: stackctl/self, command: [demo, iotd], scale: 2, ports: [\"21760-21769:80/TCP\"] } }\n",
    );
    stack.ok(&["up"]);
    let port = |replica| {
        let published = docker(&["port", &stack.container("web", replica), "80/tcp"]);
        let port = published.trim().strip_prefix("127.0.0.1:").expect("on loopback").to_owned();
        port.parse::<u16>().expect("a port")
    };
    let (first, second) = (port(1), port(2));
    assert!(
        first != second && (21760..=21769).contains(&first) && (21760..=21769).contains(&second),
        "{first} {second}"
    );
    let shown = stack.ok(&["check", "--explain"]).stdout;
    assert!(shown.contains("127.0.0.1:21760-21769->80"), "{shown}");
    assert_eq!(
        stack.ok(&["plan"]).stdout.lines().next(),
        Some(format!("nothing to do: stack `{}` is what the file says", stack.name).as_str())
    );
    let refused = stack.expect(2, &["up", "--scale", "web=11"]);
    assert!(
        refused.stderr.contains("11 replicas of `web` cannot share ports 21760-21769 of the host"),
        "{}",
        refused.stderr
    );
}

#[test]
fn ps_tells_the_state_of_every_replica_as_the_contract_says() {
    let stack =
        Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, iotd], scale: 2, ports: [\"80\"] } }\n");
    stack.ok(&["up"]);
    let listed = stack.json(&["ps"]);
    let web: Vec<_> = listed.as_array().unwrap().iter().filter(|entry| entry["app"] == "web").collect();
    assert_eq!(web.len(), 2);
    assert_eq!(web[1]["container"], stack.container("web", 2));
    assert_eq!(web[1]["replica"], 2);
    assert_eq!(web[1]["state"], "running");
    assert_eq!(web[1]["health"], "none");
    let published = docker(&["port", &stack.container("web", 2), "80/tcp"]);
    assert_eq!(web[1]["ports"], serde_json::json!([format!("{}->80/tcp", published.trim())]));
    let prometheus = listed.as_array().unwrap().iter().find(|entry| entry["app"] == "prometheus");
    assert_eq!(prometheus.expect("it runs")["ports"], serde_json::json!([]), "`port: off`");

    docker(&["rm", "-f", &stack.container("web", 1)]);
    let listed = stack.json(&["ps"]);
    let web: Vec<_> = listed.as_array().unwrap().iter().filter(|entry| entry["app"] == "web").collect();
    let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("-").to_owned();
    let states: Vec<_> = web.iter().map(|entry| (word(entry, "container"), word(entry, "state"))).collect();
    let expected = [(1, "missing"), (2, "running")].map(|(at, state)| (stack.container("web", at), state.to_owned()));
    assert_eq!(states, expected);
    assert!(stack.ok(&["ps"]).stdout.contains("missing"));
    // The same file by another way is the same stack's.
    std::fs::create_dir(stack.path("below")).expect("the test's own folder");
    let other_way = stack.path("below/../stack.yml").display().to_string();
    let down = run(stackctl().args(["-f", &other_way, "down"]));
    assert_eq!(down.code, 0, "{}", down.stderr);
    assert_eq!(stack.json(&["ps"]), serde_json::json!([]), "a stack that is down misses nothing");
}

#[test]
fn ps_says_how_the_health_checks_of_each_replica_stand() {
    let app = |name: &str, check: &str| {
        let check =
            if check.is_empty() { String::new() } else { format!(", healthcheck: {{ test: [CMD, /stackctl{check} }}") };
        format!("  {name}: {{ image: stackctl/self, command: [demo, iotd]{check} }}\n")
    };
    let stack = Sandbox::started(&format!(
        "apps:\n{}{}{}{}",
        app("well", ", --version], interval: 1s"),
        app("ill", ", no-such-command], interval: 1s, retries: 1"),
        app("young", ", --version], interval: 10m"),
        app("plain", "")
    ));
    let expected = [("ill", "unhealthy"), ("plain", "none"), ("well", "healthy"), ("young", "starting")];
    let health = || {
        let listed = stack.json(&["ps"]);
        let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("-").to_owned();
        let entries = listed.as_array().expect("a list").iter().filter(|entry| entry["app"] != "prometheus");
        entries.map(|entry| (word(entry, "app"), word(entry, "health"))).collect::<Vec<_>>()
    };
    eventually("every check that runs has run", || {
        health() == expected.map(|(app, word)| (app.to_owned(), word.to_owned()))
    });
    let shown = stack.ok(&["ps"]).stdout;
    for (app, word) in expected {
        let told = if word == "none" { "running ".to_owned() } else { format!("running ({word})") };
        let name = stack.container(app, 1);
        let line = shown.lines().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("{name} in {shown}"));
        assert!(line.contains(&told) && (word != "none" || !line.contains('(')), "{line}");
    }
}

/// On a terminal, and nowhere where somebody says so.
#[test]
fn what_runs_is_shown_in_colour_on_a_terminal_unless_somebody_wants_none() {
    let stack = Sandbox::bare(
        "prometheus: off\ngrafana: off\napps:\n  web: { image: stackctl/self, command: [demo, iotd] }\n  \
         one: { image: stackctl/self, command: [--version] }\n",
    );
    stack.run(&["up", "--no-wait"]);
    let [web, one] = ["web", "one"].map(|app| stack.container(app, 1));
    eventually("it has printed", || stack.ok(&["logs", "one"]).stdout.contains("stackctl "));
    let colored = format!("{web}  \u{1b}[32mrunning");
    let plain = format!("{web}  running");
    let no_color = |value| [("NO_COLOR", value)];
    for (words, variables, shown) in [
        (&["ps"][..], no_color(""), &colored),
        (&["ps"], no_color("1"), &plain),
        (&["ps", "--color", "never"], no_color(""), &plain),
        (&["ps", "--color", "always"], no_color("1"), &colored),
        (&["logs", "one", "--color", "never"], no_color(""), &format!("{one} | stackctl")),
        (&["logs", "one"], no_color(""), &format!("\u{1b}[36m{one} |")),
    ] {
        let mut session = Session::start(&stack.path(""), words, &variables);
        session.expect(shown);
        assert_eq!(session.exit_code(), 0, "{words:?}");
    }
    assert!(stack.run(&["ps", "--color", "always"]).stdout.contains(&colored));
    let piped = stack.command(&["ps"]).env_remove("NO_COLOR").output().expect("stackctl starts").stdout;
    assert!(String::from_utf8_lossy(&piped).contains(&plain), "no terminal reads it");
}

#[test]
fn images_are_listed_under_the_keys_that_programs_read() {
    let stack = Sandbox::new(
        "apps:\n  web: { image: stackctl/self, command: [demo, iotd] }\n  ghost: { image: \"stackctl.invalid/no/such:1\" }\n",
    );
    let listed = stack.json(&["images", "list"]);
    let of = |service: &str| {
        let found = listed.as_array().expect("a list").iter().find(|image| image["service"] == service);
        found.unwrap_or_else(|| panic!("{service} in {listed}")).clone()
    };
    let ghost = serde_json::json!({
        "service": "ghost", "image": "stackctl.invalid/no/such:1", "from": "registry", "present": false
    });
    assert_eq!(of("ghost"), ghost);
    assert_eq!((&of("web")["from"], &of("web")["image"]), (&"stackctl".into(), &own_image().into()));
    assert_eq!((&of("prometheus")["from"], &of("prometheus")["present"]), (&"debian".into(), &true.into()));
}

#[test]
fn a_renamed_stack_is_told_listed_and_taken_away_by_its_old_name() {
    let renamed = Sandbox::bare("");
    let stack = Sandbox::new(APP);
    stack.ok(&["up", "--no-wait"]);
    let text = std::fs::read_to_string(stack.stack_file()).expect("it was written");
    let text = text.replace(&format!("name: {}", stack.name), &format!("name: {}", renamed.name));
    std::fs::write(stack.stack_file(), text).expect("a file");
    let advice = format!("`stackctl down --name {}`", stack.name);
    let plan = stack.expect(3, &["plan"]).stderr;
    assert!(plan.contains(&advice), "{plan}");
    let up = stack.ok(&["up", "--no-wait"]).stderr;
    assert!(up.contains(&advice), "{up}");
    let stacks = stackctl_json(&["ls"]);
    let entry = |name: &str| stacks.as_array().unwrap().iter().find(|entry| entry["stack"] == name).cloned();
    for name in [&stack.name, &renamed.name] {
        let entry = entry(name).unwrap_or_else(|| panic!("{name} in {stacks}"));
        assert_eq!((&entry["containers"], &entry["running"]), (&2.into(), &2.into()), "{entry}");
        assert_eq!(entry["files"], serde_json::json!([stack.stack_file()]));
    }

    let down = run(stackctl().args(["down", "--name", &stack.name]));
    assert_eq!(down.code, 0, "{}", down.stderr);
    assert!(stack.running("web").is_empty() && renamed.running("web").len() == 1);
    let volume = format!("{}_prometheus-data", stack.name);
    assert!(down.stderr.contains(&format!("its volumes stay: {volume}")), "{}", down.stderr);
    assert!(!stackctl_json(&["ls"]).to_string().contains(&stack.name));
    assert!(stackctl_json(&["ls", "--all"]).to_string().contains(&volume));
    let again = run(stackctl().args(["down", "--name", &stack.name, "--volumes", "--yes"]));
    assert_eq!(
        (again.code, docker(&["volume", "ls", "-q", "--filter", &format!("name={volume}")])),
        (0, String::new())
    );
    let nobody = run(stackctl().args(["down", "--name", &stack.name]));
    assert!(nobody.stderr.contains("was not running") && nobody.stderr.contains(&renamed.name), "{}", nobody.stderr);
    assert_eq!(run(stackctl().args(["down", "--name", "../x"])).code, 2);
}

fn stackctl_json(arguments: &[&str]) -> Value {
    let listed = run(stackctl().args(arguments).args(["--format", "json"]));
    serde_json::from_str(&listed.stdout).unwrap_or_else(|error| panic!("{error}\n{}\n{}", listed.stdout, listed.stderr))
}

#[test]
fn down_takes_everything_away_but_the_volumes() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    stack.ok(&["down"]);
    let label = format!("label=com.docker.compose.project={}", stack.name);
    assert_eq!(docker(&["ps", "-aq", "--filter", &label]), "");
    assert_eq!(docker(&["network", "ls", "-q", "--filter", &label]), "");
    assert_eq!(docker(&["volume", "ls", "-q", "--filter", &label]).trim(), format!("{}_prometheus-data", stack.name));
    stack.expect(2, &["down", "--volumes"]);
    assert_ne!(docker(&["volume", "ls", "-q", "--filter", &label]), "", "nobody said yes");
    stack.ok(&["down", "--volumes", "--yes"]);
    assert_eq!(docker(&["volume", "ls", "-q", "--filter", &label]), "");
}

#[test]
fn what_was_recorded_outlives_down_and_up() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let samples = |stack: &Sandbox| {
        let answer = stack.json(&["query", "count_over_time(up{job=\"web\"}[1h])"]);
        answer["result"][0]["value"][1].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
    };
    eventually("some scrapes are recorded", || samples(&stack) >= 3);
    let before = samples(&stack);
    stack.ok(&["down"]);
    stack.ok(&["up"]);
    assert!(samples(&stack) >= before, "the volume was kept");
}

#[test]
fn docker_sees_the_stack_as_a_compose_project() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up"]);
    let label = |key: &str| {
        let format = format!("{{{{index .Config.Labels \"com.docker.compose.{key}\"}}}}");
        docker(&["inspect", "-f", &format, &stack.container("web", 1)]).trim().to_owned()
    };
    assert_eq!(label("project"), stack.name);
    assert_eq!(label("service"), "web");
    assert_eq!(label("container-number"), "1");
    assert_eq!(label("oneoff"), "False");
}

#[test]
fn a_foreign_compose_project_of_the_same_name_is_left_alone() {
    let stack = Sandbox::new(APP);
    let name = format!("{}-foreign-1", stack.name);
    let label = format!("com.docker.compose.project={}", stack.name);
    docker(&["run", "-d", "--name", &name, "--label", &label, &own_image(), "demo", "iotd"]);
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains(&format!("docker stop {name} && docker rm {name}")), "{}", up.stderr);
    assert!(!up.stderr.contains("docker compose -p"), "that would take the stack's own away: {}", up.stderr);
    let still_there = docker(&["inspect", "-f", "{{.State.Running}}", &name]);
    docker(&["rm", "-f", &name]);
    assert!(up.stderr.contains("is not stackctl's"), "{}", up.stderr);
    assert_eq!(still_there.trim(), "true");
}

#[test]
fn volumes_without_a_name_go_with_the_volumes_and_no_others() {
    let stack =
        Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, accesslog], volumes: [\"/scratch\"] } }\n");
    stack.ok(&["up", "--no-wait"]);
    let web = stack.container("web", 1);
    let nameless = docker(&["inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", &web]);
    let is_there =
        || !docker(&["volume", "ls", "--quiet", "--filter", &format!("name={}", nameless.trim())]).is_empty();
    assert!(is_there());
    stack.ok(&["down", "--volumes", "--yes"]);
    assert!(!is_there());
}

#[test]
fn volumes_without_a_name_that_stay_are_told() {
    let stack =
        Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, accesslog], volumes: [\"/scratch\"] } }\n");
    stack.ok(&["up", "--no-wait", "--scale", "web=2"]);
    let nameless = |replica| {
        let web = stack.container("web", replica);
        docker(&["inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", &web]).trim().to_owned()
    };
    let (first, second) = (nameless(1), nameless(2));
    let scaled = stack.ok(&["up", "--no-wait", "--scale", "web=1"]);
    assert!(scaled.stderr.contains(&format!("docker volume rm {second}")), "{}", scaled.stderr);
    let down = stack.ok(&["down"]);
    assert!(down.stderr.contains("1 volume without a name"), "{}", down.stderr);
    docker(&["volume", "rm", &first, &second]);
}

#[test]
fn what_runs_is_looked_at_by_its_name_where_the_file_is_wrong() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up", "--no-wait"]);
    let text = std::fs::read_to_string(stack.stack_file()).expect("it was written");
    std::fs::write(stack.stack_file(), "nonsense: [").expect("it is ours");
    let told = stack.expect(2, &["ps"]).stderr;
    assert!(told.contains("--name STACK"), "{told}");
    let ps = stack.ok(&["ps", "--name", &stack.name]).stdout;
    assert!(ps.contains(&stack.container("web", 1)), "{ps}");
    stack.ok(&["logs", "web", "--name", &stack.name]);
    crate::sandbox::eventually("the stack's Prometheus is asked", || {
        let up = stack.run(&["query", "up{job=\"web\"}", "--name", &stack.name]);
        up.stdout.contains("up{instance=")
    });
    let nobody = stack.expect(1, &["query", "up", "--name", "nobody-has-this"]).stderr;
    assert!(nobody.contains("has none here"), "{nobody}");
    std::fs::write(stack.stack_file(), text).expect("it is ours");
}

#[test]
fn shells_are_offered_the_stacks_of_the_engine() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up", "--no-wait"]);
    let mut shell = std::process::Command::new(env!("CARGO_BIN_EXE_stackctl"));
    shell.env("STACKCTL_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "3").env("_CLAP_IFS", "\n");
    shell.args(["--", "stackctl", "down", "--name", &stack.name[..3]]);
    let offered = run(&mut shell).stdout;
    assert!(offered.lines().any(|name| name.trim() == stack.name), "{offered}");
}
