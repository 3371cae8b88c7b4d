//! A bar for each series: bar gauges, and shares of a whole, which bars show more exactly than slices.

use super::content::{Series, state_class, written};
use super::number::{float, whole};
use super::svg::{Anchor, Area, Shapes};
use super::{gauge, letters};
use crate::dashboard::Panel;

const SMALL: f64 = 11.0;

/// Draws bars below each other, each with its name above it and its value at its end.
pub(super) fn draw(panel: &Panel, series: &[Series], area: Area, shapes: &mut Shapes) {
    let (low, high) = gauge::ends(panel, series);
    let rows = Rows::of(series.len(), area);
    for (row, one) in largest(series, rows.shown).into_iter().enumerate() {
        let Some(last) = one.last() else { continue };
        let share = ((last - low) / (high - low)).clamp(0.0, 1.0);
        let class = state_class(panel, last);
        // `ink` would be a black beam.
        let class = if class == "ink" { "s0" } else { class };
        draw_bar(rows.area(row), &one.legend, &written(panel, last), share, class, shapes);
    }
    rows.draw_more(shapes);
}

/// The same as shares of the sum, each in a colour of its own.
pub(super) fn draw_shares(panel: &Panel, series: &[Series], area: Area, shapes: &mut Shapes) {
    let value = |one: &Series| one.last().filter(|value| value.is_finite()).unwrap_or_default().max(0.0);
    let sum: f64 = series.iter().map(value).sum();
    let rows = Rows::of(series.len(), area);
    for (row, one) in largest(series, rows.shown).into_iter().enumerate() {
        let share = if sum > 0.0 { value(one) / sum } else { 0.0 };
        let text = format!("{} · {:.0} %", written(panel, value(one)), share * 100.0);
        draw_bar(rows.area(row), &one.legend, &text, share, &super::palette::line_class(row), shapes);
    }
    rows.draw_more(shapes);
}

/// The series as they come; where there is no room for all, the largest, the very largest first.
fn largest(series: &[Series], room: usize) -> Vec<&Series> {
    let mut largest: Vec<&Series> = series.iter().collect();
    if series.len() > room {
        let value = |one: &Series| one.last().filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY);
        largest.sort_by(|one, other| value(other).total_cmp(&value(one)));
        largest.truncate(room);
    }
    largest
}

fn draw_bar(area: Area, name: &str, value: &str, share: f64, class: &str, shapes: &mut Shapes) {
    let value_width = letters::width(value, SMALL) + 10.0;
    let thickness = (area.height - 18.0).clamp(4.0, 18.0);
    let bar = Area { y: area.y + 16.0, height: thickness, ..area };
    let name = letters::fit(name, area.width - value_width - 8.0, SMALL);
    shapes.text((area.x, area.y + 11.0), Anchor::Start, "ink small", name);
    shapes.text((area.right(), area.y + 11.0), Anchor::End, "ink small strong", value);
    shapes.rect(bar, 2.0, "rest");
    let share = if share.is_finite() { share } else { 0.0 };
    shapes.rect(Area { width: area.width * share, ..bar }, 2.0, &format!("bar {class}"));
}

/// How many rows there is room for, and where they lie.
struct Rows {
    area: Area,
    height: f64,
    shown: usize,
    more: usize,
}

impl Rows {
    fn of(count: usize, area: Area) -> Self {
        const LEAST: f64 = 26.0;
        const MOST: f64 = 40.0;
        let area = Area { x: area.x + 8.0, width: area.width - 16.0, ..area };
        let room = whole(area.height / LEAST).max(1);
        let shown = if count > room { room.saturating_sub(1).max(1) } else { count };
        let height = ((area.height - 4.0) / float(shown.max(1))).clamp(LEAST, MOST);
        Self { area, height, shown, more: count - shown }
    }

    fn area(&self, row: usize) -> Area {
        Area { y: self.area.y + float(row) * self.height, height: self.height, ..self.area }
    }

    fn draw_more(&self, shapes: &mut Shapes) {
        if self.more > 0 {
            let y = self.area.y + float(self.shown) * self.height + 12.0;
            shapes.text((self.area.x, y), Anchor::Start, "dim small", format!("and {} more", self.more));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Series, largest};

    #[test]
    fn where_there_is_no_room_for_all_the_largest_are_drawn() {
        let one = |number: u32| Series {
            legend: format!("series-{number}"),
            points: vec![(0.0, f64::from(number))],
            ..Series::default()
        };
        let series: Vec<Series> = (0..2000).map(one).collect();
        let names = |count| largest(&series[..count], 3).iter().map(|one| one.legend.clone()).collect::<Vec<_>>();
        assert_eq!(names(2000), ["series-1999", "series-1998", "series-1997"]);
        assert_eq!(names(3), ["series-0", "series-1", "series-2"], "as they come");
    }
}
