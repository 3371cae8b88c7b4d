//! Is a configuration contained in another? Pure.
//!
//! Prometheus answers with every default written out, durations in its own words, and secrets hidden. So "does it run
//! what was rendered" means: all that was rendered is there, key by key.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// The first place where what runs is not what was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Path of the key, such as `scrape_configs[web].metrics_path`.
    pub path: String,
    /// What was rendered, as JSON.
    pub rendered: String,
    /// What runs, as JSON; `None`: the key is not there.
    pub running: Option<String>,
}

/// What Prometheus writes in the place of a secret.
const HIDDEN: &str = "<secret>";

/// Whether all of `rendered` is in `running`; what `running` has beside it does not matter.
pub fn contains(running: &Value, rendered: &Value) -> Result<(), Difference> {
    within(Some(running), rendered, "")
}

fn within(running: Option<&Value>, rendered: &Value, path: &str) -> Result<(), Difference> {
    match (running, rendered) {
        (Some(Value::Object(running)), Value::Object(rendered)) => {
            rendered.iter().try_for_each(|(key, value)| member(running, key, value, path))
        }
        (Some(Value::Array(running)), Value::Array(rendered)) => elements(running, rendered, path),
        (Some(running), rendered) if same_scalar(running, rendered, path) => Ok(()),
        (None | Some(Value::Null), rendered) if is_empty(rendered) => Ok(()),
        (running, rendered) => Err(Difference {
            path: path.to_owned(),
            rendered: rendered.to_string(),
            running: running.map(ToString::to_string),
        }),
    }
}

fn member(running: &Map<String, Value>, key: &str, rendered: &Value, path: &str) -> Result<(), Difference> {
    let here = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let found = running.get(key).or_else(|| match key {
        // Prometheus answers with the modern words for these two.
        "bearer_token_file" => running.get("authorization").and_then(|it| it.get("credentials_file")),
        "bearer_token" => running.get("authorization").and_then(|it| it.get("credentials")),
        _ => None,
    });
    within(found, rendered, &here)
}

/// Keys of Alertmanager's lists whose order means nothing: it answers with them sorted.
const MATCHERS: [&str; 3] = ["matchers", "source_matchers", "target_matchers"];

/// Lists of jobs by their names, matchers in any order, all others in order. What runs beside them was taken out of the stack
/// file.
fn elements(running: &[Value], rendered: &[Value], path: &str) -> Result<(), Difference> {
    if MATCHERS.contains(&path.rsplit('.').next().unwrap_or_default()) {
        return same_matchers(running, rendered, path);
    }
    let mut left: Vec<Option<&Value>> = running.iter().map(Some).collect();
    let by_name: HashMap<&str, usize> =
        running.iter().enumerate().filter_map(|(position, item)| Some((job_name(item)?, position))).collect();
    for (position, item) in rendered.iter().enumerate() {
        let (found, name) = match job_name(item) {
            Some(name) => (by_name.get(name).copied(), name.to_owned()),
            None => (Some(position), position.to_string()),
        };
        let found = found.and_then(|found| left.get_mut(found)?.take());
        within(found, item, &format!("{path}[{name}]"))?;
    }
    match left.iter().position(Option::is_some).and_then(|position| Some((position, running.get(position)?))) {
        Some((position, item)) => Err(Difference {
            path: format!("{path}[{}]", job_name(item).map_or_else(|| position.to_string(), str::to_owned)),
            rendered: "nothing".to_owned(),
            running: Some(item.to_string()),
        }),
        None => Ok(()),
    }
}

fn same_matchers(running: &[Value], rendered: &[Value], path: &str) -> Result<(), Difference> {
    let sorted = |matchers: &[Value]| {
        let mut texts: Vec<String> = matchers.iter().filter_map(scalar).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    };
    if sorted(running) == sorted(rendered) {
        return Ok(());
    }
    let text = |matchers: &[Value]| Value::Array(matchers.to_vec()).to_string();
    Err(Difference { path: path.to_owned(), rendered: text(rendered), running: Some(text(running)) })
}

fn job_name(item: &Value) -> Option<&str> {
    item.get("job_name")?.as_str()
}

