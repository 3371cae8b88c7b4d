//! Containers that were paused before a restart of their engine, and run after it.

use super::super::super::output;
use super::super::proposal::impact::unpaused;
use super::Restart;
use crate::engine::Engine;

impl Restart<'_> {
    /// Says which: their restart policy starts them, and nothing pauses them.
    pub(in super::super) async fn tell_unpaused(&self, engine: &Engine) {
        // The engine has just listed them; where it does not any more, whatever comes next says so.
        let Ok(now) = engine.running().await else { return };
        let unpaused = unpaused(&self.running.containers, &now).join(" ");
        if !unpaused.is_empty() {
            output::say(&format!("paused before, and running now; pause them again with `docker pause {unpaused}`"));
        }
    }
}
