//! The table: plain text that can be pasted into a ticket.

use std::fmt;
use std::time::Duration;

use crate::measure::Figure;

/// One line of the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) stackctl: Figure,
    pub(crate) compose: Option<Figure>,
    /// The bare API, of the engine or of Prometheus, and with what settings.
    pub(crate) api: Option<(Figure, &'static str)>,
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

const HEAD: [&str; 8] =
    ["", "stackctl", "compose 2.26", "bare API", "of compose", "of bare API", "memory", "compose's memory"];

impl Row {
    fn cells(&self) -> [String; 8] {
        let own = self.stackctl;
        let compose = self.compose;
        let api = self.api.map(|(figure, _)| figure);
        let share = |other: Option<Figure>| {
            other.map_or_else(dash, |other| format!("{:.2}", own.time.as_secs_f64() / other.time.as_secs_f64()))
        };
        let note = self.api.map_or("", |(_, note)| note);
        [
            self.what.clone(),
            time(own.time),
            compose.map_or_else(dash, |figure| time(figure.time)),
            api.map_or_else(dash, |figure| format!("{}{note}", time(figure.time))),
            share(compose),
            share(api),
            memory(own.memory),
            memory(compose.and_then(|figure| figure.memory)),
        ]
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let mut lines = vec![HEAD.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
        for line in &lines {
            write!(formatter, "{:<1$}", line[0], width(0))?;
            for (column, cell) in line.iter().enumerate().skip(1) {
                write!(formatter, "  {cell:>0$}", width(column))?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

fn dash() -> String {
    "-".to_owned()
}

fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 100.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or_else(dash, |bytes| format!("{} MB", bytes.div_ceil(1_000_000)))
}
