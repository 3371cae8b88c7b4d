//! Golden folders: generated files that a person can run or read, kept in the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use stackctl::render::{self, Files};

/// The golden folder of that name.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Compares the files with the golden folder, or rewrites it where `BLESS=1` is set.
///
/// # Panics
/// Where they differ: with the first file that does.
pub(crate) fn check(name: &str, files: &Files) {
    let folder = folder(name);
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        render::write(files, &folder).expect("the golden folder is writable");
        return;
    }
    let rendered: BTreeSet<String> = files.0.keys().cloned().collect();
    assert_eq!(rendered, present(&folder, &folder), "other files than in tests/golden/{name}; BLESS=1 rewrites them");
    for (path, text) in &files.0 {
        let golden = fs::read_to_string(folder.join(path)).expect("it was listed");
        assert!(
            golden == *text,
            "tests/golden/{name}/{path} differs; BLESS=1 rewrites it\n{}",
            similar::TextDiff::from_lines(&golden, text).unified_diff().header("golden", "rendered")
        );
    }
}

fn present(root: &Path, folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    let paths = entries.map(|entry| entry.expect("the golden folder is readable").path());
    let below =
        |path: PathBuf| if path.is_dir() { present(root, &path) } else { BTreeSet::from([relative(root, &path)]) };
    paths.flat_map(below).collect()
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).expect("it lies below the root").to_string_lossy().into_owned()
}
