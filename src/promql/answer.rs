//! What sort of answer a query has, and mistakes that leave it without one, as far as its text alone tells.

use std::convert::Infallible;

use promql_parser::label::Labels;
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{AtModifier, Call, Expr, LabelModifier, Offset, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

use super::expression::selector_of;
use super::{Expression, Selector};

/// A selector that asks for another time than the one that is looked at: `up offset 1d`, `up @ 0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// Which series.
    pub selector: Selector,
    /// As it is written, with its time.
    pub text: String,
    /// A query that has an answer where the selector finds something at that time.
    pub probe: String,
    /// The time is a fixed one, which comes no nearer by waiting.
    pub is_fixed: bool,
}

impl Expression {
    /// Whether its answer is a text, which nobody can count or draw.
    pub fn is_text(&self) -> bool {
        self.tree.value_type() == ValueType::String
    }

    /// Whether its answer is a stretch of time: no rule can be that, and no line be drawn of it.
    pub fn is_range(&self) -> bool {
        self.tree.value_type() == ValueType::Matrix
    }

    /// Why nothing can be shown of its answer at one moment. `None`: something can.
    pub fn why_not_now(&self) -> Option<String> {
        self.is_text().then(|| "its answer is a text, and nothing can be drawn of it".to_owned())
    }

    /// Why nothing can be drawn over time of it: Prometheus refuses such a query. `None`: something can.
    pub fn why_not_over_time(&self) -> Option<String> {
        let first = self.selectors().into_iter().next().map(|selector| selector.to_string()).unwrap_or_default();
        match self.tree.value_type() {
            ValueType::Matrix => Some(format!(
                "its answer is a stretch of time (a range vector), and nothing can be drawn of it: put `rate(…)` or its \
                 like around `{first}[…]`"
            )),
            _ => self.why_not_now(),
        }
    }

    /// Why it has no answer, whatever is scraped; `None`: it may have one.
    pub fn why_in_vain(&self) -> Option<String> {
        let histogram = self.lost_bounds()?;
        Some(format!(
            "`histogram_quantile` has no answer: what adds up `{histogram}` drops the label `le`, in which its bounds stand"
        ))
    }

    /// The histogram whose bounds are lost before `histogram_quantile` sees them, so that there is no answer ever:
    /// `histogram_quantile(0.99, sum(rate(x_bucket[5m])))`. Only what is named as buckets is known to have bounds.
    fn lost_bounds(&self) -> Option<String> {
        let mut found = LostBounds(None);
        let Ok(_) = walk_expr(&mut found, &self.tree);
        found.0
    }

    /// Whether it divides by a zero that is written out, so that no answer is a number for whoever counts.
    pub fn divides_by_zero(&self) -> bool {
        let mut found = ZeroDivisor(false);
        let Ok(_) = walk_expr(&mut found, &self.tree);
        found.0
    }

    /// Whether it divides one thing by another.
    pub fn divides(&self) -> bool {
        let mut found = Division(false);
        let Ok(_) = walk_expr(&mut found, &self.tree);
        found.0
    }

    /// Every selector that asks for another time.
    pub fn moved(&self) -> Vec<Moved> {
        let mut found = MovedSelectors(Vec::new());
        let Ok(_) = walk_expr(&mut found, &self.tree);
        found.0
    }
}

struct LostBounds(Option<String>);

impl ExprVisitor for LostBounds {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        if let Expr::Call(call) = expression
            && self.0.is_none()
        {
            self.0 = lost_bounds(call);
        }
        Ok(self.0.is_none())
    }
}

fn lost_bounds(call: &Call) -> Option<String> {
    let buckets = call.args.args.last().filter(|_| call.func.name == "histogram_quantile")?;
    let Expr::Aggregate(aggregate) = without_parentheses(buckets) else { return None };
    let names = |labels: &Labels| labels.labels.iter().any(|label| label == "le");
    let keeps = match &aggregate.modifier {
        // These choose among series, and leave those as they are.
        _ if matches!(aggregate.op.to_string().as_str(), "topk" | "bottomk" | "limitk" | "limit_ratio") => true,
        None => false,
        Some(LabelModifier::Include(labels)) => names(labels),
        Some(LabelModifier::Exclude(labels)) => !names(labels),
    };
    if keeps {
        return None;
    }
    let inner = Expression { tree: (**buckets).clone() };
    inner.selectors().into_iter().filter_map(|selector| selector.metric).find(|metric| metric.ends_with("_bucket"))
}

fn without_parentheses(tree: &Expr) -> &Expr {
    match tree {
        Expr::Paren(inner) => without_parentheses(&inner.expr),
        tree => tree,
    }
}

struct ZeroDivisor(bool);

