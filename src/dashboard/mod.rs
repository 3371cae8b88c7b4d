//! A dashboard as a value: what is shown, in which unit and where. Grafana's JSON, the terminal, the page in the browser
//! and the picture are all made from it; nothing here reads or writes anything, and nothing here draws.

mod app;
mod auto;
mod build;
mod color;
mod defaults;
mod edited;
mod exposed;
mod golden;
mod import;
mod instrumentation;
mod layout;
mod library;
mod moment;
mod order;
mod panel;
mod preset;
mod signals;
mod span;
mod unit;
mod variable;

use serde::{Deserialize, Serialize};

pub(crate) use app::to_the_others;
pub use app::{TAG, WatchedApp, restarts};
pub use auto::AutoInterval;
pub use color::Color;
pub use edited::as_edited;
pub use exposed::Exposed;
pub use import::{ImportError, Imported, WrongQuery, import, text_of};
pub use instrumentation::{STATUS_LABELS, is_status};
pub use layout::{COLUMNS, Placed, Position};
pub use library::Library;
pub use order::in_order_of;
pub use panel::{Panel, PanelKind, Query, Repeat, Stacking, Threshold};
pub use preset::{OVERVIEW_UID, PRESETS, preset};
pub use signals::{Latency, Signals, telling_metrics};
pub use span::Span;
pub use unit::{Rounding, Unit, UnknownUnit};
pub use variable::{Sorting, SortingKey, Variable, VariableSource};

/// Uid of the Prometheus data source. Dashboards refer to it, and Grafana does not take a change of it well.
pub const DATASOURCE_UID: &str = "prometheus";

/// One dashboard.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// From when to when it is shown at first; `None`: whoever shows it has a usual span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Span>,
    /// How often it is shown anew, such as `30s`; empty: never. `None`: whoever shows it has a usual time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

impl Dashboard {
    /// Every panel, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }
}

/// The uid that Grafana takes for a name: what it does not take becomes `-`, and a name that is too long keeps its
/// beginning. Then a hash of the whole stands behind it, so that `a.b` and `a-b` are two.
pub fn uid(name: &str) -> String {
    const LONGEST: usize = 40;
    let is_taken = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let uid: String = name.chars().map(|letter| if is_taken(letter) { letter } else { '-' }).collect();
    if uid == name && uid.len() <= LONGEST {
        return uid;
    }
    // FNV-1a, 32 bits.
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{}-{hash:08x}", &uid[..uid.len().min(LONGEST - 9)])
}

/// A row of panels. Panels that do not fit into 24 columns go on in the next line.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Title over the row; `None`: no line is drawn.
    pub title: Option<String>,
    /// Shown folded at first.
    pub collapsed: bool,
    /// Shown once for each value that is chosen of this variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// Panels from left to right.
    pub panels: Vec<Panel>,
}

/// A way to somewhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
