//! Paths of a foreign file as the stack file has to write them: relative to the folder in which that will lie.

use std::path::{Component, Path, PathBuf};

use crate::stack::tidy;

/// The way from the stack file's folder to the folder of the file that was imported.
#[derive(Debug, Clone)]
pub(super) struct Rebase {
    /// Absolute folder of the imported file.
    pub(super) folder: PathBuf,
    /// `""` where both are the same, else such as `../shop/`.
    prefix: String,
}

impl Rebase {
    /// The way from one folder to another.
    pub(super) fn new(folder: &Path, stack_folder: &Path) -> Self {
        let folder = tidy(&std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()));
        let from = tidy(&std::path::absolute(stack_folder).unwrap_or_else(|_| stack_folder.to_path_buf()));
        let prefix = way(&from, &folder);
        Self { folder, prefix }
    }

    /// A path of the imported file, for the stack file. Absolute ones and variables stay what they are.
    pub(super) fn path(&self, written: &str) -> String {
        if written.starts_with(['/', '~', '$']) {
            return written.to_owned();
        }
        let bare = written.strip_prefix("./").unwrap_or(written);
        let bare = if bare == "." { "" } else { bare };
        if self.prefix.is_empty() {
            return if bare.starts_with("..") { bare.to_owned() } else { format!("./{bare}") };
        }
        let joined = collapse(&format!("{}{bare}", self.prefix));
        if joined.starts_with("..") { joined } else { format!("./{joined}") }
    }

    /// A path of this host, as the stack file writes it without `./`.
    pub(super) fn file(&self, absolute: &Path) -> String {
        let absolute = tidy(absolute);
        let (Some(above), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return absolute.to_string_lossy().into_owned();
        };
        // Where nothing but the root is above both, the one does not come with the other.
        if self.folder.components().nth(1) != absolute.components().nth(1) {
            return absolute.to_string_lossy().into_owned();
        }
        let written = format!("{}{}", way(&self.folder, above), name.to_string_lossy());
        self.path(&written).trim_start_matches("./").to_owned()
    }

    /// Where a path of the imported file lies.
    pub(super) fn absolute(&self, written: &str) -> PathBuf {
        tidy(&self.folder.join(written))
    }
}

fn way(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<Component>, Vec<Component>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    let up = from[common..].iter().map(|_| "..".to_owned());
    let down = to[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).map(|part| part + "/").collect();
    parts.concat()
}

/// `a/../b` → `b`, as far as names are known.
fn collapse(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_same_place_from_the_stack_files_folder() {
        let path =
            |folder: &str, stack: &str, written: &str| Rebase::new(Path::new(folder), Path::new(stack)).path(written);
        assert_eq!(path("/a/shop", "/a/shop", "./etc"), "./etc");
        assert_eq!(path("/a/shop", "/a/shop", "../etc"), "../etc");
        assert_eq!(path("/a/shop", "/a", "etc/"), "./shop/etc/");
        assert_eq!(path("/a/shop", "/b/c", "./etc"), "../../a/shop/etc");
        assert_eq!(path("/a/shop", "/a", "../etc"), "./etc");
        assert_eq!(path("/a/shop", "/a", "/etc"), "/etc");
        assert_eq!(path("/a/shop", "/a", "${DATA:-}/x"), "${DATA:-}/x");
        assert_eq!(path("/a/shop", "/a/shop", "."), "./");
        let file = |folder: &str, stack: &str, file: &str| {
            Rebase::new(Path::new(folder), Path::new(stack)).file(Path::new(file))
        };
        assert_eq!(file("/a/shop", "/a", "/a/shop/x.yml"), "shop/x.yml");
        assert_eq!(file("/a/shop", "/a/shop", "/a/other/x.yml"), "../other/x.yml");
        assert_eq!(file("/a/shop", "/a/shop", "/etc/x.yml"), "/etc/x.yml");
    }
}
