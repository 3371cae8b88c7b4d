//! live-restore of an engine, switched by what its file says for a while. Containers outlive a restart only where both the
//! engine that ends and the one that starts have it; where only the first has, the second one kills them and takes those of the
//! policy `unless-stopped` for stopped by hand (measured with Engine 20.10, 26.1 and 28.5).

use std::time::Instant;

use super::super::subject::LIVE_RESTORE;
use super::answer::PAUSE;
use super::in_force::CONTAINER_PATIENCE;
use crate::daemon::{self, Backup, ConfigFile, Dockerd, Document, Interlude, StandIn, Turn};
use crate::engine::Engine;

/// Switches it off in the running engine, so that it stops its containers itself when it is restarted, and their restart policy
/// counts. The file says so for a moment, and then what it said before, also where nobody waits for that. `copy`: what everything
/// goes back to in the end. The error says why it is on still.
pub(in super::super) async fn switch_off(
    turn: &Turn,
    engine: &Engine,
    file: &ConfigFile,
    copy: Option<&mut Backup>,
) -> Result<(), String> {
    let words = |error: daemon::Error| error.to_string();
    let dockerd = process_of(engine).await?;
    let now = ConfigFile::read(file.path()).map_err(words)?;
    let off = switched_off(&now.document().map_err(words)?).bytes();
    let interlude = Interlude::begin(turn, now, &off, copy).map_err(words)?;
    let switched = reloaded(&dockerd, engine, false).await;
    interlude.end().map_err(words)?;
    switched
}

/// What a file says for that moment that says this before and after it.
pub(in super::super) fn switched_off(settings: &Document) -> Document {
    settings.setting(LIVE_RESTORE, &false.into())
}

/// What it takes for containers to outlive a start with settings that do not have live-restore: on disk before it is needed.
pub(in super::super) struct KeepAlive {
    on: StandIn,
    off: StandIn,
}

impl KeepAlive {
    /// `settings`: what the file is to say in the end.
    pub(in super::super) fn prepare(file: &ConfigFile, settings: &Document) -> Result<Self, daemon::Error> {
        let text = |is_on: bool| settings.setting(LIVE_RESTORE, &is_on.into()).bytes();
        Ok(Self { on: StandIn::prepare(file, &text(true))?, off: StandIn::prepare(file, &text(false))? })
    }

    /// Has the file say it, for an engine that is about to start. `copy`: what comes back in the end.
    pub(in super::super) fn put(
        self,
        turn: &Turn,
        file: &ConfigFile,
        copy: &mut Backup,
    ) -> Result<KeptAlive, daemon::Error> {
        self.on.put_for_a_while(turn, file, copy)?;
        Ok(KeptAlive { off: self.off })
    }
}

/// The file says it, and containers live on when the engine starts.
pub(in super::super) struct KeptAlive {
    off: StandIn,
}

impl KeptAlive {
    /// Switches it off in the engine that has started, which stops nothing. The error says why it is on still. `copy` is what
    /// has to come back now, either way.
    pub(in super::super) async fn switch_off(
        self,
        turn: &Turn,
        engine: &Engine,
        file: &ConfigFile,
        copy: &mut Backup,
    ) -> Result<(), String> {
        let dockerd = process_of(engine).await?;
        self.off.put_for_a_while(turn, file, copy).map_err(|error| error.to_string())?;
        reloaded(&dockerd, engine, false).await
    }
}

/// Has the engine read its file, and waits until live-restore is what that says. The error says why it is not.
pub(in super::super) async fn reloaded(dockerd: &Dockerd, engine: &Engine, is_on: bool) -> Result<(), String> {
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

async fn process_of(engine: &Engine) -> Result<Dockerd, String> {
    let socket = engine.facts().address.trim_start_matches("unix://");
    Dockerd::behind(socket.as_ref()).await.ok_or_else(|| "its process cannot be found".to_owned())
}

/// What to do by hand before the next restart of an engine that has it on although its file does not say so.
pub(in super::super) fn still_on(reason: &str, file: &ConfigFile) -> String {
    format!(
        "live-restore is still on in the engine ({reason}): before its next restart reload it with `\"live-restore\": false` in \
         {}, or containers of the policy `unless-stopped` stay down then",
        file.path().display()
    )
}
