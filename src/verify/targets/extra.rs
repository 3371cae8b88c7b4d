//! Targets of the jobs that the stack file has in Prometheus' own words, and of jobs that it does not have. Nothing is known
//! of these jobs but what Prometheus says, so the cause is told as far as its error tells it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::expected::Index;
use super::scraped::cause_of;
use crate::client::{Health, Target, Targets};
use crate::desired::{PrometheusConfig, without_url_secrets};
use crate::verify::{Cause, Finding, Trouble};

/// The key of the stack file under which such jobs stand.
const PLACE: &str = "prometheus.extra_scrape_configs";

/// The key of prometheus.yml that names files with more jobs.
const MORE_JOBS: &str = "scrape_config_files";

/// One finding for each target of those jobs, one for each target that two jobs scrape, and one for each job too many.
pub(super) fn findings(index: &Index, prometheus: &PrometheusConfig, targets: &Targets) -> Vec<Finding> {
    let mut by_job: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in &targets.active {
        by_job.entry(&target.pool).or_default().push(target);
    }
    let jobs = prometheus.extra_scrape_configs.iter().filter_map(|job| Some((job["job_name"].as_str()?, job)));
    let mut findings = Vec::new();
    for (name, job) in jobs.clone() {
        let active = by_job.get(name).map(Vec::as_slice).unwrap_or_default();
        findings.extend(active.iter().map(|target| judge(name, target)));
        findings.extend(absent(name, job, active, targets));
    }
    let extra: HashSet<&str> = jobs.map(|(name, _)| name).collect();
    findings.extend(twice(index, &extra, targets));
    if !prometheus.extra_config.contains_key(MORE_JOBS) {
        let known: HashSet<&str> = prometheus.jobs.iter().map(|job| job.name.as_str()).chain(extra).collect();
        findings.extend(by_job.iter().filter(|(job, _)| !known.contains(*job)).map(|(job, found)| drift(job, found)));
    }
    findings
}

fn judge(job: &str, target: &Target) -> Finding {
    let address = &target.address;
    let fail = |cause, message: String, fix: String| {
        Finding::fail(super::TARGETS, job, Some(address), Trouble::new(cause, message, fix))
    };
    match target.health {
        Health::Up => {
            let message = format!("`{address}` is scraped in {:.0} ms", target.last_scrape_seconds * 1000.0);
            Finding::ok(super::TARGETS, job, Some(address), message)
        }
        Health::Unknown => {
            let fix = "wait for the next scrape, then run `stackctl verify` again".to_owned();
            fail(Cause::TargetPending, format!("Prometheus knows `{address}` and has not scraped it yet"), fix)
        }
        Health::Down => {
            let cause = cause(&target.last_error);
            let message = format!("`{address}` is not scraped: {}", without_url_secrets(&target.last_error));
            fail(cause, message, format!("{} in the job `{job}` of `{PLACE}`", advice(cause)))
        }
    }
}

/// The cause as far as Prometheus' own error tells it.
fn cause(error: &str) -> Cause {
    if error.contains("HTTP status 401") || error.contains("HTTP status 403") {
        Cause::AuthRequired
    } else if error.contains("x509:") || error.contains("tls:") {
        Cause::TlsMismatch
    } else if error.contains("sample limit exceeded") {
        Cause::SampleLimit
    } else {
        cause_of(error).unwrap_or(Cause::NotMetrics)
    }
}

fn advice(cause: Cause) -> &'static str {
    match cause {
        Cause::DnsNoSuchName => "correct the host, or name its network under `prometheus.networks`; it stands",
        Cause::ConnectionRefused => "start what shall listen there, or correct host and port",
        Cause::Timeout => "look for a firewall on the way, or write a longer `scrape_timeout`",
        Cause::AuthRequired => "write `basic_auth` or `authorization`",
        Cause::TlsMismatch => "correct `scheme` or `tls_config`",
        Cause::WrongPath => "correct `metrics_path`",
        Cause::HttpStatus => "see why it answers so, or correct `metrics_path`",
        Cause::SampleLimit => "write a higher `sample_limit`",
        Cause::BadContentType => "write `fallback_scrape_protocol`, or correct `metrics_path`",
        _ => "have it answer with metrics, or correct `metrics_path`",
    }
}

