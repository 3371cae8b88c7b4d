//! What cannot be done is said clearly, with what to do, and the rest runs.

use std::net::TcpListener;

use crate::sandbox::{Sandbox, run, stackctl};

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
    assert!(up.stderr.contains(&port.to_string()), "{}", up.stderr);
    assert!(up.stderr.contains("another host port"), "{}", up.stderr);
    assert_eq!(stack.running("fine").len(), 1);
    drop(held);
    stack.ok(&["up"]);
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
    assert_eq!(stack.running("fine").len(), 1);
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
fn a_missing_stack_file_is_exit_2_with_what_to_do() {
    let run = run(stackctl().args(["-f", "/no/such/stack.yml", "up"]));
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("/no/such/stack.yml"), "{}", run.stderr);
}
