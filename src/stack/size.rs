//! Sizes as Compose and Prometheus write them: `512m`, `1.5GB`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::shape::written_as_text;
use super::wrong::Wrong;

/// A size in bytes; `k`, `m`, `g` and `kb`, `mb`, `gb` are powers of 1024, as in Docker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        bytes(text).map(Self).ok_or_else(|| {
            Wrong::new(format!("`{text}` is not a size"), "write a number and a unit: `64k`, `512m`, `1.5g`, `10GB`")
        })
    }
}

/// The bytes of a size, fractions of a byte dropped; `None` where it is none or does not fit.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (whole, fraction) = text[..digits].split_once('.').unwrap_or((&text[..digits], "0"));
    let shift = match text[digits..].trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    if whole.is_empty() || whole.len() > 19 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = (fraction.parse::<u128>().ok()? << shift) / scale;
    u64::try_from((whole.parse::<u128>().ok()? << shift) + part).ok().filter(|bytes| i64::try_from(*bytes).is_ok())
}

impl fmt::Display for ByteSize {
    /// In the largest unit that leaves a whole number: `512MB`, `1GB`, `1000B`. Compose and Prometheus both read it.
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let units = [("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)];
        let fitting = units.into_iter().find(|(_, shift)| self.0 != 0 && self.0.trailing_zeros() >= *shift);
        let (unit, shift) = fitting.unwrap_or(("B", 0));
        write!(formatter, "{}{unit}", self.0 >> shift)
    }
}

written_as_text!(ByteSize, "a size such as `512m`", {
    "type": ["string", "integer"],
    "description": "A size such as `64k`, `512m`, `1.5g`; a number alone means bytes.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024_as_in_docker() {
        let size = |text: &str| text.parse::<ByteSize>().unwrap().0;
        assert_eq!(size("512m"), 512 << 20);
        assert_eq!(size("1.5GB"), 3 << 29);
        assert_eq!(size("10 kib"), 10 << 10);
        assert_eq!(size("1000"), 1000);
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "m", "-1m", "1x", "1.m", "99999999999p", "9223372036854775808"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_in_the_largest_unit_that_fits() {
        for text in ["512MB", "1GB", "1000B", "0B", "3KB"] {
            assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
        }
    }
}
