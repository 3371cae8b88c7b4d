//! `logs`: what the containers print, merged by time, each in its colour.

use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Color, Style};
use clap_complete::engine::ArgValueCompleter;
use futures_util::TryStreamExt;
use futures_util::stream::{self, StreamExt};

use super::by_name::{ByName, Seen};
use super::{Exit, Failure, complete, output};
use crate::cli::Global;
use crate::engine::{Engine, Error, LogLine, ObservedContainer, keeps_nothing};
use crate::printable::colored;
use crate::stack::ServiceName;

/// Arguments of `logs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stackctl logs\n  stackctl logs accesslog --follow --tail 20")]
pub struct Arguments {
    /// Apps, attached ones too, exporters, `prometheus` or `grafana`; none: all
    #[arg(value_name = "APP", add = ArgValueCompleter::new(complete::services))]
    apps: Vec<String>,
    /// Go on as they print
    #[arg(long)]
    follow: bool,
    /// Only the last N lines of each container
    #[arg(long, value_name = "N")]
    tail: Option<u64>,
    /// With times
    #[arg(short, long)]
    timestamps: bool,
    #[command(flatten)]
    which: ByName,
}

/// Colours that are told apart on dark and light ground.
const COLORS: [AnsiColor; 6] =
    [AnsiColor::Cyan, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Blue, AnsiColor::Green, AnsiColor::BrightRed];

/// `logs -f web` follows `web` in Compose.
fn app_is_no_file(global: &Global) -> Result<(), Failure> {
    let [file] = global.file.as_slice() else { return Ok(()) };
    match file.to_str() {
        Some(name) if name.parse::<ServiceName>().is_ok() && !file.exists() => Err(Failure::arguments(
            format!("there is no stack file `{name}`, and `-f` names the stack file"),
            format!("to follow an app: `logs --follow {name}`"),
        )),
        _ => Ok(()),
    }
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    app_is_no_file(global)?;
    let Seen { engine, observed, name, .. } = arguments.which.look(global).await?;
    let attached = observed.attached.iter().map(|attached| &attached.container);
    let containers: Vec<&ObservedContainer> = observed.containers.iter().chain(attached).collect();
    if containers.is_empty() && arguments.apps.is_empty() {
        output::say(&format!("stack `{name}` has no containers: `stackctl up` starts it"));
    }
    let containers = selected(containers, &arguments.apps)?;
    let width = containers.iter().map(|container| container.name.len()).max().unwrap_or(0);
    let prefixes: Vec<String> = containers
        .iter()
        .enumerate()
        .map(|(index, container)| {
            let style = Style::new().fg_color(Some(Color::Ansi(COLORS[index % COLORS.len()])));
            output::paint(style, &format!("{:<width$} |", container.name))
        })
        .collect();
    let is_terminal = std::io::stdout().is_terminal();
    let print = |index: usize, line: &LogLine| {
        let time = if arguments.timestamps { format!("{} ", line.time) } else { String::new() };
        let text = if is_terminal { colored(&line.text) } else { line.text.clone() };
        output::print(&format!("{} {time}{text}", prefixes[index]));
    };
    let tail = arguments.tail.map_or_else(|| "all".to_owned(), |lines| lines.to_string());
    if arguments.follow {
        follow(&engine, &containers, &tail, print).await
    } else {
        past(&engine, &containers, &tail, print).await
    }
}

fn selected<'a>(
    mut containers: Vec<&'a ObservedContainer>,
    apps: &[String],
) -> Result<Vec<&'a ObservedContainer>, Failure> {
    for app_name in apps {
        if !containers.iter().any(|container| container.service == *app_name) {
            let mut names: Vec<&str> = containers.iter().map(|container| container.service.as_str()).collect();
            names.dedup();
            let message = format!("no container of `{app_name}`");
            let help = match names.as_slice() {
                [] => "nothing of this stack is here: `stackctl up` starts it".to_owned(),
                names => format!("containers are here of: {}", names.join(", ")),
            };
            return Err(Failure::arguments(message, help));
        }
    }
    containers.retain(|container| apps.is_empty() || apps.contains(&container.service));
    Ok(containers)
}

/// All lines so far, in the order in which they were printed.
async fn past(
    engine: &Engine,
    containers: &[&ObservedContainer],
    tail: &str,
    print: impl Fn(usize, &LogLine),
) -> Result<Exit, Failure> {
    let mut lines: Vec<(usize, LogLine)> = Vec::new();
    let mut silent = Silent::of(containers);
    for (index, container) in containers.iter().enumerate() {
        match engine.log_lines(&container.id, false, tail).try_collect::<Vec<LogLine>>().await {
            Ok(own) => lines.extend(own.into_iter().map(|line| (index, line))),
            Err(error) => silent.told(index, error)?,
        }
    }
    lines.sort_by(|(_, left), (_, right)| left.time.cmp(&right.time));
    for (index, line) in &lines {
        print(*index, line);
    }
    silent.end()
}

/// Lines as they come, until every container has ended, or nobody reads them any more.
async fn follow(
    engine: &Engine,
    containers: &[&ObservedContainer],
    tail: &str,
    print: impl Fn(usize, &LogLine),
) -> Result<Exit, Failure> {
    let streams = containers.iter().enumerate().map(|(index, container)| {
        let lines = engine.log_lines(&container.id, true, tail);
        // After an error there is nothing more.
        let until_error = lines.scan(false, |has_failed, line| {
            let next = (!*has_failed).then_some(line);
            *has_failed = next.as_ref().is_none_or(Result::is_err);
            std::future::ready(next)
        });
        until_error.map(move |line| (index, line)).boxed()
    });
    let mut merged = stream::select_all(streams);
    let mut silent = Silent::of(containers);
    let mut reader_gone = std::pin::pin!(output::reader_gone());
    loop {
        tokio::select! {
            next = merged.next() => match next {
                Some((index, Ok(line))) => print(index, &line),
                Some((index, Err(error))) => silent.told(index, error)?,
                None => return silent.end(),
            },
            () = &mut reader_gone => return Ok(Exit::Done),
        }
    }
}

/// Containers whose lines nobody keeps: the others are shown all the same.
struct Silent<'a> {
    containers: &'a [&'a ObservedContainer],
    last: Option<Error>,
}

impl<'a> Silent<'a> {
    fn of(containers: &'a [&'a ObservedContainer]) -> Self {
        Self { containers, last: None }
    }

    /// Says it of one container. Any other error is the end.
    fn told(&mut self, index: usize, error: Error) -> Result<(), Failure> {
        if !keeps_nothing(&error) {
            return Err(error.into());
        }
        let error = Error { attempt: format!("cannot read the logs of `{}`", self.containers[index].name), ..error };
        if self.containers.len() > 1 {
            let advice = error.advice.as_deref().unwrap_or_default();
            output::say(&format!("{} {error}: {advice}", output::paint(output::YELLOW, "warning:")));
        }
        self.last = Some(error);
        Ok(())
    }

    /// Where only one was asked for, that it keeps nothing is the answer.
    fn end(self) -> Result<Exit, Failure> {
        match self.last {
            Some(error) if self.containers.len() == 1 => Err(error.into()),
            _ => Ok(Exit::Done),
        }
    }
}
