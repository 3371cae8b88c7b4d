//! The way back where the engine does not come back: all that it takes is on disk before the restart begins.

use std::time::Duration;

use super::super::super::{Failure, output};
use super::live_restore::{KeepAlive, KeptAlive, still_on};
use super::{NotBack, Restart};
use crate::daemon::{self, Backup, ConfigFile, Document, StandIn};
use crate::engine::Error;

/// Least time for an engine that starts with what it started with before.
const LAST_PATIENCE: Duration = Duration::from_secs(15);

/// What a file says that stands for none.
pub(in super::super) const NO_SETTINGS: &[u8] = b"{}\n";

/// What there is to go back to where the engine does not come back.
pub(in super::super) enum WayBack {
    /// Nothing: the file was not changed.
    None,
    /// What the file was before stackctl changed it.
    Copy(Backup),
    /// What the file was before another copy was put back.
    BeforeRollback(Backup),
}

/// The way back with all that it takes.
pub(in super::super) struct Back {
    to: WayBack,
    /// Stands for a file that was not there, where the engine would not start without any.
    no_settings: Option<StandIn>,
    /// For containers that have outlived the engine, and would not outlive its start with what comes back.
    keep_alive: Option<KeepAlive>,
}

impl Back {
    pub(in super::super) fn along(to: WayBack) -> Self {
        Self { to, no_settings: None, keep_alive: None }
    }

    /// Has it all on disk. `outlive`: containers outlive the restart.
    pub(in super::super) fn prepare(
        &mut self,
        restart: &Restart,
        file: &ConfigFile,
        outlive: bool,
    ) -> Result<(), daemon::Error> {
        let (WayBack::Copy(copy) | WayBack::BeforeRollback(copy)) = &self.to else { return Ok(()) };
        if !copy.has_bytes() && restart.running.needs_file() {
            self.no_settings = Some(StandIn::prepare(file, NO_SETTINGS)?);
        }
        // The engine does not start with what is no JSON, so that nothing has to outlive that.
        let settings = Document::parse(&copy.bytes()?.unwrap_or_default()).ok();
        let wanted = settings.filter(|settings| outlive && !restart.running.outlives_with(settings));
        if let Some(settings) = wanted.filter(|_| !restart.running.containers.is_empty()) {
            self.keep_alive = Some(KeepAlive::prepare(file, &settings)?);
        }
        Ok(())
    }

    /// Has the file be what it was.
    fn put_back(self, restart: &Restart, file: &ConfigFile) -> Result<(), daemon::Error> {
        let (WayBack::Copy(mut copy) | WayBack::BeforeRollback(mut copy)) = self.to else { return Ok(()) };
        if let Some(no_settings) = self.no_settings {
            no_settings.put(restart.turn, file, &mut copy)?;
            copy.forget();
            return Ok(());
        }
        copy.restore(restart.turn, &ConfigFile::read(file.path())?).map(drop)
    }

    /// Has the file say what it said, and live-restore as well, where it takes that for containers to live on.
    fn keep_alive(&mut self, restart: &Restart, file: &ConfigFile) -> Option<KeptAlive> {
        let keep_alive = self.keep_alive.take()?;
        let (WayBack::Copy(copy) | WayBack::BeforeRollback(copy)) = &mut self.to else { return None };
        match keep_alive.put(restart.turn, file, copy) {
            Ok(kept_alive) => Some(kept_alive),
            Err(error) => {
                output::say(&format!(
                    "live-restore, which has kept the containers running, could not be kept for the way back ({error}): they \
                     stop, and those of the policy `unless-stopped` stay down"
                ));
                None
            }
        }
    }

    /// What the file is to be in the end.
    pub(in super::super) fn copy(&mut self) -> Option<&mut Backup> {
        match &mut self.to {
            WayBack::Copy(copy) | WayBack::BeforeRollback(copy) => Some(copy),
            WayBack::None => None,
        }
    }

    /// What the file is once it is put back.
    fn was(&self, file: &ConfigFile) -> String {
        let path = file.path().display();
        let (copy, before) = match &self.to {
            WayBack::None => return format!("{path} was not changed by stackctl"),
            WayBack::Copy(copy) => (copy, "before"),
            WayBack::BeforeRollback(copy) => (copy, "before the rollback"),
        };
        match (copy.has_bytes(), &self.no_settings) {
            (true, _) => format!("{path} is what it was {before}"),
            (false, Some(_)) => {
                format!("{path} is `{{}}` (there was none {before}, and this engine does not start without)")
            }
            (false, None) => format!("{path} is gone (there was none {before})"),
        }
    }

    /// What to do where nothing restarted the engine. `has_read`: it was told to read the file, and did.
    pub(in super::super) fn not_in_force(&self, file: &ConfigFile, has_read: bool) -> String {
        let path = file.path().display();
        let how_far = if has_read { "live-restore is in force, and the rest is not" } else { "not in force" };
        match self.to {
            WayBack::None => "restart the engine by hand".to_owned(),
            WayBack::Copy(_) => format!(
                "{path} is changed ({how_far}): the next start of the engine takes it up; restart the engine by hand, or take \
                 the change back with `stackctl engine rollback`"
            ),
            WayBack::BeforeRollback(_) => format!("{path} is put back ({how_far}); restart the engine by hand"),
        }
    }
}

