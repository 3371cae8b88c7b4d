//! Apps that somebody else runs are watched, and nothing of theirs is touched.

use crate::compose::free_port;
use crate::sandbox::{Sandbox, docker, eventually, own_image, run};
use crate::session::Session;

/// Containers and a network of somebody else.
struct Neighbour {
    containers: Vec<String>,
    network: Option<String>,
}

impl Neighbour {
    /// A plain `docker run` of the demo app, on the default bridge.
    fn plain(name: &str) -> Self {
        docker(&["run", "-d", "--name", name, &own_image(), "demo", "accesslog"]);
        Self { containers: vec![name.to_owned()], network: None }
    }

    /// Two containers of a service of a Compose project, in a network of its own.
    fn project(name: &str) -> Self {
        let network = format!("{name}_default");
        docker(&["network", "create", &network]);
        let containers: Vec<String> = (1..=2).map(|number| format!("{name}-api-{number}")).collect();
        for (number, container) in (1..).zip(&containers) {
            let label = |key: &str, value: &str| format!("--label=com.docker.compose.{key}={value}");
            let labels = [
                label("project", name),
                label("service", "api"),
                label("oneoff", "False"),
                label("container-number", &format!("{number}")),
            ];
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let start = ["run", "-d", "--name", container, "--network", &network];
            docker(&[&start[..], &labels[..], &[&own_image(), "demo", "iotd"]].concat());
        }
        Self { containers, network: Some(network) }
    }

    /// Id and start of each container: the same, as long as nobody touched them.
    fn marks(&self) -> Vec<String> {
        let mark = |name: &String| docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name]);
        self.containers.iter().map(mark).collect()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        for container in &self.containers {
            run(std::process::Command::new("docker").args(["rm", "-f", container]));
        }
        if let Some(network) = &self.network {
            run(std::process::Command::new("docker").args(["network", "rm", network]));
        }
    }
}

#[test]
fn a_plain_container_and_a_compose_service_are_scraped_and_left_as_they_are() {
    let stack = Sandbox::new("");
    let plain = Neighbour::plain(&format!("{}plain", stack.name));
    let project = Neighbour::project(&format!("{}shop", stack.name));
    let (before, project_before) = (plain.marks(), project.marks());
    stack.write(&format!(
        "apps:\n  log: {{ attach: {0}plain }}\n  api: {{ attach: {0}shop/api, metrics: {{ path: /actuator/prometheus }} }}\n",
        stack.name
    ));
    stack.ok(&["up"]);
    let findings = stack.findings("targets");
    let instances: Vec<&str> = findings.iter().filter_map(|finding| finding["instance"].as_str()).collect();
    let [plain_name] = plain.containers.as_slice() else { unreachable!("one container") };
    for instance in project.containers.iter().chain([plain_name]) {
        assert!(instances.contains(&instance.as_str()), "{instance}: {findings:#?}");
    }
    assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:#?}");
    assert_eq!(stack.plan(), [""; 0]);
    let shown = stack.json(&["ps"]);
    assert_eq!(shown.as_array().expect("a list").len(), 4, "{shown}");
    stack.ok(&["logs", "log", "api"]);
    let unknown = stack.expect(2, &["logs", "nobody"]).stderr;
    assert!(unknown.contains("prometheus, log, api"), "{unknown}");

    stack.ok(&["down", "--volumes", "--yes"]);
    assert_eq!((plain.marks(), project.marks()), (before, project_before), "nothing of theirs was touched");
    drop((plain, project));
    stack.write("");
}

#[test]
fn what_is_wrong_with_an_attached_container_is_named_and_is_not_for_stackctl_to_mend() {
    let stack = Sandbox::new("");
    let plain = Neighbour::plain(&format!("{}plain", stack.name));
    let (there, gone) = (format!("{}plain", stack.name), format!("{}gone", stack.name));
    stack.write(&format!(
        "apps:\n  log: {{ attach: {there}, metrics: {{ path: /stats }} }}\n  lost: {{ attach: {gone} }}\n"
    ));
    stack.expect(3, &["up", "--timeout", "20s"]);
    let causes = || stack.broken_targets();
    assert_eq!(causes(), ["STACKplain wrong-path", "STACKgone container-missing"]);
    let findings = stack.findings("targets");
    let fix = |cause: &str| {
        let found = findings.iter().find(|finding| finding["cause"] == cause).expect("it was found");
        found["fix"].as_str().expect("a fix").to_owned()
    };
    assert!(fix("wrong-path").contains("apps.log.metrics.path: /metrics"), "{}", fix("wrong-path"));
    assert!(fix("container-missing").contains("apps.lost.attach"), "{}", fix("container-missing"));
    docker(&["stop", "-t", "1", &there]);
    eventually("the stopped container is seen", || causes().contains(&"STACKplain container-exited".to_owned()));
    assert!(stack.plan().iter().all(|step| !step.contains("plain")), "{:?}", stack.plan());
    drop(plain);
}

