//! `import`: Compose files, prometheus.yml, rules and dashboards → a stack file.

use std::path::{Path, PathBuf};

use super::{Exit, Failure, VOCABULARY, output, place};
use crate::cli::Global;
use crate::import::{self, Imported, Remark, RemarkKind, Request};
use crate::stack::{Environment, VARIABLE_FILES, counted};

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl import . -o stack.yml
  stackctl import docker-compose.yml docker-compose.prod.yml prometheus/prometheus.yml -o stack.yml
  stackctl import docker-compose.yml | less")]
pub struct Arguments {
    /// Compose files, prometheus.yml, rules, data sources, dashboards; or a folder with a Compose file
    #[arg(required = true, value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// File to write; left out: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// Name of the stack; left out: the Compose project's, or its folder's
    #[arg(long)]
    name: Option<String>,
    /// Let the services of this profile run; repeat it for several
    #[arg(long, value_name = "PROFILE")]
    profile: Vec<String>,
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    if let Some(file) = &arguments.output {
        place::refuse_to_overwrite(file, arguments.force)?;
    }
    let imported = import::import(&Request {
        paths: &arguments.paths,
        folder: folder(arguments.output.as_deref()),
        name: arguments.name.as_deref(),
        profiles: &arguments.profile,
        environment: &Environment::of_process(),
        seen: None,
        vocabulary: &VOCABULARY,
    })?;
    match &arguments.output {
        Some(file) => {
            place::write(file, &imported.text, arguments.force)?;
            keep_secrets(global, folder(Some(file)), imported.secrets_file, &imported.secrets)?;
        }
        None => output::print(imported.text.trim_end()),
    }
    if !global.quiet {
        output::say(&report(&imported, arguments.output.as_deref()));
        if arguments.output.is_none() && !imported.secrets.is_empty() {
            let names: Vec<&str> = imported.secrets.iter().map(|(name, _)| name.as_str()).collect();
            output::say(&format!(
                "   `{}` beside the stack file has to set {}; `-o FILE` writes it",
                imported.secrets_file,
                names.join(", ")
            ));
        }
    }
    Ok(Exit::Done)
}

/// Writes passwords into a file beside the stack file, and says where they are now.
pub(super) fn keep_secrets(
    global: &Global,
    folder: &Path,
    file_name: &str,
    secrets: &[(String, String)],
) -> Result<(), Failure> {
    if secrets.is_empty() {
        return Ok(());
    }
    let place::Added { names, open_before } = place::add_variables(&folder.join(file_name), secrets)?;
    if names.is_empty() || global.quiet {
        return Ok(());
    }
    let before = open_before.map(|mode| format!(", and {mode:04o} until now")).unwrap_or_default();
    let [usual, _] = VARIABLE_FILES;
    let why = if file_name == usual { "" } else { "; a service reads all of `.env`, and would have got them, too" };
    output::say(&format!(
        "{} {} went into `{file_name}` beside the stack file, for you alone to read (mode 0600{before}): keep it out of version \
         control{why}",
        output::paint(output::YELLOW, "passwords:"),
        names.join(", ")
    ));
    Ok(())
}

/// The folder in which the stack file will lie.
fn folder(file: Option<&Path>) -> &Path {
    let parent = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// What was carried, and every remark, the gravest first.
pub(super) fn report(imported: &Imported, file: Option<&Path>) -> String {
    let mut lines: Vec<String> = imported.remarks.iter().map(line).collect();
    let into = file.map(|file| format!(" into {}", file.display())).unwrap_or_default();
    let (services, jobs) = (imported.services, imported.jobs);
    let of_jobs = match (jobs.all, &imported.sought[..]) {
        (0, [_, ..]) => " and no scrape jobs".to_owned(),
        _ => format!(" and {} of {}", jobs.carried, counted(jobs.all, "scrape job")),
    };
    lines.push(format!(
        "{} imported {} of {}{of_jobs} from {}{into}",
        output::paint(output::GREEN, "ok"),
        services.carried,
        counted(services.all, "service"),
        imported.sources.join(", "),
    ));
    for place in &imported.sought {
        lines.push(format!("   prometheus.yml was not found: {place}"));
    }
    if let Some(file) = file {
        lines.push(format!("   next: `stackctl -f {} check`, then `up`", file.display()));
    }
    lines.join("\n")
}

/// One remark: what is so, and what to do about it.
pub(super) fn line(remark: &Remark) -> String {
    let style = match remark.kind {
        RemarkKind::NotCarried => output::RED,
        RemarkKind::Changed => output::YELLOW,
        RemarkKind::Habit => output::CYAN,
    };
    let line = remark.line.map(|line| format!(":{line}")).unwrap_or_default();
    let at = output::paint(output::DIM, &format!("{}{line} {}", remark.file, remark.subject));
    format!(
        "{} {at}\n   {}\n   {} {}",
        output::paint(style, &format!("{}:", remark.kind.word())),
        remark.message,
        output::paint(output::DIM, "→"),
        remark.fix
    )
}
