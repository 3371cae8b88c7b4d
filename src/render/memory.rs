//! `prometheus/stackctl.json`: what the running stack remembers, read back from Prometheus' container by the next `plan`.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;

use crate::desired::Desired;

/// The file, where Prometheus runs.
pub(super) fn render(desired: &Desired) -> Option<String> {
    desired.prometheus.as_ref().map(|_| memory(desired))
}

/// What the stack remembers, whether Prometheus runs or not.
pub fn memory(desired: &Desired) -> String {
    let left_out = desired.left_out.iter().map(|left_out| (&left_out.component, &left_out.reason));
    let left_out: IndexMap<_, _> = left_out.collect();
    let mut memory = json!({ "stack": desired.stack, "scale": desired.scale, "left_out": left_out });
    if !desired.exposed.is_empty() {
        memory["exposed"] = json!(desired.exposed);
    }
    if !desired.learned_from.is_empty() {
        memory["learned_from"] = json!(desired.learned_from);
    }
    pretty(&memory)
}

/// JSON as a person reads it, with a newline at its end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("keys are texts") + "\n"
}
