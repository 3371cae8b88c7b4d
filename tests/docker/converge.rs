//! `up` works from any state: half made, stopped, edited by hand, left by a killed run, raced by another.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::sandbox::{Sandbox, docker, eventually};
use crate::session::Session;

const APPS: &str = "\
apps:
  web: { image: stackctl/self, command: [demo, accesslog], scale: 3, metrics: {} }
  day: { image: stackctl/self, command: [demo, iotd], depends_on: [web], metrics: { path: /actuator/prometheus } }
";

#[track_caller]
fn assert_converged(stack: &Sandbox) {
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["verify"]);
    let label = format!("label=com.docker.compose.project={}", stack.name);
    let containers = docker(&["ps", "-aq", "--filter", &label]);
    assert_eq!(containers.lines().count(), 5, "three web, one day, one prometheus, nothing else");
}

#[test]
fn up_heals_what_was_stopped_paused_removed_or_disconnected() {
    let stack = Sandbox::new(APPS);
    stack.ok(&["up"]);
    docker(&["stop", "-t", "1", &stack.container("web", 1)]);
    docker(&["pause", &stack.container("web", 2)]);
    docker(&["rm", "-f", &stack.container("web", 3)]);
    docker(&["network", "disconnect", &format!("{}_default", stack.name), &stack.container("day", 1)]);
    assert_eq!(
        stack.plan(),
        [
            "start container STACK-web-1",
            "start container STACK-web-2",
            "create container STACK-web-3",
            "connect container STACK-day-1",
        ]
    );
    assert_converged(&stack);
}

#[test]
fn up_puts_right_what_docker_update_and_a_lost_name_changed() {
    let stack = Sandbox::new(APPS);
    stack.ok(&["up"]);
    docker(&["update", "--memory", "64m", "--memory-swap", "64m", &stack.container("web", 1)]);
    docker(&["update", "--restart", "always", &stack.container("web", 2)]);
    let network = format!("{}_default", stack.name);
    docker(&["network", "disconnect", &network, &stack.container("day", 1)]);
    docker(&["network", "connect", &network, &stack.container("day", 1)]);
    assert_eq!(
        stack.plan(),
        ["replace container STACK-web-1", "replace container STACK-web-2", "connect container STACK-day-1"]
    );
    let plan = stack.expect(3, &["plan"]).stdout;
    for reason in
        ["`mem_limit` is 64MB at the engine", "`restart` is `always` at the engine", "not known as `day` in network"]
    {
        assert!(plan.contains(reason), "{plan}");
    }
    assert_converged(&stack);
}

#[test]
fn up_replaces_a_container_whose_settings_changed_and_says_which() {
    let stack = Sandbox::new(APPS);
    stack.ok(&["up"]);
    let web = stack.running("web");
    stack.write(&APPS.replace("command: [demo, iotd]", "command: [demo, iotd], environment: { A: b }"));
    let plan = stack.json(&["plan"]);
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1, "{plan}");
    assert_eq!(steps[0]["action"], "replace");
    assert_eq!(steps[0]["reason"], "environment changed");
    assert_converged(&stack);
    assert_eq!(stack.running("web"), web, "what did not change is left alone");
}

#[test]
fn a_volume_that_somebody_else_made_is_used_and_said_and_never_removed() {
    let stack = Sandbox::new("prometheus: off\n");
    let volume = format!("{}_data", stack.name);
    docker(&["volume", "create", &volume]);
    let app = "{ image: stackctl/self, command: [demo, iotd], volumes: [\"data:/data\"] }";
    stack.write_bare(&format!("prometheus: off\ngrafana: off\nvolumes: {{ data: {{}} }}\napps: {{ web: {app} }}\n"));
    let up = stack.ok(&["up"]);
    assert!(up.stderr.contains(&volume), "{}", up.stderr);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["down", "--volumes", "--yes"]);
    assert_eq!(docker(&["volume", "rm", &volume]).trim(), volume);
}

#[test]
fn up_removes_what_left_the_file() {
    let stack = Sandbox::new(APPS);
    stack.ok(&["up"]);
    let without_day: String = APPS.split_inclusive('\n').filter(|line| !line.contains("day")).collect();
    stack.write(&without_day);
    assert!(stack.plan().contains(&"remove container STACK-day-1".to_owned()), "{:?}", stack.plan());
    stack.ok(&["up"]);
    assert!(stack.running("day").is_empty());
    stack.ok(&["verify"]);
}

