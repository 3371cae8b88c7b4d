//! The legend: what each line is called, where it stands now, and how high it was.

use super::content::{Series, written};
use super::letters;
use super::number::{float, whole};
use super::palette::line_class;
use super::svg::{Anchor, Area, Shapes};
use crate::dashboard::Panel;

const ROW: f64 = 16.0;
const SMALL: f64 = 11.0;
/// A number that needs more than this is cut: the name beside it has to be read, too.
const NUMBER: f64 = 90.0;

/// A legend that fits.
pub(super) struct Legend {
    entries: Vec<Entry>,
    columns: usize,
    /// How many series have no entry for want of room.
    more: usize,
}

struct Entry {
    class: String,
    name: String,
    last: String,
    largest: String,
}

/// As many entries as there is room for in two fifths of the height. None where the panel is small. `undrawn`: how many
/// series there are besides.
pub(super) fn shown(panel: &Panel, series: &[Series], undrawn: usize, area: Area) -> Legend {
    let rows = whole(area.height * 0.4 / ROW).saturating_sub(1);
    let columns = columns(panel, series, area.width, rows);
    let room = if area.height < 110.0 { 0 } else { rows * columns };
    // Colours are those of the lines, whichever of these have nothing to show.
    let seen = || series.iter().enumerate().filter(|(_, one)| one.has_numbers());
    let entries = seen().take(room).map(|(number, series)| {
        let value = |value: Option<f64>| match value {
            Some(value) if !value.is_nan() => written(panel, value),
            _ => "–".to_owned(),
        };
        Entry {
            class: line_class(number),
            name: series.legend.clone(),
            last: letters::fit(&value(series.last()), NUMBER, SMALL),
            largest: letters::fit(&value(series.largest()), NUMBER, SMALL),
        }
    });
    Legend { entries: entries.collect(), columns, more: seen().count().saturating_sub(room) + undrawn }
}

/// Two where that saves room and every name stays whole, or where one column would not hold every series.
fn columns(panel: &Panel, series: &[Series], width: f64, rows: usize) -> usize {
    if width < 520.0 || series.len() <= 3 {
        return 1;
    }
    let last = |one: &Series| one.last().map_or(0.0, |last| letters::width(&written(panel, last), SMALL).min(NUMBER));
    let numbers = series.iter().map(last).fold(30.0, f64::max) + 14.0;
    let room = width / 2.0 - 10.0 - 2.0 * numbers - 24.0;
    let are_whole = series.iter().all(|one| letters::width(&one.legend, SMALL) <= room);
    if are_whole || series.len() > rows { 2 } else { 1 }
}

/// Height that it needs, its head included.
pub(super) fn height(legend: &Legend) -> f64 {
    if legend.entries.is_empty() {
        return 0.0;
    }
    let rows = legend.entries.len().div_ceil(legend.columns) + usize::from(legend.more > 0);
    float(rows + 1) * ROW
}

/// Draws it from the top of the area down.
pub(super) fn draw(legend: &Legend, area: Area, shapes: &mut Shapes) {
    if legend.entries.is_empty() {
        return;
    }
    let width = area.width / float(legend.columns);
    let rows = legend.entries.len().div_ceil(legend.columns);
    let number_width = widest(legend) + 14.0;
    for (column, entries) in legend.entries.chunks(rows).enumerate() {
        let column = Area { x: area.x + float(column) * width, width: width - 10.0, ..area };
        draw_column(entries, column, number_width, shapes);
    }
    if legend.more > 0 {
        let y = area.y + float(rows + 1) * ROW + 10.0;
        shapes.text((area.x + 24.0, y), Anchor::Start, "dim small", format!("and {} more", legend.more));
    }
}

fn widest(legend: &Legend) -> f64 {
    let numbers = legend.entries.iter().flat_map(|entry| [&entry.last, &entry.largest]);
    numbers.map(|number| letters::width(number, SMALL)).fold(30.0, f64::max)
}

fn draw_column(entries: &[Entry], area: Area, number_width: f64, shapes: &mut Shapes) {
    let (largest, last) = (area.right(), area.right() - number_width);
    let head = area.y + 10.0;
    shapes.text((last, head), Anchor::End, "dim small", "last");
    shapes.text((largest, head), Anchor::End, "dim small", "max");
    for (row, entry) in entries.iter().enumerate() {
        let y = head + float(row + 1) * ROW;
        shapes.line((area.x + 4.0, y - 4.0), (area.x + 18.0, y - 4.0), &format!("line thick {}", entry.class));
        let room = last - number_width - area.x - 20.0;
        shapes.text((area.x + 24.0, y), Anchor::Start, "ink small", letters::fit(&entry.name, room.max(60.0), SMALL));
        shapes.text((last, y), Anchor::End, "ink small", &entry.last);
        shapes.text((largest, y), Anchor::End, "dim small", &entry.largest);
    }
}
