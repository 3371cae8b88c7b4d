//! What Prometheus says of its targets: who is there, who is missing, who is too many.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::evidence::Evidence;
use super::expected::{Expected, Index, without_parameters};
use super::shards;
use crate::client::{Health, Target, Targets};
use crate::desired::{Duration, JobTargets, Role};
use crate::verify::{Cause, Finding, Trouble};

/// Prometheus' targets, by job and address.
pub(super) struct Scraped<'a> {
    active: &'a [Target],
    by_address: HashMap<(&'a str, &'a str), Vec<usize>>,
    dropped: HashSet<(&'a str, &'a str)>,
}

impl<'a> Scraped<'a> {
    pub(super) fn new(targets: &'a Targets) -> Self {
        let mut by_address: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (position, target) in targets.active.iter().enumerate() {
            by_address.entry((&target.pool, &target.address)).or_default().push(position);
        }
        let dropped = targets.dropped.iter().map(|target| (target.pool.as_str(), target.address.as_str())).collect();
        Self { active: &targets.active, by_address, dropped }
    }

    /// Positions of the targets that are this replica.
    pub(super) fn positions(&self, expected: &Expected) -> Vec<usize> {
        let by_address: &HashMap<(&str, &str), Vec<usize>> = &self.by_address;
        let find = |address| by_address.get(&(expected.job.name.as_str(), address));
        expected.addresses.iter().map(String::as_str).filter_map(find).flatten().copied().collect()
    }

    /// The target that is this replica; a good one where there are several.
    pub(super) fn target(&self, expected: &Expected) -> Option<&'a Target> {
        let targets = || self.positions(expected).into_iter().filter_map(|position| self.active.get(position));
        targets().find(|target| target.health == Health::Up).or_else(|| targets().next())
    }

    /// The target that proves that this replica is scraped: well, asked as the stack file says, and since its container
    /// started. What Prometheus saw before a reload or of an earlier container proves nothing.
    pub(super) fn proof(&self, expected: &Expected) -> Option<&'a Target> {
        let started_at = expected.container.map_or(0, |container| container.started_at);
        self.target(expected).filter(|target| {
            target.health == Health::Up
                && other_question(expected, target).is_none()
                && target.last_scrape.is_none_or(|scraped_at| scraped_at >= started_at)
        })
    }

    pub(super) fn is_dropped(&self, expected: &Expected) -> bool {
        expected.addresses.iter().any(|address| self.dropped.contains(&(expected.job.name.as_str(), address.as_str())))
    }

    /// Targets in jobs of the stack that no expected replica stands behind, by job.
    ///
    /// A replica that stopped or left its network has lost its address, and Prometheus goes on with the one that its last lookup
    /// gave, well or not as its last scrape was. That is no stranger: the replica itself is told to be down.
    pub(super) fn unexpected(&self, expected: &[Expected]) -> Vec<&'a Target> {
        let jobs: HashSet<&str> = expected.iter().map(|expected| expected.job.name.as_str()).collect();
        let known: HashSet<usize> = expected.iter().flat_map(|expected| self.positions(expected)).collect();
        let mut without_address: HashMap<&str, usize> = HashMap::new();
        for expected in expected.iter().filter(|expected| expected.addresses.is_empty()) {
            *without_address.entry(&expected.job.name).or_default() += 1;
        }
        let mut is_left_behind = |target: &Target| {
            let gone = without_address.get_mut(target.pool.as_str()).filter(|gone| **gone > 0);
            gone.map(|gone| *gone -= 1).is_some()
        };
        let others = self.active.iter().enumerate().filter(|(position, _)| !known.contains(position));
        let of_the_stack = others.map(|(_, target)| target).filter(|target| jobs.contains(target.pool.as_str()));
        of_the_stack.filter(|target| !is_left_behind(target)).collect()
    }
}

/// Job and address of every target that a configuration writes out.
pub(super) fn written_out(config: &Value) -> BTreeSet<(String, String)> {
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let mut found = BTreeSet::new();
    for job in list(&config["scrape_configs"]) {
        for target in list(&job["static_configs"]).iter().flat_map(|group| list(&group["targets"])) {
            if let (Some(job_name), Some(address)) = (job["job_name"].as_str(), target.as_str()) {
                found.insert((job_name.to_owned(), address.to_owned()));
            }
        }
    }
    found
}

