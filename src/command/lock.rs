//! One change of a stack at a time: takes the lock that lies at the engine, and says for whom it waits.

use super::output;
use crate::engine::{Engine, Error, Holder, Lock};

/// Takes the lock of a stack; waits, and says for whom, while another stackctl holds it.
pub(super) async fn take(engine: &Engine, stack: &str, command: &str, quiet: bool) -> Result<Lock, Error> {
    let waiting = |holder: &Holder| {
        if !quiet {
            let lease =
                if holder.is_elsewhere() { "; a minute after its last sign of life, this one goes on" } else { "" };
            output::say(&format!("waiting: {holder} is changing stack `{stack}`{lease}"));
        }
    };
    engine.lock(stack, command, &waiting).await
}

/// Does work under a lock, and gives the lock back. One that was lost ends the work.
pub(super) async fn under<T, E: From<Error>>(mut lock: Lock, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let outcome = tokio::select! {
        outcome = work => outcome,
        lost = lock.keep() => Err(lost.into()),
    };
    lock.release().await;
    outcome
}
