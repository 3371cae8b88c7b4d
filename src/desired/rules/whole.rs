//! Alerts that are about the whole stack: targets, restarts, disks, certificates, Prometheus itself.

use super::super::{Duration, PrometheusConfig, Rule, RuleGroup, prometheus_duration};
use super::alert::{Usual, has_alertmanager, of_preset, own, settings};
use super::watcher::{self, Watcher};
use super::{Watched, behind, jobs};
use crate::stack::{Stack, written_alerts};

/// Its group's name. No app can be called so.
pub(super) const GROUP: &str = "whole stack";

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// File systems that are no disks, or that cannot be written to anyway.
const NO_DISKS: &str = r#"fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|erofs|nsfs|fuse.lxcfs""#;

/// What is asked about more than one app, and the alerts at the top of the stack file.
pub(super) fn group(stack: &Stack, config: &PrometheusConfig, apps: &[Watched]) -> RuleGroup {
    let mut rules = Vec::new();
    let watchers = watcher::all(stack, config);
    rules.extend(target_down(stack, config, apps, &watchers));
    rules.extend(watchers.iter().filter_map(|watcher| watcher.down(stack)));
    rules.extend(behind::app_unreachable(stack, config));
    rules.extend(behind::probe_failed(stack, config));
    rules.extend(restart_loop(stack, config, apps));
    rules.extend(disk_full(stack));
    rules.extend(certificate_expiry(stack, config));
    rules.extend(prometheus_health(stack));
    rules.extend(watchdog(stack));
    rules.extend(written_alerts(&stack.alerts).filter_map(|(name, alert)| own(name, alert.settings()?, &[])));
    RuleGroup { name: GROUP.to_owned(), interval: None, rules }
}

/// Of all that has no rule of its own. What a prober asks is not down because the prober is.
fn target_down(stack: &Stack, config: &PrometheusConfig, apps: &[Watched], watchers: &[Watcher]) -> Option<Rule> {
    let settings = settings(stack, "target-down", true)?;
    // An alert of an app names it, and so has a rule of its own.
    let apart = apps.iter().map(|app| app.job.name.as_str()).chain(watchers.iter().map(|watcher| watcher.job));
    let prober = watcher::prober(stack, config);
    let asked = prober.map(|_| behind::probes(config)).unwrap_or_default();
    let apart: Vec<&str> = apart.chain(asked.iter().copied()).collect();
    let others = jobs::but(config, &apart).map(|others| format!("up{others} == 0"));
    let behind_it = prober.filter(|_| !asked.is_empty()).map(|prober| {
        format!("up{} == 0 unless on () up{} == 0", jobs::matcher(&asked), jobs::matcher(&[prober.name.as_str()]))
    });
    let expressions: Vec<String> = others.into_iter().chain(behind_it).collect();
    if expressions.is_empty() {
        return None;
    }
    let usual = Usual {
        name: "TargetDown",
        holds_for: Duration::from_secs(2 * MINUTE),
        severity: "critical",
        summary: "{{ $labels.job }} is down: {{ $labels.instance }} cannot be scraped".to_owned(),
        description: "Prometheus gets no metrics from this target. `stackctl verify targets` says why.",
    };
    Some(of_preset(usual, &expressions.join(" or "), &settings, &[]))
}

fn restart_loop(stack: &Stack, config: &PrometheusConfig, apps: &[Watched]) -> Option<Rule> {
    let settings = settings(stack, "restart-loop", true)?;
    let apart: Vec<&str> = apps.iter().map(|app| app.job.name.as_str()).collect();
    Some(super::app::restarts(&jobs::but(config, &apart)?, &settings, &[]))
}

fn disk_full(stack: &Stack) -> Option<Rule> {
    let settings = settings(stack, "disk-full", stack.exporters.contains_key("node"))?;
    let ahead = settings.within.unwrap_or(Duration::from_secs(DAY));
    let back = prometheus_duration(settings.over.unwrap_or(Duration::from_secs(6 * HOUR)));
    let expression = format!(
        "predict_linear(node_filesystem_avail_bytes{{{NO_DISKS}}}[{back}], {}) < 0 \
         and node_filesystem_avail_bytes{{{NO_DISKS}}} / node_filesystem_size_bytes{{{NO_DISKS}}} < 0.4 \
         and node_filesystem_readonly{{{NO_DISKS}}} == 0",
        ahead.as_millis() / 1000
    );
    let usual = Usual {
        name: "DiskWillBeFull",
        holds_for: Duration::from_secs(HOUR),
        severity: "warning",
        summary: format!(
            "{{{{ $labels.mountpoint }}}} of {{{{ $labels.instance }}}} will be full within {}",
            prometheus_duration(ahead)
        ),
        description: "As fast as it filled over the last hours, this disk has no room left by then, and less than 40 % now.",
    };
    Some(of_preset(usual, &expression, &settings, &[]))
}

