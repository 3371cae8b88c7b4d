//! Containers that were paused or stopped before a restart of their engine, and run after it.

use super::super::super::output;
use super::super::proposal::impact::unpaused;
use super::Restart;
use crate::engine::{AfterRestart, Engine};

impl Restart<'_> {
    /// Says which: their restart policy starts them, and nothing pauses or stops them.
    pub(in super::super) async fn tell_changed(&self, engine: &Engine) {
        // The engine has just listed them; where it does not any more, whatever comes next says so.
        let Ok(now) = engine.running().await else { return };
        let before = &self.running.containers;
        let unpaused = unpaused(before, &now).join(" ");
        if !unpaused.is_empty() {
            output::say(&format!("paused before, and running now; pause them again with `docker pause {unpaused}`"));
        }
        let is_new = |id: &str| before.iter().all(|before| before.id != id);
        let is_started = |after: AfterRestart| after != AfterRestart::Rescheduled && after != AfterRestart::Removed;
        let started = now.iter().filter(|now| is_new(&now.id) && is_started(now.after_restart));
        let started: Vec<&str> = started.map(|now| now.name.as_str()).collect();
        if !started.is_empty() {
            let names = started.join(" ");
            output::say(&format!("stopped before, and running now; stop them again with `docker stop {names}`"));
        }
    }
}
