//! One scrape job, from what `metrics` says about it.

use super::{BasicAuth, Duration, Job, JobOrigin, JobTargets, PlacedSecret, SecretSource, Tls, secret};
use crate::catalog::{Version, prometheus::FALLBACK_SCRAPE_PROTOCOL};
use crate::stack::Metrics;
use crate::stack::defaults::METRICS_PATH;

/// What holds for every job that does not say otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// Time between two scrapes.
    pub(super) interval: Duration,
    /// Time one scrape may take.
    pub(super) timeout: Duration,
    /// Version of Prometheus, which decides the keys that may be written.
    pub(super) version: Version,
}

/// One job.
pub(super) fn job(name: &str, origin: JobOrigin, targets: JobTargets, metrics: &Metrics, timing: &Timing) -> Job {
    Job {
        name: name.to_owned(),
        origin,
        targets,
        path: metrics.path.clone().unwrap_or_else(|| METRICS_PATH.to_owned()),
        scheme: metrics.scheme,
        interval: metrics.interval,
        timeout: timeout(metrics, timing),
        labels: metrics.labels.clone(),
        params: metrics.params.clone(),
        basic_auth: metrics.basic_auth.as_ref().map(|auth| BasicAuth {
            username: auth.username.clone(),
            password_file: secret::path(&password_name(name)),
        }),
        bearer_token_file: metrics.bearer_token_file.as_ref().map(|_| secret::path(&token_name(name))),
        tls: metrics.tls.as_ref().map(|tls| Tls {
            ca_file: tls.ca_file.as_ref().map(|_| secret::path(&authority_name(name))),
            server_name: tls.server_name.clone(),
            insecure_skip_verify: tls.insecure_skip_verify,
        }),
        fallback_scrape_protocol: metrics
            .fallback_scrape_protocol
            .clone()
            .filter(|_| timing.version >= FALLBACK_SCRAPE_PROTOCOL),
        sample_limit: metrics.sample_limit,
        honor_labels: metrics.honor_labels,
        prober: None,
        says: None,
    }
}

/// The secrets that a job reads inside the Prometheus container.
pub(super) fn secrets(job_name: &str, metrics: &Metrics) -> Vec<PlacedSecret> {
    let password = metrics.basic_auth.as_ref().map(|auth| secret::place(password_name(job_name), &auth.password));
    let file = |name, path: &Option<String>| Some(secret::at_usual_place(name, SecretSource::File(path.clone()?)));
    let token = file(token_name(job_name), &metrics.bearer_token_file);
    let authority = metrics.tls.as_ref().and_then(|tls| file(authority_name(job_name), &tls.ca_file));
    [password, token, authority].into_iter().flatten().collect()
}

/// Never above the interval in force: Prometheus refuses a file in which it is.
fn timeout(metrics: &Metrics, timing: &Timing) -> Option<Duration> {
    let interval = metrics.interval.unwrap_or(timing.interval);
    match metrics.timeout {
        Some(timeout) => Some(timeout.min(interval)),
        None => (timing.timeout > interval).then_some(interval),
    }
}

fn password_name(job_name: &str) -> String {
    format!("scrape_{job_name}_password")
}

fn token_name(job_name: &str) -> String {
    format!("scrape_{job_name}_token")
}

fn authority_name(job_name: &str) -> String {
    format!("scrape_{job_name}_ca")
}