/// Targets that the job writes out and Prometheus does not have, and a job that finds nothing.
fn absent(name: &str, job: &Value, active: &[&Target], targets: &Targets) -> Vec<Finding> {
    let dropped: HashSet<&str> =
        targets.dropped.iter().filter(|target| target.pool == name).map(|target| target.address.as_str()).collect();
    let known: HashSet<&str> = active.iter().map(|target| target.address.as_str()).collect();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let written = list(&job["static_configs"]).iter().flat_map(|group| list(&group["targets"])).collect::<Vec<_>>();
    let written: Vec<&str> = written.iter().filter_map(Value::as_str).collect();
    let missing = |address: &&&str| !known.contains(**address) && !dropped.contains(**address);
    let findings: Vec<Finding> = written.iter().filter(missing).map(|address| not_there(name, address)).collect();
    if findings.is_empty() && active.is_empty() {
        let message = if dropped.is_empty() {
            format!("the job `{name}` finds no target")
        } else {
            format!("relabelling drops every target that the job `{name}` finds")
        };
        let fix = format!(
            "look at its discovery and `relabel_configs` in `{PLACE}`; where there is nothing yet, all is well"
        );
        let trouble = Trouble::new(Cause::TargetMissing, message, fix);
        return vec![Finding::fail(super::TARGETS, name, None, trouble).as_warning()];
    }
    findings
}

fn not_there(job: &str, address: &str) -> Finding {
    let message = format!("Prometheus has no target `{address}` in the job `{job}`");
    let fix = "wait 5 s, the time Prometheus takes to gather its targets; else run `stackctl up`, which has it read its \
               configuration again";
    Finding::fail(super::TARGETS, job, Some(address), Trouble::new(Cause::TargetMissing, message, fix))
}

/// What a job in Prometheus' own words scrapes beside another job. The stack's other jobs are compared elsewhere.
fn twice(index: &Index, extra: &HashSet<&str>, targets: &Targets) -> Vec<Finding> {
    let mut findings = Vec::new();
    if extra.is_empty() {
        return findings;
    }
    let mut first: HashMap<String, &Target> = HashMap::new();
    for target in &targets.active {
        let earlier = *first.entry(place(index, &target.url)).or_insert(target);
        let (one, other) = (earlier.pool.as_str(), target.pool.as_str());
        let (job, beside) = if extra.contains(other) { (other, one) } else { (one, other) };
        if one == other || !extra.contains(job) {
            continue;
        }
        let message =
            format!("`{}` is scraped by the jobs `{beside}` and `{job}`: sums count it twice", target.address);
        let fix = format!("take it out of the job `{job}` of `{PLACE}`, or out of `{beside}`");
        let trouble = Trouble::new(Cause::TargetDuplicate, message, fix);
        findings.push(Finding::fail(super::TARGETS, job, Some(&target.address), trouble).as_warning());
    }
    findings
}

/// A URL with the container's name for whatever it is called by.
fn place(index: &Index, url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let Some((host, port)) = authority.rsplit_once(':') else { return url.to_owned() };
    let container = index.container_at(authority).or_else(|| index.container_called(host));
    container.map_or_else(|| url.to_owned(), |container| format!("{scheme}://{}:{port}/{path}", container.name))
}

/// A job that runs and that the stack file does not have.
fn drift(job: &str, found: &[&Target]) -> Finding {
    let addresses: Vec<String> = found.iter().take(3).map(|target| format!("`{}`", target.address)).collect();
    let more = if found.len() > 3 { format!(" and {} more", found.len() - 3) } else { String::new() };
    let message =
        format!("Prometheus runs a job `{job}`, which the stack file does not have: {}{more}", addresses.join(", "));
    let fix = format!("run `stackctl up`, which takes it away; to keep it, write it under `{PLACE}`");
    Finding::fail(super::TARGETS, job, None, Trouble::new(Cause::TargetUnexpected, message, fix))
}
