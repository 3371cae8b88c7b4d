//! `daemon.json`: what the Docker engine's own settings shall say. Only the keys that the stack file decides.

use serde_json::{Map, Value, json};

use super::memory::pretty;
use crate::desired::{Desired, HostSettings};

/// The file, where the stack file decides any of it.
pub(super) fn render(desired: &Desired) -> Option<String> {
    let mut settings = Map::new();
    if let Some(daemon) = &desired.daemon {
        settings.insert("metrics-addr".to_owned(), daemon.metrics_address.to_string().into());
    }
    let HostSettings { live_restore, logging, address_pools } = &desired.host;
    if *live_restore {
        settings.insert("live-restore".to_owned(), true.into());
    }
    if let Some(logging) = logging {
        settings.insert("log-driver".to_owned(), logging.driver.as_str().into());
        if !logging.options.is_empty() {
            settings.insert("log-opts".to_owned(), json!(logging.options));
        }
    }
    if !address_pools.is_empty() {
        let pools = address_pools.iter().map(|pool| json!({ "base": pool.base, "size": pool.size }));
        settings.insert("default-address-pools".to_owned(), pools.collect());
    }
    (!settings.is_empty()).then(|| pretty(&Value::Object(settings)))
}