#[test]
fn init_attaches_what_runs_and_stays_somebody_elses() {
    let stack = Sandbox::bare("");
    std::fs::remove_file(stack.stack_file()).expect("it was written");
    let plain = Neighbour::plain(&format!("{}plain", stack.name));
    let before = plain.marks();
    let attached = format!("{}plain", stack.name);
    let words = ["init", "--yes", "--name", &stack.name, "--attach", &attached, "--no-exporters", "--grafana", "false"];
    stack.ok(&words);
    let text = std::fs::read_to_string(stack.stack_file()).expect("it was written");
    for part in [format!("attach: {attached}"), "stays whose it is".to_owned()] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    std::fs::write(
        stack.path("here.yml"),
        "images: { from: debian }\nprometheus: { port: off, scrape_interval: 1s }\n",
    )
    .expect("it is written");
    let here = stack.path("here.yml").display().to_string();
    stack.ok(&["-f", &here, "up"]);
    let verified = stack.json(&["-f", &here, "verify", "targets"]);
    let checks = verified["checks"].as_array().expect("there are checks");
    assert!(
        checks.iter().any(|check| check["instance"] == attached.as_str() && check["status"] == "ok"),
        "{verified:#}"
    );
    assert_eq!(plain.marks(), before);
    stack.ok(&["-f", &here, "down", "--volumes", "--yes"]);
    let refused = stack.expect(2, &["init", "--yes", "--force", "--attach", "no-such-container-here"]);
    assert!(refused.stderr.contains("nothing called `no-such-container-here`"), "{}", refused.stderr);
}

#[test]
fn init_shows_where_a_container_answers_and_which_client_library_speaks_there() {
    let stack = Sandbox::bare("");
    stack.write_bare("images: { from: debian }\nexporters: { node: {} }\ngrafana: off\n");
    stack.ok(&["images", "pull"]);
    std::fs::remove_file(stack.stack_file()).expect("it was written");
    let name = format!("{}node", stack.name);
    docker(&["run", "-d", "--name", &name, "stackctl/node:debian"]);
    let node = Neighbour { containers: vec![name.clone()], network: None };
    let logs = || run(std::process::Command::new("docker").args(["logs", &name])).stderr;
    eventually("it listens", || logs().contains("Listening on"));
    let words = ["init", "--name", &stack.name, "--no-exporters", "--engine-metrics", "false", "--grafana", "false"];
    let mut session = Session::start(&stack.path(""), &words, &[]);
    session.expect("Which of these shall be watched?");
    session.expect(&format!("{name} (stackctl/node:debian, metrics at :9100/metrics by client_golang (Go))"));
    session.press("\u{3}");
    assert_eq!(session.exit_code(), 130);
    drop(node);
}

#[test]
fn a_project_that_runs_is_attached_or_imported_with_what_was_seen_of_it() {
    let stack = Sandbox::bare("");
    std::fs::remove_file(stack.stack_file()).expect("it was written");
    let project = format!("{}shop", stack.name);
    let running = Neighbour::project(&project);
    let before = running.marks();
    let compose =
        format!("name: {project}\nservices: {{ api: {{ image: '{}', command: [demo, iotd] }} }}\n", own_image());
    std::fs::write(stack.path("compose.yml"), compose).expect("it is written");
    let written = || std::fs::read_to_string(stack.stack_file()).expect("it was written");
    let seen = "metrics: { port: 80, path: /actuator/prometheus }";
    let service = format!("{project}/api");

    let rest = ["--name", &stack.name, "--no-exporters", "--engine-metrics", "false", "--grafana", "false"];
    let mut session = Session::start(&stack.path(""), &[&["init"], &rest[..]].concat(), &[]);
    session.expect("A Compose project lies here").expect("attach what runs of it (1 service)");
    session.press("\u{1b}[B").press("\u{1b}[B").press("\r");
    session.expect("Image of an app").press("\r");
    session.expect("Write stack.yml?").press("y");
    session.expect("Start it now?").press("n");
    assert_eq!(session.exit_code(), 0);
    assert!(written().contains(&format!("attach: {service}")) && written().contains(seen), "{}", written());
    stack.ok(&["check"]);

    // What is imported has its own say about Grafana.
    let told = stack.ok(&[&["init", "--yes", "--force"], &rest[..rest.len() - 2]].concat()).stderr;
    assert!(told.contains(&format!("`stackctl init --yes --no-import --attach {service}` watches it")), "{told}");
    assert!(written().contains("command: [demo, iotd]") && written().contains(seen), "{}", written());
    stack.ok(&["check"]);

    let container = &running.containers[0];
    stack.ok(&[&["init", "--yes", "--force", "--no-import", "--container", container], &rest[..]].concat());
    assert!(written().contains(&format!("Runs already as container `{container}`")), "{}", written());
    assert!(written().contains(&format!("image: {}", own_image())) && written().contains(seen), "{}", written());
    stack.ok(&["check"]);
    assert_eq!(running.marks(), before);
}