/// Prometheus leaves out what is empty or zero.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(true) => false,
    }
}

fn same_scalar(running: &Value, rendered: &Value, path: &str) -> bool {
    let (Some(running), Some(rendered)) = (scalar(running), scalar(rendered)) else {
        return false;
    };
    running == rendered
        || running == HIDDEN
        || [millis, bytes].iter().any(|read| read(&running).is_some_and(|amount| read(&rendered) == Some(amount)))
        || (path.starts_with("global.external_labels") && rendered.replace("$$", "$") == running)
        || is_same_file(&running, &rendered, path)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Prometheus puts its configuration's folder before relative paths.
fn is_same_file(running: &str, rendered: &str, path: &str) -> bool {
    let key = path.split('[').next().unwrap_or_default();
    let names_file =
        path.ends_with("_file") || path.ends_with("_files") || key.ends_with("_files") || path.contains(".files");
    let relative = !rendered.starts_with('/');
    let rendered = rendered.trim_start_matches("./");
    names_file && relative && running.strip_suffix(rendered).is_some_and(|folder| folder.ends_with('/'))
}

/// A duration as Prometheus writes it, `1h30m`, in milliseconds. A number alone is none.
fn millis(text: &str) -> Option<u64> {
    const SECOND: u64 = 1000;
    const DAY: u64 = 24 * 60 * 60 * SECOND;
    amount(text, |unit| match unit {
        "ms" => Some(1),
        "s" => Some(SECOND),
        "m" => Some(60 * SECOND),
        "h" => Some(60 * 60 * SECOND),
        "d" => Some(DAY),
        "w" => Some(7 * DAY),
        "y" => Some(365 * DAY),
        _ => None,
    })
}

/// A size as Prometheus writes it, `1GiB512MiB`, in bytes. It takes `GB` for the same as `GiB`.
fn bytes(text: &str) -> Option<u64> {
    amount(text, |unit| match unit {
        "B" => Some(1),
        "KB" | "KiB" => Some(1 << 10),
        "MB" | "MiB" => Some(1 << 20),
        "GB" | "GiB" => Some(1 << 30),
        "TB" | "TiB" => Some(1 << 40),
        "PB" | "PiB" => Some(1 << 50),
        _ => None,
    })
}

/// The sum of numbers, each with its unit.
fn amount(text: &str, unit_size: fn(&str) -> Option<u64>) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|character: char| !character.is_ascii_digit())?);
        let letters = tail.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit_size(unit)?)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::yaml_to_json;

    fn check(running: &str, rendered: &str) -> Result<(), String> {
        let value = |text| yaml_to_json(text).expect("the test's own YAML");
        contains(&value(running), &value(rendered)).map_err(|difference| difference.path)
    }

    /// What Prometheus 2.53 answers for a small file, shortened.
    const RUNNING: &str = "
global:
  scrape_interval: 1m
  scrape_timeout: 10s
  scrape_protocols: [OpenMetricsText1.0.0, PrometheusText0.0.4]
  evaluation_interval: 1m
  external_labels:
    number: \"1\"
