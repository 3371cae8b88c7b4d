//! `schema`: the JSON Schema of the stack file, for editors.

use super::{Exit, Failure, output};
use crate::stack;

/// Runs it.
#[expect(clippy::unnecessary_wraps, reason = "every command has this shape")]
pub(super) fn run() -> Result<Exit, Failure> {
    output::print_json(&stack::schema());
    Ok(Exit::Done)
}