/// A finding for each target that nothing in the stack file stands behind.
pub(super) fn unexpected(index: &Index, scraped: &Scraped, expected: &[Expected]) -> Vec<Finding> {
    scraped.unexpected(expected).into_iter().map(|target| stranger(index, target)).collect()
}

fn stranger(index: &Index, target: &Target) -> Finding {
    let (instance, message, fix) = match index.container_at(&target.address) {
        Some(container) => (
            container.name.as_str(),
            format!("Prometheus scrapes `{}`, which the stack file does not want", container.name),
            "run `stackctl up`, which takes it away",
        ),
        None if is_written_out(index, &target.pool) => (
            target.address.as_str(),
            format!(
                "Prometheus scrapes `{}` in the job `{}`, which the stack file does not want",
                target.address, target.pool
            ),
            "run `stackctl up`, which has Prometheus read its configuration again",
        ),
        None => (
            target.address.as_str(),
            format!("Prometheus scrapes `{}`, and no replica of the stack has that address", target.address),
            "after a change of scale wait for the next lookup; else find who answers to the job's name in the network",
        ),
    };
    Finding::fail(super::TARGETS, &target.pool, Some(instance), Trouble::new(Cause::TargetUnexpected, message, fix))
}

/// Whether the stack file names the targets of a job one by one.
fn is_written_out(index: &Index, job_name: &str) -> bool {
    let mut jobs = index.desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    jobs.any(|job| job.name == job_name && matches!(job.targets, JobTargets::Static(_)))
}

/// A finding for each replica that is scraped more than once, be it in one job or in several.
pub(super) fn duplicates(scraped: &Scraped, expected: &[Expected], evidence: &Evidence) -> Vec<Finding> {
    let mut first_job: HashMap<&str, &str> = HashMap::new();
    let mut findings = Vec::new();
    for (job, instance, url) in urls(scraped, expected) {
        let earlier = *first_job.entry(url).or_insert(job);
        if earlier != job {
            let message = format!("`{url}` is scraped by the jobs `{earlier}` and `{job}`: sums count it twice");
            let fix = format!(
                "take it out of {} or of {}, then run `stackctl up`",
                place(expected, job),
                place(expected, earlier)
            );
            findings.push(duplicate(job, instance, message, fix));
        }
    }
    for expected in expected {
        let count = scraped.positions(expected).len();
        let scrapers = shards::scrapers(expected, evidence);
        if let [one, other, ..] = scrapers.as_slice()
            && one != other
        {
            let message =
                format!("`{}` is scraped by `{one}` and by `{other}`: sums count it twice", expected.instance);
            let fix = "run `stackctl up`, which has both read their configuration again".to_owned();
            findings.push(duplicate(&expected.job.name, &expected.instance, message, fix));
        } else if count > 1 {
            let message =
                format!("`{}` is scraped {count} times in one job: sums count it as often", expected.instance);
            let fix = format!("leave `{}` one network with Prometheus, and one entry in the job", expected.job.name);
            findings.push(duplicate(&expected.job.name, &expected.instance, message, fix));
        }
    }
    findings
}

/// Job, instance and URL of every target that is an expected replica, each URL once per job.
fn urls<'a>(scraped: &Scraped<'a>, expected: &'a [Expected]) -> Vec<(&'a str, &'a str, &'a str)> {
    let mut seen = HashSet::new();
    let all = expected.iter().flat_map(|expected| {
        let targets = scraped.positions(expected).into_iter().filter_map(|position| scraped.active.get(position));
        targets.map(move |target| (expected.job.name.as_str(), expected.instance.as_str(), target.url.as_str()))
    });
    all.filter(|(job, _, url)| seen.insert((*job, *url))).collect()
}