rule_files:
- /etc/prometheus/rules/*.yml
scrape_configs:
- job_name: prometheus
  honor_timestamps: true
  scrape_interval: 1m
  metrics_path: /metrics
  scheme: http
  follow_redirects: true
  static_configs:
  - targets:
    - localhost:9090
- job_name: web
  scrape_interval: 1m30s
  metrics_path: /actuator/prometheus
  scheme: http
  basic_auth:
    username: me
    password: <secret>
  authorization:
    type: Bearer
    credentials_file: /run/secrets/token
  dns_sd_configs:
  - names: [web]
    refresh_interval: 30s
    type: A
    port: 80
";

    #[test]
    fn defaults_that_prometheus_wrote_out_do_not_matter() {
        let rendered = "scrape_configs:\n- job_name: prometheus\n  static_configs:\n  - targets: ['localhost:9090']\n\
                        - job_name: web\n  dns_sd_configs: [{ names: [web], type: A, port: 80 }]\n";
        assert_eq!(check(RUNNING, rendered), Ok(()));
    }

    #[test]
    fn durations_secrets_numbers_and_files_are_compared_by_meaning() {
        let rendered = "
global: { scrape_interval: 60s, external_labels: { number: 1 } }
rule_files: [rules/*.yml]
scrape_configs:
- { job_name: prometheus, scrape_interval: 60000ms, honor_labels: false, sample_limit: 0, params: {} }
- job_name: web
  scrape_interval: 90s
  basic_auth: { username: me, password: open sesame }
  bearer_token_file: /run/secrets/token
";
        assert_eq!(check(RUNNING, rendered), Ok(()));
    }

    #[test]
    fn jobs_are_found_by_name_and_not_by_place() {
        let rendered = "scrape_configs: [{ job_name: web }, { job_name: prometheus }]";
        assert_eq!(check(RUNNING, rendered), Ok(()));
    }

    #[test]
    fn matchers_are_the_same_in_any_order_and_no_fewer() {
        let running = "route: { routes: [{ receiver: shop, matchers: ['app=\"cart\"', 'severity=\"critical\"'] }] }\n\
                       inhibit_rules: [{ source_matchers: ['a=\"1\"', 'b=\"2\"'], target_matchers: ['c=\"3\"'] }]";
        let of = |matchers: &str| format!("route: {{ routes: [{{ receiver: shop, matchers: {matchers} }}] }}");
        assert_eq!(check(running, &of("['severity=\"critical\"', 'app=\"cart\"']")), Ok(()));
        assert_eq!(check(running, "inhibit_rules: [{ source_matchers: ['b=\"2\"', 'a=\"1\"'] }]"), Ok(()));
        let differs = Err("route.routes[0].matchers".to_owned());
        assert_eq!(check(running, &of("['severity=\"critical\"']")), differs);
        assert_eq!(check(running, &of("['severity=\"critical\"', 'app=\"web\"']")), differs);
        assert_eq!(check(running, &of("['severity=\"critical\"', 'app=\"cart\"', 'x=\"1\"']")), differs);
    }

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        for (rendered, path) in [
            ("global: { scrape_interval: 61s }", "global.scrape_interval"),
            (
                "scrape_configs: [{ job_name: web, metrics_path: /metrics }, { job_name: prometheus }]",
                "scrape_configs[web].metrics_path",
            ),
            ("scrape_configs: [{ job_name: web }, { job_name: gone }]", "scrape_configs[gone]"),
            ("scrape_configs: [{ job_name: web }]", "scrape_configs[prometheus]"),
            ("scrape_configs: [{ job_name: prometheus }]", "scrape_configs[web]"),
            (
                "scrape_configs: [{ job_name: prometheus, static_configs: [{ targets: [a, b] }] }, { job_name: web }]",
                "scrape_configs[prometheus].static_configs[0].targets[0]",
            ),
            ("rule_files: [/elsewhere/rules/*.yml]", "rule_files[0]"),
            ("alerting: { alertmanagers: [{ static_configs: [{ targets: ['am:9093'] }] }] }", "alerting"),
            ("global: { external_labels: { number: 2 } }", "global.external_labels.number"),
        ] {
            assert_eq!(check(RUNNING, rendered), Err(path.to_owned()), "{rendered}");
        }
    }

    #[test]
    fn every_configuration_contains_itself() {
        assert_eq!(check(RUNNING, RUNNING), Ok(()));
    }

    #[test]
    fn sizes_and_doubled_dollars_are_compared_by_meaning() {
        let running = "storage: { tsdb: { retention: { time: 2w1d, size: 1GiB512MiB } } }\nglobal: { external_labels: { a: $x } }";
        let rendered =
            "storage: { tsdb: { retention: { time: 15d, size: 1536MB } } }\nglobal: { external_labels: { a: $$x } }";
        assert_eq!(check(running, rendered), Ok(()));
        assert_eq!(
            check(running, "storage: { tsdb: { retention: { size: 2GB } } }"),
            Err("storage.tsdb.retention.size".into())
        );
    }

    #[test]
    fn durations_are_read_as_prometheus_writes_them() {
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("2w"), Some(1_209_600_000));
        assert_eq!(["", "10", "s", "1x", "1.5s", "99999999999999y"].map(millis), [None; 6]);
    }
}
