//! What a person may name where a text is wanted: a file, a pipe of the shell or standard input. Nothing is waited for that may
//! never come, and no more is read than a stack file may have.

use std::fs::File;
use std::io::{Error, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Mutex;

use super::document::SIZE_LIMIT;

/// The path that stands for standard input, as elsewhere. Paths in it begin at the working directory.
pub const STANDARD_INPUT: &str = "-";

/// What standard input says. It can be read once, and a command may load the stack more than once.
static STANDARD_INPUT_SAYS: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// The bytes, at most one more than a stack file may have. `option`: the one that takes the path.
pub(super) fn read(path: &Path, option: &str) -> std::io::Result<Vec<u8>> {
    if path != Path::new(STANDARD_INPUT) {
        let kind = std::fs::metadata(path)?.file_type();
        // Nobody may ever write into a pipe that lies in a folder; a shell's own, such as `<(…)`, has its writer.
        let is_shells = path.starts_with("/dev/fd") || path.starts_with("/proc") || path == Path::new("/dev/stdin");
        if kind.is_fifo() && !is_shells {
            return Err(Error::other(format!("it is a pipe; `{option} -` reads standard input")));
        }
        if (kind.is_char_device() || kind.is_block_device()) && !is_shells {
            return Err(Error::other(format!("it is a device; `{option} -` reads standard input")));
        }
        return bounded(File::open(path)?);
    }
    let mut known = STANDARD_INPUT_SAYS.lock().map_err(|_| Error::other("reading it has failed before"))?;
    if known.is_none() {
        *known = Some(bounded(std::io::stdin())?);
    }
    Ok(known.clone().unwrap_or_default())
}

fn bounded(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(SIZE_LIMIT + 1).unwrap_or(u64::MAX);
    source.take(limit).read_to_end(&mut bytes).map(|_| bytes)
}

/// The same as text, where it is not too much.
///
/// # Errors
/// Where it is not there, not readable, a pipe in a folder, a device, no text, or more than a stack file may have.
pub(crate) fn read_text(path: &Path, option: &str) -> std::io::Result<String> {
    let bytes = read(path, option)?;
    if bytes.len() > SIZE_LIMIT {
        return Err(Error::other(format!("it has more than {} MiB", SIZE_LIMIT >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| Error::other("it is no text in UTF-8"))
}

/// The content of a file that is not a pipe or a device, up to 16 MiB.
pub(super) fn read_regular(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes).map(|_| bytes)
}

pub(super) fn open_regular(path: &Path) -> std::io::Result<File> {
    const LARGEST: u64 = 16 * 1024 * 1024;
    let data = std::fs::metadata(path)?;
    if !data.is_file() {
        return Err(Error::other("it is not a regular file"));
    }
    if data.len() > LARGEST {
        return Err(Error::other("it has more than 16 MiB"));
    }
    File::open(path)
}
