//! Asking a person on the terminal, so that Ctrl-C leaves it whole.

use super::{Exit, Failure};

/// The answer. Ctrl-C gives the cursor back and ends the program, with nothing changed.
pub(super) fn answered<T>(answer: dialoguer::Result<T>) -> Result<T, Failure> {
    answer.map_err(|error| {
        drop(dialoguer::console::Term::stderr().show_cursor());
        let dialoguer::Error::IO(error) = error;
        if error.kind() == std::io::ErrorKind::Interrupted {
            return Failure::Interrupted;
        }
        Failure::arguments(format!("cannot ask: {error}"), "answer by options: `--help` lists them")
    })
}

/// A terminal that is not read at the very moment turns Ctrl-C into a signal. It is waited for beside the prompts, which
/// hold this thread, so that the cursor comes back whenever it is pressed. Nothing is changed yet while questions are asked.
pub(super) fn restore_on_interrupt() {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let interrupt = tokio::signal::unix::SignalKind::interrupt();
            let Ok(mut signals) = tokio::signal::unix::signal(interrupt) else { return };
            ready.send(()).unwrap_or_default();
            if signals.recv().await.is_some() {
                drop(dialoguer::console::Term::stderr().show_cursor());
                std::process::exit(i32::from(Exit::INTERRUPTED));
            }
        });
    });
    is_ready.recv().unwrap_or_default();
}
