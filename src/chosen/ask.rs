//! Asks Prometheus for the choices of each variable.

use super::taken;
use super::value::{Chosen, pick};
use crate::client::{Error, Prometheus, QueryResult, Series};
use crate::dashboard::{Dashboard, Variable, VariableSource};
use crate::promql::{Filling, fill};

/// Longest selector that goes into an address: servers and proxies take no endless ones.
const LONGEST_SELECTOR: usize = 4096;

/// Among what there is to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Everything that Prometheus keeps: a reader may look back.
    Known,
    /// The series that there are now.
    Current,
}

/// Finds out what can be chosen, and takes what was asked for. A variable may depend on those before it.
///
/// `asked` holds pairs of variable and value; `filling` is what stands for macros. An error: Prometheus cannot be reached.
pub async fn choose(
    prometheus: &Prometheus,
    dashboard: &Dashboard,
    asked: &[(String, String)],
    filling: &Filling,
    among: Among,
) -> Result<Vec<Chosen>, Error> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for variable in dashboard.variables.iter().filter(|one| !matches!(one.source, VariableSource::Datasource(_))) {
        let variables = chosen.iter().map(Chosen::pair).collect();
        let filling = Filling { variables, ..filling.clone() };
        let mut variable = variable.clone();
        let options = match options(prometheus, &variable, &filling, among).await {
            Ok(options) => options,
            Err(error) if !error.answered && prometheus.is_gone().await => return Err(error),
            // What there is to choose is not known: what was asked for still holds, and all is everything.
            Err(_) => {
                variable.all_value.get_or_insert_with(|| ".*".to_owned());
                Vec::new()
            }
        };
        let wanted = asked.iter().filter(|(name, _)| *name == variable.name).map(|(_, value)| value.clone());
        let values = pick(&variable, &options, wanted.collect());
        let auto = variable.auto.map(|auto| auto.of(filling.range)).unwrap_or_default();
        chosen.push(Chosen { variable, options, values, auto });
    }
    Ok(chosen)
}

async fn options(
    prometheus: &Prometheus,
    variable: &Variable,
    filling: &Filling,
    among: Among,
) -> Result<Vec<String>, Error> {
    let mut options = match &variable.source {
        VariableSource::LabelValues { selector, label } => {
            let (selector, label) = (fill(selector, filling), fill(label, filling));
            if among == Among::Current || selector.len() > LONGEST_SELECTOR {
                current_values(prometheus, &label, &selector).await?
            } else {
                prometheus.label_values(&label, &selector).await?
            }
        }
        VariableSource::Metrics(pattern) => {
            let selector = format!("{{__name__=~{:?}}}", fill(pattern, filling));
            prometheus.label_values("__name__", &selector).await?
        }
        VariableSource::QueryResult(query) => match prometheus.query(&fill(query, filling)).await? {
            QueryResult::Series(series) => series.iter().map(as_text).collect(),
            QueryResult::Scalar(point) => vec![point.value.to_string()],
            QueryResult::Text(_) => Vec::new(),
        },
        VariableSource::LabelNames(selector) => prometheus.label_names(&fill(selector, filling)).await?,
        VariableSource::Values(values) | VariableSource::Interval(values) => return Ok(values.clone()),
        VariableSource::Text(_) | VariableSource::Datasource(_) => return Ok(Vec::new()),
    };
    taken::take(&variable.regex, &mut options);
    taken::sort(variable.sorting, &mut options);
    Ok(options)
}

/// The values of a label on the series that there are at this moment.
async fn current_values(prometheus: &Prometheus, label: &str, selector: &str) -> Result<Vec<String>, Error> {
    let selector = if selector.is_empty() { format!("{{{label}!=\"\"}}") } else { selector.to_owned() };
    let QueryResult::Series(series) = prometheus.query(&format!("group by ({label}) ({selector})")).await? else {
        return Ok(Vec::new());
    };
    let values = series.into_iter().filter_map(|mut one| one.labels.remove(label));
    let mut values: Vec<String> = values.filter(|value| !value.is_empty()).collect();
    values.sort();
    Ok(values)
}

/// As Grafana's `query_result` has it: `metric{label="value"} 1 1795441031000`, for a regular expression to take from.
fn as_text(series: &Series) -> String {
    let last = series.points.last().map(|point| format!(" {} {}", point.value, (point.time * 1000.0).round()));
    format!("{}{}", series.name(), last.unwrap_or_default())
}
