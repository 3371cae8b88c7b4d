//! `dashboards pull`: what somebody changed in Grafana, back into the file that stands in version control.

use std::path::{Path, PathBuf};

use clap_complete::engine::ArgValueCompleter;
use serde_json::Value;

use crate::cli::Global;
use crate::client::Grafana;
use crate::command::situation::{Situation, Wishes};
use crate::command::{Exit, Failure, complete, output};
use crate::dashboard::{DATASOURCE_UID, import, in_order_of};
use crate::desired::{Role, StackDashboard};
use crate::engine::Error;

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
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let known = situation.desired.dashboards.iter().find(|dashboard| dashboard.name == arguments.name);
    let file = file(arguments, known)?;
    let grafana = situation.grafana(arguments.grafana.as_deref())?.ok_or_else(|| {
        let has_grafana = situation.desired.services.iter().any(|service| service.role == Role::Grafana);
        let (cause, advice) = if has_grafana {
            ("it does not run", "start the stack with `stackctl up`")
        } else {
            (
                "this stack has none: stackctl's own view stands in its place, or nothing does",
                "nothing can be edited there; change the dashboard in the stack file",
            )
        };
        Error::new("cannot ask Grafana", cause).advise(advice)
    })?;
    let uid = known.map_or(arguments.name.as_str(), |dashboard| dashboard.dashboard.uid.as_str());
    let kept = kept(&grafana, uid).await?;
    let text = as_file(&kept, &file)?;
    if fs_err::read_to_string(&file).is_ok_and(|present| present == text) {
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

async fn kept(grafana: &Grafana, uid: &str) -> Result<Value, Failure> {
    let cannot = |why: String| Error::new(format!("cannot pull dashboard `{uid}`"), why);
    let kept = grafana.dashboard(uid).await.map_err(|error| cannot(error.to_string()))?;
    let kept = kept.ok_or_else(|| {
        cannot(format!("Grafana at {} has none of that uid", grafana.url()))
            .advise("name a dashboard of `stackctl dashboards list`, or the part after /d/ in its address")
    })?;
    Ok(kept.dashboard)
}

/// The text of the file: nothing that belongs to this Grafana's database, keys in the order they had.
fn as_file(kept: &Value, file: &Path) -> Result<String, Failure> {
    let imported = import(&kept.to_string(), DATASOURCE_UID)
        .map_err(|error| Error::new("cannot read what Grafana has", error).advise(error_help()))?;
    let before = fs_err::read_to_string(file).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let ordered = match before {
        Some(before) => in_order_of(&before, imported.json),
        None => imported.json,
    };
    Ok(format!("{ordered:#}\n"))
}

fn error_help() -> &'static str {
    "export it in Grafana as a classic dashboard, and name the file in the stack file"
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = |error: std::io::Error| Error::new(format!("cannot write {}", file.display()), error);
    fs_err::create_dir_all(folder).map_err(attempt)?;
    let beside = tempfile::Builder::new().prefix(".stackctl-").tempfile_in(folder).map_err(attempt)?;
    fs_err::write(beside.path(), text).map_err(attempt)?;
    let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    beside.as_file().set_permissions(mode).map_err(attempt)?;
    beside.persist(file).map_err(|failed| attempt(failed.error))?;
    Ok(())
}
