//! `query`: asks the stack's Prometheus.

use serde_json::json;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output, prove};
use crate::cli::{Format, Global};
use crate::client::{QueryResult, Series};
use crate::engine::Error;

/// Arguments of `query`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl query 'sum by (job) (up)'")]
pub struct Arguments {
    /// Expression in `PromQL`
    promql: String,
    #[command(flatten)]
    output: crate::cli::Output,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let prometheus = prove::prometheus(&situation)?.ok_or_else(|| {
        Error::new("cannot ask Prometheus", "it does not run").advise("start the stack with `stackctl up`")
    })?;
    let answer = prometheus.query(&arguments.promql).await.map_err(|error| Error::new("cannot query", error))?;
    match arguments.output.format {
        Format::Json => output::print_json(&as_json(&answer)),
        Format::Text => output::print(&as_text(&answer)),
    }
    Ok(Exit::Done)
}

fn as_json(answer: &QueryResult) -> serde_json::Value {
    match answer {
        QueryResult::Series(series) => {
            let result = series.iter().map(|one| {
                let value = one.points.last().map(|point| json!([point.time, point.value.to_string()]));
                json!({ "metric": one.labels, "value": value })
            });
            json!({ "resultType": "vector", "result": result.collect::<Vec<_>>() })
        }
        QueryResult::Scalar(point) => {
            json!({ "resultType": "scalar", "result": [point.time, point.value.to_string()] })
        }
        QueryResult::Text(text) => json!({ "resultType": "string", "result": text }),
    }
}

fn as_text(answer: &QueryResult) -> String {
    match answer {
        QueryResult::Series(series) if series.is_empty() => "no data".to_owned(),
        QueryResult::Series(series) => {
            let rows: Vec<_> = series.iter().map(|one| vec![name(one), value(one)]).collect();
            output::table(&["SERIES", "VALUE"], &rows)
        }
        QueryResult::Scalar(point) => point.value.to_string(),
        QueryResult::Text(text) => text.clone(),
    }
}

/// The series as `PromQL` writes it: `up{job="web"}`.
fn name(series: &Series) -> String {
    let metric = series.labels.get("__name__").map(String::as_str).unwrap_or_default();
    let labels = series.labels.iter().filter(|(key, _)| *key != "__name__");
    let labels: Vec<String> = labels.map(|(key, value)| format!("{key}={value:?}")).collect();
    if labels.is_empty() && !metric.is_empty() {
        metric.to_owned()
    } else {
        format!("{metric}{{{}}}", labels.join(","))
    }
}

fn value(series: &Series) -> String {
    series.points.last().map_or_else(|| "histogram".to_owned(), |point| point.value.to_string())
}