impl ExprVisitor for ZeroDivisor {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        if let Expr::Binary(binary) = expression
            && matches!(binary.op.to_string().as_str(), "/" | "%")
            && let Expr::NumberLiteral(number) = without_parentheses(&binary.rhs)
        {
            self.0 |= number.val == 0.0;
        }
        Ok(!self.0)
    }
}

struct Division(bool);

impl ExprVisitor for Division {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        self.0 |= matches!(expression, Expr::Binary(binary) if binary.op.to_string() == "/");
        Ok(!self.0)
    }
}

struct MovedSelectors(Vec<Moved>);

impl ExprVisitor for MovedSelectors {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        let (selector, text, probe) = match expression {
            Expr::VectorSelector(selector) => (selector, expression.to_string(), format!("count({expression})")),
            Expr::MatrixSelector(matrix) => {
                (&matrix.vs, expression.to_string(), format!("count(count_over_time({expression}))"))
            }
            _ => return Ok(true),
        };
        if is_moved(selector) {
            let is_fixed = matches!(selector.at, Some(AtModifier::At(_)));
            self.0.push(Moved { selector: selector_of(selector), text, probe, is_fixed });
        }
        Ok(true)
    }
}

fn is_moved(selector: &VectorSelector) -> bool {
    matches!(selector.at, Some(AtModifier::At(_))) || matches!(selector.offset, Some(Offset::Pos(_)))
}

#[cfg(test)]
mod tests {
    use super::Expression;

    fn parse(query: &str) -> Expression {
        Expression::parse(query).expect(query)
    }

    #[test]
    fn a_stretch_of_time_and_a_text_cannot_be_drawn_over_time() {
        for query in ["up[5m]", "(up[5m])", "rate(up[5m])[10m:30s]", "(\"hello\")", "\"hello\""] {
            assert!(parse(query).why_not_over_time().is_some(), "{query}");
        }
        let why = parse("a_total{job=\"web\"}[5m]").why_not_over_time().unwrap_or_default();
        assert!(why.contains("`rate(…)` or its like around `a_total{job=\"web\"}[…]`"), "{why}");
        for query in ["up", "1", "time()", "rate(up[5m])", "max_over_time(rate(up[5m])[10m:30s])", "-up", "a / b"] {
            assert_eq!(parse(query).why_not_over_time(), None, "{query}");
        }
        assert!(parse("(up[5m])").is_range() && parse("(\"a\")").is_text());
    }

    #[test]
    fn buckets_that_lose_their_bounds_are_named_and_others_are_not() {
        let lost = |query: &str| parse(query).lost_bounds();
        let some = Some("x_bucket".to_owned());
        assert_eq!(lost("histogram_quantile(0.99, sum(rate(x_bucket[5m])))"), some);
        assert_eq!(lost("1000 * histogram_quantile(0.5, (avg by (job) (rate(x_bucket[5m]))))"), some);
        assert_eq!(lost("histogram_quantile(0.5, sum without (job, le) (rate(x_bucket[5m])))"), some);
        for query in [
            "histogram_quantile(0.99, sum by (le, job) (rate(x_bucket[5m])))",
            "histogram_quantile(0.99, sum without (job) (rate(x_bucket[5m])))",
            "histogram_quantile(0.99, rate(x_bucket[5m]))",
            // A native histogram has its bounds in itself.
            "histogram_quantile(0.99, sum(rate(x[5m])))",
            "sum(rate(x_bucket[5m]))",
        ] {
            assert_eq!(lost(query), None, "{query}");
        }
    }

    #[test]
    fn a_zero_that_is_written_out_is_seen_as_a_divisor() {
        assert!(parse("0 * up / 0").divides_by_zero() && parse("up / (0)").divides_by_zero());
        assert!(!parse("0 / up").divides_by_zero() && !parse("up / 10").divides_by_zero());
        assert!(parse("sum(a) / sum(b)").divides() && !parse("a * b").divides());
    }

    #[test]
    fn selectors_of_another_time_are_told_with_what_asks_for_them() {
        let moved = parse("up offset 1d + rate(a{b=\"c\"}[5m] @ 0) + c").moved();
        let probes: Vec<&str> = moved.iter().map(|one| one.probe.as_str()).collect();
        assert_eq!(probes, ["count(up offset 1d)", "count(count_over_time(a{b=\"c\"}[5m] @ 0.000))"]);
        assert_eq!(moved.iter().map(|one| one.is_fixed).collect::<Vec<_>>(), [false, true]);
        assert_eq!((moved[0].text.as_str(), moved[1].selector.to_string().as_str()), ("up offset 1d", "a{b=\"c\"}"));
        assert!(parse("up offset -1m").moved().is_empty() && parse("up @ end()").moved().is_empty());
    }
}
