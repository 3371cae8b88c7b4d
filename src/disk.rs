//! Files that a person or another program has put where they are: read with a limit, and replaced only where they are files.

use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::{Path, PathBuf};

/// Bytes that are read at most.
const MOST_BYTES: u64 = 16 << 20;

/// The content of a file, or an error where it may never come, as that of a pipe, or goes on and on, as that of `/dev/zero`. The
/// error names the file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    // Nobody may ever write into a pipe, and a device may never end.
    if !fs_err::metadata(path)?.is_file() {
        return Err(Error::other(format!("{} is no regular file", path.display())));
    }
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::other(format!("{} holds more than 16 MiB", path.display())));
    }
    Ok(bytes)
}

/// The same as text.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let no_text = |_| Error::new(ErrorKind::InvalidData, format!("{} is no text in UTF-8", path.display()));
    String::from_utf8(read(path)?).map_err(no_text)
}

/// Where a file lies that is to be put in the place of this one, or where none is: what a link leads to, so that the link
/// stays. An error: a folder, a device, a pipe or a socket is nobody's to be replaced, and a link may lead nowhere.
pub(crate) fn place_of(path: &Path) -> Result<PathBuf> {
    let refused = |what: &str| Error::new(ErrorKind::InvalidInput, format!("{} is {what}", path.display()));
    match std::fs::metadata(path) {
        Ok(data) if data.is_file() => path.canonicalize(),
        Ok(_) => Err(refused(NO_FILE)),
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            Err(refused("a link that leads nowhere"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(Error::new(error.kind(), format!("{}: {error}", path.display()))),
    }
}

const NO_FILE: &str = "no file, but a folder, a device, a pipe or a socket";

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe_in(folder: &Path) -> PathBuf {
        let pipe = folder.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it is part of coreutils").success());
        pipe
    }

    #[test]
    fn what_may_never_end_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = pipe_in(folder.path());
        for path in [pipe.as_path(), Path::new("/dev/zero"), folder.path()] {
            let error = read(path).expect_err("it is no regular file").to_string();
            assert!(error.ends_with("is no regular file"), "{error}");
        }
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(MOST_BYTES + 1).expect("it has holes");
        let error = read(file.path()).expect_err("it is too large");
        assert!(error.to_string().contains("more than 16 MiB"), "{error}");
    }

    #[test]
    fn only_a_file_is_replaced_and_a_link_to_one_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        let [file, link, nowhere, of_pipe] = ["file", "link", "nowhere", "of-pipe"].map(|name| root.join(name));
        std::fs::write(&file, "x").expect("writable");
        let pipe = pipe_in(&root);
        for (target, name) in [(file.as_path(), &link), (&root.join("none"), &nowhere), (&pipe, &of_pipe)] {
            std::os::unix::fs::symlink(target, name).expect("writable");
        }
        for path in [&file, &link] {
            assert_eq!(place_of(path).expect("a file"), file);
        }
        assert_eq!(place_of(&root.join("new")).expect("it is free"), root.join("new"));
        for path in [pipe.as_path(), &of_pipe, &root, Path::new("/dev/null")] {
            let error = place_of(path).expect_err("no file").to_string();
            assert!(error.ends_with(NO_FILE), "{error}");
        }
        let error = place_of(&nowhere).expect_err("a link").to_string();
        assert!(error.ends_with("nowhere is a link that leads nowhere"), "{error}");
    }
}
