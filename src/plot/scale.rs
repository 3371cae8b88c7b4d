//! The value axis: from where to where, and round numbers of the unit on it.

use super::number::float;
use crate::dashboard::{Rounding, Unit};

/// The value axis of a plot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    /// Lower end.
    pub(super) low: f64,
    /// Upper end.
    pub(super) high: f64,
    /// Ticks from the lower end up.
    pub(super) ticks: Vec<Tick>,
}

/// One tick of a value axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// What is asked of an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// Unit of the values.
    pub(super) unit: &'a Unit,
    /// Lower end, where it is given.
    pub(super) minimum: Option<f64>,
    /// Upper end, where it is given.
    pub(super) maximum: Option<f64>,
    /// How many ticks there is room for.
    pub(super) ticks: usize,
}

impl Scale {
    /// An axis that holds all values. What is no number does not count; without any the axis goes from 0 to 1.
    pub(super) fn of(values: impl Iterator<Item = f64>, wish: Wish) -> Self {
        let (least, most) = extent(values, few(wish.unit));
        let (low, high) = (wish.minimum.unwrap_or(least), wish.maximum.unwrap_or(most));
        // Ends that are given the wrong way round, or on one another, are an axis of one unit.
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        let step = step(wish.unit.rounding(), (high - low) / float(wish.ticks.max(1)));
        let low = if wish.minimum.is_some() { low } else { (low / step).floor() * step };
        let high = if wish.maximum.is_some() { high } else { (high / step).ceil() * step };
        let first = (low / step).ceil();
        let values = (0..=50).map(|number| (first + f64::from(number)) * step);
        let values: Vec<f64> = values.take_while(|value| *value <= high + step * 1e-6).collect();
        let labels = labels(wish.unit, &values);
        let ticks = values.into_iter().zip(labels).map(|(value, label)| Tick { value, label });
        Self { low, high, ticks: ticks.collect() }
    }

    /// The same with the words that a panel has for its values in place of numbers, where they are all that is shown.
    pub(super) fn worded(mut self, words: &[(f64, String)], values: impl Iterator<Item = f64>) -> Self {
        let is_word = |value: f64| words.iter().any(|(known, _)| known.total_cmp(&value).is_eq());
        if !words.is_empty() && values.filter(|value| value.is_finite()).all(is_word) {
            let within = words.iter().filter(|(value, _)| (self.low..=self.high).contains(value));
            self.ticks = within.map(|(value, word)| Tick { value: *value, label: word.clone() }).collect();
        }
        self
    }

    /// Whether 0 is on it: how large an area is tells how much there is only from there.
    pub(super) fn holds_zero(&self) -> bool {
        (self.low..=self.high).contains(&0.0)
    }

    /// Where a value stands, from 0 at the lower end to 1 at the upper.
    pub(super) fn share(&self, value: f64) -> f64 {
        // Halved first, because the difference of the largest numbers is none.
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }
}

/// A little of a unit: of a share no more than a hundredth, so that the first error is no line at the ground.
fn few(unit: &Unit) -> f64 {
    if unit.id() == "percentunit" { 0.01 } else { 1.0 }
}

/// Least and most, with 0 where that does not squeeze the values into one half, and room where all are the same.
/// `few`: where the axis of nothing but zeros ends.
fn extent(values: impl Iterator<Item = f64>, few: f64) -> (f64, f64) {
    // Larger ones would overflow in the sums that follow: they stand at the end of the axis.
    const MOST: f64 = 1e307;
    let finite = values.filter(|value| value.is_finite()).map(|value| value.clamp(-MOST, MOST));
    let (least, most) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
    if least > most {
        (0.0, 1.0)
    } else if least.total_cmp(&most).is_eq() {
        if least.abs() < f64::MIN_POSITIVE { (0.0, few) } else { (least.min(0.0), most.max(0.0)) }
    } else if least > 0.0 && least < most * 0.5 {
        (0.0, most)
    } else if most < 0.0 && most > least * 0.5 {
        (least, 0.0)
    } else {
        (least, most)
    }
}

/// The least round step that is not below `wanted`.
fn step(rounding: Rounding, wanted: f64) -> f64 {
    match rounding {
        Rounding::Decimal => decimal(wanted),
        Rounding::Binary => binary(wanted),
        Rounding::Time(seconds) => time(wanted * seconds) / seconds,
    }
}

/// 1, 2, 2.5 or 5 times a power of ten.
fn decimal(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().map(|digit| digit * power).find(|round| *round >= wanted * 0.999_999);
    round.unwrap_or(10.0 * power)
}

/// Of bytes: round within each power of 1024, and such that the next power is met.
fn binary(wanted: f64) -> f64 {
    if wanted < 1.0 {
        return decimal(wanted);
    }
    let power = 1024_f64.powf(wanted.log(1024.0).floor());
    let digits = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 128.0, 256.0, 512.0];
    let round = digits.into_iter().map(|digit| digit * power).find(|round| *round >= wanted * 0.999_999);
    round.unwrap_or(1024.0 * power)
}

/// Of seconds: as clocks and calendars divide them.
fn time(wanted: f64) -> f64 {
    const ROUND: [f64; 18] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0,
        43_200.0, 86_400.0,
    ];
    let days = 86_400.0;
    if wanted <= 0.5 {
        decimal(wanted)
    } else {
        ROUND.into_iter().find(|round| *round >= wanted * 0.999_999).unwrap_or_else(|| decimal(wanted / days) * days)
    }
}

