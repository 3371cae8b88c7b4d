//! A table: one row for each set of labels, its labels and the value of each query as columns.

use std::collections::{BTreeMap, BTreeSet};

use super::content::{Series, state_class, written};
use super::letters;
use super::number::{float, whole};
use super::svg::{Anchor, Area, Shapes};
use crate::dashboard::Panel;

/// A table, cells as they are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Heads of the columns: labels, then values.
    pub head: Vec<String>,
    /// How many of the columns, from the left, are labels.
    pub labels: usize,
    /// Rows, each as long as the head.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What is read.
    pub text: String,
    /// Class of its colour, such as `bad`.
    pub class: &'static str,
}

impl Table {
    /// The newest values of the series, in the order in which their labels come first.
    pub fn of(panel: &Panel, series: &[Series]) -> Self {
        let names: BTreeSet<&String> =
            series.iter().flat_map(|one| one.labels.keys()).filter(|name| *name != "__name__").collect();
        let queries: BTreeSet<usize> = series.iter().map(|one| one.query).collect();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        let mut places: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        for one in series {
            let labels: Vec<&str> = names.iter().map(|name| one.labels.get(*name).map_or("", String::as_str)).collect();
            let place = *places.entry(labels).or_insert_with_key(|labels| {
                let labels = labels.iter().map(|label| Cell { text: (*label).to_owned(), class: "ink" });
                rows.push(labels.chain(queries.iter().map(|_| Cell::default())).collect());
                rows.len() - 1
            });
            let column = queries.range(..one.query).count();
            rows[place][names.len() + column] = value(panel, one);
        }
        let head = names.iter().map(|name| (*name).clone()).chain(queries.iter().map(|query| column(panel, *query)));
        Self { head: head.collect(), labels: names.len(), rows }
    }
}

fn value(panel: &Panel, series: &Series) -> Cell {
    let Some(last) = series.last() else { return Cell::default() };
    Cell { text: written(panel, last), class: state_class(panel, last) }
}

/// What a column of values is called: the legend of its query where that names no label.
fn column(panel: &Panel, query: usize) -> String {
    let legend = panel.queries.get(query).map_or("", |query| query.legend.as_str());
    match panel.queries.as_slice() {
        _ if !legend.is_empty() && !legend.contains("{{") => legend.to_owned(),
        // Two columns of one name would not be told apart.
        [_, _, ..] => panel.queries.get(query).map_or("value", |query| query.expression.as_str()).to_owned(),
        _ => "value".to_owned(),
    }
}

/// Draws as many rows as there is room for.
pub(super) fn draw(table: &Table, area: Area, shapes: &mut Shapes) {
    const ROW: f64 = 20.0;
    let columns = table.head.len().max(1);
    let width = (area.width - 16.0) / float(columns);
    let room = whole((area.height - ROW) / ROW).max(1);
    let shown = if table.rows.len() > room { room - 1 } else { table.rows.len() };
    let put = |shapes: &mut Shapes, row: usize, column: usize, class: &str, text: &str| {
        let text = letters::fit(text, width - 10.0, 11.0);
        let y = area.y + float(row) * ROW + 13.0;
        let left = area.x + 8.0 + float(column) * width;
        if column < table.labels {
            shapes.text((left, y), Anchor::Start, class, text);
        } else {
            shapes.text((left + width, y), Anchor::End, class, text);
        }
    };
    for (column, head) in table.head.iter().enumerate() {
        put(shapes, 0, column, "dim small strong", head);
    }
    for (row, cells) in table.rows.iter().take(shown).enumerate() {
        let y = area.y + float(row + 1) * ROW - 1.0;
        shapes.line((area.x + 8.0, y), (area.right() - 8.0, y), "gridline");
        for (column, cell) in cells.iter().enumerate() {
            put(shapes, row + 1, column, &format!("{} small", cell.class), &cell.text);
        }
    }
    if table.rows.len() > shown {
        let more = format!("and {} more", table.rows.len() - shown);
        shapes.text((area.x + 8.0, area.y + float(shown + 1) * ROW + 13.0), Anchor::Start, "dim small", more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Query;

    #[test]
    fn series_of_one_set_of_labels_share_a_row() {
        let query = |legend: &str| Query { legend: legend.to_owned(), expression: "x".to_owned(), ..Query::default() };
        let panel = Panel { queries: vec![query("up"), query("{{job}}")], ..Panel::default() };
        let series = |job: &str, query, value| Series {
            labels: [("job".to_owned(), job.to_owned()), ("__name__".to_owned(), "x".to_owned())].into(),
            query,
            points: vec![(0.0, value)],
            ..Series::default()
        };
        let table = Table::of(&panel, &[series("web", 0, 1.0), series("db", 0, 0.0), series("web", 1, 1500.0)]);
        assert_eq!(table.head, ["job", "up", "x"], "a column without a word of its own is called as what it asks");
        let rows: Vec<Vec<&str>> =
            table.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect()).collect();
        assert_eq!(rows, [["web", "1", "1.5 K"], ["db", "0", ""]]);
    }
}
