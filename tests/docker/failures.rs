//! What cannot be done is said clearly, with what to do, and the rest runs.

use std::net::TcpListener;

use crate::compose::free_port;
use crate::sandbox::{Sandbox, docker, eventually, own_image, run, stackctl};

#[test]
fn a_taken_port_is_named_and_the_rest_runs() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = held.local_addr().unwrap().port();
    let body = format!(
        "apps:\n  busy: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{port}:80\"] }}\n  \
         fine: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{}} }}\n"
    );
    let stack = Sandbox::new(&body);
    let up = stack.expect(1, &["up"]);
    let (place, next) =
        (format!("127.0.0.1:{port}, where `busy` would be published"), "write `apps: { busy: { ports: [\"");
    for expected in [place.as_str(), &format!("({}) of this host", std::process::id()), next, "`\"80\"` for a free one"]
    {
        assert!(up.stderr.contains(expected), "{expected}: {}", up.stderr);
    }
    let told = up.stderr.find(&place).zip(up.stderr.rfind("create container"));
    assert!(
        told.is_some_and(|(told, done)| told > done),
        "told where it is read, after all that was done: {}",
        up.stderr
    );
    assert_eq!(up.stderr.matches(&place).count(), 1, "{}", up.stderr);
    assert_eq!(stack.running("fine").len(), 1);
    let plan = stack.expect(3, &["plan"]);
    assert!(plan.stderr.contains(&place), "{}", plan.stderr);
    // A stack file that is to be is told the same before anybody writes it.
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("{}-init", stack.name);
    let publish = format!("busy={port}:80");
    let words = ["init", "--yes", "--no-running", "--no-exporters", "--grafana", "false", "--name", &name];
    let words = [&words[..], &["--app", "busy=stackctl/self", "--publish", &publish]].concat();
    let init = run(std::process::Command::new(env!("CARGO_BIN_EXE_stackctl")).current_dir(folder.path()).args(words));
    assert!(init.stderr.contains(&place) && init.stderr.contains("wrote stack.yml"), "{}", init.stderr);
    drop(held);
    stack.ok(&["up"]);
}

#[test]
fn a_port_of_another_container_is_told_and_what_runs_goes_on() {
    let free = || TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().unwrap().port();
    let app = |port: u16| {
        format!("apps: {{ web: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{port}:80\"] }} }}\n")
    };
    let (first, second) = (Sandbox::started(&app(free())), Sandbox::bare(""));
    let taken = free();
    second.write(&app(taken));
    second.ok(&["up", "--no-wait"]);
    let before = first.running("web");
    first.write(&app(taken));
    let refused = &first.json(&["plan"])["refused"];
    assert_eq!(refused[0]["container"], first.container("web", 1).as_str(), "{refused}");
    let up = first.expect(1, &["up"]);
    let holder = format!("is taken by `{}` of stack `{}`", second.container("web", 1), second.name);
    assert!(up.stderr.contains(&holder), "{}", up.stderr);
    assert_eq!(first.running("web"), before, "the old container is left as it runs");
    second.ok(&["down"]);
    let plain = format!("{}-plain", first.name);
    docker(&["run", "-d", "--name", &plain, "-p", &format!("{taken}:80"), &own_image(), "demo", "iotd"]);
    let up = first.expect(1, &["up"]);
    docker(&["rm", "-f", &plain]);
    assert!(up.stderr.contains(&format!("stop that with `docker stop {plain}`")), "{}", up.stderr);
    first.ok(&["up"]);
    let own = first.expect(3, &["plan", "--scale", "web=0"]);
    assert!(!own.stderr.contains("is taken"), "{}", own.stderr);
    assert!(first.json(&["plan"])["refused"].is_null(), "nothing stands in the way");
    docker(&["stop", &first.container("web", 1)]);
    first.ok(&["up"]);
}

