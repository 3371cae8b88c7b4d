//! What the stack file says is external is never changed and never removed, whoever made it.

use crate::sandbox::{Sandbox, docker, own_image, run};

const STACK: &str = "\
prometheus: off
grafana: off
networks: { n: { NETWORK } }
volumes: { data: { VOLUME } }
apps: { web: { image: stackctl/self, command: [demo, iotd], networks: [n], volumes: [\"data:/data\"], SCALE } }
";

fn write(stack: &Sandbox, network: &str, volume: &str, scale: &str) {
    let text = STACK.replace("NETWORK", network).replace("VOLUME", volume);
    stack.write_bare(&text.replace("SCALE", scale).replace("NAME", &stack.name));
}

/// As others would write it: the real names of what the stack has made.
fn write_external(stack: &Sandbox, scale: &str) {
    write(stack, "external: true, name: NAME_n", "external: true, name: NAME_data", scale);
}

fn owned() -> Sandbox {
    let stack = Sandbox::bare("");
    write(&stack, "", "", "");
    stack.ok(&["up", "--no-wait"]);
    stack
}

/// The network's id and when the volume was made.
fn marks(stack: &Sandbox) -> [String; 2] {
    let network = ["network", "inspect", "--format", "{{.Id}}", &format!("{}_n", stack.name)];
    let volume = ["volume", "inspect", "--format", "{{.CreatedAt}}", &format!("{}_data", stack.name)];
    [docker(&network), docker(&volume)]
}

#[test]
fn what_the_stack_made_and_the_file_calls_external_now_stays_whatever_is_done() {
    let stack = owned();
    let (before, web) = (marks(&stack), stack.running("web"));
    let stays = format!("external, and so it stays: volume `{0}_data`, network `{0}_n`", stack.name);
    write_external(&stack, "");
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!((marks(&stack), stack.running("web")), (before.clone(), web), "what is in it stays as it is");
    write_external(&stack, "scale: 0");
    assert_eq!(stack.plan(), ["remove container STACK-web-1"]);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(marks(&stack), before);
    write_external(&stack, "");
    for words in [&["down"][..], &["down", "--volumes", "--yes"]] {
        stack.ok(&["up", "--no-wait"]);
        let down = stack.ok(words);
        assert!(down.stderr.contains(&stays), "{words:?}: {}", down.stderr);
        assert_eq!(marks(&stack), before, "{words:?}");
    }
    let down = stack.ok(&["down", "--volumes", "--yes"]);
    assert!(down.stderr.contains("was not running") && down.stderr.contains(&stays), "{}", down.stderr);
    // Without an `up` since the file says so, and by name.
    write(&stack, "", "", "");
    stack.ok(&["up", "--no-wait"]);
    write_external(&stack, "");
    for more in [&[][..], &["--volumes", "--yes"]] {
        let down = run(crate::sandbox::stackctl().args([&["down", "--name", &stack.name][..], more].concat()));
        assert!(down.code == 0 && (more.is_empty() || down.stderr.contains(&stays)), "{down:?}");
        assert_eq!(marks(&stack), before);
    }
    // It is the stack's own again where the file says so.
    write(&stack, "", "", "");
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(marks(&stack), before);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["down", "--volumes", "--yes"]);
    let left =
        docker(&["network", "ls", "--format", "{{.Name}}"]) + &docker(&["volume", "ls", "--format", "{{.Name}}"]);
    assert!(!left.contains(&format!("{}_", stack.name)), "{left}");
}

#[test]
fn a_broken_file_is_told_where_a_stack_is_taken_away_by_its_name() {
    let stack = owned();
    stack.write_bare("apps: [");
    let down = run(crate::sandbox::stackctl().args(["down", "--name", &stack.name]));
    assert!(down.code == 0 && down.stderr.contains("what it says is external is not known here"), "{down:?}");
}

#[test]
fn who_else_is_in_a_network_is_told_once_and_does_not_matter_in_an_external_one() {
    let stack = owned();
    let (stranger, network) = (format!("{}-stranger", stack.name), format!("{}_n", stack.name));
    docker(&["run", "-d", "--name", &stranger, "--network", &network, &own_image(), "demo", "iotd"]);
    let down = stack.expect(1, &["down"]);
    assert_eq!(down.stderr.matches("active endpoints").count(), 1, "{}", down.stderr);
    write_external(&stack, "");
    stack.ok(&["up", "--no-wait"]);
    let before = marks(&stack);
    let down = stack.ok(&["down", "--volumes", "--yes"]);
    assert!(!down.stderr.contains("active endpoints"), "{}", down.stderr);
    assert_eq!(marks(&stack), before);
    docker(&["rm", "-f", &stranger]);
}

#[test]
fn a_network_of_others_that_the_file_calls_its_own_is_refused_and_a_volume_of_others_is_never_removed() {
    let stack = Sandbox::bare("");
    let (network, volume) = (format!("{}-lan", stack.name), format!("{}-disk", stack.name));
    docker(&["network", "create", &network]);
    docker(&["volume", "create", &volume]);
    let (there_network, there_volume) = ("external: true, name: NAME-lan", "external: true, name: NAME-disk");
    write(&stack, there_network, there_volume, "");
    stack.ok(&["up", "--no-wait"]);
    let web = stack.running("web");
    write(&stack, "name: NAME-lan", there_volume, "");
    for command in [&["plan"][..], &["up", "--no-wait"]] {
        let refused = stack.expect(1, command).stderr;
        let expected = format!("network `{network}` is there, and is not stackctl's");
        assert!(refused.contains(&expected) && refused.contains("write `external: true`"), "{refused}");
    }
    write(&stack, there_network, "name: NAME-disk", "");
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web"), web, "nothing was touched");
    stack.ok(&["down", "--volumes", "--yes"]);
    docker(&["network", "rm", &network]);
    docker(&["volume", "rm", &volume]);
}
