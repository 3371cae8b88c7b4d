//! One panel as SVG.

use super::content::{Content, Mark, Series};
use super::lines::{self, Lines};
use super::range::TimeRange;
use super::svg::{Anchor, Area, Shapes};
use super::table::{self, Table};
use super::{bars, gauge, heatmap, letters, stat, words};
use crate::dashboard::{Panel, PanelKind};

/// What a panel is drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Canvas<'a> {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// The time axis.
    pub range: &'a TimeRange,
    /// What is marked along it.
    pub marks: &'a [Mark],
    /// Values are shown where the pointer rests. For pages: it makes a drawing several times as large.
    pub hints: bool,
}

/// A panel without title and frame, for a page that has the style sheet of [`page_style`](super::page_style).
pub fn panel(panel: &Panel, content: &Content, canvas: Canvas) -> String {
    let mut shapes = Shapes::default();
    draw(panel, content, Area::new(0.0, 0.0, canvas.width, canvas.height), canvas, &mut shapes);
    shapes.finish(canvas.width, canvas.height, &panel.title, None)
}

/// Draws a panel's inside into the area.
pub(super) fn draw(panel: &Panel, content: &Content, area: Area, canvas: Canvas, shapes: &mut Shapes) {
    if panel.kind == PanelKind::Text {
        return words::draw(&panel.text, area, shapes);
    }
    let series = match content {
        Content::Failed(why) => return draw_notice(why, "bad", area, shapes),
        Content::Series(series) if series.iter().all(|one| one.points.is_empty()) => {
            return draw_notice("no data", "dim", area, shapes);
        }
        Content::Series(series) => series,
    };
    let now = || current(series, canvas.range).cloned().collect::<Vec<Series>>();
    match &panel.kind {
        PanelKind::Timeseries if !series.iter().any(Series::has_numbers) => draw_notice("no data", "dim", area, shapes),
        PanelKind::Timeseries => {
            let Canvas { range, marks, hints, .. } = canvas;
            let (series, more) = lines::drawable(series);
            Lines { panel, series: &series, more, marks, range, hints }.draw(area, shapes);
        }
        PanelKind::Stat => stat::draw(panel, &now(), canvas.range, area, shapes),
        PanelKind::Gauge => gauge::draw(panel, &now(), area, shapes),
        PanelKind::Bargauge => bars::draw(panel, &now(), area, shapes),
        PanelKind::Piechart => bars::draw_shares(panel, &now(), area, shapes),
        PanelKind::Table => table::draw(&Table::of(panel, &now()), area, shapes),
        PanelKind::Text => {}
        PanelKind::Heatmap => heatmap::draw(panel, series, canvas.range, canvas.hints, area, shapes),
        PanelKind::Other(kind) => draw_notice(&format!("only Grafana draws `{kind}` panels"), "dim", area, shapes),
    }
}

/// Series that still had a value at the end of the range, as far as Prometheus looks back; all where none had.
pub fn current<'a>(series: &'a [Series], range: &TimeRange) -> impl Iterator<Item = &'a Series> {
    let latest = range.end - (2.0 * range.step).max(300.0);
    let is_current = move |one: &Series| one.points.last().is_some_and(|(time, _)| *time >= latest);
    let any = series.iter().any(is_current);
    series.iter().filter(move |one| !any || is_current(one))
}

/// A few words in the middle. A drawing has no letters of code: backticks are left out.
fn draw_notice(text: &str, class: &str, area: Area, shapes: &mut Shapes) {
    let lines = letters::wrap(&text.replace('`', ""), area.width - 40.0, 12.0);
    let room = super::number::whole(area.height / 17.0).max(1);
    let lines = &lines[..lines.len().min(room)];
    let top = area.y + (area.height - super::number::float(lines.len()) * 17.0) / 2.0 + 12.0;
    for (row, line) in lines.iter().enumerate() {
        let at = (area.x + area.width / 2.0, top + super::number::float(row) * 17.0);
        shapes.text(at, Anchor::Middle, class, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_thousands_of_series_the_highest_are_drawn_and_the_rest_is_told() {
        let one = |number: u32| Series {
            legend: format!("series-{number}"),
            points: (0..100_u32).map(|at| (f64::from(at) * 15.0, f64::from(number))).collect(),
            ..Series::default()
        };
        let series: Vec<Series> = (0..1910).map(one).collect();
        let range = TimeRange { start: 0.0, end: 1500.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let canvas = Canvas { width: 600.0, height: 300.0, range: &range, marks: &[], hints: true };
        let svg = panel(&Panel::default(), &Content::Series(series), canvas);
        assert!(svg.contains("the 200 highest lines, and 1710 more"), "it is told at the plot");
        assert!(svg.contains("series-1710") && !svg.contains("series-1709"), "the highest are drawn");
        assert!(svg.len() < 1_000_000, "{}", svg.len());
    }

    #[test]
    fn a_point_alone_is_seen() {
        let series = Series { points: vec![(600.0, 3.0)], ..Series::default() };
        let range = TimeRange { start: 0.0, end: 1500.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let canvas = Canvas { width: 600.0, height: 300.0, range: &range, marks: &[], hints: false };
        let svg = panel(&Panel::default(), &Content::Series(vec![series]), canvas);
        assert!(svg.contains("class=\"line dot s0\""), "{svg}");
    }

    fn lines(series: Vec<Series>, marks: &[Mark]) -> String {
        let range = TimeRange { start: 0.0, end: 1500.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let canvas = Canvas { width: 600.0, height: 300.0, range: &range, marks, hints: true };
        panel(&Panel::default(), &Content::Series(series), canvas)
    }

    fn course(legend: &str, values: &[f64]) -> Series {
        let points = (0..100_u32).zip(values.iter().cycle()).map(|(at, value)| (f64::from(at) * 15.0, *value));
        Series { legend: legend.to_owned(), points: points.collect(), ..Series::default() }
    }

    #[test]
    fn an_area_is_filled_where_it_tells_how_much_there_is() {
        assert!(lines(vec![course("web", &[3.0, 10.0])], &[]).contains("class=\"area s0\""));
        let far_from_zero = lines(vec![course("web", &[95.0, 105.0])], &[]);
        assert!(far_from_zero.contains("class=\"line s0\"") && !far_from_zero.contains("area"), "{far_from_zero}");
    }

    #[test]
    fn what_is_no_number_is_in_no_legend() {
        let svg = lines(vec![course("gone", &[f64::NAN]), course("web", &[1.0, 2.0])], &[]);
        assert!(!svg.contains("gone") && !svg.contains("NaN"), "{svg}");
        assert!(svg.contains("line thick s1"), "colours stay: {svg}");
        let mut ended = course("web", &[1.0, 2.0]);
        ended.points.push((1500.0, f64::NAN));
        assert!(!lines(vec![ended], &[]).contains("NaN"));
        assert!(lines(vec![course("gone", &[f64::NAN])], &[]).contains(">no data<"));
    }

    #[test]
    fn what_is_marked_is_said_once() {
        let mark = |time| Mark {
            time,
            name: "Restarts".to_owned(),
            text: "web-1".to_owned(),
            color: crate::dashboard::Color::Purple,
        };
        let drawn = |marks: &[Mark]| lines(vec![course("web", &[1.0])], marks).matches("\u{25b2} Restarts").count();
        assert_eq!(drawn(&[mark(300.0), mark(600.0)]), 1);
        assert_eq!(drawn(&[mark(-300.0)]), 0);
    }
}
