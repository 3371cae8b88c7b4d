//! What panels of jobs are told that have nothing to show.

use super::*;
use crate::dashboard::Dashboard;
use crate::desired::{DashboardOrigin, StackDashboard, WatchedApp};
use crate::verify::dashboards::evidence::{Answer, PanelState, QueryState, Silence};
use crate::verify::dashboards::judge_panels;
use crate::verify::fixture::{demo, target, targets, web_job};
use crate::verify::{Finding, Status};

fn dashboard(jobs: &[&str]) -> StackDashboard {
    let jobs = jobs.iter().map(|job| (*job).to_owned()).collect();
    StackDashboard {
        name: "web".to_owned(),
        dashboard: Dashboard::default(),
        origin: DashboardOrigin::Made,
        jobs,
        carried: None,
    }
}

fn judged(selector: Selector, nearest: Option<&str>, shown: &[&str], jobs: &Jobs) -> Finding {
    let found = Found::NoMetric { nearest: nearest.map(str::to_owned) };
    let selectors = vec![SelectorState { selector, found }];
    let answer = Answer::Empty(Silence { selectors, ..Silence::default() });
    let panel = PanelState { queries: vec![QueryState { query: "up".to_owned(), answer }] };
    judge_panels(&dashboard(shown), &[("Up".to_owned(), panel)], jobs).remove(0)
}

fn of(job: &str) -> Selector {
    Selector::of("up").with("job", Operator::Equal, job)
}

fn web(first: Health, second: Health) -> Jobs {
    let found = targets(vec![target("web", "demo-web-1:80", first), target("web", "demo-web-2:80", second)]);
    Jobs::of(&demo(vec![web_job()]), Some(&found), &Unreached::new())
}

fn redis(is_reached: bool) -> Jobs {
    let mut job = web_job();
    let metric = "redis_up".to_owned();
    let app = Some(WatchedApp { name: "db".to_owned(), address: "db:6379".to_owned() });
    job.says = Some(Says::Reaches { metric: metric.clone(), app });
    job.name = "redis".to_owned();
    job.origin = JobOrigin::Service("redis".to_owned());
    let mut exporter = target("redis", "redis:9121", Health::Up);
    let labels = [("job", "redis"), ("instance", "redis:9121")];
    exporter.labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let told = (("redis".to_owned(), "redis:9121".to_owned()), BTreeMap::from([(metric, 0.0)]));
    let told = if is_reached { Unreached::new() } else { Unreached::from([told]) };
    Jobs::of(&demo(vec![job]), Some(&targets(vec![exporter])), &told)
}

#[test]
fn panels_of_a_job_that_is_not_scraped_yet_are_pending_and_no_failures() {
    for jobs in [
        web(Health::Unknown, Health::Down),
        Jobs::of(&demo(vec![web_job()]), Some(&targets(vec![])), &Unreached::new()),
    ] {
        let named = judged(of("web"), Some("uq"), &[], &jobs);
        assert_eq!((named.status, named.cause), (Status::Warn, Some(Cause::DataPending)), "{named:?}");
        let any = judged(Selector::of("up"), None, &[], &jobs);
        assert_eq!((any.status, any.cause), (Status::Warn, Some(Cause::DataPending)), "{any:?}");
    }
}

#[test]
fn panels_of_a_job_whose_targets_fail_wait_for_them_and_others_do_not() {
    let jobs = web(Health::Down, Health::Down);
    let named = judged(of("web"), Some("uq"), &[], &jobs);
    assert_eq!((named.status, named.cause), (Status::Warn, Some(Cause::JobDown)), "{named:?}");
    assert!(named.message.contains("no target of `web`") && named.fix.contains("verify targets"), "{named:?}");
    assert_eq!(judged(Selector::of("uq"), Some("up"), &[], &jobs).status, Status::Fail, "it is misspelled");
    assert_eq!(judged(of("other"), None, &[], &jobs).cause, Some(Cause::NoData), "another job's");
    let some = judged(of("web"), None, &[], &web(Health::Up, Health::Down));
    assert_eq!(
        (some.status, some.cause),
        (Status::Fail, Some(Cause::NoData)),
        "one that is scraped says what there is"
    );
    assert!(some.fix.contains("apps.web.signals"), "{some:?}");
}

