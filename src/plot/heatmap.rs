//! Colours over time and buckets: when which values occurred, and how often. More is darker on light ground and lighter
//! on dark ground, of one colour, so that every kind of colour vision reads it.

use std::fmt::Write as _;

use super::content::{Series, written};
use super::letters;
use super::lines::draw_time_axis;
use super::number::{float, whole};
use super::range::TimeRange;
use super::scale::{Scale, Wish};
use super::svg::{Anchor, Area, Shapes};
use crate::dashboard::{Panel, Unit};

const SMALL: f64 = 11.0;
/// Shades, the least of them for whatever occurred at all.
pub(super) const SHADES: usize = 6;
/// Least width of a column of cells.
const CELL: f64 = 6.0;
/// Height of the line that tells what the shades mean.
const KEY: f64 = 20.0;

/// A row of cells.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    /// What is read beside it.
    label: String,
    /// A count for each column; `None`: nothing is known of that time.
    counts: Vec<Option<f64>>,
}

/// Draws cells, axes and the key. `hints`: counts are shown where the pointer rests.
pub(super) fn draw(panel: &Panel, series: &[Series], range: &TimeRange, hints: bool, area: Area, shapes: &mut Shapes) {
    let columns = range.points().min(whole(area.width / CELL)).max(1);
    let rows = rows(panel, series, range, columns);
    let widest = rows.iter().map(|row| letters::width(&row.label, SMALL)).fold(0.0, f64::max);
    let left = widest + 10.0;
    let frame = Area::new(area.x + left, area.y + 6.0, area.width - left - 8.0, area.height - 26.0 - KEY);
    let most = rows.iter().flat_map(|row| &row.counts).filter_map(|count| *count).fold(0.0, f64::max);
    draw_time_axis(range, frame, shapes);
    let height = frame.height / float(rows.len().max(1));
    let apart = whole((14.0 / height.max(0.1)).ceil()).max(1);
    for (at, row) in rows.iter().enumerate() {
        let line = Area { y: frame.bottom() - float(at + 1) * height, height, ..frame };
        draw_row(row, most, line, shapes);
        if at.is_multiple_of(apart) {
            let middle = line.y + height / 2.0 + 4.0;
            shapes.text((frame.x - 6.0, middle), Anchor::End, "dim small", &row.label);
        }
    }
    if hints {
        draw_hints(&rows, range, columns, frame, shapes);
    }
    draw_key(most, Area { y: area.bottom() - KEY, height: KEY, ..frame }, shapes);
}

/// Rows from the lowest up: the buckets of a histogram where the series are such, else stretches of their values.
fn rows(panel: &Panel, series: &[Series], range: &TimeRange, columns: usize) -> Vec<Row> {
    let bound = |one: &Series| one.labels.get("le").and_then(|bound| bound.parse::<f64>().ok());
    let bounds: Option<Vec<f64>> = series.iter().map(bound).collect();
    match bounds {
        Some(bounds) => of_buckets(panel, series, &bounds, range, columns),
        None => of_values(panel, series, range, columns),
    }
}

/// A histogram counts in each bucket what is in the lower ones, too: that is taken off.
fn of_buckets(panel: &Panel, series: &[Series], bounds: &[f64], range: &TimeRange, columns: usize) -> Vec<Row> {
    let mut sorted: Vec<f64> = bounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup_by(|one, other| one.total_cmp(other).is_eq());
    let mut below = vec![None; columns];
    let row = |(at, bound): (usize, &f64)| {
        let of_bound = series.iter().zip(bounds).filter(|(_, other)| bound.total_cmp(other).is_eq());
        let mut up_to = vec![None; columns];
        for (one, _) in of_bound {
            for (sum, mean) in up_to.iter_mut().zip(means(one, range, columns)) {
                *sum = mean.map(|mean| mean + sum.unwrap_or(0.0)).or(*sum);
            }
        }
        let own =
            up_to.iter().zip(&below).map(|(up_to, below)| Some((up_to.as_ref()? - below.unwrap_or(0.0)).max(0.0)));
        let counts = own.collect();
        below = up_to;
        let label = match at.checked_sub(1).map(|at| sorted[at]) {
            Some(last) if bound.is_infinite() => format!("> {}", written(panel, last)),
            _ => format!("≤ {}", written(panel, *bound)),
        };
        Row { label, counts }
    };
    sorted.iter().enumerate().map(row).collect()
}

