//! How a demo app is run, and how it is broken on purpose.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How a demo app is run. The default is a good app; every other value breaks one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Address to listen on; all addresses, port 80, by default. A loopback address hides the app from Prometheus.
    pub listen: SocketAddr,
    /// Path of the metrics; `None`: the app's own.
    pub metrics_path: Option<String>,
    /// Share of pages that answer 500, from 0 to 1, spread evenly.
    pub fail_ratio: f64,
    /// Time every page takes at least.
    pub slow: Duration,
    /// Time the metrics take at least.
    pub slow_metrics: Duration,
    /// Status with which the metrics answer instead of 200, without a body.
    pub metrics_status: Option<u16>,
    /// User and password that the metrics ask for.
    pub basic_auth: Option<BasicAuth>,
    /// `Content-Type` of the metrics.
    pub metrics_content_type: ContentType,
    /// Body of the metrics.
    pub metrics_body: MetricsBody,
    /// Number of useless series among the metrics, for sample limits.
    pub extra_series: usize,
    /// End by itself.
    pub exit_after: Option<ExitAfter>,
    /// `/healthz` answers 503 instead of 200.
    pub unhealthy: bool,
    /// Base URL of `accesslog`, as `image-gallery` calls it.
    pub accesslog_url: String,
    /// Base URL of `iotd`, as `image-gallery` calls it.
    pub iotd_url: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80)),
            metrics_path: None,
            fail_ratio: 0.0,
            slow: Duration::ZERO,
            slow_metrics: Duration::ZERO,
            metrics_status: None,
            basic_auth: None,
            metrics_content_type: ContentType::Usual,
            metrics_body: MetricsBody::Good,
            extra_series: 0,
            exit_after: None,
            unhealthy: false,
            accesslog_url: "http://accesslog".to_owned(),
            iotd_url: "http://iotd".to_owned(),
        }
    }
}

/// A user and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// The user's name; it has no colon.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A `Content-Type` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentType {
    /// The one that belongs to the body.
    Usual,
    /// No header at all.
    Absent,
    /// This one.
    Other(String),
}

/// What the metrics' body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsBody {
    /// The metrics.
    Good,
    /// A web page.
    Html,
    /// A JSON document.
    Json,
    /// The metrics with a line in between that cannot be parsed.
    Broken,
    /// Nothing at all.
    Empty,
}

/// When to end without being asked, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitAfter {
    /// Time after the start.
    pub delay: Duration,
    /// Exit code.
    pub code: u8,
}
