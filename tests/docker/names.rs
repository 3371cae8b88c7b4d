//! Names that somebody else has: seen before anything is changed, said whose they are, and left alone.

use crate::sandbox::{Sandbox, docker, own_image};

const APP: &str = "prometheus: off\ngrafana: off\napps: { web: { image: stackctl/self, command: [demo, iotd] } }\n";

/// Refused by `plan` and by `up`, with nothing made; what is said.
#[track_caller]
fn refused(stack: &Sandbox) -> String {
    let plan = stack.expect(1, &["plan"]).stderr;
    let up = stack.expect(1, &["up", "--no-wait"]).stderr;
    assert_eq!(plan, up);
    let label = format!("label=io.stackctl.stack={}", stack.name);
    for kind in ["container", "network", "volume"] {
        let all: &[&str] = if kind == "container" { &["--all"] } else { &[] };
        let words = [&[kind, "ls", "--quiet", "--filter", &label], all].concat();
        assert_eq!(docker(&words), "", "{kind}: {up}");
    }
    up
}

#[test]
fn a_container_of_nobody_that_has_a_name_of_the_stack_is_named_and_left() {
    let stack = Sandbox::bare(APP);
    let name = stack.container("web", 1);
    docker(&["create", "--name", &name, &own_image(), "demo", "iotd"]);
    let told = refused(&stack);
    assert!(told.contains(&format!("container `{name}` is there, and is not stackctl's")), "{told}");
    assert!(told.contains(&format!("docker rename {name}")) && !told.contains("docker rm"), "{told}");
    docker(&["rm", &name]);
    stack.ok(&["up", "--no-wait"]);
    docker(&["inspect", &name]);
}

#[test]
fn what_another_stack_has_is_said_to_be_its_own() {
    let other = Sandbox::bare("");
    let mounts = "volumes: [\"data:/data\"], container_name";
    other.write_bare(&format!(
        "{}volumes: {{ data: {{}} }}\n",
        APP.replace("command: [demo, iotd]", &format!("command: [demo, iotd], {mounts}: {}-fixed", other.name))
    ));
    other.ok(&["up", "--no-wait"]);
    let before = other.running("web");
    let stack = Sandbox::bare("");
    for (app, rest, kind, name, way_out) in [
        (
            format!("container_name: {}-fixed", other.name),
            String::new(),
            "container",
            "-fixed",
            "another `container_name`",
        ),
        (
            "user: '0'".to_owned(),
            format!("networks: {{ default: {{ name: {}_default }} }}\n", other.name),
            "network",
            "_default",
            "write `external: true`",
        ),
        (
            "volumes: [\"data:/data\"]".to_owned(),
            format!("volumes: {{ data: {{ name: {}_data }} }}\n", other.name),
            "volume",
            "_data",
            "write `external: true`",
        ),
    ] {
        let apps = APP.replace("command: [demo, iotd]", &format!("command: [demo, iotd], {app}"));
        stack.write_bare(&format!("{apps}{rest}"));
        let told = refused(&stack);
        let expected = format!("{kind} `{0}{name}` is there, and is stack `{0}`'s", other.name);
        assert!(told.contains(&expected) && told.contains(way_out), "{told}");
        assert!(!told.contains(" rm ") && !told.contains("remove"), "{told}");
    }
    assert_eq!(other.running("web"), before);
    assert_eq!(other.plan(), [""; 0]);
}

#[test]
fn what_a_compose_project_has_is_said_to_be_its_own() {
    let stack = Sandbox::bare(APP);
    let network = format!("{}_default", stack.name);
    docker(&["network", "create", "--label=com.docker.compose.project=shop", &network]);
    let told = refused(&stack);
    docker(&["network", "rm", &network]);
    assert!(
        told.contains(&format!("network `{network}` is there, and is not stackctl's but Compose project `shop`'s")),
        "{told}"
    );
    stack.ok(&["up", "--no-wait"]);
}
