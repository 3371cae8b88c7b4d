//! The pages under `docs/`, and what stands in them.

use std::fs;
use std::path::{Path, PathBuf};

/// Files that stack files of the pages name.
pub(crate) const OTHERS: [(&str, &str); 4] = [
    (
        "compose.yml",
        "name: shop\nservices:\n  web: { image: stackctl/self, command: [demo, accesslog], expose: [80] }\n",
    ),
    ("prometheus-password.txt", "geheim\n"),
    ("prometheus.crt", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
    ("prometheus.key", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
];

/// One page.
pub(crate) struct Page {
    /// Its path below `docs/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Page {
    /// Every page.
    pub(crate) fn all() -> Vec<Self> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let in_folder =
            |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let files = in_folder(top.clone()).chain(in_folder(top.join("reference")));
        let mut pages: Vec<Self> = files
            .filter(|path| path.extension().is_some_and(|end| end == "md"))
            .map(|path| Self {
                name: path.strip_prefix(&top).expect("it lies below").display().to_string(),
                text: fs::read_to_string(&path).expect("a page is text"),
            })
            .collect();
        pages.sort_by(|left, right| left.name.cmp(&right.name));
        pages
    }

    /// The blocks in this language.
    pub(crate) fn blocks(&self, language: &str) -> Vec<String> {
        let blocks = self.text.split("```").skip(1).step_by(2);
        blocks.filter_map(|block| block.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
    }

    /// The lines of its blocks of shell, without comments.
    pub(crate) fn shell_lines(&self, language: &str) -> Vec<String> {
        let blocks = self.blocks(language);
        let lines = blocks.iter().flat_map(|block| block.lines());
        lines
            .map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    }
}
