//! A dashboard in the words of what is chosen, and what that puts into its queries.

use crate::chosen::{Chosen, repeat};
use crate::dashboard::Dashboard;
use crate::plot::TimeRange;
use crate::promql::{Filling, fill_words};

/// The dashboard with what is chosen in the words of its panels and rows: `CPU of $instance`. What is to be repeated for
/// each value is there as often.
pub fn worded(dashboard: &Dashboard, chosen: &[Chosen]) -> Dashboard {
    let values: Vec<(String, String)> = chosen.iter().map(Chosen::words).collect();
    let mut dashboard = dashboard.clone();
    repeat(&mut dashboard, chosen);
    let fill = |text: &mut String| {
        if text.contains(['$', '[']) {
            *text = fill_words(text, &values);
        }
    };
    for row in &mut dashboard.rows {
        row.title.iter_mut().for_each(fill);
        for panel in &mut row.panels {
            fill(&mut panel.title);
            fill(&mut panel.description);
            fill(&mut panel.text);
            panel.queries.iter_mut().for_each(|query| fill(&mut query.legend));
        }
    }
    dashboard
}

/// What stands for macros and variables in a query over that range.
pub fn filling(range: &TimeRange, interval: f64, variables: &[(String, String)]) -> Filling {
    Filling {
        // Grafana's own rule: four scrapes, or one more than there is between two points.
        rate_interval: (range.step + interval).max(4.0 * interval),
        interval: range.step,
        range: range.length(),
        end: range.end,
        variables: variables.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::{Panel, Row, Variable};

    #[test]
    fn titles_say_what_is_chosen() {
        let panel = Panel { title: "CPU of $job".to_owned(), ..Panel::default() };
        let row = Row { title: Some("[[job]]".to_owned()), panels: vec![panel], ..Row::default() };
        let dashboard = Dashboard { rows: vec![row], ..Dashboard::default() };
        for (values, expected) in [(vec![], "All"), (vec!["a".to_owned(), "b".to_owned()], "a + b")] {
            let variable = Variable { name: "job".to_owned(), multi: true, include_all: true, ..Variable::default() };
            let chosen = [Chosen { variable, options: Vec::new(), values, auto: String::new() }];
            let worded = worded(&dashboard, &chosen);
            assert_eq!(worded.rows[0].title.as_deref(), Some(expected));
            assert_eq!(worded.rows[0].panels[0].title, format!("CPU of {expected}"));
        }
    }
}
