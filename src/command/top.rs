//! `top`: golden signals, targets and alerts on the terminal, live.

use std::io::IsTerminal as _;
use std::time::Duration;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, locale, prove, view};
use crate::cli::Global;
use crate::client::Alertmanager;
use crate::engine::Error;
use crate::top::{self, Screen, Servers, Subject};
use crate::verify;

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
    view::wants_prometheus(&situation)?;
    let subject = Subject {
        golden: situation.desired.golden.clone(),
        interval: situation.desired.library().interval,
        pause: arguments.interval.max(Duration::from_millis(200)),
        zone: jiff::tz::TimeZone::system(),
    };
    let stack = situation.desired.stack.clone();
    let screen = Screen { stack, is_ascii_only: locale::is_ascii_only(), ..Screen::default() };
    let (sender, news) = tokio::sync::watch::channel(None);
    let end = view::end().map_err(|error| Error::new("cannot listen for signals", error))?;
    let shown = tokio::select! {
        shown = top::run(screen, news, end) => shown,
        // It looks as long as somebody listens.
        () = top::watch(subject, async || find(&situation).await, sender) => Ok(()),
    };
    shown.map_err(|error| Error::new("cannot draw on the terminal", error))?;
    Ok(Exit::Done)
}

/// Who is to be asked, as the engine has it now; or why nobody is.
async fn find(situation: &Situation) -> Result<Servers, String> {
    let observed = situation.observe().await.map_err(|error| error.to_string())?;
    let servers = prove::servers_in(situation, &observed).map_err(|error| error.to_string())?;
    let Some(prometheus) = prove::first_whole(&servers).cloned() else {
        let (cause, advice) = view::why_no_prometheus(situation, &observed);
        return Err(format!("Prometheus does not answer: {cause} ({advice})"));
    };
    let shards = servers.into_iter().filter(|server| !server.has_the_whole).filter_map(|server| server.client);
    let urls = verify::alertmanager_urls(&situation.desired, &observed);
    let alertmanager = urls.into_iter().find_map(|(_, url)| Alertmanager::new(&url?).ok());
    Ok(Servers { prometheus, shards: shards.collect(), alertmanager })
}
