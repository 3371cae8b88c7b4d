//! Settings of networks and volumes that change in the stack file: a network is replaced under what runs in it, a volume is
//! never touched.

use std::time::Duration;

use crate::sandbox::{Sandbox, docker, own_image};

const STACK: &str = "\
prometheus: off
grafana: off
networks: { back: { SETTINGS } }
apps:
  web: { image: stackctl/self, command: [demo, iotd], ports: [\"80\"], networks: [default, back] }
  day: { image: stackctl/self, command: [demo, iotd], networks: [back] }
  again: { image: stackctl/self, command: [demo, no-such-app], networks: [back], restart: always }
";

fn write(stack: &Sandbox, settings: &str) {
    stack.write_bare(&STACK.replace("SETTINGS", settings));
}

fn started(settings: &str) -> Sandbox {
    let stack = Sandbox::bare("");
    write(&stack, settings);
    stack.ok(&["up", "--no-wait"]);
    stack
}

fn network(stack: &Sandbox, format: &str) -> String {
    docker(&["network", "inspect", "--format", format, &format!("{}_back", stack.name)]).trim().to_owned()
}

/// A subnet that no other test has, nor the engine by itself.
fn own_subnet(stack: &Sandbox) -> String {
    let number = u32::from_str_radix(&stack.name[1..], 16).expect("the name is a number") % 10_000;
    format!("10.{}.{}.0/24", 200 + number / 250, number % 250)
}

/// What runs in the network, sorted.
fn inside(stack: &Sandbox) -> Vec<String> {
    let listed = network(stack, "{{range .Containers}}{{.Name}} {{end}}");
    let mut names: Vec<String> = listed.split_whitespace().map(|name| name.replace(&stack.name, "STACK")).collect();
    names.retain(|name| !name.contains("again"));
    names.sort();
    names
}

const EVERYBODY: [&str; 2] = ["STACK-day-1", "STACK-web-1"];

#[test]
fn a_network_whose_settings_change_is_replaced_and_what_runs_in_it_goes_on() {
    let stack = started("");
    let before = [stack.running("web"), stack.running("day")];
    let (new, given) = (own_subnet(&stack), "{{range .IPAM.Config}}{{.Subnet}}{{end}}");
    let (mtu, none) = ("com.docker.network.driver.mtu", "and the file says nothing of it any more");
    for (settings, reason, format, told) in [
        ("internal: true", "`internal` is `false`, and the file says `true`", "{{.Internal}}", "true"),
        (
            "labels: { team: a }",
            "`labels.team` is not set, and the file says `a`",
            "{{.Internal}} {{.Labels.team}}",
            "false a",
        ),
        ("", &format!("`labels.team` is `a`, {none}"), "{{len .Options}}", "0"),
        (&format!("subnet: {new}"), &format!("and the file says `{new}`"), given, &new),
        (
            &format!("driver_opts: {{ {mtu}: \"1400\" }}"),
            &format!("`driver_opts.{mtu}` is not set, and the file says `1400`"),
            "{{index .Options \"com.docker.network.driver.mtu\"}}",
            "1400",
        ),
    ] {
        write(&stack, settings);
        let plan = stack.expect(3, &["plan"]).stdout;
        assert!(plan.contains(reason) && plan.contains("3 containers of the stack move over"), "{plan}");
        stack.ok(&["up", "--no-wait"]);
        assert_eq!(network(&stack, format), told);
        assert_eq!(inside(&stack), EVERYBODY);
        assert!(!stack.plan().iter().any(|step| !step.contains("again")), "{:?}", stack.plan());
        assert_eq!([stack.running("web"), stack.running("day")], before, "nothing that runs is started anew");
    }
    let port = docker(&["port", &stack.container("web", 1), "80/tcp"]);
    std::net::TcpStream::connect(port.trim()).expect("it is published still");
}

#[test]
fn a_stranger_in_the_network_that_has_the_name_of_an_app_is_told() {
    let stack = Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n");
    stack.ok(&["up"]);
    let namesakes = || {
        let found = stack.findings("targets").into_iter().filter(|finding| finding["status"] == "warn");
        found.map(|finding| format!("{} {}", finding["subject"], finding["instance"])).collect::<Vec<_>>()
    };
    assert_eq!(namesakes(), [""; 0]);
    let (stranger, at) = (format!("{}-stranger", stack.name), format!("{}_default", stack.name));
    let words = ["run", "-d", "--name", &stranger, "--network", &at, "--network-alias"];
    docker(&[&words[..], &["other", &own_image(), "demo", "iotd"]].concat());
    assert_eq!(namesakes(), [""; 0], "whoever is called otherwise takes nobody's place");
    docker(&["rm", "-f", &stranger]);
    docker(&[&words[..], &["web", &own_image(), "demo", "accesslog"]].concat());
    let found = namesakes();
    docker(&["rm", "-f", &stranger]);
    assert_eq!(found, [format!("\"web\" \"{stranger}\"")]);
}

#[test]
fn a_network_that_somebody_else_is_in_is_not_replaced() {
    let stack = started("");
    let stranger = format!("{}-stranger", stack.name);
    let at = format!("{}_back", stack.name);
    docker(&["create", "--name", &stranger, "--network", &at, &own_image(), "demo", "iotd"]);
    let id = network(&stack, "{{.Id}}");
    write(&stack, "internal: true");
    for command in [&["plan"][..], &["up", "--no-wait"]] {
        let refused = stack.expect(1, command).stderr;
        let expected = format!("containers that are not the stack's are in it: `{stranger}`");
        assert!(refused.contains(&expected) && refused.contains("docker network disconnect"), "{refused}");
        assert!(refused.contains("`internal` is `false`, and the file says `true`"), "{refused}");
    }
    assert_eq!((network(&stack, "{{.Id}}"), inside(&stack)), (id, EVERYBODY.map(str::to_owned).to_vec()));
    docker(&["rm", &stranger]);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(network(&stack, "{{.Internal}}"), "true");
}

#[test]
fn a_network_that_cannot_be_made_anew_is_as_it_was() {
    let stack = started("labels: { team: a }");
    let before = [stack.running("web"), stack.running("day")];
    let other = format!("{}-other", stack.name);
    let subnet = own_subnet(&stack);
    docker(&["network", "create", "--subnet", &subnet, &other]);
    let addresses = network(&stack, "{{json .IPAM.Config}}");
    write(&stack, &format!("subnet: {subnet}"));
    let up = stack.expect(1, &["up", "--no-wait"]).stderr;
    docker(&["network", "rm", &other]);
    assert!(up.contains("; the network is as it was"), "{up}");
    assert_eq!(
        (network(&stack, "{{json .IPAM.Config}}"), network(&stack, "{{.Labels.team}}")),
        (addresses, "a".to_owned())
    );
    assert_eq!(
        ([stack.running("web"), stack.running("day")], inside(&stack)),
        (before, EVERYBODY.map(str::to_owned).to_vec())
    );
    stack.ok(&["up", "--no-wait"]);
    assert!(network(&stack, "{{json .IPAM.Config}}").contains(&subnet));
}

/// Four subnets that no other test has, nor the engine by itself.
fn own_subnets(stack: &Sandbox) -> [String; 4] {
    let whole = own_subnet(stack);
    let begin = whole.strip_suffix("0/24").expect("it is written so");
    [0, 64, 128, 192].map(|last| format!("{begin}{last}/26"))
}

/// Two networks, each with a subnet or without one, and what more there is under `networks`.
fn write_subnets(stack: &Sandbox, [back, front]: [&str; 2], more: &str) {
    let subnet = |subnet: &str| if subnet.is_empty() { String::new() } else { format!("subnet: {subnet}") };
    let joined = if more.is_empty() { "[front, back]" } else { "[front, back, side]" };
    stack.write_bare(&format!(
        "prometheus: off\ngrafana: off\nnetworks:\n  back: {{ {} }}\n  front: {{ {} }}\n{more}apps:\n  \
         web: {{ image: stackctl/self, command: [demo, iotd], networks: [front, back] }}\n  \
         day: {{ image: stackctl/self, command: [demo, iotd], networks: {joined} }}\n",
        subnet(back),
        subnet(front)
    ));
}

fn subnet_of(stack: &Sandbox, key: &str) -> String {
    let format = "{{range .IPAM.Config}}{{.Subnet}}{{end}} {{len .Containers}}";
    docker(&["network", "inspect", "--format", format, &format!("{}_{key}", stack.name)]).trim().to_owned()
}

#[test]
fn networks_that_exchange_their_subnets_are_replaced_together() {
    let stack = Sandbox::bare("");
    let [one, two, three, _] = own_subnets(&stack);
    write_subnets(&stack, [&one, &two], "");
    stack.ok(&["up", "--no-wait"]);
    let web = stack.running("web");
    // They exchange theirs; one follows the other; a new one gets what another one gives up.
    let side = format!("  side: {{ subnet: {three} }}\n");
    for (subnets, more) in [([&two, &one], ""), ([&three, &two], ""), ([&String::new(), &two], side.as_str())] {
        write_subnets(&stack, subnets.map(String::as_str), more);
        let plan = stack.expect(3, &["plan"]).stdout;
        assert!(plan.contains("because a subnet goes from one to the other"), "{plan}");
        stack.ok(&["up", "--no-wait"]);
        for (key, subnet) in ["back", "front"].into_iter().zip(subnets).filter(|(_, subnet)| !subnet.is_empty()) {
            assert_eq!(subnet_of(&stack, key), format!("{subnet} 2"));
        }
        assert_eq!(stack.plan(), [""; 0]);
        assert_eq!(stack.running("web"), web, "nothing that runs is started anew");
    }
    assert_eq!(subnet_of(&stack, "side"), format!("{three} 1"));
}

#[test]
fn of_networks_that_are_replaced_together_all_come_or_none() {
    let stack = Sandbox::bare("");
    let [one, two, _, taken] = own_subnets(&stack);
    write_subnets(&stack, [&one, &two], "");
    stack.ok(&["up", "--no-wait"]);
    let (other, running) = (format!("{}-other", stack.name), [stack.running("web"), stack.running("day")]);
    docker(&["network", "create", "--subnet", &taken, &other]);
    write_subnets(&stack, [&two, &taken], "");
    let up = stack.expect(1, &["up", "--no-wait"]).stderr;
    docker(&["network", "rm", &other]);
    assert!(up.contains("cannot replace networks `") && up.contains("; the networks are as they were"), "{up}");
    assert_eq!(["back", "front"].map(|key| subnet_of(&stack, key)), [one, two.clone()].map(|it| format!("{it} 2")));
    assert_eq!([stack.running("web"), stack.running("day")], running);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(["back", "front"].map(|key| subnet_of(&stack, key)), [two, taken].map(|it| format!("{it} 2")));
}

/// As a replacement leaves it that was killed after the old network had gone.
#[test]
fn who_runs_outside_of_a_network_that_cannot_be_made_is_named() {
    let stack = Sandbox::bare("");
    write_subnets(&stack, ["", ""], "");
    stack.ok(&["up", "--no-wait"]);
    let (other, subnet, back) = (format!("{}-other", stack.name), own_subnet(&stack), format!("{}_back", stack.name));
    for app in ["web", "day"] {
        docker(&["network", "disconnect", &back, &stack.container(app, 1)]);
    }
    docker(&["network", "rm", &back]);
    docker(&["network", "create", "--subnet", &subnet, &other]);
    write_subnets(&stack, [&subnet, ""], "");
    let up = stack.expect(1, &["up", "--no-wait"]).stderr;
    docker(&["network", "rm", &other]);
    for expected in
        ["these run outside of it and are not reached in it: ", &stack.container("web", 1), &stack.container("day", 1)]
    {
        assert!(up.contains(expected), "{expected}: {up}");
    }
    assert!(!up.contains("not started"), "{up}");
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(inside(&stack), EVERYBODY);
}

#[test]
fn a_replacement_of_a_network_that_was_killed_is_finished_by_the_next_up() {
    let stack = started("");
    for delay in [80, 160, 240, 320, 400] {
        write(&stack, &format!("labels: {{ delay: \"{delay}\" }}"));
        let mut child = stack.spawn(&["up", "--no-wait"]);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("kill -9");
        child.wait().expect("it ends");
        stack.ok(&["up", "--no-wait"]);
        assert_eq!(network(&stack, "{{.Labels.delay}}"), delay.to_string());
        assert_eq!(inside(&stack), EVERYBODY);
        assert!(!stack.plan().iter().any(|step| !step.contains("again")), "{:?}", stack.plan());
    }
}

#[test]
fn a_network_that_an_earlier_stackctl_made_is_replaced_only_for_a_reason() {
    let stack = Sandbox::bare("");
    let label = |key: &str, value: &str| format!("--label={key}={value}");
    let (project, own) = (label("com.docker.compose.project", &stack.name), label("io.stackctl.stack", &stack.name));
    let (key, name) = (label("com.docker.compose.network", "back"), format!("{}_back", stack.name));
    let subnet = own_subnet(&stack);
    let settings = ["network", "create", "--internal", "--subnet", &subnet, "--label=team=a"];
    docker(&[&settings[..], &[&project, &own, &key, &name]].concat());
    let id = network(&stack, "{{.Id}}");
    write(&stack, &format!("internal: true, subnet: {subnet}, labels: {{ team: a }}"));
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(network(&stack, "{{.Id}}"), id);
    write(&stack, &format!("subnet: {subnet}, labels: {{ team: a }}"));
    assert!(stack.plan().contains(&"replace network STACK_back".to_owned()), "{:?}", stack.plan());
    stack.ok(&["up", "--no-wait"]);
    assert_ne!(network(&stack, "{{.Id}}"), id);
}

#[test]
fn a_volume_whose_settings_change_is_refused_and_keeps_what_is_in_it() {
    let stack = Sandbox::bare("");
    let volume = format!("{}_data", stack.name);
    let app = "{ image: stackctl/self, command: [demo, iotd], volumes: [\"data:/data\"] }";
    let write = |settings: &str| {
        stack.write_bare(&format!(
            "prometheus: off\ngrafana: off\nvolumes: {{ data: {{ {settings} }} }}\napps: {{ web: {app} }}\n"
        ));
    };
    write("labels: { team: a }");
    stack.ok(&["up", "--no-wait"]);
    let made = || docker(&["volume", "inspect", "--format", "{{.CreatedAt}} {{.Labels.team}}", &volume]);
    let (before, web) = (made(), stack.running("web"));
    for (settings, difference) in [
        (
            "labels: { team: a }, driver_opts: { type: tmpfs, device: tmpfs }",
            "`driver_opts.type` is not set, and the file says `tmpfs`",
        ),
        (
            "driver_opts: { type: tmpfs, device: tmpfs }",
            "`labels.team` is `a`, and the file says nothing of it any more",
        ),
    ] {
        write(settings);
        for command in [&["plan"][..], &["up", "--no-wait"]] {
            let refused = stack.expect(1, command).stderr;
            assert!(refused.contains(&format!("volume `{volume}` exists with other settings")), "{refused}");
            assert!(refused.contains(difference) && refused.contains("cp -a"), "{refused}");
        }
    }
    // Labels keep nobody from anything.
    write("labels: { team: b }");
    for command in [&["plan"][..], &["up", "--no-wait"]] {
        let told = stack.expect(0, command).stderr;
        assert!(told.contains(&format!("volume `{volume}` keeps the labels that it was made with")), "{told}");
        assert!(told.contains("`labels.team` is `a`, and the file says `b`"), "{told}");
    }
    assert_eq!((made(), stack.running("web")), (before, web));
    write("labels: { team: a }");
    assert!(!stack.expect(0, &["plan"]).stderr.contains("keeps the labels"));
}