/// What is written at the ticks: as many digits as tell them apart.
fn labels(unit: &Unit, values: &[f64]) -> Vec<String> {
    // 0.30000000000000004 is written without its end, but a tick at 1e-17 would not be written as 0.
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let values: Vec<f64> = values.iter().map(|value| if value.abs() < largest * 1e-9 { 0.0 } else { *value }).collect();
    let written = |decimals| values.iter().map(|value| unit.format_to(*value, decimals)).collect::<Vec<_>>();
    let differ = |labels: &Vec<String>| labels.windows(2).all(|pair| pair[0] != pair[1]);
    let candidates = std::iter::once(None).chain((1..=9).map(Some)).map(written);
    candidates.into_iter().find(differ).unwrap_or_else(|| {
        // Yes and no have no digits: each word once.
        let mut labels = written(None);
        for at in (1..labels.len()).rev() {
            if labels[at] == labels[at - 1] {
                labels[at].clear();
            }
        }
        labels
    })
}

#[cfg(test)]
mod tests {
    use super::{Scale, Wish};
    use crate::dashboard::Unit;

    fn ticks(unit: &str, values: &[f64]) -> String {
        let unit = Unit::named(unit);
        let wish = Wish { unit: &unit, minimum: None, maximum: None, ticks: 5 };
        let scale = Scale::of(values.iter().copied(), wish);
        scale.ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn ticks_are_round_in_the_unit() {
        assert_eq!(ticks("short", &[0.0, 8.3]), "0 | 2 | 4 | 6 | 8 | 10");
        assert_eq!(ticks("bytes", &[0.0, 900.0 * 1024.0 * 1024.0]), "0 B | 256 MiB | 512 MiB | 768 MiB | 1 GiB");
        assert_eq!(ticks("s", &[0.0, 0.21]), "0 s | 50 ms | 100 ms | 150 ms | 200 ms | 250 ms");
        assert_eq!(ticks("s", &[0.0, 7000.0]), "0 s | 30 min | 1 h | 1.5 h | 2 h");
        assert_eq!(ticks("percentunit", &[0.02, 0.43]), "0 % | 10 % | 20 % | 30 % | 40 % | 50 %");
    }

    #[test]
    fn ticks_close_to_each_other_have_the_digits_that_tell_them_apart() {
        assert_eq!(
            ticks("short", &[10_000.0, 10_010.0]),
            "10.000 K | 10.002 K | 10.004 K | 10.006 K | 10.008 K | 10.010 K"
        );
    }

    #[test]
    fn an_axis_of_shares_ends_where_they_do() {
        assert_eq!(ticks("percentunit", &[0.0, 0.005]), "0 % | 0.1 % | 0.2 % | 0.3 % | 0.4 % | 0.5 %");
        assert!(ticks("percentunit", &[0.0, 0.0]).ends_with("| 1 %"));
        assert!(ticks("percent", &[0.0, 0.0]).ends_with("| 1 %"));
        assert!(ticks("percentunit", &[0.0, 1.0]).ends_with("| 100 %"));
    }

    #[test]
    fn zero_is_on_the_axis_unless_it_would_hide_the_course() {
        assert!(ticks("short", &[3.0, 10.0]).starts_with("0 |"));
        assert!(ticks("short", &[95.0, 105.0]).starts_with("94 |"));
        assert!(ticks("short", &[7.0, 7.0]).starts_with("0 |"));
    }

    #[test]
    fn yes_and_no_stand_once_at_the_axis_and_the_largest_numbers_are_on_it() {
        assert_eq!(ticks("bool", &[0.0, 1.0]), "False | True |  |  |  | ");
        let unit = Unit::short();
        let wish = Wish { unit: &unit, minimum: None, maximum: None, ticks: 5 };
        let scale = Scale::of([1e306, f64::INFINITY].into_iter(), wish);
        assert!(scale.high > 9.9e305 && scale.high.is_finite(), "{scale:?}");
        assert!(scale.ticks.iter().all(|tick| tick.label.len() < 20), "{scale:?}");
    }

    #[test]
    fn no_values_and_odd_values_have_an_axis_too() {
        for values in [&[][..], &[0.0], &[f64::NAN, f64::INFINITY], &[-1e308, 1e308], &[-5.0, -5.0], &[1e-12, 2e-12]] {
            let unit = Unit::short();
            let wish = Wish { unit: &unit, minimum: None, maximum: None, ticks: 5 };
            let scale = Scale::of(values.iter().copied(), wish);
            assert!(
                scale.high > scale.low && !scale.ticks.is_empty() && scale.ticks.len() <= 12,
                "{values:?} {scale:?}"
            );
        }
    }

    #[test]
    fn ends_that_are_given_hold_whatever_the_values() {
        let unit = Unit::named("percent");
        for (minimum, maximum) in [(Some(0.0), Some(100.0)), (Some(5.0), Some(5.0)), (Some(9.0), Some(1.0))] {
            let scale = Scale::of([250.0].into_iter(), Wish { unit: &unit, minimum, maximum, ticks: 4 });
            assert!(scale.high > scale.low, "{scale:?}");
        }
    }
}
