//! Causes in the container itself.

use super::{broken, verify_says};
use crate::sandbox::{Sandbox, docker};

#[test]
fn a_container_that_does_not_serve_is_told_with_its_state_and_its_last_lines() {
    let stack = Sandbox::started(
        "\
apps:
  good: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  dying: { image: stackctl/self, command: [demo, no-such-app], metrics: {} }
  done: { image: stackctl/self, command: [--version], metrics: {} }
  looping: { image: stackctl/self, command: [demo, iotd, --exit-after, 20ms, --exit-code, '7'], restart: always, metrics: {} }
  ill:
    image: stackctl/self
    command: [demo, accesslog]
    healthcheck: { test: [CMD, /stackctl, no-such-command], interval: 1s, retries: 1 }
    metrics: {}
  lost: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  frozen: { image: stackctl/self, command: [demo, accesslog], metrics: {} }
",
    );
    docker(&["rm", "-f", &stack.container("lost", 2)]);
    docker(&["pause", &stack.container("frozen", 1)]);
    let _thawed = Thawed(stack.container("frozen", 1));
    let expected = [
        broken("STACK-dying-1", "container-exited", "invalid value 'no-such-app'", "`stackctl logs dying`"),
        broken("STACK-dying-1", "container-exited", "exited with code 2", "`stackctl up`"),
        broken("STACK-done-1", "container-exited", "exited with code 0", "which starts it again"),
        broken("STACK-looping-1", "container-restarting", "the last time with code 7", "`stackctl logs looping`"),
        broken("STACK-ill-1", "container-unhealthy", "its health check fails", "docker inspect"),
        broken("STACK-lost-2", "container-missing", "does not exist", "`stackctl up`"),
        broken("STACK-frozen-1", "container-exited", "is paused", "`docker unpause STACK-frozen-1`"),
    ];
    verify_says(&stack, "targets", &expected, &["STACK-good-1", "STACK-good-2", "STACK-lost-1"]);
}

#[test]
fn a_container_that_ends_while_it_is_looked_at_is_told_as_one_that_ended() {
    let stack = Sandbox::new(
        "apps:\n  good: { image: stackctl/self, command: [demo, accesslog], metrics: {} }\n  \
         brief: { image: stackctl/self, command: [demo, no-such-app], metrics: {} }\n",
    );
    stack.expect(1, &["up"]);
    for _ in 0..3 {
        docker(&["start", &stack.container("brief", 1)]);
        assert_eq!(stack.broken_targets(), ["STACK-brief-1 container-exited"]);
    }
}

/// A paused container that goes on when this is dropped, because it cannot be stopped before.
struct Thawed(String);

impl Drop for Thawed {
    fn drop(&mut self) {
        docker(&["unpause", &self.0]);
    }
}
