//! What is heard of an engine that starts: whether it answers, and why it does not.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::super::super::{Failure, situation};
use crate::daemon::{Service, Words};
use crate::engine::{Address, Engine, Error};

/// Time between two looks.
pub(in super::super) const PAUSE: Duration = Duration::from_millis(200);

/// Longest time to wait for a restart command: engines give their containers 15 s to stop.
pub(in super::super) const COMMAND_PATIENCE: Duration = Duration::from_secs(60);

/// Asks an engine that may take connections and never answer.
pub(in super::super) async fn look(address: &Address, patience: Duration) -> Result<Engine, Error> {
    let connected = tokio::time::timeout(patience, Engine::connect(address)).await;
    connected.unwrap_or_else(|_| Err(Error::new("cannot reach the engine", "it takes connections and does not answer")))
}

/// Starts an engine that is down, and waits for it.
pub(in super::super) async fn start(service: &Service, patience: Duration) -> Result<Engine, Failure> {
    let words = Words::from_now(service, None);
    let outcome = service.restart(COMMAND_PATIENCE, &Cell::default()).await;
    let deadline = Instant::now() + if outcome.is_ok() { patience } else { Duration::ZERO };
    let silent = loop {
        if outcome.is_err() && service.is_down().await {
            break Error::new(String::new(), "it is down").into();
        }
        match situation::connect().await {
            Ok(engine) => return Ok(engine),
            Err(silent) if Instant::now() >= deadline || words.logged().is_some() => break silent,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    let Failure::World(silent) = silent else { return Err(silent) };
    let cause = why(silent.cause, outcome.err().map(|error| error.to_string()), words.last().await);
    let attempt = format!("cannot start the engine with `{}`", service.restart_line());
    Err(Error::new(attempt, cause).advise("see what the engine prints when it is started by hand").into())
}

/// Why an engine is silent. `reason`: what was seen from here; `command`: what the command that restarts it ended with;
/// `said`: dockerd's own words, which say more than those of a service manager.
pub(in super::super) fn why(reason: String, command: Option<String>, said: Option<String>) -> String {
    match (command, said) {
        (Some(_), Some(said)) => format!("dockerd does not start: {said}"),
        (Some(command), None) => command,
        (None, Some(said)) => format!("{reason}; dockerd says: {said}"),
        (None, None) => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn dockerds_own_words_come_before_those_of_others() {
        let told = |command: Option<&str>, said: Option<&str>| {
            why("nobody answers".to_owned(), command.map(str::to_owned), said.map(str::to_owned))
        };
        assert_eq!(told(Some("exit status: 1"), Some("no such option")), "dockerd does not start: no such option");
        assert_eq!(told(Some("exit status: 1"), None), "exit status: 1");
        assert_eq!(told(None, Some("no such option")), "nobody answers; dockerd says: no such option");
        assert_eq!(told(None, None), "nobody answers");
    }
}