#[test]
fn ctrl_c_at_questions_about_what_runs_leaves_nothing_half_done() {
    let stack = Sandbox::bare("");
    std::fs::remove_file(stack.stack_file()).expect("it was written");
    let plain = Neighbour::plain(&format!("{}plain", stack.name));
    let words = ["init", "--name", &stack.name, "--no-exporters", "--engine-metrics", "false", "--grafana", "false"];
    let mut session = Session::start(&stack.path(""), &words, &[]);
    session.expect("Which of these shall be watched?").press("\u{3}");
    assert_eq!(session.exit_code(), 130);
    session.expect("\u{1b}[?25h");
    assert!(!stack.stack_file().exists());

    // Other containers of this machine come and go, and may be marked, too: the one that is meant is named.
    let attached = format!("{}plain", stack.name);
    let named = [&words[..], &["--attach", &attached]].concat();
    let mut session = Session::start(&stack.path(""), &named, &[]);
    session.expect("Image of an app").press("\r");
    session.expect("`stackctl up` would:").expect("create").expect("Write stack.yml?").press("y");
    session.expect("Start it now?").press("\u{3}");
    assert_eq!(session.exit_code(), 130);
    session.expect("\u{1b}[?25h");
    let text = std::fs::read_to_string(stack.stack_file()).expect("it is whole");
    assert!(text.contains(&format!("attach: {}plain", stack.name)), "{text}");
    stack.ok(&["check"]);
    assert!(stack.running("prometheus").is_empty(), "nothing was started");
    drop(plain);
}

