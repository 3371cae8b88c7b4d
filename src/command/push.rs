//! `push`: hands the figures of a batch job to the stack's pushgateway, for scripts.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output};
use crate::catalog::pushgateway::PUSHGATEWAY;
use crate::cli::Global;
use crate::client::{self, Pushgateway};
use crate::engine::{ContainerState, Error};
use crate::exposition::{self, Format};
use crate::stack::{self, counted, without_url_secrets};

/// Arguments of `push`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl push backup backup_bytes=1048576 backup_success=1
  stackctl push backup --label database=orders backup_last_success_seconds=$(date +%s)
  some-job --metrics | stackctl push some-job --from -
  stackctl push backup --label database=orders --delete")]
pub struct Arguments {
    /// Name of the job
    job: String,
    /// A figure, such as `rows_total=42`; what it means is written into a file for `--from`
    #[arg(value_name = "METRIC=VALUE", value_parser = figure)]
    figures: Vec<(String, String)>,
    /// Tells several runs of one job apart; repeat it for several labels
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// Metrics in Prometheus' text format; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "figures", value_hint = clap::ValueHint::FilePath)]
    from: Option<PathBuf>,
    /// Everything else that was pushed for this job and these labels goes; left out: only metrics of the same names
    #[arg(long)]
    replace: bool,
    /// Take away what was pushed for this job and these labels
    #[arg(long, conflicts_with_all = ["figures", "from", "replace"])]
    delete: bool,
    /// A pushgateway elsewhere; left out: the one of the stack file
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url)]
    url: Option<String>,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let body = if arguments.delete { None } else { Some(body(arguments)?) };
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => of_stack(global).await?,
    };
    let cannot = |error: client::Error| Failure::World(refusal(arguments, &error));
    let gateway = Pushgateway::new(&url).map_err(cannot)?;
    let (job, labels) = (arguments.job.as_str(), arguments.label.as_slice());
    let mut names = HashSet::new();
    if let Some((twice, _)) = labels.iter().find(|(name, _)| !names.insert(name)) {
        let help = "one push is for one group of labels: push twice, or give them different names";
        return Err(Failure::arguments(format!("the label `{twice}` twice"), help));
    }
    let done = match body {
        None => gateway.delete(job, labels).await.map(|()| format!("deleted what was pushed for job `{job}`")),
        Some((text, samples)) => {
            let pushed = gateway.push(job, labels, text, arguments.replace).await;
            pushed.map(|()| {
                format!("pushed {} for job `{job}`", counted(usize::try_from(samples).unwrap_or(usize::MAX), "sample"))
            })
        }
    };
    let done = done.map_err(cannot)?;
    if !global.quiet {
        output::say(&done);
    }
    Ok(Exit::Done)
}

fn refusal(arguments: &Arguments, error: &client::Error) -> Error {
    let failed = Error::new(
        format!("cannot push for job `{}`", arguments.job),
        format!("{}: {}", without_url_secrets(&error.url), error.cause),
    );
    failed.advise(if error.answered {
        "correct what the pushgateway names: types and labels of a metric are the same in every push"
    } else {
        "see `stackctl ps pushgateway` and `stackctl logs pushgateway`; a URL is given with `--url`"
    })
}

/// The text to push and how many samples it has. What Prometheus would not read is refused here, with its line.
fn body(arguments: &Arguments) -> Result<(String, u64), Failure> {
    let (text, name) = match &arguments.from {
        None if arguments.figures.is_empty() => {
            let help = "write `METRIC=VALUE`, or `--from FILE`; `--from -` reads standard input";
            return Err(Failure::arguments("there is nothing to push", help));
        }
        None => (lines(&arguments.figures), "the arguments".to_owned()),
        Some(path) => read(path)?,
    };
    let summary = exposition::parse(&text, Format::Text).map_err(|error| {
        let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
        let message = format!("{name} are no metrics, line {}: {}\n  | {line}", error.line, error.message);
        Failure::arguments(
            message,
            "one `NAME{LABEL=\"VALUE\"} NUMBER` on each line; `# TYPE NAME gauge` above it says its type",
        )
    })?;
    if summary.samples == 0 {
        return Err(Failure::arguments(format!("there is no sample in {name}"), "see whether the job has written any"));
    }
    Ok((text, summary.samples))
}

fn lines(figures: &[(String, String)]) -> String {
    let lines: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
    with_last_line(lines.join("\n"))
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| Error::new("cannot read standard input", error))?;
        return Ok((with_last_line(text), "the lines of standard input".to_owned()));
    }
    let text = stack::read_text(path, "push")
        .map_err(|error| Error::new("cannot read what is to be pushed", format!("{}: {error}", path.display())))?;
    Ok((with_last_line(text), format!("the lines of {}", path.display())))
}

/// The format wants an end of line behind the last sample.
fn with_last_line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Where this host reaches the pushgateway of the stack.
async fn of_stack(global: &Global) -> Result<String, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let exporters = &situation.loaded.stack.exporters;
    let Some((name, exporter)) = exporters.iter().find(|(name, it)| it.kind(name.as_str()) == PUSHGATEWAY.name) else {
        let help = "add `exporters: { pushgateway: {} }` and run `stackctl up`, or give another one with `--url`";
        return Err(Failure::arguments("the stack file has no pushgateway", help));
    };
    let mut containers = situation.observed.containers.iter();
    let container = containers.find(|it| it.service == name.as_str() && it.state == ContainerState::Running);
    let address = container.and_then(|container| container.addresses.values().flatten().next());
    let address = address.ok_or_else(|| {
        Error::new("cannot push", format!("`{name}` does not run")).advise("start the stack with `stackctl up`")
    })?;
    let port = exporter.metrics.port.unwrap_or(PUSHGATEWAY.port);
    Ok(format!("http://{}", std::net::SocketAddr::new(*address, port)))
}

fn figure(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.rsplit_once('=').ok_or("write METRIC=VALUE, such as rows_total=42")?;
    value.parse::<f64>().map_err(|_| format!("`{value}` is not a number"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as database=orders")?;
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_name =
        !name.is_empty() && name.chars().all(letter) && !name.starts_with(|first: char| first.is_ascii_digit());
    if !is_name || name.starts_with("__") || name == "job" {
        return Err(format!("`{name}` cannot be a label here: letters, digits and `_`, and not `job`"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_labels_are_read_and_refused_in_words() {
        assert_eq!(figure("rows_total=42"), Ok(("rows_total".to_owned(), "42".to_owned())));
        assert_eq!(figure("rows{db=\"a\"}=1e3"), Ok(("rows{db=\"a\"}".to_owned(), "1e3".to_owned())));
        assert!(figure("rows").is_err() && figure("rows=many").is_err());
        assert!(label("database=orders").is_ok() && label("path=/a=b").is_ok());
        assert!(label("job=x").is_err() && label("1a=x").is_err() && label("a").is_err());
    }
}