#[test]
fn a_port_that_goes_from_one_app_to_another_is_given_up_first() {
    let free = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [one, other] = free.map(|socket| socket.local_addr().unwrap().port());
    let apps = |front: u16, back: u16| {
        format!(
            "apps:\n  back: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{back}:80\"] }}\n  \
             front: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{front}:80\"], depends_on: [back] }}\n"
        )
    };
    let stack = Sandbox::started(&apps(one, other));
    stack.write(&apps(other, one));
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.plan(), [""; 0]);
    assert_eq!((stack.running("front").len(), stack.running("back").len()), (1, 1));
}

/// What is in internal networks alone has no port of the host, and takes the one it was made for as soon as it is in another.
#[test]
fn a_port_that_an_internal_network_kept_from_its_app_is_given_up_first_too() {
    let free = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [one, other] = free.map(|socket| socket.local_addr().unwrap().port());
    let apps = |network: &str, front: u16, back: u16| {
        format!(
            "{network}apps:\n  back: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{back}:80\"] }}\n  \
             front: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{front}:80\"], depends_on: [back] }}\n"
        )
    };
    let stack = Sandbox::started(&apps("networks: { default: { internal: true } }\n", one, other));
    assert_eq!(docker(&["port", &stack.container("front", 1)]), "", "an internal network has no way out");
    stack.write(&apps("", other, one));
    let up = stack.ok(&["up", "--no-wait"]);
    assert!(up.stderr.contains("stops first, because"), "{}", up.stderr);
    assert_eq!(stack.plan(), [""; 0]);
    let port = |app: &str| docker(&["port", &stack.container(app, 1), "80"]).trim().to_owned();
    assert_eq!([port("front"), port("back")], [other, one].map(|it| format!("127.0.0.1:{it}")));
}

#[test]
fn a_container_name_that_goes_from_one_app_to_another_is_given_up_first() {
    let stack = Sandbox::bare("");
    let apps = |front: &str, back: &str| {
        format!(
            "apps:\n  back: {{ image: stackctl/self, command: [demo, iotd], container_name: {0}-{back} }}\n  \
             front: {{ image: stackctl/self, command: [demo, iotd], container_name: {0}-{front}, depends_on: [back] }}\n",
            stack.name
        )
    };
    for (front, back) in [("x", "y"), ("y", "x")] {
        stack.write(&apps(front, back));
        stack.ok(&["up", "--no-wait"]);
        assert_eq!(stack.plan(), [""; 0]);
        assert!(stack.running("back")[0].starts_with(&format!("{}-{back} ", stack.name)));
        assert_eq!(stack.running("front").len(), 1);
    }
}

#[test]
fn a_crash_loop_shows_in_ps_and_nothing_that_runs_is_said_before_the_first_up() {
    let stack =
        Sandbox::new("apps: { loops: { image: stackctl/self, command: [demo, no-such-app], restart: always } }\n");
    let verify = stack.expect(3, &["verify", "targets"]);
    assert!(verify.stderr.contains(&format!("nothing of stack `{}` runs", stack.name)), "{}", verify.stderr);
    assert!(!verify.stderr.contains("left out"), "{}", verify.stderr);
    stack.run(&["up", "--no-wait"]);
    eventually("`ps` counts the restarts", || {
        let ps = stack.ok(&["ps"]).stdout;
        ps.lines().any(|line| line.contains("loops") && line.contains(" restarts"))
    });
}

#[test]
fn an_app_that_ends_again_and_again_is_not_well_while_it_runs() {
    let stack = Sandbox::new(
        "apps:\n  loops:\n    image: stackctl/self\n    command: [demo, accesslog, --exit-after, 3s]\n    restart: always\n    metrics: { interval: 1s }\n",
    );
    stack.run(&["up", "--no-wait"]);
    eventually("the engine has started it again", || {
        docker(&["inspect", "--format", "{{.RestartCount}}", &stack.container("loops", 1)]).trim() != "0"
    });
    let up = stack.expect(3, &["up"]);
    assert!(up.stdout.contains("container-restarting"), "{}", up.stdout);
}

