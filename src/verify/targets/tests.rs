//! Every cause, each from what Docker, Prometheus and the probe would say. Replica 1 of `web` is the one in trouble.

use crate::verify::fixture;
use std::collections::HashSet;

use super::*;
use crate::client::Health;
use crate::client::{DroppedTarget, Error};
use crate::desired::{JobOrigin, Port, Ports, Protocol, Role, Scheme, Service};
use crate::engine::{Health as ContainerHealth, ObservedContainer};
use crate::exposition::ParseError;
use crate::probe::{Answer, Body, Connect, Http, Listener, Looked, Other};
use crate::verify::fixture::{
    address, all_up, by_name, container, demo, desired, job, observed, service, target, targets, web_job, written_out,
};
use crate::verify::{Report, Status};

/// One situation. `Default`: all is well.
struct Case {
    desired: Desired,
    observed: Observed,
    targets: Result<Targets, Error>,
    evidence: Evidence,
}

impl Default for Case {
    fn default() -> Self {
        let desired = demo(vec![web_job()]);
        Self { desired, observed: observed(), targets: Ok(all_up()), evidence: Evidence::default() }
    }
}

impl Case {
    fn judge(&self) -> Vec<Finding> {
        judge_targets(&self.desired, &self.observed, self.targets.as_ref(), &self.evidence)
    }

    /// The finding on replica 1.
    fn first(&self) -> Finding {
        self.judge().into_iter().next().expect("replica 1 is expected")
    }

    fn job(&mut self) -> &mut Job {
        self.desired.prometheus.as_mut().and_then(|prometheus| prometheus.jobs.first_mut()).expect("the demo has one")
    }

    fn container(&mut self) -> &mut ObservedContainer {
        self.observed.containers.get_mut(1).expect("the demo has it")
    }
}

/// Replica 1 is down in Prometheus for `error`, and the probe saw `looked`.
fn down(error: &str, looked: Looked) -> Case {
    let mut case = Case::default();
    let mut prometheus = all_up();
    prometheus.active[0] = Target { last_error: error.into(), ..target("web", "demo-web-1:80", Health::Down) };
    case.targets = Ok(prometheus);
    case.evidence.looked.insert("web/demo-web-1".into(), looked);
    case
}

fn seen(connect: Connect, answer: Option<Answer>) -> Looked {
    let lookup = Some(Lookup::Found { addresses: vec![address(11)] });
    Looked { lookup, connect, answer, ..Looked::unfinished("web/demo-web-1".into()) }
}

fn http(status: u16, content_type: Option<&str>, head: &str, body: Body) -> Looked {
    let http =
        Http { status, content_type: content_type.map(str::to_owned), millis: 4, bytes: 9, head: head.into(), body };
    seen(Connect::Open, Some(Answer::Http(http)))
}

fn good(samples: u64) -> Looked {
    http(200, Some("text/plain"), "up 1\n", Body::Metrics { samples })
}

fn malformed(line: usize) -> Body {
    Body::Malformed(ParseError { line, message: "`abc` is not a number".into() })
}

fn elsewhere(path: &str) -> Vec<Other> {
    vec![Other { port: 80, path: path.into(), samples: 12 }]
}

fn listener(text: &str, path: Option<&str>) -> Listener {
    Listener { address: text.parse().expect("a fixed address"), path: path.map(str::to_owned) }
}

fn refused_while(listeners: Vec<Listener>) -> Case {
    let mut case = down("connect: connection refused", seen(Connect::Refused, None));
    case.evidence.listeners.insert("web".into(), listeners);
    case
}

/// `web` found by name instead of written out; Prometheus knows the addresses in `known`.
fn by_dns(known: &[u8], looked_up: Lookup) -> Case {
    let mut case = Case::default();
    *case.job() = job("web", JobOrigin::Service("web".into()), by_name("web", 80));
    let active = known.iter().map(|last| target("web", &format!("{}:80", address(*last)), Health::Up));
    case.targets = Ok(targets(active.collect()));
    case.evidence.names.insert("web".into(), looked_up);
    case.evidence.looked.insert("web/demo-web-1".into(), good(2));
    case
}

fn found(last: &[u8]) -> Lookup {
    Lookup::Found { addresses: last.iter().map(|last| address(*last)).collect() }
}

