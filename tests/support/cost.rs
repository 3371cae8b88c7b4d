//! What work costs in processor time, which a busy machine does not change as it changes the time on the clock.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Processor time that this thread takes for the work, and what the work gives.
pub(crate) fn cost<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = now();
    let result = work();
    (now().saturating_sub(before), result)
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("the kernel counts").into()
}

/// Ten times as much work costs about ten times as much; what is quadratic costs a hundred times as much.
#[track_caller]
pub(crate) fn grows_with_the_work(of_a_part: Duration, of_ten_times_as_much: Duration) {
    let times = of_ten_times_as_much.as_secs_f64() / of_a_part.as_secs_f64();
    assert!(times < 35.0, "{of_a_part:?} for a part, {of_ten_times_as_much:?} for ten times as much: {times:.0} times");
}
