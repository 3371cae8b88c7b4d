//! The root folder of an image, gathered in memory as paths and written out as one tar stream.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Component, Path, PathBuf};

use tar::{Builder, EntryType, Header};

use super::elf;
use crate::catalog::Owner;

/// Where Debian, Alpine and the programs that follow them look for the certificates they trust.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Where the loader remembers which library lies in which folder.
const LOADER_CACHE: &str = "/etc/ld.so.cache";
/// What glibc before 2.34 opens by name in order to look up hosts; `--list` cannot know of it.
const NAME_SERVICE_LIBRARIES: [&str; 3] = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

const ADMINISTRATOR: Owner = Owner { user: 0, group: 0 };

/// What lies in the root folder, by absolute path. A folder sorts before its content.
#[derive(Debug, Default)]
pub(super) struct Root {
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug)]
enum Entry {
    Directory { owner: Owner, mode: u32 },
    HostFile { source: PathBuf, mode: u32, bytes: u64 },
    Text { content: &'static str },
    Link { target: PathBuf },
}

impl Root {
    /// What every program expects: users, name lookup, a folder for temporary files, and the host's CA certificates.
    pub(super) fn new() -> io::Result<Self> {
        let mut root = Self::default();
        root.add_text("/etc/passwd", "root:x:0:0:root:/:/\nnobody:x:65534:65534:nobody:/:/\n");
        root.add_text("/etc/group", "root:x:0:\nnobody:x:65534:\n");
        root.add_text("/etc/nsswitch.conf", "hosts: files dns\n");
        root.add_directory("/tmp", ADMINISTRATOR, 0o1777);
        root.add_host_file_if_there(Path::new(CERTIFICATES))?;
        Ok(root)
    }

    /// Gathers a root folder on a thread that may wait for the disk.
    pub(super) async fn gather(gather: impl FnOnce() -> io::Result<Self> + Send + 'static) -> io::Result<Self> {
        tokio::task::spawn_blocking(gather).await.map_err(io::Error::other)?
    }

    /// A folder with an owner.
    pub(super) fn add_directory(&mut self, path: impl AsRef<Path>, owner: Owner, mode: u32) {
        self.add(path.as_ref(), Entry::Directory { owner, mode });
    }

    /// A symbolic link.
    pub(super) fn add_link(&mut self, path: impl AsRef<Path>, target: impl Into<PathBuf>) {
        self.add(path.as_ref(), Entry::Link { target: target.into() });
    }

    /// A file of the host, owned by root.
    pub(super) fn add_file(&mut self, path: impl AsRef<Path>, source: &Path, mode: u32) -> io::Result<()> {
        let bytes = std::fs::metadata(source)?.len();
        self.add(path.as_ref(), Entry::HostFile { source: source.to_owned(), mode, bytes });
        Ok(())
    }

    /// An executable with its loader and its libraries, each at the path where the loader looks for it.
    pub(super) fn add_program(&mut self, path: impl AsRef<Path>, executable: &Path) -> io::Result<()> {
        self.add_file(path, executable, 0o755)?;
        for library in elf::libraries(executable)? {
            self.add_file(&library, &library, 0o755)?;
            if library.file_name().is_some_and(|name| name == "libc.so.6") {
                self.add_name_service_libraries(&library)?;
            }
        }
        self.add_host_file_if_there(Path::new(LOADER_CACHE))
    }

    /// A file, a link, or a folder with all that is in it and `wanted` by its path. Links stay links.
    pub(super) fn add_tree(&mut self, path: &Path, source: &Path, wanted: fn(&Path) -> bool) -> io::Result<()> {
        let metadata = std::fs::symlink_metadata(source)?;
        if metadata.is_symlink() {
            self.add_link(path, std::fs::read_link(source)?);
            return Ok(());
        }
        if !metadata.is_dir() {
            return self.add_file(path, source, 0o644);
        }
        self.add_directory(path, ADMINISTRATOR, 0o755);
        for child in std::fs::read_dir(source)? {
            let child = child?.path();
            if child.is_dir() || wanted(&child) {
                self.add_tree(&path.join(child.file_name().unwrap_or_default()), &child, wanted)?;
            }
        }
        Ok(())
    }

    /// Where links lead to that are here, as far as nothing is there yet.
    pub(super) fn missing_link_targets(&self) -> Vec<PathBuf> {
        let targets = self.entries.iter().filter_map(|(path, entry)| match entry {
            Entry::Link { target } => Some(resolved(path, target)),
            Entry::Directory { .. } | Entry::HostFile { .. } | Entry::Text { .. } => None,
        });
        targets.filter(|target| !self.entries.contains_key(target)).collect()
    }

    /// Bytes of all files together.
    pub(super) fn bytes(&self) -> u64 {
        let sizes = self.entries.values().map(|entry| match entry {
            Entry::HostFile { bytes, .. } => *bytes,
            Entry::Directory { .. } | Entry::Text { .. } | Entry::Link { .. } => 0,
        });
        sizes.sum()
    }

