//! Engines without a default bridge: nothing is `gateway` there, and nobody is sent to what would be refused.

use std::process::Command;

use crate::beside::{Beside, SMALLEST, must};

/// An address that the host has whatever becomes of its bridges.
const OWN: &str = "10.66.0.1";

fn without_bridge(suite: &str) -> Beside {
    let engine = Beside::start(suite, &SMALLEST.replace('}', ", \"bridge\": \"none\"}"), "");
    let address = format!("{OWN}/32");
    must(Command::new("nsenter").arg(engine.enter()).args(["ip", "address", "add", &address, "dev", "lo"]));
    engine
}

fn stack(metrics: &str) -> String {
    format!(
        "engine: {{ metrics: '{metrics}' }}\nprometheus: {{ scrape_interval: 1s }}\napps:\n  \
         web: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{}} }}\n"
    )
}

#[test]
fn nobody_is_sent_to_a_gateway_that_would_be_refused() {
    for suite in ["bookworm", "sid"] {
        let engine = without_bridge(suite);
        engine.write_stack(&stack("gateway"));
        let told = engine.expect_inside(3, &["verify", "engine"]);
        assert!(told.contains("set `host-gateway-ip` in daemon.json"), "{suite}: {told}");
        assert!(!told.contains("engine apply") && !told.contains("firewall"), "{suite}: {told}");
        let told = engine.expect(1, &["engine", "apply", "--yes", "--metrics", "192.0.2.1:9323"]);
        assert!(told.contains("this host has no such address") && told.contains("host-gateway-ip"), "{suite}: {told}");
        assert!(!told.contains("`engine.metrics: gateway`"), "{suite}: {told}");
    }
}

#[test]
fn an_address_of_the_host_needs_no_gateway_and_a_probe_without_a_network_is_no_firewall() {
    let engine = without_bridge("sid");
    engine.write_stack(&stack(&format!("{OWN}:9323")));
    let plan = engine.expect(3, &["engine", "plan"]);
    assert!(plan.contains("warning: `bridge` is `none`") && plan.contains("set `host-gateway-ip`"), "{plan}");
    let command = engine.restart_command();
    let told = engine.expect_inside(0, &["engine", "apply", "--yes", "--restart-command", &command]);
    assert!(told.contains("stood in no network") && told.contains("`stackctl up` makes"), "{told}");
    assert!(!told.contains("firewall") && !told.contains("iptables"), "{told}");
    assert!(engine.metrics(&format!("{OWN}:9323")) > 100, "{told}");
    // As it says: with a network of the stack's own the probe reaches the engine, gateway or not.
    engine.expect(0, &["images", "pull"]);
    engine.expect_inside(0, &["up", "--timeout", "60s"]);
    let told = engine.expect_inside(0, &["verify", "engine"]);
    assert!(told.contains("ok      engine  engine   10.66.0.1:9323"), "{told}");
}

#[test]
fn without_a_name_for_the_host_no_firewall_is_blamed() {
    let engine = without_bridge("bookworm");
    engine.write_stack(&stack("0.0.0.0:9323"));
    let command = engine.restart_command();
    // From outside its network, where its sockets are not seen.
    let told = engine.expect(3, &["engine", "apply", "--yes", "--allow-public", "--restart-command", &command]);
    assert!(told.contains("host-gateway-ip") && !told.contains("firewall"), "{told}");
}