fn with(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case::default();
    change(&mut case);
    case
}

fn container_in(state: ContainerState) -> Case {
    with(|case| {
        case.container().state = state;
        case.container().exit_code = Some(1);
        case.container().restarts = 7;
        case.evidence.logs.insert("demo-web-1".into(), vec!["panic: no database".into()]);
    })
}

/// Situation, cause of the finding on replica 1, part of its message, part of its fix.
fn table() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let mut cases = container_cases();
    cases.extend(socket_cases());
    cases.extend(answer_cases());
    cases.extend(prometheus_cases());
    cases
}

fn container_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let missing = with(|case| {
        case.observed.containers.remove(1);
    });
    let unhealthy = with(|case| case.container().health = ContainerHealth::Unhealthy);
    let apart = |attached: bool| {
        let mut case = down("no such host", good(2));
        case.container().addresses = [("demo_backend".to_owned(), Some(address(11)))].into();
        if !attached {
            case.desired.services[1].container.networks[0].network = "demo_backend".into();
        }
        case
    };
    let crashing = {
        let mut case = refused_while(Vec::new());
        case.container().restarts = 5;
        case
    };
    vec![
        (missing, Cause::ContainerMissing, "`demo-web-1` does not exist", "stackctl up"),
        (
            container_in(ContainerState::Exited),
            Cause::ContainerExited,
            "exited with code 1; its last lines: panic: no database",
            "stackctl logs web",
        ),
        (container_in(ContainerState::Dead), Cause::ContainerExited, "exited", "stackctl logs web"),
        (container_in(ContainerState::Created), Cause::ContainerExited, "never started", "stackctl up"),
        (container_in(ContainerState::Removing), Cause::ContainerExited, "being removed", "stackctl up"),
        (container_in(ContainerState::Paused), Cause::ContainerExited, "is paused", "docker unpause demo-web-1"),
        (
            container_in(ContainerState::Restarting),
            Cause::ContainerRestarting,
            "7 restarts so far, the last time with code 1; its last lines: panic",
            "stackctl logs web",
        ),
        (crashing, Cause::ContainerRestarting, "5 restarts so far", "stackctl logs web"),
        (unhealthy, Cause::ContainerUnhealthy, "its health check fails", "docker inspect"),
        (
            apart(true),
            Cause::NetworkMismatch,
            "is in `demo_backend`, Prometheus in `demo_default`",
            "joins it to its networks again",
        ),
        (
            apart(false),
            Cause::NetworkMismatch,
            "they share none",
            "add a network that Prometheus is in to the `networks` of `web`",
        ),
    ]
}

