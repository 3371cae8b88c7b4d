//! One panel as HTML: a drawing, a table that can be marked and copied, or words.

use std::fmt::Write as _;

use crate::dashboard::{COLUMNS, Panel, PanelKind};
use crate::plot::{self, Canvas, Cell, Content, Mark, Table, TimeRange};

/// Width of a page in the drawings' own pixels; a screen scales them.
const PAGE: f64 = 1280.0;
const UNIT: f64 = 34.0;

/// The same on a telephone, where a panel has the whole width, or one of two columns.
const NARROW: f64 = 350.0;

/// Rows of a table beyond this many nobody reads.
const MOST_ROWS: usize = 1000;

/// How the panel lies on a narrow page: two numbers side by side, everything else in the whole width.
pub(super) fn is_half(panel: &Panel) -> bool {
    panel.kind == PanelKind::Stat && panel.width <= 12
}

/// The inside of a panel.
pub(super) fn body(panel: &Panel, content: &Content, marks: &[Mark], range: &TimeRange, is_narrow: bool) -> String {
    match (&panel.kind, content) {
        (PanelKind::Text, _) => plot::to_html(&panel.text),
        (PanelKind::Table, Content::Series(series)) if !series.is_empty() => {
            let now: Vec<_> = plot::current(series, range).cloned().collect();
            table(&Table::of(panel, &now))
        }
        _ => {
            let columns = f64::from(panel.width.clamp(1, COLUMNS));
            let width = match is_narrow {
                true if is_half(panel) => NARROW / 2.0 - 16.0,
                true => NARROW,
                false => PAGE / f64::from(COLUMNS) * columns - 30.0,
            };
            let height = (f64::from(panel.height.max(2)) * UNIT - 28.0).max(60.0);
            plot::panel(panel, content, Canvas { width, height, range, marks, hints: true })
        }
    }
}

fn table(table: &Table) -> String {
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr>");
    let put = |html: &mut String, text: std::fmt::Arguments| html.write_fmt(text).expect("a String takes everything");
    for (column, head) in table.head.iter().enumerate() {
        let class = if column < table.labels { "" } else { " class=\"number\"" };
        put(&mut html, format_args!("<th{class}>{}</th>", plot::escaped(head)));
    }
    html.push_str("</tr></thead><tbody>");
    for row in table.rows.iter().take(MOST_ROWS) {
        html.push_str("<tr>");
        for (column, Cell { text, class }) in row.iter().enumerate() {
            let number = if column < table.labels { "" } else { "number " };
            put(&mut html, format_args!("<td class=\"{number}{class}\">{}</td>", plot::escaped(text)));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    if let Some(more) = table.rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        put(&mut html, format_args!("<p class=\"dim\">and {more} more</p>"));
    }
    html.push_str("</div>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_narrow_page_a_drawing_is_as_wide_as_the_screen_so_that_its_letters_keep_their_size() {
        let range = TimeRange { start: 0.0, end: 3600.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let width = |kind: PanelKind, width: u8, is_narrow: bool| {
            let panel = Panel { kind, width, height: 8, ..Panel::default() };
            let svg = body(&panel, &Content::Series(Vec::new()), &[], &range, is_narrow);
            let (_, rest) = svg.split_once("viewBox=\"0 0 ").expect("a drawing has a size");
            rest.split(' ').next().and_then(|width| width.parse::<f64>().ok()).expect("a width")
        };
        assert!(width(PanelKind::Timeseries, 24, true) <= 360.0);
        assert!(width(PanelKind::Timeseries, 8, true) >= 300.0);
        assert!(width(PanelKind::Stat, 6, true) <= 180.0);
        assert!(width(PanelKind::Timeseries, 24, false) > 1000.0);
    }
}