#[test]
fn a_job_without_targets_is_no_reason_to_wait_for_ever() {
    let mut other = web_job();
    other.name = "other".to_owned();
    let found = targets(vec![target("web", "demo-web-1:80", Health::Up)]);
    let jobs = Jobs::of(&demo(vec![web_job(), other]), Some(&found), &Unreached::new());
    assert_eq!(judged(of("other"), None, &[], &jobs).cause, Some(Cause::JobDown));
    assert_eq!(judged(Selector::of("uq"), Some("up"), &[], &jobs).cause, Some(Cause::NoData));
}

#[test]
fn panels_of_an_exporter_that_does_not_reach_its_app_wait_for_that() {
    let chosen = judged(of("redis"), Some("redis_up"), &["redis"], &redis(false));
    assert_eq!((chosen.status, chosen.cause), (Status::Warn, Some(Cause::JobDown)), "{chosen:?}");
    assert!(chosen.message.contains("does not reach `db`"), "{chosen:?}");
    let unchosen = judged(Selector::of("redis_keys"), Some("redis_up"), &["redis"], &redis(false));
    assert_eq!(unchosen.cause, Some(Cause::JobDown), "{unchosen:?}");
}

#[test]
fn what_an_exporter_does_not_expose_is_not_for_the_stack_file_to_correct() {
    let finding = judged(of("redis"), Some("redis_up"), &["redis"], &redis(true));
    assert_eq!((finding.status, finding.cause), (Status::Warn, Some(Cause::NoData)), "{finding:?}");
    assert_eq!(finding.message, "`redis` exposes no metric called `up`");
    assert!(finding.fix.starts_with("nothing is to be corrected in the stack file"), "{finding:?}");
    assert!(!finding.fix.contains("signals"), "{finding:?}");
}

#[test]
fn of_several_jobs_that_are_down_none_is_blamed_alone_for_a_metric_that_may_be_of_any() {
    let mut other = web_job();
    other.name = "other".to_owned();
    let down = vec![target("web", "demo-web-1:80", Health::Down), target("other", "demo-other-1:80", Health::Down)];
    let jobs = Jobs::of(&demo(vec![web_job(), other]), Some(&targets(down)), &Unreached::new());
    let any = judged(Selector::of("uq"), None, &[], &jobs);
    assert!(any.cause == Some(Cause::JobDown) && any.message.contains("no target of `other`, `web`"), "{any:?}");
    let named = judged(of("web"), None, &[], &jobs);
    assert!(named.message.contains("no target of `web`"), "{named:?}");
}

#[test]
fn panels_of_a_job_that_shall_have_no_replica_have_nothing_to_tell_and_are_well() {
    let mut desired = demo(vec![web_job()]);
    desired.services.iter_mut().filter(|service| service.name == "web").for_each(|service| service.replicas = 0);
    let jobs = Jobs::of(
        &desired,
        Some(&targets(vec![target("prometheus", "prometheus:9090", Health::Up)])),
        &Unreached::new(),
    );
    for (selector, shown) in [(of("web"), &[][..]), (Selector::of("up"), &["web"]), (Selector::of("up"), &[])] {
        let finding = judged(selector, None, shown, &jobs);
        assert_eq!((finding.status, finding.cause), (Status::Ok, None), "{finding:?}");
        assert_eq!(finding.message, "`web` has no replica, and its panels have nothing to tell");
    }
    assert_eq!(judged(of("other"), None, &[], &jobs).cause, Some(Cause::NoData));
    assert_eq!(judged(Selector::of("uq"), Some("up"), &[], &jobs).cause, Some(Cause::NoData), "it is misspelled");
}

