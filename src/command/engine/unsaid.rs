//! What an engine does although neither its file nor a flag says so: what was in force when a change was taken back, and is still.

use std::net::SocketAddr;

use super::subject::{LIVE_RESTORE, Running};
use crate::daemon::{ConfigFile, Document, METRICS_KEY, clash};

/// The port at which stackctl has engines serve their metrics.
const METRICS_PORT: u16 = 9323;

/// The log driver of an engine that is told nothing.
const USUAL_DRIVER: &str = "json-file";

/// It in words, with what ends it. `None`: it does what it is told, as far as can be told.
pub(super) async fn unsaid(running: &Running, file: &ConfigFile) -> Option<String> {
    let document = file.document().ok()?;
    let path = file.path().display();
    let mut lines = Vec::new();
    if is_on_unsaid(running, &document) {
        let pid = running.dockerd.as_ref().map(|dockerd| dockerd.pid).unwrap_or_default();
        lines.push(format!(
            "live-restore is on, and would not be after a restart: containers of the policy `unless-stopped` would stay down \
             then. Switch it off before: write `\"live-restore\": false` into {path}, `sudo kill -HUP {pid}`, and take it out"
        ));
    }
    if let Some(address) = served_unsaid(running, &document).await {
        lines.push(format!("it serves metrics at {address}, until it is restarted"));
    }
    let driver = &running.host.log_driver;
    if !says(running, &document, "log-driver") && !driver.is_empty() && driver != USUAL_DRIVER {
        lines.push(format!("new containers log to `{driver}`, until it is restarted"));
    }
    if lines.is_empty() {
        return None;
    }
    Some(format!("but the engine does what neither {path} nor a flag says:\n  {}", lines.join("\n  ")))
}

/// Whether live-restore is on in it, and nothing would have it so after a restart.
pub(super) fn is_on_unsaid(running: &Running, document: &Document) -> bool {
    running.host.live_restore && document.get(LIVE_RESTORE) != Some(true.into()) && !is_flag(running, LIVE_RESTORE)
}

/// Where it serves its metrics, although nothing has it do that after a restart.
pub(super) async fn served_unsaid(running: &Running, document: &Document) -> Option<SocketAddr> {
    if says(running, document, METRICS_KEY) {
        return None;
    }
    let own = running.dockerd.as_ref()?.own_listeners();
    let address = own.into_iter().find(|address| address.port() == METRICS_PORT)?;
    // Where a container has published it, that may be a socket of the engine's, too.
    let published = running.engine.publishers().await.ok()?;
    let is_published = published.iter().any(|publisher| clash(publisher.address, address));
    (!is_published).then_some(address)
}

fn says(running: &Running, document: &Document, name: &str) -> bool {
    document.get(name).is_some() || is_flag(running, name)
}

fn is_flag(running: &Running, name: &str) -> bool {
    running.flags().get(name).is_some()
}
