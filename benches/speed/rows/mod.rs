//! The rows of the table, and how each is measured.

mod files;
mod fresh;
mod help;
mod import;
mod look;
mod scale;
mod targets;
mod unchanged;
mod view;

use crate::table::Row;

/// Names to ask for, and what measures the rows of those names.
type Measurement = (&'static [&'static str], fn() -> Vec<Row>);

/// All of them.
pub(crate) const ALL: &[Measurement] = &[
    (&["up"], unchanged::measure),
    (&["fresh", "down"], fresh::measure),
    (&["scale"], scale::measure),
    (&["ps", "logs"], look::measure),
    (&["check", "render", "files"], files::measure),
    (&["import"], import::measure),
    (&["targets"], targets::measure),
    (&["view"], view::measure),
    (&["help"], help::measure),
];
