//! A target that Prometheus calls up and that had nothing to say: a scrape without any sample is none that failed.

use super::answer::elsewhere;
use super::evidence::Evidence;
use super::expected::Expected;
use super::says::{Unreached, said};
use crate::client::Target;
use crate::desired::Duration;
use crate::probe::{Answer, Body, Http};
use crate::verify::{Cause, Finding, Status, Trouble};

/// What Prometheus records of each scrape: the samples that the target had for it.
pub(super) const SAMPLES: &str = "scrape_samples_scraped";

/// Whether the last scrape of a target that is up found no sample. A job that passes on what others say, as `/federate` does,
/// may well have nothing to pass on.
pub(super) fn is_empty(expected: &Expected, target: &Target, unreached: &Unreached) -> bool {
    !expected.job.honor_labels && said(target, unreached).is_some_and(|metrics| metrics.contains_key(SAMPLES))
}

/// What the page is in truth. Without a look at it nobody knows, and that is a warning.
pub(super) fn finding(expected: &Expected, evidence: &Evidence, interval: Duration) -> Finding {
    let page = evidence.looked.get(&expected.key()).and_then(|looked| match &looked.answer {
        Some(Answer::Http(http)) if http.status == 200 => Some((looked, http)),
        _ => None,
    });
    let (status, cause, what, next) = match page {
        Some((_, http)) if http.is_empty() && names_metrics(http) => {
            let next =
                "have the app count something, such as a request; a metric without labels has a value from the start";
            (
                Status::Warn,
                Cause::NotMetrics,
                "names its metrics, and has no sample of any yet".to_owned(),
                next.to_owned(),
            )
        }
        Some((looked, http)) if http.is_empty() => {
            let (found, next) = elsewhere(expected, looked);
            let with = if http.bytes == 0 { "with nothing at all" } else { "without a single sample" };
            (
                Status::Fail,
                Cause::NotMetrics,
                format!("answers 200 {with}, so that Prometheus calls it up{found}"),
                next,
            )
        }
        Some((_, Http { body: Body::Metrics { samples }, .. })) => {
            let what = format!("answers {samples} samples now; the last scrape found none");
            let next = format!("wait for the next scrape, at most {interval}, then run `stackctl verify` again");
            (Status::Warn, Cause::TargetPending, what, next)
        }
        _ => {
            let next = "run `stackctl verify targets`, which looks at the page";
            (
                Status::Warn,
                Cause::NotMetrics,
                "is scraped, and the last scrape found no sample".to_owned(),
                next.to_owned(),
            )
        }
    };
    let trouble = Trouble::new(cause, format!("`{}` {what}", expected.shown_url()), next);
    Finding { status, ..Finding::fail(super::TARGETS, &expected.job.name, Some(&expected.instance), trouble) }
}

/// Whether there are lines about metrics: a client library writes these before the first value of one with labels.
fn names_metrics(http: &Http) -> bool {
    http.head.lines().any(|line| line.starts_with("# TYPE ") || line.starts_with("# HELP "))
}
