//! From when to when something is shown, in Grafana's words: `now-6h`, `now-1d/d`, or a moment of the calendar.

use std::fmt;

use jiff::civil::DateTime;
use jiff::{Span as Calendar, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// From when to when, as Grafana writes it in a dashboard's `time`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The earlier end, such as `now-6h`.
    pub from: String,
    /// The later one, such as `now`.
    pub to: String,
}

/// What stands between the two ends of a written span.
const BETWEEN: &str = " to ";

/// The word that both ends are counted from.
const NOW: &str = "now";

impl Span {
    /// A span as it is displayed: `now-1d/d to now-1d/d`. `None`: the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.trim().split_once(BETWEEN)?;
        Some(Self { from: from.trim().to_owned(), to: to.trim().to_owned() })
    }

    /// Both ends in seconds since 1970. A unit that is rounded to begins at the one end and is over at the other:
    /// `now/d` to `now/d` is today. `None`: an end is no moment, or the later one is not later.
    pub fn ends(&self, now: &Zoned) -> Option<(f64, f64)> {
        let (from, to) = (moment(&self.from, now, false)?, moment(&self.to, now, true)?);
        let seconds = |moment: Zoned| moment.timestamp().as_duration().as_secs_f64();
        Some((seconds(from), seconds(to))).filter(|(from, to)| from < to)
    }

    /// How long before now it begins, as written, where it ends now: `6h`.
    pub fn length(&self) -> Option<&str> {
        self.from.strip_prefix("now-").filter(|_| self.to == NOW)
    }

    /// Whether its later end moves on with the time.
    pub fn is_moving(&self) -> bool {
        self.to.starts_with(NOW)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}{BETWEEN}{}", self.from, self.to)
    }
}

/// The moment that a text means: Grafana's date mathematics, a date with or without a zone, or milliseconds since 1970.
fn moment(text: &str, now: &Zoned, rounds_up: bool) -> Option<Zoned> {
    let zone = now.time_zone();
    if let Some(steps) = text.strip_prefix(NOW) {
        return moved(now.clone(), steps, rounds_up);
    }
    if let Ok(milliseconds) = text.parse() {
        return Some(Timestamp::from_millisecond(milliseconds).ok()?.to_zoned(zone.clone()));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.to_zoned(zone.clone()));
    }
    text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()
}

/// The moment after steps such as `-1d/d`: as far as they say, then to an end of the unit after each `/`.
fn moved(start: Zoned, steps: &str, rounds_up: bool) -> Option<Zoned> {
    let (mut moment, mut rest) = (start, steps);
    while let Some(sign) = rest.chars().next() {
        let after = rest.strip_prefix(['-', '+', '/'])?;
        let unit_at = after.find(|letter: char| !letter.is_ascii_digit())?;
        // Nine digits are more than any calendar has.
        let count: i64 = if unit_at == 0 { 1 } else { after[..unit_at].parse().ok().filter(|_| unit_at < 10)? };
        let unit = after[unit_at..].chars().next()?;
        rest = &after[unit_at + unit.len_utf8()..];
        moment = match sign {
            '-' => moment.checked_sub(several(count, unit)?).ok()?,
            '+' => moment.checked_add(several(count, unit)?).ok()?,
            _ if count != 1 => return None,
            _ if rounds_up => beginning(&moment, unit)?.checked_add(several(1, unit)?).ok()?,
            _ => beginning(&moment, unit)?,
        };
    }
    Some(moment)
}

/// So many of Grafana's units. Those of a fiscal year are none.
fn several(count: i64, unit: char) -> Option<Calendar> {
    let none = Calendar::new();
    let span = match unit {
        's' => none.try_seconds(count),
        'm' => none.try_minutes(count),
        'h' => none.try_hours(count),
        'd' => none.try_days(count),
        'w' => none.try_weeks(count),
        'M' => none.try_months(count),
        'Q' => none.try_months(count * 3),
        'y' => none.try_years(count),
        _ => return None,
    };
    span.ok()
}