#[test]
fn a_container_that_does_not_start_gives_way_to_the_one_before_it() {
    let app = |rest: &str| format!("apps: {{ web: {{ image: stackctl/self, command: [demo, iotd]{rest} }} }}\n");
    let stack = Sandbox::started(&app(", volumes: [/kept]"));
    let before = docker(&["inspect", "--format", "{{.Id}} {{.Mounts}}", &stack.container("web", 1)]);
    stack.write(&app(", volumes: [/kept], entrypoint: [/no-such-program]"));
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("the image has no program `/no-such-program`"), "{}", up.stderr);
    assert!(up.stderr.contains("the container that ran before runs again"), "{}", up.stderr);
    let after = docker(&["inspect", "--format", "{{.Id}} {{.Mounts}}", &stack.container("web", 1)]);
    assert_eq!(after, before);
    let all =
        docker(&["ps", "--all", "--filter", &format!("name={}-web", stack.name), "--format", "{{.Names}} {{.State}}"]);
    assert_eq!(all.trim(), format!("{} running", stack.container("web", 1)));
    stack.write(&app(", volumes: [/kept]"));
    assert!(stack.plan().is_empty());
}

#[test]
fn one_that_did_not_run_comes_back_as_it_was() {
    let app = |rest: &str| format!("apps: {{ web: {{ image: stackctl/self, command: [demo, iotd]{rest} }} }}\n");
    let stack = Sandbox::started(&app(""));
    docker(&["stop", &stack.container("web", 1)]);
    stack.write(&app(", entrypoint: [/no-such-program]"));
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("the container that was there before is there again"), "{}", up.stderr);
    stack.write(&app(""));
    assert_eq!(stack.plan(), ["start container STACK-web-1"]);
}

#[test]
fn who_shares_the_processes_of_one_that_comes_back_runs_again() {
    let apps = |rest: &str| {
        format!(
            "apps:\n  web: {{ image: stackctl/self, command: [demo, iotd]{rest} }}\n  \
             beside: {{ image: stackctl/self, command: [demo, iotd], pid: \"service:web\", restart: always }}\n  \
             third: {{ image: stackctl/self, command: [demo, iotd], pid: \"service:beside\" }}\n"
        )
    };
    let stack = Sandbox::started(&apps(""));
    let ids = || ["web", "beside", "third"].map(|app| stack.running(app));
    let before = ids();
    stack.write(&apps(", entrypoint: [/no-such-program]"));
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("the container that ran before runs again"), "{}", up.stderr);
    assert_eq!(ids(), before, "{}", up.stderr);
    stack.write(&apps(""));
    assert_eq!(stack.plan(), [""; 0]);
    // One of them that does not start comes back, too, and who shares its own processes.
    let ill = |apps: String| apps.replace("\"service:web\"", "\"service:web\", entrypoint: [/no-such-program]");
    stack.write(&ill(apps("")));
    let up = stack.expect(1, &["up"]);
    assert_eq!(ids(), before, "{}", up.stderr);
    // Into the processes of another container nobody comes back: that one comes back, too.
    stack.write(&ill(apps(", environment: { A: b }")));
    let up = stack.expect(1, &["up"]).stderr;
    assert!(up.contains("the container before it comes back with those that were replaced together with it"), "{up}");
    assert!(up.contains(&format!("`{}` is not replaced", stack.container("beside", 1))), "{up}");
    assert_eq!(ids(), before, "{up}");
    assert_eq!(names_of(&stack).len(), 4, "{:?}", names_of(&stack));
    stack.write(&apps(", environment: { A: b }"));
    stack.ok(&["up"]);
    assert!(ids().iter().all(|running| running.len() == 1));
}

