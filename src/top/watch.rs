//! Asks Prometheus again and again, and hands on what it says, or why it says nothing.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use indexmap::IndexMap;
use tokio::sync::watch::Sender;

use super::news::{App, News, Signal};
use crate::client::{Error, Prometheus, QueryResult, Target};
use crate::dashboard::Panel;
use crate::plot::{Series, TimeRange};
use crate::promql::{Filling, fill};

/// Length of the courses.
const LENGTH: f64 = 900.0;

/// What is watched.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Who is asked.
    pub prometheus: Prometheus,
    /// Those that scrape in its place, where there are any.
    pub shards: Vec<Prometheus>,
    /// Golden signals by app.
    pub golden: IndexMap<String, Vec<Panel>>,
    /// Seconds between two scrapes.
    pub interval: f64,
    /// Time between two looks.
    pub pause: Duration,
    /// Zone of clock times.
    pub zone: jiff::tz::TimeZone,
}

/// Looks until nobody listens any more. What was known before stays with whoever listens.
pub async fn watch(subject: Subject, sender: Sender<Option<Result<News, Error>>>) {
    while !sender.is_closed() {
        let news = look(&subject).await;
        if sender.send(Some(news)).is_err() {
            return;
        }
        tokio::time::sleep(subject.pause).await;
    }
}

async fn look(subject: &Subject) -> Result<News, Error> {
    let step = subject.interval.max(5.0);
    let end = (jiff::Timestamp::now().as_duration().as_secs_f64() / subject.interval).floor() * subject.interval;
    let range = TimeRange { start: end - LENGTH, end, step, zone: subject.zone.clone() };
    let apps = subject.golden.iter().map(async |(app_name, panels)| {
        let signals = panels.iter().map(|panel| ask(subject, panel, &range));
        try_join_all(signals).await.map(|signals| App { name: app_name.clone(), signals })
    });
    let (apps, targets, alerts) = tokio::join!(join_all(apps), targets(subject), subject.prometheus.alerts());
    let apps = apps.into_iter().collect::<Result<_, _>>()?;
    Ok(News { apps, targets: targets?, alerts: alerts?, range })
}

/// What is scraped by all. A shard that does not answer is seen by the front.
async fn targets(subject: &Subject) -> Result<Vec<Target>, Error> {
    let shards = join_all(subject.shards.iter().map(Prometheus::targets));
    let (own, shards) = tokio::join!(subject.prometheus.targets(), shards);
    let shards = shards.into_iter().flatten().flat_map(|targets| targets.active);
    Ok(own?.active.into_iter().chain(shards).collect())
}

/// The first series of the panel's first query: golden signals have one each.
async fn ask(subject: &Subject, panel: &Panel, range: &TimeRange) -> Result<Signal, Error> {
    let interval = panel.interval.unwrap_or(subject.interval);
    let filling = Filling {
        rate_interval: (range.step + interval).max(4.0 * interval),
        interval: range.step,
        range: range.length(),
        end: range.end,
        variables: Vec::new(),
    };
    let query = panel.queries.first().map(|query| fill(&query.expression, &filling)).unwrap_or_default();
    let series = match subject.prometheus.query_range(&query, range.start, range.end, range.step).await {
        Ok(QueryResult::Series(series)) => series.into_iter().next(),
        Ok(_) => None,
        // A query that is refused has no data; the dashboards and `verify` say why.
        Err(error) if error.answered => None,
        Err(error) => return Err(error),
    };
    let series = series.map(|one| Series {
        points: one.points.iter().map(|point| (point.time, point.value)).collect(),
        ..Series::default()
    });
    Ok(Signal { panel: panel.clone(), series })
}
