//! Do samples arrive where `remote_write` sends them? Prometheus counts what was taken, refused and tried again; its log says why.

mod judge;

pub use judge::judge_remote;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::client::{self, Prometheus, QueryResult};
use crate::desired::{Desired, Remote};
use crate::engine::{Observed, Prober};

use super::delivery::container;
use super::server::with_the_whole;
use super::{Finding, Server};

/// How long it is looked back: a failure before that says nothing about now.
const LOOK_BACK: &str = "2m";

/// A sample waits up to five seconds for others, and the first one comes with the first scrape.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);

/// Looks whether a remote write goes on that was tried again. Prometheus pauses at most five seconds between two tries.
const LOOKS_AT_RETRIES: u32 = 7;

/// Log lines that are read of Prometheus.
const LOG_LINES: usize = 200;

/// What was found of all remote writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteState {
    /// What Prometheus counts of each, by its name; or why it cannot be asked.
    pub counted: Option<Result<BTreeMap<String, Counted>, client::Error>>,
    /// The last lines that Prometheus wrote.
    pub lines: Vec<String>,
}

/// What Prometheus counts of one remote write. Numbers of samples are those of the last two minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Samples in requests, those that were tried again as often as they were tried.
    pub tried: u64,
    /// Samples that were refused for good, and are lost.
    pub failed: u64,
    /// Samples whose request failed and is tried again.
    pub retried: u64,
    /// Samples that relabelling dropped.
    pub dropped: u64,
    /// Samples that wait.
    pub pending: u64,
    /// Seconds by which what has arrived is older than what was scraped. `None`: nothing has arrived yet. Counts of samples do
    /// not tell that: a request under way is tried, and neither taken nor tried again.
    pub behind: Option<u64>,
    /// Between the looks requests failed and none was taken, while samples wait.
    pub stuck: bool,
}

impl Counted {
    /// Whether it is plain how it stands.
    fn is_plain(&self) -> bool {
        self.behind.is_some() || self.failed > 0 || self.retried > 0
    }

    /// Whether it may have stopped a moment ago: what has arrived is not old yet.
    fn may_be_stuck(&self) -> bool {
        self.retried > 0 && self.pending > 0 && self.behind.is_some()
    }
}

/// Asks every Prometheus, and judges. Nothing where samples are sent nowhere.
pub async fn remote(
    desired: &Desired,
    observed: &Observed,
    servers: &[Server],
    prober: Option<&Prober>,
) -> Vec<Finding> {
    let Some(config) = desired.prometheus.as_ref().filter(|config| !config.remote_write.is_empty()) else {
        return Vec::new();
    };
    let front = with_the_whole(servers).find_map(|server| server.client.as_ref());
    let looked = servers.iter().map(|server| async {
        let mut state = RemoteState::default();
        if let Some(prometheus) = &server.client {
            let own = if servers.len() > 1 { format!(",instance=~\"{}:.*\"", server.instance) } else { String::new() };
            // A shard does not scrape itself: its front does.
            let history = if server.has_the_whole { prometheus } else { front.unwrap_or(prometheus) };
            let asked = Asked { prometheus, history, own };
            state.counted = Some(until_plain(&asked, &config.remote_write).await);
        }
        let container = desired.service(&server.service).and_then(|service| container(observed, service));
        if let (Some(prober), Some(container)) = (prober, container) {
            state.lines = prober.log_lines_in_full(&container.id, LOG_LINES).await;
        }
        judge_remote(config, &server.instance, &state)
    });
    join_all(looked).await.concat()
}

/// Who is asked about the remote writes of one Prometheus.
struct Asked<'a> {
    prometheus: &'a Prometheus,
    /// The one that scrapes it.
    history: &'a Prometheus,
    /// Matcher that tells its own metrics from those of the others.
    own: String,
}

/// Looks until it is plain of each how it stands, or time is over.
async fn until_plain(asked: &Asked<'_>, remotes: &[Remote]) -> Result<BTreeMap<String, Counted>, client::Error> {
    let mut counted = counted(asked, remotes).await?;
    for _ in 1..LOOKS {
        if counted.values().all(Counted::is_plain) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        counted = self::counted(asked, remotes).await?;
    }
    find_stuck(asked, &mut counted).await?;
    Ok(counted)
}

/// How far a remote write is, as it counts itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    sent: f64,
    retried: f64,
    pending: f64,
}

impl Pace {
    fn read(text: &str, remote: &str) -> Self {
        let now = |metric: &str| value(text, metric, Some(remote)).unwrap_or_default();
        Self {
            sent: now("prometheus_remote_storage_queue_highest_sent_timestamp_seconds"),
            retried: now("prometheus_remote_storage_samples_retried_total"),
            pending: now("prometheus_remote_storage_samples_pending"),
        }
    }

    /// Requests failed since, and none was taken. `None`: it is not plain yet.
    fn is_stuck_since(self, first: Self) -> Option<bool> {
        if self.sent > first.sent || self.pending == 0.0 {
            return Some(false);
        }
        (self.retried > first.retried).then_some(true)
    }
}