/// Two apps exchange their ports, and the second one does not start: the first has its port by then, and gives it back.
#[test]
fn those_that_exchange_their_ports_are_both_replaced_or_neither() {
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [first, second] = [first, second].map(|held| held.local_addr().unwrap().port());
    let apps = |first: u16, second: u16, rest: &str| {
        format!(
            "apps:\n  one: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{first}:80\"] }}\n  \
             two: {{ image: stackctl/self, command: [demo, iotd], depends_on: [one], ports: [\"{second}:80\"]{rest} }}\n"
        )
    };
    let stack = Sandbox::started(&apps(first, second, ""));
    let ids = || ["one", "two"].map(|app| stack.running(app));
    let before = ids();
    stack.write(&apps(second, first, ", entrypoint: [/no-such-program]"));
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains(&format!("`{}` is not replaced", stack.container("two", 1))), "{}", up.stderr);
    assert_eq!(ids(), before, "{}", up.stderr);
    assert_eq!(names_of(&stack).len(), 3, "{:?}", names_of(&stack));
    stack.write(&apps(second, first, ""));
    stack.ok(&["up"]);
    assert!(ids().iter().zip(&before).all(|(now, before)| now.len() == 1 && now != before));
    assert_eq!(names_of(&stack).len(), 3, "{:?}", names_of(&stack));
}

/// A new app gets the port of one that moves and does not start: there is nothing to come back to.
#[test]
fn one_that_gave_way_to_a_new_one_and_cannot_come_back_is_told_why_and_comes_with_the_next_up() {
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [first, second] = [first, second].map(|held| held.local_addr().unwrap().port());
    let old = |port: u16, rest: &str| {
        format!("apps:\n  old: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{port}:80\"]{rest} }}\n")
    };
    let new = format!("  new: {{ image: stackctl/self, command: [demo, iotd], ports: [\"{first}:80\"] }}\n");
    let stack = Sandbox::started(&old(first, ""));
    stack.write(&format!("{}{new}", old(second, ", depends_on: [new], entrypoint: [/no-such-program]")));
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("another one of the stack has its port or its name by now"), "{}", up.stderr);
    stack.write(&format!("{}{new}", old(second, ", depends_on: [new]")));
    stack.ok(&["up"]);
    assert_eq!((stack.running("old").len(), stack.running("new").len()), (1, 1));
}

/// An image that cannot be had is known before anything is replaced.
#[test]
fn one_whose_processes_are_shared_by_what_cannot_be_replaced_is_left_alone() {
    let apps = |environment: &str, image: &str| {
        format!(
            "apps:\n  web: {{ image: stackctl/self, command: [demo, iotd], environment: {{ A: {environment} }} }}\n  \
             beside: {{ image: {image}, command: [demo, iotd], pid: \"service:web\" }}\n"
        )
    };
    let stack = Sandbox::started(&apps("a", "stackctl/self"));
    let ids = || ["web", "beside"].map(|app| stack.running(app));
    let before = ids();
    stack.write(&apps("b", "stackctl.invalid/no/such:1"));
    let up = stack.expect(1, &["up"]);
    assert_eq!(ids(), before, "{}", up.stderr);
    assert!(up.stderr.contains("left as they are, because they need what failed: beside, web"), "{}", up.stderr);
}

/// Two apps exchange their ports, so that both stop first; then what they need does not start.
#[test]
fn those_that_gave_way_to_each_other_run_again_where_neither_is_replaced() {
    let body = |first: u16, second: u16, rest: &str| {
        format!(
            "apps:\n  base: {{ image: stackctl/self, command: [demo, iotd]{rest} }}\n  \
             one: {{ image: stackctl/self, command: [demo, iotd], depends_on: [base], ports: [\"{first}:80\"] }}\n  \
             two: {{ image: stackctl/self, command: [demo, iotd], depends_on: [base], ports: [\"{second}:80\"] }}\n"
        )
    };
    let [first, second] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [first, second] = [first, second].map(|held| held.local_addr().unwrap().port());
    let stack = Sandbox::started(&body(first, second, ""));
    let ids = || [stack.running("one"), stack.running("two"), stack.running("base")];
    let before = ids();
    stack.write(&body(second, first, ", entrypoint: [/no-such-program]"));
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("left as they are, because they need what failed: one, two"), "{}", up.stderr);
    assert_eq!(ids(), before, "{}", up.stderr);
    assert_eq!(names_of(&stack).len(), 4, "{:?}", names_of(&stack));
    stack.write(&body(second, first, ""));
    stack.expect(0, &["up"]);
    assert!(stack.plan().is_empty());
}

