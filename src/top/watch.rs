//! Asks Prometheus again and again, and hands on what it says, or why it says nothing.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use indexmap::IndexMap;
use tokio::sync::watch::Sender;

use super::news::{App, News, Signal};
use crate::client::{Alert, Alertmanager, Error, KnownAlert, Prometheus, QueryResult, Target};
use crate::dashboard::Panel;
use crate::plot::{Series, TimeRange};
use crate::promql::{Filling, fill};

/// Length of the courses.
const LENGTH: f64 = 900.0;

/// So long nobody is called late, however often they are asked.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who is asked.
#[derive(Debug, Clone)]
pub struct Servers {
    /// The one that knows of everything.
    pub prometheus: Prometheus,
    /// Those that scrape in its place, where there are any.
    pub shards: Vec<Prometheus>,
    /// Who knows which alerts are silenced or muted, where there is one.
    pub alertmanager: Option<Alertmanager>,
}

/// What is watched.
#[derive(Debug, Clone)]
pub struct Subject {
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
///
/// `find` says who is to be asked now, or why nobody is: it is asked at first, and again after each look in vain, because a
/// Prometheus that starts again may do so at another address.
pub async fn watch(
    subject: Subject,
    find: impl AsyncFn() -> Result<Servers, String>,
    sender: Sender<Option<Result<News, String>>>,
) {
    let mut servers = find().await;
    while !sender.is_closed() {
        let news = match &servers {
            Ok(servers) => look_in_time(&subject, servers, &find, &sender).await,
            Err(why) => Err(why.clone()),
        };
        let is_well = news.is_ok();
        if sender.send(Some(news)).is_err() {
            return;
        }
        tokio::time::sleep(subject.pause).await;
        if !is_well {
            servers = find().await;
        }
    }
}

/// One look. Of one that takes as long as two, that is said while it lasts, so that nobody takes old numbers for new ones.
async fn look_in_time(
    subject: &Subject,
    servers: &Servers,
    find: &impl AsyncFn() -> Result<Servers, String>,
    sender: &Sender<Option<Result<News, String>>>,
) -> Result<News, String> {
    let says = |error: Error| format!("Prometheus at {} does not answer: {}", error.url, error.cause);
    let mut look = std::pin::pin!(look(subject, servers));
    let patience = PATIENCE.max(subject.pause * 2);
    if let Ok(news) = tokio::time::timeout(patience, &mut look).await {
        return news.map_err(says);
    }
    let url = servers.prometheus.url();
    sender
        .send_replace(Some(Err(format!("Prometheus at {url} does not answer: nothing for {} s", patience.as_secs()))));
    // A slow one gets its time; one that is paused or gone is called what it is.
    find().await?;
    look.await.map_err(says)
}

async fn look(subject: &Subject, servers: &Servers) -> Result<News, Error> {
    let step = subject.interval.max(5.0);
    let end = (jiff::Timestamp::now().as_duration().as_secs_f64() / subject.interval).floor() * subject.interval;
    let range = TimeRange { start: end - LENGTH, end, step, zone: subject.zone.clone() };
    let apps = subject.golden.iter().map(async |(app_name, panels)| {
        let signals = panels.iter().map(|panel| ask(subject, servers, panel, &range));
        try_join_all(signals).await.map(|signals| App { name: app_name.clone(), signals })
    });
    let alerts = servers.prometheus.alerts();
    let (apps, targets, alerts, known) = tokio::join!(join_all(apps), targets(servers), alerts, known(servers));
    let apps = apps.into_iter().collect::<Result<_, _>>()?;
    let alerts = alerts?.into_iter().map(|alert| (kept_back(&known, &alert), alert)).collect();
    Ok(News { apps, targets: targets?, alerts, range })
}

/// Why nobody is told of it.
fn kept_back(known: &[KnownAlert], alert: &Alert) -> Option<&'static str> {
    if !KnownAlert::silences_of(known, &alert.labels).is_empty() {
        return Some("silenced");
    }
    (!KnownAlert::muted_by(known, &alert.labels).is_empty()).then_some("muted")
}

