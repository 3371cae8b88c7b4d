//! One change of a stack at a time: a lock that the kernel gives back when its holder dies, however it dies.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};

use super::{output, state};
use crate::engine::Error;

/// Held for as long as a command changes a stack.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock of a stack at an engine; waits, and says for whom, while another stackctl holds it.
pub(super) async fn take(engine_address: &str, stack: &str, quiet: bool) -> Result<Lock, Error> {
    let path = state::folder()?.join(format!("{}-{stack}.lock", state::short_hash(engine_address)));
    let attempt = || format!("cannot lock stack `{stack}` with {}", path.display());
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| Error::new(attempt(), error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(|error| Error::new(attempt(), error))?;
            if !quiet {
                output::say(&format!(
                    "waiting: another stackctl (process {}) is changing stack `{stack}`",
                    holder.trim()
                ));
            }
            file = tokio::task::spawn_blocking(move || file.lock().map(|()| file))
                .await
                .expect("taking a lock does not panic")
                .map_err(|error| Error::new(attempt(), error))?;
        }
        Err(TryLockError::Error(error)) => return Err(Error::new(attempt(), error)),
    }
    let noted = file
        .set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| write!(file, "{}", std::process::id()));
    noted.map_err(|error| Error::new(attempt(), error))?;
    Ok(Lock { _file: file })
}
