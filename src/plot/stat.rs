//! One large number for each series, with its course behind it.

use std::fmt::Write as _;

use super::cells::Cells;
use super::content::{Series, state_class, written};
use super::letters;
use super::range::TimeRange;
use super::svg::{Anchor, Area, Shapes, Short};
use crate::dashboard::Panel;

/// Draws the numbers side by side, in as many lines as they need.
pub(super) fn draw(panel: &Panel, series: &[Series], range: &TimeRange, area: Area, shapes: &mut Shapes) {
    let numbers = series.iter().filter_map(Series::last).map(|last| letters::bold_width(&written(panel, last), LARGE));
    // A number that is cut says nothing: cells are as wide as the widest of them.
    let widest = numbers.fold(70.0, f64::max) + 16.0;
    let cells = Cells::of(series.len(), area, widest.min(area.width), 74.0);
    for (number, one) in series.iter().take(cells.shown).enumerate() {
        draw_one(panel, one, range, cells.area(number), series.len() > 1, shapes);
    }
    cells.draw_more(shapes);
}

const HUGE: f64 = 34.0;
const LARGE: f64 = 22.0;

fn draw_one(panel: &Panel, series: &Series, range: &TimeRange, area: Area, named: bool, shapes: &mut Shapes) {
    let Some(last) = series.last() else { return };
    // Such as the time of requests where there was none.
    let (class, text) =
        if last.is_nan() { ("dim", "no data".to_owned()) } else { (state_class(panel, last), written(panel, last)) };
    let (size, size_class) = if letters::bold_width(&text, HUGE) < area.width - 16.0 && area.height > 90.0 {
        (HUGE, "huge")
    } else {
        (LARGE, "large")
    };
    // Number and name keep their lines free, down to the ends of letters such as `q`.
    let used = if named { 34.0 } else { size * 0.45 };
    let line_height = (area.height / 2.0 - used).max(0.0);
    draw_course(series, range, Area { y: area.bottom() - line_height, height: line_height, ..area }, class, shapes);
    let middle = (area.x + area.width / 2.0, area.y + area.height * 0.5 - if named { 4.0 } else { 0.0 } + size * 0.2);
    shapes.text(middle, Anchor::Middle, &format!("{class} {size_class}"), letters::fit_bold(&text, area.width, size));
    if named {
        let name = letters::fit(&series.legend, area.width - 12.0, 11.0);
        shapes.text((middle.0, middle.1 + 20.0), Anchor::Middle, "dim small", name);
    }
}

/// Share of the range that a course covers at least. What is shorter is a dash below the number that nobody can read.
const SHORTEST: f64 = 0.2;

fn tells_a_course(series: &Series, range: &TimeRange) -> bool {
    let (Some((first, _)), Some((last, _))) = (series.points.first(), series.points.last()) else { return false };
    last.min(range.end) - first.max(range.start) >= range.length() * SHORTEST
}

/// The course without axes: where it was high and where low.
fn draw_course(series: &Series, range: &TimeRange, area: Area, class: &str, shapes: &mut Shapes) {
    if !tells_a_course(series, range) || area.height < 10.0 {
        return;
    }
    let numbers = series.points.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
    let (low, high) =
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = if high > low { (low, high) } else { (low - 1.0, high + 1.0) };
    let x = |time: f64| area.x + ((time - range.start) / range.length().max(1e-9)).clamp(0.0, 1.0) * area.width;
    let y = |value: f64| area.bottom() - 4.0 - (value - low) / (high - low) * (area.height - 8.0);
    for stretch in series.stretches(range.step) {
        let mut path = String::new();
        for (number, (time, value)) in stretch.iter().enumerate() {
            let letter = if number == 0 { 'M' } else { 'L' };
            write!(path, "{letter}{} {}", Short(x(*time)), Short(y(*value))).expect("a String takes everything");
        }
        shapes.path(&path, &format!("line faint {class}"));
    }
}

#[cfg(test)]
mod tests {
    use super::tells_a_course;
    use crate::dashboard::{Panel, PanelKind};
    use crate::plot::{Canvas, Content, Series, TimeRange};

    #[test]
    fn what_is_no_number_is_no_data() {
        let panel = Panel { kind: PanelKind::Stat, ..Panel::default() };
        let series = Series { points: vec![(3600.0, f64::NAN)], ..Series::default() };
        let range = TimeRange { start: 0.0, end: 3600.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let canvas = Canvas { width: 300.0, height: 100.0, range: &range, marks: &[], hints: false };
        let svg = crate::plot::panel(&panel, &Content::Series(vec![series]), canvas);
        assert!(svg.contains(">no data<") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn a_few_minutes_of_an_hour_are_no_course() {
        let range = TimeRange { start: 0.0, end: 3600.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let since = |start: f64| Series { points: vec![(start, 1.0), (3600.0, 1.0)], ..Series::default() };
        assert!(!tells_a_course(&since(3400.0), &range));
        assert!(tells_a_course(&since(2400.0), &range));
        assert!(!tells_a_course(&Series::default(), &range));
    }

    #[test]
    fn the_course_is_below_the_number() {
        let panel = Panel { kind: PanelKind::Stat, ..Panel::default() };
        let points: Vec<(f64, f64)> = (0..240_u32).map(|at| (f64::from(at) * 15.0, f64::from(at % 7))).collect();
        let range = TimeRange { start: 0.0, end: 3600.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        for (height, size) in [(74.0, 22.0), (100.0, 34.0), (160.0, 34.0)] {
            let canvas = Canvas { width: 300.0, height, range: &range, marks: &[], hints: false };
            let series = Series { points: points.clone(), ..Series::default() };
            let svg = crate::plot::panel(&panel, &Content::Series(vec![series]), canvas);
            let course = svg.split_once("<path d=\"M").and_then(|(_, rest)| rest.split_once('"')).expect("a course").0;
            let heights = course.split('L').filter_map(|point| point.split_once(' ')?.1.parse::<f64>().ok());
            let baseline = svg.split_once("<text x=\"150\" y=\"").and_then(|(_, rest)| rest.split_once('"'));
            let baseline: f64 = baseline.and_then(|(y, _)| y.parse().ok()).expect("a number");
            let top = heights.fold(f64::INFINITY, f64::min);
            assert!(
                top >= baseline + size * 0.25,
                "{height}: the course begins at {top}, the number ends at {baseline}"
            );
        }
    }
}
