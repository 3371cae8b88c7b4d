//! Units by Grafana's ids, and how a value in one is written for a person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::moment;

/// A unit, by Grafana's id: `bytes`, `s`, `reqps`, `percentunit`, `short`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Unit {
    id: String,
    scale: Scale,
}

/// An id that stackctl does not know. Grafana writes such a text behind the value, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownUnit(pub String);

/// How a value grows and shrinks, and what is written with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// The number alone.
    Plain,
    /// A number with a word behind it, never scaled.
    Word(&'static str),
    /// Powers of 1000 of a symbol; starts at that power: `Si("B", 2)` holds megabytes.
    Si(&'static str, i32),
    /// Powers of 1024 of a symbol; starts at that power.
    Iec(&'static str, i32),
    /// Numbers that people count: 1.2 K, 3.4 Mil.
    Count(&'static str),
    /// Percent; the value is in hundredths (`true`) or a ratio.
    Percent(bool),
    /// Time, in that many nanoseconds.
    Time(u64),
    /// Yes or no.
    Truth(&'static str, &'static str),
    /// A sign before the number, such as that of a currency.
    Sign(&'static str),
    /// A moment, in milliseconds since 1970.
    Moment,
    /// How far a moment is from now.
    FromNow,
    /// A whole number, its thousands divided by commas.
    Divided,
    /// To the base of 16, behind that text.
    Hexadecimal(&'static str),
    /// The unit's own text behind the value.
    Suffix,
    /// The unit's own text before the value.
    Prefix,
}

/// Grafana's ids, from its list of value formats; the first of two with the same scale is the usual one.
const KNOWN: &[(&str, Scale)] = &[
    ("none", Scale::Plain),
    ("short", Scale::Count("")),
    ("sishort", Scale::Si("", 0)),
    ("percent", Scale::Percent(true)),
    ("percentunit", Scale::Percent(false)),
    ("bytes", Scale::Iec("B", 0)),
    ("decbytes", Scale::Si("B", 0)),
    ("bits", Scale::Iec("b", 0)),
    ("decbits", Scale::Si("b", 0)),
    ("kbytes", Scale::Iec("B", 1)),
    ("deckbytes", Scale::Si("B", 1)),
    ("mbytes", Scale::Iec("B", 2)),
    ("decmbytes", Scale::Si("B", 2)),
    ("gbytes", Scale::Iec("B", 3)),
    ("decgbytes", Scale::Si("B", 3)),
    ("tbytes", Scale::Iec("B", 4)),
    ("dectbytes", Scale::Si("B", 4)),
    ("Bps", Scale::Si("B/s", 0)),
    ("binBps", Scale::Iec("B/s", 0)),
    ("bps", Scale::Si("b/s", 0)),
    ("binbps", Scale::Iec("b/s", 0)),
    ("KBs", Scale::Si("B/s", 1)),
    ("MBs", Scale::Si("B/s", 2)),
    ("GBs", Scale::Si("B/s", 3)),
    ("KiBs", Scale::Iec("B/s", 1)),
    ("MiBs", Scale::Iec("B/s", 2)),
    ("Kbits", Scale::Si("b/s", 1)),
    ("Mbits", Scale::Si("b/s", 2)),
    ("Gbits", Scale::Si("b/s", 3)),
    ("pps", Scale::Si("p/s", 0)),
    ("ns", Scale::Time(1)),
    ("µs", Scale::Time(1_000)),
    ("ms", Scale::Time(1_000_000)),
    ("s", Scale::Time(1_000_000_000)),
    ("m", Scale::Time(60_000_000_000)),
    ("h", Scale::Time(3_600_000_000_000)),
    ("d", Scale::Time(86_400_000_000_000)),
    ("dtdurationms", Scale::Time(1_000_000)),
    ("dtdurations", Scale::Time(1_000_000_000)),
    ("clockms", Scale::Time(1_000_000)),
    ("clocks", Scale::Time(1_000_000_000)),
    ("reqps", Scale::Count("req/s")),
    ("rps", Scale::Count("rd/s")),
    ("wps", Scale::Count("wr/s")),
    ("ops", Scale::Count("ops/s")),
    ("iops", Scale::Count("io/s")),
    ("cps", Scale::Count("c/s")),
    ("eps", Scale::Count("evt/s")),
    ("mps", Scale::Count("msg/s")),
    ("recps", Scale::Count("rec/s")),
    ("rowsps", Scale::Count("rows/s")),
    ("opm", Scale::Count("ops/m")),
    ("rpm", Scale::Count("rd/m")),
    ("wpm", Scale::Count("wr/m")),
    ("cpm", Scale::Count("c/m")),
    ("epm", Scale::Count("evt/m")),
    ("hertz", Scale::Si("Hz", 0)),
    ("rotrpm", Scale::Word("rpm")),
    ("celsius", Scale::Word("°C")),
    ("fahrenheit", Scale::Word("°F")),
    ("kelvin", Scale::Word("K")),
    ("humidity", Scale::Word("%H")),
    ("volt", Scale::Si("V", 0)),
    ("amp", Scale::Si("A", 0)),
    ("watt", Scale::Si("W", 0)),
    ("watth", Scale::Si("Wh", 0)),
    ("joule", Scale::Si("J", 0)),
    ("dB", Scale::Word("dB")),
    ("currencyUSD", Scale::Sign("$")),
    ("currencyEUR", Scale::Sign("€")),
    ("currencyGBP", Scale::Sign("£")),
    ("currencyJPY", Scale::Sign("¥")),
    ("currencyCHF", Scale::Sign("CHF ")),
    ("currencyINR", Scale::Sign("₹")),
    ("currencyKRW", Scale::Sign("₩")),
    ("currencyCNY", Scale::Sign("¥")),
    ("dateTimeAsIso", Scale::Moment),
    ("dateTimeAsIsoNoDateIfToday", Scale::Moment),
    ("dateTimeAsUS", Scale::Moment),
    ("dateTimeAsUSNoDateIfToday", Scale::Moment),
    ("dateTimeAsLocal", Scale::Moment),
    ("dateTimeAsLocalNoDateIfToday", Scale::Moment),
    ("dateTimeAsSystem", Scale::Moment),
    ("dateTimeFromNow", Scale::FromNow),
    ("locale", Scale::Divided),
    ("hex", Scale::Hexadecimal("")),
    ("hex0x", Scale::Hexadecimal("0x")),
    ("bool", Scale::Truth("True", "False")),
    ("bool_yes_no", Scale::Truth("Yes", "No")),
    ("bool_on_off", Scale::Truth("On", "Off")),
];

/// Symbols of what comes in whole pieces.
const COUNTED: [&str; 5] = ["B", "b", "B/s", "b/s", "p/s"];

/// What a step of an axis is a round number of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rounding {
    /// Powers of ten.
    Decimal,
    /// Powers of 1024.
    Binary,
    /// Clock and calendar; the unit is that many seconds long.
    Time(f64),
}

impl Unit {
    /// Nothing is known about the value: a number that people count, such as `1.2 K`.
    pub fn short() -> Self {
        Self::named("short")
    }

    /// A unit of the list.
    ///
    /// # Panics
    ///
    /// The id is not one of Grafana's: a mistake in stackctl.
    pub fn named(id: &str) -> Self {
        id.parse().expect("an id out of Grafana's list")
    }

    /// The unit of that id; a text that Grafana does not know is written behind the value, as Grafana does it.
    pub fn lenient(id: &str) -> Self {
        id.parse().unwrap_or_else(|UnknownUnit(id)| Self { id, scale: Scale::Suffix })
    }

    /// Grafana's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What a step of an axis in this unit is a round number of.
    #[expect(clippy::cast_precision_loss, reason = "lengths of units are round numbers far below 2^53")]
    pub fn rounding(&self) -> Rounding {
        match self.scale {
            Scale::Iec(..) => Rounding::Binary,
            Scale::Time(nanoseconds) => Rounding::Time(nanoseconds as f64 / 1e9),
            _ => Rounding::Decimal,
        }
    }

    /// Every id, for suggestions.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(id, _)| *id)
    }

    /// The value as a person reads it: `1.2 GiB`, `250 ms`, `12.5 %`, `3 req/s`.
    pub fn format(&self, value: f64) -> String {
        self.format_to(value, None)
    }

    /// The value with that many digits after the point; `None`: three digits in all.
    pub fn format_to(&self, value: f64, decimals: Option<u8>) -> String {
        if !value.is_finite() {
            return if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            }
            .to_owned();
        }
        let write = |number: f64, word: &str| with_word(&digits(number, decimals), word);
        match self.scale {
            Scale::Plain => digits(value, decimals),
            Scale::Word(word) => write(value, word),
            Scale::Si(symbol, power) => {
                // Nobody speaks of a thousandth of a byte, or of a packet.
                let small: &[_] = if COUNTED.contains(&symbol) { &[] } else { &["n", "µ", "m"] };
                let (number, prefix) = scaled(value, 1000.0, power, small, &["", "k", "M", "G", "T", "P", "E"]);
                write(number, &format!("{prefix}{symbol}"))
            }
            Scale::Iec(symbol, power) => {
                let (number, prefix) = scaled(value, 1024.0, power, &[], &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]);
                write(number, &format!("{prefix}{symbol}"))
            }
            Scale::Count(word) => {
                let (number, prefix) = scaled(value, 1000.0, 0, &[], &["", "K", "Mil", "Bil", "Tri"]);
                write(number, [prefix, word].map(str::trim).join(" ").trim())
            }
            Scale::Percent(hundredths) => write(if hundredths { value } else { value * 100.0 }, "%"),
            #[expect(clippy::cast_precision_loss, reason = "lengths of units are round numbers far below 2^53")]
            Scale::Time(nanoseconds) => {
                let (number, word) = time(value * nanoseconds as f64);
                write(number, word)
            }
            Scale::Truth(yes, no) => if value == 0.0 { no } else { yes }.to_owned(),
            Scale::Sign(sign) => {
                let minus = if value < 0.0 { "-" } else { "" };
                let (number, prefix) = scaled(value.abs(), 1000.0, 0, &[], &["", "K", "M", "B", "T"]);
                format!("{minus}{sign}{}{prefix}", digits(number, decimals))
            }
            Scale::Moment => moment::written(value),
            Scale::FromNow => moment::from_now(value, |seconds| Self::named("s").format(seconds)),
            Scale::Divided => divided(value, decimals),
            Scale::Hexadecimal(before) => hexadecimal(value, before),
            Scale::Suffix => write(value, self.id.strip_prefix("suffix:").unwrap_or(&self.id)),
            Scale::Prefix => {
                format!("{}{}", self.id.strip_prefix("prefix:").unwrap_or_default(), digits(value, decimals))
            }
        }
    }
}

impl Default for Unit {
    fn default() -> Self {
        Self::short()
    }
}

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(id: &str) -> Result<Self, UnknownUnit> {
        let listed = KNOWN.iter().find(|(known, _)| *known == id).map(|(_, scale)| *scale);
        let scale = match listed {
            Some(scale) => scale,
            None if id.starts_with("suffix:") => Scale::Suffix,
            None if id.starts_with("prefix:") => Scale::Prefix,
            None => return Err(UnknownUnit(id.to_owned())),
        };
        Ok(Self { id: id.to_owned(), scale })
    }
}

