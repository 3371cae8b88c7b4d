//! What a target that is scraped says of what it watches: an exporter of its app, the blackbox exporter of what it asks.

use std::collections::{BTreeMap, BTreeSet};

use super::empty::SAMPLES;
use super::evidence::Evidence;
use super::expected::{Expected, Index, service_called};
use crate::client::{Prometheus, QueryResult, Target};
use crate::desired::{Desired, Duration, Job, ProbeKind, Says, Service, WatchedApp};
use crate::engine::ContainerState;
use crate::engine::Observed;
use crate::probe::{Connect, Looked};
use crate::verify::{Cause, Trouble};

/// Metrics that tell why a probe failed.
const REASONS: &str = "probe_(success|http_status_code|failed_due_to_regex|dns_lookup_time_seconds|duration_seconds|\
                       ip_protocol|http_ssl|ssl_earliest_cert_expiry|dns_query_succeeded)";

/// Seconds until a request had its connection; zero where it got none.
const CONNECT: &str = "probe_http_duration_seconds";

/// What is not reached, or says nothing, by job and instance: the metrics that tell why.
pub type Unreached = BTreeMap<(String, String), BTreeMap<String, f64>>;

/// Asks Prometheus which targets say that what they watch is not there, and which say nothing. A scrape that failed has no
/// sample either: those are told elsewhere. Nothing is asked where nothing is scraped.
pub(super) async fn ask(desired: &Desired, prometheus: &Prometheus) -> Unreached {
    let jobs = desired.prometheus.as_ref().map(|prometheus| prometheus.jobs.as_slice()).unwrap_or_default();
    if jobs.is_empty() {
        return Unreached::new();
    }
    let metrics: BTreeSet<&str> = jobs.iter().filter_map(|job| metric(job)).chain([SAMPLES]).collect();
    let metrics: Vec<&str> = metrics.into_iter().collect();
    let mut unreached = Unreached::new();
    let query = format!("({{__name__=~\"{}\"}} == 0) unless on (job, instance) (up == 0)", metrics.join("|"));
    add(&mut unreached, prometheus, &query).await;
    if unreached.values().any(|metrics| metrics.contains_key("probe_success")) {
        let mut reasons = Unreached::new();
        add(&mut reasons, prometheus, &format!("{{__name__=~\"{REASONS}\"}}")).await;
        add(&mut reasons, prometheus, &format!("{CONNECT}{{phase=\"connect\"}}")).await;
        for (key, metrics) in &mut unreached {
            metrics.extend(reasons.remove(key).unwrap_or_default());
        }
    }
    unreached
}

fn metric(job: &Job) -> Option<&str> {
    match job.says.as_ref()? {
        Says::Reaches { metric, .. } => Some(metric),
        Says::Probed { .. } => Some("probe_success"),
    }
}

async fn add(to: &mut Unreached, prometheus: &Prometheus, query: &str) {
    let Ok(QueryResult::Series(series)) = prometheus.query(query).await else { return };
    for one in series {
        let label = |name: &str| one.labels.get(name).cloned().unwrap_or_default();
        if let Some(point) = one.points.last() {
            to.entry((label("job"), label("instance"))).or_default().insert(label("__name__"), point.value);
        }
    }
}

/// What a target says that is 0.
pub(super) fn said<'a>(target: &Target, unreached: &'a Unreached) -> Option<&'a BTreeMap<String, f64>> {
    let label = |name: &str| target.labels.get(name).cloned().unwrap_or_default();
    unreached.get(&(label("job"), label("instance")))
}

/// What is wrong with the thing that a well-scraped target watches.
pub(super) fn trouble(expected: &Expected, target: &Target, index: &Index, evidence: &Evidence) -> Option<Trouble> {
    let metrics = said(target, &evidence.unreached)?;
    match expected.job.says.as_ref()? {
        Says::Reaches { metric, app } => {
            metrics.get(metric)?;
            Some(not_reached(expected, metric, app.as_ref(), &index.states))
        }
        Says::Probed { kind, timeout, tls, signs_in } => {
            metrics.get("probe_success")?;
            let target = &expected.instance;
            let prober = expected.job.prober.as_deref();
            let of_app = app_trouble(index.desired, &index.states, target, prober);
            let listens = evidence.sockets.get(&expected.key()).and_then(listens);
            Some(of_app.unwrap_or_else(|| {
                failed(&Asked { kind: *kind, timeout, tls: *tls, signs_in: *signs_in, listens }, target, metrics)
            }))
        }
    }
}

