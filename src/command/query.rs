//! `query`: asks the stack's Prometheus, at this moment or over a stretch of time.

mod empty;
mod named;
mod table;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::by_name::ByName;
use super::situation::{Situation, Wishes};
use super::{Exit, Failure, locale, output, view};
use crate::cli::Global;
use crate::client::{self, Point, QueryResult, Series};
use crate::dashboard::{Panel, Unit};
use crate::engine::Error;
use crate::plot::{self, TimeRange};
use crate::promql::Expression;

/// Arguments of `query`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl query 'sum by (job) (up)'
  stackctl query 'rate(prometheus_http_requests_total[1m])' --since 10m
  stackctl query up --since 10m --step 1m --format table
  stackctl query up --name demo")]
pub struct Arguments {
    /// Expression in `PromQL`
    #[arg(allow_hyphen_values = true)]
    promql: String,
    /// Plot the values from so long ago until now
    #[arg(long, value_name = "DURATION", value_parser = crate::cli::duration)]
    since: Option<Duration>,
    /// Time between two points; left out: as many as there is room for
    #[arg(long, value_name = "DURATION", value_parser = crate::cli::duration, requires = "since")]
    step: Option<Duration>,
    /// A plot or a table for people, JSON for programs
    #[arg(long, value_enum, default_value_t = QueryFormat::Text)]
    pub(super) format: QueryFormat,
    #[command(flatten)]
    which: ByName,
}

/// How to print an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum QueryFormat {
    /// A plot of what `--since` asks for, a table of what is now.
    Text,
    /// A table, with a row for each moment.
    Table,
    /// As Prometheus answers.
    Json,
}

/// Prometheus refuses more points than this in one series.
const MOST_POINTS: f64 = 11_000.0;

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let range = arguments.since.map(|since| range(since, arguments)).transpose()?;
    let (prometheus, situation) = if arguments.which.is_given() {
        let seen = arguments.which.look(global).await?;
        (named::prometheus(&seen.observed, seen.name.as_str())?, None)
    } else {
        let situation = Situation::of(global, Wishes::default()).await?;
        (view::running_prometheus(&situation)?, Some(situation))
    };
    let failed = |error: client::Error| refusal(&arguments.promql, &error);
    let Some(range) = range else {
        let answer = prometheus.query(&arguments.promql).await.map_err(failed)?;
        let is_stretch = Expression::parse(&arguments.promql).is_ok_and(|expression| expression.is_range());
        let is_empty = matches!(&answer, QueryResult::Series(series) if series.is_empty());
        match (&answer, arguments.format) {
            (QueryResult::Series(series), QueryFormat::Json) if is_stretch => output::print_json(&matrix(series)),
            (_, QueryFormat::Json) => output::print_json(&as_json(&answer)),
            _ if is_empty => {}
            (QueryResult::Series(series), _) if is_stretch => {
                output::print(&table::samples(series, &jiff::tz::TimeZone::system()));
            }
            (_, QueryFormat::Text | QueryFormat::Table) => output::print(&as_text(&answer)),
        }
        if is_empty {
            output::say(&empty::explained(situation.as_ref(), &prometheus, &arguments.promql).await);
        }
        return Ok(Exit::Done);
    };
    let TimeRange { start, end, step, .. } = range;
    let answer = prometheus.query_range(&arguments.promql, start, end, step).await.map_err(failed)?;
    let QueryResult::Series(series) = answer else { return Err(Error::new("cannot query", "this is no range").into()) };
    let is_empty = series.is_empty();
    match arguments.format {
        QueryFormat::Json => output::print_json(&matrix(&series)),
        _ if is_empty => {}
        QueryFormat::Table => output::print(&table::table(&series, &range)),
        QueryFormat::Text => output::print(&plotted(&arguments.promql, series, &range)),
    }
    if is_empty {
        output::say(&empty::explained(situation.as_ref(), &prometheus, &arguments.promql).await);
    }
    Ok(Exit::Done)
}

fn range(since: Duration, arguments: &Arguments) -> Result<TimeRange, Failure> {
    let length = since.as_secs_f64();
    // Two dots of braille in each column.
    let points = if arguments.format == QueryFormat::Table { table::ROWS } else { f64::from(size().0) * 2.0 };
    let step = arguments.step.map_or_else(|| (length / points).ceil().max(1.0), |step| step.as_secs_f64());
    if length <= 0.0 || step <= 0.0 {
        let help = "write a length such as `--since 10m`, or leave `--since` out for this moment";
        return Err(Failure::arguments("a range of no length has nothing in it", help));
    }
    if length / step > MOST_POINTS {
        let help =
            format!("Prometheus gives up to {MOST_POINTS} points: choose a longer `--step`, or a shorter `--since`");
        return Err(Failure::arguments("there are too many points in this range", help));
    }
    let end = jiff::Timestamp::now().as_duration().as_secs_f64();
    let end = end.floor();
    Ok(TimeRange { start: end - length, end, step, zone: jiff::tz::TimeZone::system() })
}