    /// Writes the tar stream. Times are zero: the same content gives the same bytes.
    pub(super) fn write(&self, target: impl Write) -> io::Result<()> {
        let mut builder = Builder::new(target);
        for (path, entry) in &self.entries {
            let name = path.strip_prefix("/").unwrap_or(path);
            append(&mut builder, name, entry)
                .map_err(|cause| io::Error::new(cause.kind(), format!("`{}`: {cause}", path.display())))?;
        }
        builder.into_inner()?.flush()
    }

    fn add_text(&mut self, path: &str, content: &'static str) {
        self.add(Path::new(path), Entry::Text { content });
    }

    fn add_host_file_if_there(&mut self, path: &Path) -> io::Result<()> {
        if path.is_file() { self.add_file(path, path, 0o644) } else { Ok(()) }
    }

    fn add_name_service_libraries(&mut self, libc: &Path) -> io::Result<()> {
        NAME_SERVICE_LIBRARIES.iter().try_for_each(|name| self.add_host_file_if_there(&libc.with_file_name(name)))
    }

    /// Adds an entry and the folders above it that are not there yet.
    fn add(&mut self, path: &Path, entry: Entry) {
        for parent in path.ancestors().skip(1).filter(|parent| parent.file_name().is_some()) {
            let folder = Entry::Directory { owner: ADMINISTRATOR, mode: 0o755 };
            self.entries.entry(parent.to_owned()).or_insert(folder);
        }
        self.entries.insert(path.to_owned(), entry);
    }
}

/// The path that a link leads to, found from the words of it alone.
fn resolved(link: &Path, target: &Path) -> PathBuf {
    let mut path = link.parent().unwrap_or(link).to_owned();
    for component in target.components() {
        match component {
            Component::ParentDir => _ = path.pop(),
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    path
}

fn append<W: Write>(builder: &mut Builder<W>, name: &Path, entry: &Entry) -> io::Result<()> {
    match entry {
        Entry::Directory { owner, mode } => {
            let mut header = header(EntryType::Directory, *mode, 0);
            header.set_uid(u64::from(owner.user));
            header.set_gid(u64::from(owner.group));
            builder.append_data(&mut header, name, io::empty())
        }
        Entry::HostFile { source, mode, bytes } => {
            let mut header = header(EntryType::Regular, *mode, *bytes);
            // Never more than the header says, should the file grow meanwhile.
            builder.append_data(&mut header, name, File::open(source)?.take(*bytes))
        }
        Entry::Text { content } => {
            let mut header = header(EntryType::Regular, 0o644, content.len() as u64);
            builder.append_data(&mut header, name, content.as_bytes())
        }
        Entry::Link { target } => builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), name, target),
    }
}

fn header(kind: EntryType, mode: u32, bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(bytes);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Root;
    use crate::catalog::NOBODY;

    fn listing(root: &Root) -> Vec<String> {
        let mut bytes = Vec::new();
        root.write(&mut bytes).expect("a tar stream");
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().expect("entries").map(|entry| {
            let entry = entry.expect("an entry");
            let header = entry.header();
            let path = entry.path().expect("a path");
            format!(
                "{} {}:{} {:o}",
                path.display(),
                header.uid().expect("a user"),
                header.gid().expect("a group"),
                header.mode().expect("a mode")
            )
        });
        entries.collect()
    }

    #[test]
    fn folders_come_before_their_content_and_keep_their_owner() {
        let mut root = Root::default();
        root.add_text("/data/deep/file", "text");
        root.add_directory("/data", NOBODY, 0o750);
        let expected = ["data 65534:65534 750", "data/deep 0:0 755", "data/deep/file 0:0 644"];
        assert_eq!(listing(&root), expected);
    }

    #[test]
    fn a_program_brings_its_libraries_and_the_loader() {
        let mut root = Root::new().expect("the base");
        root.add_program("/program", &std::env::current_exe().expect("a test runs from a file"))
            .expect("its libraries");
        let listing = listing(&root);
        assert!(listing.contains(&"program 0:0 755".to_owned()), "{listing:?}");
        assert!(listing.contains(&"tmp 0:0 1777".to_owned()), "{listing:?}");
        assert!(listing.iter().any(|line| line.contains("libc.so.6 0:0 755")), "{listing:?}");
        assert!(root.bytes() > 1024 * 1024);
    }

    #[test]
    fn a_tree_keeps_what_is_wanted_and_its_links_and_tells_what_they_lack() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["file.js", "file.map"] {
            std::fs::write(folder.path().join(file), "text").expect("a file");
        }
        std::os::unix::fs::symlink("../elsewhere", folder.path().join("link.js")).expect("a link");
        std::os::unix::fs::symlink("./file.js", folder.path().join("near.js")).expect("a link");
        let mut root = Root::default();
        let scripts = |path: &Path| path.extension().is_some_and(|extension| extension == "js");
        root.add_tree(Path::new("/share"), folder.path(), scripts).expect("the tree");
        let expected = ["share 0:0 755", "share/file.js 0:0 644", "share/link.js 0:0 777", "share/near.js 0:0 777"];
        assert_eq!(listing(&root), expected);
        assert_eq!(root.missing_link_targets(), [Path::new("/elsewhere")]);
    }
}
