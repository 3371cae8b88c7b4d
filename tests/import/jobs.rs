//! Two prometheus.yml, compared by what they scrape.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stackctl::stack::Duration;

/// What a job scrapes: its targets, path, scheme and interval.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Scraped {
    targets: BTreeSet<String>,
    path: String,
    scheme: String,
    interval: Duration,
    other: String,
}

/// Every job of the first is in the second, the same. The second may watch Prometheus, Grafana and Alertmanager beside that.
pub(crate) fn assert_same(original: &str, rendered: &str, stack_file: &str) {
    let (original, rendered) = (jobs(original), jobs(rendered));
    for (name, job) in &original {
        assert_eq!(Some(job), rendered.get(name), "job {name} of\n{stack_file}");
    }
    let more: Vec<&String> = rendered.keys().filter(|name| !original.contains_key(*name)).collect();
    assert!(
        more.iter().all(|name| matches!(name.as_str(), "prometheus" | "grafana" | "alertmanager")),
        "{more:?}\n{stack_file}"
    );
}

fn jobs(text: &str) -> BTreeMap<String, Scraped> {
    let options = serde_yaml::options! { strict_booleans: true };
    let config: Value = serde_yaml::from_str_with_options(text, options).expect("it is YAML");
    let global = config["global"]["scrape_interval"].as_str().unwrap_or("1m").to_owned();
    let list = config["scrape_configs"].as_array().cloned().unwrap_or_default();
    let mut jobs = BTreeMap::new();
    for job in &list {
        // Prometheus refuses a second job of a name; `import` says so and carries the first.
        let name = job["job_name"].as_str().expect("a job has a name").to_owned();
        jobs.entry(name).or_insert_with(|| scraped(job, &global));
    }
    jobs
}

fn scraped(job: &Value, global: &str) -> Scraped {
    let text = |key: &str, usual: &str| job[key].as_str().unwrap_or(usual).to_owned();
    let groups = job["static_configs"].as_array().cloned().unwrap_or_default();
    let targets = groups.iter().flat_map(|group| {
        let labels = group["labels"].to_string();
        let targets = group["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| {
            let target = target.as_str().expect("a target is text").to_owned();
            let port = if target.contains([':', '/', '$']) { "" } else { ":80" };
            format!("{target}{port} {labels}")
        })
    });
    let lookups = job["dns_sd_configs"].as_array().cloned().unwrap_or_default();
    let lookups = lookups.iter().map(|lookup| format!("{} {} {}", lookup["names"], lookup["type"], lookup["port"]));
    let discoveries = job.as_object().into_iter().flatten().filter(|(key, _)| {
        (key.ends_with("_sd_configs") && *key != "dns_sd_configs") || key.ends_with("relabel_configs")
    });
    Scraped {
        targets: targets.chain(lookups).collect(),
        path: format!("/{}", text("metrics_path", "/metrics").trim_start_matches('/')),
        scheme: text("scheme", "http"),
        interval: text("scrape_interval", global).parse().expect("Prometheus takes the file"),
        other: discoveries.map(|(key, value)| format!("{key} {value}; ")).collect::<Vec<_>>().concat(),
    }
}
