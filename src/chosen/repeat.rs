//! Rows and panels that stand there once for each value that is chosen of a variable.

use super::Chosen;
use crate::dashboard::{COLUMNS, Dashboard, Panel, PanelKind, Row};
use crate::promql::fill_words;

/// Copies beyond this many make a page slow, and nobody reads them.
const MOST: usize = 24;

/// Copies a row's or a panel's panels for each value of its variable. A variable that is not known, or has no value,
/// leaves everything as it is.
pub fn repeat(dashboard: &mut Dashboard, chosen: &[Chosen]) {
    let rows = std::mem::take(&mut dashboard.rows);
    let rows = rows.into_iter().flat_map(|row| match of(row.repeat.as_deref(), chosen) {
        Some(variable) => {
            let rest = rest(variable).map(|panel| Row { panels: vec![panel], ..Row::default() });
            copies(variable, |value| row_of(&row, variable, value)).into_iter().chain(rest).collect()
        }
        None => vec![row],
    });
    dashboard.rows = rows
        .map(|row| {
            let panels = row.panels.into_iter().flat_map(|panel| {
                match of(panel.repeat.as_ref().map(|repeat| repeat.variable.as_str()), chosen) {
                    Some(variable) => panels(&panel, variable),
                    None => vec![panel],
                }
            });
            Row { panels: panels.collect(), ..row }
        })
        .collect();
}

fn of<'a>(name: Option<&str>, chosen: &'a [Chosen]) -> Option<&'a Chosen> {
    chosen.iter().find(|one| Some(one.variable.name.as_str()) == name).filter(|one| !one.each().is_empty())
}

fn copies<T>(variable: &Chosen, copy: impl FnMut(&str) -> T) -> Vec<T> {
    variable.each().iter().map(String::as_str).take(MOST).map(copy).collect()
}

fn row_of(row: &Row, variable: &Chosen, value: &str) -> Row {
    let words = [(variable.variable.name.clone(), variable.variable.text_of(value).to_owned())];
    Row {
        title: row.title.as_ref().map(|title| fill_words(title, &words)),
        panels: row.panels.iter().map(|panel| pinned(panel, variable, value)).collect(),
        repeat: None,
        ..row.clone()
    }
}

fn panels(panel: &Panel, variable: &Chosen) -> Vec<Panel> {
    let count = variable.each().len();
    let per_line = panel.repeat.as_ref().and_then(|repeat| repeat.per_line);
    let beside = per_line.map(|most| u8::try_from(count).unwrap_or(u8::MAX).min(most).max(1));
    let mut panels = copies(variable, |value| Panel {
        width: beside.map_or(panel.width, |beside| (COLUMNS / beside).max(1)),
        repeat: None,
        ..pinned(panel, variable, value)
    });
    panels.extend(rest(variable));
    panels
}

/// Says for how many values there is no copy.
fn rest(variable: &Chosen) -> Option<Panel> {
    let rest = variable.each().len().checked_sub(MOST).filter(|rest| *rest > 0)?;
    let text = format!("and {rest} more: choose fewer of `{}` above to see them", variable.variable.name);
    Some(Panel { kind: PanelKind::Text, text, width: COLUMNS, height: 2, ..Panel::default() })
}

/// The panel with this value of the variable, in its words and its queries.
fn pinned(panel: &Panel, variable: &Chosen, value: &str) -> Panel {
    let words = [(variable.variable.name.clone(), variable.variable.text_of(value).to_owned())];
    let mut panel = panel.clone();
    for text in [&mut panel.title, &mut panel.description, &mut panel.text] {
        *text = fill_words(text, &words);
    }
    panel.queries.iter_mut().for_each(|query| query.legend = fill_words(&query.legend, &words));
    panel.pinned.push(variable.pair_of(value));
    panel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::{Query, Repeat, Variable};

    fn chosen(options: &[&str], values: &[&str]) -> Chosen {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let variable = Variable { name: "disk".to_owned(), multi: true, include_all: true, ..Variable::default() };
        Chosen { variable, options: owned(options), values: owned(values), auto: String::new() }
    }

    fn dashboard(per_line: Option<u8>) -> Dashboard {
        let repeat = Some(Repeat { variable: "disk".to_owned(), per_line });
        let queries = vec![Query { legend: "of $disk".to_owned(), ..Query::default() }];
        let panel = Panel { title: "Busy $disk".to_owned(), repeat, queries, width: 9, ..Panel::default() };
        Dashboard { rows: vec![Row { panels: vec![panel], ..Row::default() }], ..Dashboard::default() }
    }

    #[test]
    fn a_panel_stands_there_once_for_each_value_and_asks_for_that_alone() {
        let mut repeated = dashboard(Some(4));
        repeat(&mut repeated, &[chosen(&["vda", "v.b"], &[])]);
        let panels: Vec<&Panel> = repeated.panels().collect();
        let titles: Vec<&str> = panels.iter().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["Busy vda", "Busy v.b"]);
        assert_eq!(panels[1].queries[0].legend, "of v.b");
        assert_eq!(panels[1].pinned, [("disk".to_owned(), r"v\\.b".to_owned())], "as it stands in a query");
        assert!(panels.iter().all(|panel| panel.width == 12 && panel.repeat.is_none()));
        let mut below = dashboard(None);
        repeat(&mut below, &[chosen(&["vda", "vdb"], &["vdb"])]);
        assert_eq!(below.panels().map(|panel| panel.width).collect::<Vec<_>>(), [9]);
    }

    #[test]
    fn a_row_stands_there_once_for_each_value_with_all_its_panels() {
        let panel = Panel { title: "$disk".to_owned(), ..Panel::default() };
        let row = Row {
            title: Some("Disk $disk".to_owned()),
            repeat: Some("disk".to_owned()),
            panels: vec![panel],
            ..Row::default()
        };
        let mut repeated = Dashboard { rows: vec![row, Row::default()], ..Dashboard::default() };
        repeat(&mut repeated, &[chosen(&["a", "b"], &[])]);
        let titles: Vec<_> = repeated.rows.iter().map(|row| row.title.as_deref()).collect();
        assert_eq!(titles, [Some("Disk a"), Some("Disk b"), None]);
        assert_eq!(repeated.rows[1].panels[0].title, "b");
    }

    #[test]
    fn many_values_are_told_and_a_variable_without_any_changes_nothing() {
        let many: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut repeated = dashboard(Some(4));
        repeat(&mut repeated, &[chosen(&many, &[])]);
        assert_eq!(repeated.panels().count(), MOST + 1);
        assert!(repeated.panels().last().is_some_and(|panel| panel.text.starts_with("and 6 more")));
        let row = Row { repeat: Some("disk".to_owned()), panels: vec![Panel::default()], ..Row::default() };
        let mut repeated = Dashboard { rows: vec![row], ..Dashboard::default() };
        repeat(&mut repeated, &[chosen(&many, &[])]);
        assert_eq!(repeated.rows.len(), MOST + 1);
        assert!(repeated.panels().last().is_some_and(|panel| panel.text.starts_with("and 6 more")));
        for unknown in [vec![], vec![chosen(&[], &[])]] {
            let mut same = dashboard(Some(4));
            repeat(&mut same, &unknown);
            assert_eq!(same, dashboard(Some(4)));
        }
    }
}