/// The mean of what a series was in each column.
fn means(series: &Series, range: &TimeRange, columns: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0.0); columns];
    for (time, value) in series.points.iter().filter(|(_, value)| value.is_finite()) {
        if let Some((sum, count)) = column(*time, range, columns).and_then(|at| sums.get_mut(at)) {
            *sum += value;
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0.0).then(|| sum / count)).collect()
}

fn of_values(panel: &Panel, series: &[Series], range: &TimeRange, columns: usize) -> Vec<Row> {
    const ROWS: usize = 10;
    let points = || series.iter().flat_map(|one| &one.points).filter(|(_, value)| value.is_finite());
    let Panel { unit, minimum, maximum, .. } = panel;
    let wish = Wish { unit, minimum: *minimum, maximum: *maximum, ticks: ROWS };
    let edges = Scale::of(points().map(|(_, value)| *value), wish).ticks;
    let mut rows: Vec<Row> = edges
        .iter()
        .take(edges.len().saturating_sub(1).max(1))
        .map(|edge| Row { label: format!("≥ {}", edge.label), counts: vec![None; columns] })
        .collect();
    for (time, value) in points() {
        // What lies on the upper end belongs to the last row.
        let at = edges.iter().rposition(|edge| edge.value <= *value).unwrap_or(0).min(rows.len().saturating_sub(1));
        let Some(column) = column(*time, range, columns) else { continue };
        if let Some(count) = rows.get_mut(at).and_then(|row| row.counts.get_mut(column)) {
            *count = Some(count.unwrap_or(0.0) + 1.0);
        }
    }
    rows
}

/// The column that a moment lies in.
fn column(time: f64, range: &TimeRange, columns: usize) -> Option<usize> {
    let share = (time - range.start) / range.length().max(1e-9);
    (0.0..=1.0).contains(&share).then(|| whole(share * float(columns)).min(columns - 1))
}

/// The shade of a count, from 1; 0 for none. By its root, so that what is rare is still seen beside what is frequent.
fn shade(count: Option<f64>, most: f64) -> usize {
    let share = count.filter(|count| *count > 0.0 && most > 0.0).map_or(0.0, |count| (count / most).sqrt());
    whole((share * float(SHADES)).ceil()).min(SHADES)
}

/// Neighbours of one shade are one rectangle.
fn draw_row(row: &Row, most: f64, area: Area, shapes: &mut Shapes) {
    let width = area.width / float(row.counts.len().max(1));
    let steps: Vec<usize> = row.counts.iter().map(|count| shade(*count, most)).collect();
    let mut from = 0;
    for same in steps.chunk_by(|one, other| one == other) {
        if same[0] > 0 {
            let cells = Area { x: area.x + float(from) * width, width: float(same.len()) * width, ..area };
            // A hair's breadth between rows tells them apart.
            let cells = Area { height: (cells.height - 1.0).max(1.0), ..cells };
            shapes.rect(cells, 0.0, &format!("heat shade{}", same[0]));
        }
        from += same.len();
    }
}

