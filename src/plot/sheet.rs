//! A whole dashboard as one picture, for a report or a pull request.

use super::content::{Content, Mark};
use super::palette::{Theme, style};
use super::panel::{Canvas, draw};
use super::range::TimeRange;
use super::svg::{Anchor, Area, Shapes};
use super::{letters, number};
use crate::dashboard::{COLUMNS, Dashboard, Placed, Position};

const WIDTH: f64 = 1280.0;
const MARGIN: f64 = 16.0;
const GAP: f64 = 10.0;
/// Height of one of the grid's units.
const UNIT: f64 = 36.0;
const HEAD: f64 = 56.0;
const TITLE: f64 = 28.0;

/// Draws a dashboard; `contents` holds one content for each panel, in the order of [`Dashboard::panels`].
pub fn sheet(dashboard: &Dashboard, contents: &[Content], marks: &[Mark], range: &TimeRange, theme: Theme) -> String {
    let placed = dashboard.layout();
    let units = placed.iter().map(|placed| {
        let (Placed::Title(_, at) | Placed::Panel(_, at)) = placed;
        at.y + u32::from(at.height)
    });
    let height = HEAD + f64::from(units.max().unwrap_or(0)) * UNIT + MARGIN;
    let mut shapes = Shapes::default();
    shapes.rect(Area::new(0.0, 0.0, WIDTH, height), 0.0, "page");
    draw_head(dashboard, range, &mut shapes);
    let mut contents = contents.iter();
    for placed in placed {
        match placed {
            Placed::Title(row, at) => {
                let area = area(at);
                let title = row.title.as_deref().unwrap_or_default();
                shapes.text((area.x + 2.0, area.bottom() - 4.0), Anchor::Start, "ink heading", title);
            }
            Placed::Panel(panel, at) => {
                let area = area(at);
                shapes.rect(area, 6.0, "frame");
                let title = letters::fit_bold(&panel.title, area.width - 24.0, 13.0);
                shapes.text((area.x + 12.0, area.y + 19.0), Anchor::Start, "title", title);
                let Some(content) = contents.next() else { continue };
                let inside = Area {
                    x: area.x + 6.0,
                    y: area.y + TITLE,
                    width: area.width - 12.0,
                    height: area.height - TITLE - 8.0,
                };
                let canvas = Canvas { width: inside.width, height: inside.height, range, marks, hints: false };
                draw(panel, content, inside, canvas, &mut shapes);
            }
        }
    }
    shapes.finish(WIDTH, height, &dashboard.title, Some(&style(theme)))
}

fn draw_head(dashboard: &Dashboard, range: &TimeRange, shapes: &mut Shapes) {
    shapes.text(
        (MARGIN + 2.0, 35.0),
        Anchor::Start,
        "ink large",
        letters::fit_bold(&dashboard.title, WIDTH * 0.55, 22.0),
    );
    let span = format!("{} – {} {}", range.moment(range.start), range.moment(range.end), range.zone_name());
    shapes.text((WIDTH - MARGIN - 2.0, 34.0), Anchor::End, "dim", span);
}

/// The place in pixels, gaps taken off.
fn area(at: Position) -> Area {
    let column = (WIDTH - 2.0 * MARGIN + GAP) / number::float(usize::from(COLUMNS));
    Area {
        x: MARGIN + f64::from(at.x) * column,
        y: HEAD + f64::from(at.y) * UNIT,
        width: f64::from(at.width) * column - GAP,
        height: f64::from(at.height) * UNIT - GAP,
    }
}