fn socket_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let no_name = Looked {
        lookup: Some(Lookup::Failed { message: "Name or service not known".into() }),
        connect: Connect::NotTried,
        ..good(2)
    };
    let namesake = Looked { lookup: Some(found(&[99])), ..good(2) };
    let other_port = {
        let others = vec![Other { port: 9090, path: "/metrics".into(), samples: 3 }];
        down("connection refused", Looked { others, ..seen(Connect::Refused, None) })
    };
    let unreachable = Connect::Unreachable { message: "No route to host".into() };
    let mut silent = by_dns(&[12], found(&[12]));
    silent.evidence.looked.insert("web/demo-web-1".into(), seen(Connect::TimedOut { millis: 9 }, None));
    vec![
        (
            down("no such host", no_name),
            Cause::DnsNoSuchName,
            "`demo-web-1` has no address inside the network: Name or service",
            "stackctl up",
        ),
        (
            by_dns(&[12], Lookup::Failed { message: "Name or service not known".into() }),
            Cause::DnsNoSuchName,
            "`web` has no address",
            "stackctl up",
        ),
        (down("x", namesake), Cause::DnsCount, "leads to 172.18.0.99, which is not `demo-web-1`", "who else"),
        (
            by_dns(&[12], found(&[12])),
            Cause::DnsCount,
            "`web` leads to 1 of 2 replicas, and not to `demo-web-1`",
            "stackctl up",
        ),
        (silent, Cause::DnsCount, "1 of 2 replicas", "stackctl up"),
        (refused_while(Vec::new()), Cause::ConnectionRefused, "nothing listens in it", "stackctl logs web"),
        (
            down("x", seen(Connect::Refused, None)),
            Cause::ConnectionRefused,
            "`demo-web-1:80` refuses",
            "stackctl logs web",
        ),
        (
            refused_while(vec![listener("127.0.0.1:80", None)]),
            Cause::ListensOnLoopback,
            "only 127.0.0.1:80 listens",
            "0.0.0.0:80 instead of 127.0.0.1:80",
        ),
        (
            refused_while(vec![listener("[::1]:8080", None)]),
            Cause::ListensOnLoopback,
            "only [::1]:8080 listens",
            "set `apps.web.metrics.port: 8080`",
        ),
        (
            refused_while(vec![listener("0.0.0.0:81", None), listener("[::]:8080", Some("/metrics"))]),
            Cause::WrongPort,
            "port 8080 listens and answers metrics at `/metrics`",
            "set `apps.web.metrics.port: 8080`",
        ),
        (
            refused_while(vec![listener("127.0.0.1:80", None), listener("0.0.0.0:81", None)]),
            Cause::ListensOnLoopback,
            "127.0.0.1:80",
            "0.0.0.0:80",
        ),
        (refused_while(vec![listener("0.0.0.0:80", None)]), Cause::TargetPending, "listens now", "wait"),
        (other_port, Cause::WrongPort, "port 9090 listens and answers metrics", "set `apps.web.metrics.port: 9090`"),
        (
            down("x", seen(Connect::TimedOut { millis: 5000 }, None)),
            Cause::Timeout,
            "gives no answer within 5000 ms",
            "firewall",
        ),
        (down("x", seen(unreachable, None)), Cause::Timeout, "cannot be reached: No route to host", "firewall"),
        (
            down("x", seen(Connect::Open, Some(Answer::TimedOut { millis: 20_000 }))),
            Cause::Timeout,
            "no full answer within 20000 ms",
            "why its metrics hang",
        ),
    ]
}

fn answer_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let text = Some("text/plain; version=0.0.4");
    let not_found = |others| Looked { others, ..http(404, text, "nothing\n", malformed(1)) };
    let html = http(200, Some("text/html"), "<html>", malformed(1));
    let html_beside_metrics = Looked { others: elsewhere("/q/metrics"), ..html.clone() };
    let secure = Looked { other_scheme: true, ..seen(Connect::Open, Some(Answer::Broken { message: "x".into() })) };
    let broken = seen(Connect::Open, Some(Answer::Broken { message: "invalid HTTP version parsed".into() }));
    let slow = match good(2) {
        Looked { answer: Some(Answer::Http(http)), .. } => {
            seen(Connect::Open, Some(Answer::Http(Http { millis: 12_345, ..http })))
        }
        other => other,
    };
    let mut limited = down("sample limit exceeded", good(5000));
    limited.job().sample_limit = Some(1000);
    let quoted_sample = "{\"metric.name\",a=\"b\"} x\n";
    vec![
        (
            down("x", not_found(elsewhere("/actuator/prometheus"))),
            Cause::WrongPath,
            "answers 404; metrics are at `/actuator/prometheus`",
            "set `apps.web.metrics.path: /actuator/prometheus`",
        ),
        (down("x", not_found(Vec::new())), Cause::HttpStatus, "answers 404: nothing", "apps.web.metrics.path"),
        (
            down("x", http(500, text, "boom\n", malformed(1))),
            Cause::HttpStatus,
            "answers 500: boom",
            "stackctl logs web",
        ),
        (
            down("x", http(401, text, "", malformed(1))),
            Cause::AuthRequired,
            "answers 401",
            "apps.web.metrics.basic_auth",
        ),
        (down("x", http(403, text, "", malformed(1))), Cause::AuthRequired, "answers 403", "bearer_token_file"),
        (
            down("x", secure),
            Cause::TlsMismatch,
            "`demo-web-1:80` speaks https, and is asked in http",
            "set `apps.web.metrics.scheme: https`",
        ),
        (down("x", broken), Cause::NotMetrics, "does not speak HTTP: invalid HTTP", "apps.web.metrics.port"),
        (down("x", html), Cause::NotMetrics, "answers HTML, not metrics", "apps.web.metrics.path"),
        (
            down("x", html_beside_metrics),
            Cause::NotMetrics,
            "metrics are at `/q/metrics`",
            "set `apps.web.metrics.path: /q/metrics`",
        ),
        (down("x", http(200, text, "<!doctype html>", malformed(1))), Cause::NotMetrics, "HTML", "path"),
        (
            down("x", http(200, Some("application/json"), "{\"status\":\"UP\"}", malformed(1))),
            Cause::NotMetrics,
            "JSON",
            "path",
        ),
        (down("x", http(200, text, "{\"status\": \"UP\"}", malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, text, "{\n  \"status\": 1\n}", malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, text, "[1]", malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, None, "hello\n", malformed(1))), Cause::NotMetrics, "something else", "path"),
        (down("x", http(200, text, quoted_sample, malformed(1))), Cause::ParseError, "in line 1", "line 1"),
        (
            down("x", http(200, text, "up 1\nfoo abc\n", malformed(2))),
            Cause::ParseError,
            "in line 2: `abc` is not a number",
            "line 2",
        ),
        (
            down("x", http(200, None, "up 1\n", Body::Metrics { samples: 1 })),
            Cause::BadContentType,
            "with no `Content-Type`",
            "set `apps.web.metrics.fallback_scrape_protocol: PrometheusText0.0.4`",
        ),
        (
            down("x", http(200, Some("text"), "up 1\n", Body::Metrics { samples: 1 })),
            Cause::BadContentType,
            "`Content-Type: text`",
            "fallback_scrape_protocol",
        ),
        (
            down("x", slow),
            Cause::SlowScrape,
            "takes 12345 ms to answer; a scrape may take 10000 ms",
            "set `apps.web.metrics.timeout: 25s` (and `interval`",
        ),
        (
            down("x", http(200, text, "", Body::TooLarge { limit: 32 << 20 })),
            Cause::SlowScrape,
            "more than 32 MiB",
            "fewer series",
        ),
        (
            limited,
            Cause::SampleLimit,
            "answers 5000 samples; the limit is 1000",
            "set `apps.web.metrics.sample_limit: 10000`",
        ),
    ]
}

