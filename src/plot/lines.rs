//! Lines over time: axes, grid, thresholds, marks, gaps, legend.

use std::borrow::Cow;
use std::fmt::Write as _;

use indexmap::IndexMap;

use super::content::{Mark, Series, color_class, written};
use super::number::whole;
use super::palette::line_class;
use super::range::TimeRange;
use super::scale::{Scale, Wish};
use super::svg::{Anchor, Area, Shapes, Short};
use super::{legend, letters, stack};
use crate::dashboard::{Panel, Stacking, Unit};

/// Size of the words at the axes.
const SMALL: f64 = 11.0;

/// Everything that a drawing of lines needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) panel: &'a Panel,
    pub(super) series: &'a [Series],
    /// How many more series there are than are drawn.
    pub(super) more: usize,
    pub(super) marks: &'a [Mark],
    pub(super) range: &'a TimeRange,
    /// Values are shown where the pointer rests.
    pub(super) hints: bool,
}

/// Lines beyond this many cannot be told apart, and make a page that no browser shows in time.
const MOST: usize = 200;

/// The series that are drawn, those with the highest values where there are too many, and how many are left out.
pub(super) fn drawable(series: &[Series]) -> (Cow<'_, [Series]>, usize) {
    let Some(more) = series.len().checked_sub(MOST).filter(|more| *more > 0) else {
        return (Cow::Borrowed(series), 0);
    };
    let mut highest: Vec<(usize, f64)> =
        series.iter().map(|one| one.largest().unwrap_or(f64::NEG_INFINITY)).enumerate().collect();
    highest.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    highest.truncate(MOST);
    // They stay in their order, in which colours are given out.
    highest.sort_by_key(|(at, _)| *at);
    (highest.into_iter().map(|(at, _)| series[at].clone()).collect(), more)
}

/// Turns times and values into coordinates.
struct Frame<'a> {
    area: Area,
    range: &'a TimeRange,
    scale: Scale,
}

impl Frame<'_> {
    fn x(&self, time: f64) -> f64 {
        self.area.x + (time - self.range.start) / self.range.length().max(1e-9) * self.area.width
    }

    fn y(&self, value: f64) -> f64 {
        // A point outside the axis is drawn just outside, where it is cut off, not a million pixels away.
        self.area.bottom() - self.scale.share(value).clamp(-0.02, 1.02) * self.area.height
    }
}