fn draw_hints(rows: &[Row], range: &TimeRange, columns: usize, frame: Area, shapes: &mut Shapes) {
    const LINES: usize = 12;
    let width = frame.width / float(columns);
    for column in 0..columns {
        let known = rows.iter().rev().filter_map(|row| Some((row, row.counts[column].filter(|count| *count > 0.0)?)));
        let mut text = String::new();
        for (row, count) in known.take(LINES) {
            write!(text, "\n{}: {}", row.label, Unit::short().format(count)).expect("a String takes everything");
        }
        if !text.is_empty() {
            let time = range.start + (float(column) + 0.5) / float(columns) * range.length();
            let x = frame.x + float(column) * width;
            shapes.hint(Area { x, width, ..frame }, &format!("{}{text}", range.moment(time)));
        }
    }
}

/// What the shades mean: from none to the most.
fn draw_key(most: f64, area: Area, shapes: &mut Shapes) {
    const SIDE: f64 = 14.0;
    let y = area.y + 4.0;
    shapes.text((area.x, y + 10.0), Anchor::Start, "dim small", "0");
    for shade in 1..=SHADES {
        let x = area.x + 4.0 + float(shade) * SIDE;
        shapes.rect(Area::new(x, y, SIDE - 1.0, 11.0), 0.0, &format!("heat shade{shade}"));
    }
    let x = area.x + 10.0 + float(SHADES + 1) * SIDE;
    shapes.text((x, y + 10.0), Anchor::Start, "dim small", Unit::short().format(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range() -> TimeRange {
        TimeRange { start: 0.0, end: 40.0, step: 10.0, zone: jiff::tz::TimeZone::UTC }
    }

    fn series(labels: &[(&str, &str)], points: &[(f64, f64)]) -> Series {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Series { labels, points: points.to_vec(), ..Series::default() }
    }

    #[test]
    fn a_bucket_counts_without_what_is_in_the_lower_ones() {
        let panel = Panel { unit: Unit::named("s"), ..Panel::default() };
        let buckets = [
            series(&[("le", "+Inf")], &[(5.0, 10.0), (35.0, 4.0)]),
            series(&[("le", "0.1")], &[(5.0, 7.0), (35.0, 4.0)]),
            series(&[("le", "0.01")], &[(5.0, 2.0)]),
        ];
        let rows = rows(&panel, &buckets, &range(), 4);
        let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["≤ 10 ms", "≤ 100 ms", "> 100 ms"], "from the lowest up");
        let firsts: Vec<_> = rows.iter().map(|row| row.counts[0]).collect();
        assert_eq!(firsts, [Some(2.0), Some(5.0), Some(3.0)]);
        assert_eq!(rows[2].counts, [Some(3.0), None, None, Some(0.0)], "a gap is a gap");
    }

    #[test]
    fn values_that_are_no_buckets_are_counted_by_where_they_lie() {
        let values = [series(&[], &[(5.0, 1.0), (15.0, 9.5)]), series(&[], &[(5.0, 1.5)])];
        let rows = rows(&Panel::default(), &values, &range(), 4);
        assert_eq!(rows[1].counts[0], Some(2.0), "{rows:?}");
        assert_eq!(rows.last().and_then(|row| row.counts[1]), Some(1.0), "{rows:?}");
    }

    #[test]
    fn what_is_rare_has_a_shade_of_its_own() {
        assert_eq!([None, Some(0.0), Some(1.0), Some(1000.0)].map(|count| shade(count, 1000.0)), [0, 0, 1, SHADES]);
        assert_eq!(shade(Some(1.0), 0.0), 0);
    }

    #[test]
    fn nothing_panics_for_want_of_room_or_numbers() {
        for (width, height) in [(0.0, 0.0), (5.0, 400.0), (400.0, 5.0), (400.0, 200.0)] {
            let odd =
                [series(&[("le", "1")], &[(f64::NAN, 1.0), (1e300, f64::INFINITY)]), series(&[("le", "NaN")], &[])];
            let mut shapes = Shapes::default();
            draw(&Panel::default(), &odd, &range(), true, Area::new(0.0, 0.0, width, height), &mut shapes);
            draw(&Panel::default(), &odd[..1], &range(), true, Area::new(0.0, 0.0, width, height), &mut shapes);
        }
    }
}