#[test]
fn a_container_that_is_taken_over_keeps_what_it_was_made_with() {
    let stack = Sandbox::bare("");
    std::fs::remove_file(stack.stack_file()).expect("it was written");
    let (name, volume, network) =
        (format!("{}db", stack.name), format!("{}data", stack.name), format!("{}net", stack.name));
    docker(&["network", "create", &network]);
    let port = 20000 + std::process::id() % 9000;
    let (mount, publish) = (format!("{volume}:/data"), format!("{port}:80"));
    let words = [
        &["run", "-d", "--name", &name, "--network", &network, "-v", &mount, "-p", &publish][..],
        &["-e", "POSTGRES_PASSWORD=geheim$x", "--restart", "unless-stopped", "--user", "1000", "--memory", "64m"],
        &["--group-add", "7", &own_image(), "demo", "iotd"],
    ];
    docker(&words.concat());
    let running = Neighbour { containers: vec![name.clone()], network: Some(network.clone()) };
    let rest = ["--no-exporters", "--engine-metrics", "false", "--grafana", "false"];
    let init = ["init", "--yes", "--name", &stack.name, "--no-import", "--container", &name];
    let told = stack.ok(&[&init[..], &rest].concat()).stderr;
    assert!(told.contains("Not carried") && told.contains("--group-add 7"), "{told}");
    let text = std::fs::read_to_string(stack.stack_file()).expect("it was written");
    for line in [
        "command: [demo, iotd]",
        "restart: unless-stopped",
        "user: \"1000\"",
        "mem_limit: 67108864",
        &format!("ports: [\"*:{port}:80\"]"),
        &format!("volumes: [{volume}:/data]"),
        &format!("{volume}: {{ external: true }}"),
        &format!("{network}: {{ external: true }}"),
        "POSTGRES_PASSWORD: \"${POSTGRES_PASSWORD}\"",
        "they share ports and volumes",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let kept = std::fs::read_to_string(stack.path(".env")).expect("passwords have their file");
    assert_eq!(kept, "POSTGRES_PASSWORD='geheim$x'\n");
    stack.ok(&["check"]);
    drop(running);
    docker(&["volume", "rm", &volume]);
}

/// What stands between backticks in a line of the text that begins so.
fn command_of(text: &str, beginning: &str) -> Vec<String> {
    let line =
        text.lines().find_map(|line| line.split_once(beginning)).unwrap_or_else(|| panic!("{beginning}: {text}")).1;
    let command = line.split('`').next().expect("there is always one");
    format!("{}{command}", beginning.trim_start_matches('`')).split(' ').map(str::to_owned).collect()
}

fn do_as_told(text: &str, beginning: &str) {
    let words = command_of(text, beginning);
    assert_eq!(words[0], "docker", "{words:?}");
    docker(&words[1..].iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn what_goes_with_a_container_that_is_stopped_is_told_and_kept_by_what_is_told() {
    let stack = Sandbox::bare("");
    std::fs::remove_file(stack.stack_file()).expect("it was written");
    let name = format!("{}db", stack.name);
    let publish = format!("{}:80", free_port());
    docker(&["run", "-d", "--rm", "--name", &name, "-v", "/data", "-p", &publish, &own_image(), "demo", "iotd"]);
    let kept = stack.path("kept");
    std::fs::write(&kept, "worth more").expect("the folder is ours");
    docker(&["cp", kept.to_str().expect("UTF-8"), &format!("{name}:/data/kept")]);
    let rest = ["--no-exporters", "--engine-metrics", "false", "--grafana", "false"];
    let init = ["init", "--yes", "--name", &stack.name, "--no-import", "--container", &name];
    let told = stack.ok(&[&init[..], &rest].concat()).stderr;
    let text = std::fs::read_to_string(stack.stack_file()).expect("it was written");
    for said in [&told, &text] {
        assert!(said.contains("STOPPING IT REMOVES IT AND ITS VOLUME WITHOUT A NAME"), "{said}");
    }
    std::fs::write(stack.path("here.yml"), "images: { from: debian }\nprometheus: { port: off }\n")
        .expect("it is ours");
    let here = stack.path("here.yml").display().to_string();
    let refused = stack.expect(1, &["-f", &here, "up", "--no-wait"]).stderr;
    let holding = "`docker create --name ";
    assert!(refused.contains("hold the data of that first"), "{refused}");
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(command_of(&flat(&refused), holding), command_of(&text, holding));
    do_as_told(&text, holding);
    do_as_told(&text, "`docker stop ");
    stack.ok(&["-f", &here, "up", "--no-wait"]);
    do_as_told(&text, "`docker rm -v ");
    let copied = stack.path("copied");
    let from = format!("{}:/data/kept", stack.container(&name, 1));
    docker(&["cp", &from, copied.to_str().expect("UTF-8")]);
    assert_eq!(std::fs::read_to_string(&copied).expect("it was copied"), "worth more");
    stack.ok(&["-f", &here, "down", "--volumes", "--yes"]);
    let volume = command_of(&text, "`docker create --name ")
        .into_iter()
        .find_map(|word| Some(word.split_once(':')?.0.to_owned()));
    docker(&["volume", "rm", &volume.expect("the volume is named")]);
}

#[test]
fn a_container_of_a_stack_is_told_as_that_and_one_that_stands_still_as_such() {
    let stack = Sandbox::bare(
        "prometheus: off\ngrafana: off\napps: { web: { image: stackctl/self, command: [demo, iotd] } }\n",
    );
    stack.ok(&["up", "--no-wait"]);
    let (container, service) = (stack.container("web", 1), format!("{}/web", stack.name));
    let folder = tempfile::tempdir().expect("a folder");
    let init = |words: &[&str]| {
        let mut command = crate::sandbox::stackctl();
        run(command.current_dir(folder.path()).args([&["init", "--yes", "--name", "other"], words].concat()))
    };
    let file = stack.stack_file().display().to_string();
    let whose = format!("is of stack `{}`", stack.name);
    for words in [["--container", &container], ["--attach", &container], ["--attach", &service]] {
        let refused = init(&words);
        assert_eq!(refused.code, 2, "{words:?}: {}", refused.stderr);
        for told in [whose.as_str(), &file, "`stackctl ls`"] {
            assert!(refused.stderr.contains(told), "{words:?}: {told}: {}", refused.stderr);
        }
    }
    let text = std::fs::read_to_string(&file).expect("the test wrote it");
    std::fs::remove_file(&file).expect("the test wrote it");
    let lost = init(&["--container", &container]).stderr;
    assert!(lost.contains("not there any more") && lost.contains(&format!("`name: {}`", stack.name)), "{lost}");
    std::fs::write(&file, text).expect("the folder is ours");
    let still = Neighbour::plain(&format!("{}still", stack.name));
    docker(&["stop", "-t", "1", &still.containers[0]]);
    for option in ["--container", "--attach"] {
        let refused = init(&[option, &still.containers[0]]).stderr;
        assert!(refused.contains("does not run") && refused.contains("docker start"), "{refused}");
    }
}