fn prometheus_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let away = Error {
        service: "Prometheus",
        url: "http://x".into(),
        what: "targets".into(),
        cause: "connection refused".into(),
        answered: false,
    };
    let unreachable = with(|case| case.targets = Err(away));
    let mut missing = down("", good(2));
    missing.targets = Ok(targets(vec![target("web", "demo-web-2:80", Health::Up)]));
    let mut promised = down("", good(2));
    promised.targets = Ok(targets(vec![target("web", "demo-web-2:80", Health::Up)]));
    promised.evidence.promised = [("web".to_owned(), "demo-web-1:80".to_owned())].into();
    let mut dropped = down("", good(2));
    let only_dropped = vec![DroppedTarget { pool: "web".into(), address: "demo-web-1:80".into() }];
    dropped.targets = Ok(Targets { dropped: only_dropped, ..targets(Vec::new()) });
    let mut unknown = down("", good(2));
    unknown.targets = Ok(targets(vec![target("web", "demo-web-1:80", Health::Unknown)]));
    let mut stale = down("HTTP status 404", good(2));
    stale.job().path = "/q/metrics".into();
    let mut trusted = down("tls: failed to verify certificate: x509: certificate signed by unknown authority", good(2));
    trusted.job().scheme = Scheme::Https;
    let url = "https://demo-web-1:80/metrics".to_owned();
    if let Ok(targets) = &mut trusted.targets {
        targets.active[0].url = url;
    }
    let mut blind = down("server returned HTTP status 404 Not Found", good(2));
    blind.evidence = Evidence { trouble: Some("no such image".into()), ..Evidence::default() };
    let mut unfinished = down("Get: context deadline exceeded", Looked::unfinished("web/demo-web-1".into()));
    unfinished.evidence.trouble = None;
    vec![
        (
            unreachable,
            Cause::PrometheusUnreachable,
            "cannot ask Prometheus at http://x for targets",
            "stackctl logs prometheus",
        ),
        (missing, Cause::TargetMissing, "the running Prometheus has no such target in the job `web`", "stackctl up"),
        (promised, Cause::TargetPending, "has read that it shall scrape `demo-web-1`, and has not begun", "wait 5 s"),
        (dropped, Cause::TargetMissing, "relabelling in the job `web` drops it", "relabel_configs"),
        (unknown, Cause::TargetPending, "has not scraped it yet", "at most 15s"),
        (down("EOF", good(2)), Cause::TargetPending, "answers now; the last scrape failed: EOF", "at most 15s"),
        (by_dns(&[12], found(&[11, 12])), Cause::TargetPending, "Prometheus has not looked since", "wait 5 s"),
        (stale, Cause::ConfigStale, "Prometheus asks `http://demo-web-1:80/metrics`", "stackctl up"),
        (trusted, Cause::TlsMismatch, "Prometheus does not trust it", "apps.web.metrics.tls"),
        (
            down("sample limit exceeded", good(2)),
            Cause::SampleLimit,
            "more samples than the job's limit",
            "sample_limit",
        ),
        (
            down("server returned HTTP status 401 Unauthorized", good(2)),
            Cause::AuthRequired,
            "credentials",
            "basic_auth",
        ),
        (
            down("expected label name, got \"BCLOSE\"", good(2)),
            Cause::ParseError,
            "Prometheus cannot read",
            "what this Prometheus reads",
        ),
        (blind, Cause::HttpStatus, "Prometheus says: server returned HTTP status 404", "no such image"),
        (unfinished, Cause::Timeout, "Prometheus says", "there was no time"),
    ]
}

