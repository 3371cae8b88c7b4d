//! What an engine starts with and nobody wants: its containers out of sight, and logs that no new container could write. No
//! `dockerd --validate` looks at that.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::Failure;
use super::Proposal;
use super::sight::Loss;
use crate::daemon::{Document, Flags};
use crate::engine::images::own_image;
use crate::engine::{Error, Prober};

impl Proposal {
    /// Refuses a file with which the engine would come back without its containers.
    pub(in super::super) fn expect_same_data(&self) -> Result<(), Failure> {
        let is_changed = self.running.as_ref().is_some_and(|running| running.is_changed_by_others(&self.file));
        let lost = self.running.as_ref().and_then(|running| running.loses_sight(&self.change.after, None, is_changed));
        lost.map_or(Ok(()), |Loss { why, if_meant }| {
            let path = self.file.path().display();
            Err(Failure::arguments(
                format!("{path}{}: {why}", if is_changed { " has changed since the engine started" } else { "" }),
                format!("put it back to what the engine runs with; where the move is meant, {if_meant}"),
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

    /// Where new containers would log to, and with which options, where that changes. A file that says in more words what it said
    /// before changes nothing.
    pub(in super::super) fn logging(&self) -> Option<(String, BTreeMap<String, String>)> {
        let (before, after) = (logging(&self.change.before, &self.flags), logging(&self.change.after, &self.flags));
        (before != after).then_some(after)
    }
}

/// Where new containers log to, and with which options, with that file and those flags.
fn logging(document: &Document, flags: &Flags) -> (String, BTreeMap<String, String>) {
    let flag = || flags.get("log-driver").map(|flag| flag.value.clone());
    let driver = document.get_text("log-driver").or_else(flag).unwrap_or_else(|| "json-file".to_owned());
    let given = flags.iter().filter(|flag| flag.key == "log-opts").filter_map(|flag| flag.value.split_once('='));
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let options = document.get("log-opts");
    let options = options.as_ref().and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (driver, given.chain(options.map(|(name, value)| (name.clone(), text(value)))).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_logs_to_the_same_place_in_more_words_is_no_change() {
        let told = |text: &str, flags: &str| {
            let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
            logging(&Document::parse(text.as_bytes()).expect(text), &Flags::parse(&flags))
        };
        let options = "\"log-opts\": { \"max-size\": \"10m\" }";
        let said = format!("{{ \"log-driver\": \"json-file\", {options} }}");
        assert_eq!(told(&format!("{{ {options} }}"), ""), told(&said, ""));
        assert_eq!(told("{}", "--log-opt max-size=10m"), told(&said, ""));
        assert_ne!(told("{}", "--log-driver local --log-opt max-size=10m"), told(&said, ""), "it is another driver");
        assert_ne!(told("{}", ""), told(&said, ""), "options are added");
    }
}
