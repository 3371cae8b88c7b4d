//! Breaks pages on purpose: some fail, all are slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::Options;

/// What is wrong with the pages of an app.
#[derive(Debug, Clone)]
pub(super) struct Faults {
    delay: Duration,
    fail_ratio: f64,
    seen: Arc<AtomicU64>,
}

impl Faults {
    /// What the options ask for.
    pub(super) fn new(options: &Options) -> Self {
        Self { delay: options.slow, fail_ratio: options.fail_ratio.clamp(0.0, 1.0), seen: Arc::default() }
    }

    /// Whether the next page fails. Spread evenly instead of by chance, so that a test can count on it.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 pages")]
    fn next_fails(&self) -> bool {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) as f64;
        ((seen + 1.0) * self.fail_ratio).floor() > (seen * self.fail_ratio).floor()
    }
}

/// Answers in the page's place, or lets it answer, late.
pub(super) async fn inject(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    tokio::time::sleep(faults.delay).await;
    if faults.next_fails() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "this page fails on purpose\n").into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::{Faults, Options};

    fn failures_among(pages: usize, fail_ratio: f64) -> usize {
        let faults = Faults::new(&Options { fail_ratio, ..Options::default() });
        (0..pages).filter(|_| faults.next_fails()).count()
    }

    #[test]
    fn the_asked_share_of_pages_fails() {
        assert_eq!(failures_among(100, 0.0), 0);
        assert_eq!(failures_among(100, 0.25), 25);
        assert_eq!(failures_among(100, 1.0), 100);
    }
}