/// All that is there of a stack, by name.
fn names_of(stack: &Sandbox) -> Vec<String> {
    let filter = format!("label=com.docker.compose.project={}", stack.name);
    let names = docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"]);
    names.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn where_the_old_one_cannot_stand_aside_it_runs_on() {
    let app = |rest: &str| format!("apps: {{ web: {{ image: stackctl/self, command: [demo, iotd]{rest} }} }}\n");
    let stack = Sandbox::started(&app(""));
    let before = stack.running("web");
    let id = docker(&["inspect", "--format", "{{.Id}}", &stack.container("web", 1)]);
    let taken = format!("{}.{}.old", stack.container("web", 1), &id[..12]);
    docker(&["create", "--name", &taken, &own_image(), "--version"]);
    stack.write(&app(", environment: { A: b }"));
    let up = stack.expect(1, &["up"]);
    docker(&["rm", &taken]);
    assert!(up.stderr.contains("is already in use"), "{}", up.stderr);
    assert_eq!(stack.running("web"), before, "{}", up.stderr);
    assert_eq!(names_of(&stack).len(), 2, "{:?}", names_of(&stack));
    stack.expect(0, &["up"]);
}

#[test]
fn an_image_that_does_not_exist_is_named_and_the_rest_runs() {
    let stack = Sandbox::new(
        "apps:\n  ghost: { image: \"stackctl.invalid/no/such:1\" }\n  fine: { image: stackctl/self, command: [demo, accesslog], metrics: {} }\n",
    );
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("stackctl.invalid/no/such:1"), "{}", up.stderr);
    assert!(up.stderr.contains("help:"), "{}", up.stderr);
    assert_eq!(stack.running("fine").len(), 1);
}

#[test]
fn a_container_that_dies_at_once_is_shown_with_its_last_lines() {
    let stack = Sandbox::new(
        "apps:\n  dies: { image: stackctl/self, command: [demo, no-such-app] }\n  fine: { image: stackctl/self, command: [demo, accesslog], metrics: {} }\n",
    );
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains(&stack.container("dies", 1)), "{}", up.stderr);
    assert!(up.stderr.contains("no-such-app"), "its last lines: {}", up.stderr);
    let help = "help: see `stackctl logs dies`; the rest of the stack is left running";
    assert!(up.stderr.contains(help), "{}", up.stderr);
    assert_eq!(stack.running("fine").len(), 1);
}

#[test]
fn an_app_that_dies_beside_a_step_that_fails_is_told_too() {
    let stack = Sandbox::new(
        "apps:\n  dies: { image: stackctl/self, command: [demo, no-such-app] }\n  \
         ghost: { image: stackctl.invalid/no/such:1 }\n",
    );
    let up = stack.expect(1, &["up"]);
    let died = format!("{}` did not stay up: it exited with 2", stack.container("dies", 1));
    assert!(up.stderr.contains(&died) && up.stderr.contains("stackctl.invalid/no/such:1"), "{}", up.stderr);
    assert!(up.stderr.contains("`stackctl verify` says how the rest does"), "{}", up.stderr);
}

#[test]
fn an_app_whose_health_check_fails_is_a_finding_with_the_words_of_the_check_however_often_up_runs() {
    let stack = Sandbox::new(
        "apps:\n  ill:\n    image: stackctl/self\n    command: [demo, accesslog]\n    metrics: {}\n    \
         healthcheck: { test: [CMD, /stackctl, no-such-command], interval: 1s, retries: 1 }\n",
    );
    for _ in 0..2 {
        let up = stack.expect(3, &["up"]);
        let says = "runs, but its health check fails; it says: error: unrecognized subcommand 'no-such-command'";
        assert!(up.stdout.contains("container-unhealthy"), "{}{}", up.stdout, up.stderr);
        let words = up.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(says), "{words}");
        assert!(!up.stderr.contains("did not stay up"), "{}", up.stderr);
    }
}

