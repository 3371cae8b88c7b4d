//! What the probe and the host's sockets may say of the engine's metrics, and what that means.

use super::*;
use crate::probe::{Body, Http, Lookup};
use crate::verify::Status;
use crate::verify::fixture::{demo, job, written_out};

const ADDRESS: &str = "host.docker.internal:9323";

fn seen(connect: Connect, answer: Option<Answer>) -> Looked {
    let lookup = Some(Lookup::Found { addresses: vec![crate::desired::DEFAULT_GATEWAY] });
    Looked { lookup, connect, answer, ..Looked::unfinished(CHECK.to_owned()) }
}

fn answering(body: Body) -> Looked {
    let http = Http { status: 200, content_type: None, millis: 3, bytes: 9, head: String::new(), body };
    seen(Connect::Open, Some(Answer::Http(http)))
}

fn judge(inside: Result<Looked, String>, host: Option<&[&str]>) -> Finding {
    let daemon = DaemonSettings { metrics_address: "172.17.0.1:9323".parse().expect("a fixed address") };
    let host = host.map(|host| host.iter().map(|text| text.parse().expect("a fixed address")).collect());
    judge_engine(&daemon, ADDRESS, &EngineState { inside, host, change: EngineChange::default() })
}

fn nobody_knows() -> std::future::Ready<EngineChange> {
    std::future::ready(EngineChange::default())
}

fn timed_out() -> Looked {
    seen(Connect::TimedOut { millis: 5000 }, None)
}

#[test]
fn each_situation_has_its_cause() {
    let refused = || seen(Connect::Refused, None);
    let unreachable = || seen(Connect::Unreachable { message: "No route to host".into() }, None);
    for (inside, host, cause) in [
        (refused(), Some(&["0.0.0.0:22"][..]), Cause::EngineMetricsOff),
        (refused(), None, Cause::EngineMetricsOff),
        (refused(), Some(&["10.0.0.5:9323"][..]), Cause::EngineMetricsOff),
        (refused(), Some(&["127.0.0.1:9323"][..]), Cause::EngineMetricsLoopback),
        (refused(), Some(&["[::1]:9323", "127.0.0.1:9323"][..]), Cause::EngineMetricsLoopback),
        (timed_out(), Some(&["172.17.0.1:9323"][..]), Cause::EngineFirewall),
        (timed_out(), Some(&["[::]:9323"][..]), Cause::EngineFirewall),
        (timed_out(), None, Cause::EngineFirewall),
        (timed_out(), Some(&[][..]), Cause::EngineMetricsOff),
        (unreachable(), Some(&["0.0.0.0:9323"][..]), Cause::EngineFirewall),
        (refused(), Some(&["172.17.0.1:9323"][..]), Cause::EngineFirewall),
    ] {
        let finding = judge(Ok(inside), host);
        assert_eq!((finding.status, finding.cause), (Status::Fail, Some(cause)), "{finding:?}");
        assert!(!finding.fix.is_empty());
    }
}

#[test]
fn an_engine_that_answers_prometheus_alone_is_well() {
    let finding = judge(Ok(answering(Body::Metrics { samples: 437 })), Some(&["172.17.0.1:9323"]));
    assert_eq!((finding.status, finding.cause), (Status::Ok, None));
}

#[test]
fn an_engine_that_answers_everybody_is_a_warning() {
    for socket in ["0.0.0.0:9323", "[::]:9323"] {
        let finding = judge(Ok(answering(Body::Metrics { samples: 437 })), Some(&[socket]));
        assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::EngineMetricsPublic)));
        assert!(finding.message.contains(socket));
    }
}

#[test]
fn something_else_on_the_port_is_no_engine() {
    let body = Body::TooLarge { limit: 1 };
    assert_eq!(judge(Ok(answering(body)), None).cause, Some(Cause::NotMetrics));
}

#[test]
fn without_a_probe_the_hosts_sockets_tell_what_they_can() {
    let unseen = |host: &[&str]| judge(Err("no such image".into()), Some(host));
    assert_eq!(unseen(&[]).cause, Some(Cause::EngineMetricsOff));
    assert_eq!(unseen(&["127.0.0.1:9323"]).cause, Some(Cause::EngineMetricsLoopback));
    assert!(unseen(&["172.17.0.1:9323"]).message.contains("no such image"));
}

#[test]
fn the_engine_is_asked_where_its_job_says_and_not_at_all_where_it_is_off() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut desired = demo(vec![job("docker", JobOrigin::Engine, written_out(&[("10.0.0.5:9323", None)]))]);
    assert_eq!(runtime.block_on(engine(&desired, None, true, false, nobody_knows())), []);
    let daemon = DaemonSettings { metrics_address: "172.17.0.1:9324".parse().expect("a fixed address") };
    assert_eq!(address(&desired, &daemon), "10.0.0.5:9323");
    desired.prometheus = None;
    assert_eq!(address(&desired, &daemon), "host.docker.internal:9324");
}

