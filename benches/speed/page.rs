//! The pages that figures stand on: what is between `<!-- NAME -->` and `<!-- end -->` is written by what measures it.

use std::path::{Path, PathBuf};

/// Whether pages are to be written: `BLESS=1`.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// A path below `docs/`.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file)
}

/// Writes a block of a page below `docs/`.
///
/// # Panics
/// Where the page has no such block.
pub(crate) fn write(file: &str, name: &str, block: &str) {
    let path = path(file);
    let text = std::fs::read_to_string(&path).expect("the page is there");
    let text = with_block(&text, name, block).unwrap_or_else(|| panic!("docs/{file} has no block `{name}`"));
    std::fs::write(&path, text).expect("the page can be written");
}

/// The page with other text in a block. `None`: it has no such block.
fn with_block(text: &str, name: &str, block: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), "<!-- end -->");
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{}\n{end}{after}", block.trim_end()))
}
