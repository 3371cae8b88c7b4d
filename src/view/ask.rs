//! Asks Prometheus for everything on a dashboard, all panels at the same time.

use futures_util::future::{join_all, try_join_all};

use super::worded::filling;
use crate::client::{Error, Prometheus, QueryResult};
use crate::dashboard::{Annotation, Dashboard, Panel, Query};
use crate::plot::{Content, Mark, Series, TimeRange};
use crate::promql::fill;

/// More points than a panel has pixels show nothing more.
const POINTS: f64 = 360.0;

/// Marks beyond this many would be a grey wall.
const MARKS: usize = 200;

/// What of a dashboard is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// From when to when.
    pub range: TimeRange,
    /// Seconds between two scrapes, unless a panel says otherwise.
    pub interval: f64,
    /// Variables and what stands for them in a query.
    pub variables: Vec<(String, String)>,
}

/// What Prometheus has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// One for each panel, in the order of [`Dashboard::panels`].
    pub contents: Vec<Content>,
    /// What is marked along the time axes.
    pub marks: Vec<Mark>,
}

/// Seconds between two points of a range that long: whole ones, and never below the time between two scrapes.
pub fn step(length: f64, interval: f64) -> f64 {
    (length / POINTS).max(interval).max(1.0).ceil()
}

/// Asks for a whole dashboard. An error: Prometheus cannot be reached. What it refuses, or does not answer in time, stands
/// in its panel.
pub async fn ask(prometheus: &Prometheus, dashboard: &Dashboard, shown: &Shown) -> Result<Answers, Error> {
    let panels = dashboard.panels().map(|panel| ask_panel(prometheus, panel, shown));
    let marks = dashboard.annotations.iter().map(|annotation| ask_annotation(prometheus, annotation, shown));
    let (asked, marks) = tokio::join!(join_all(panels), join_all(marks));
    let is_answered = asked.iter().any(|one| matches!(one, Ok(Content::Series(series)) if !series.is_empty()));
    let lost = asked.iter().find_map(|one| one.as_ref().err().filter(|error| !error.answered));
    // One question may be too much for a Prometheus that is well.
    if let Some(error) = lost.filter(|_| !is_answered)
        && prometheus.is_gone().await
    {
        return Err(error.clone());
    }
    let contents = asked.into_iter().map(|one| one.unwrap_or_else(|error| Content::Failed(why(&error))));
    Ok(Answers { contents: contents.collect(), marks: marks.into_iter().flatten().collect() })
}

fn why(error: &Error) -> String {
    let happened = if error.answered { "Prometheus refuses the query" } else { "Prometheus does not answer the query" };
    format!("{happened}: {}", error.cause)
}

async fn ask_panel(prometheus: &Prometheus, panel: &Panel, shown: &Shown) -> Result<Content, Error> {
    let queries = panel.queries.iter();
    // The first of a name counts.
    let variables = [panel.pinned.as_slice(), &shown.variables].concat();
    let answers = queries.map(async |query| {
        let interval = panel.interval.unwrap_or(shown.interval);
        let expression = fill(&query.expression, &filling(&shown.range, interval, &variables));
        if query.instant {
            prometheus.query_at(&expression, shown.range.end).await
        } else {
            let TimeRange { start, end, step, .. } = shown.range;
            prometheus.query_range(&expression, start, end, step).await
        }
    });
    let results = try_join_all(answers).await?;
    let panel = panel.clone();
    // There may be thousands of series to name, while others are to be answered.
    let naming = tokio::task::spawn_blocking(move || {
        let results = panel.queries.iter().zip(results).enumerate();
        results.flat_map(|(number, (query, result))| series(&panel, query, number, result)).collect()
    });
    Ok(Content::Series(naming.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))))
}

/// Longest name of a series: a label may hold a whole file, and a page would hold it dozens of times.
const LONGEST_NAME: usize = 300;

/// The name as a page can carry it, without its middle where it is longer.
fn carried(name: String) -> String {
    if name.len() <= LONGEST_NAME || name.chars().nth(LONGEST_NAME).is_none() {
        return name;
    }
    let end: Vec<char> = name.chars().rev().take(LONGEST_NAME / 2).collect();
    name.chars().take(LONGEST_NAME / 2).chain(['…']).chain(end.into_iter().rev()).collect()
}

/// An answer as series with names.
fn series(panel: &Panel, query: &Query, number: usize, result: QueryResult) -> Vec<Series> {
    let pairs = |points: Vec<crate::client::Point>| points.iter().map(|point| (point.time, point.value)).collect();
    match result {
        QueryResult::Series(series) => {
            // Beside another query's, a name has to be a whole one.
            let is_named = !query.legend.is_empty() || panel.queries.len() > 1;
            let names = if is_named { Vec::new() } else { crate::client::Series::differences(&series) };
            let of_answer = series.into_iter().enumerate().map(|(at, one)| {
                let legend = names.get(at).cloned().unwrap_or_else(|| one.legend(&query.legend));
                let legend = if legend.is_empty() { panel.title.clone() } else { legend };
                Series { legend: carried(legend), labels: one.labels, query: number, points: pairs(one.points) }
            });
            of_answer.collect()
        }
        QueryResult::Scalar(point) => {
            let legend = if query.legend.is_empty() { panel.title.clone() } else { query.legend.clone() };
            vec![Series { legend, query: number, points: pairs(vec![point]), ..Series::default() }]
        }
        QueryResult::Text(_) => Vec::new(),
    }
}

/// One mark for each moment at which a series of the query begins. A query that is refused marks nothing: panels say it.
async fn ask_annotation(prometheus: &Prometheus, annotation: &Annotation, shown: &Shown) -> Vec<Mark> {
    let range = &shown.range;
    let expression = fill(&annotation.expression, &filling(range, shown.interval, &shown.variables));
    let answer = prometheus.query_range(&expression, range.start, range.end, range.step).await;
    let Ok(QueryResult::Series(series)) = answer else { return Vec::new() };
    let marks = series.into_iter().flat_map(|one| {
        let text = one.legend(&annotation.text);
        let stretches = one.points.chunk_by(|before, after| after.time - before.time <= range.step * 1.5);
        let begins: Vec<f64> = stretches.filter_map(|stretch| Some(stretch.first()?.time)).collect();
        let Annotation { name, color, .. } = annotation;
        begins.into_iter().map(move |time| Mark { time, name: name.clone(), text: text.clone(), color: color.clone() })
    });
    marks.take(MARKS).collect()
}

#[cfg(test)]
mod tests {
    use super::{carried, step};

    #[test]
    fn a_name_that_is_a_whole_file_loses_its_middle() {
        let long = format!("a{}z", "é".repeat(100_000));
        let short = carried(long);
        assert!(short.starts_with('a') && short.ends_with('z') && short.contains('…'), "{short}");
        assert_eq!(short.chars().count(), 301);
        assert_eq!(carried("web".to_owned()), "web");
    }

    #[test]
    fn there_are_as_many_points_as_can_be_seen_and_no_more_than_were_scraped() {
        for (length, interval, expected) in [(60.0, 5.0, 5.0), (21_600.0, 15.0, 60.0), (86_400.0, 15.0, 240.0)] {
            assert!((step(length, interval) - expected).abs() < 1e-9, "{length}");
        }
    }
}