#[test]
fn an_engine_that_prometheus_scrapes_now_needs_no_probe() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut desired = demo(vec![job("docker", JobOrigin::Engine, written_out(&[("10.0.0.5:9323", None)]))]);
    desired.daemon = Some(DaemonSettings { metrics_address: "172.17.0.1:9323".parse().expect("a fixed address") });
    let status = |scraped| runtime.block_on(engine(&desired, None, false, scraped, nobody_knows()))[0].status;
    assert_eq!(status(true), Status::Ok);
    assert_eq!(status(false), Status::Fail, "without a probe nobody could ask");
}

/// As on an engine with `bridge: none`.
fn without_gateway(connect: Connect, host: Option<Vec<SocketAddr>>, metrics: &str) -> Finding {
    let none = NoGateway { usual: crate::desired::DEFAULT_GATEWAY, instead: "set `host-gateway-ip`".to_owned() };
    let change = EngineChange { no_gateway: Some(none), ..EngineChange::default() };
    let daemon = DaemonSettings { metrics_address: metrics.parse().expect("a fixed address") };
    judge_engine(&daemon, ADDRESS, &EngineState { inside: Ok(seen(connect, None)), host, change })
}

#[test]
fn nobody_is_sent_to_a_gateway_that_is_none() {
    let usual = "172.17.0.1:9323";
    for host in [Some(Vec::new()), None] {
        let finding = without_gateway(Connect::NotTried, host, usual);
        assert!(finding.fix == "set `host-gateway-ip`" && !finding.message.contains("firewall"), "{finding:?}");
    }
    let served = vec!["0.0.0.0:9323".parse().expect("a fixed address")];
    assert_eq!(without_gateway(Connect::NotTried, Some(served), usual).cause, Some(Cause::DnsNoSuchName));
    let loopback = vec!["127.0.0.1:9323".parse().expect("a fixed address")];
    assert_eq!(without_gateway(Connect::Refused, Some(loopback), "127.0.0.1:9323").fix, "set `host-gateway-ip`");
    let fix = without_gateway(Connect::Refused, Some(Vec::new()), "10.0.0.5:9323").fix;
    assert!(fix.contains("puts `\"metrics-addr\": \"10.0.0.5:9323\"`"), "that address needs no gateway: {fix}");
    let state = EngineState {
        inside: Err("unable to derive the IP value for host-gateway".to_owned()),
        host: None,
        change: EngineChange {
            no_gateway: Some(NoGateway { usual: crate::desired::DEFAULT_GATEWAY, instead: "name it".to_owned() }),
            ..EngineChange::default()
        },
    };
    let daemon = DaemonSettings { metrics_address: "10.0.0.5:9323".parse().expect("a fixed address") };
    assert_eq!(judge_engine(&daemon, ADDRESS, &state).fix, "name it");
}

#[test]
fn a_probe_without_a_network_is_no_firewall() {
    let unreachable = || Connect::Unreachable { message: "Network is unreachable (os error 101)".into() };
    for host in [Some(&["10.0.0.5:9323"][..]), None] {
        let finding = judge(Ok(seen(unreachable(), None)), host);
        assert_eq!((finding.status, finding.cause), (Status::Fail, Some(Cause::ProbeFailed)));
        assert!(finding.fix.contains("`stackctl up` makes the stack's network"), "{finding:?}");
    }
    let served = judge(Ok(seen(unreachable(), None)), Some(&["172.17.0.1:9323"]));
    assert_eq!((served.status, served.cause), (Status::Warn, Some(Cause::ProbeFailed)), "it listens there");
    assert_eq!(judge(Ok(seen(unreachable(), None)), Some(&[])).cause, Some(Cause::EngineMetricsOff));
}

#[test]
fn who_has_to_change_what_is_told_by_where_the_setting_is() {
    let told = |flag: Option<&str>, written: Option<&str>| {
        let flag = flag.map(|value| ("--metrics-addr".to_owned(), value.to_owned()));
        let change = EngineChange { flag, written: written.map(str::to_owned), ..EngineChange::default() };
        let daemon = DaemonSettings { metrics_address: "172.17.0.1:9323".parse().expect("a fixed address") };
        let state = EngineState { inside: Ok(seen(Connect::Refused, None)), host: Some(Vec::new()), change };
        judge_engine(&daemon, ADDRESS, &state).fix
    };
    assert!(told(None, None).contains("puts `\"metrics-addr\": \"172.17.0.1:9323\"` into daemon.json"));
    assert!(told(None, Some("127.0.0.1:9323")).contains("puts `\"metrics-addr\""));
    let fix = told(None, Some("172.17.0.1:9323"));
    assert!(fix.contains("daemon.json says") && fix.contains("restarts the engine, which reads it then"), "{fix}");
    let fix = told(Some("127.0.0.1:9323"), Some("172.17.0.1:9323"));
    assert!(fix.contains("`--metrics-addr 127.0.0.1:9323`") && !fix.contains("engine apply"), "{fix}");
}