fn not_reached(
    expected: &Expected,
    metric: &str,
    app: Option<&WatchedApp>,
    states: &BTreeMap<&str, ContainerState>,
) -> Trouble {
    let exporter = expected.service.map_or(expected.job.name.as_str(), |service| service.name.as_str());
    let Some(WatchedApp { name: app, address }) = app else {
        let message = format!("the exporter runs and says `{metric} 0`: it cannot use what its settings name");
        let fix = format!(
            "see `stackctl logs {exporter}` for why: `command` and `environment` of `exporters.{exporter}` say where it asks, \
             and as whom"
        );
        return Trouble::new(Cause::AppUnreachable, message, fix);
    };
    if states.get(app.as_str()) != Some(&ContainerState::Running) {
        let message = format!("the exporter runs and says `{metric} 0`: `{app}`, which it watches, does not run");
        return Trouble::new(
            Cause::AppUnreachable,
            message,
            format!("`stackctl up` starts `{app}`; `stackctl logs {app}` says why it ended"),
        );
    }
    let message = format!("the exporter runs and says `{metric} 0`: it cannot use `{address}`");
    let fix =
        format!("see `stackctl logs {exporter}` for why: a login is corrected under `exporters.{exporter}.login`");
    Trouble::new(Cause::AppUnreachable, message, fix)
}

/// How a probe asks.
struct Asked<'a> {
    kind: ProbeKind,
    timeout: &'a str,
    tls: bool,
    signs_in: bool,
    /// Whether anything listens there, as a look from Prometheus' network tells.
    listens: Option<bool>,
}

/// Why a probe failed, from its own metrics.
fn failed(asked: &Asked, target: &str, metrics: &BTreeMap<String, f64>) -> Trouble {
    let Asked { kind, timeout, tls, signs_in, listens } = *asked;
    let value = |name: &str| metrics.get(name).copied().unwrap_or_default();
    let no_address = metrics.contains_key("probe_ip_protocol") && value("probe_ip_protocol") == 0.0;
    let seconds = value("probe_duration_seconds");
    let (what, next) = match kind {
        _ if no_address => {
            ("its name leads nowhere".to_owned(), "correct the name, or the name server of the blackbox exporter")
        }
        ProbeKind::Http if value("probe_http_status_code") == 0.0 => {
            no_http(asked, target, seconds, value(CONNECT) > 0.0)
        }
        ProbeKind::Http if value("probe_failed_due_to_regex") > 0.0 => (
            format!("it answers {}, and its body is not as `body` and `body_not` say", value("probe_http_status_code")),
            "look at the page",
        ),
        ProbeKind::Http if matches!(value("probe_http_status_code"), 401.0 | 403.0) => {
            not_let_in(value("probe_http_status_code"), signs_in)
        }
        ProbeKind::Http => (
            format!("it answers {}", value("probe_http_status_code")),
            "see its log, or name the statuses that are well: `status: [200, …]`",
        ),
        ProbeKind::Tcp if tls && !has_waited(timeout, seconds) => no_tls(seconds, listens),
        ProbeKind::Tcp => {
            (format!("no connection within {timeout}, after {seconds:.1} s"), "see whether it runs and listens there")
        }
        ProbeKind::Icmp => {
            (format!("no echo within {timeout}"), "see whether the host is up; many a firewall drops echo requests")
        }
        ProbeKind::Dns if value("probe_dns_query_succeeded") > 0.0 => {
            ("the name server has no such name".to_owned(), "correct `name`, or its zone")
        }
        ProbeKind::Dns => (format!("no answer within {timeout}"), "see whether the name server runs and listens there"),
    };
    Trouble::new(Cause::ProbeFailed, format!("`probe_success 0` for `{target}`: {what}"), next)
}

/// A connection over TLS that did not come about, without a wait.
fn no_tls(seconds: f64, listens: Option<bool>) -> (String, &'static str) {
    let (why, next) = match listens {
        Some(true) => (
            "it listens there, and speaks no TLS, or its certificate is not trusted",
            "see whether it speaks TLS from the first byte on, and who signed its certificate; `insecure_skip_verify: true` trusts any",
        ),
        Some(false) => ("nothing listens there", "see whether it runs and listens there"),
        None => (
            "nothing listens there, it speaks no TLS, or its certificate is not trusted",
            "see whether it runs and listens there, and who signed its certificate; `insecure_skip_verify: true` trusts any",
        ),
    };
    (format!("no connection over TLS came about, after {seconds:.1} s: {why}"), next)
}