/// When the unit began that the moment lies in. A week begins on Monday.
fn beginning(moment: &Zoned, unit: char) -> Option<Zoned> {
    let date = moment.date();
    let date = match unit {
        's' => return moment.with().subsec_nanosecond(0).build().ok(),
        'm' => return moment.with().second(0).subsec_nanosecond(0).build().ok(),
        'h' => return moment.with().minute(0).second(0).subsec_nanosecond(0).build().ok(),
        'd' => date,
        'w' => date.checked_sub(several(date.weekday().to_monday_zero_offset().into(), 'd')?).ok()?,
        'M' => date.first_of_month(),
        'Q' => date.first_of_month().checked_sub(several(i64::from((date.month() - 1) % 3), 'M')?).ok()?,
        'y' => date.first_of_year(),
        _ => return None,
    };
    date.to_zoned(moment.time_zone().clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends as they are written, seen from a Thursday.
    fn ends(from: &str, to: &str) -> Option<(String, String)> {
        let now: Zoned = "2026-11-26T13:37:11+00:00[UTC]".parse().expect("a moment");
        let (from, to) = Span { from: from.to_owned(), to: to.to_owned() }.ends(&now)?;
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds of this century")]
        let written = |seconds: f64| Timestamp::from_second(seconds as i64).expect("a moment").to_string();
        Some((written(from), written(to)))
    }

    #[test]
    fn ends_are_what_grafana_takes_them_for() {
        for (from, to, expected) in [
            ("now-6h", "now", ("2026-11-26T07:37:11Z", "2026-11-26T13:37:11Z")),
            ("now-90m", "now-30s", ("2026-11-26T12:07:11Z", "2026-11-26T13:36:41Z")),
            ("now/d", "now/d", ("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z")),
            ("now-1d/d", "now-1d/d", ("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z")),
            ("now/w", "now", ("2026-11-23T00:00:00Z", "2026-11-26T13:37:11Z")),
            ("now-1M/M", "now-1M/M", ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")),
            ("now/Q", "now/h", ("2026-10-01T00:00:00Z", "2026-11-26T14:00:00Z")),
            ("now-y/y", "now-m/m", ("2025-01-01T00:00:00Z", "2026-11-26T13:37:00Z")),
            ("now/d+9h", "now", ("2026-11-26T09:00:00Z", "2026-11-26T13:37:11Z")),
            ("2026-11-01T10:00:00.000Z", "2026-11-02", ("2026-11-01T10:00:00Z", "2026-11-02T00:00:00Z")),
            ("1795440000000", "now", ("2026-11-23T13:20:00Z", "2026-11-26T13:37:11Z")),
        ] {
            let expected = Some((expected.0.to_owned(), expected.1.to_owned()));
            assert_eq!(ends(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn what_is_no_span_is_none() {
        for (from, to) in [
            ("now", "now"),
            ("now", "now-6h"),
            ("now-", "now"),
            ("now-5", "now"),
            ("now-1x", "now"),
            ("now-1h/2d", "now"),
            ("now-1fy", "now"),
            ("now-99999999999h", "now"),
            ("now-999999999y", "now"),
            ("now-é", "now"),
            ("banana", "now"),
            ("", ""),
        ] {
            assert_eq!(ends(from, to), None, "{from} to {to}");
        }
        assert_eq!(Span::parse("6h"), None);
    }

    #[test]
    fn a_span_is_read_as_it_is_displayed() {
        let span = Span::parse("now-1d/d to now-1d/d").expect("a span");
        assert_eq!(Span::parse(&span.to_string()), Some(span.clone()));
        assert_eq!((span.length(), span.is_moving()), (None, true));
        assert_eq!(Span::parse("now-6h to now").expect("a span").length(), Some("6h"));
    }
}
