//! `dashboards pull`: what somebody changed in Grafana, back into the file that stands in version control.

use std::path::{Path, PathBuf};

use clap_complete::engine::ArgValueCompleter;
use serde_json::Value;

use crate::cli::Global;
use crate::client::Grafana;
use crate::command::situation::{Situation, Wishes};
use crate::command::{Exit, Failure, complete, output, place};
use crate::dashboard::{DATASOURCE_UID, as_edited, import};
use crate::desired::{Role, StackDashboard};
use crate::disk;
use crate::engine::Error;
use crate::stack::read_text;

/// Arguments of `dashboards pull`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl dashboards pull legacy
  stackctl dashboards pull web -o dashboards/web.json
A dashboard that was saved in Grafana under a new name is pulled by its uid, the part after /d/ in its address.")]
pub(super) struct Arguments {
    /// Name of the dashboard in the stack, or its uid in Grafana
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::dashboards))]
    name: String,
    /// File to write; left out: the one that the stack file names
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Grafana to ask; left out: the stack's
    #[arg(long, value_name = "URL", env = "STACKCTL_GRAFANA_URL", hide_env_values = true)]
    grafana: Option<String>,
    /// File with the password of `admin` there; left out: that of the stack's Grafana
    #[arg(long, value_name = "FILE", requires = "grafana")]
    password_file: Option<PathBuf>,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let known = situation.desired.dashboards.iter().find(|dashboard| dashboard.name == arguments.name);
    let file = file(arguments, known)?;
    place::refuse_what_is_no_file(&file, "name another file: `-o FILE`")?;
    let grafana = grafana(&situation, arguments)?;
    let uid = known.map_or(arguments.name.as_str(), |dashboard| dashboard.dashboard.uid.as_str());
    let kept = kept(&grafana, uid).await?;
    let text = as_file(&kept, &file)?;
    if disk::read_text(&file).is_ok_and(|present| present == text) {
        output::say(&format!("{} is what Grafana has", file.display()));
        return Ok(Exit::Done);
    }
    write(&file, &text)?;
    output::say(&format!("wrote {}", file.display()));
    if known.is_none_or(|dashboard| dashboard.carried.is_none()) {
        let name = &arguments.name;
        output::say(&format!(
            "to show this file from now on: `dashboards: {{ {name}: {{ file: {} }} }}`",
            file.display()
        ));
    }
    Ok(Exit::Done)
}

/// The file to write.
fn file(arguments: &Arguments, known: Option<&StackDashboard>) -> Result<PathBuf, Failure> {
    let own = known.and_then(|dashboard| dashboard.carried.as_ref()).map(|carried| PathBuf::from(&carried.file));
    arguments.output.clone().or(own).ok_or_else(|| {
        let name = &arguments.name;
        Failure::arguments(
            format!("`{name}` has no file in the stack file that it could be written to"),
            format!("name one: `stackctl dashboards pull {name} -o dashboards/{name}.json`"),
        )
    })
}

/// The Grafana to ask, and what it has to be told.
fn grafana(situation: &Situation, arguments: &Arguments) -> Result<Grafana, Failure> {
    let cannot = |cause: &str, advice: &str| Failure::from(Error::new("cannot ask Grafana", cause).advise(advice));
    if let (Some(url), Some(file)) = (&arguments.grafana, &arguments.password_file) {
        let password = read_text(file, "--password-file")
            .map_err(|error| Error::new("cannot ask Grafana", format!("cannot read {}: {error}", file.display())))?;
        let password = password.trim_end_matches(['\r', '\n']);
        let grafana = Grafana::new(url, "admin", password);
        return Ok(grafana.map_err(|error| Error::new("cannot ask Grafana", error))?);
    }
    if let Some(grafana) = situation.grafana(arguments.grafana.as_deref())? {
        return Ok(grafana);
    }
    let has_grafana = situation.desired.services.iter().any(|service| service.role == Role::Grafana);
    Err(match (has_grafana, &arguments.grafana) {
        (true, _) => cannot("it does not run", "start the stack with `stackctl up`"),
        (false, Some(_)) => cannot(
            "this stack has none of its own, whose password would be known",
            "write the password of `admin` there into a file, and name it with `--password-file`",
        ),
        (false, None) => cannot(
            "this stack has none: stackctl's own view stands in its place, or nothing does",
            "nothing can be edited there; change the dashboard in the stack file",
        ),
    })
}

