//! Causes in networks and names, and in what Prometheus finds by them.

use super::{broken, verify, verify_is_content, verify_says};
use crate::sandbox::{Sandbox, docker, own_image};

#[test]
fn a_container_out_of_the_network_or_without_its_name_is_told_from_a_name_that_never_was() {
    let stack = Sandbox::started(
        "\
apps:
  good: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  apart: { image: stackctl/self, command: [demo, accesslog], metrics: {} }
  renamed: { image: stackctl/self, command: [demo, accesslog], metrics: {} }
  late: { image: stackctl/self, command: [demo, accesslog], metrics: { interval: 1d } }
  twice: { image: stackctl/self, command: [demo, accesslog], metrics: {} }
scrape:
  nameless: { targets: ['no-such-host:80'] }
  again: { targets: ['twice:80'] }
",
    );
    let network = format!("{}_default", stack.name);
    docker(&["network", "disconnect", &network, &stack.container("apart", 1)]);
    docker(&["network", "disconnect", &network, &stack.container("renamed", 1)]);
    docker(&["network", "connect", &network, &stack.container("renamed", 1)]);
    let expected = [
        broken("STACK-apart-1", "network-mismatch", "is in no network, Prometheus in `STACK_default`", "`stackctl up`"),
        broken(
            "STACK-renamed-1",
            "dns-no-such-name",
            "`renamed` has no address",
            "gives the container its names again",
        ),
        broken("no-such-host:80", "dns-no-such-name", "`no-such-host` has no address", "`scrape.nameless.targets`"),
        broken("STACK-late-1", "target-pending", "has not scraped it yet", "at most 1d"),
        broken(
            "twice:80",
            "target-duplicate",
            "the jobs `twice` and `again`",
            "`scrape.again` or of `apps.twice.metrics`",
        ),
    ];
    verify_says(&stack, "targets", &expected, &["STACK-good-1", "STACK-good-2", "STACK-twice-1"]);
}

#[test]
fn a_container_that_has_left_the_network_is_told_before_the_next_scrape_fails() {
    let stack = Sandbox::started(
        "\
apps:
  seldom: { image: stackctl/self, command: [demo, accesslog], metrics: { interval: 40s } }
",
    );
    // Scraped once, it is not scraped again for so long.
    verify_is_content(&stack, "targets");
    let network = format!("{}_default", stack.name);
    docker(&["network", "disconnect", &network, &stack.container("seldom", 1)]);
    let seen = "is in no network, Prometheus in `STACK_default`: they share none; Prometheus scraped it when";
    let apart = broken("STACK-seldom-1", "network-mismatch", seen, "`stackctl up`");
    verify_says(&stack, "targets", &[apart], &["STACK-prometheus-1"]);
}

#[test]
fn names_that_lead_to_too_many_or_too_few_replicas_are_told_with_the_count() {
    let stack = Sandbox::started(
        "\
apps:
  web: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: { discovery: dns } }
",
    );
    verify_is_content(&stack, "targets");
    let network = format!("{}_default", stack.name);
    let stranger = Stranger::in_network(&stack, &network, "web");
    let address = docker(&["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", &stranger.0]);
    let address: &'static str = address.trim().to_owned().leak();
    let too_many = [
        broken("web", "dns-count", "leads to 3 addresses for 2 replicas", "`docker network inspect`"),
        broken(format!("{address}:80").leak(), "target-unexpected", address, "find who answers to the job's name"),
    ];
    verify_says(&stack, "targets", &too_many, &["STACK-web-1", "STACK-web-2"]);
    drop(stranger);
    docker(&["network", "disconnect", &network, &stack.container("web", 2)]);
    docker(&["network", "connect", &network, &stack.container("web", 2)]);
    let too_few = broken("STACK-web-2", "dns-count", "`web` leads to 1 of 2 replicas", "`stackctl up`");
    verify_says(&stack, "targets", &[too_few], &["STACK-web-1"]);
}

#[test]
fn a_stack_that_has_just_started_is_pending_and_never_called_missing() {
    let stack = Sandbox::started("apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n");
    crate::sandbox::eventually("everything is scraped", || {
        let (code, report) = verify(&stack, "targets");
        let causes: Vec<&str> =
            report["checks"].as_array().unwrap().iter().filter_map(|finding| finding["cause"].as_str()).collect();
        let known = ["target-pending", "prometheus-unreachable"];
        assert!(causes.iter().all(|cause| known.contains(cause)), "{report:#}");
        code == 0
    });
}

/// A container that is not of the stack and answers to one of its names; gone with the value.
struct Stranger(String);

impl Stranger {
    fn in_network(stack: &Sandbox, network: &str, alias: &str) -> Self {
        let stranger = Self(format!("{}-stranger", stack.name));
        let image = own_image();
        let place = ["--name", &stranger.0, "--network", network, "--network-alias", alias];
        docker(&[&["run", "-d"], &place[..], &[&image, "demo", "accesslog"]].concat());
        stranger
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}
