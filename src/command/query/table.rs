//! A range as a table: a row for each moment, a column for each series.

use std::collections::BTreeMap;

use super::number;
use crate::client::Series;
use crate::command::output;
use crate::plot::TimeRange;

/// Rows that a table has unless somebody asks for a step.
pub(super) const ROWS: f64 = 20.0;

/// From this length on, in seconds, a time is told with its day.
const DAY: f64 = 86_400.0;

/// The table. A moment at which a series has no value is left empty.
pub(super) fn table(series: &[Series], range: &TimeRange) -> String {
    let mut rows: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (column, one) in series.iter().enumerate() {
        for point in &one.points {
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any year that people see")]
            let row =
                rows.entry((point.time * 1000.0).round() as i64).or_insert_with(|| vec![String::new(); series.len()]);
            row[column] = number(point.value);
        }
    }
    let pattern = if range.end - range.start >= DAY { "%Y-%m-%d %H:%M:%S" } else { "%H:%M:%S" };
    let time = |millis: i64| {
        let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
        moment.to_zoned(range.zone.clone()).strftime(pattern).to_string()
    };
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(millis, values)| [vec![time(millis)], values].concat()).collect();
    let names = Series::differences(series);
    let header: Vec<&str> = std::iter::once("TIME").chain(names.iter().map(String::as_str)).collect();
    output::table(&header, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Point;

    fn series(labels: &[(&str, &str)], points: &[(f64, f64)]) -> Series {
        let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
        Series { labels, points: points.iter().map(|(time, value)| Point { time: *time, value: *value }).collect() }
    }

    #[test]
    fn each_moment_is_a_row_and_each_series_a_column_by_what_tells_it_apart() {
        let range = TimeRange { start: 0.0, end: 60.0, step: 30.0, zone: jiff::tz::TimeZone::UTC };
        let plain =
            |series: &[Series], range: &TimeRange| anstream::adapter::strip_str(&table(series, range)).to_string();
        let both = [
            series(&[("__name__", "up"), ("job", "web"), ("env", "x")], &[(0.0, 1.0), (30.0, 0.5)]),
            series(&[("__name__", "up"), ("job", "db"), ("env", "x")], &[(30.0, f64::NAN)]),
        ];
        assert_eq!(plain(&both, &range), "TIME      web  db\n00:00:00  1\n00:00:30  0.5  NaN");
        let one = plain(&both[..1], &TimeRange { end: 2.0 * DAY, ..range });
        assert!(one.starts_with("TIME                 up{") && one.contains("\n1970-01-01 00:00:00  1"), "{one}");
    }
}