/// Where the stack file says what a job scrapes.
fn place(expected: &[Expected], job_name: &str) -> String {
    let setting = expected.iter().find(|expected| expected.job.name == job_name).and_then(Expected::setting);
    setting.map_or_else(|| format!("the job `{job_name}`"), |setting| format!("`{setting}`"))
}

fn duplicate(job: &str, instance: &str, message: String, fix: String) -> Finding {
    Finding::fail(super::TARGETS, job, Some(instance), Trouble::new(Cause::TargetDuplicate, message, fix))
}

/// Why a replica that answers the probe well is nevertheless not up in Prometheus.
pub(super) fn trouble(expected: &Expected, scraped: &Scraped, evidence: &Evidence, interval: Duration) -> Trouble {
    let Some(target) = scraped.target(expected) else {
        return absent(expected, scraped, evidence);
    };
    let asked = expected_path(expected);
    if let Some(difference) = other_question(expected, target) {
        let message = format!(
            "Prometheus asks `{}://{}`; the stack file says path `/{asked}`, {}",
            difference.0,
            difference.1,
            expected.job.scheme.word()
        );
        return Trouble::new(
            Cause::ConfigStale,
            message,
            "run `stackctl up`, which has Prometheus read its configuration again",
        );
    }
    let wait = format!("wait for the next scrape, at most {interval}, then run `stackctl verify` again");
    match target.health {
        Health::Down => last_error(expected, &target.last_error).unwrap_or_else(|| {
            let error = without_parameters(expected.job, &target.last_error);
            let message = format!("`{}` answers now; the last scrape failed: {error}", expected.instance);
            Trouble::new(Cause::TargetPending, message, wait)
        }),
        Health::Up | Health::Unknown => {
            let message = format!("Prometheus knows `{}` and has not scraped it yet", expected.instance);
            Trouble::new(Cause::TargetPending, message, wait)
        }
    }
}

/// Scheme and rest of the URL that Prometheus asks, where that is not what the stack file says.
fn other_question<'a>(expected: &Expected, target: &'a Target) -> Option<(&'a str, &'a str)> {
    target.url.split_once("://").filter(|(running, rest)| {
        let path = rest.split_once('/').map(|(_, path)| path_of(path));
        *running != expected.job.scheme.word() || path.is_some_and(|path| path != expected_path(expected))
    })
}

fn expected_path<'a>(expected: &'a Expected<'_>) -> &'a str {
    expected.job.path.trim_start_matches('/')
}

fn path_of(path_and_query: &str) -> &str {
    path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path)
}

fn absent(expected: &Expected, scraped: &Scraped, evidence: &Evidence) -> Trouble {
    let (job, instance) = (&expected.job.name, &expected.instance);
    if let Some(trouble) = shards::unscraped(expected, evidence, scraped.is_dropped(expected)) {
        return trouble;
    }
    if scraped.is_dropped(expected) {
        let message = format!("Prometheus finds `{instance}`, and relabelling in the job `{job}` drops it");
        return Trouble::new(Cause::TargetMissing, message, "correct the job's `relabel_configs`");
    }
    match &expected.job.targets {
        JobTargets::Dns { name, refresh_interval, .. } => {
            let message = format!("`{name}` leads to `{instance}`, and Prometheus has not looked since");
            let seconds = refresh_interval.as_millis().div_ceil(1000);
            Trouble::new(
                Cause::TargetPending,
                message,
                format!("wait {seconds} s for the next lookup, then run `stackctl verify` again"),
            )
        }
        JobTargets::Static(_) if is_promised(expected, evidence) => {
            let message = format!("Prometheus has read that it shall scrape `{instance}`, and has not begun");
            Trouble::new(
                Cause::TargetPending,
                message,
                "wait 5 s, the time Prometheus takes to gather its targets, then run `stackctl verify` again",
            )
        }
        JobTargets::Static(_) => {
            let message =
                format!("`{instance}` is well, and the running Prometheus has no such target in the job `{job}`");
            Trouble::new(
                Cause::TargetMissing,
                message,
                "run `stackctl up`, which has Prometheus read its configuration again",
            )
        }
    }
}

