//! The command line: one variant per file in `command/`.
