//! Moments as values: milliseconds since 1970, as Grafana's units of dates have them.

use jiff::Timestamp;

/// `2026-11-23 13:37:11 UTC`. What no calendar has stays a number.
pub(super) fn written(milliseconds: f64) -> String {
    moment(milliseconds)
        .map_or_else(|| format!("{milliseconds:.2e}"), |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `5 min ago`, `in 2 h`. `length` writes a number of seconds.
pub(super) fn from_now(milliseconds: f64, length: impl Fn(f64) -> String) -> String {
    let seconds = milliseconds / 1000.0 - Timestamp::now().as_duration().as_secs_f64();
    match seconds {
        _ if seconds.abs() < 1.0 => "now".to_owned(),
        _ if seconds < 0.0 => format!("{} ago", length(-seconds)),
        _ => format!("in {}", length(seconds)),
    }
}

fn moment(milliseconds: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "the cast keeps to the ends of the range")]
    Timestamp::from_millisecond(milliseconds.round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use crate::dashboard::Unit;

    #[test]
    fn a_moment_is_told_by_how_long_ago_it_was() {
        let now = jiff::Timestamp::now().as_duration().as_secs_f64();
        let told = |seconds: f64| Unit::named("dateTimeFromNow").format((now + seconds) * 1000.0);
        assert_eq!(told(-300.4), "5.01 min ago");
        assert_eq!(told(2.0 * 86_400.0 + 60.0), "in 2 days");
        assert_eq!(told(0.2), "now");
    }
}
