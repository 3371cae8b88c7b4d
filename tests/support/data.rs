//! Other people's files and schemas, which are not part of the repository.

use std::io::Write as _;
use std::path::PathBuf;

/// The folder that holds them. Without one a test looks at nothing, and says what: past what catches the output of a test
/// that passes, so that everybody sees it.
pub(crate) fn folder(left_out: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("STACKCTL_DATA").map(PathBuf::from);
    if folder.is_none() {
        // One write, so that tests side by side do not mix their lines.
        let line = format!("ran without STACKCTL_DATA: {left_out}\n");
        std::io::stderr().write_all(line.as_bytes()).expect("it can be told");
    }
    folder
}
