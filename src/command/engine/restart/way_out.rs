//! What is left to be typed where the engine is down and nothing is left that stackctl could do.

use std::fmt::Write as _;

use super::super::proposal::impact::in_order;
use super::super::subject::is_usual_engine;
use super::Restart;
use crate::daemon::{Backup, ConfigFile, Dockerd, Service};
use crate::engine::AfterRestart;

/// What stands for a command that nobody knows.
const COMMAND: &str = "COMMAND";

impl Restart<'_> {
    /// `reason`: why it does not start, with dockerd's own words where it has said any. `run_on`: the containers have outlived it.
    /// `is_others`: nobody knows that the engine has ever run with what the file says: somebody else has changed it since.
    pub(in super::super) fn way_out(&self, file: &ConfigFile, reason: &str, run_on: bool, is_others: bool) -> String {
        let path = file.path().display();
        let line = self.service.restart_line();
        let is_named = reason.contains("dockerd ");
        let hanging = self.running.dockerd.as_ref().and_then(Dockerd::successor);
        let mut text = String::new();
        let mut add = |words: &str| text.push_str(words);
        match &hanging {
            _ if is_named => add(&format!("put right in {path} what dockerd names")),
            Some(dockerd) => add(&hangs(dockerd, Some(&self.service))),
            None => add(&format!(
                "nothing says that the file is at fault: perhaps the command did not start the engine (see why: `{line}`)"
            )),
        }
        let last = Backup::last(file.path()).ok().flatten();
        if is_others {
            add(" (the file had changed since the engine started, so that it never ran with it");
            add(if last.is_none() { ", and stackctl keeps no copy from before)" } else { ")" });
        }
        if let Some(copy) = last {
            // A command that has just failed is not to be typed once more.
            let is_vain = matches!(self.service, Service::Command(_)) && !is_named;
            let undo = undo_when_down(Some(&self.service).filter(|_| !is_vain), file);
            add(&format!(", or go back to {} and start it with that: `{undo}`", copy.path().display()));
        }
        add("; then start the engine");
        match &self.service {
            Service::Command(_) => add(" as this host does"),
            _ if is_named || hanging.is_some() => add(&format!(": `{line}`")),
            _ => {}
        }
        let stay = [AfterRestart::StaysDown, AfterRestart::StaysDownWithBase];
        let stay = stay.map(|after| in_order(&self.running.containers, after)).concat().join(" ");
        if run_on && !self.running.containers.is_empty() {
            text.push_str("; the containers run on without it");
        } else if !stay.is_empty() {
            write!(text, ", and what does not come back by itself: `docker start {stay}`")
                .expect("a String takes everything");
        }
        text
    }
}

/// That a process hangs, where it says why, and what ends it.
pub(in super::super) fn hangs(dockerd: &Dockerd, service: Option<&Service>) -> String {
    let pid = dockerd.pid;
    let log = match (service, dockerd.log()) {
        (Some(Service::Systemd { unit, user: false }), _) => format!("`sudo journalctl --unit {unit}`"),
        (Some(Service::Systemd { unit, user: true }), _) => format!("`journalctl --user-unit {unit}`"),
        (_, Some(log)) => log.display().to_string(),
        (Some(Service::OpenRc), None) => "/var/log/docker.log".to_owned(),
        (Some(Service::Command(_)) | None, None) => "wherever it prints that".to_owned(),
    };
    format!(
        "its process {pid} runs and does not answer: its log says where it hangs ({log}), and `sudo kill -KILL {pid}` ends it"
    )
}

/// What takes a change back while the engine is down, and starts it without a stop of the containers that run on. `service`: what
/// starts it, if that is known.
pub(in super::super) fn undo_when_down(service: Option<&Service>, file: &ConfigFile) -> String {
    match service {
        Some(Service::Systemd { user: false, .. } | Service::OpenRc) if is_usual_engine() => {
            "sudo stackctl engine rollback --restart".to_owned()
        }
        Some(service) => undo_with(&service.restart_line(), file),
        None => undo_with(COMMAND, file),
    }
}

fn undo_with(command: &str, file: &ConfigFile) -> String {
    let quoted = |text: &str| shlex::try_quote(text).unwrap_or_default().into_owned();
    let path = quoted(&file.path().display().to_string());
    format!("stackctl engine rollback --config-file {path} --restart-command {}", quoted(command))
}