#[test]
fn a_certificate_that_no_probe_gets_is_laid_on_the_probe_and_on_no_stranger() {
    let mut probe = web_job();
    let kind = crate::desired::ProbeKind::Http;
    probe.says = Some(Says::Probed { kind, timeout: "5s".to_owned(), tls: false, signs_in: false });
    probe.name = "https".to_owned();
    probe.origin = JobOrigin::Probe;
    let mut asked = target("https", "https://shop/", Health::Up);
    let labels = [("job", "https"), ("instance", "https://shop/")];
    asked.labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let looping = target("web", "demo-web-1:80", Health::Down);
    let told = (("https".to_owned(), "https://shop/".to_owned()), BTreeMap::from([("probe_success".to_owned(), 0.0)]));
    let jobs = Jobs::of(&demo(vec![probe, web_job()]), Some(&targets(vec![asked, looping])), &Unreached::from([told]));
    let selector = Selector::of("probe_ssl_earliest_cert_expiry").with("job", Operator::Matches, "https");
    let state = SelectorState { selector, found: Found::NoMetric { nearest: None } };
    let Some(Reason::Trouble(trouble)) = jobs.awaited(&state, &[], "rules") else { panic!("it waits for the probe") };
    assert_eq!(trouble.cause, Cause::ProbeFailed);
    assert!(trouble.message.ends_with("probe `https` does not get a certificate that it trusts"), "{trouble:?}");
}

#[test]
fn what_a_job_had_within_the_last_hour_is_gone_with_its_targets() {
    let before = |job: &str, jobs: &Jobs| {
        let state = SelectorState { selector: of(job), found: Found::Before };
        jobs.awaited(&state, &[], "panels")
    };
    let down = web(Health::Down, Health::Down);
    let Some(Reason::Trouble(trouble)) = before("web", &down) else { panic!("its targets are down") };
    assert_eq!(trouble.cause, Cause::JobDown);
    let Some(Reason::Trouble(trouble)) = before("redis", &redis(false)) else { panic!("its app is not reached") };
    assert_eq!(trouble.cause, Cause::JobDown);
    for (job, jobs) in [("other", &down), ("web", &web(Health::Up, Health::Down)), ("redis", &redis(true))] {
        assert_eq!(before(job, jobs), None, "{job}");
    }
    let anybody = SelectorState { selector: Selector::of("a"), found: Found::Before };
    assert_eq!(down.awaited(&anybody, &[], "panels"), None);
}

#[test]
fn an_alert_that_does_not_fire_is_no_missing_metric() {
    let mut desired = demo(vec![web_job()]);
    let rule = crate::desired::Rule {
        name: "TooSlow".to_owned(),
        expression: "up".to_owned(),
        labels: indexmap::IndexMap::new(),
        kind: crate::desired::RuleKind::Alert {
            holds_for: crate::desired::Duration::default(),
            keeps_firing_for: crate::desired::Duration::default(),
            annotations: indexmap::IndexMap::new(),
        },
    };
    let group = crate::desired::RuleGroup { name: "web".to_owned(), interval: None, rules: vec![rule] };
    let file = crate::desired::RuleFile { name: "a.yml".to_owned(), text: None, groups: vec![group] };
    desired.prometheus.as_mut().expect("it has one").rule_files.push(file);
    let found = targets(vec![target("web", "demo-web-1:80", Health::Down)]);
    let jobs = Jobs::of(&desired, Some(&found), &Unreached::new());
    let alerts = |name: &str| Selector::of("ALERTS").with("alertname", Operator::Equal, name);
    for selector in [alerts("TooSlow"), Selector::of("ALERTS").with("alertstate", Operator::Equal, "firing")] {
        let quiet = judged(selector, None, &[], &jobs);
        assert_eq!((quiet.status, quiet.message.contains("pending or firing")), (Status::Ok, true), "{quiet:?}");
    }
    assert_ne!(judged(alerts("TooSlwo"), None, &["web"], &jobs).status, Status::Ok);
}
