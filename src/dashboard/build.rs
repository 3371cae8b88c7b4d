//! Panels, rows and queries put together in few words.

use super::{COLUMNS, Color, Panel, PanelKind, Query, Row, Stacking, Threshold, Unit};

impl Panel {
    /// Lines over time, half as wide as the dashboard.
    pub(crate) fn lines(title: &str, unit: &str) -> Self {
        Self::of(PanelKind::Timeseries, title, unit).sized(12, 8)
    }

    /// One large number, a quarter as wide as the dashboard.
    pub(crate) fn number(title: &str, unit: &str) -> Self {
        Self::of(PanelKind::Stat, title, unit).sized(6, 4)
    }

    /// A panel of that kind.
    pub(crate) fn of(kind: PanelKind, title: &str, unit: &str) -> Self {
        Self { title: title.to_owned(), kind, unit: Unit::named(unit), ..Self::default() }.sized(12, 8)
    }

    /// Asks one more query.
    pub(crate) fn asks(mut self, expression: impl Into<String>, legend: &str) -> Self {
        let instant = matches!(self.kind, PanelKind::Table);
        self.queries.push(Query { expression: expression.into(), legend: legend.to_owned(), instant });
        self
    }

    /// What it shows and how to read it.
    pub(crate) fn says(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// Columns and height.
    pub(crate) fn sized(mut self, width: u8, height: u8) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// Green below the first value, then these colours.
    pub(crate) fn colored(mut self, steps: &[(f64, Color)]) -> Self {
        let base = Threshold { value: None, color: Color::Green };
        let steps = steps.iter().map(|(value, color)| Threshold { value: Some(*value), color: color.clone() });
        self.thresholds = std::iter::once(base).chain(steps).collect();
        self
    }

    /// Ends of the axis.
    pub(crate) fn between(mut self, minimum: f64, maximum: Option<f64>) -> Self {
        (self.minimum, self.maximum) = (Some(minimum), maximum);
        self
    }

    /// A share of a whole: from nothing to everything.
    pub(crate) fn share(self) -> Self {
        self.between(0.0, Some(1.0))
    }

    /// Series on top of each other.
    pub(crate) fn stacked(mut self) -> Self {
        self.stacking = Stacking::Normal;
        self
    }

    /// `1` is up and `0` is down.
    pub(crate) fn up_or_down(self) -> Self {
        self.bad_or_good("down", "up")
    }

    /// `0` is bad and `1` is good, each under a word.
    pub(crate) fn bad_or_good(mut self, bad: &str, good: &str) -> Self {
        self.mappings = vec![(0.0, bad.to_owned()), (1.0, good.to_owned())];
        self.red_below(1.0)
    }

    /// Red below the value, green from it on.
    pub(crate) fn red_below(mut self, value: f64) -> Self {
        self.thresholds =
            vec![Threshold { value: None, color: Color::Red }, Threshold { value: Some(value), color: Color::Green }];
        self
    }
}

impl Row {
    /// A row under a title.
    pub(crate) fn titled(title: &str, panels: Vec<Panel>) -> Self {
        Self { title: Some(title.to_owned()), panels, ..Self::default() }
    }

    /// The same with the panels of a line that leaves columns free made wider, where that comes out even.
    pub(crate) fn filled(mut self) -> Self {
        let mut from = 0;
        while from < self.panels.len() {
            let mut free = COLUMNS;
            let line = self.panels[from..].iter().take_while(|panel| {
                let fits = panel.width <= free;
                free = free.saturating_sub(if fits { panel.width } else { free });
                fits
            });
            let to = from + line.count().max(1);
            let count = u8::try_from(to - from).unwrap_or(COLUMNS);
            let used: u8 = self.panels[from..to].iter().map(|panel| panel.width).sum();
            if used < COLUMNS && COLUMNS.is_multiple_of(count) {
                self.panels[from..to].iter_mut().for_each(|panel| panel.width = COLUMNS / count);
            }
            from = to;
        }
        self
    }

    /// A row without one.
    pub(crate) fn plain(panels: Vec<Panel>) -> Self {
        Self { panels, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Panel, Row};

    #[test]
    fn a_line_that_leaves_columns_free_has_wider_panels() {
        let widths = |panels: &[u8]| -> Vec<u8> {
            let panels = panels.iter().map(|width| Panel { width: *width, ..Panel::default() }).collect();
            Row::plain(panels).filled().panels.iter().map(|panel| panel.width).collect()
        };
        assert_eq!(widths(&[12, 12, 12]), [12, 12, 24]);
        assert_eq!(widths(&[8, 8, 8, 8, 8]), [8, 8, 8, 12, 12]);
        assert_eq!(widths(&[12]), [24]);
        assert_eq!(widths(&[24, 6]), [24, 24]);
        assert_eq!(widths(&[]), Vec::<u8>::new());
    }
}
