//! Whole stacks: on the network of the host, without a Prometheus, with a thousand targets.

use super::*;

#[test]
fn a_service_on_the_host_network_has_no_network_to_share() {
    let node_job =
        job("node", JobOrigin::Service("node".into()), written_out(&[("host.docker.internal:9100", Some(1))]));
    let mut node = service("node", Role::Exporter, 1);
    node.container.settings.network_mode = Some("host".into());
    node.container.networks.clear();
    let mut running = container("node", 1, 1);
    running.addresses.clear();
    let mut case =
        with(|case| case.desired = desired(vec![service("prometheus", Role::Prometheus, 1), node], vec![node_job]));
    case.observed.containers.push(running);
    case.targets = Ok(targets(vec![target("node", "host.docker.internal:9100", Health::Down)]));
    case.evidence.looked.insert("node/demo-node-1".into(), seen(Connect::TimedOut { millis: 5000 }, None));
    let finding = case.first();
    assert_eq!(finding.cause, Some(Cause::Timeout));
    assert!(finding.fix.contains("engine's host"), "{}", finding.fix);
    case.evidence.looked.insert("node/demo-node-1".into(), seen(Connect::Refused, None));
    let others = [listener("0.0.0.0:22", None), listener("127.0.0.1:5432", None)];
    for (own, cause, message, fix) in [
        (None, Cause::ConnectionRefused, "nothing listens on that port of the host", "stackctl logs node"),
        (
            Some("127.0.0.1:9100"),
            Cause::ListensOnLoopback,
            "on its host only 127.0.0.1:9100 listens, which no container can reach",
            "0.0.0.0:9100 instead of 127.0.0.1:9100",
        ),
    ] {
        let listeners = others.iter().cloned().chain(own.map(|own| listener(own, None)));
        case.evidence.listeners.insert("node".into(), listeners.collect());
        let finding = case.first();
        assert_eq!(finding.cause, Some(cause), "{}", finding.message);
        assert!(finding.message.contains(message), "{}", finding.message);
        assert!(finding.fix.contains(fix), "{}", finding.fix);
    }
}

#[test]
fn the_targets_of_a_running_configuration_are_read_job_by_job() {
    let config = serde_json::json!({"scrape_configs": [
        {"job_name": "web", "static_configs": [{"targets": ["a:80"]}, {"targets": ["b:80"]}]},
        {"job_name": "found", "dns_sd_configs": [{"names": ["web"]}]},
    ]});
    let pair = |address: &str| ("web".to_owned(), address.to_owned());
    assert_eq!(scraped::written_out(&config), [pair("a:80"), pair("b:80")].into());
    assert!(scraped::written_out(&serde_json::Value::Null).is_empty());
}

#[test]
fn a_prometheus_that_does_not_run_is_not_asked_at_its_published_port() {
    let mut case = Case::default();
    case.desired.prometheus.as_mut().expect("it is on").published = Some("127.0.0.1:9090".parse().expect("fixed"));
    assert_eq!(url(&case).as_deref(), Some("http://127.0.0.1:9090"));
    case.observed.containers[0].state = ContainerState::Exited;
    assert_eq!(url(&case), None);
}

#[test]
fn without_prometheus_in_the_stack_there_is_nothing_to_find() {
    let mut case = Case::default();
    case.desired.prometheus = None;
    assert_eq!(case.judge(), []);
}

/// A stack of one service with so many replicas, none of which is well.
fn large(replicas: u32) -> Case {
    let web: Service = service("web", Role::App, replicas);
    let names: Vec<(String, Option<u32>)> =
        (1..=replicas).map(|replica| (format!("demo-web-{replica}:80"), Some(replica))).collect();
    let addresses: Vec<(&str, Option<u32>)> = names.iter().map(|(name, replica)| (name.as_str(), *replica)).collect();
    let jobs = vec![job("web", JobOrigin::Service("web".into()), written_out(&addresses))];
    let mut case =
        Case { desired: desired(vec![service("prometheus", Role::Prometheus, 1), web], jobs), ..Case::default() };
    case.observed.containers = vec![container("prometheus", 1, 2)];
    case.observed.containers.extend((1..=replicas).map(|replica| container("web", replica, 11)));
    case.targets = Ok(targets(names.iter().map(|(name, _)| target("web", name, Health::Down)).collect()));
    case.evidence.looked = (1..=replicas).map(|it| (format!("web/demo-web-{it}"), good(2))).collect();
    case
}

#[test]
fn a_thousand_targets_are_judged() {
    let findings = large(1000).judge();
    assert_eq!(findings.len(), 1000);
}
