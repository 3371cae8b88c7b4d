//! live-restore of a running engine, switched by a reload. Containers outlive a restart only where both the engine that ends
//! and the one that starts have it; where only the first has, the second one kills them and takes those of the policy
//! `unless-stopped` for stopped by hand (measured with Engine 20.10, 26.1 and 28.5).

use std::time::Instant;

use super::answer::PAUSE;
use super::in_force::CONTAINER_PATIENCE;
use super::subject::LIVE_RESTORE;
use crate::daemon::{self, Backup, ConfigFile, Dockerd, Turn};
use crate::engine::Engine;

/// Switches it off in the running engine, so that it stops its containers itself when it is restarted, and their restart policy
/// counts. The file says so for a moment, and then what it said before. The error says why it is on still.
pub(super) async fn switch_off(turn: &Turn, engine: &Engine, file: &ConfigFile) -> Result<(), String> {
    let words = |error: daemon::Error| error.to_string();
    let socket = engine.facts().address.trim_start_matches("unix://");
    let dockerd = Dockerd::behind(socket.as_ref()).await.ok_or("its process cannot be found")?;
    let before = write(turn, file, false).map_err(words)?;
    let switched = reloaded(&dockerd, engine, false).await;
    before.restore(turn, &ConfigFile::read(file.path()).map_err(words)?).map_err(words)?;
    switched
}

/// Has the file say it for as long as the engine starts or reloads. What it said before is in the copy that comes back.
pub(super) fn write(turn: &Turn, file: &ConfigFile, is_on: bool) -> Result<Backup, daemon::Error> {
    let now = ConfigFile::read(file.path())?;
    let explicit = now.document()?.setting(LIVE_RESTORE, &is_on.into());
    now.replace(turn, &explicit.bytes(), |_| Ok(()))
}

/// Has the engine read its file, and waits until live-restore is what that says. The error says why it is not.
pub(super) async fn reloaded(dockerd: &Dockerd, engine: &Engine, is_on: bool) -> Result<(), String> {
    dockerd.reload().map_err(|error| format!("it could not be told to read its file: {error}"))?;
    let deadline = Instant::now() + CONTAINER_PATIENCE;
    while Instant::now() < deadline {
        if engine.host().await.is_ok_and(|host| host.live_restore == is_on) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let (wanted, longest) = (if is_on { "on" } else { "off" }, CONTAINER_PATIENCE.as_secs());
    Err(format!("it was told to read its file, and live-restore is not {wanted} after {longest} s"))
}
