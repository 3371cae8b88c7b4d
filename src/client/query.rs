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

impl Series {
    /// What a legend template such as `{{instance}}` makes of its labels. Without a template: the series as `PromQL`
    /// writes it, `up{job="web"}`; empty where it has neither name nor labels.
    pub fn legend(&self, template: &str) -> String {
        if template.is_empty() {
            return self.name();
        }
        let mut legend = String::new();
        let mut rest = template;
        while let Some((before, (label, after))) =
            rest.split_once("{{").and_then(|(before, after)| Some((before, after.split_once("}}")?)))
        {
            legend.push_str(before);
            legend.push_str(self.labels.get(label.trim()).map_or("", String::as_str));
            rest = after;
        }
        legend.push_str(rest);
        legend
    }

    /// What tells each of several series from the others: its name without what all of them share, and of labels the
    /// value alone, where one tells them apart.
    pub fn differences(series: &[Self]) -> Vec<String> {
        // For each label the first value that is met, and how many series have it.
        let mut first: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
        for (label, value) in series.iter().flat_map(|one| &one.labels) {
            let (known, count) = first.entry(label).or_insert((value, 0));
            *count += usize::from(known == value);
        }
        let is_of_all = |label: &str| first.get(label).is_some_and(|(_, count)| *count == series.len());
        let rests: Vec<Self> = series
            .iter()
            .map(|one| {
                let labels = one.labels.iter().filter(|(label, _)| !is_of_all(label));
                let labels = labels.map(|(label, value)| (label.clone(), value.clone()));
                Self { labels: labels.collect(), points: Vec::new() }
            })
            .collect();
        let is_one = rests.iter().all(|rest| rest.labels.len() == 1)
            && rests.windows(2).all(|pair| pair[0].labels.keys().eq(pair[1].labels.keys()));
        let name = |(one, rest): (&Self, &Self)| match rest.labels.values().next() {
            // The only one, and one without what the others have.
            None => one.name(),
            Some(value) if is_one => value.clone(),
            Some(_) => rest.name(),
        };
        series.iter().zip(&rests).map(name).collect()
    }

    /// The series as `PromQL` writes it.
    pub fn name(&self) -> String {
        let metric = self.labels.get("__name__").map_or("", String::as_str);
        let labels = self.labels.iter().filter(|(key, _)| *key != "__name__");
        let labels: Vec<String> = labels.map(|(key, value)| format!("{key}={value:?}")).collect();
        if labels.is_empty() { metric.to_owned() } else { format!("{metric}{{{}}}", labels.join(",")) }
    }
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

#[cfg(test)]
mod tests {
    use super::Series;

    fn named(labels: &[(&str, &str)]) -> Series {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Series { labels: labels.collect(), points: Vec::new() }
    }

    #[test]
    fn of_several_series_what_tells_them_apart_is_told() {
        let up = |instance: &str, job: &str| named(&[("__name__", "up"), ("instance", instance), ("job", job)]);
        assert_eq!(Series::differences(&[up("a:80", "web"), up("b:80", "web")]), ["a:80", "b:80"]);
        let two = Series::differences(&[up("a:80", "web"), up("b:80", "db")]);
        assert_eq!(two, [r#"{instance="a:80",job="web"}"#, r#"{instance="b:80",job="db"}"#]);
        assert_eq!(Series::differences(&[up("a:80", "web")]), [r#"up{instance="a:80",job="web"}"#]);
        let metrics =
            Series::differences(&[named(&[("__name__", "x"), ("a", "1")]), named(&[("__name__", "y"), ("a", "1")])]);
        assert_eq!(metrics, ["x", "y"]);
        let odd = Series::differences(&[named(&[("a", "1")]), named(&[]), named(&[("b", "1")])]);
        assert_eq!(odd, [r#"{a="1"}"#, "", r#"{b="1"}"#]);
        assert!(Series::differences(&[]).is_empty());
    }

    #[test]
    fn thousands_of_series_are_told_apart_at_once() {
        let many: Vec<Series> = (0..20_000)
            .map(|number| named(&[("__name__", "up"), ("instance", &format!("web-{number}:80")), ("job", "web")]))
            .collect();
        let begun = std::time::Instant::now();
        let names = Series::differences(&many);
        assert_eq!((names[0].as_str(), names[19_999].as_str()), ("web-0:80", "web-19999:80"));
        // Each with each would be 400 million comparisons.
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_legend_is_filled_from_labels() {
        let labels = [("__name__", "up"), ("job", "web")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let series = Series { labels: labels.into(), points: Vec::new() };
        assert_eq!(series.legend("{{job}} on {{ instance }}!"), "web on !");
        assert_eq!(series.legend("{{job"), "{{job");
        assert_eq!(series.legend(""), "up{job=\"web\"}");
        assert_eq!(Series::default().legend(""), "");
    }
}
