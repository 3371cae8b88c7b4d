//! alertmanager.yml: what becomes the section `alertmanager`, and that amtool's own reading of both is one.

use std::path::PathBuf;

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
    let Some(data) = std::env::var_os("STACKCTL_DATA").map(PathBuf::from) else {
        eprintln!("ran without STACKCTL_DATA: nobody else's alertmanager.yml was imported");
        return;
    };
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