async fn kept(grafana: &Grafana, uid: &str) -> Result<Value, Failure> {
    let cannot = |why: String| Error::new(format!("cannot pull dashboard `{uid}`"), why);
    let kept = grafana.dashboard(uid).await.map_err(|error| cannot(error.to_string()))?;
    let kept = kept.ok_or_else(|| {
        cannot(format!("Grafana at {} has none of that uid", grafana.url()))
            .advise("name a dashboard of `stackctl dashboards list`, or the part after /d/ in its address")
    })?;
    Ok(kept.dashboard)
}

/// The text of the file: as it was, with what was changed in Grafana; all that Grafana has where there is no such file yet.
fn as_file(kept: &Value, file: &Path) -> Result<String, Failure> {
    let read = |text: &str| import(text, DATASOURCE_UID).map(|imported| imported.json);
    let kept = read(&kept.to_string());
    let kept = kept.map_err(|error| Error::new("cannot read what Grafana has", error).advise(error_help()))?;
    let text = disk::read_text(file).unwrap_or_default();
    let before = serde_json::from_str::<Value>(text.trim_start_matches(ORDER_MARK)).ok().zip(read(&text).ok());
    let Some((before, rendered)) = before else { return Ok(indented(&kept, &text)) };
    let edited = as_edited(&before, &rendered, kept);
    // However the file is laid out: what nobody changed is not written anew.
    let inner = before.get("dashboard").filter(|inner| inner.is_object()).unwrap_or(&before);
    Ok(if edited == *inner { text } else { indented(&edited, &text) })
}

/// Some editors put it before everything else.
const ORDER_MARK: char = '\u{feff}';

/// JSON, each level as far in as in the text that it takes the place of, and with lines that end as there.
fn indented(value: &Value, before: &str) -> String {
    let first = before.lines().find(|line| line.starts_with([' ', '\t']));
    let indent = first.map_or("  ", |line| &line[..line.len() - line.trim_start().len()]);
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(value, &mut serializer).expect("JSON is written into memory");
    let mut text = String::from_utf8(bytes).expect("JSON is text");
    if before.is_empty() || before.ends_with('\n') {
        text.push('\n');
    }
    // No text of JSON has a bare line end within.
    if before.contains("\r\n") {
        text = text.replace('\n', "\r\n");
    }
    if before.starts_with(ORDER_MARK) {
        text.insert(0, ORDER_MARK);
    }
    text
}

fn error_help() -> &'static str {
    "export it in Grafana as a classic dashboard, and name the file in the stack file"
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = |error: std::io::Error| Error::new(format!("cannot write {}", file.display()), error);
    fs_err::create_dir_all(folder).map_err(attempt)?;
    place::replace(file, text, None).map_err(attempt)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{as_file, indented};

    #[test]
    fn a_file_keeps_its_indentation_and_its_end() {
        let value = json!({ "a": [1] });
        assert_eq!(indented(&value, ""), "{\n  \"a\": [\n    1\n  ]\n}\n");
        assert_eq!(indented(&value, "{\n\t\"a\": []\n}"), "{\n\t\"a\": [\n\t\t1\n\t]\n}");
        assert_eq!(indented(&value, "{\n    \"a\": []\n}\n"), "{\n    \"a\": [\n        1\n    ]\n}\n");
        let of_windows = indented(&value, "\u{feff}{\r\n  \"a\": []\r\n}\r\n");
        assert_eq!(of_windows, "\u{feff}{\r\n  \"a\": [\r\n    1\r\n  ]\r\n}\r\n");
    }

    #[test]
    fn a_file_in_which_nothing_changed_stays_as_it_is_laid_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("web.json");
        for text in [
            "{\"title\": \"Web\", \"uid\": \"web\",\r\n   \"tags\": [\"a\", \"b\"], \"panels\": []}\r\n",
            "{\"dashboard\": {\"title\": \"Web\", \"uid\": \"web\", \"tags\": [\"a\", \"b\"], \"panels\": []}}",
        ] {
            fs_err::write(&file, text).expect("it is written");
            let mut kept =
                json!({ "uid": "web", "title": "Web", "tags": ["a", "b"], "panels": [], "id": 4, "version": 2 });
            assert_eq!(as_file(&kept, &file).expect("a dashboard"), text);
            kept["title"] = json!("Other");
            let edited = as_file(&kept, &file).expect("a dashboard");
            assert!(edited.contains("\"title\": \"Other\""), "{edited}");
            assert_eq!(edited.contains("\r\n"), text.contains("\r\n"), "{edited:?}");
        }
    }
}