#[test]
fn each_situation_has_its_cause_its_message_and_its_fix() {
    for (case, cause, message, fix) in table() {
        let finding = case.first();
        assert_eq!(finding.cause, Some(cause), "{finding:?}");
        assert_eq!(finding.status, Status::Fail);
        assert_eq!((finding.subject.as_str(), finding.instance.as_deref()), ("web", Some("demo-web-1")));
        assert!(finding.message.contains(message), "{} lacks {message:?}", finding.message);
        assert!(finding.fix.contains(fix), "{} lacks {fix:?}", finding.fix);
    }
}

#[test]
fn every_cause_of_this_check_is_in_the_table_or_an_extra_finding() {
    let mut judged: HashSet<Cause> = table().into_iter().map(|(_, cause, ..)| cause).collect();
    judged.extend(extra_cases().into_iter().map(|(_, cause, ..)| cause));
    let own = [
        Cause::ContainerMissing,
        Cause::ContainerExited,
        Cause::ContainerRestarting,
        Cause::ContainerUnhealthy,
        Cause::NetworkMismatch,
        Cause::DnsNoSuchName,
        Cause::DnsCount,
        Cause::ConnectionRefused,
        Cause::ListensOnLoopback,
        Cause::WrongPort,
        Cause::Timeout,
        Cause::WrongPath,
        Cause::AuthRequired,
        Cause::HttpStatus,
        Cause::TlsMismatch,
        Cause::NotMetrics,
        Cause::BadContentType,
        Cause::ParseError,
        Cause::SlowScrape,
        Cause::SampleLimit,
        Cause::PrometheusUnreachable,
        Cause::ConfigStale,
        Cause::TargetMissing,
        Cause::TargetUnexpected,
        Cause::TargetDuplicate,
        Cause::TargetPending,
    ];
    for cause in own {
        assert!(judged.contains(&cause), "{cause:?}");
    }
}

/// Situation, cause of the finding beyond the replicas' own, its instance, part of its message.
fn extra_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let strange = with(|case| {
        case.targets = Ok(targets(vec![
            target("web", "demo-web-1:80", Health::Up),
            target("web", "demo-web-2:80", Health::Up),
            target("web", "old:80", Health::Down),
        ]));
    });
    let mut one_too_many = by_dns(&[11, 12, 13], found(&[11, 12]));
    one_too_many.observed.containers.push(container("web", 3, 13));
    let twice_in_one_job = with(|case| {
        let mut prometheus = all_up();
        prometheus.active.push(target("web", "demo-web-1:80", Health::Up));
        case.targets = Ok(prometheus);
    });
    let twice_in_two_jobs = with(|case| {
        case.desired =
            demo(vec![web_job(), job("again", JobOrigin::Elsewhere, written_out(&[("demo-web-1:80", None)]))]);
        let mut prometheus = all_up();
        prometheus.active.push(target("again", "demo-web-1:80", Health::Up));
        case.targets = Ok(prometheus);
    });
    let stranger_in_dns = by_dns(&[11, 12], found(&[11, 12, 50]));
    vec![
        (strange, Cause::TargetUnexpected, "old:80", "in the job `web`, which the stack file does not want"),
        (one_too_many, Cause::TargetUnexpected, "demo-web-3", "which the stack file does not want"),
        (twice_in_one_job, Cause::TargetDuplicate, "demo-web-1", "scraped 2 times in one job"),
        (twice_in_two_jobs, Cause::TargetDuplicate, "demo-web-1:80", "by the jobs `web` and `again`"),
        (stranger_in_dns, Cause::DnsCount, "web", "leads to 3 addresses for 2 replicas; beyond them: 172.18.0.50"),
    ]
}

