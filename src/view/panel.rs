//! One panel as HTML: a drawing, a table that can be marked and copied, or words.

use std::fmt::Write as _;

use crate::dashboard::{COLUMNS, Panel, PanelKind};
use crate::plot::{self, Canvas, Cell, Content, Mark, Table, TimeRange};

/// Width of a page in the drawings' own pixels; a screen scales them.
const PAGE: f64 = 1280.0;
const UNIT: f64 = 34.0;

/// The inside of a panel.
pub(super) fn body(panel: &Panel, content: &Content, marks: &[Mark], range: &TimeRange) -> String {
    match (&panel.kind, content) {
        (PanelKind::Text, _) => plot::to_html(&panel.text),
        (PanelKind::Table, Content::Series(series)) if !series.is_empty() => {
            let now: Vec<_> = plot::current(series, range).cloned().collect();
            table(&Table::of(panel, &now))
        }
        _ => {
            let columns = f64::from(panel.width.clamp(1, COLUMNS));
            let width = PAGE / f64::from(COLUMNS) * columns - 30.0;
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
    for row in &table.rows {
        html.push_str("<tr>");
        for (column, Cell { text, class }) in row.iter().enumerate() {
            let number = if column < table.labels { "" } else { "number " };
            put(&mut html, format_args!("<td class=\"{number}{class}\">{}</td>", plot::escaped(text)));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
    html
}
