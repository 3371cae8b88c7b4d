//! alertmanager.yml: what becomes the section `alertmanager`, and that amtool's own reading of both is one.

use std::path::PathBuf;

use crate::support::data;
use crate::{folder, import_into, read, remarks_about, rendered};

const FILE: &str = "\
global:
  resolve_timeout: 5m
  smtp_smarthost: mail:25
  smtp_from: alerts@example.com
  slack_api_url: https://hooks.slack.com/services/SECRET
route:
  receiver: team
  group_by: [alertname]
  repeat_interval: 3h
  routes:
    - match_re: { service: ^(a|b)$ }
      receiver: mail
      group_wait: 10s
      routes:
        - match: { severity: critical }
          receiver: duty
    - matchers: ['team=\"data\"']
      receiver: team
      continue: true
receivers:
  - name: team
    webhook_configs: [{ url: 'http://hook:80/$x', max_alerts: 3, send_resolved: false }]
    slack_configs: [{ channel: '#x', title: '{{ .Status }}' }]
  - name: mail
    email_configs: [{ to: 'a@example.com, b@example.com', headers: { Subject: x } }]
  - name: duty
    pagerduty_configs: [{ routing_key: SECRET }]
  - name: pigeon
    opsgenie_configs: [{ api_key: SECRET }]
inhibit_rules:
  - { source_match: { severity: critical }, target_match_re: { severity: 'warning|info' }, equal: [alertname] }
templates: ['/etc/alertmanager/*.tmpl']
";

#[test]
fn receivers_routes_and_inhibitions_are_carried_and_secrets_become_variables() {
    let above = folder(&[
        ("alertmanager.yml", FILE),
        (
            "prometheus.yml",
            "alerting: { alertmanagers: [{ static_configs: [{ targets: ['old:9093'] }] }] }\nscrape_configs: []\n",
        ),
    ]);
    let shop = above.path().join("shop");
    let paths = ["alertmanager.yml", "prometheus.yml"].map(|name| shop.join(name));
    let imported = import_into(&shop, &paths).unwrap_or_else(|problems| panic!("{problems}"));
    let text = &imported.text;
    assert!(!text.contains("SECRET") && !text.contains("old:9093"), "{text}");
    for variable in ["ALERTMANAGER_TEAM_URL", "ALERTMANAGER_DUTY_KEY"] {
        assert!(text.contains(variable), "{variable} in\n{text}");
    }
    let loaded = read(&imported, &shop);
    let section = loaded.stack.alertmanager.as_option().expect("it is on");
    let ways: Vec<(&str, Vec<&str>)> =
        section.receivers.iter().map(|(name, receiver)| (name.as_str(), receiver.ways())).collect();
    assert_eq!(
        ways,
        [
            ("team", vec!["webhook"]),
            ("team-2", vec!["slack"]),
            ("mail", vec!["email"]),
            ("duty", vec!["pagerduty"]),
            ("pigeon", vec![]),
        ]
    );
    let names = |names: &[stackctl::stack::ServiceName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&section.receiver), ["team", "team-2"]);
    let routes: Vec<_> = section
        .routes
        .iter()
        .map(|route| {
            let matchers: Vec<String> = route.matchers.iter().map(ToString::to_string).collect();
            (matchers.join(" "), names(&route.receiver).join(" "), route.r#continue)
        })
        .collect();
    let expected = [
        ("service=~\"^(a|b)$\" severity=\"critical\"", "duty", false),
        ("service=~\"^(a|b)$\"", "mail", false),
        ("team=\"data\"", "team team-2", true),
    ];
    assert_eq!(routes, expected.map(|(matchers, name, goes_on)| (matchers.to_owned(), name.to_owned(), goes_on)));
    assert_eq!(section.inhibit.len(), 1);
    assert!(!remarks_about(&imported, "receivers.pigeon.opsgenie_configs").is_empty());
    assert!(!remarks_about(&imported, "templates").is_empty());
}

