//! A panel divided into cells of one size: one for each number or dial.

use super::number::{float, whole};
use super::svg::{Anchor, Area, Shapes};

/// Cells, line by line.
pub(super) struct Cells {
    area: Area,
    columns: usize,
    lines: usize,
    /// How many have a cell.
    pub(super) shown: usize,
    more: usize,
}

/// Height of the line that tells how many are not shown.
const FOOT: f64 = 16.0;

impl Cells {
    /// As many as there is room for, none smaller than that; the least is one.
    pub(super) fn of(count: usize, area: Area, least_width: f64, least_height: f64) -> Self {
        let most_columns = whole(area.width / least_width.max(1.0)).max(1);
        let most_lines = |height: f64| whole(height / least_height.max(1.0)).max(1);
        let is_enough = most_columns * most_lines(area.height) >= count;
        let area = if is_enough { area } else { Area { height: (area.height - FOOT).max(0.0), ..area } };
        let lines = count.div_ceil(most_columns).clamp(1, most_lines(area.height));
        // The last line is not left with a single one where that can be helped.
        let columns = count.div_ceil(lines).clamp(1, most_columns);
        let shown = count.min(columns * lines);
        Self { area, columns, lines, shown, more: count - shown }
    }

    /// The cell of that number, from 0.
    pub(super) fn area(&self, number: usize) -> Area {
        let (width, height) = (self.area.width / float(self.columns), self.area.height / float(self.lines));
        let (column, line) = (number % self.columns, number / self.columns);
        Area { x: self.area.x + float(column) * width, y: self.area.y + float(line) * height, width, height }
    }

    /// Tells how many are not shown, where some are not.
    pub(super) fn draw_more(&self, shapes: &mut Shapes) {
        if self.more > 0 {
            let foot = (self.area.right() - 8.0, self.area.bottom() + FOOT - 5.0);
            shapes.text(foot, Anchor::End, "dim small", format!("and {} more", self.more));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(count: usize, width: f64, height: f64) -> (usize, usize, usize) {
        let cells = Cells::of(count, Area::new(0.0, 0.0, width, height), 100.0, 70.0);
        let last = cells.area(cells.shown.saturating_sub(1));
        assert!(last.right() <= width + 0.1 && last.bottom() <= height + 0.1, "{last:?}");
        (cells.columns, cells.lines, cells.more)
    }

    #[test]
    fn as_many_cells_as_there_is_room_for_and_the_rest_is_told() {
        assert_eq!(cells(1, 400.0, 200.0), (1, 1, 0));
        assert_eq!(cells(4, 400.0, 200.0), (4, 1, 0));
        assert_eq!(cells(5, 400.0, 200.0), (3, 2, 0));
        assert_eq!(cells(33, 400.0, 200.0), (4, 2, 25));
        assert_eq!(cells(0, 400.0, 200.0), (1, 1, 0));
        assert_eq!(cells(7, 10.0, 20.0), (1, 1, 6));
    }
}