#[test]
fn without_a_prometheus_too_an_app_that_is_not_well_is_a_finding_of_every_up() {
    let ill = "metrics: off, healthcheck: { test: [CMD, /stackctl, no-such-command], interval: 1s, retries: 1 }";
    let stack = Sandbox::bare(&format!(
        "prometheus: off\ngrafana: off\napps: {{ ill: {{ image: stackctl/self, command: [demo, iotd], {ill} }} }}\n"
    ));
    for _ in 0..2 {
        let up = stack.expect(3, &["up"]);
        assert!(up.stdout.contains("container-unhealthy"), "{}{}", up.stdout, up.stderr);
    }
}

#[test]
fn an_app_that_dies_hides_nothing_of_what_is_wrong_with_others() {
    let stack = Sandbox::new(
        "apps:\n  dies: { image: stackctl/self, command: [demo, no-such-app] }\n  \
         again: { image: stackctl/self, command: [demo, no-such-app], restart: always }\n  \
         lost: { image: stackctl/self, command: [demo, accesslog], metrics: { path: /stats } }\n",
    );
    let up = stack.expect(1, &["up"]);
    assert!(
        up.stderr.contains(&format!("{}` did not stay up: it exited with 2", stack.container("dies", 1))),
        "{}",
        up.stderr
    );
    assert!(!up.stderr.contains("keeps exiting with 0"), "{}", up.stderr);
    assert!(
        up.stdout.contains("wrong-path") && up.stdout.contains("apps.lost.metrics.path: /metrics"),
        "{}",
        up.stdout
    );
    assert!(!up.stdout.contains("no-data"), "{}", up.stdout);
}

#[test]
fn what_is_waited_for_is_named_with_its_error_and_what_cannot_come_is_not_waited_for() {
    let stack = Sandbox::bare("");
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\nprometheus: {{ port: off, scrape_interval: 20s }}\napps:\n  \
         web: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{ path: /stats }} }}\n  \
         gone: {{ attach: {}nobody }}\n",
        stack.name
    ));
    stack.ok(&["up", "--no-wait"]);
    let mut causes = Vec::new();
    eventually("the panels wait for the first scrape", || {
        causes.extend(stack.findings("dashboards").iter().filter_map(|it| Some(it["cause"].as_str()?.to_owned())));
        causes.iter().any(|cause| cause == "data-pending")
    });
    assert!(causes.iter().all(|cause| cause != "no-data"), "{causes:?}");
    let up = stack.expect(3, &["up"]);
    let lines: Vec<&str> = up.stderr.lines().filter(|line| line.starts_with("waiting for ")).collect();
    assert!(lines.iter().any(|line| line.contains("web: server returned HTTP status 404")), "{}", up.stderr);
    assert!(lines.iter().all(|line| !line.contains("gone")), "{}", up.stderr);
    assert!(up.stdout.contains("container-missing") && up.stdout.contains("wrong-path"), "{}", up.stdout);
    assert!(!up.stdout.contains("no-data"), "{}", up.stdout);
}

#[test]
fn no_engine_is_exit_1_with_what_was_tried_and_what_to_do() {
    let stack = Sandbox::new("apps: { web: { image: stackctl/self } }\n");
    for (host, word) in [
        ("unix:///no/such.sock", "no such socket"),
        ("tcp://127.0.0.1:1", "127.0.0.1:1"),
        ("gopher://x", "unknown kind"),
    ] {
        let run = run(stack.command(&["plan"]).env("DOCKER_HOST", host));
        assert_eq!(run.code, 1, "{host}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{host}: {}", run.stderr);
        assert!(run.stderr.contains("help:"), "{host}: {}", run.stderr);
    }
}

