//! The table, in Markdown: it can be read as it is, and stands on a page.

use std::fmt;
use std::time::Duration;

use crate::compose::{self, RELEASES};
use crate::measure::Figure;

/// One line of the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) stackctl: Figure,
    /// One for each of [`RELEASES`].
    pub(crate) compose: Option<[Figure; compose::COUNT]>,
    /// The bare API, of the engine or of Prometheus, and with what settings.
    pub(crate) api: Option<(Figure, &'static str)>,
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let own = self.stackctl;
        let compose: [Option<Figure>; compose::COUNT] = std::array::from_fn(|at| Some(self.compose?[at]));
        let api = self.api.map(|(figure, _)| figure);
        let share = |other: Option<Figure>| {
            other.map_or_else(dash, |other| format!("{:.2}", own.time.as_secs_f64() / other.time.as_secs_f64()))
        };
        let note = self.api.map_or("", |(_, note)| note);
        let mut cells = vec![self.what.clone(), figure(own)];
        cells.extend(compose.map(|other| other.map_or_else(dash, figure)));
        cells.push(api.map_or_else(dash, |api| format!("{}{note}", figure(api))));
        cells.extend(compose.map(share));
        cells.push(share(api));
        cells
    }
}

fn head() -> Vec<String> {
    let names = RELEASES.map(compose::Release::name);
    let mut head = vec![String::new(), "stackctl".to_owned()];
    head.extend(names.clone());
    head.push("bare API".to_owned());
    head.extend(names.map(|name| format!("of {name}")));
    head.push("of bare API".to_owned());
    head
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let mut lines = vec![head()];
        lines.extend(self.rows.iter().map(Row::cells));
        write!(formatter, "{}", aligned(&lines))
    }
}

/// A table in Markdown whose first line is its head: the first column to the left, the others to the right.
pub(crate) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default().max(2))
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell = if column == 0 { format!("| {cell:<width$} |") } else { format!(" {cell:>width$} |") };
            text += &cell;
        }
        text += "\n";
        if number == 0 {
            text += &rule(&widths);
            text += "\n";
        }
    }
    text
}

/// What stands under the head.
fn rule(widths: &[usize]) -> String {
    let cells = widths.iter().enumerate().map(|(column, width)| match column {
        0 => format!("|{}|", "-".repeat(width + 2)),
        _ => format!("{}:|", "-".repeat(width + 1)),
    });
    cells.collect::<Vec<_>>().concat()
}

fn dash() -> String {
    "-".to_owned()
}

/// Time, and the most memory where it is known.
fn figure(figure: Figure) -> String {
    match figure.memory {
        Some(bytes) => format!("{}, {}", time(figure.time), memory(bytes)),
        None => time(figure.time),
    }
}

/// `12.3 ms`, `456 ms`, `7.89 s`.
pub(crate) fn time(time: Duration) -> String {
    match time.as_secs_f64() * 1e3 {
        short if short < 100.0 => format!("{short:.1} ms"),
        middle if middle < 10_000.0 => format!("{middle:.0} ms"),
        long => format!("{:.1} s", long / 1e3),
    }
}

/// Whole megabytes, rounded up.
pub(crate) fn memory(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