/// Whether a probe speaks TLS.
pub(super) fn asks_over_tls(expected: &Expected) -> bool {
    match &expected.job.says {
        Some(Says::Probed { kind: ProbeKind::Tcp, tls, .. }) => *tls,
        Some(Says::Probed { kind: ProbeKind::Http, .. }) => expected.instance.starts_with("https:"),
        _ => false,
    }
}

/// Whether a target says that its probe failed.
pub(super) fn fails(target: &Target, unreached: &Unreached) -> bool {
    said(target, unreached).is_some_and(|metrics| metrics.contains_key("probe_success"))
}

/// What a socket tells. `None`: nothing, as where its name leads nowhere from where the look was.
fn listens(looked: &Looked) -> Option<bool> {
    match looked.connect {
        Connect::Open => Some(true),
        Connect::Refused => Some(false),
        Connect::NotTried | Connect::TimedOut { .. } | Connect::Unreachable { .. } => None,
    }
}

/// Whether it took all the time that it had.
fn has_waited(timeout: &str, seconds: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a timeout is far below 2^53 ms")]
    let limit = timeout.parse::<Duration>().map_or(f64::INFINITY, |limit| limit.as_millis() as f64 / 1000.0);
    seconds >= limit * 0.9
}

/// An answer that says who may ask.
fn not_let_in(status: f64, signs_in: bool) -> (String, &'static str) {
    if signs_in {
        let message = format!("it answers {status}: it does not let in who comes with the probe's password or token");
        return (message, "correct `basic_auth` or `token` of the probe");
    }
    let fix = "write `basic_auth` or `token` for the probe, or say that this answer is well: `status: [401]`";
    (format!("it answers {status}: it wants to know who asks"), fix)
}

/// A request without an answer: how far it came, and whether it waited.
fn no_http(asked: &Asked, target: &str, seconds: f64, connected: bool) -> (String, &'static str) {
    let timeout = asked.timeout;
    match (connected, has_waited(timeout, seconds)) {
        (true, true) => (format!("it takes the connection and gives no answer within {timeout}"), "see its log"),
        (true, false) => (
            format!("it takes the connection, and what comes back after {seconds:.1} s is no HTTP"),
            "ask it by `tcp: HOST:PORT` where it speaks something else; where it speaks TLS, write `https://`",
        ),
        (false, true) => {
            (format!("no connection within {timeout}"), "see whether it runs, and whether a container reaches it")
        }
        (false, false) if target.starts_with("https:") => no_tls(seconds, asked.listens),
        (false, false) => (
            format!("no connection came about, after {seconds:.1} s"),
            "see whether it runs and listens there; `method` and `headers` have to be such as HTTP has",
        ),
    }
}

/// What is asked is an app of the stack, and the cause is none of the probe's.
fn app_trouble(
    desired: &Desired,
    states: &BTreeMap<&str, ContainerState>,
    target: &str,
    prober: Option<&str>,
) -> Option<Trouble> {
    let service = service_called(desired, host_of(target))?;
    let name = &service.name;
    let failed = |what: String, fix: String| {
        Some(Trouble::new(Cause::ProbeFailed, format!("`probe_success 0` for `{target}`: {what}"), fix))
    };
    if states.get(name.as_str()) != Some(&ContainerState::Running) {
        return failed(
            format!("`{name}` does not run"),
            format!("`stackctl up` starts `{name}`; `stackctl logs {name}` says why it ended"),
        );
    }
    let asks = service_called(desired, host_of(prober?))?;
    let networks = |service: &Service| -> Vec<String> {
        service.container.all_networks().map(|joined| joined.network.clone()).collect()
    };
    let (own, askers) = (networks(service), networks(asks));
    if own.is_empty() || askers.is_empty() || own.iter().any(|network| askers.contains(network)) {
        return None;
    }
    failed(
        format!("`{name}` is in {} alone, and `{}`, which asks, in {}", own.join(", "), asks.name, askers.join(", ")),
        format!("give both one network: `apps.{name}.networks`, or `exporters.{}.networks`", asks.name),
    )
}

/// Host and port of an `https` URL or of `HOST:PORT`.
pub(super) fn place_of(target: &str) -> Option<(&str, u16)> {
    let port = match authority_of(target).rsplit_once(':').map(|(_, port)| port.parse()) {
        Some(Ok(port)) => port,
        _ if target.starts_with("https:") => 443,
        _ => return None,
    };
    Some((host_of(target).trim_matches(['[', ']']), port))
}

