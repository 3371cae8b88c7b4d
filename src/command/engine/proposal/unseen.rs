//! What an engine starts with and nobody wants: its containers out of sight, and logs that no new container could write. No
//! `dockerd --validate` looks at that.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::Failure;
use super::Proposal;
use crate::daemon::Edit;
use crate::engine::images::own_image;
use crate::engine::{Error, Prober};

impl Proposal {
    /// Refuses a file with which the engine would come back without its containers.
    pub(in super::super) fn expect_same_data(&self) -> Result<(), Failure> {
        let lost = self.running.as_ref().and_then(|running| {
            running.loses_sight(&self.change.after, None, running.is_changed_by_others(&self.file))
        });
        lost.map_or(Ok(()), |lost| {
            let path = self.file.path().display();
            Err(Failure::arguments(
                format!("{path} has changed since the engine started: {lost}; after a restart its images and containers are gone from sight"),
                "put it back to what the engine runs with; where the move is meant, restart the engine by hand first",
            ))
        })
    }

    /// Refuses a log driver that the engine does not have: it would start, and no new container would.
    pub(in super::super) fn expect_log_driver(&self) -> Result<(), Failure> {
        let (Some(running), Some((driver, _))) = (&self.running, self.logging()) else { return Ok(()) };
        let known = &running.host.log_drivers;
        let is_known = |known: &String| *known == driver || known.strip_suffix(":latest") == Some(driver.as_str());
        if driver == "none" || known.is_empty() || known.iter().any(is_known) {
            return Ok(());
        }
        Err(Failure::arguments(
            format!("`log-driver` is `{driver}`, which this engine does not have: no new container would start"),
            format!("take one of {}, or install the plugin first", known.join(", ")),
        ))
    }

    /// Where new containers would log to, and with which options, where that changes.
    pub(in super::super) fn logging(&self) -> Option<(String, BTreeMap<String, String>)> {
        let is_about_logs = |edit: &Edit| edit.path == "log-driver" || edit.path.starts_with("log-opts");
        if !self.change.edits.iter().any(is_about_logs) {
            return None;
        }
        let driver = self.change.after.get_text("log-driver").unwrap_or_else(|| "json-file".to_owned());
        let options = self.change.after.get("log-opts");
        let options = options.as_ref().and_then(Value::as_object).into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((driver, options.map(|(name, value)| (name.clone(), text(value))).collect()))
    }
}

/// Whether new containers would start with the log driver and the options that are to be everybody's. No engine looks at the
/// values before it starts a container, and then none starts.
pub(in super::super) async fn expect_new_containers(proposal: &Proposal) -> Result<(), Failure> {
    let (Some(running), Some((driver, options))) = (&proposal.running, proposal.logging()) else { return Ok(()) };
    let image = own_image().map_err(Error::from)?;
    let prober = Prober::new(running.engine.clone(), &proposal.desired.stack, &image, Vec::new());
    let Err(refused) = prober.try_log_driver(&driver, &options).await else { return Ok(()) };
    let options: Vec<_> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let with = if options.is_empty() { String::new() } else { format!(" with {}", options.join(", ")) };
    Err(Error::new(format!("cannot have containers log to `{driver}`{with}"), refused.reason())
        .advise(
            "no new container would start; nothing was changed. Mend `engine.logging` in the stack file, or `log-opts` in \
             daemon.json, or what the driver needs",
        )
        .into())
}
