//! Durations as Prometheus and Compose write them: `500ms`, `10s`, `1m30s`, `15d`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::shape::written_as_text;
use super::wrong::Wrong;

/// A duration in whole milliseconds. A day has 24 hours, a week 7 days, a year 365 days (Prometheus `model.Duration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct Duration(u64);

/// Units from the largest to the smallest, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// The longest duration: Prometheus and the engine count nanoseconds in 63 bits.
const LONGEST_MILLIS: u64 = 9_223_372_036_854;

impl Duration {
    /// A duration of so many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A duration of so many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl FromStr for Duration {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        if text == "0" {
            return Ok(Self(0));
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Wrong::new(format!("`{text}` has no unit"), format!("write `{text}s` for seconds")));
        }
        let total = millis(text).ok_or_else(|| {
            let help = "write numbers with units, largest first: `30s`, `1m30s`, `15d`, `500ms`";
            Wrong::new(format!("`{text}` is not a duration"), help)
        })?;
        if total > u128::from(LONGEST_MILLIS) {
            return Err(Wrong::new(format!("`{text}` is too long"), "the longest duration is about 292 years"));
        }
        Ok(Self(u64::try_from(total).expect("it was compared with the longest duration")))
    }
}

/// Sum of `NUMBER UNIT` pairs whose units get smaller. Fractions down to a millisecond.
fn millis(text: &str) -> Option<u128> {
    let mut rest = text;
    let mut smallest = usize::MAX;
    let mut total = 0_u128;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let after = &rest[digits..];
        let letters = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit = UNITS.iter().position(|(unit, _)| *unit == &after[..letters])?;
        if smallest != usize::MAX && unit <= smallest {
            return None;
        }
        smallest = unit;
        total += scaled(&rest[..digits], UNITS[unit].1)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// A decimal number times a unit; `None` unless that is a whole number of milliseconds.
fn scaled(number: &str, unit: u64) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || whole.len() > 18 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let digits: u128 = fraction.parse().ok()?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = digits * u128::from(unit);
    part.is_multiple_of(scale).then_some(whole.parse::<u128>().ok()? * u128::from(unit) + part / scale)
}

impl fmt::Display for Duration {
    /// As Prometheus writes it: `1m30s`, `15d`, `0s`. A year or week only where nothing is left over.
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, millis) in UNITS {
            let whole_only = matches!(unit, "y" | "w");
            if rest >= millis && (!whole_only || rest.is_multiple_of(millis)) {
                write!(formatter, "{}{unit}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}

written_as_text!(Duration, "a duration such as `30s`", {
    "type": "string",
    "description": "A duration such as `500ms`, `30s`, `1m30s` or `15d`.",
    "pattern": r"^(0|([0-9.]+(y|w|d|h|ms|m|s))+|.*\$.*)$",
});

#[cfg(test)]
mod tests {
    use super::*;

    fn millis_of(text: &str) -> u64 {
        text.parse::<Duration>().unwrap().as_millis()
    }

    #[test]
    fn units_of_prometheus_and_fractions_of_compose_are_read() {
        assert_eq!(millis_of("500ms"), 500);
        assert_eq!(millis_of("1m30s"), 90_000);
        assert_eq!(millis_of("15d"), 15 * 86_400_000);
        assert_eq!(millis_of("1y2w"), 379 * 86_400_000);
        assert_eq!(millis_of("1.5s"), 1500);
        assert_eq!(millis_of("2h0.5m"), 7_230_000);
        assert_eq!(millis_of("0"), 0);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "s", "5", "5x", "1s1m", "1s1s", "-5s", "1.s", ".5s", "5 s", "0.0001s", "99999999999999y", "1ms1s"]
        {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_prometheus_writes_it() {
        for text in ["500ms", "10s", "1m30s", "15d", "2w", "1y", "1h", "1h30m", "400d", "0s"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
    }
}