fn authority_of(target: &str) -> &str {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The host of a URL, of `HOST:PORT` or of a host alone.
fn host_of(target: &str) -> &str {
    let authority = authority_of(target);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// How the containers of services stand; of one with several, a running one counts.
pub(super) fn states(observed: &Observed) -> BTreeMap<&str, ContainerState> {
    let mut states = BTreeMap::new();
    for container in &observed.containers {
        let state = states.entry(container.service.as_str()).or_insert(container.state);
        if container.state == ContainerState::Running {
            *state = container.state;
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::stand_in::{StandIn, success};
    use crate::verify::fixture;

    fn words(kind: ProbeKind, metrics: &[(&str, f64)]) -> String {
        let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        failed(&Asked { kind, timeout: "5s", tls: false, signs_in: false, listens: None }, "t", &metrics).message
    }

    #[test]
    fn a_certificate_and_a_password_are_named_where_they_may_be_the_cause() {
        let told = |kind, tls, signs_in, metrics: &[(&str, f64)]| {
            let metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            failed(&Asked { kind, timeout: "3s", tls, signs_in, listens: None }, "t", &metrics)
        };
        let at_once = [("probe_ip_protocol", 4.0), ("probe_duration_seconds", 0.02)];
        let tcp = told(ProbeKind::Tcp, true, false, &at_once);
        assert!(tcp.message.ends_with("its certificate is not trusted") && tcp.fix.contains("signed"), "{tcp:?}");
        let late = told(ProbeKind::Tcp, true, false, &[("probe_ip_protocol", 4.0), ("probe_duration_seconds", 3.0)]);
        assert!(late.message.contains("no connection within 3s"), "{late:?}");
        let refused = [("probe_ip_protocol", 4.0), ("probe_http_status_code", 401.0)];
        let wrong = told(ProbeKind::Http, false, true, &refused);
        assert!(wrong.message.contains("password") && wrong.fix.starts_with("correct `basic_auth`"), "{wrong:?}");
        let without = told(ProbeKind::Http, false, false, &refused);
        assert!(without.fix.starts_with("write `basic_auth`"), "{without:?}");
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_told_from_a_server_that_is_not_there() {
        let told = |kind, target, listens| {
            let metrics = [("probe_ip_protocol".to_owned(), 4.0), ("probe_duration_seconds".to_owned(), 0.02)].into();
            failed(&Asked { kind, timeout: "3s", tls: true, signs_in: false, listens }, target, &metrics).message
        };
        for (kind, target) in [(ProbeKind::Tcp, "mail:993"), (ProbeKind::Http, "https://shop/")] {
            let there = told(kind, target, Some(true));
            assert!(there.contains("it listens there") && there.ends_with("certificate is not trusted"), "{there}");
            assert!(told(kind, target, Some(false)).ends_with("after 0.0 s: nothing listens there"));
            assert!(told(kind, target, None).contains("nothing listens there, it speaks no TLS, or"));
        }
        let looked = |connect| Looked { connect, ..Looked::unfinished(String::new()) };
        assert_eq!(listens(&looked(Connect::NotTried)), None, "its name leads nowhere from here");
        assert_eq!(listens(&looked(Connect::Refused)), Some(false));
    }

    #[test]
    fn the_place_that_is_asked_is_read_from_what_is_probed() {
        for (target, place) in [
            ("mail:993", Some(("mail", 993))),
            ("https://user@shop/path:1?a=b", Some(("shop", 443))),
            ("https://shop:8443/", Some(("shop", 8443))),
            ("https://[fd00::1]:8443/", Some(("fd00::1", 8443))),
            ("mail", None),
        ] {
            assert_eq!(place_of(target), place, "{target}");
        }
    }

    #[tokio::test]
    async fn who_says_nothing_is_asked_for_in_the_same_question() {
        let labels = json!({ "__name__": SAMPLES, "job": "web", "instance": "demo-web-1:80" });
        let zero = json!({ "resultType": "vector", "result": [{ "metric": labels, "value": [1, "0"] }] });
        let stand_in = StandIn::new(move |_| success(&zero)).await;
        let unreached = ask(&fixture::demo(vec![fixture::web_job()]), &stand_in.prometheus).await;
        let key = ("web".to_owned(), "demo-web-1:80".to_owned());
        assert!(unreached.get(&key).is_some_and(|metrics| metrics.contains_key(SAMPLES)), "{unreached:?}");
        let asked: Vec<String> = stand_in.asked().into_iter().map(|question| question.query).collect();
        assert_eq!(asked, ["({__name__=~\"scrape_samples_scraped\"} == 0) unless on (job, instance) (up == 0)"]);
        assert!(ask(&fixture::demo(Vec::new()), &stand_in.prometheus).await.is_empty());
        assert_eq!(stand_in.asked().len(), 1, "nobody is asked where nothing is scraped");
    }

    #[test]
    fn a_failed_probe_says_what_failed() {
        let ip = ("probe_ip_protocol", 4.0);
        assert!(words(ProbeKind::Http, &[ip, ("probe_http_status_code", 503.0)]).ends_with("it answers 503"));
        let http =
            |seconds, connect| words(ProbeKind::Http, &[ip, ("probe_duration_seconds", seconds), (CONNECT, connect)]);
        assert!(http(0.01, 0.0).ends_with("no connection came about, after 0.0 s"));
        assert!(http(4.9, 0.0).ends_with("no connection within 5s"));
        assert!(http(0.01, 0.001).ends_with("what comes back after 0.0 s is no HTTP"));
        assert!(http(4.9, 0.001).ends_with("gives no answer within 5s"));
        let regex = [ip, ("probe_http_status_code", 200.0), ("probe_failed_due_to_regex", 1.0)];
        assert!(words(ProbeKind::Http, &regex).contains("its body is not as"));
        assert!(words(ProbeKind::Tcp, &[("probe_ip_protocol", 0.0)]).ends_with("its name leads nowhere"));
        assert!(words(ProbeKind::Dns, &[ip, ("probe_dns_query_succeeded", 1.0)]).ends_with("no such name"));
        assert!(words(ProbeKind::Icmp, &[ip]).ends_with("no echo within 5s"));
    }

    #[test]
    fn an_exporter_without_an_app_is_told_by_its_own_settings() {
        let mut job = fixture::web_job();
        job.says = Some(Says::Reaches { metric: "redis_up".to_owned(), app: None });
        let (desired, observed) = (fixture::demo(vec![job]), fixture::observed());
        let index = Index::new(&desired, &observed, "prometheus");
        let target = fixture::target("web", "demo-web-1:80", crate::client::Health::Up);
        let key = ("web".to_owned(), "demo-web-1:80".to_owned());
        let unreached = Unreached::from([(key, BTreeMap::from([("redis_up".to_owned(), 0.0)]))]);
        let evidence = Evidence { unreached, ..Evidence::default() };
        let told = trouble(&index.expected()[0], &target, &index, &evidence).expect("it reaches nothing");
        assert_eq!(told.cause, Cause::AppUnreachable);
        assert!(told.message.ends_with("`redis_up 0`: it cannot use what its settings name"), "{told:?}");
        assert!(told.fix.contains("`stackctl logs web`"), "{told:?}");
    }

    #[test]
    fn an_app_that_is_stopped_or_in_another_network_is_what_is_wrong() {
        let mut desired = fixture::demo(Vec::new());
        let blackbox = fixture::service("blackbox", crate::desired::Role::Exporter, 1);
        desired.services.push(blackbox);
        let running = BTreeMap::from([("web", ContainerState::Running)]);
        let stopped = BTreeMap::from([("web", ContainerState::Exited)]);
        let told = |desired: &Desired, states, target: &str| {
            app_trouble(desired, states, target, Some("blackbox:9115")).map(|trouble| trouble.message)
        };
        assert_eq!(told(&desired, &running, "http://web:80/health"), None);
        assert!(told(&desired, &stopped, "http://web:80/").is_some_and(|told| told.ends_with("`web` does not run")));
        assert!(told(&desired, &stopped, "demo-web-2:80").is_some(), "a replica by its name");
        assert_eq!(told(&desired, &stopped, "http://web.example/"), None, "a host of another name");
        desired.services[1].container.networks[0].network = "demo_back".to_owned();
        let apart = told(&desired, &running, "http://web/").expect("they have no network in common");
        let by_container = app_trouble(&desired, &running, "http://web/", Some("demo-blackbox-1:9115"));
        assert_eq!(
            by_container.map(|trouble| trouble.message),
            Some(apart.clone()),
            "the prober by its container's name"
        );
        assert!(apart.contains("in demo_back alone") && apart.ends_with("in demo_default"), "{apart}");
    }
}
