//! `/api/v1/query` and `/api/v1/query_range`: samples, as numbers.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a query gives.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryResult {
    /// Series, each with one point (an instant vector) or many (a range).
    Series(Vec<Series>),
    /// One number.
    Scalar(Point),
    /// One text.
    Text(String),
}

/// One series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its labels, `__name__` among them where it has one.
    pub labels: BTreeMap<String, String>,
    /// Its points, in order of time. Empty for native histograms, which have no single number.
    pub points: Vec<Point>,
}

/// One number at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Seconds since 1970.
    pub time: f64,
    /// The number; it may be NaN or infinite.
    pub value: f64,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum WireResult {
    Vector(Vec<WireSeries>),
    Matrix(Vec<WireSeries>),
    Scalar((f64, String)),
    String((f64, String)),
}

#[derive(Deserialize)]
pub(super) struct WireSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

impl WireResult {
    /// `None` where a value is not a number: then the answer is not Prometheus'.
    pub(super) fn into_result(self) -> Option<QueryResult> {
        match self {
            Self::Vector(series) | Self::Matrix(series) => {
                series.into_iter().map(WireSeries::into_series).collect::<Option<_>>().map(QueryResult::Series)
            }
            Self::Scalar(pair) => point(pair).map(QueryResult::Scalar),
            Self::String((_, text)) => Some(QueryResult::Text(text)),
        }
    }
}

impl WireSeries {
    fn into_series(self) -> Option<Series> {
        let points = self.value.into_iter().chain(self.values).map(point).collect::<Option<_>>()?;
        Some(Series { labels: self.metric, points })
    }
}

/// Prometheus writes numbers as text, because JSON knows neither NaN nor infinity.
fn point((time, value): (f64, String)) -> Option<Point> {
    Some(Point { time, value: value.parse().ok()? })
}
