//! The rows of the table, and how each is measured.

mod files;
mod help;
mod import;
mod scale;
mod targets;
mod unchanged;
mod view;

use crate::table::Row;

/// A name to ask for, and what measures the rows of that name.
type Measurement = (&'static str, fn() -> Vec<Row>);

/// All of them.
pub(crate) const ALL: &[Measurement] = &[
    ("up", unchanged::measure),
    ("scale", scale::measure),
    ("files", files::measure),
    ("targets", targets::measure),
    ("view", view::measure),
    ("import", import::measure),
    ("help", help::measure),
];