#[test]
fn every_alertmanager_file_of_others_is_carried_or_answered() {
    let Some(data) = data::folder("nobody else's alertmanager.yml was imported") else { return };
    let mut whole = 0;
    let mut receivers = (0, 0);
    let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("corpus/alertmanager"))
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("it is text");
        let here = folder(&[("alertmanager.yml", text.as_str())]);
        let shop = here.path().join("shop");
        let imported = import_into(&shop, &[shop.join("alertmanager.yml")])
            .unwrap_or_else(|problems| panic!("{}: {}", file.display(), problems.render(false)));
        let loaded = read(&imported, &shop);
        let section = loaded.stack.alertmanager.as_option().expect("it is on");
        assert!(rendered(&loaded).0.contains_key("alertmanager/alertmanager.yml"), "{}", file.display());
        whole +=
            usize::from(imported.remarks.iter().all(|remark| remark.kind != stackctl::import::RemarkKind::NotCarried));
        receivers.0 += section.receivers.values().filter(|receiver| !receiver.ways().is_empty()).count();
        receivers.1 += section.receivers.len();
    }
    eprintln!("{} files, {whole} of them whole; {} of {} receivers with a way", files.len(), receivers.0, receivers.1);
    assert!(files.len() >= 15 && whole * 2 >= files.len(), "{whole} of {}", files.len());
}

const COMPOSE: &str = "services:\n  alertmanager:\n    image: prom/alertmanager:v0.28.1\n    ports: ['9093:9093']\n    \
     command: ['--config.file=/config/am.yml', '--storage.path=/data', '--log.level=debug', '--web.external-url=https://a.example.com/', '--web.route-prefix=/']\n    \
     volumes: ['./am:/config', 'am-data:/data']\n  web: { image: 'web:1' }\n  \
     prometheus: { image: 'prom/prometheus:v3.5.0', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml'] }\n\
     volumes: { am-data: {} }\n";

const PROMETHEUS: &str = "scrape_configs:\n  - { job_name: alertmanager, static_configs: [{ targets: ['alertmanager:9093'] }] }\n  \
     - { job_name: web, static_configs: [{ targets: ['web:80'] }] }\n\
     alerting: { alertmanagers: [{ scheme: http, static_configs: [{ targets: ['alertmanager:9093'] }] }] }\n";

#[test]
fn a_service_that_is_alertmanager_becomes_the_component_with_its_receivers_flags_and_data() {
    let above = folder(&[("compose.yml", COMPOSE), ("prometheus.yml", PROMETHEUS), ("am/am.yml", FILE)]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
    let text = &imported.text;
    assert_eq!((imported.services.carried, imported.services.all), (3, 3), "{text}");
    assert_eq!((imported.jobs.carried, imported.jobs.all), (2, 2), "{text}");
    assert!(!text.contains("SECRET") && !text.contains("extra_config") && !text.contains("scrape:"), "{text}");
    let loaded = read(&imported, &shop);
    let section = loaded.stack.alertmanager.as_option().expect("it is on");
    assert_eq!(section.version.as_deref(), Some("0.28.1"));
    assert_eq!(section.extra_flags, ["--log.level=debug"]);
    assert_eq!(section.external_url.as_ref().map(stackctl::stack::WebUrl::as_str), Some("https://a.example.com/"));
    let is_about_prefix = |remark: &stackctl::import::Remark| remark.message.contains("route-prefix");
    assert!(
        !imported.remarks.iter().any(is_about_prefix),
        "at `/` is where stackctl asks, too: {:#?}",
        imported.remarks
    );
    assert_eq!(section.receivers.len(), 5);
    assert!(!loaded.stack.apps.keys().any(|name| name.as_str() == "alertmanager"));
    let files = rendered(&loaded);
    let prometheus = &files.0["prometheus/prometheus.yml"];
    assert_eq!(prometheus.matches("job_name: alertmanager").count(), 1, "{prometheus}");
    let compose = &files.0["compose.yml"];
    assert!(compose.contains("- am-data:/alertmanager"), "its data come along: {compose}");
    assert!(!imported.remarks.iter().any(|remark| remark.message.contains("own Alertmanager")), "nothing changed");
}

#[test]
fn an_alertmanager_whose_file_is_not_here_stays_an_app_and_one_without_a_file_tells_nobody() {
    let above = folder(&[("compose.yml", COMPOSE), ("prometheus.yml", PROMETHEUS)]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
    let loaded = read(&imported, &shop);
    assert!(loaded.stack.alertmanager.as_option().is_none(), "{}", imported.text);
    assert!(loaded.stack.apps.keys().any(|name| name.as_str() == "alertmanager"), "{}", imported.text);

    let above =
        folder(&[("compose.yml", "services: { alerts: { image: prom/alertmanager, ports: ['9093:9093'] } }\n")]);
    let shop = above.path().join("shop");
    let imported = import_into(&shop, std::slice::from_ref(&shop)).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read(&imported, &shop).stack.alertmanager.as_option().is_some(), "{}", imported.text);
    let said: Vec<&str> = imported.remarks.iter().map(|remark| remark.message.as_str()).collect();
    assert!(said.iter().any(|said| said.contains("tells nobody")), "{said:?}");
}