#[test]
fn a_program_that_asks_for_json_reads_why_there_is_none() {
    let stack = Sandbox::new("apps: { web: { image: stackctl/self } }\n");
    for command in
        [&["plan"][..], &["ps"], &["verify"], &["query", "up"], &["images", "list"], &["alerts"], &["silence", "list"]]
    {
        let arguments = [command, &["--format", "json"]].concat();
        let run = run(stack.command(&arguments).env("DOCKER_HOST", "unix:///no/such.sock"));
        assert_eq!(run.code, 1, "{command:?}: {}", run.stderr);
        let answer: serde_json::Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(answer["error"]["message"].as_str().is_some_and(|why| why.contains("no such socket")), "{answer}");
    }
}

#[test]
fn what_a_health_check_printed_is_told_to_who_waits_for_it() {
    let stack = Sandbox::new(
        "apps:\n  ill: { image: stackctl/self, command: [demo, iotd], healthcheck: { test: [CMD, /no/such/check], interval: 1s } }\n  \
         waits: { image: stackctl/self, command: [demo, iotd], depends_on: { ill: { condition: service_healthy } } }\n",
    );
    let up = stack.expect(1, &["up", "--timeout", "6s"]);
    assert!(up.stderr.contains("its health check says") && up.stderr.contains("/no/such/check"), "{}", up.stderr);
}

#[test]
fn who_asks_a_stack_without_prometheus_is_told_what_to_write() {
    let stack = Sandbox::bare("prometheus: off\ngrafana: off\napps: { web: { image: stackctl/self, metrics: {} } }\n");
    for command in [
        &["query", "up"][..],
        &["view", "--port", "0"],
        &["alerts"],
        &["dashboards", "snapshot", "-o", "x", "--format", "svg"],
    ] {
        let refused = stack.expect(1, command);
        assert!(
            refused.stderr.contains("`prometheus: off`") && refused.stderr.contains("`prometheus: {}`"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn what_is_left_out_for_one_reason_is_told_in_one_line() {
    let stack = Sandbox::bare(
        "images: { mirror: \"127.0.0.1:1\" }\ngrafana: off\nexporters: { memcached: { for: db }, kafka: { for: db } }\n\
         apps: { db: { image: stackctl/self } }\n",
    );
    let plan = stack.expect(3, &["plan"]).stderr;
    assert!(plan.contains("left out: memcached, kafka (`stackctl images list` says why)"), "{plan}");
    assert!(!plan.contains("cannot be reached"), "{plan}");
    let images = stack.ok(&["images", "list"]).stderr;
    assert!(images.contains("left out: memcached, kafka: the registry `127.0.0.1:1` cannot be reached"), "{images}");
    assert_eq!(images.matches("cannot be reached").count(), 1, "{images}");
}

#[test]
fn what_is_waited_for_before_a_start_is_told_now_and_then() {
    let stack = Sandbox::new(
        "apps:\n  ill: { image: stackctl/self, command: [demo, iotd], healthcheck: { test: [CMD, /no/such/check], interval: 1s, retries: 99 } }\n  \
         waits: { image: stackctl/self, command: [demo, iotd], depends_on: { ill: { condition: service_healthy } } }\n",
    );
    let up = stack.expect(1, &["up", "--timeout", "13s"]).stderr;
    let waiting = format!("waiting: `{}` is not healthy", stack.container("ill", 1));
    assert_eq!(up.matches(&waiting).count(), 1, "{up}");
}

#[test]
fn a_secret_in_the_name_of_an_image_is_not_shown() {
    let stack = Sandbox::bare(
        "images: { mirror: \"127.0.0.1:1\" }\nprometheus: off\ngrafana: off\napps: { web: { image: \"127.0.0.1:1/shop:${TAG_TOKEN}\" } }\n",
    );
    for arguments in [&["plan"][..], &["plan", "--format", "json"], &["up", "--no-wait"]] {
        let told = run(stack.command(arguments).env("TAG_TOKEN", "quorum-seventeen"));
        let told = told.stdout + &told.stderr;
        assert!(told.contains("127.0.0.1:1/shop:***") && !told.contains("quorum"), "{told}");
    }
}

#[test]
fn a_missing_stack_file_is_exit_2_with_what_to_do() {
    let run = run(stackctl().args(["-f", "/no/such/stack.yml", "up"]));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("/no/such/stack.yml"), "{}", run.stderr);
}

#[test]
fn a_replica_that_nothing_scrapes_is_missed_too() {
    let stack = Sandbox::new("apps: { worker: { image: stackctl/self, command: [demo, accesslog] } }\n");
    stack.ok(&["up"]);
    docker(&["kill", &stack.container("worker", 1)]);
    assert_eq!(stack.broken_targets(), ["STACK-worker-1 container-exited"]);
    docker(&["rm", &stack.container("worker", 1)]);
    assert_eq!(stack.broken_targets(), ["STACK-worker-1 container-missing"]);
    stack.expect(3, &["verify"]);
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
}

#[test]
fn a_relative_path_is_resolved_when_the_file_is_named_without_a_folder() {
    let stack = Sandbox::new("");
    std::fs::create_dir(stack.path("pages")).expect("a folder");
    stack.write("apps: { web: { image: stackctl/self, command: [demo, accesslog], volumes: [\"./pages:/pages\"] } }\n");
    let up = run(stackctl().current_dir(stack.path("")).args(["up", "--no-wait"]));
    assert_eq!(up.code, 0, "{}", up.stderr);
    let web = stack.container("web", 1);
    let source = docker(&["inspect", "--format", "{{range .Mounts}}{{.Source}}{{end}}", &web]);
    assert_eq!(source.trim(), stack.path("pages").display().to_string());
}

#[test]
fn a_network_that_is_not_stackctls_is_not_taken_over() {
    let stack = Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, accesslog] } }\n");
    let network = format!("{}_default", stack.name);
    docker(&["network", "create", &network]);
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains(&network) && up.stderr.contains("not stackctl's"), "{}", up.stderr);
    assert_eq!(stack.running("web"), [""; 0]);
    docker(&["network", "rm", &network]);
    stack.ok(&["up"]);
}