/// What Alertmanager knows of. Where it does not answer at once, nothing is called silenced or muted.
async fn known(servers: &Servers) -> Vec<KnownAlert> {
    let Some(alertmanager) = &servers.alertmanager else { return Vec::new() };
    tokio::time::timeout(PATIENCE / 3, alertmanager.alerts()).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// What is scraped by all. A shard that does not answer is seen by the front.
async fn targets(servers: &Servers) -> Result<Vec<Target>, Error> {
    let shards = join_all(servers.shards.iter().map(Prometheus::targets));
    let (own, shards) = tokio::join!(servers.prometheus.targets(), shards);
    let shards = shards.into_iter().flatten().flat_map(|targets| targets.active);
    Ok(own?.active.into_iter().chain(shards).collect())
}

/// The first series of the panel's first query: golden signals have one each.
async fn ask(subject: &Subject, servers: &Servers, panel: &Panel, range: &TimeRange) -> Result<Signal, Error> {
    let interval = panel.interval.unwrap_or(subject.interval);
    let filling = Filling {
        rate_interval: (range.step + interval).max(4.0 * interval),
        interval: range.step,
        range: range.length(),
        end: range.end,
        variables: Vec::new(),
    };
    let query = panel.queries.first().map(|query| fill(&query.expression, &filling)).unwrap_or_default();
    let series = match servers.prometheus.query_range(&query, range.start, range.end, range.step).await {
        Ok(QueryResult::Series(series)) => series.into_iter().next(),
        Ok(_) => None,
        // A query that is refused has no data; the dashboards and `verify` say why.
        Err(error) if error.answered => None,
        Err(error) => return Err(error),
    };
    let series = series.map(|one| {
        let points = one.points.iter().map(|point| (point.time, point.value)).collect();
        Series { points: until_now(points, range), ..Series::default() }
    });
    Ok(Signal { panel: panel.clone(), series })
}

/// The same, and that there is no value now where the last one is of before: what is gone has none.
fn until_now(mut points: Vec<(f64, f64)>, range: &TimeRange) -> Vec<(f64, f64)> {
    let is_over = points.last().is_some_and(|(time, _)| *time <= range.end - range.step + 0.001);
    points.extend(is_over.then_some((range.end, f64::NAN)));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_has_no_value_now() {
        let range = TimeRange { start: 100.0, end: 1000.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let last = |time: f64| until_now(vec![(time - 15.0, 1.0), (time, 2.0)], &range).last().map(|(_, value)| *value);
        assert_eq!((last(1000.0), last(990.0)), (Some(2.0), Some(2.0)));
        for time in [985.0, 400.0] {
            assert!(last(time).is_some_and(f64::is_nan), "{time}");
        }
        assert_eq!(until_now(Vec::new(), &range), []);
    }

    fn subject() -> Subject {
        let (golden, zone) = (IndexMap::new(), jiff::tz::TimeZone::UTC);
        Subject { golden, interval: 15.0, pause: Duration::from_millis(10), zone }
    }

    /// A Prometheus that takes a question and never answers it.
    fn silent() -> (std::net::TcpListener, Servers) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        (
            listener,
            Servers { prometheus: Prometheus::new(&url).expect("a URL"), shards: Vec::new(), alertmanager: None },
        )
    }

    #[tokio::test]
    async fn one_that_does_not_run_is_looked_for_until_it_does() {
        let (sender, mut news) = tokio::sync::watch::channel::<Option<Result<News, String>>>(None);
        let tries = std::cell::Cell::new(0);
        let find = async || {
            tries.set(tries.get() + 1);
            Err(format!("try {}", tries.get()))
        };
        let listening = async {
            for expected in ["try 1", "try 2", "try 3"] {
                news.changed().await.expect("somebody looks");
                assert_eq!(*news.borrow_and_update(), Some(Err(expected.to_owned())));
            }
        };
        tokio::select! {
            () = watch(subject(), find, sender) => panic!("somebody listens"),
            () = listening => {}
        }
    }

    /// What is said of a Prometheus that does not answer, and after how long.
    async fn said_of_silence(later: Option<&str>) -> (String, Duration) {
        let (_listener, servers) = silent();
        let (sender, mut news) = tokio::sync::watch::channel::<Option<Result<News, String>>>(None);
        let tries = std::cell::Cell::new(0);
        let find = async || {
            tries.set(tries.get() + 1);
            later.filter(|_| tries.get() > 1).map_or_else(|| Ok(servers.clone()), |why| Err(why.to_owned()))
        };
        let began = std::time::Instant::now();
        tokio::select! {
            () = watch(subject(), find, sender) => panic!("somebody listens"),
            changed = news.changed() => changed.expect("somebody looks"),
        }
        let said = news.borrow_and_update().clone().expect("something is said").expect_err("there is no answer");
        (said, began.elapsed())
    }

    #[tokio::test]
    async fn one_that_does_not_answer_in_time_is_said_before_the_question_is_given_up() {
        let (paused, slow) = tokio::join!(said_of_silence(Some("it is paused")), said_of_silence(None));
        assert_eq!(paused.0, "it is paused");
        assert!(slow.0.ends_with("does not answer: nothing for 3 s"), "{slow:?}");
        assert!(paused.1.max(slow.1) < Duration::from_secs(8), "the question itself lasts longer: {slow:?}");
    }
}
