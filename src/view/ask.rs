//! Asks Prometheus for everything on a dashboard, all panels at the same time.

use futures_util::future::{join_all, try_join_all};

use super::variable::filling;
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

/// Asks for a whole dashboard. An error: Prometheus cannot be reached. What it refuses stands in its panel.
pub async fn ask(prometheus: &Prometheus, dashboard: &Dashboard, shown: &Shown) -> Result<Answers, Error> {
    let panels = dashboard.panels().map(|panel| ask_panel(prometheus, panel, shown));
    let marks = dashboard.annotations.iter().map(|annotation| ask_annotation(prometheus, annotation, shown));
    let (contents, marks) = tokio::join!(try_join_all(panels), join_all(marks));
    Ok(Answers { contents: contents?, marks: marks.into_iter().flatten().collect() })
}

async fn ask_panel(prometheus: &Prometheus, panel: &Panel, shown: &Shown) -> Result<Content, Error> {
    let queries = panel.queries.iter().enumerate();
    // The first of a name counts.
    let variables = [panel.pinned.as_slice(), &shown.variables].concat();
    let answers = queries.map(async |(number, query)| {
        let interval = panel.interval.unwrap_or(shown.interval);
        let expression = fill(&query.expression, &filling(&shown.range, interval, &variables));
        let answer = if query.instant {
            prometheus.query_at(&expression, shown.range.end).await
        } else {
            let TimeRange { start, end, step, .. } = shown.range;
            prometheus.query_range(&expression, start, end, step).await
        };
        answer.map(|result| series(panel, query, number, result))
    });
    match try_join_all(answers).await {
        Ok(series) => Ok(Content::Series(series.into_iter().flatten().collect())),
        Err(error) if error.answered => Ok(Content::Failed(format!("Prometheus refuses the query: {}", error.cause))),
        Err(error) => Err(error),
    }
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
                Series { legend, labels: one.labels, query: number, points: pairs(one.points) }
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
        begins.into_iter().map(move |time| Mark { time, text: text.clone(), color: annotation.color.clone() })
    });
    marks.take(MARKS).collect()
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn there_are_as_many_points_as_can_be_seen_and_no_more_than_were_scraped() {
        for (length, interval, expected) in [(60.0, 5.0, 5.0), (21_600.0, 15.0, 60.0), (86_400.0, 15.0, 240.0)] {
            assert!((step(length, interval) - expected).abs() < 1e-9, "{length}");
        }
    }
}