#[test]
fn an_external_volume_that_is_missing_is_not_made() {
    let stack = Sandbox::bare("");
    let volume = format!("{}-elsewhere", stack.name);
    stack.write(&format!(
        "apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], volumes: [\"data:/data\"] }} }}\n\
         volumes: {{ data: {{ external: true, name: {volume} }} }}\n"
    ));
    for command in ["plan", "up"] {
        let run = stack.expect(1, &[command]);
        assert!(run.stderr.contains(&volume) && run.stderr.contains("docker volume create"), "{}", run.stderr);
    }
    assert_eq!(docker(&["volume", "ls", "--quiet", "--filter", &format!("name={volume}")]), "");
}

#[test]
fn a_container_that_crashes_again_and_again_does_not_keep_its_own_port_from_its_replacement() {
    let port = free_port();
    let stack = Sandbox::bare("");
    let write = |flag: &str| {
        stack.write_bare(&format!(
            "grafana: off\nprometheus: off\napps: {{ web: {{ image: stackctl/self, command: [demo, accesslog{flag}], restart: always, \
             ports: [\"127.0.0.1:{port}:80\"] }} }}\n"
        ));
    };
    for round in 1..=3 {
        write(", --exit-after, 1s");
        stack.ok(&["up", "--no-wait"]);
        let container = stack.container("web", 1);
        eventually("it has ended more than once", || {
            let count = docker(&["inspect", "-f", "{{.RestartCount}}", &container]);
            count.trim().parse::<u32>().is_ok_and(|count| count >= 2)
        });
        write("");
        let up = stack.run(&["up"]);
        assert_eq!(up.code, 0, "round {round}: {}{}", up.stdout, up.stderr);
    }
}