fn is_promised(expected: &Expected, evidence: &Evidence) -> bool {
    let promised = |address: &String| evidence.promised.contains(&(expected.job.name.clone(), address.clone()));
    expected.addresses.iter().any(promised)
}

/// What to do about the certificate that Prometheus shows itself.
fn own_certificate(error: &str) -> &'static str {
    if error.contains("valid for")
        || error.contains("Common Name")
        || error.contains("any names")
        || error.contains("SANs")
    {
        "set `prometheus.web.tls.server_name` to a name that the certificate carries, or give it one that carries `prometheus`"
    } else if error.contains("expired") {
        "give `prometheus.web.tls` a certificate that is valid"
    } else {
        "have `prometheus.web.tls.ca_file` name who signed the certificate"
    }
}

/// What only Prometheus' own error can tell: its certificates, its credentials, its limits.
fn last_error(expected: &Expected, error: &str) -> Option<Trouble> {
    let url = expected.shown_url();
    let error = without_parameters(expected.job, error);
    if error.contains("x509:") || error.contains("tls:") {
        let message = format!("`{url}` speaks TLS, and Prometheus does not trust it: {error}");
        let is_prometheus = expected.service.is_some_and(|service| service.role == Role::Prometheus);
        let fix =
            if is_prometheus { own_certificate(&error).to_owned() } else { expected.write("tls", "{ ca_file: PATH }") };
        return Some(Trouble::new(Cause::TlsMismatch, message, fix));
    }
    // Between versions Prometheus differs in what it reads, in `OpenMetrics` above all: its word is the last.
    if error.contains("while parsing") || error.contains(", got \"") || error.contains("does not support exemplars") {
        let message = format!("Prometheus cannot read `{url}`: {error}");
        return Some(Trouble::new(Cause::ParseError, message, "have the app write what this Prometheus reads"));
    }
    if error.contains("sample limit exceeded") {
        let message = format!("`{url}` answers more samples than the job's limit");
        return Some(Trouble::new(Cause::SampleLimit, message, expected.write("sample_limit", "A_HIGHER_NUMBER")));
    }
    if error.contains("HTTP status 401") || error.contains("HTTP status 403") {
        let message = format!("`{url}` does not take the credentials that Prometheus sends");
        return Some(Trouble::new(Cause::AuthRequired, message, expected.authenticate()));
    }
    None
}

/// The cause as far as Prometheus' own error tells it, for when the probe could not look.
pub(super) fn without_probe(expected: &Expected, scraped: &Scraped, why: &str) -> Trouble {
    let error = scraped.target(expected).map_or("", |target| target.last_error.as_str());
    if let Some(trouble) = last_error(expected, error) {
        return trouble;
    }
    if error.is_empty() {
        let message = format!("Prometheus has not scraped `{}` yet", expected.instance);
        return Trouble::new(
            Cause::TargetPending,
            message,
            "wait for the next scrape, then run `stackctl verify` again",
        );
    }
    let Some(cause) = cause_of(error) else {
        return Trouble::new(
            Cause::TargetPending,
            format!("Prometheus says: {error}; the probe could not look closer: {why}"),
            "run `stackctl verify` again",
        );
    };
    Trouble::new(cause, format!("Prometheus says: {error}"), format!("the probe could not look closer: {why}"))
}

/// The cause that Prometheus' own error names.
pub(super) fn cause_of(error: &str) -> Option<Cause> {
    let causes = [
        ("no such host", Cause::DnsNoSuchName),
        ("connection refused", Cause::ConnectionRefused),
        ("server gave HTTP response to HTTPS client", Cause::TlsMismatch),
        ("malformed HTTP response", Cause::TlsMismatch),
        ("Content-Type", Cause::BadContentType),
        ("HTTP status 404", Cause::WrongPath),
        ("HTTP status 405", Cause::WrongPath),
        ("HTTP status 410", Cause::WrongPath),
        ("HTTP status", Cause::HttpStatus),
        ("context deadline exceeded", Cause::Timeout),
        ("i/o timeout", Cause::Timeout),
        ("no route to host", Cause::Timeout),
    ];
    causes.into_iter().find(|(part, _)| error.contains(part)).map(|(_, cause)| cause)
}
