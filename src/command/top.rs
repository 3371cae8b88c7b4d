//! `top`: golden signals, targets and alerts on the terminal, live.

use std::io::IsTerminal as _;
use std::time::Duration;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, prove, view};
use crate::cli::Global;
use crate::engine::Error;
use crate::top::{self, Screen, Subject};

/// Arguments of `top`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Keys: q leaves, Tab shows the next list, arrows mark a row, s sorts, ? explains")]
pub struct Arguments {
    /// Time between two looks
    #[arg(long, default_value = "2s", value_name = "DURATION", value_parser = crate::cli::duration)]
    interval: Duration,
}

/// Runs it until a key, Ctrl-C or SIGTERM ends it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        let help = "`stackctl ps` and `stackctl query` print for programs";
        return Err(Failure::arguments("`top` needs a terminal", help));
    }
    let situation = Situation::of(global, Wishes::default()).await?;
    let shards = prove::servers(&situation)?.into_iter().filter(|server| !server.has_the_whole);
    let subject = Subject {
        prometheus: view::running_prometheus(&situation)?,
        shards: shards.filter_map(|server| server.client).collect(),
        golden: situation.desired.golden.clone(),
        interval: situation.desired.library().interval,
        pause: arguments.interval.max(Duration::from_millis(200)),
        zone: jiff::tz::TimeZone::system(),
    };
    let screen = Screen { stack: situation.desired.stack.clone(), ..Screen::default() };
    let (sender, news) = tokio::sync::watch::channel(None);
    let watching = tokio::spawn(top::watch(subject, sender));
    let end = view::end().map_err(|error| Error::new("cannot listen for signals", error))?;
    let shown = top::run(screen, news, end).await;
    watching.abort();
    shown.map_err(|error| Error::new("cannot draw on the terminal", error))?;
    Ok(Exit::Done)
}
