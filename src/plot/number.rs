//! Counts and coordinates into each other, where no digit that matters is lost.

/// A count as a coordinate.
#[expect(clippy::cast_precision_loss, reason = "nothing here is counted beyond 2^53")]
pub(super) fn float(count: usize) -> f64 {
    count as f64
}

/// How many whole ones there are; 0 for what is negative or no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast keeps to the ends of the range")]
pub(super) fn whole(number: f64) -> usize {
    number as usize
}

/// The nearest whole number; the ends of the range for what is beyond them, 0 for what is no number.
#[expect(clippy::cast_possible_truncation, reason = "the cast keeps to the ends of the range")]
pub(super) fn nearest(number: f64) -> i64 {
    number.round() as i64
}
