//! Every cause, each from what Docker, Prometheus and the probe would say. Replica 1 of `web` is the one in trouble.

mod beyond;
mod cases;
mod extra_jobs;
mod questions;
mod servers;
mod whole;

use crate::verify::fixture;
use std::collections::HashSet;

use self::beyond::extra_cases;
use self::cases::table;
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
use crate::verify::{Report, Status, Unreached, prometheus_urls};

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
        judge_targets(&self.desired, &self.observed, &view(self.targets.clone(), self.evidence.clone()))
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

/// What the stack's Prometheus says.
fn view(targets: Result<Targets, Error>, evidence: Evidence) -> View {
    View { service: "prometheus".into(), instance: "demo-prometheus-1".into(), targets, evidence }
}

/// Where the first Prometheus is reached.
fn url(case: &Case) -> Option<String> {
    prometheus_urls(&case.desired, &case.observed).into_iter().next().and_then(|(_, url)| url)
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

/// Replica `number` is up, and its last scrape found no sample.
fn silent(number: u32) -> Evidence {
    let key = ("web".to_owned(), format!("demo-web-{number}:80"));
    let samples = ("scrape_samples_scraped".to_owned(), 0.0);
    Evidence { unreached: [(key, [samples].into())].into(), ..Evidence::default() }
}

/// Replica 1 is that, and the probe saw this page.
fn silent_with(looked: Looked) -> Case {
    let mut case = Case { evidence: silent(1), ..Case::default() };
    case.evidence.looked.insert("web/demo-web-1".into(), looked);
    case
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

#[test]
fn values_of_parameters_are_not_told() {
    let mut job = web_job();
    job.params.insert("token".to_owned(), vec!["hunter 22".to_owned()]);
    job.params.insert("module".to_owned(), vec!["http_2xx".to_owned()]);
    let error = "Get \"http://web:80/metrics?token=hunter%2022&module=http_2xx\": refused";
    let told = without_parameters(&job, error);
    assert_eq!(told, "Get \"http://web:80/metrics?token=***&module=http_2xx\": refused");
    let (mut case, ..) = table().into_iter().find(|(_, _, message, _)| *message == "answers 401").expect("a case");
    case.job().params = job.params;
    let finding = case.first();
    assert!(
        finding.message.contains("?token=***&module=http_2xx") && !format!("{finding:?}").contains("hunter"),
        "{finding:?}"
    );
}

#[test]
fn credentials_that_are_refused_are_told_apart_from_none() {
    let (mut case, ..) = table()
        .into_iter()
        .find(|(_, cause, message, _)| *cause == Cause::AuthRequired && *message == "answers 401")
        .expect("a case");
    case.job().bearer_token_file = Some("/run/secrets/token".to_owned());
    let finding = case.first();
    assert_eq!(finding.cause, Some(Cause::AuthRequired), "{finding:?}");
    assert!(finding.message.contains("does not take the credentials"), "{finding:?}");
    assert!(finding.fix.starts_with("correct `apps.web.metrics.bearer_token_file`"), "{finding:?}");
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
fn what_left_the_network_since_its_last_scrape_is_not_called_well() {
    let mut case = Case::default();
    case.container().addresses.clear();
    let finding = case.first();
    assert_eq!(finding.cause, Some(Cause::NetworkMismatch), "{finding:?}");
    assert!(finding.message.ends_with("they share none; Prometheus scraped it when they still did"), "{finding:?}");
    assert!(finding.fix.starts_with("run `stackctl up`"), "{finding:?}");
    // What shares the host's network has none of its own, and a Prometheus there reaches every address.
    case.desired.services[1].container.settings.network_mode = Some("host".into());
    assert_eq!(case.first().status, Status::Ok);
    let mut on_host = Case::default();
    on_host.container().addresses.clear();
    on_host.observed.containers[0].addresses = [("host".to_owned(), None)].into();
    assert_eq!(on_host.first().status, Status::Ok);

    let mut looked_up = by_dns(&[11, 12], found(&[12]));
    looked_up.container().addresses.clear();
    let causes: Vec<_> = looked_up.judge().iter().filter_map(|finding| finding.cause).collect();
    assert_eq!(causes, [Cause::NetworkMismatch], "and the address that it left behind is no stranger");
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
fn a_target_that_is_up_without_a_sample_is_not_called_well() {
    let page = |head: &str, bytes, samples| {
        let body = Body::Metrics { samples };
        let http = Http { status: 200, content_type: None, millis: 4, bytes, head: head.into(), body };
        silent_with(seen(Connect::Open, Some(Answer::Http(http))))
    };
    let unlooked = Case { evidence: silent(1), ..Case::default() };
    for (case, cause, message) in [
        (
            page("# HELP a b\n# TYPE a counter\n", 27, 0),
            Cause::NotMetrics,
            "names its metrics, and has no sample of any",
        ),
        (page("up 1\n", 5, 3), Cause::TargetPending, "answers 3 samples now; the last scrape found none"),
        (unlooked, Cause::NotMetrics, "the last scrape found no sample"),
    ] {
        let finding = case.first();
        assert_eq!((finding.status, finding.cause), (Status::Warn, Some(cause)), "{finding:?}");
        assert!(finding.message.contains(message), "{}", finding.message);
        assert!(Report::new("demo", case.judge()).ok);
    }
    let empty = page("", 0, 0).first();
    assert_eq!((empty.status, empty.cause), (Status::Fail, Some(Cause::NotMetrics)));
    assert!(empty.message.contains("answers 200 with nothing at all, so that Prometheus calls it up"), "{empty:?}");
    assert!(empty.fix.contains("apps.web.metrics.path"), "{empty:?}");
    let others = elsewhere("/q/metrics");
    let moved = http(200, Some("text/plain"), "# nothing\n", Body::Metrics { samples: 0 });
    let moved = silent_with(Looked { others, ..moved }).first();
    assert!(
        moved.message.contains("without a single sample") && moved.message.ends_with("metrics are at `/q/metrics`")
    );
    assert!(moved.fix.starts_with("set `apps.web.metrics.path: /q/metrics`"), "{moved:?}");
    let mut passes_on = page("", 0, 0);
    passes_on.job().honor_labels = true;
    assert_eq!(passes_on.first().status, Status::Ok, "what it passes on may be nothing");
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
fn prometheus_itself_is_asked_by_its_name_and_reached_where_it_is_published() {
    let own = job("prometheus", JobOrigin::Prometheus, written_out(&[("localhost:9090", None)]));
    let mut case = with(|case| case.desired = demo(vec![own]));
    case.targets = Ok(targets(vec![target("prometheus", "localhost:9090", Health::Up)]));
    assert_eq!(case.first().instance.as_deref(), Some("demo-prometheus-1"));
    let index = Index::new(&case.desired, &case.observed, "prometheus");
    assert_eq!(index.expected()[0].url().as_deref(), Some("http://demo-prometheus-1:9090/metrics"));
    assert_eq!(url(&case).as_deref(), Some("http://172.18.0.2:9090"));
    case.desired.prometheus.as_mut().expect("it is on").published = "0.0.0.0:9091".parse().ok();
    assert_eq!(url(&case).as_deref(), Some("http://127.0.0.1:9091"));
}
