//! What a panel is filled with: series out of answers, plain data.

use std::collections::BTreeMap;

use crate::dashboard::{Color, Panel};

/// What a panel is filled with.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The answer to its queries; without any series there is no data.
    Series(Vec<Series>),
    /// There is no answer: why, in words.
    Failed(String),
}

/// One line, bar, number or row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// What it is called.
    pub legend: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Which of the panel's queries it answers, from 0.
    pub query: usize,
    /// Seconds since 1970 and value, in order of time. Values may be NaN or infinite.
    pub points: Vec<(f64, f64)>,
}

/// A moment that is marked along the time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Seconds since 1970.
    pub time: f64,
    /// What such moments are called.
    pub name: String,
    /// What is read at it.
    pub text: String,
    /// Its colour.
    pub color: Color,
}

impl Series {
    /// The newest value; `None`: it has no points.
    pub fn last(&self) -> Option<f64> {
        self.points.last().map(|(_, value)| *value)
    }

    /// Its numbers, without NaN.
    fn numbers(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|(_, value)| *value).filter(|value| !value.is_nan())
    }

    /// Whether there is anything of it to be seen.
    pub(super) fn has_numbers(&self) -> bool {
        self.numbers().next().is_some()
    }

    /// The largest value.
    pub(super) fn largest(&self) -> Option<f64> {
        self.numbers().reduce(f64::max)
    }

    /// Stretches without a gap: a point is missing where the next one is more than a step and a half away, or is no number.
    pub(super) fn stretches(&self, step: f64) -> Vec<&[(f64, f64)]> {
        let numbers = self.points.split(|(_, value)| !value.is_finite());
        let whole = numbers.flat_map(|stretch| stretch.chunk_by(|one, next| next.0 - one.0 <= step * 1.5));
        whole.filter(|stretch| !stretch.is_empty()).collect()
    }
}

/// A value as the panel writes it: its word where it has one, else in the panel's unit.
pub fn written(panel: &Panel, value: f64) -> String {
    // Words belong to exact values, such as 0 and 1.
    let word = panel.mappings.iter().find(|(mapped, _)| mapped.total_cmp(&value).is_eq()).map(|(_, word)| word.clone());
    word.unwrap_or_else(|| panel.unit.format_to(value, panel.decimals))
}

/// Class of the colour in which the panel shows a value; `dim` where no threshold holds.
pub(super) fn state_class(panel: &Panel, value: f64) -> &'static str {
    panel.color_of(value).map_or("ink", color_class)
}

/// Class of a colour. Colours of Grafana's own making have no shade that is known to be readable.
pub(super) fn color_class(color: &Color) -> &'static str {
    match color {
        Color::Green => "good",
        Color::Yellow | Color::Orange => "warn",
        Color::Red => "bad",
        Color::Blue => "blue",
        Color::Purple => "purple",
        Color::Text | Color::Custom(_) => "ink",
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    #[test]
    fn a_missing_point_and_what_is_no_number_break_the_line() {
        let points = vec![(0.0, 1.0), (10.0, 2.0), (40.0, 3.0), (50.0, f64::NAN), (60.0, 4.0), (70.0, 5.0)];
        let series = Series { points, ..Series::default() };
        let lengths: Vec<usize> = series.stretches(10.0).iter().map(|stretch| stretch.len()).collect();
        assert_eq!(lengths, [2, 1, 2]);
    }
}