#[test]
fn a_killed_up_is_finished_by_the_next_one() {
    for delay in [60, 250, 500, 900, 1400] {
        let stack = Sandbox::new(APPS);
        let mut child = stack.spawn(&["up"]);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("kill -9");
        child.wait().expect("it ends");
        assert_converged(&stack);
    }
}

#[test]
fn ctrl_c_at_up_says_what_is_left_and_the_next_one_goes_on() {
    let waits = APPS.replace("metrics: {} }", "metrics: { port: 9 } }");
    let stack = Sandbox::new(&waits);
    let mut session = Session::start(&stack.path(""), &["up"], &[]);
    session.expect("waiting until every target is scraped").press("\u{3}");
    session.expect("interrupted: ").expect("done; stack").expect("`stackctl up` goes on from here");
    assert_eq!(session.exit_code(), 130);
    assert_eq!(stack.running("web").len(), 3);
    stack.write(APPS);
    assert_converged(&stack);

    stack.write(&waits);
    let mut session = Session::start(&stack.path(""), &["up"], &[]);
    session.expect("reload").press("\u{3}");
    session.expect("interrupted: ");
    assert_eq!(session.exit_code(), 130);
    stack.write(APPS);
    assert_converged(&stack);
}

#[test]
fn ctrl_c_in_the_middle_of_a_replacement_finishes_that_and_begins_nothing_more() {
    // The first process of a container minds no signal that it does not listen to.
    let apps = |value: &str, grace: &str| {
        format!(
            "apps:\n  web: {{ image: stackctl/self, command: [demo, iotd], environment: {{ A: {value} }}, \
             stop_signal: SIGUSR2, stop_grace_period: {grace} }}\n  \
             day: {{ image: stackctl/self, command: [demo, iotd], environment: {{ A: {value} }}, depends_on: [web] }}\n"
        )
    };
    let stack = Sandbox::started(&apps("b", "4s"));
    let before = [stack.running("web"), stack.running("day")];
    let web = stack.container("web", 1);
    let being_replaced = || docker(&["ps", "-a", "--format", "{{.Names}}"]).contains(&format!("{web}."));

    stack.write(&apps("c", "4s"));
    let mut session = Session::start(&stack.path(""), &["up"], &[]);
    eventually("the new one is there", being_replaced);
    session
        .press("\u{3}")
        .expect(&format!("stopping: nothing more is begun; this is finished first: replace container {web}"));
    session.expect("interrupted: 1 step done");
    assert_eq!(session.exit_code(), 130);
    assert_ne!(stack.running("web"), before[0]);
    assert_eq!((stack.running("web").len(), stack.running("day")), (1, before[1].clone()));
    assert_eq!(stack.plan(), ["replace container STACK-day-1"]);

    // Once more, and it is left as it stands.
    stack.write(&apps("d", "4s"));
    let mut session = Session::start(&stack.path(""), &["up"], &[]);
    eventually("the new one is there", being_replaced);
    session.press("\u{3}").expect("stopping: ").press("\u{3}");
    session.expect("interrupted: ").expect(&format!("begun and not finished: replace container {web}"));
    assert_eq!(session.exit_code(), 130);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!((stack.plan(), stack.running("web").len(), stack.running("day").len()), (vec![], 1, 1));
}

#[test]
fn who_gave_way_comes_back_where_its_replacement_is_interrupted() {
    let free = [0; 2].map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [one, other] = free.map(|socket| socket.local_addr().unwrap().port());
    let apps = |one: u16, other: u16| {
        format!(
            "apps:\n  slow: {{ image: stackctl/self, command: [demo, iotd], stop_signal: SIGUSR2, stop_grace_period: 4s, ports: [\"{one}:80\"] }}\n  \
             late: {{ image: stackctl/self, command: [demo, iotd], depends_on: [slow], ports: [\"{other}:80\"] }}\n"
        )
    };
    let stack = Sandbox::started(&apps(one, other));
    let before = [stack.running("slow"), stack.running("late")];
    stack.write(&apps(other, one));
    let child = stack.spawn(&["up"]);
    eventually("both give way", || stack.running("late").is_empty());
    host(&["kill", "-INT", &child.id().to_string()]);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted: nothing of stack"), "{said}");
    assert_eq!([stack.running("slow"), stack.running("late")], before, "{said}");
}

