//! A query that parses, and what can be told of it without a Prometheus.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use promql_parser::label::{self, MatchOp};
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use super::{Matcher, Operator, Selector};

/// The longest query that is read, in bytes. The parser takes ever more time for each further term; a longer one is made by a
/// program and none that people can check.
const LONGEST: usize = 16 * 1024;

/// A query that parses.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    pub(super) tree: Expr,
}

/// Why a text is not a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(String);

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}

/// A selector with a length of time: `metric[5m]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Which series.
    pub selector: Selector,
    /// How far back.
    pub length: Duration,
}

impl Expression {
    /// Reads a query in which macros and variables are replaced already. It follows the grammar of Prometheus 3.8.
    pub fn parse(query: &str) -> Result<Self, ParseError> {
        if query.trim().is_empty() {
            return Err(ParseError("it is empty".to_owned()));
        }
        if query.len() > LONGEST {
            let message = format!("it has {} bytes, and the longest that is read has {LONGEST}", query.len());
            return Err(ParseError(message));
        }
        let tree = parser::parse(query).map_err(|error| ParseError(error.trim().to_owned()))?;
        Ok(Self { tree })
    }

    /// Whether both ask the same, in whatever order the matchers of a selector stand: Prometheus sorts them.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self == other || self.tree.to_string() == other.tree.to_string()
    }

    /// Every selector, in the order of the text.
    pub fn selectors(&self) -> Vec<Selector> {
        self.found().into_iter().map(|(selector, _)| selector).collect()
    }

    /// Every selector with a length of time.
    pub fn ranges(&self) -> Vec<Range> {
        let ranged = self.found().into_iter();
        ranged.filter_map(|(selector, length)| Some(Range { selector, length: length? })).collect()
    }

    /// The one selector that the query is: `metric{label="value"}` and nothing around it.
    pub fn as_selector(&self) -> Option<Selector> {
        match &self.tree {
            Expr::VectorSelector(selector) => Some(selector_of(selector)),
            _ => None,
        }
    }

    /// Whether no answer can be the right answer: it compares, so that it holds only where something is the case, or
    /// asks for what is absent.
    pub fn may_be_empty(&self) -> bool {
        filters(&self.tree)
    }

    fn found(&self) -> Vec<(Selector, Option<Duration>)> {
        let mut collector = Collector(Vec::new());
        let Ok(_) = walk_expr(&mut collector, &self.tree);
        collector.0
    }
}

struct Collector(Vec<(Selector, Option<Duration>)>);

impl ExprVisitor for Collector {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        match expression {
            Expr::VectorSelector(selector) => self.0.push((selector_of(selector), None)),
            Expr::MatrixSelector(matrix) => self.0.push((selector_of(&matrix.vs), Some(matrix.range))),
            _ => {}
        }
        Ok(true)
    }
}

pub(super) fn selector_of(selector: &VectorSelector) -> Selector {
    let matchers: Vec<Matcher> = selector.matchers.matchers.iter().map(matcher_of).collect();
    let (of_name, matchers): (Vec<_>, Vec<_>) =
        matchers.into_iter().partition(|matcher| matcher.label == "__name__" && matcher.operator == Operator::Equal);
    let metric = of_name.into_iter().next().map(|matcher| matcher.value);
    Selector { metric: selector.name.clone().or(metric), matchers }
}

fn matcher_of(matcher: &label::Matcher) -> Matcher {
    let operator = match matcher.op {
        MatchOp::Equal => Operator::Equal,
        MatchOp::NotEqual => Operator::NotEqual,
        MatchOp::Re(_) => Operator::Matches,
        MatchOp::NotRe(_) => Operator::MatchesNot,
    };
    Matcher { label: matcher.name.clone(), operator, value: matcher.value.clone() }
}

/// Does the outermost part leave out what does not hold?
fn filters(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inner) => filters(&inner.expr),
        Expr::Aggregate(aggregate) => filters(&aggregate.expr),
        Expr::Binary(binary) => {
            let compares = binary.op.is_comparison_operator() && !binary.return_bool();
            let unless = binary.op.to_string() == "unless";
            compares || unless || filters(&binary.lhs) || filters(&binary.rhs)
        }
        Expr::Call(call) => call.func.name.starts_with("absent") || call.args.args.iter().any(|part| filters(part)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    fn selectors(query: &str) -> Vec<String> {
        let expression = Expression::parse(query).expect("a query");
        expression.selectors().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_selector_of_a_query_is_found() {
        let query = r#"sum by (le) (rate(a_bucket{job="web",code=~"5.."}[5m])) / on() group_left max_over_time(b[1h:1m]) or {__name__="c"}"#;
        assert_eq!(selectors(query), [r#"a_bucket{job="web",code=~"5.."}"#, "b", "c"]);
    }

    #[test]
    fn lengths_of_time_are_told_with_their_selector() {
        let expression = Expression::parse("rate(a[5m]) + b").expect("a query");
        let ranges = expression.ranges();
        assert_eq!(ranges.len(), 1);
        assert_eq!((ranges[0].selector.to_string(), ranges[0].length.as_secs()), ("a".to_owned(), 300));
    }

    #[test]
    fn the_order_of_matchers_changes_nothing_and_everything_else_does() {
        let parse = |query: &str| Expression::parse(query).expect("a query");
        let rendered = parse("rate(a{le=\"0.25\",job=\"web\"}[5m]) / 1e-9");
        assert!(rendered.asks_the_same(&parse("rate(a{job=\"web\",le=\"0.25\"}[5m]) / 1e-09")));
        for other in ["rate(a{job=\"web\",le=\"0.5\"}[5m]) / 1e-9", "rate(a{job=\"web\",le=\"0.25\"}[4m]) / 1e-9"] {
            assert!(!rendered.asks_the_same(&parse(other)), "{other}");
        }
    }

    #[test]
    fn what_compares_may_be_empty() {
        for (query, expected) in [
            ("up == 0", true),
            ("sum(up == bool 0)", false),
            ("sum(rate(a[5m]) > 0)", true),
            ("absent(up)", true),
            ("a unless b", true),
            ("a or b", false),
            ("rate(a[5m])", false),
        ] {
            assert_eq!(Expression::parse(query).expect("a query").may_be_empty(), expected, "{query}");
        }
    }

    #[test]
    fn the_longest_query_is_read_and_a_longer_one_is_refused() {
        let sum = |terms: usize| vec!["1"; terms].join("+");
        let longest = sum(super::LONGEST / 2);
        // As large a stack as the program's own thread has: the tree is as deep as the query has terms.
        let read = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
            let read = Expression::parse(&longest).expect("so long a query is read");
            (read.selectors().len(), read.may_be_empty(), read.kept_labels(), read.need().selectors().len())
        });
        assert_eq!(read.expect("a thread").join().expect("it ends"), (0, false, None, 0));
        let error = Expression::parse(&sum(100_000)).expect_err("it is longer");
        assert_eq!(error.to_string(), "it has 199999 bytes, and the longest that is read has 16384");
    }

    #[test]
    fn what_is_no_query_is_refused_with_the_reason() {
        for query in ["", "sum(", "rate(up)", "up{job=}", "a b", "up[5m", "up{job=~\"[\"}"] {
            let error = Expression::parse(query).expect_err(query);
            assert!(!error.to_string().is_empty(), "{query}");
        }
    }
}
