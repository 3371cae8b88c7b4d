//! Each hop that can lose an alert, found from what was seen.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::client::{self, AlertmanagerStatus, KnownAlert, KnownStatus};
use crate::desired::{AlertmanagerConfig, Destination, Grouping, ReceiverConfig, Role, Told};
use crate::probe::{Connect, Looked, Lookup};
use crate::verify::Status;
use crate::verify::delivery::Hidden;
use crate::verify::fixture;

const RENDERED: &str = "route:\n  receiver: team\n";
const NOW: i64 = 1_795_000_000_000;

fn desired() -> Desired {
    let mut desired = fixture::demo(vec![fixture::web_job()]);
    desired.services.push(fixture::service("alertmanager", Role::Alertmanager, 1));
    desired.alertmanager = Some(AlertmanagerConfig {
        version: "0.25.0".to_owned(),
        receiver: "team".to_owned(),
        grouping: Grouping::default(),
        routes: Vec::new(),
        receivers: Vec::new(),
        mutings: Vec::new(),
        templates: Vec::new(),
        addresses: vec!["demo-alertmanager-1:9093".to_owned()],
        published: None,
        sink: "demo-alert-sink".to_owned(),
        told: vec![Told {
            receiver: "team".to_owned(),
            way: "webhook",
            destination: Destination::At { host: "hook".to_owned(), port: 80 },
        }],
        unfit: Vec::new(),
    });
    desired
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn socket(connect: Connect) -> BTreeMap<String, (String, Looked)> {
    let address = IpAddr::V4(Ipv4Addr::new(172, 20, 0, 9));
    let lookup = Some(Lookup::Found { addresses: vec![address] });
    let looked = Looked { lookup, connect, ..Looked::unfinished("team".to_owned()) };
    BTreeMap::from([("team".to_owned(), ("hook:80".to_owned(), looked))])
}

/// Everything well: one alert fires and has arrived, the probe's has arrived, the receiver's socket opens.
fn state() -> DeliveryState {
    let fires = labels(&[("alertname", "Watchdog")]);
    let known = labels(&[("alertname", "Watchdog"), ("region", "eu")]);
    DeliveryState {
        now: NOW,
        senders: vec![SenderState {
            service: "prometheus".to_owned(),
            known: Ok(vec!["http://demo-alertmanager-1:9093/api/v2/alerts".to_owned()]),
            started_at: 0,
            configured_at: 0,
            firing: vec![fires],
            lines: Vec::new(),
        }],
        alertmanagers: vec![AlertmanagerState {
            status: Some(Ok(AlertmanagerStatus {
                version: "0.25.0".to_owned(),
                config: "global: {}\nroute: {receiver: team, group_wait: 30s}\n".to_owned(),
                cluster: "disabled".to_owned(),
                peers: 0,
            })),
            alerts: vec![KnownAlert { fingerprint: String::new(), labels: known, status: KnownStatus::default() }],
            delivered: Some(Delivered { posted: Posted::Accepted, arrived_ms: Some(1234), kept_back: None }),
            probe: "abc-1".to_owned(),
            lines: Vec::new(),
        }],
        sockets: socket(Connect::Open),
        failing: BTreeSet::new(),
        hidden: Hidden::default(),
        trouble: None,
    }
}

fn judged(state: &DeliveryState) -> Vec<Finding> {
    judged_of(&desired(), state)
}

fn judged_of(desired: &Desired, state: &DeliveryState) -> Vec<Finding> {
    let files = Files([(FILE.to_owned(), RENDERED.to_owned())].into_iter().collect());
    let mut observed = fixture::observed();
    observed.containers.push(fixture::container("alertmanager", 1, 7));
    judge_delivery(desired, &files, &observed, state)
}

/// The one finding that is broken.
#[track_caller]
fn broken(state: &DeliveryState) -> Finding {
    let broken: Vec<Finding> = judged(state).into_iter().filter(|finding| finding.status != Status::Ok).collect();
    assert_eq!(broken.len(), 1, "{broken:#?}");
    broken.into_iter().next().expect("there is one")
}

#[test]
fn a_way_on_which_nothing_is_lost_is_shown_hop_by_hop() {
    let findings = judged(&state());
    let subjects: Vec<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["alertmanager", "prometheus to alertmanager", "alertmanager to stackctl's sink", "alertmanager to team"]
    );
    assert!(findings.iter().all(|finding| finding.status == Status::Ok), "{findings:#?}");
    assert!(findings[2].message.contains("after 1.2 s"), "{}", findings[2].message);
}

