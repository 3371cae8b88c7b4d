//! A dashboard as a value: what is shown, in which unit and where. Grafana's JSON, the terminal, the page in the browser
//! and the picture are all made from it; nothing here reads or writes anything, and nothing here draws.

mod color;
mod layout;
mod panel;
mod unit;
mod variable;

pub use color::Color;
pub use layout::{COLUMNS, Placed, Position};
pub use panel::{Panel, PanelKind, Query, Stacking, Threshold};
pub use unit::{Rounding, Unit, UnknownUnit};
pub use variable::{Variable, VariableSource};

/// One dashboard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dashboard {
    /// Identity: at most 40 of `a-z A-Z 0-9 - _`, unique in a stack. Grafana's address of the dashboard ends in it.
    pub uid: String,
    /// Title, unique in a stack.
    pub title: String,
    /// What it is for; empty: nothing is said.
    pub description: String,
    /// Tags, by which dashboards link to each other.
    pub tags: Vec<String>,
    /// What can be chosen above the panels, in order: a later one may depend on an earlier one.
    pub variables: Vec<Variable>,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Ways to other dashboards.
    pub links: Vec<Link>,
    /// What is marked along the time axis of every panel.
    pub annotations: Vec<Annotation>,
}

impl Dashboard {
    /// Every panel, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }
}

/// A row of panels. Panels that do not fit into 24 columns go on in the next line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Title over the row; `None`: no line is drawn.
    pub title: Option<String>,
    /// Shown folded at first.
    pub collapsed: bool,
    /// Panels from left to right.
    pub panels: Vec<Panel>,
}

/// A way to somewhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// To one dashboard.
    Dashboard {
        /// What is read.
        title: String,
        /// The other's uid.
        uid: String,
    },
    /// To every dashboard that carries the tag, as a list that opens.
    Tag {
        /// What is read.
        title: String,
        /// The tag.
        tag: String,
    },
    /// To an address.
    Address {
        /// What is read.
        title: String,
        /// The address.
        url: String,
    },
}

/// What is marked along the time axis: each moment at which a series of the query appears or has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// What it marks, such as `Restarts`.
    pub name: String,
    /// `PromQL`, with Grafana's macros and the dashboard's variables.
    pub expression: String,
    /// What is read at a mark, with `{{label}}` filled in.
    pub text: String,
    /// Colour of the mark.
    pub color: Color,
}