fn certificate_expiry(stack: &Stack, config: &PrometheusConfig) -> Option<Rule> {
    let names = shown_certificates(stack, config);
    let settings = settings(stack, "certificate-expiry", !names.is_empty())?;
    let ahead = settings.within.unwrap_or(Duration::from_secs(14 * DAY));
    let usual = Usual {
        name: "CertificateExpires",
        holds_for: Duration::from_secs(HOUR),
        severity: "warning",
        summary: "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}".to_owned(),
        description: "From then on nobody who checks it gets through. Whatever renews it has not done so.",
    };
    // Of probes elsewhere, which somebody switched it on for, no name is known.
    let jobs = if names.is_empty() { String::new() } else { jobs::matcher(&names) };
    let expression = format!("probe_ssl_earliest_cert_expiry{jobs} - time() < {}", ahead.as_millis() / 1000);
    Some(of_preset(usual, &expression, &settings, &[]))
}

/// The jobs of the probes that are shown a certificate. A redirect from `http` may lead to one as well; nobody promised that.
fn shown_certificates<'a>(stack: &Stack, config: &'a PrometheusConfig) -> Vec<&'a str> {
    let is_https = |url: &String| url.trim_start().to_ascii_lowercase().starts_with("https://");
    let is_shown = |name: &str| {
        let mut probes = stack.probes.iter().filter(|(key, _)| key.as_str() == name);
        probes.any(|(_, probe)| probe.tls || probe.http.iter().any(is_https))
    };
    behind::probes(config).into_iter().filter(|name| is_shown(name)).collect()
}

fn prometheus_health(stack: &Stack) -> Vec<Rule> {
    let Some(settings) = settings(stack, "prometheus-health", true) else { return Vec::new() };
    let own = r#"{job="prometheus"}"#;
    let increase = |metric: &str, length: &str| format!("increase({metric}{own}[{length}])");
    let usual = |name, minutes, severity, summary: &str, description| Usual {
        name,
        holds_for: Duration::from_secs(minutes * MINUTE),
        severity,
        summary: summary.to_owned(),
        description,
    };
    let mut rules = vec![
        (
            usual(
                "PrometheusConfigNotTaken",
                5,
                "critical",
                "Prometheus refuses its configuration",
                "It goes on with the one before, and does not come up after its next start. `stackctl logs prometheus` says why.",
            ),
            format!("prometheus_config_last_reload_successful{own} == 0"),
        ),
        (
            usual(
                "PrometheusRuleFails",
                10,
                "warning",
                "A rule of {{ $labels.rule_group }} cannot be evaluated",
                "What it records or watches is missing. `stackctl verify alerts` names the rule and the reason.",
            ),
            format!("{} > 0", increase("prometheus_rule_evaluation_failures_total", "5m")),
        ),
        (
            usual(
                "PrometheusStorageFails",
                5,
                "warning",
                "Prometheus has trouble with its disk",
                "Compaction fails, or what it wrote is damaged: look for room on the disk, then at its log.",
            ),
            format!(
                "{} > 0 or {} > 0",
                increase("prometheus_tsdb_compactions_failed_total", "3h"),
                increase("prometheus_tsdb_wal_corruptions_total", "3h")
            ),
        ),
        (
            usual(
                "PrometheusTakesNoSamples",
                10,
                "critical",
                "Prometheus stores no samples",
                "It runs, and nothing new arrives: every other alert is blind.",
            ),
            // Newer versions count floats and histograms apart, and of the latter there may be none.
            format!(
                "sum by (job, instance) (rate(prometheus_tsdb_head_samples_appended_total{own}[5m])) <= 0{}",
                where_it_has_targets(stack)
            ),
        ),
    ];
    if has_alertmanager(stack) {
        let lost = usual(
            "PrometheusAlertsLost",
            5,
            "critical",
            "Prometheus cannot hand its alerts to Alertmanager",
            "They fire, and nobody is told. `stackctl verify alerts` names the hop.",
        );
        // Until the first Alertmanager is there, alerts are lost, and that is over soon: what counts is that they were lost
        // five minutes ago and still are.
        let drops = increase("prometheus_notifications_dropped_total", "3m");
        let before = drops.replace("[3m]", "[3m] offset 5m");
        rules.push((lost, format!("{drops} > 0 and {before} > 0")));
    }
    rules.into_iter().map(|(usual, expression)| of_preset(usual, &expression, &settings, &[])).collect()
}

/// A shard may well be nobody's.
fn where_it_has_targets(stack: &Stack) -> &'static str {
    if stack.prometheus.as_option().is_some_and(|section| section.shards.is_some()) {
        r#" and on (job, instance) sum by (job, instance) (prometheus_target_scrape_pool_targets{job="prometheus"}) > 0"#
    } else {
        ""
    }
}

fn watchdog(stack: &Stack) -> Option<Rule> {
    let settings = settings(stack, "watchdog", has_alertmanager(stack))?;
    let usual = Usual {
        name: "Watchdog",
        holds_for: Duration::default(),
        severity: "none",
        summary: "This alert always fires".to_owned(),
        description: "It shows that alerts get through: where it stops to arrive, something on the way is broken.",
    };
    Some(of_preset(usual, "vector(1)", &settings, &[]))
}
