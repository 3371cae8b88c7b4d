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
