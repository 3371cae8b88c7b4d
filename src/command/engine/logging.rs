//! How an engine has containers log that say nothing of it themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use super::subject::Running;
use crate::daemon::{ConfigFile, Document, Flags};
use crate::engine::{Engine, UsualLogging};

/// What new containers have without a word. The engine tells its driver, and nobody its options: those stand in its file and
/// its flags, where they can be read.
pub(in super::super) async fn usual_logging(engine: &Engine) -> UsualLogging {
    let Ok(running) = Running::of(engine.clone()).await else { return UsualLogging::default() };
    let file = running.expect_daemon_json().ok().and_then(|()| ConfigFile::read(&running.config_file()).ok());
    let document = file.and_then(|file| file.document().ok()).unwrap_or_default();
    UsualLogging { driver: running.host.log_driver.clone(), options: options(&document, &running.flags()) }
}

/// Options that the engine gives containers: those of its file or, where flags name some, theirs; both together it refuses.
fn options(document: &Document, flags: &Flags) -> BTreeMap<String, String> {
    let written = document.get("log-opts");
    let written = written.as_ref().and_then(Value::as_object).into_iter().flatten();
    let written = written.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let given = flags.iter().filter(|flag| flag.key == "log-opts");
    let given = given.filter_map(|flag| flag.value.split_once('='));
    written.chain(given.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_in_the_file_or_in_flags() {
        let pairs = |text: &str, flags: &[&str]| {
            let document = Document::parse(text.as_bytes()).expect("JSON");
            let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
            options(&document, &Flags::parse(&flags)).into_iter().collect::<Vec<_>>()
        };
        let ten = [("max-size".to_owned(), "10m".to_owned())];
        assert_eq!(pairs("{\"log-opts\": {\"max-size\": \"10m\"}}", &[]), ten);
        assert_eq!(pairs("{}", &["--log-opt", "max-size=10m"]), ten);
        assert!(pairs("{}", &[]).is_empty());
    }
}
