//! An amount above which something is too much: a share (`5%`), a time (`300ms`) or a number (`3`).

use std::fmt;
use std::str::FromStr;

use super::shape::written_as_text;
use super::{Duration, Wrong};

/// An amount in the unit in which it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A share of a whole, 0 to 1; written in percent.
    Share(f64),
    /// A time.
    Time(Duration),
    /// A plain number.
    Number(f64),
}

impl Amount {
    /// As a share of a whole: `5%` and `0.05` are one.
    pub fn as_share(self) -> Option<f64> {
        match self {
            Self::Share(share) | Self::Number(share) if (0.0..=1.0).contains(&share) => Some(share),
            _ => None,
        }
    }

    /// As seconds: `300ms` and `0.3` are one.
    #[expect(clippy::cast_precision_loss, reason = "a threshold is far below 2^53 ms")]
    pub fn as_seconds(self) -> Option<f64> {
        match self {
            Self::Time(time) => Some(time.as_millis() as f64 / 1000.0),
            Self::Number(seconds) => Some(seconds),
            Self::Share(_) => None,
        }
    }

    /// As a plain number.
    pub fn as_number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

impl FromStr for Amount {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        if let Some(percent) = text.strip_suffix('%').and_then(number) {
            return Ok(Self::Share(percent_to_share(percent)));
        }
        if let Some(plain) = number(text) {
            return Ok(Self::Number(plain));
        }
        text.parse().map(Self::Time).map_err(|_| {
            Wrong::new(
                format!("`{text}` is no amount"),
                "write a share such as `5%`, a time such as `300ms`, or a number",
            )
        })
    }
}

/// 99.9 % as 0.999, and not as 0.9990000000000001: a hundred-millionth of a percent is as fine as anybody writes.
fn percent_to_share(percent: f64) -> f64 {
    (percent * 1e8).round() / 1e10
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Share(share) => write!(formatter, "{}%", (share * 1e10).round() / 1e8),
            Self::Time(time) => write!(formatter, "{time}"),
            Self::Number(number) => write!(formatter, "{number}"),
        }
    }
}

written_as_text!(Amount, "a share such as `5%`, a time such as `300ms`, or a number", {
    "type": ["string", "number"],
    "description": "A share such as `5%`, a time such as `300ms`, or a number.",
});

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn shares_times_and_numbers_are_told_apart_and_shown_as_written() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(amount("99.9%").as_share(), Some(0.999));
        assert_eq!(amount("0.05").as_share(), Some(0.05));
        assert_eq!(amount("300ms").as_seconds(), Some(0.3));
        assert_eq!(amount("0.3").as_seconds(), Some(0.3));
        assert_eq!(amount("300ms").as_share(), None);
        assert_eq!(amount("140%").as_share(), None);
        for text in ["99.95%", "5%", "300ms", "1m30s", "3", "0.5"] {
            assert_eq!(amount(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "%", "-5%", "x", "NaN", "inf", "5 apples"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }
}