/// Columns and rows of a plot: of the terminal, or what fits into a ticket.
fn size() -> (u16, u16) {
    let terminal = std::io::stdout().is_terminal().then(|| crossterm::terminal::size().ok()).flatten();
    let (columns, rows) = terminal.unwrap_or((100, 32));
    (columns.clamp(40, 240), (rows.saturating_sub(12)).clamp(10, 24))
}

/// What Prometheus says of a query; of one that it cannot read, with a caret below the place.
fn refusal(promql: &str, error: &client::Error) -> Failure {
    let Some((line, column, reason)) = error.answered.then(|| syntax_error(&error.cause)).flatten() else {
        return Error::new("cannot query", error).into();
    };
    let text = promql.lines().nth(line - 1).unwrap_or_default();
    // A column counts bytes.
    let before = text.char_indices().take_while(|(at, _)| *at < column - 1).count();
    let message = format!("this is no PromQL: {reason}\n  | {text}\n  | {}^", " ".repeat(before));
    Failure::arguments(message, "correct the expression where the mark stands")
}

/// Line, column and reason out of `invalid parameter "query": 1:5: parse error: …`.
fn syntax_error(cause: &str) -> Option<(usize, usize, &str)> {
    let (before, reason) = cause.split_once(": parse error: ")?;
    let (before, column) = before.rsplit_once(':')?;
    let line = before.rsplit([' ', ':']).next()?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0 && column > 0).then_some((line, column, reason))
}

fn as_json(answer: &QueryResult) -> Value {
    match answer {
        QueryResult::Series(series) => {
            let result = series.iter().map(|one| json!({ "metric": one.labels, "value": one.points.last().map(pair) }));
            json!({ "resultType": "vector", "result": result.collect::<Vec<_>>() })
        }
        QueryResult::Scalar(point) => json!({ "resultType": "scalar", "result": pair(point) }),
        QueryResult::Text(text) => json!({ "resultType": "string", "result": text }),
    }
}

/// As Prometheus itself writes a range.
fn matrix(series: &[Series]) -> Value {
    let values = |one: &Series| one.points.iter().map(pair).collect::<Vec<_>>();
    let result = series.iter().map(|one| json!({ "metric": one.labels, "values": values(one) }));
    json!({ "resultType": "matrix", "result": result.collect::<Vec<_>>() })
}

/// Values are text, because JSON knows neither NaN nor infinity.
fn pair(point: &Point) -> Value {
    json!([point.time, number(point.value)])
}

/// A number as Prometheus writes it: `+Inf`, `0.5`, `1e+300`.
fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let size = value.abs();
    if value.is_finite() && size > 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    value.to_string()
}

fn plotted(promql: &str, series: Vec<Series>, range: &TimeRange) -> String {
    let (width, height) = size();
    let series: Vec<plot::Series> = series
        .into_iter()
        .map(|one| {
            let name = one.name();
            let points = one.points.iter().map(|point| (point.time, point.value)).collect();
            plot::Series {
                legend: if name.is_empty() { promql.to_owned() } else { name },
                points,
                ..Default::default()
            }
        })
        .collect();
    let panel = Panel { unit: unit(promql), ..Panel::default() };
    let plot = plot::terminal(&panel, &series, range, width, height);
    if locale::is_ascii_only() { plot::in_ascii(&plot) } else { plot }
}

/// The unit that the names of the metrics tell, where they all tell the same and no rate or count makes another of it.
fn unit(promql: &str) -> Unit {
    let changed =
        ["rate(", "increase(", "count(", "count by", "changes(", "/", "*"].iter().any(|word| promql.contains(word));
    let selectors = Expression::parse(promql).map(|expression| expression.selectors()).unwrap_or_default();
    let names = selectors.iter().filter_map(|selector| selector.metric.as_deref());
    let units = names.map(|name| match name {
        name if name.ends_with("_seconds") && !name.contains("timestamp") && !name.contains("start_time") => "s",
        name if name.ends_with("_bytes") => "bytes",
        name if name.ends_with("_ratio") => "percentunit",
        _ => "short",
    });
    let units: BTreeSet<&str> = units.collect();
    let id = units.first().filter(|_| units.len() == 1 && !changed).copied();
    Unit::named(id.unwrap_or("short"))
}

