//! The wish to stop: what changes something comes to its end, what waits is not waited for, and nothing more is begun.

use tokio::sync::watch;

/// Says to those who carry a plan out that somebody wants to stop. One that nobody asks holds nobody up.
#[derive(Debug, Default)]
pub struct Interruption {
    asked: watch::Sender<bool>,
}

impl Interruption {
    /// From now on nothing more is begun.
    pub fn ask(&self) {
        self.asked.send_replace(true);
    }

    /// Somebody wants to stop.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// What comes of work that may be left at any moment. `None`: somebody wants to stop.
    pub(super) async fn or_done<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut asked = self.asked.subscribe();
        tokio::select! {
            biased;
            done = work => Some(done),
            // The sender lives as long as this.
            _ = asked.wait_for(|asked| *asked) => None,
        }
    }
}