/// Looks again at those that were tried again, until it is plain whether they go on.
async fn find_stuck(asked: &Asked<'_>, counted: &mut BTreeMap<String, Counted>) -> Result<(), client::Error> {
    let mut open: Vec<&String> = counted.iter().filter(|(_, one)| one.may_be_stuck()).map(|(name, _)| name).collect();
    if open.is_empty() {
        return Ok(());
    }
    let text = asked.prometheus.own_metrics().await?;
    let first: BTreeMap<String, Pace> = open.iter().map(|name| ((*name).clone(), Pace::read(&text, name))).collect();
    let mut stuck = Vec::new();
    for _ in 0..LOOKS_AT_RETRIES {
        if open.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let text = asked.prometheus.own_metrics().await?;
        open.retain(|name| match Pace::read(&text, name).is_stuck_since(first[*name]) {
            Some(is_stuck) => {
                stuck.extend(is_stuck.then(|| (*name).clone()));
                false
            }
            None => true,
        });
    }
    for name in stuck {
        counted.entry(name).and_modify(|one| one.stuck = true);
    }
    Ok(())
}

async fn counted(asked: &Asked<'_>, remotes: &[Remote]) -> Result<BTreeMap<String, Counted>, client::Error> {
    let Asked { prometheus, history, own } = asked;
    let text = prometheus.own_metrics().await?;
    let mut counted = BTreeMap::new();
    for remote in remotes {
        let now = |metric: &str| value(&text, metric, Some(&remote.name));
        let mut grown = [0; 4];
        for (grown, what) in grown.iter_mut().zip(["", "failed_", "retried_", "dropped_"]) {
            let metric = format!("prometheus_remote_storage_samples_{what}total");
            let selector = format!("{metric}{{job=\"prometheus\",remote_name=\"{}\"{own}}}", remote.name);
            let before = before(history, &selector).await;
            *grown = growth(now(&metric), before);
        }
        let [tried, failed, retried, dropped] = grown;
        let sent = now("prometheus_remote_storage_queue_highest_sent_timestamp_seconds").filter(|sent| *sent > 0.0);
        let scraped = value(&text, "prometheus_remote_storage_highest_timestamp_in_seconds", None);
        let behind = sent.map(|sent| whole(scraped.unwrap_or(sent) - sent));
        let pending = whole(now("prometheus_remote_storage_samples_pending").unwrap_or_default());
        counted.insert(remote.name.clone(), Counted { tried, failed, retried, dropped, pending, behind, stuck: false });
    }
    Ok(counted)
}

/// What a counter stood at some time ago. `None`: it was not there.
async fn before(prometheus: &Prometheus, selector: &str) -> Option<f64> {
    // The newest series of that name: an earlier URL has one of its own.
    let query = format!("max({selector} offset {LOOK_BACK})");
    match prometheus.query(&query).await {
        Ok(QueryResult::Series(series)) => Some(series.first()?.points.last()?.value),
        _ => None,
    }
}

/// By how much a counter has grown; one that is lower than before has begun anew.
fn growth(now: Option<f64>, before: Option<f64>) -> u64 {
    let now = now.unwrap_or_default();
    whole(now - before.filter(|before| *before <= now).unwrap_or_default())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts and seconds, cut at zero")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

/// The value of a metric in the text format; that of a remote write, where one is named.
fn value(text: &str, metric: &str, remote: Option<&str>) -> Option<f64> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(metric)?;
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once("} ")?,
            None => ("", rest.strip_prefix(' ')?),
        };
        // A name has no letter that would be escaped.
        let is_it = remote.is_none_or(|name| format!(",{labels}").contains(&format!(",remote_name=\"{name}\"")));
        value.split(' ').next().filter(|_| is_it)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_remote_and_by_no_longer_name() {
        let text = "# TYPE sent counter\nsent_total{remote_name=\"a\",url=\"http://a:1/{x} \"} 3\n\
                    sent{remote_name=\"ab\",url=\"http://b\"} 4\nsent{remote_name=\"a\",url=\"http://a\"} 1.5e+09\nalone 7\n";
        assert_eq!(value(text, "sent", Some("a")), Some(1.5e9));
        assert_eq!(value(text, "sent", Some("ab")), Some(4.0));
        assert_eq!(value(text, "sent_total", Some("a")), Some(3.0));
        assert_eq!(value(text, "sent", Some("b")), None);
        assert_eq!(value(text, "alone", None), Some(7.0));
    }

    #[test]
    fn a_remote_write_is_stuck_that_fails_and_sends_nothing_while_samples_wait() {
        let first = Pace { sent: 100.0, retried: 5.0, pending: 20.0 };
        assert_eq!(Pace { retried: 25.0, ..first }.is_stuck_since(first), Some(true));
        assert_eq!(first.is_stuck_since(first), None, "between two tries");
        assert_eq!(Pace { sent: 115.0, retried: 25.0, ..first }.is_stuck_since(first), Some(false));
        assert_eq!(Pace { pending: 0.0, ..first }.is_stuck_since(first), Some(false));
    }

    #[test]
    fn a_counter_that_began_anew_has_grown_by_what_it_says() {
        assert_eq!(growth(Some(10.0), Some(4.0)), 6);
        assert_eq!(growth(Some(3.0), Some(400.0)), 3);
        assert_eq!(growth(Some(3.0), None), 3);
        assert_eq!(growth(None, Some(4.0)), 0);
    }
}
