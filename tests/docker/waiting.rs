//! How long `up` waits for what is not scraped.

use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, docker, eventually, own_image};

const APP: &str = "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n";

/// A container that is not of the stack; gone with the value.
struct Other(String);

impl Drop for Other {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}

#[test]
fn what_is_dead_for_long_is_told_at_once_and_what_the_next_scrape_mends_is_waited_for() {
    let stack = Sandbox::new(APP);
    stack.ok(&["up", "--no-wait"]);
    let other = Other(format!("{}-other", stack.name));
    let network = format!("{}_default", stack.name);
    docker(&["run", "-d", "--name", &other.0, "--network", &network, &own_image(), "demo", "accesslog"]);
    docker(&["pause", &other.0]);
    // Scraped so seldom that who looks at once sees the scrape before.
    let target = format!("{{ targets: [\"{}:80\"], interval: 10s, timeout: 1s }}", other.0);
    stack.write(&format!("{APP}scrape: {{ other: {target} }}\n"));
    let begun = Instant::now();
    stack.expect(3, &["up"]);
    assert!(begun.elapsed() > Duration::from_secs(12), "what is new gets its time");
    eventually("everything is a minute old, and nothing is waited for", || {
        let begun = Instant::now();
        let up = stack.expect(3, &["up"]);
        assert!(up.stdout.contains("timeout"), "{up:?}");
        begun.elapsed() < Duration::from_secs(6)
    });
    docker(&["unpause", &other.0]);
    stack.ok(&["up"]);
}
