//! `import`: Compose files, prometheus.yml, rules and dashboards → a stack file.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::{Exit, Failure, VOCABULARY, advice, output, place};
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
            // The stack file is of no use without them, and they harm nobody without it.
            keep_secrets(global, folder(Some(file)), imported.secrets_file, &imported.secrets)?;
            place::write(file, &imported.text, arguments.force)?;
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
    let why = match file_name == usual {
        true => "",
        false if folder.join(usual).is_symlink() => "; `.env` is a link, and what it leads to is not made private",
        false => "; a service reads all of `.env`, and would have got them, too",
    };
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
    let mut lines = lines(&imported.remarks);
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
        let stackctl = advice::stackctl_of(file);
        lines.push(format!("   next: `{stackctl} check`, then `{stackctl} up`"));
    }
    lines.join("\n")
}

/// Every remark: what is so, and what to do about it. What is the same in several places is said once.
pub(super) fn lines(remarks: &[Remark]) -> Vec<String> {
    let mut told: IndexMap<(RemarkKind, &str, &str), Vec<&Remark>> = IndexMap::new();
    for remark in remarks {
        told.entry((remark.kind, &remark.message, &remark.fix)).or_default().push(remark);
    }
    told.into_iter().map(|((kind, message, fix), remarks)| line(kind, &places(&remarks), message, fix)).collect()
}

fn line(kind: RemarkKind, places: &str, message: &str, fix: &str) -> String {
    let style = match kind {
        RemarkKind::NotCarried => output::RED,
        RemarkKind::Changed => output::YELLOW,
        RemarkKind::Habit => output::CYAN,
    };
    let word = format!("{}:", kind.word());
    let places = output::wrapped(places, 3, output::COLUMNS - word.len() + 2).replace(TOGETHER, " ");
    format!(
        "{} {}\n   {}\n   {} {}",
        output::paint(style, &word),
        output::paint(output::DIM, &places),
        output::fitted(&std::io::stderr(), message, 3),
        output::paint(output::DIM, "→"),
        output::fitted(&std::io::stderr(), fix, 5),
    )
}

/// A space at which no line ends.
const TOGETHER: char = '\u{a0}';

/// `FILE:LINE SUBJECT, :LINE SUBJECT, …`
fn places(remarks: &[&Remark]) -> String {
    let mut places: Vec<String> = Vec::new();
    let mut last_file = None;
    for remark in remarks {
        let is_same = last_file.replace(remark.file.as_str()) == Some(remark.file.as_str());
        let place = match remark.line {
            Some(line) if is_same => format!(":{line}{TOGETHER}{}", remark.subject),
            Some(line) => format!("{}:{line}{TOGETHER}{}", remark.file, remark.subject),
            None if is_same => remark.subject.clone(),
            None => format!("{} {}", remark.file, remark.subject),
        };
        places.push(place);
    }
    places.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_in_several_places_is_said_once() {
        let remark = |kind, line, subject: &str, message: &str| Remark {
            kind,
            file: "compose.yml".to_owned(),
            line,
            subject: subject.to_owned(),
            message: message.to_owned(),
            fix: "do so".to_owned(),
        };
        let remarks = [
            remark(RemarkKind::Habit, Some(2), "services.web.image", "no version"),
            remark(RemarkKind::Habit, Some(5), "services.web.volumes", "a single file"),
            remark(RemarkKind::Habit, Some(9), "services.db.image", "no version"),
            remark(RemarkKind::Changed, None, "services.db.image", "no version"),
        ];
        let said = lines(&remarks).join("\n");
        let plain = anstream::adapter::strip_str(&said).to_string();
        assert_eq!(
            plain,
            "habit: compose.yml:2 services.web.image, :9 services.db.image\n   no version\n   → do so\n\
             habit: compose.yml:5 services.web.volumes\n   a single file\n   → do so\n\
             changed: compose.yml services.db.image\n   no version\n   → do so"
        );
    }
}
