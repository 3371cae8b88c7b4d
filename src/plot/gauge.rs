//! A dial for each series, from the panel's minimum to its maximum, with its thresholds along the rim.

use std::f64::consts::PI;

use super::cells::Cells;
use super::content::{Series, color_class, state_class, written};
use super::letters;
use super::scale::{Scale, Wish};
use super::svg::{Anchor, Area, Shapes, Short};
use crate::dashboard::Panel;

/// Ends of the dial's axis: the panel's, else what the values and the unit come to.
pub(super) fn ends(panel: &Panel, series: &[Series]) -> (f64, f64) {
    let ratio = match panel.unit.id() {
        "percentunit" => Some(1.0),
        "percent" => Some(100.0),
        _ => None,
    };
    let values = series.iter().filter_map(Series::last).chain(panel.thresholds.iter().filter_map(|limit| limit.value));
    let minimum = panel.minimum.or(ratio.map(|_| 0.0));
    let wish = Wish { unit: &panel.unit, minimum, maximum: panel.maximum.or(ratio), ticks: 4 };
    let scale = Scale::of(values, wish);
    (scale.low, scale.high)
}

/// Draws the dials side by side, in as many lines as they need.
pub(super) fn draw(panel: &Panel, series: &[Series], area: Area, shapes: &mut Shapes) {
    let ends = ends(panel, series);
    let cells = Cells::of(series.len(), area, 130.0, 110.0);
    for (number, one) in series.iter().take(cells.shown).enumerate() {
        draw_one(panel, one, ends, cells.area(number), shapes);
    }
    cells.draw_more(shapes);
}

fn draw_one(panel: &Panel, series: &Series, (low, high): (f64, f64), area: Area, shapes: &mut Shapes) {
    let Some(last) = series.last() else { return };
    let share = |value: f64| ((value - low) / (high - low)).clamp(0.0, 1.0);
    let radius = (area.width / 2.0 - 26.0).min(area.height - 54.0).max(20.0);
    let middle = (area.x + area.width / 2.0, area.y + radius + 14.0 + (area.height - radius - 54.0).max(0.0) / 2.0);
    let class = state_class(panel, last);
    shapes.path(&arc(middle, radius, 0.0, 1.0), "arc rest");
    if last.is_finite() && share(last) > 0.0 {
        shapes.path(&arc(middle, radius, 0.0, share(last)), &format!("arc {class}"));
    }
    draw_rim(panel, middle, radius + 12.0, &share, shapes);
    let (text, room) = (written(panel, last), 2.0 * radius - 20.0);
    // A small dial has small letters rather than half a number.
    let is_large = letters::bold_width(&text, 22.0) <= room;
    let (size, size_class) = if is_large { (22.0, "large") } else { (13.0, "strong") };
    let text = letters::fit_bold(&text, room.max(area.width * 0.5), size);
    shapes.text((middle.0, middle.1 - 4.0), Anchor::Middle, &format!("{class} {size_class}"), text);
    let foot = middle.1 + 15.0;
    let end = |value: f64| letters::fit(&written(panel, value), area.width / 2.0 - 4.0, 11.0);
    shapes.text((middle.0 - radius, foot), Anchor::Middle, "dim small", end(low));
    shapes.text((middle.0 + radius, foot), Anchor::Middle, "dim small", end(high));
    let name = letters::fit(&series.legend, area.width - 12.0, 11.0);
    shapes.text((middle.0, foot + 16.0), Anchor::Middle, "dim small", name);
}

/// A thin arc in the colour of each threshold.
fn draw_rim(panel: &Panel, middle: (f64, f64), radius: f64, share: &impl Fn(f64) -> f64, shapes: &mut Shapes) {
    if panel.thresholds.len() < 2 {
        return;
    }
    for (number, threshold) in panel.thresholds.iter().enumerate() {
        let from = threshold.value.map_or(0.0, share);
        let to = panel.thresholds.get(number + 1).and_then(|next| next.value).map_or(1.0, share);
        if to > from {
            shapes.path(&arc(middle, radius, from, to), &format!("arc thin {}", color_class(&threshold.color)));
        }
    }
}

/// Part of the upper half of a circle; 0 is its left end and 1 its right.
fn arc((x, y): (f64, f64), radius: f64, from: f64, to: f64) -> String {
    let point = |share: f64| {
        let angle = PI * (1.0 - share);
        (Short(x + radius * angle.cos()), Short(y - radius * angle.sin()))
    };
    let ((x1, y1), (x2, y2), radius) = (point(from), point(to), Short(radius));
    format!("M{x1} {y1}A{radius} {radius} 0 0 1 {x2} {y2}")
}