impl Lines<'_> {
    /// Draws into the area.
    pub(super) fn draw(&self, area: Area, shapes: &mut Shapes) {
        let area = self.tell_more(area, shapes);
        let shown = legend::shown(self.panel, self.series, self.more, area);
        let plot_height = area.height - legend::height(&shown) - 20.0;
        let stacked = stack::stacked(self.series, self.panel.stacking);
        let drawn = stacked.as_deref().unwrap_or(self.series);
        let frame = self.frame(Area { height: plot_height, ..area }, drawn);
        self.axes(&frame, shapes);
        self.limits(&frame, shapes);
        for (number, series) in drawn.iter().enumerate() {
            let fill = match number.checked_sub(1) {
                Some(below) if stacked.is_some() => Fill::DownTo(&drawn[below]),
                None if stacked.is_some() || drawn.len() == 1 && frame.scale.holds_zero() => Fill::ToAxis,
                _ => Fill::None,
            };
            draw_series(&frame, series, number, fill, shapes);
        }
        self.limit_labels(&frame, shapes);
        self.marks(&frame, shapes);
        if self.hints {
            self.hints(&frame, shapes);
        }
        legend::draw(&shown, Area { y: frame.area.bottom() + 22.0, ..area }, shapes);
    }

    /// Says above the lines how many are not drawn, and returns what is left below.
    fn tell_more(&self, area: Area, shapes: &mut Shapes) -> Area {
        const HEIGHT: f64 = 16.0;
        if self.more == 0 {
            return area;
        }
        let words = format!("the {} highest lines, and {} more that are not drawn", self.series.len(), self.more);
        let words = letters::fit(&words, area.width - 12.0, SMALL);
        shapes.text((area.right() - 6.0, area.y + 10.0), Anchor::End, "dim small", words);
        Area { y: area.y + HEIGHT, height: area.height - HEIGHT, ..area }
    }

    fn frame(&self, area: Area, drawn: &[Series]) -> Frame<'_> {
        let percent = self.panel.stacking == Stacking::Percent;
        let shares = Unit::named("percentunit");
        let wish = Wish {
            unit: if percent { &shares } else { &self.panel.unit },
            minimum: self.panel.minimum.or(percent.then_some(0.0)),
            maximum: self.panel.maximum.filter(|_| !percent).or(percent.then_some(1.0)),
            ticks: whole(area.height / 30.0).clamp(2, 6),
        };
        let within = |time: f64| time >= self.range.start - self.range.step && time <= self.range.end;
        let points = drawn.iter().flat_map(|series| &series.points).filter(|(time, _)| within(*time));
        let ground = (percent || self.panel.stacking == Stacking::Normal).then_some(0.0);
        let values: Vec<f64> = points.map(|(_, value)| *value).chain(ground).collect();
        // A flat line says something only beside what it shall keep away from.
        let is_flat = values.iter().all(|value| values.first() == Some(value));
        let limits = self.panel.thresholds.iter().filter_map(|limit| limit.value).filter(|_| is_flat);
        let scale = Scale::of(values.iter().copied().chain(limits), wish);
        let scale = scale.worded(&self.panel.mappings, values.iter().copied());
        let widest = scale.ticks.iter().map(|tick| letters::width(&tick.label, SMALL)).fold(0.0, f64::max);
        let left = (widest + 10.0).max(28.0);
        let area = Area::new(area.x + left, area.y + 6.0, area.width - left - 8.0, area.height - 6.0);
        Frame { area, range: self.range, scale }
    }

    fn axes(&self, frame: &Frame, shapes: &mut Shapes) {
        let area = frame.area;
        for tick in &frame.scale.ticks {
            let y = frame.y(tick.value);
            shapes.line((area.x, y), (area.right(), y), "gridline");
            shapes.text((area.x - 6.0, y + 4.0), Anchor::End, "dim small", &tick.label);
        }
        draw_time_axis(self.range, area, shapes);
    }

    /// Each threshold that lies on the axis, and its height.
    fn shown_limits<'a>(&'a self, frame: &'a Frame) -> impl Iterator<Item = (f64, f64, &'static str)> + 'a {
        let Scale { low, high, .. } = frame.scale;
        let limits = self.panel.thresholds.iter().filter_map(|limit| Some((limit.value?, color_class(&limit.color))));
        let within = limits.filter(move |(value, _)| *value > low && *value <= high);
        within.map(|(value, class)| (value, frame.y(value), class))
    }

    fn limits(&self, frame: &Frame, shapes: &mut Shapes) {
        for (_, y, class) in self.shown_limits(frame) {
            shapes.line((frame.area.x, y), (frame.area.right(), y), &format!("limit {class}"));
        }
    }

    /// What the thresholds are: on the left, because on the right stands what is newest, and over the lines.
    fn limit_labels(&self, frame: &Frame, shapes: &mut Shapes) {
        // Words stand at the axis already.
        if !self.panel.mappings.is_empty() {
            return;
        }
        let mut labelled = Vec::new();
        for (value, y, class) in self.shown_limits(frame) {
            // Above the line, but within the plot; one that would cover another is left out.
            let label_y = if y - frame.area.y < 14.0 { y + 12.0 } else { y - 3.0 };
            if labelled.iter().all(|other: &f64| (other - label_y).abs() > 12.0) {
                let label = format!("≥ {}", written(self.panel, value));
                shapes.text((frame.area.x + 4.0, label_y), Anchor::Start, &format!("{class} small halo"), label);
                labelled.push(label_y);
            }
        }
    }

    fn marks(&self, frame: &Frame, shapes: &mut Shapes) {
        let area = frame.area;
        let shown = || self.marks.iter().filter(|mark| mark.time >= self.range.start && mark.time <= self.range.end);
        for mark in shown() {
            let (x, class) = (frame.x(mark.time), color_class(&mark.color));
            shapes.line((x, area.y), (x, area.bottom()), &format!("limit {class}"));
            let foot = area.bottom();
            let (x, left, right) = (Short(x), Short(x - 4.0), Short(x + 4.0));
            shapes.path(&format!("M{x} {}L{left} {}H{right}Z", Short(foot - 6.0), Short(foot)), class);
        }
        // What they are, once for each kind, from the right end on: there they cover no threshold's label.
        let kinds: IndexMap<&str, &Mark> = shown().map(|mark| (mark.name.as_str(), mark)).collect();
        let mut right = area.right() - 6.0;
        for (name, mark) in kinds {
            let label = letters::fit(&format!("\u{25b2} {name}"), right - area.x, SMALL);
            let class = format!("{} small halo", color_class(&mark.color));
            shapes.text((right, area.bottom() - 8.0), Anchor::End, &class, &label);
            right -= letters::width(&label, SMALL) + 12.0;
        }
    }

    /// Invisible columns that say the values of their moment: a tooltip without a script.
    fn hints(&self, frame: &Frame, shapes: &mut Shapes) {
        const COLUMNS: u32 = 48;
        let width = frame.area.width / f64::from(COLUMNS);
        for column in 0..COLUMNS {
            let time = self.range.start + (f64::from(column) + 0.5) / f64::from(COLUMNS) * self.range.length();
            let reach = (self.range.length() / f64::from(COLUMNS) / 2.0).max(self.range.step);
            let text = self.hint(time, reach);
            if !text.is_empty() {
                let x = frame.area.x + f64::from(column) * width;
                shapes.hint(Area { x, width, ..frame.area }, &text);
            }
        }
    }

    fn hint(&self, time: f64, reach: f64) -> String {
        const LINES: usize = 12;
        let nearest = self.series.iter().filter_map(|series| Some((series, nearest(&series.points, time, reach)?)));
        let nearest = nearest.filter(|(_, (_, value))| !value.is_nan());
        let mut text = String::new();
        for (series, (moment, value)) in nearest.take(LINES) {
            if text.is_empty() {
                text = self.range.moment(moment);
            }
            write!(text, "\n{}: {}", series.legend, written(self.panel, value)).expect("a String takes everything");
        }
        text
    }
}