#[test]
fn the_address_that_a_stopped_replica_left_behind_is_no_stranger() {
    let mut case = by_dns(&[11], found(&[11]));
    let stopped = case.observed.containers.iter_mut().find(|it| it.name == "demo-web-2").expect("two replicas");
    stopped.state = ContainerState::Exited;
    stopped.addresses.values_mut().for_each(|address| *address = None);
    let left_behind = target("web", &format!("{}:80", address(12)), Health::Down);
    case.targets.as_mut().expect("an answer").active.push(left_behind);
    let causes: Vec<_> = case.judge().iter().filter_map(|finding| finding.cause).collect();
    assert_eq!(causes, [Cause::ContainerExited]);
}

#[test]
fn what_is_beyond_the_replicas_gets_findings_of_its_own() {
    for (case, cause, instance, message) in extra_cases() {
        let findings = case.judge();
        let extra: Vec<&Finding> = findings.iter().filter(|finding| finding.status == Status::Fail).collect();
        let [finding] = extra.as_slice() else {
            panic!("expected one broken promise, got {extra:?}");
        };
        assert_eq!((finding.cause, finding.instance.as_deref()), (Some(cause), Some(instance)));
        assert!(finding.message.contains(message), "{} lacks {message:?}", finding.message);
    }
}

#[test]
fn a_stack_that_is_well_has_one_good_finding_for_each_replica() {
    let findings = Case::default().judge();
    let instances: Vec<_> = findings.iter().map(|finding| (finding.instance.as_deref(), finding.cause)).collect();
    assert_eq!(instances, [(Some("demo-web-1"), None), (Some("demo-web-2"), None)]);
    assert_eq!(findings[0].message, "scraped at `http://demo-web-1:80/metrics` in 2 ms");
    assert!(Report::new("demo", findings).ok);
    assert!(Report::new("demo", by_dns(&[11, 12], found(&[11, 12])).judge()).ok);
}

#[test]
fn a_prometheus_before_3_and_a_job_with_a_fallback_take_any_content_type() {
    let untyped = || down("EOF", http(200, None, "up 1\n", Body::Metrics { samples: 1 }));
    let mut old = untyped();
    old.desired.prometheus.as_mut().expect("it is on").version = "2.53.3".into();
    let mut fallback = untyped();
    fallback.job().fallback_scrape_protocol = Some("PrometheusText0.0.4".into());
    for case in [old, fallback] {
        assert_eq!(case.first().cause, Some(Cause::TargetPending));
    }
}

#[test]
fn things_elsewhere_are_named_by_their_address_and_mended_under_scrape() {
    let others = job("others", JobOrigin::Elsewhere, written_out(&[("10.0.0.9:9100", None)]));
    let key = "others/10.0.0.9:9100";
    for (looked, cause, fix) in [
        (seen(Connect::Refused, None), Cause::ConnectionRefused, "correct `scrape.others.targets`"),
        (
            Looked { others: elsewhere("/q/metrics"), ..http(404, None, "", malformed(1)) },
            Cause::WrongPath,
            "set `scrape.others.path: /q/metrics`",
        ),
        (seen(Connect::TimedOut { millis: 9 }, None), Cause::Timeout, "reached from the engine's host"),
    ] {
        let mut case = with(|case| case.desired = demo(vec![others.clone()]));
        case.targets = Ok(targets(vec![target("others", "10.0.0.9:9100", Health::Down)]));
        case.evidence.looked.insert(key.into(), looked);
        let finding = case.first();
        assert_eq!((finding.instance.as_deref(), finding.cause), (Some("10.0.0.9:9100"), Some(cause)));
        assert!(finding.fix.contains(fix), "{}", finding.fix);
    }
}

