//! Where paths inside a container lie on the host, by the binds of its service.

use std::path::{Path, PathBuf};

use crate::import::compose::Project;
use crate::import::compose::mounts::{Bind, binds};
use crate::stack::OutsideNode;
use crate::stack::tidy;

/// Folder of Prometheus' configuration inside the container, unless a flag says otherwise.
pub(super) const CONFIG_FOLDER: &str = "/etc/prometheus";

/// Most files that a pattern may match.
const MOST_FILES: usize = 200;

/// Paths inside a container and the paths of the host that are mounted there.
#[derive(Debug, Clone)]
pub(in crate::import) struct Mounted {
    /// Path inside, absolute path on the host.
    pairs: Vec<(String, PathBuf)>,
    /// Paths inside at which a volume lies.
    volumes: Vec<String>,
    /// Folder against which relative paths of the configuration are read.
    folder: String,
}

impl Mounted {
    /// The binds of a service.
    pub(in crate::import) fn of(project: &Project, service: &OutsideNode) -> Self {
        let (paths, volumes): (Vec<Bind>, Vec<Bind>) =
            binds(project, service).into_iter().partition(|bind| bind.is_path);
        let pair = |bind: Bind| (bind.target, project.rebase.absolute(&bind.source));
        let mut pairs: Vec<(String, PathBuf)> = paths.into_iter().map(pair).collect();
        pairs.extend(configs(project, service));
        let volumes = volumes.into_iter().map(|bind| bind.target).collect();
        Self { pairs, volumes, folder: CONFIG_FOLDER.to_owned() }
    }

    /// A folder that stands for the configuration's.
    pub(super) fn folder(folder: &Path) -> Self {
        let pairs = vec![(CONFIG_FOLDER.to_owned(), tidy(folder))];
        Self { pairs, volumes: Vec::new(), folder: CONFIG_FOLDER.to_owned() }
    }

    /// Whether nothing is mounted at, above or below a folder: what lies there is the image's own.
    pub(in crate::import) fn is_bare(&self, folder: &str) -> bool {
        let is_in = |inner: &str, outer: &str| {
            inner == outer || inner.starts_with(&format!("{}/", outer.trim_end_matches('/')))
        };
        let targets = self.pairs.iter().map(|(target, _)| target).chain(&self.volumes);
        !targets.into_iter().any(|target| is_in(folder, target) || is_in(target, folder))
    }

    /// Paths inside that are mounted.
    pub(in crate::import) fn targets(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.pairs.iter().map(|(target, source)| (target.as_str(), source.as_path()))
    }

    /// The path inside the container, absolute.
    pub(super) fn inside(&self, path: &str) -> String {
        let joined = Path::new(&self.folder).join(path);
        tidy(&joined).to_string_lossy().into_owned()
    }

    /// The same on the host, where it is mounted. The longest mount counts.
    pub(in crate::import) fn host(&self, path: &str) -> Option<PathBuf> {
        let inside = self.inside(path);
        let covers =
            |target: &str| inside == target || inside.starts_with(&format!("{}/", target.trim_end_matches('/')));
        let (target, source) =
            self.pairs.iter().filter(|(target, _)| covers(target)).max_by_key(|(target, _)| target.len())?;
        let rest = inside[target.len()..].trim_start_matches('/');
        Some(if rest.is_empty() { source.clone() } else { source.join(rest) })
    }

    /// The files on the host that a pattern means; `*` and `?` may stand in its last part.
    pub(super) fn matching(&self, pattern: &str) -> Vec<PathBuf> {
        let Some(path) = self.host(pattern) else { return Vec::new() };
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Vec::new() };
        if !name.contains(['*', '?', '[']) {
            return if path.is_file() { vec![path] } else { Vec::new() };
        }
        let entries = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
        let fits = |path: &PathBuf| path.file_name().is_some_and(|file| glob(&name, &file.to_string_lossy()));
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file() && fits(path))
            .take(MOST_FILES)
            .collect();
        found.sort();
        found
    }
}

/// `configs` of Compose: files that are mounted, too.
fn configs(project: &Project, service: &OutsideNode) -> Vec<(String, PathBuf)> {
    use crate::import::compose::project::scalar;
    use crate::stack::OutsideValue;

    let Some(OutsideValue::Sequence(items)) = service.entry("configs").map(|entry| &entry.node.value) else {
        return Vec::new();
    };
    let pair = |item: &OutsideNode| {
        let key = |key: &str| item.entry(key).and_then(|entry| scalar(&entry.node));
        let source = scalar(item).or_else(|| key("source"))?;
        let declared = project.section("configs").find(|(name, _)| *name == source)?.1;
        let file = scalar(&declared.node.entry("file")?.node)?;
        let target = key("target").map_or_else(|| format!("/{source}"), str::to_owned);
        Some((target, project.rebase.absolute(&project.filled(file))))
    };
    items.iter().filter_map(pair).collect()
}

/// Whether a name fits a pattern of `*` and `?`.
fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name, mut star, mut retry) = (0, 0, None, 0);
    while in_name < name.len() {
        if at < pattern.len() && pattern[at] == '*' {
            star = Some(at);
            retry = in_name;
            at += 1;
        } else if at < pattern.len() && (pattern[at] == '?' || pattern[at] == name[in_name]) {
            at += 1;
            in_name += 1;
        } else if let Some(before) = star {
            at = before + 1;
            retry += 1;
            in_name = retry;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_inside_is_found_below_the_longest_mount() {
        let pairs = vec![
            ("/etc/prometheus".to_owned(), PathBuf::from("/home/shop/prometheus")),
            ("/etc/prometheus/rules".to_owned(), PathBuf::from("/home/shop/rules")),
        ];
        let mounted = Mounted { pairs, volumes: Vec::new(), folder: CONFIG_FOLDER.to_owned() };
        assert_eq!(mounted.host("alert.rules"), Some(PathBuf::from("/home/shop/prometheus/alert.rules")));
        assert_eq!(mounted.host("rules/a.yml"), Some(PathBuf::from("/home/shop/rules/a.yml")));
        assert_eq!(mounted.host("/etc/prometheus2/a"), None);
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(glob("*.yml", "a.yml") && glob("a*b?", "axxbz") && glob("*", "") && !glob("*.yml", "a.yaml"));
        assert!(!glob("?", "") && glob("**a", "a"));
    }
}