/// Lines at round times with their words below, and the axis itself.
pub(super) fn draw_time_axis(range: &TimeRange, area: Area, shapes: &mut Shapes) {
    for tick in range.ticks(whole(area.width / 80.0)) {
        let x = area.x + (tick.time - range.start) / range.length().max(1e-9) * area.width;
        shapes.line((x, area.y), (x, area.bottom()), "gridline");
        let half = letters::width(&tick.label, SMALL) / 2.0;
        if x - half >= area.x - 24.0 && x + half <= area.right() + 8.0 {
            shapes.text((x, area.bottom() + 14.0), Anchor::Middle, "dim small", &tick.label);
        }
    }
    shapes.line((area.x, area.bottom()), (area.right(), area.bottom()), "axis");
}

/// The point nearest to a moment, where one is within reach.
fn nearest(points: &[(f64, f64)], time: f64, reach: f64) -> Option<(f64, f64)> {
    let after = points.partition_point(|(moment, _)| *moment < time);
    let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|at| points.get(at).copied());
    let nearest = candidates.min_by(|(one, _), (other, _)| (one - time).abs().total_cmp(&(other - time).abs()))?;
    ((nearest.0 - time).abs() <= reach).then_some(nearest)
}

/// What is filled below a line.
#[derive(Clone, Copy)]
enum Fill<'a> {
    None,
    ToAxis,
    DownTo(&'a Series),
}

fn draw_series(frame: &Frame, series: &Series, number: usize, fill: Fill, shapes: &mut Shapes) {
    let class = line_class(number);
    for stretch in series.stretches(frame.range.step) {
        let below = match fill {
            Fill::None => None,
            Fill::ToAxis => Some(area_path(frame, stretch, None)),
            Fill::DownTo(below) => Some(area_path(frame, stretch, Some(below))),
        };
        if let Some(path) = below {
            shapes.path(&path, &format!("area {class}"));
        }
        // A point alone would hardly be seen.
        let weight = if stretch.len() == 1 { "line dot" } else { "line" };
        shapes.path(&line_path(frame, stretch), &format!("{weight} {class}"));
    }
}

/// A point alone is a dot: a line of no length with round ends.
fn line_path(frame: &Frame, points: &[(f64, f64)]) -> String {
    let mut path = String::with_capacity(points.len() * 12);
    for (number, (time, value)) in points.iter().enumerate() {
        let letter = if number == 0 { 'M' } else { 'L' };
        write!(path, "{letter}{} {}", Short(frame.x(*time)), Short(frame.y(*value)))
            .expect("a String takes everything");
    }
    if points.len() == 1 {
        path.push_str("h0.01");
    }
    path
}

fn area_path(frame: &Frame, points: &[(f64, f64)], below: Option<&Series>) -> String {
    let mut path = line_path(frame, points);
    let zero = frame.y(0.0_f64.clamp(frame.scale.low, frame.scale.high));
    for (time, _) in points.iter().rev() {
        let under = below.and_then(|series| nearest(&series.points, *time, frame.range.step / 2.0));
        let y = under.map_or(zero, |(_, value)| frame.y(value));
        write!(path, "L{} {}", Short(frame.x(*time)), Short(y)).expect("a String takes everything");
    }
    path.push('Z');
    path
}
