//! What is told where several Prometheus servers see the same targets.

use super::*;
use crate::verify::not_running;

/// The stack with a second Prometheus, on .3.
fn pair() -> (Desired, Observed) {
    let own = written_out(&[("demo-prometheus-1:9090", Some(1)), ("demo-prometheus-2-1:9090", Some(1))]);
    let jobs = vec![job("prometheus", JobOrigin::Prometheus, own), web_job()];
    let mut desired = demo(jobs);
    desired.services.push(service("prometheus-2", Role::Prometheus, 1));
    let mut observed = observed();
    observed.containers.push(container("prometheus-2", 1, 3));
    (desired, observed)
}

/// What the Prometheus of a service says: all is well.
fn well(service: &str) -> View {
    let own = ["demo-prometheus-1:9090", "demo-prometheus-2-1:9090"];
    let mut targets = all_up();
    targets.active.extend(own.map(|address| target("prometheus", address, Health::Up)));
    let (targets, evidence) = (Ok(targets), Evidence::default());
    View { service: service.into(), instance: format!("demo-{service}-1"), targets, evidence }
}

fn broken(views: &[View], observed: &Observed) -> Vec<(String, Option<Cause>)> {
    let found = judge_views(&pair().0, observed, views).into_iter().filter(|finding| finding.status != Status::Ok);
    found.map(|finding| (finding.instance.unwrap_or_default(), finding.cause)).collect()
}

#[test]
fn each_replica_is_found_once_where_both_see_it() {
    let (desired, observed) = pair();
    let findings = judge_views(&desired, &observed, &[well("prometheus"), well("prometheus-2")]);
    let instances: Vec<&str> = findings.iter().filter_map(|finding| finding.instance.as_deref()).collect();
    assert_eq!(instances, ["demo-prometheus-1", "demo-prometheus-2-1", "demo-web-1", "demo-web-2"]);
    assert!(Report::new("demo", findings).ok);
}

#[test]
fn one_that_fell_is_told_and_what_the_other_sees_is_well() {
    let (_, mut observed) = pair();
    let fallen = observed.containers.iter_mut().find(|container| container.service == "prometheus").expect("it is one");
    fallen.state = ContainerState::Exited;
    let mut first = well("prometheus");
    first.targets = Err(not_running());
    let expected = [("demo-prometheus-1".to_owned(), Some(Cause::ContainerExited))];
    assert_eq!(broken(&[first, well("prometheus-2")], &observed), expected);
}

#[test]
fn one_that_answers_nobody_is_told_although_its_metrics_are_scraped() {
    let mut second = well("prometheus-2");
    second.targets = Err(not_running());
    let expected = [("demo-prometheus-2-1".to_owned(), Some(Cause::PrometheusUnreachable))];
    assert_eq!(broken(&[well("prometheus"), second], &pair().1), expected);
}

#[test]
fn what_one_alone_does_not_see_is_told_with_its_name() {
    let mut second = well("prometheus-2");
    second.targets.as_mut().expect("it answers").active.remove(0);
    let findings = judge_views(&pair().0, &pair().1, &[well("prometheus"), second]);
    let web = findings.iter().find(|finding| finding.status != Status::Ok).expect("one is broken");
    assert_eq!(web.instance.as_deref(), Some("demo-web-1"));
    assert!(web.message.starts_with("seen by `demo-prometheus-2-1`: "), "{}", web.message);
}

#[test]
fn where_nobody_answers_each_target_is_in_the_dark() {
    let mut views = [well("prometheus"), well("prometheus-2")];
    for view in &mut views {
        view.targets = Err(not_running());
    }
    let broken = broken(&views, &pair().1);
    assert_eq!(broken.len(), 4);
    assert!(broken.iter().all(|(_, cause)| *cause == Some(Cause::PrometheusUnreachable)), "{broken:?}");
}
