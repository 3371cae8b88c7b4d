//! What can be chosen for each variable of a dashboard, what is chosen, and what that puts into a query.

use super::repeat::repeat;
use crate::client::{Error, Prometheus, QueryResult, Series};
use crate::dashboard::{Dashboard, Variable, VariableSource};
use crate::plot::TimeRange;
use crate::promql::{Filling, fill, fill_words};

/// Stands for "all" in an address.
const ALL: &str = "$__all";

/// Choices beyond this many make a page slow and nobody's life easier.
const MOST: usize = 500;

/// One variable, its choices and what is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The variable.
    pub variable: Variable,
    /// Everything that can be chosen, "all" aside.
    pub options: Vec<String>,
    /// What is chosen; empty: all.
    pub values: Vec<String>,
}

/// Finds out what can be chosen, and takes what was asked for. A variable may depend on those before it.
///
/// `asked` holds pairs of variable and value. An error: Prometheus cannot be reached.
pub async fn choose(
    prometheus: &Prometheus,
    dashboard: &Dashboard,
    asked: &[(String, String)],
    range: &TimeRange,
    interval: f64,
) -> Result<Vec<Chosen>, Error> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for variable in dashboard.variables.iter().filter(|one| !matches!(one.source, VariableSource::Datasource(_))) {
        let so_far: Vec<(String, String)> = chosen.iter().map(Chosen::pair).collect();
        let options = match options(prometheus, variable, &filling(range, interval, &so_far)).await {
            Ok(options) => options,
            // A selector that Prometheus does not understand offers nothing; what was asked for still holds.
            Err(error) if error.answered => Vec::new(),
            Err(error) => return Err(error),
        };
        let wanted = asked.iter().filter(|(name, _)| *name == variable.name).map(|(_, value)| value.clone());
        chosen.push(Chosen { values: pick(variable, &options, wanted.collect()), variable: variable.clone(), options });
    }
    Ok(chosen)
}

async fn options(prometheus: &Prometheus, variable: &Variable, filling: &Filling) -> Result<Vec<String>, Error> {
    let mut options = match &variable.source {
        VariableSource::LabelValues { selector, label } => {
            prometheus.label_values(label, &fill(selector, filling)).await?
        }
        VariableSource::Metrics(pattern) => {
            let selector = format!("{{__name__=~{:?}}}", fill(pattern, filling));
            prometheus.label_values("__name__", &selector).await?
        }
        VariableSource::QueryResult(query) => match prometheus.query(&fill(query, filling)).await? {
            QueryResult::Series(series) => series.iter().map(as_text).collect(),
            _ => Vec::new(),
        },
        VariableSource::Values(values) | VariableSource::Interval(values) => values.clone(),
        VariableSource::LabelNames(_) | VariableSource::Text(_) | VariableSource::Datasource(_) => Vec::new(),
    };
    take_of(&variable.regex, &mut options);
    options.truncate(MOST);
    Ok(options)
}

/// As Grafana's `query_result` has it: `metric{label="value"} 1 1795441031000`, for a regular expression to take from.
fn as_text(series: &Series) -> String {
    let last = series.points.last().map(|point| format!(" {} {}", point.value, (point.time * 1000.0).round()));
    format!("{}{}", series.name(), last.unwrap_or_default())
}

/// Keeps what a variable's regular expression finds, and of it the first group, where it has one. One that cannot be
/// read here (Grafana's are JavaScript's) takes nothing away.
fn take_of(written: &str, options: &mut Vec<String>) {
    let inner = written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    let pattern = match inner {
        Some((pattern, flags)) if flags.contains('i') => format!("(?i){pattern}"),
        Some((pattern, _)) => pattern.to_owned(),
        None => written.to_owned(),
    };
    let Some(regex) = Some(pattern).filter(|pattern| !pattern.is_empty()).and_then(|one| regex::Regex::new(&one).ok())
    else {
        return;
    };
    let mut taken: Vec<String> = Vec::new();
    for captures in options.iter().filter_map(|option| regex.captures(option)) {
        let whole = captures.name("value").or_else(|| captures.get(1)).or_else(|| captures.get(0));
        let value = whole.map_or("", |found| found.as_str());
        if !value.is_empty() && !taken.iter().any(|known| known == value) {
            taken.push(value.to_owned());
        }
    }
    *options = taken;
}

/// The dashboard with what is chosen in the words of its panels and rows: `CPU of $instance`. What is to be repeated for
/// each value is there as often.
pub fn worded(dashboard: &Dashboard, chosen: &[Chosen]) -> Dashboard {
    let values: Vec<(String, String)> = chosen.iter().map(Chosen::words).collect();
    let mut dashboard = dashboard.clone();
    repeat(&mut dashboard, chosen);
    let fill = |text: &mut String| {
        if text.contains(['$', '[']) {
            *text = fill_words(text, &values);
        }
    };
    for row in &mut dashboard.rows {
        row.title.iter_mut().for_each(fill);
        for panel in &mut row.panels {
            fill(&mut panel.title);
            fill(&mut panel.description);
            fill(&mut panel.text);
            panel.queries.iter_mut().for_each(|query| fill(&mut query.legend));
        }
    }
    dashboard
}

/// What was asked for, else the variable's own wish, else all, else the first.
fn pick(variable: &Variable, options: &[String], mut asked: Vec<String>) -> Vec<String> {
    if asked.is_empty() {
        asked.clone_from(&variable.default);
    }
    if asked.is_empty()
        && let VariableSource::Text(text) = &variable.source
    {
        asked.push(text.clone());
    }
    let all = asked.iter().any(|value| value == ALL || value == "All") || asked.is_empty();
    if all && variable.include_all {
        return Vec::new();
    }
    asked.retain(|value| value != ALL && value != "All");
    if asked.is_empty() {
        asked.extend(options.first().cloned());
    }
    if !variable.multi {
        asked.truncate(1);
    }
    asked
}

