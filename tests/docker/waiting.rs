//! How long `up` waits for what is not scraped.

use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, docker, own_image};

const APP: &str = "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n";

/// Whoever waits waits for longer.
const SHORTEST_WAIT: Duration = Duration::from_secs(12);

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
    // It listens by then, and so does not refuse while it is paused.
    std::thread::sleep(Duration::from_secs(3));
    docker(&["pause", &other.0]);
    // Scraped so seldom that who looks at once sees the scrape before.
    let target = format!("{{ targets: [\"{}:80\"], interval: 10s, timeout: 1s }}", other.0);
    stack.write(&format!("{APP}scrape: {{ other: {target} }}\n"));
    let begun = Instant::now();
    stack.expect(3, &["up"]);
    assert!(begun.elapsed() > SHORTEST_WAIT, "what is new gets its time");
    // Everything has to be a minute old first.
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        let begun = Instant::now();
        let up = stack.expect(3, &["up"]);
        assert!(up.stdout.contains("timeout"), "{up:?}");
        if begun.elapsed() < SHORTEST_WAIT {
            break;
        }
        assert!(Instant::now() < deadline, "what is old is waited for: {up:?}");
    }
    docker(&["unpause", &other.0]);
    stack.ok(&["up"]);
}
