//! Folders of this user where stackctl keeps what is not in the running stack: generated passwords, copies.

use std::path::{Path, PathBuf};

use crate::engine::Error;

/// Folder for what must not be lost: `$XDG_STATE_HOME/stackctl`, else `~/.local/state/stackctl`.
pub(super) fn folder() -> Result<PathBuf, Error> {
    let base = base().ok_or_else(|| {
        Error::new("cannot tell where to keep generated passwords", "neither XDG_STATE_HOME nor HOME is set").advise(
            "set XDG_STATE_HOME to a folder you can write to, as in `XDG_STATE_HOME=/var/lib/stackctl stackctl up`",
        )
    })?;
    let folder = base.join("stackctl");
    fs_err::create_dir_all(&folder).map_err(|error| {
        Error::new("cannot make the state folder", error).advise("set XDG_STATE_HOME to a folder you can write to")
    })?;
    Ok(folder)
}

/// File for the copy of what a running stack remembers.
pub(super) fn memory_copy(engine_address: &str, stack: &str) -> Option<PathBuf> {
    Some(base()?.join("stackctl").join(format!("{}-{stack}.json", short_hash(engine_address))))
}

/// Removes a file of this folder. Returns it where it was there.
pub(super) fn forget(path: &Path) -> Result<Option<PathBuf>, Error> {
    match fs_err::remove_file(path) {
        Ok(()) => Ok(Some(path.to_path_buf())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(format!("cannot remove {}", path.display()), error).advise("remove it by hand")),
    }
}

/// Eight hex digits that stand for a text in a file name.
pub(super) fn short_hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

fn base() -> Option<PathBuf> {
    from_environment("XDG_STATE_HOME").or_else(|| Some(from_environment("HOME")?.join(".local/state")))
}

fn from_environment(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