impl Chosen {
    /// Name, and what stands for it in a query: ready to stand in a matcher, and unable to leave it.
    pub fn pair(&self) -> (String, String) {
        let value = match self.values.as_slice() {
            [] => ".*".to_owned(),
            [one] => return self.pair_of(one),
            several => {
                let patterns: Vec<String> = several.iter().map(|value| escaped(&pattern(value))).collect();
                format!("({})", patterns.join("|"))
            }
        };
        (self.variable.name.clone(), value)
    }

    /// The same for one value alone.
    pub(super) fn pair_of(&self, value: &str) -> (String, String) {
        let matches = self.variable.multi || self.variable.include_all;
        let value = if matches { escaped(&pattern(value)) } else { escaped(value) };
        (self.variable.name.clone(), value)
    }

    /// Each value that is chosen.
    pub(super) fn each(&self) -> &[String] {
        if self.values.is_empty() { &self.options } else { &self.values }
    }

    /// Name, and what a person reads in its place.
    fn words(&self) -> (String, String) {
        let text = if self.values.is_empty() { "All".to_owned() } else { self.values.join(" + ") };
        (self.variable.name.clone(), text)
    }

    /// Options for a page: value, what is read, whether it is chosen.
    pub(super) fn choices(&self) -> Vec<(String, String, bool)> {
        let all = self.variable.include_all.then(|| (ALL.to_owned(), "All".to_owned(), self.values.is_empty()));
        let unknown = self.values.iter().filter(|value| !self.options.contains(value));
        let rest = self.options.iter().chain(unknown);
        let rest = rest.map(|value| (value.clone(), value.clone(), self.values.contains(value)));
        all.into_iter().chain(rest).collect()
    }
}

/// A regular expression that matches the value alone.
fn pattern(value: &str) -> String {
    let mut pattern = String::with_capacity(value.len());
    for character in value.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// As it stands between quotes of `PromQL`.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// What stands for macros and variables in a query over that range.
pub fn filling(range: &TimeRange, interval: f64, variables: &[(String, String)]) -> Filling {
    Filling {
        // Grafana's own rule: four scrapes, or one more than there is between two points.
        rate_interval: (range.step + interval).max(4.0 * interval),
        interval: range.step,
        range: range.length(),
        end: range.end,
        variables: variables.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(multi: bool, include_all: bool) -> Variable {
        let source = VariableSource::Values(vec!["a".to_owned(), "b".to_owned()]);
        Variable {
            name: "job".to_owned(),
            label: String::new(),
            source,
            multi,
            include_all,
            default: Vec::new(),
            regex: String::new(),
        }
    }

    fn value(multi: bool, include_all: bool, asked: &[&str]) -> String {
        let variable = variable(multi, include_all);
        let options = vec!["a".to_owned(), "b".to_owned()];
        let values = pick(&variable, &options, asked.iter().map(|value| (*value).to_owned()).collect());
        Chosen { variable, options, values }.pair().1
    }

    #[test]
    fn what_is_chosen_stands_in_a_matcher() {
        assert_eq!(value(true, true, &[]), ".*");
        assert_eq!(value(true, true, &["$__all"]), ".*");
        assert_eq!(value(false, false, &[]), "a");
        assert_eq!(value(false, false, &["b", "a"]), "b");
        assert_eq!(value(true, false, &["a.b:80", "c"]), r"(a\\.b:80|c)");
    }

    #[test]
    fn a_regular_expression_takes_a_part_of_each_choice() {
        let taken = |regex: &str| {
            let texts = [r#"node_meta{node_id="n1",node_name="a"} 1 1795441031000"#, "other{} 42 1795441031000"];
            let mut options = texts.map(str::to_owned).to_vec();
            take_of(regex, &mut options);
            options
        };
        assert_eq!(taken(r#"/node_id="([^"]+)"/"#), ["n1"]);
        assert_eq!(taken(r"/.* ([^\ ]*) .*/"), ["1", "42"]);
        assert_eq!(taken("/OTHER/i"), ["other"]);
        assert_eq!(taken(r"/_(?<text>m..)a.node_id=.(?<value>[a-z0-9]+)/"), ["n1"]);
        for everything in ["", "/(?!x)/", "("] {
            assert_eq!(taken(everything).len(), 2, "{everything}");
        }
    }

    #[test]
    fn titles_say_what_is_chosen() {
        let panel = crate::dashboard::Panel { title: "CPU of $job".to_owned(), ..Default::default() };
        let row =
            crate::dashboard::Row { title: Some("[[job]]".to_owned()), panels: vec![panel], ..Default::default() };
        let dashboard = Dashboard { rows: vec![row], ..Dashboard::default() };
        for (values, expected) in [(vec![], "All"), (vec!["a".to_owned(), "b".to_owned()], "a + b")] {
            let chosen = [Chosen { variable: variable(true, true), options: Vec::new(), values }];
            let worded = worded(&dashboard, &chosen);
            assert_eq!(worded.rows[0].title.as_deref(), Some(expected));
            assert_eq!(worded.rows[0].panels[0].title, format!("CPU of {expected}"));
        }
    }

    #[test]
    fn what_is_asked_for_cannot_leave_its_quotes() {
        assert_eq!(value(false, false, &["\"} or up{x=\""]), "\\\"} or up{x=\\\"");
        assert_eq!(value(false, false, &["\\"]), r"\\");
    }
}