#[test]
fn the_probe_is_asked_only_about_what_is_not_well() {
    let case = Case::default();
    let index = Index::new(&case.desired, &case.observed);
    let prometheus = all_up();
    let expected = index.expected();
    assert_eq!(question::request(&index, &expected, &Scraped::new(&prometheus), &BTreeMap::new()), None);
    let known = targets(vec![target("web", "demo-web-2:80", Health::Up)]);
    let request =
        question::request(&index, &expected, &Scraped::new(&known), &BTreeMap::new()).expect("one is missing");
    let asked: Vec<&str> = request.targets.iter().map(|target| target.url.as_str()).collect();
    assert_eq!(asked, ["http://demo-web-1:80/metrics"]);
}

#[test]
fn the_probe_is_told_path_parameters_ports_and_credentials() {
    let mut case = Case::default();
    case.job().params = [("collect[]".to_owned(), vec!["cpu".to_owned(), "a b".to_owned()])].into_iter().collect();
    let port = Port { host_ip: [127, 0, 0, 1].into(), host_port: None, container_port: 8080, protocol: Protocol::Tcp };
    case.desired.services[1].container.settings.ports = Ports(vec![port]);
    let index = Index::new(&case.desired, &case.observed);
    let none = Targets::default();
    let credentials = BTreeMap::from([("web".to_owned(), Credentials::Bearer("t".into()))]);
    let request =
        question::request(&index, &index.expected(), &Scraped::new(&none), &credentials).expect("all are missing");
    let asked = request.targets.first().expect("replica 1");
    assert_eq!(asked.url, "http://demo-web-1:80/metrics?collect%5B%5D=cpu&collect%5B%5D=a%20b");
    assert_eq!((asked.ports.as_slice(), asked.timeout_ms), ([8080].as_slice(), 10_000));
    assert_eq!(asked.credentials, Some(Credentials::Bearer("t".into())));
}

#[test]
fn one_container_of_each_service_that_refused_is_looked_into() {
    let mut case = Case::default();
    for replica in 1..=2 {
        let key = format!("web/demo-web-{replica}");
        case.evidence.looked.insert(key, seen(Connect::Refused, None));
    }
    let index = Index::new(&case.desired, &case.observed);
    let requests = question::listeners(&index.expected(), &case.evidence);
    let asked: Vec<_> = requests.iter().map(|(service, (id, _))| (*service, *id)).collect();
    assert_eq!(asked, [("web", "id-web-1")]);
}

#[test]
fn prometheus_itself_is_asked_by_its_name_and_reached_where_it_is_published() {
    let own = job("prometheus", JobOrigin::Prometheus, written_out(&[("localhost:9090", None)]));
    let mut case = with(|case| case.desired = demo(vec![own]));
    case.targets = Ok(targets(vec![target("prometheus", "localhost:9090", Health::Up)]));
    assert_eq!(case.first().instance.as_deref(), Some("demo-prometheus-1"));
    let index = Index::new(&case.desired, &case.observed);
    assert_eq!(index.expected()[0].url().as_deref(), Some("http://prometheus:9090/metrics"));
    assert_eq!(prometheus_url(&case.desired, &case.observed).as_deref(), Some("http://172.18.0.2:9090"));
    case.desired.prometheus.as_mut().expect("it is on").published = "0.0.0.0:9091".parse().ok();
    assert_eq!(prometheus_url(&case.desired, &case.observed).as_deref(), Some("http://127.0.0.1:9091"));
}

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
    assert_eq!(prometheus_url(&case.desired, &case.observed).as_deref(), Some("http://127.0.0.1:9090"));
    case.observed.containers[0].state = ContainerState::Exited;
    assert_eq!(prometheus_url(&case.desired, &case.observed), None);
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

/// A stack with jobs in Prometheus' own words.
fn with_extra(jobs: &serde_json::Value) -> Desired {
    let mut desired = fixture::demo(vec![fixture::web_job()]);
    let extra = jobs.as_array().cloned().unwrap_or_default();
    desired.prometheus.as_mut().expect("it has one").extra_scrape_configs = extra;
    desired
}

