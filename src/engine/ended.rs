//! What a container that is started again and again ended with.

use std::time::{Duration, Instant};

use super::Engine;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Longest wait for a moment between two runs.
const PATIENCE: Duration = Duration::from_secs(5);

impl Engine {
    /// The exit code of its last run. While a container runs the engine has none, so the moment between two runs is waited
    /// for. `None`: there was no such moment.
    pub async fn last_exit_code(&self, id: &str) -> Option<i64> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let state = self.inspect(id).await.ok()??.state?;
            if state.restarting == Some(true) || state.running != Some(true) {
                return state.exit_code;
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }
}
