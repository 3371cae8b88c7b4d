//! The golden signals of an app: what its requests, failures, durations and load are called.

use std::collections::BTreeSet;

use super::Exposed;
use super::instrumentation::{HTTP_SERVERS, HttpServer, RUNTIME, STATUS_LABELS};
use crate::promql::{Operator, Selector};

/// What the golden signals of an app are called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals {
    /// Durations, in seconds.
    pub latency: Option<Latency>,
    /// Counter of requests.
    pub traffic: Option<Selector>,
    /// Counter of failed requests.
    pub errors: Option<Selector>,
    /// Gauge of requests in flight.
    pub in_flight: Option<Selector>,
    /// What tells how full the app is.
    pub saturation: Vec<Selector>,
}

/// How durations are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Latency {
    /// A histogram, by its name without `_bucket`.
    Histogram(Selector),
    /// Only their sum and count, by the name without `_sum`: no percentiles, a mean.
    Mean(Selector),
}

impl Signals {
    /// What of them is recognised by what an app exposes.
    pub fn recognised(exposed: &Exposed) -> Self {
        if exposed.is_empty() {
            return Self::default();
        }
        let known = HTTP_SERVERS.iter().find_map(|server| Some((server, status_label(server, exposed)?)));
        let Some((server, label)) = known else { return Self::default() };
        let requests = of_users(server, server.requests);
        let duration = of_users(server, server.duration);
        let latency = if exposed.has(&format!("{}_bucket", server.duration)) {
            Some(Latency::Histogram(duration))
        } else if exposed.has(&format!("{}_sum", server.duration)) {
            Some(Latency::Mean(duration))
        } else {
            None
        };
        Self {
            latency,
            errors: Some(requests.clone().with(label, Operator::Matches, "5..")),
            traffic: Some(requests),
            in_flight: exposed.has(server.in_flight).then(|| Selector::of(server.in_flight)),
            saturation: Vec::new(),
        }
    }

    /// These, and for each that is missing the other's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            latency: self.latency.or(other.latency),
            // A counter of failures belongs to its counter of requests.
            errors: if self.traffic.is_some() { self.errors } else { self.errors.or(other.errors) },
            traffic: self.traffic.or(other.traffic),
            in_flight: self.in_flight.or(other.in_flight),
            saturation: if self.saturation.is_empty() { other.saturation } else { self.saturation },
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Every metric by which an app is recognised, sorted.
pub fn telling_metrics() -> BTreeSet<String> {
    let of_servers = HTTP_SERVERS.iter().flat_map(|server| {
        let durations = ["_bucket", "_sum"].map(|suffix| format!("{}{suffix}", server.duration));
        [server.requests.to_owned(), server.in_flight.to_owned()].into_iter().chain(durations)
    });
    let of_runtimes = RUNTIME.iter().flat_map(|runtime| runtime.metrics).map(|metric| (*metric).to_owned());
    of_servers.chain(of_runtimes).filter(|metric| !metric.is_empty()).collect()
}

fn status_label(server: &HttpServer, exposed: &Exposed) -> Option<&'static str> {
    STATUS_LABELS.iter().copied().find(|label| exposed.has_label(server.requests, label))
}

/// The series of a metric that come from users' requests.
fn of_users(server: &HttpServer, metric: &str) -> Selector {
    let all = Selector::of(metric);
    match server.without {
        Some((label, others)) => all.with(label, Operator::MatchesNot, others),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::{Latency, Signals, telling_metrics};
    use crate::dashboard::Exposed;
    use crate::promql::Selector;

    fn exposed(metrics: &[(&str, &[&str])]) -> Exposed {
        let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        Exposed(metrics.iter().map(|(metric, found)| ((*metric).to_owned(), labels(found))).collect())
    }

    fn traffic_and_errors(metrics: &[(&str, &[&str])]) -> (String, String) {
        let signals = Signals::recognised(&exposed(metrics));
        let text = |selector: Option<Selector>| selector.map(|selector| selector.to_string()).unwrap_or_default();
        (text(signals.traffic), text(signals.errors))
    }

    #[test]
    fn each_library_is_recognised_by_its_names() {
        for (metric, label, traffic, errors) in [
            ("http_requests_total", "code", "http_requests_total", r#"http_requests_total{code=~"5.."}"#),
            ("http_requests_total", "status", "http_requests_total", r#"http_requests_total{status=~"5.."}"#),
            (
                "http_server_requests_seconds_count",
                "status",
                r#"http_server_requests_seconds_count{uri!~"/actuator.*"}"#,
                r#"http_server_requests_seconds_count{uri!~"/actuator.*",status=~"5.."}"#,
            ),
            (
                "http_server_request_duration_seconds_count",
                "http_response_status_code",
                "http_server_request_duration_seconds_count",
                r#"http_server_request_duration_seconds_count{http_response_status_code=~"5.."}"#,
            ),
            (
                "flask_http_request_total",
                "status",
                "flask_http_request_total",
                r#"flask_http_request_total{status=~"5.."}"#,
            ),
        ] {
            assert_eq!(traffic_and_errors(&[(metric, &[label])]), (traffic.to_owned(), errors.to_owned()));
        }
    }

    #[test]
    fn a_counter_without_a_status_is_not_taken_for_a_librarys() {
        assert_eq!(traffic_and_errors(&[("http_requests_total", &[])]), (String::new(), String::new()));
    }

    #[test]
    fn percentiles_need_buckets_and_without_them_there_is_a_mean() {
        let count: (&str, &[&str]) = ("http_server_requests_seconds_count", &["status"]);
        let latency = |metrics: &[(&str, &[&str])]| Signals::recognised(&exposed(metrics)).latency;
        assert_eq!(latency(&[count]), None);
        let mean = latency(&[count, ("http_server_requests_seconds_sum", &[])]);
        assert!(matches!(mean, Some(Latency::Mean(_))), "{mean:?}");
        let histogram =
            latency(&[count, ("http_server_requests_seconds_sum", &[]), ("http_server_requests_seconds_bucket", &[])]);
        assert!(matches!(histogram, Some(Latency::Histogram(_))), "{histogram:?}");
    }

    #[test]
    fn what_is_written_goes_before_what_is_recognised() {
        let written = Signals { traffic: Some(Selector::of("orders_total")), ..Signals::default() };
        let recognised = Signals::recognised(&exposed(&[("http_requests_total", &["code"])]));
        let both = written.or(recognised);
        assert_eq!(both.traffic, Some(Selector::of("orders_total")));
        assert_eq!(both.errors, None, "failures of other requests are no share of these");
    }

    #[test]
    fn the_metrics_that_tell_are_those_that_panels_ask_for() {
        let metrics = telling_metrics();
        for metric in ["go_goroutines", "http_request_duration_seconds_bucket", "jvm_memory_max_bytes"] {
            assert!(metrics.contains(metric), "{metric}");
        }
        assert!(metrics.iter().all(|metric| !metric.is_empty()));
    }
}