#[test]
fn prometheus_that_does_not_know_it_or_does_not_reach_it_is_the_first_hop() {
    let mut unknown = state();
    unknown.senders[0].known = Ok(vec!["http://another:9093/api/v2/alerts".to_owned()]);
    let finding = broken(&unknown);
    assert_eq!(finding.cause, Some(Cause::AlertNotDelivered));
    assert!(finding.message.contains("does not know `demo-alertmanager-1:9093`"), "{}", finding.message);

    let mut unheard = state();
    unheard.alertmanagers[0].alerts.clear();
    unheard.senders[0].lines = vec![
        r#"ts=2026-11-24T14:00:00Z level=error component=notifier alertmanager=http://demo-alertmanager-1:9093/api/v2/alerts count=1 msg="Error sending alert" err="no route to host""#
            .to_owned(),
    ];
    let finding = broken(&unheard);
    assert_eq!(finding.subject, "prometheus to alertmanager");
    assert!(finding.message.ends_with("does not know it: no route to host"), "{}", finding.message);
}

#[test]
fn an_alertmanager_that_has_just_come_is_not_blamed_for_what_prometheus_has_still_to_tell_it() {
    let mut unheard = state();
    unheard.alertmanagers[0].alerts.clear();
    let of_age = |age: i64| {
        let mut observed = fixture::observed();
        let mut container = fixture::container("alertmanager", 1, 7);
        container.started_at = NOW - age;
        observed.containers.push(container);
        let files = Files([(FILE.to_owned(), RENDERED.to_owned())].into_iter().collect());
        let findings = judge_delivery(&desired(), &files, &observed, &unheard);
        findings.into_iter().find(|finding| finding.subject == "prometheus to alertmanager").expect("it is looked at")
    };
    let young = of_age(20_000);
    assert_eq!((young.status, young.cause), (Status::Warn, Some(Cause::AlertPending)));
    assert!(young.message.contains("stands for 20 s"), "{}", young.message);
    assert!(young.fix.ends_with("again in 70 s"), "{}", young.fix);
    let old = of_age(95_000);
    assert_eq!((old.status, old.cause), (Status::Fail, Some(Cause::AlertNotDelivered)));
}

#[test]
fn a_prometheus_that_has_just_come_may_still_have_to_tell_what_fires() {
    let mut unheard = state();
    unheard.alertmanagers[0].alerts.clear();
    unheard.senders[0].started_at = NOW - 30_000;
    let finding = broken(&unheard);
    assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::AlertPending)));
    assert!(finding.message.contains("`prometheus`, which stands for 30 s, tells again"), "{}", finding.message);
    assert!(finding.fix.ends_with("again in 60 s"), "{}", finding.fix);
    unheard.senders[0].started_at = NOW - 95_000;
    assert_eq!(broken(&unheard).cause, Some(Cause::AlertNotDelivered));
    // A reload forgets the Alertmanagers for some seconds, too, and what begins to fire in them is told a minute later.
    unheard.senders[0].started_at = NOW - 3_600_000;
    unheard.senders[0].configured_at = NOW - 40_000;
    let finding = broken(&unheard);
    assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::AlertPending)));
    assert!(
        finding.message.contains("`prometheus`, which read its configuration 40 s ago, tells again"),
        "{}",
        finding.message
    );
    assert!(finding.fix.ends_with("again in 50 s"), "{}", finding.fix);
    unheard.senders[0].configured_at = NOW - 95_000;
    assert_eq!(broken(&unheard).cause, Some(Cause::AlertNotDelivered));
}