impl Restart<'_> {
    /// It was promised that no container stops, or that all come back, and without the engine having read its file they would
    /// not: nothing is restarted.
    pub(in super::super) fn not_read(&self, reason: String, file: &ConfigFile, way_back: Back) -> Failure {
        let how = self.undone(file, way_back);
        Error::new("cannot have the engine read its settings while it runs", reason)
            .advise(format!(
                "nothing was restarted, and {how}; the engine's log says what it does not take (`journalctl -u docker`), and it \
                 may not start with that either"
            ))
            .into()
    }

    /// There may be no room for it once the engine is down: nothing is restarted.
    pub(in super::super) fn unprepared(&self, error: &daemon::Error, file: &ConfigFile, way_back: Back) -> Failure {
        let folder = file.path().parent().unwrap_or(file.path()).display();
        let how = self.undone(file, way_back);
        Error::new("cannot prepare the way back, in case the engine does not come back", error)
            .advise(format!("make room in {folder}; nothing was restarted, and {how}"))
            .into()
    }

    fn undone(&self, file: &ConfigFile, way_back: Back) -> String {
        let was = way_back.was(file);
        match way_back.put_back(self, file) {
            Ok(()) => was,
            Err(error) => format!("{} could not be put back ({error})", file.path().display()),
        }
    }

    /// Puts the file back and starts the engine with it.
    /// `outlived`: containers have outlived the engine that ended, and run.
    pub(in super::super) async fn go_back(
        &self,
        reason: String,
        file: &ConfigFile,
        mut way_back: Back,
        outlived: bool,
    ) -> Failure {
        let path = file.path().display();
        let mut was = way_back.was(file);
        // What stackctl itself has written and takes back now, the engine ran with before.
        let is_others = self.running.is_changed_by_others(file);
        let begun = match way_back.to {
            WayBack::None => {
                let advice = format!("{was}: {}", self.way_out(file, &reason, outlived, is_others));
                return self.failure(reason, advice);
            }
            WayBack::Copy(_) => format!("rolling back {path}"),
            WayBack::BeforeRollback(_) => {
                was.push_str(", whose copy is kept as well");
                format!("putting back what {path} said before the rollback")
            }
        };
        output::say(&format!("the engine is not back ({reason}); {begun}"));
        let has_to_be_kept = way_back.keep_alive.is_some();
        let kept_alive = way_back.keep_alive(self, file);
        let run_on = outlived && (kept_alive.is_some() || !has_to_be_kept);
        // A copy that comes back by itself is there until then.
        let mut way_back = Some(way_back);
        if kept_alive.is_none()
            && let Some(Err(error)) = way_back.take().map(|way_back| way_back.put_back(self, file))
        {
            let advice = format!("{begun} failed, too ({error}): {}", self.way_out(file, &reason, run_on, is_others));
            return self.failure(reason, advice);
        }
        let restarted = self.start_again().await;
        let advice = match restarted {
            Ok(engine) => {
                if let Ok(missing) = self.missing(&engine, self.outlive(run_on)).await {
                    self.tell(&engine, &missing).await;
                }
                self.tell_changed(&engine).await;
                self.let_go(&engine, file, kept_alive, way_back).await;
                format!("{was}, and the engine runs with it")
            }
            Err(NotBack::NeverWent(_)) => {
                self.let_go(&self.running.engine, file, kept_alive, way_back).await;
                format!("{was}, and the engine runs on")
            }
            Err(NotBack::Silent(again)) => {
                let (but, then) = match kept_alive {
                    Some(_) => (
                        " but for `live-restore`, without which its start would stop the containers that run on",
                        "; once it runs, `stackctl engine rollback` takes `live-restore` out again (where you have changed \
                         the file, write `false` there, `sudo kill -HUP $(pidof dockerd)`, and take it out)",
                    ),
                    None => ("", ""),
                };
                let way_out = self.way_out(file, &again, run_on, is_others);
                format!("{was}{but}, and still the engine does not start: {again}\nIt is DOWN: {way_out}{then}")
            }
        };
        self.failure(reason, advice)
    }

    async fn start_again(&self) -> Result<crate::engine::Engine, NotBack> {
        if let Some(dockerd) = &self.running.dockerd {
            dockerd.end_successor().await;
        }
        // After this nothing is left to be tried: an engine that is slow is not given up because somebody was in a hurry.
        let patience = self.patience.max(LAST_PATIENCE);
        let again = Restart {
            service: self.service.clone(),
            patience,
            is_last: true,
            has_hung: self.has_hung.clone(),
            ..*self
        };
        again.restart().await
    }

    /// The engine runs: live-restore has kept the containers alive, and goes.
    async fn let_go(
        &self,
        engine: &crate::engine::Engine,
        file: &ConfigFile,
        kept_alive: Option<KeptAlive>,
        way_back: Option<Back>,
    ) {
        let (Some(kept_alive), Some(mut way_back)) = (kept_alive, way_back) else { return };
        if let Some(copy) = way_back.copy()
            && let Err(reason) = kept_alive.switch_off(self.turn, engine, file, copy).await
        {
            output::say(&still_on(&reason, file));
        }
        if let Err(error) = way_back.put_back(self, file) {
            let path = file.path().display();
            output::say(&format!("{path} says `live-restore` still, which it did not before: {error}"));
        }
    }
}