fn as_text(answer: &QueryResult) -> String {
    match answer {
        QueryResult::Series(series) => {
            let rows: Vec<_> = series.iter().map(|one| vec![name(one), value(one)]).collect();
            output::table(&["SERIES", "VALUE"], &rows)
        }
        QueryResult::Scalar(point) => number(point.value),
        QueryResult::Text(text) => text.clone(),
    }
}

/// The series as `PromQL` writes it: `up{job="web"}`; `{}` where it has neither name nor labels.
fn name(series: &Series) -> String {
    let name = series.name();
    if name.is_empty() { "{}".to_owned() } else { name }
}

fn value(series: &Series) -> String {
    series.points.last().map_or_else(|| "histogram".to_owned(), |point| number(point.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_is_pointed_at() {
        let cause = "invalid parameter \"query\": 1:4: parse error: unclosed left brace".to_owned();
        let (url, what) = ("http://p".to_owned(), "a query".to_owned());
        let error = client::Error { service: "Prometheus", url, what, cause, answered: true };
        let Failure::Arguments { message, .. } = refusal("up{", &error) else { panic!("the argument is wrong") };
        assert_eq!(message, "this is no PromQL: unclosed left brace\n  | up{\n  |    ^");
        assert_eq!(syntax_error("execution: too many samples"), None);
        assert_eq!(syntax_error("1:0: parse error: x"), None);
    }

    #[test]
    fn a_range_is_printed_as_prometheus_writes_it() {
        let points = vec![Point { time: 1.0, value: f64::NAN }, Point { time: 2.0, value: 0.5 }];
        let series = Series { labels: [("job".to_owned(), "web".to_owned())].into(), points };
        let expected = json!({"resultType": "matrix", "result": [
            {"metric": {"job": "web"}, "values": [[1.0, "NaN"], [2.0, "0.5"]]}]});
        assert_eq!(matrix(&[series]), expected);
    }

    #[test]
    fn numbers_are_written_as_prometheus_writes_them() {
        for (value, expected) in [
            (1.0, "1"),
            (-0.25, "-0.25"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
            (1e300, "1e+300"),
            (-2.5e-300, "-2.5e-300"),
            (0.0, "0"),
            (1_795_441_031.5, "1795441031.5"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn the_names_of_metrics_tell_the_unit() {
        for (promql, expected) in [
            ("process_resident_memory_bytes", "bytes"),
            ("avg by (job) (scrape_duration_seconds)", "s"),
            ("rate(node_network_receive_bytes_total[5m])", "short"),
            ("a_bytes / b_bytes", "short"),
            ("a_bytes or b_seconds", "short"),
            ("up{", "short"),
        ] {
            assert_eq!(unit(promql).id(), expected, "{promql}");
        }
    }

    #[test]
    fn an_expression_may_begin_with_a_minus_and_options_stay_options() {
        use clap::Parser as _;
        let read = |words: &[&str]| {
            let cli = crate::cli::Cli::try_parse_from([&["stackctl", "query"], words].concat()).expect("it is read");
            let crate::cli::Command::Query(arguments) = cli.command else { panic!("a query") };
            (arguments.promql, arguments.since, cli.global.quiet)
        };
        assert_eq!(read(&["-1/0"]), ("-1/0".to_owned(), None, false));
        assert_eq!(read(&["-up"]).0, "-up");
        let since = Some(Duration::from_secs(600));
        assert_eq!(read(&["--since", "10m", "-q", "-1/0"]), ("-1/0".to_owned(), since, true));
        assert_eq!(read(&["-1/0", "--since", "10m", "-q"]), ("-1/0".to_owned(), since, true));
    }

    #[test]
    fn too_many_points_are_refused_before_anybody_is_asked() {
        let asked = |step: Option<Duration>| Arguments {
            promql: "up".to_owned(),
            since: None,
            step,
            format: QueryFormat::Text,
            which: ByName::default(),
        };
        assert!(range(Duration::from_secs(3600), &asked(Some(Duration::from_millis(100)))).is_err());
        assert!(range(Duration::ZERO, &asked(None)).is_err());
        assert!(range(Duration::from_secs(86_400), &asked(None)).is_ok());
        let table = Arguments { format: QueryFormat::Table, ..asked(None) };
        assert_eq!(range(Duration::from_secs(600), &table).map(|range| range.step).ok(), Some(30.0));
    }
}
