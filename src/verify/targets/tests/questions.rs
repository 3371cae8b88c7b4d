//! What the probe is asked.

use std::collections::BTreeMap;

use super::*;
use crate::desired::{ProbeKind, Says};
use crate::probe::Credentials;

#[test]
fn the_probe_is_asked_only_about_what_is_not_well() {
    let case = Case::default();
    let index = Index::new(&case.desired, &case.observed, "prometheus");
    let prometheus = all_up();
    let expected = index.expected();
    let asked = |known: &Targets, unreached: &Unreached| {
        let scraped = Scraped::new(known);
        let unwell = question::unwell(&index, &expected, &scraped, unreached);
        let request = question::request(&index, &expected, &unwell, &scraped, &BTreeMap::new())?;
        Some(request.targets.into_iter().map(|target| target.url).collect::<Vec<_>>())
    };
    assert_eq!(asked(&prometheus, &Unreached::new()), None);
    let known = targets(vec![target("web", "demo-web-2:80", Health::Up)]);
    assert_eq!(asked(&known, &Unreached::new()), Some(vec!["http://demo-web-1:80/metrics".to_owned()]));
    let silent = Case { evidence: silent(2), ..Case::default() };
    let asked = asked(silent.targets.as_ref().expect("an answer"), &silent.evidence.unreached);
    assert_eq!(asked, Some(vec!["http://demo-web-2:80/metrics".to_owned()]), "one that is up and says nothing");
}

#[test]
fn the_probe_is_told_path_parameters_ports_and_credentials() {
    let mut case = Case::default();
    case.job().params = [("collect[]".to_owned(), vec!["cpu".to_owned(), "a b".to_owned()])].into_iter().collect();
    let port = Port {
        host_ip: [127, 0, 0, 1].into(),
        every_family: false,
        host_port: None,
        host_port_up_to: None,
        container_port: 8080,
        protocol: Protocol::Tcp,
    };
    case.desired.services[1].container.settings.ports = Ports(vec![port]);
    let index = Index::new(&case.desired, &case.observed, "prometheus");
    let none = Targets::default();
    let credentials = BTreeMap::from([("web".to_owned(), Credentials::Bearer("t".into()))]);
    let (expected, scraped) = (index.expected(), Scraped::new(&none));
    let unwell = question::unwell(&index, &expected, &scraped, &Unreached::new());
    let request = question::request(&index, &expected, &unwell, &scraped, &credentials).expect("all are missing");
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
    let index = Index::new(&case.desired, &case.observed, "prometheus");
    let requests = question::listeners(&index.expected(), &case.evidence);
    let asked: Vec<_> = requests.iter().map(|(service, (id, _))| (*service, *id)).collect();
    assert_eq!(asked, [("web", "id-web-1")]);
}

/// A blackbox exporter that asks one thing, as its probe.
fn probing() -> Case {
    let mut front = job("front", JobOrigin::Probe, written_out(&[("http://front/", None)]));
    front.says = Some(Says::Probed { kind: ProbeKind::Http, timeout: "5s".into(), tls: false, signs_in: false });
    front.prober = Some("demo-blackbox-1:9115".into());
    let mut case = with(|case| case.desired = demo(vec![front]));
    case.desired.services.push(service("blackbox", Role::Exporter, 1));
    case.observed.containers.push(container("blackbox", 1, 21));
    let down = Target { last_error: "no such host".into(), ..target("front", "http://front/", Health::Down) };
    case.targets = Ok(targets(vec![down]));
    case
}

#[test]
fn a_probe_whose_prober_is_away_tells_of_the_prober_and_of_no_name_of_its_own() {
    let blackbox = |case: &mut Case| case.observed.containers.len() - 1;
    let mut dead = probing();
    let last = blackbox(&mut dead);
    dead.observed.containers[last].state = ContainerState::Exited;
    let index = Index::new(&dead.desired, &dead.observed, "prometheus");
    let (expected, found) = (index.expected(), dead.targets.clone().expect("an answer"));
    assert!(
        question::unwell(&index, &expected, &Scraped::new(&found), &Unreached::new()).is_empty(),
        "no look is needed"
    );
    let mut gone = probing();
    gone.observed.containers.remove(last);
    for (case, cause, message) in [
        (dead, Cause::ContainerExited, "nobody asks `http://front/`: container `demo-blackbox-1` exited"),
        (gone, Cause::ContainerMissing, "nobody asks `http://front/`: container `demo-blackbox-1` does not exist"),
    ] {
        let findings = case.judge();
        let finding = findings.iter().find(|finding| finding.subject == "front").expect("one of the probe");
        assert_eq!(finding.cause, Some(cause), "{finding:?}");
        assert!(finding.message.starts_with(message), "{finding:?}");
    }
}

#[test]
fn a_prober_that_runs_and_is_not_found_or_refuses_is_what_the_probe_tells_of() {
    let nowhere = Some(Lookup::Failed { message: "no such host".into() });
    let key = "front/http://front/";
    for (looked, fix) in [
        (Looked { lookup: nowhere, ..Looked::unfinished(key.into()) }, "run `stackctl up`, which gives the container"),
        (seen(Connect::Refused, None), "see `stackctl logs blackbox`"),
    ] {
        let mut case = probing();
        case.evidence.looked.insert(key.into(), looked);
        let finding = case.first();
        assert!(finding.fix.starts_with(fix), "{finding:?}");
        assert!(finding.message.contains("demo-blackbox-1"), "{finding:?}");
    }
}

#[test]
fn sockets_are_opened_behind_probes_over_tls_that_fail() {
    let probe = |name: &str, target: &str, tls| Job {
        says: Some(Says::Probed { kind: ProbeKind::Tcp, timeout: "5s".into(), tls, signs_in: false }),
        prober: Some("blackbox:9115".into()),
        ..job(name, JobOrigin::Probe, written_out(&[(target, None)]))
    };
    let jobs =
        vec![probe("mail", "mail:993", true), probe("plain", "mail:143", false), probe("well", "mail:995", true)];
    let places = [("mail", "mail:993"), ("plain", "mail:143"), ("well", "mail:995")];
    let found = targets(places.map(|(job, address)| target(job, address, Health::Up)).into());
    let failed = |(job, address): (&str, &str)| {
        ((job.to_owned(), address.to_owned()), BTreeMap::from([("probe_success".to_owned(), 0.0)]))
    };
    let unreached: Unreached = [failed(places[0]), failed(places[1])].into();
    let (desired, observed) = (demo(jobs), observed());
    let index = Index::new(&desired, &observed, "prometheus");
    let asked = question::sockets(&index.expected(), &Scraped::new(&found), &unreached);
    let asked: Vec<_> = asked.iter().map(|socket| (socket.host.as_str(), socket.port)).collect();
    assert_eq!(asked, [("mail", 993)], "a plain one tells by itself, and one that is well needs no look");
}
