//! A range as a table: a row for each moment, a column for each series.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{name, number};
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

/// Every sample of a stretch of time, with the moment at which it was scraped: those of two series have few in common.
pub(super) fn samples(series: &[Series], zone: &TimeZone) -> String {
    let times = || series.iter().flat_map(|one| &one.points).map(|point| point.time);
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let pattern = if last - first >= DAY { "%Y-%m-%d %H:%M:%S%.3f" } else { "%H:%M:%S%.3f" };
    let rows = series.iter().flat_map(|one| {
        let name = name(one);
        one.points.iter().map(move |point| {
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any year that people see")]
            let moment = jiff::Timestamp::from_millisecond((point.time * 1000.0).round() as i64).unwrap_or_default();
            let time = moment.to_zoned(zone.clone()).strftime(pattern).to_string();
            vec![name.clone(), time, number(point.value)]
        })
    });
    output::table(&["SERIES", "TIME", "VALUE"], &rows.collect::<Vec<_>>())
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

    #[test]
    fn every_sample_of_a_stretch_of_time_is_told_with_its_moment() {
        let both = [
            series(&[("__name__", "up"), ("job", "web")], &[(0.25, 1.0), (15.25, 0.0)]),
            series(&[("__name__", "up"), ("job", "db")], &[(3.0, 1.0)]),
        ];
        let plain = anstream::adapter::strip_str(&samples(&both, &TimeZone::UTC)).to_string();
        let rows: Vec<Vec<&str>> = plain.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["SERIES", "TIME", "VALUE"]);
        assert_eq!(rows[1], ["up{job=\"web\"}", "00:00:00.250", "1"]);
        assert_eq!(rows[2], ["up{job=\"web\"}", "00:00:15.250", "0"]);
        assert_eq!(rows[3], ["up{job=\"db\"}", "00:00:03.000", "1"]);
    }
}
