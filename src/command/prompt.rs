//! Asking a person on the terminal, so that Ctrl-C leaves it whole.

use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Failure, output};

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

/// Whether Ctrl-C is a question's.
static ASKS: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C is for somebody else to hear: something may be changed.
pub(super) fn leave_interrupts() {
    ASKS.store(false, Ordering::Relaxed);
}

/// A terminal that is not read at the very moment turns Ctrl-C into a signal. It is waited for beside the prompts, which
/// hold this thread, so that the cursor comes back whenever it is pressed. Nothing is changed yet while questions are asked.
pub(super) fn restore_on_interrupt() {
    ASKS.store(true, Ordering::Relaxed);
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let interrupt = tokio::signal::unix::SignalKind::interrupt();
            let Ok(mut signals) = tokio::signal::unix::signal(interrupt) else { return };
            ready.send(()).unwrap_or_default();
            if signals.recv().await.is_some() && ASKS.load(Ordering::Relaxed) {
                drop(dialoguer::console::Term::stderr().show_cursor());
                std::process::exit(i32::from(Exit::INTERRUPTED));
            }
        });
    });
    is_ready.recv().unwrap_or_default();
}

/// Whether somebody at the terminal says yes, in a line of its own. What was typed before the question was asked is no answer
/// to it, and neither is anything but `yes` and `no`: pasted lines must not restart an engine.
pub(super) fn agreed(question: &str) -> Result<bool, Failure> {
    restore_on_interrupt();
    let failed =
        |error: std::io::Error| Failure::arguments(format!("cannot ask: {error}"), "add --yes to be asked nothing");
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
    loop {
        let mut terminal = std::io::stderr();
        write!(terminal, "{question} [y/N] ").and_then(|()| terminal.flush()).map_err(failed)?;
        let mut line = String::new();
        let ended = std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
        // Half a line, as Ctrl-D gives it, is no answer.
        if ended == 0 || !line.ends_with('\n') {
            output::say("");
            return Ok(false);
        }
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "" | "n" | "no" => return Ok(false),
            _ => output::say("answer `y` or `n`"),
        }
    }
}
