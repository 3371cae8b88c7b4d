//! Ctrl-C, SIGTERM and the end of the terminal, waited for beside work that changes something.

use std::future::poll_fn;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::engine::Error;

/// Completes at Ctrl-C, at SIGTERM, and when the terminal is lost. They count from the moment this returns. What this process
/// was started to ignore, as `nohup` does with the end of the terminal, stays ignored.
pub(super) fn interrupt() -> Result<impl Future<Output = ()>, Error> {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let ignored = ignored();
    let heard = kinds.into_iter().filter(|kind| ignored & (1 << (kind.as_raw_value() - 1)) == 0);
    let signals: std::io::Result<Vec<Signal>> = heard.map(signal).collect();
    let mut signals = signals.map_err(|error| Error::new("cannot listen for Ctrl-C", error))?;
    Ok(poll_fn(move |context| {
        let has_come = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if has_come { Poll::Ready(()) } else { Poll::Pending }
    }))
}

/// The signals that this process ignores, a bit for each, as `proc_pid_status(5)` has them.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