#[test]
fn what_alertmanager_keeps_back_is_said_with_the_reason() {
    let mut lost = state();
    lost.alertmanagers[0].delivered = Some(Delivered { posted: Posted::Accepted, arrived_ms: None, kept_back: None });
    assert!(broken(&lost).message.contains("sent no message"));

    let muted = |silences: &[&str]| Delivered {
        posted: Posted::Accepted,
        arrived_ms: None,
        kept_back: Some(KeptBack {
            state: "suppressed".to_owned(),
            silenced_by: silences.iter().map(|id| (*id).to_owned()).collect(),
        }),
    };
    let mut silenced = lost.clone();
    silenced.alertmanagers[0].delivered = Some(muted(&["one-silence"]));
    assert!(broken(&silenced).message.contains("silence one-silence"));
    let mut inhibited = lost.clone();
    inhibited.alertmanagers[0].delivered = Some(muted(&[]));
    assert!(broken(&inhibited).message.contains("another alert mutes it"));

    let mut failed = lost;
    failed.alertmanagers[0].lines = vec![
        r#"ts=2026-11-24T14:00:00Z level=warn receiver=stackctl-probe integration=webhook[0] msg="Notify attempt failed, will retry later" err="connection refused""#
            .to_owned(),
    ];
    assert!(broken(&failed).message.ends_with("its receiver: connection refused"));
}

#[test]
fn an_alert_that_nobody_sent_is_a_warning_and_no_proof() {
    let mut unasked = state();
    unasked.alertmanagers[0].delivered = None;
    unasked.trouble = Some("no space left on device".to_owned());
    let finding = broken(&unasked);
    assert_eq!(finding.status, Status::Warn);
    assert!(finding.message.ends_with("no space left on device"), "{}", finding.message);
}

#[test]
fn a_receiver_is_broken_where_its_socket_is_closed_or_its_last_message_was_not_taken() {
    let mut closed = state();
    closed.sockets = socket(Connect::Refused);
    let finding = broken(&closed);
    assert_eq!((finding.subject.as_str(), finding.instance.as_deref()), ("alertmanager to team", None));
    assert!(finding.message.contains("`hook:80` cannot be reached"), "{}", finding.message);

    let line = |time: &str| {
        format!(
            r#"ts={time} level=warn receiver=team integration=webhook[0] msg="Notify attempt failed, will retry later" err="http://hook/secret: 500""#
        )
    };
    let at = |millis: i64| jiff::Timestamp::from_millisecond(millis).expect("a time").to_string();
    let mut failed = state();
    failed.hidden = Hidden(vec!["http://hook/secret".to_owned()]);
    failed.alertmanagers[0].lines = vec![line(&at(NOW - 60_000))];
    let finding = broken(&failed);
    assert!(finding.message.ends_with("was not taken: <secret>: 500"), "{}", finding.message);
    failed.alertmanagers[0].lines = vec![line(&at(NOW - 3 * 3_600_000))];
    assert!(judged(&failed).iter().all(|finding| finding.status == Status::Ok), "that is long ago");
    let loaded = r#"ts=2026-11-24T14:00:00Z level=info component=configuration msg="Completed loading of configuration file" file=x"#;
    failed.alertmanagers[0].lines = vec![line(&at(NOW - 60_000)), loaded.to_owned()];
    assert!(judged(&failed).iter().all(|finding| finding.status == Status::Ok), "that was another configuration");
    failed.alertmanagers[0].lines.push(line(&at(NOW - 1000)));
    assert!(broken(&failed).message.contains("was not taken"), "it fails still");
}

/// A line of a message to a receiver that failed so long ago, in milliseconds.
fn failed(receiver: &str, way: &str, age: i64, error: &str) -> String {
    let time = jiff::Timestamp::from_millisecond(NOW - age).expect("a time");
    format!(
        r#"ts={time} level=warn receiver={receiver} integration={way} msg="Notify attempt failed, will retry later" err="{error}""#
    )
}

