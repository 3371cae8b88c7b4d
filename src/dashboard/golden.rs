//! The queries of the golden signals. Each is a ratio of rates, never a rate of ratios, and yields 0 where nothing
//! happened, not nothing.

use super::{Latency, Signals};
use crate::promql::{Operator, Selector};

/// Macro for a length of time over which a rate has enough scrapes to go by.
pub(super) const WINDOW: &str = "[$__rate_interval]";

/// Signals of one job, narrowed to the instances that were chosen.
pub(super) struct Golden<'a> {
    pub(super) signals: &'a Signals,
    /// Job that all selectors are narrowed to.
    pub(super) job: &'a str,
    /// Narrow to the variable `$instance`, too.
    pub(super) by_instance: bool,
}

impl Golden<'_> {
    /// The selector for this job alone.
    pub(super) fn of_job(&self, selector: &Selector) -> Selector {
        let selector = selector.clone().with("job", Operator::Equal, self.job);
        if self.by_instance { selector.with("instance", Operator::Matches, "$instance") } else { selector }
    }

    fn rate(&self, selector: &Selector) -> String {
        format!("sum(rate({}{WINDOW}))", self.of_job(selector))
    }

    /// Requests a second.
    pub(super) fn traffic(&self) -> Option<String> {
        self.signals.traffic.as_ref().map(|traffic| self.rate(traffic))
    }

    /// Share of requests that fail, 0 to 1; failures a second where requests are not counted.
    pub(super) fn errors(&self) -> Option<String> {
        let errors = self.rate(self.signals.errors.as_ref()?);
        Some(match self.traffic() {
            // No failed request yet: no series, and the share is 0. No request at all: 0, not 0/0.
            Some(traffic) => format!("({errors} or 0 * {traffic}) / clamp_min({traffic}, 1e-9)"),
            None => format!("{errors} or vector(0)"),
        })
    }

    /// Seconds below which that share of requests is answered; the mean where only that is known.
    pub(super) fn latency(&self, quantile: f64) -> Option<String> {
        Some(match self.signals.latency.as_ref()? {
            Latency::Histogram(histogram) => {
                let buckets = self.of_job(&histogram.with_suffix("_bucket"));
                format!("histogram_quantile({quantile}, sum by (le) (rate({buckets}{WINDOW})))")
            }
            Latency::Mean(durations) => {
                let (sum, count) = (durations.with_suffix("_sum"), durations.with_suffix("_count"));
                format!("{} / clamp_min({}, 1e-9)", self.rate(&sum), self.rate(&count))
            }
        })
    }

    /// Requests being answered.
    pub(super) fn in_flight(&self) -> Option<String> {
        self.signals.in_flight.as_ref().map(|gauge| format!("sum({})", self.of_job(gauge)))
    }
}
