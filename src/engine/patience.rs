//! How long the engine is waited for, and what it is asked again.
//!
//! An engine restarts, is overloaded, or sits behind a network: a connection that ends is no answer. What changes nothing
//! is asked again. What changes something is asked again only where doing it twice comes to the same, which is for the
//! caller to see to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bollard::errors::Error as EngineError;

use super::Engine;
use super::error::status;

/// Time that a look may take. It usually takes milliseconds; an engine under full load was seen to take seconds.
const LOOK: Duration = Duration::from_secs(20);

/// Time that a restart of the engine may take.
const RESTART: Duration = Duration::from_secs(30);

/// How often an engine is asked again that answers, but badly.
const TRIES: usize = 3;

/// Time before the second try; each pause after it is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How the engine is waited for.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// Time that one call may take that changes something.
    act: Duration,
    /// It was waited for in vain: nobody waits once more.
    gone: Arc<AtomicBool>,
}

impl Patience {
    pub(super) fn new(act: Duration) -> Self {
        Self { act, gone: Arc::default() }
    }
}

/// What may help against a failure.
enum Remedy {
    /// The connection ended, or what came was no answer: the engine restarts, or somebody stands between.
    Return,
    /// It cannot answer at this moment.
    Pause,
    /// It did not answer in time.
    Time,
    /// It said no.
    None,
}

impl Engine {
    /// Asks what changes nothing; asks again where the engine gave no proper answer.
    pub(super) async fn look<T>(&self, call: impl AsyncFn() -> Result<T, EngineError>) -> Result<T, EngineError> {
        self.persist(LOOK.min(self.patience.act), true, call).await
    }

    /// Asks for a change that may be asked for twice. One that takes too long is not asked for again.
    pub(super) async fn act<T>(&self, call: impl AsyncFn() -> Result<T, EngineError>) -> Result<T, EngineError> {
        self.persist(self.patience.act, false, call).await
    }

    async fn persist<T>(
        &self,
        limit: Duration,
        changes_nothing: bool,
        call: impl AsyncFn() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        for tries in 1.. {
            let answer = tokio::time::timeout(limit, call()).await;
            let error = match answer.unwrap_or(Err(EngineError::RequestTimeoutError)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let again = match remedy(&error, changes_nothing) {
                Remedy::Return if begun.elapsed() >= RESTART => {
                    self.patience.gone.store(true, Ordering::Relaxed);
                    false
                }
                Remedy::Return => !self.patience.gone.load(Ordering::Relaxed),
                Remedy::Pause => tries < TRIES,
                Remedy::Time => changes_nothing && tries < 2,
                Remedy::None => false,
            };
            if !again {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        unreachable!("it is tried until something comes of it")
    }
}

fn remedy(error: &EngineError, changes_nothing: bool) -> Remedy {
    match (error, status(error)) {
        (EngineError::RequestTimeoutError, _) => Remedy::Time,
        (_, Some(502..=504)) => Remedy::Pause,
        // The engine says 500 to much that it will never do, too.
        (_, Some(500)) if changes_nothing => Remedy::Pause,
        (
            EngineError::HyperLegacyError { .. }
            | EngineError::HyperResponseError { .. }
            | EngineError::IOError { .. }
            | EngineError::JsonDataError { .. }
            | EngineError::JsonSerdeError { .. },
            _,
        ) => Remedy::Return,
        _ => Remedy::None,
    }
}
