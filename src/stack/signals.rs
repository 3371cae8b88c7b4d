//! `signals`: what the golden signals of an app are called.

/// Metric selectors of the golden signals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signals {
    /// A histogram of durations, in seconds.
    pub latency: Option<String>,
    /// A counter of requests.
    pub traffic: Option<String>,
    /// A counter of failed requests.
    pub errors: Option<String>,
    /// A gauge of requests in flight.
    pub in_flight: Option<String>,
    /// Gauges that tell how full the app is.
    pub saturation: Vec<String>,
}
