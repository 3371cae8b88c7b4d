//! The text of `stack.lock`: JSON, one line for each image, in the order of their references.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Pin, Pins};

/// The format that this stackctl reads and writes.
const VERSION: u32 = 1;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    images: Vec<serde_json::Value>,
}

/// One line. Which of the fields are there says what kind of pin it is.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debian: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stackctl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    left_out: bool,
}

/// What is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong(pub String);

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Pins {
    /// Reads the text of a lock file.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        // The version first: another format may have anything else in it.
        let raw: serde_json::Value = serde_json::from_str(text).map_err(|error| Wrong(error.to_string()))?;
        let version = raw.get("version").and_then(serde_json::Value::as_u64);
        if version.is_some_and(|version| version > u64::from(VERSION)) {
            return Err(Wrong("a newer stackctl has written it".to_owned()));
        }
        let document: Document = serde_json::from_value(raw).map_err(|error| Wrong(error.to_string()))?;
        if document.version != VERSION {
            return Err(Wrong(format!("version {} is not known", document.version)));
        }
        let mut pins = BTreeMap::new();
        for value in document.images {
            let shown = value.to_string();
            let line: Line = serde_json::from_value(value).map_err(|error| Wrong(format!("{error}, in `{shown}`")))?;
            let reference = line.reference.clone();
            let pin = pin(line).ok_or_else(|| Wrong(format!("it does not say what the image is: `{shown}`")))?;
            if reference.is_empty() || pins.insert(reference.clone(), pin).is_some() {
                return Err(Wrong(format!("`{reference}` stands in it twice, or has no name")));
            }
        }
        Ok(Self(pins))
    }

    /// The text of the lock file.
    ///
    /// # Panics
    /// Never: a line has only texts.
    pub fn text(&self) -> String {
        let line = |(reference, pin): (&String, &Pin)| {
            let line = serde_json::to_string(&line(reference, pin)).expect("texts become JSON");
            format!("    {line}")
        };
        let lines: Vec<String> = self.0.iter().map(line).collect();
        let open = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
        format!("{{\n  \"version\": {VERSION},\n  \"images\": [{open}]\n}}\n")
    }
}

fn pin(line: Line) -> Option<Pin> {
    let is_digest = |text: &String| text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && is_hex(hex));
    match line {
        Line { left_out: true, .. } => Some(Pin::LeftOut),
        Line { stackctl: Some(version), .. } => Some(Pin::Stackctl { version }),
        Line { debian: Some(package), version: Some(version), platform: Some(platform), .. } => {
            Some(Pin::Debian { package, version, platform })
        }
        Line { digest: Some(digest), id, platform: Some(platform), .. } if is_digest(&digest) => {
            Some(Pin::Registry { digest, id, platform })
        }
        Line { digest: None, id: Some(id), platform: Some(platform), .. } if is_digest(&id) => {
            Some(Pin::Local { id, platform })
        }
        _ => None,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn line(reference: &str, pin: &Pin) -> Line {
    let empty = Line { reference: reference.to_owned(), ..Line::default() };
    match pin.clone() {
        Pin::Registry { digest, id, platform } => Line { digest: Some(digest), id, platform: Some(platform), ..empty },
        Pin::Local { id, platform } => Line { id: Some(id), platform: Some(platform), ..empty },
        Pin::Debian { package, version, platform } => {
            Line { debian: Some(package), version: Some(version), platform: Some(platform), ..empty }
        }
        Pin::Stackctl { version } => Line { stackctl: Some(version), ..empty },
        Pin::LeftOut => Line { left_out: true, ..empty },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Pins {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let platform = || "linux/amd64".to_owned();
        Pins(BTreeMap::from([
            (
                "prom/prometheus:v3".to_owned(),
                Pin::Registry { digest: digest.clone(), id: Some(digest.clone()), platform: platform() },
            ),
            ("acme/web:1".to_owned(), Pin::Local { id: digest, platform: platform() }),
            (
                "stackctl/node:debian".to_owned(),
                Pin::Debian { package: "node 1.5.0-1".to_owned(), version: "1.5.0".to_owned(), platform: platform() },
            ),
            ("stackctl/self".to_owned(), Pin::Stackctl { version: "0.1.0".to_owned() }),
            ("grafana/grafana:12".to_owned(), Pin::LeftOut),
        ]))
    }

    #[test]
    fn what_is_written_is_read_back_and_each_image_has_one_line() {
        let text = some().text();
        assert_eq!(Pins::parse(&text), Ok(some()));
        assert_eq!(text.lines().filter(|line| line.contains("reference")).count(), 5);
        assert_eq!(text.lines().nth(3).map(|line| line.contains("acme/web:1")), Some(true), "in order: {text}");
        assert_eq!(Pins::parse(&Pins::default().text()), Ok(Pins::default()));
    }

    #[test]
    fn what_is_wrong_with_a_lock_is_said() {
        for (text, words) in [
            ("", "EOF"),
            ("{\"version\": 2, \"other\": 1}", "newer stackctl"),
            ("{\"version\": 0, \"images\": []}", "version 0"),
            ("{\"version\": 1, \"images\": [{\"reference\": \"a:1\"}]}", "does not say what the image is"),
            (
                "{\"version\": 1, \"images\": [{\"reference\": \"a:1\", \"digest\": \"sha256:00\", \"platform\": \"x\"}]}",
                "`{",
            ),
            ("{\"version\": 1, \"images\": [{\"refrence\": \"a:1\"}]}", "refrence"),
            (
                "{\"version\": 1, \"images\": [{\"reference\": \"a\", \"left_out\": true}, {\"reference\": \"a\", \"left_out\": true}]}",
                "twice",
            ),
        ] {
            let wrong = Pins::parse(text).expect_err(text);
            assert!(wrong.0.contains(words), "{text}: {wrong}");
        }
    }
}
