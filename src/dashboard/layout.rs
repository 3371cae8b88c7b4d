//! Where each panel lies, in Grafana's grid: from left to right, the next line where the columns are used up.

use super::{Dashboard, Panel, Row};

/// Columns of the grid.
pub const COLUMNS: u8 = 24;

/// A place in the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// First column, from 0.
    pub x: u8,
    /// Distance from the top, in units of height.
    pub y: u32,
    /// Columns.
    pub width: u8,
    /// Units of height.
    pub height: u8,
}

/// What lies at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Placed<'a> {
    /// The title line of a row: every column, one unit high.
    Title(&'a Row, Position),
    /// A panel.
    Panel(&'a Panel, Position),
}

impl Dashboard {
    /// Every title line and every panel with its place, from top to bottom.
    pub fn layout(&self) -> Vec<Placed<'_>> {
        let mut placed = Vec::new();
        let mut y = 0;
        for row in &self.rows {
            if row.title.is_some() {
                placed.push(Placed::Title(row, Position { x: 0, y, width: COLUMNS, height: 1 }));
                y += 1;
            }
            y = lay(&row.panels, y, &mut placed);
        }
        placed
    }
}

/// Lays panels from `top` on; the first free height below them.
fn lay<'a>(panels: &'a [Panel], top: u32, placed: &mut Vec<Placed<'a>>) -> u32 {
    let (mut x, mut y, mut line_height) = (0, top, 0);
    for panel in panels {
        let width = panel.width.clamp(1, COLUMNS);
        if x + width > COLUMNS {
            (x, y, line_height) = (0, y + u32::from(line_height), 0);
        }
        let height = panel.height.max(1);
        placed.push(Placed::Panel(panel, Position { x, y, width, height }));
        x += width;
        line_height = line_height.max(height);
    }
    y + u32::from(line_height)
}

#[cfg(test)]
mod tests {
    use super::Placed;
    use crate::dashboard::{Dashboard, Panel, Row};

    #[test]
    fn panels_go_on_in_the_next_line_where_the_columns_are_used_up() {
        let panel = |width, height| Panel { width, height, ..Panel::default() };
        let first = Row {
            title: Some("Traffic".to_owned()),
            panels: vec![panel(12, 4), panel(12, 8), panel(24, 3)],
            ..Row::default()
        };
        let second = Row { panels: vec![panel(30, 2)], ..Row::default() };
        let dashboard = Dashboard { rows: vec![first, second], ..Dashboard::default() };

        let places: Vec<_> = dashboard
            .layout()
            .iter()
            .map(|placed| match placed {
                Placed::Title(_, place) | Placed::Panel(_, place) => (place.x, place.y, place.width, place.height),
            })
            .collect();

        assert_eq!(places, [(0, 0, 24, 1), (0, 1, 12, 4), (12, 1, 12, 8), (0, 9, 24, 3), (0, 12, 24, 2)]);
    }
}