fn of_extra(desired: &Desired, more: Vec<Target>) -> Vec<Finding> {
    let mut targets = fixture::all_up();
    targets.active.extend(more);
    let findings = judge_targets(desired, &fixture::observed(), Ok(&targets), &Evidence::default());
    findings.into_iter().filter(|finding| finding.subject != "web").collect()
}

#[test]
fn targets_of_jobs_in_prometheus_own_words_are_proven_with_the_cause_that_prometheus_tells() {
    let desired = with_extra(
        &serde_json::json!([{ "job_name": "mine", "static_configs": [{ "targets": ["a:1", "b:1", "c:1"] }] }]),
    );
    for (error, cause) in [
        ("Get \"http://a:1/metrics\": dial tcp: lookup a on 127.0.0.11:53: no such host", Cause::DnsNoSuchName),
        ("Get \"http://a:1/metrics\": dial tcp 172.20.0.3:1: connect: connection refused", Cause::ConnectionRefused),
        ("Get \"http://a:1/metrics\": context deadline exceeded", Cause::Timeout),
        ("server returned HTTP status 404 Not Found", Cause::HttpStatus),
        ("server returned HTTP status 401 Unauthorized", Cause::AuthRequired),
        ("Get \"https://a:1/metrics\": x509: certificate signed by unknown authority", Cause::TlsMismatch),
        ("sample limit exceeded", Cause::SampleLimit),
        ("\"INVALID\" is not a valid start token", Cause::NotMetrics),
    ] {
        let down = Target { last_error: error.to_owned(), ..fixture::target("mine", "a:1", Health::Down) };
        let findings = of_extra(&desired, vec![down, fixture::target("mine", "b:1", Health::Up)]);
        let told: Vec<_> = findings.iter().map(|it| (it.instance.as_deref(), it.status, it.cause)).collect();
        let expected = [
            (Some("a:1"), Status::Fail, Some(cause)),
            (Some("b:1"), Status::Ok, None),
            (Some("c:1"), Status::Fail, Some(Cause::TargetMissing)),
        ];
        assert_eq!(told, expected, "{findings:#?}");
        assert!(
            findings[0].fix.ends_with("in the job `mine` of `prometheus.extra_scrape_configs`"),
            "{}",
            findings[0].fix
        );
    }
}

#[test]
fn what_two_jobs_scrape_is_a_warning_whatever_it_is_called_by() {
    let observed = fixture::observed();
    let address = observed.containers[1].addresses.values().flatten().next().copied().expect("it has one");
    let desired = with_extra(
        &serde_json::json!([{ "job_name": "mine", "static_configs": [{ "targets": [format!("{address}:80")] }] }]),
    );
    let findings = of_extra(&desired, vec![fixture::target("mine", &format!("{address}:80"), Health::Up)]);
    let warned: Vec<_> = findings.iter().filter(|finding| finding.status == Status::Warn).collect();
    assert_eq!(warned.len(), 1, "{findings:#?}");
    assert_eq!(warned[0].cause, Some(Cause::TargetDuplicate));
    assert!(warned[0].message.contains("by the jobs `web` and `mine`"), "{}", warned[0].message);
}

#[test]
fn a_job_that_somebody_added_by_hand_is_drift_unless_files_with_jobs_are_named() {
    let mut desired = with_extra(&serde_json::json!([]));
    let stranger = || vec![fixture::target("by-hand", "x:1", Health::Up)];
    let findings = of_extra(&desired, stranger());
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((findings[0].subject.as_str(), findings[0].cause), ("by-hand", Some(Cause::TargetUnexpected)));
    let prometheus = desired.prometheus.as_mut().expect("it has one");
    prometheus.extra_config.insert("scrape_config_files".to_owned(), serde_json::json!(["more/*.yml"]));
    assert_eq!(of_extra(&desired, stranger()), []);
}

#[test]
fn a_job_that_finds_nothing_is_a_warning() {
    let desired =
        with_extra(&serde_json::json!([{ "job_name": "mine", "file_sd_configs": [{ "files": ["x.json"] }] }]));
    let findings = of_extra(&desired, Vec::new());
    assert_eq!((findings.len(), findings[0].status), (1, Status::Warn), "{findings:#?}");
}
