//! `daemon.json`: what the Docker engine's own settings shall say. Only the keys that the stack file decides.

use serde_json::json;

use super::memory::pretty;
use crate::desired::Desired;

/// The file, where the engine's metrics are on.
pub(super) fn render(desired: &Desired) -> Option<String> {
    let settings = desired.daemon.as_ref()?;
    Some(pretty(&json!({ "metrics-addr": settings.metrics_address.to_string() })))
}