impl From<String> for Unit {
    fn from(id: String) -> Self {
        Self::lenient(&id)
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.id
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id)
    }
}

/// Three digits in all, no zeros at the end, or as many after the point as asked for.
fn digits(value: f64, decimals: Option<u8>) -> String {
    let size = value.abs();
    // Nobody counts three hundred digits.
    if size >= 1e15 {
        return format!("{value:.*e}", decimals.map_or(2, usize::from));
    }
    if let Some(decimals) = decimals {
        return format!("{value:.*}", usize::from(decimals));
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let places = match size {
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 0.1 => 2,
        _ if size >= 0.000_1 => 5,
        _ => return format!("{value:.1e}"),
    };
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `1,234,567.5`: digits after the point as asked for, else those that there are, two at most.
fn divided(value: f64, decimals: Option<u8>) -> String {
    if value.abs() >= 1e15 {
        return digits(value, decimals);
    }
    let text = format!("{:.*}", decimals.map_or(2, usize::from), value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = if decimals.is_none() { fraction.trim_end_matches('0') } else { fraction };
    let mut written = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    if fraction.is_empty() { written } else { format!("{written}.{fraction}") }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is rounded, and within the range")]
fn hexadecimal(value: f64, before: &str) -> String {
    if value.abs() >= 1e15 {
        return digits(value, None);
    }
    let minus = if value < 0.0 { "-" } else { "" };
    format!("{minus}{before}{:X}", value.abs().round() as u64)
}

fn with_word(number: &str, word: &str) -> String {
    if word.is_empty() { number.to_owned() } else { format!("{number} {word}") }
}

/// The value in the largest prefix that leaves at least 1 before the point. `power`: where the value starts.
fn scaled(value: f64, base: f64, power: i32, small: &[&'static str], large: &[&'static str]) -> (f64, &'static str) {
    let mut number = value * base.powi(power);
    let mut at = 0_usize;
    // 999.95 would be written as 1000.
    while number.abs() >= base * 0.999_5 && at + 1 < large.len() {
        number /= base;
        at += 1;
    }
    let mut below = small.len();
    while at == 0 && number != 0.0 && number.abs() < 1.0 && below > 0 {
        number *= base;
        below -= 1;
    }
    let prefix = if below < small.len() { small[below] } else { large[at] };
    (number, prefix)
}

/// A length of time in the largest unit that leaves at least 1 before the point.
fn time(nanoseconds: f64) -> (f64, &'static str) {
    const UNITS: &[(f64, &str)] = &[
        (365.0 * 86_400e9, "years"),
        (7.0 * 86_400e9, "weeks"),
        (86_400e9, "days"),
        (3_600e9, "h"),
        (60e9, "min"),
        (1e9, "s"),
        (1e6, "ms"),
        (1e3, "µs"),
    ];
    let size = nanoseconds.abs();
    let unit = UNITS.iter().find(|(length, _)| size >= length * 0.999_5);
    match unit {
        _ if size == 0.0 => (0.0, "s"),
        Some((length, word)) => (nanoseconds / length, word),
        None => (nanoseconds, "ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Unit, UnknownUnit};

    fn check(id: &str, value: f64, expected: &str) {
        assert_eq!(Unit::lenient(id).format(value), expected, "{value} in {id}");
    }

    #[test]
    fn values_are_written_as_a_person_reads_them() {
        for (id, value, expected) in [
            ("short", 0.0, "0"),
            ("short", 1234.0, "1.23 K"),
            ("short", 999.99, "1 K"),
            ("short", 2_500_000.0, "2.5 Mil"),
            ("short", 0.012_34, "0.01234"),
            ("short", -42.0, "-42"),
            ("none", 1234.0, "1234"),
            ("bytes", 512.0, "512 B"),
            ("bytes", 1.2 * 1024.0 * 1024.0 * 1024.0, "1.2 GiB"),
            ("bytes", 0.5, "0.5 B"),
            ("mbytes", 2048.0, "2 GiB"),
            ("decbytes", 1_500_000.0, "1.5 MB"),
            ("Bps", 1_500.0, "1.5 kB/s"),
            ("s", 0.25, "250 ms"),
            ("s", 0.000_003, "3 µs"),
            ("s", 0.0, "0 s"),
            ("s", 90.0, "1.5 min"),
            ("s", 86_400.0 * 3.0, "3 days"),
            ("ms", 1_500.0, "1.5 s"),
            ("percentunit", 0.125, "12.5 %"),
            ("percent", 12.5, "12.5 %"),
            ("reqps", 3.0, "3 req/s"),
            ("reqps", 12_000.0, "12 K req/s"),
            ("hertz", 0.002, "2 mHz"),
            ("pps", 0.2, "0.2 p/s"),
            ("Bps", 0.5, "0.5 B/s"),
            ("bool_yes_no", 1.0, "Yes"),
            ("suffix:widgets", 3.0, "3 widgets"),
            ("prefix:€", 3.5, "€3.5"),
            ("pods", 3.0, "3 pods"),
            ("short", 1.7e308, "1.70e296 Tri"),
            ("none", -1e21, "-1.00e21"),
            ("currencyUSD", 12.5, "$12.5"),
            ("currencyEUR", 3.0, "€3"),
            ("currencyGBP", -2.0, "-£2"),
            ("currencyUSD", 1_250_000.0, "$1.25M"),
            ("currencyEUR", -45_300.0, "-€45.3K"),
            ("locale", 1_234_567.0, "1,234,567"),
            ("locale", -999.5, "-999.5"),
            ("locale", 0.0, "0"),
            ("hex", 255.0, "FF"),
            ("hex0x", -4096.0, "-0x1000"),
            ("dateTimeAsIso", 1_795_441_031_000.0, "2026-11-23 13:37:11 UTC"),
            ("dateTimeAsUS", 1e300, "1.00e300"),
        ] {
            check(id, value, expected);
        }
    }

    #[test]
    fn what_is_no_number_is_said() {
        check("bytes", f64::NAN, "NaN");
        check("s", f64::INFINITY, "+Inf");
        check("s", f64::NEG_INFINITY, "-Inf");
    }

    #[test]
    fn digits_after_the_point_can_be_fixed() {
        assert_eq!(Unit::named("percentunit").format_to(0.123_456, Some(2)), "12.35 %");
    }

    #[test]
    fn an_id_that_grafana_does_not_know_is_told() {
        assert_eq!("secnds".parse::<Unit>(), Err(UnknownUnit("secnds".to_owned())));
        assert!(Unit::ids().all(|id| id.parse::<Unit>().is_ok_and(|unit| unit.id() == id)));
    }
}