#[test]
fn a_failure_of_a_while_ago_is_one_of_now_only_where_something_says_that_it_goes_on() {
    let mut past = state();
    past.alertmanagers[0].lines = vec![failed("team", "webhook[0]", 3 * 60_000, "unexpected status code 500")];
    let finding = broken(&past);
    assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::AlertNotDelivered)));
    assert!(
        finding.message.contains("UTC: unexpected status code 500; `hook:80` can be reached now"),
        "{}",
        finding.message
    );
    assert!(finding.message.ends_with("nothing is known since"), "{}", finding.message);

    past.failing = BTreeSet::from(["webhook".to_owned()]);
    assert_eq!(broken(&past).status, Status::Fail, "Alertmanager counts more failures");
    past.failing = BTreeSet::from(["slack".to_owned()]);
    assert_eq!(broken(&past).status, Status::Warn, "that is somebody else's");
}

#[test]
fn a_receiver_whose_socket_did_not_open_and_opens_now_is_a_warning_at_once() {
    let mut back = state();
    let line = failed("team", "webhook[0]", 5000, "dial tcp 172.20.0.9:80: connect: connection refused");
    back.alertmanagers[0].lines = vec![line];
    assert_eq!(broken(&back).status, Status::Warn);
    back.sockets = socket(Connect::Refused);
    assert_eq!(broken(&back).status, Status::Fail);
    assert!(broken(&back).message.contains("last message was not taken: dial tcp"), "{}", broken(&back).message);
}

#[test]
fn of_receivers_that_are_told_together_the_one_that_fails_is_named() {
    let mut desired = desired();
    let config = desired.alertmanager.as_mut().expect("it is there");
    let ways =
        |count: usize| [("webhook_configs".to_owned(), vec![serde_json::json!({}); count])].into_iter().collect();
    config.told.push(Told {
        receiver: "duty".to_owned(),
        way: "webhook",
        destination: Destination::At { host: "duty".to_owned(), port: 80 },
    });
    for (name, count) in [("team", 1), ("duty", 1), ("duty+team", 2)] {
        config.receivers.push(ReceiverConfig { name: name.to_owned(), ways: ways(count) });
    }
    let blamed = |way: &str| {
        let mut state = state();
        state.alertmanagers[0].lines = vec![failed("duty+team", way, 5000, "unexpected status code 500")];
        let findings = judged_of(&desired, &state);
        let broken = findings.into_iter().filter(|finding| finding.status != Status::Ok);
        broken.map(|finding| finding.subject).collect::<Vec<_>>()
    };
    assert_eq!(blamed("webhook[0]"), ["alertmanager to duty"]);
    assert_eq!(blamed("webhook[1]"), ["alertmanager to team"]);
}

#[test]
fn an_alertmanager_that_is_away_or_runs_something_else_is_named() {
    let mut stale = state();
    let status = AlertmanagerStatus {
        version: "0.25.0".to_owned(),
        config: "route: {receiver: other}".to_owned(),
        cluster: "disabled".to_owned(),
        peers: 0,
    };
    stale.alertmanagers[0].status = Some(Ok(status));
    assert_eq!(broken(&stale).cause, Some(Cause::ConfigStale));
    stale.alertmanagers[0].lines = vec![
        r#"ts=2026-11-24T14:00:00Z level=error component=configuration msg="Loading configuration file failed" file=x err="undefined receiver""#
            .to_owned(),
    ];
    let finding = broken(&stale);
    assert_eq!(finding.cause, Some(Cause::ConfigRejected));
    assert!(finding.message.ends_with("undefined receiver"), "{}", finding.message);

    let mut away = state();
    away.alertmanagers[0].status = Some(Err(client::Error {
        service: "Alertmanager",
        url: "http://127.0.0.1:9093".to_owned(),
        what: "its status".to_owned(),
        cause: "refused".to_owned(),
        answered: false,
    }));
    assert_eq!(broken(&away).cause, Some(Cause::AlertmanagerUnreachable));
}

#[test]
fn a_cluster_that_has_not_found_together_is_broken() {
    let mut desired = desired();
    desired.services.push(fixture::service("alertmanager-2", Role::Alertmanager, 1));
    let findings = judged_of(&desired, &state());
    let first = findings.iter().find(|finding| finding.subject == "alertmanager").expect("the first one");
    assert_eq!(first.cause, Some(Cause::ClusterIncomplete));
    assert!(findings.iter().any(|finding| finding.cause == Some(Cause::AlertmanagerUnreachable)), "{findings:#?}");
}
