//! The word of the engine's own program on the file as it would be, before anybody is asked and anything is written.

use std::io::Write as _;

use super::super::super::Failure;
use super::super::subject::Running;
use super::Proposal;
use crate::daemon::{refused_by, validate};

/// Refuses what that program would not start with, as far as it can be asked: not by who may not run it, or where there is no
/// place for a file that it could look at.
pub(in super::super) fn expect_valid(proposal: &Proposal) -> Result<(), Failure> {
    let Some((dockerd, release)) = proposal.running.as_ref().and_then(Running::judging) else { return Ok(()) };
    let path = proposal.file.path();
    if proposal.is_done() {
        return Ok(());
    }
    if proposal.change.is_empty() {
        return match refused_by(dockerd, release, path) {
            Ok(Some(said)) => Err(Failure::arguments(
                format!("the engine would not start with {}: {said}", path.display()),
                "nothing was changed; mend what it names, and try again",
            )),
            Ok(None) | Err(_) => Ok(()),
        };
    }
    let Ok(mut candidate) = tempfile::NamedTempFile::new() else { return Ok(()) };
    if candidate.write_all(&proposal.change.after.bytes()).is_err() {
        return Ok(());
    }
    match validate(dockerd, release, candidate.path(), path) {
        Err(refused @ crate::daemon::Error::Wrong { .. }) => Err(refused.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