/// One has the port of the other already: there is no way back for that, and it is replaced all the same.
#[test]
fn who_gave_way_is_replaced_where_its_port_is_gone_although_somebody_wants_to_stop() {
    let free = [0; 2].map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [one, other] = free.map(|socket| socket.local_addr().unwrap().port());
    let apps = |one: u16, other: u16| {
        format!(
            "apps:\n  first:\n    image: stackctl/self\n    command: [demo, iotd]\n    ports: [\"{one}:80\"]\n    \
             healthcheck: {{ test: [CMD, /stackctl, --version], interval: 3s }}\n  \
             late:\n    image: stackctl/self\n    command: [demo, iotd]\n    ports: [\"{other}:80\"]\n    \
             depends_on: {{ first: {{ condition: service_healthy }} }}\n"
        )
    };
    let stack = Sandbox::started(&apps(one, other));
    let before = stack.running("first");
    stack.write(&apps(other, one));
    let child = stack.spawn(&["up"]);
    eventually("the first one is replaced", || {
        let now = stack.running("first");
        now.len() == 1 && now != before
    });
    host(&["kill", "-INT", &child.id().to_string()]);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    for (app, port) in [("first", other), ("late", one)] {
        let published = docker(&["port", &stack.container(app, 1), "80/tcp"]);
        assert_eq!(published.trim(), format!("127.0.0.1:{port}"), "{app}: {said}");
    }
}

#[test]
fn a_killed_replacement_leaves_no_second_container() {
    let stack = Sandbox::new(APPS);
    stack.ok(&["up"]);
    for delay in [100, 300, 600] {
        stack.write(&APPS.replace("demo, accesslog]", &format!("demo, accesslog], environment: {{ A: \"{delay}\" }}")));
        let mut child = stack.spawn(&["up"]);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("kill -9");
        child.wait().expect("it ends");
        assert_converged(&stack);
    }
}

#[test]
fn of_two_ups_at_once_one_waits_and_both_succeed() {
    let stack = Sandbox::new(APPS);
    let first = stack.spawn(&["up"]);
    let second = stack.spawn(&["up"]);
    for child in [first, second] {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_converged(&stack);
}

#[test]
fn a_volume_survives_the_replacement_of_its_container() {
    let stack = Sandbox::new(
        "volumes: { data: {} }\napps: { web: { image: stackctl/self, command: [demo, iotd], volumes: [\"data:/data\"] } }\n",
    );
    stack.ok(&["up"]);
    let volume = format!("{}_data", stack.name);
    let created = docker(&["volume", "inspect", "-f", "{{.CreatedAt}}", &volume]);
    stack.write("volumes: { data: {} }\napps: { web: { image: stackctl/self, command: [demo, iotd], environment: { A: b }, volumes: [\"data:/data\"] } }\n");
    stack.ok(&["up"]);
    assert_eq!(docker(&["volume", "inspect", "-f", "{{.CreatedAt}}", &volume]), created);
}

#[test]
fn dependencies_start_first_and_are_waited_for() {
    let stack = Sandbox::new(
        "\
apps:
  migrate: { image: stackctl/self, command: [--version] }
  web:
    image: stackctl/self
    command: [demo, iotd]
    depends_on: { migrate: { condition: service_completed_successfully } }
    metrics: { path: /actuator/prometheus }
",
    );
    stack.ok(&["up"]);
    eventually("the plan is empty", || stack.plan().is_empty());
    let finished = docker(&["inspect", "-f", "{{.State.FinishedAt}}", &stack.container("migrate", 1)]);
    let started = docker(&["inspect", "-f", "{{.State.StartedAt}}", &stack.container("web", 1)]);
    assert!(finished < started, "{finished} {started}");
}

#[test]
fn a_job_that_others_need_is_waited_for_where_they_run_already() {
    let stack_with = |job: &str| {
        format!(
            "apps:\n  migrate: {{ image: stackctl/self, command: {job} }}\n  \
             web: {{ image: stackctl/self, command: [demo, iotd], depends_on: {{ migrate: {{ condition: service_completed_successfully }} }} }}\n"
        )
    };
    let stack = Sandbox::new(&stack_with("[--version]"));
    stack.ok(&["up"]);
    stack.write(&stack_with("[demo, accesslog, --exit-after, 3s]"));
    let said = stack.expect(1, &["up"]).stderr;
    assert!(said.contains(&stack.container("migrate", 1)), "{said}");
}

#[test]
fn a_stopped_stack_whose_network_was_pruned_comes_back() {
    let stack = Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n");
    stack.ok(&["up"]);
    docker(&["stop", "--time", "1", &stack.container("web", 1), &stack.container("prometheus", 1)]);
    docker(&["network", "rm", &format!("{}_default", stack.name)]);
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["verify"]);
}

#[test]
fn up_that_is_told_to_end_says_what_is_left() {
    let stack = Sandbox::new(&APPS.replace("metrics: {} }", "metrics: { port: 9 } }"));
    for signal in ["-TERM", "-HUP"] {
        let child = stack.spawn(&["up"]);
        eventually("it waits", || stack.running("day").len() == 1);
        std::thread::sleep(Duration::from_millis(500));
        host(&["kill", signal, &child.id().to_string()]);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{signal}: {said}");
        assert_eq!(said.lines().filter(|line| line.starts_with("interrupted: ")).count(), 1, "{signal}: {said}");
    }
    let mut child = Command::new("nohup");
    child.arg(env!("CARGO_BIN_EXE_stackctl")).arg("-f").arg(stack.stack_file()).args(["up", "--timeout", "6s"]);
    let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("nohup is part of coreutils");
    std::thread::sleep(Duration::from_secs(2));
    host(&["kill", "-HUP", &child.id().to_string()]);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An engine that takes a connection and says nothing is all that a signal can come before.
#[test]
fn who_is_told_to_end_before_the_engine_has_answered_says_so() {
    let stack = Sandbox::new(APPS);
    let socket = stack.path("silent.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).expect("the test's own folder");
    for words in [&["up"][..], &["down"], &["down", "--volumes", "--yes"]] {
        let mut command = stack.command(words);
        command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("stackctl starts");
        std::thread::sleep(Duration::from_millis(700));
        host(&["kill", "-TERM", &child.id().to_string()]);
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{words:?}: {told}");
        assert!(told.starts_with("interrupted: nothing of stack"), "{words:?}: {told}");
    }
}

#[test]
fn down_that_is_interrupted_says_what_is_left_and_how_to_go_on() {
    // The first process of a container minds no signal that it does not listen to.
    let stubborn =
        "stubborn: { image: stackctl/self, command: [demo, iotd], stop_signal: SIGUSR2, stop_grace_period: 40s }";
    let stack =
        Sandbox::started(&format!("apps:\n  web: {{ image: stackctl/self, command: [demo, iotd] }}\n  {stubborn}\n"));
    let name = stack.container("stubborn", 1);
    let mut session = Session::start(&stack.path(""), &["down"], &[]);
    session.expect(&format!("- container {}", stack.container("web", 1))).press("\u{3}");
    session.expect("interrupted: ").expect(&format!("container {name}")).expect("`stackctl down` goes on from here");
    assert_eq!(session.exit_code(), 130);
    docker(&["kill", &name]);
    for signal in ["-TERM", "-HUP"] {
        stack.ok(&["up", "--no-wait"]);
        let child = stack.spawn(&["down"]);
        eventually("it is under way", || stack.running("web").is_empty());
        host(&["kill", signal, &child.id().to_string()]);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{signal}: {said}");
        assert!(said.contains("interrupted: ") && said.contains(&format!("container {name}")), "{signal}: {said}");
        docker(&["kill", &name]);
    }
    stack.ok(&["down"]);
    assert!(stack.running("stubborn").is_empty());
}

/// Runs a program of the host.
fn host(words: &[&str]) {
    assert!(Command::new(words[0]).args(&words[1..]).status().expect("it starts").success(), "{words:?}");
}

/// What is scraped as it should be may still run with the settings of an older file.
#[test]
fn verify_warns_of_containers_that_up_would_change_and_promises_nothing_less() {
    let app = |environment: &str| {
        format!(
            "apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], environment: {{ A: \"{environment}\" }}, metrics: {{}} }} }}\n"
        )
    };
    let stack = Sandbox::new(&app("1"));
    stack.ok(&["up"]);
    let fresh = stack.ok(&["verify", "config"]).stdout;
    assert!(fresh.contains("containers") && !fresh.contains("warn"), "{fresh}");
    stack.write(&app("2"));
    let told = stack.expect(0, &["verify"]).stdout;
    assert!(told.contains("container-stale") && told.contains("`up` would replace it"), "{told}");
    let json = stack.json(&["verify"]);
    assert_eq!(json["ok"], true, "a warning is no broken promise: {json}");
    let targets = stack.ok(&["verify", "targets"]).stdout;
    assert!(!targets.contains("container-stale"), "{targets}");
    stack.ok(&["up"]);
    assert!(!stack.ok(&["verify"]).stdout.contains("container-stale"));
}
