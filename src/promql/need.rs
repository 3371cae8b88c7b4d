//! What a query needs so that it can ever have an answer, and which labels its answer keeps.

use promql_parser::label::Labels;
use promql_parser::parser::{BinaryExpr, Expr, LabelModifier};

use super::expression::selector_of;
use super::{Expression, Selector};

/// What a query needs so that it can have an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it has an answer without any series, as `vector(1)` and `absent(up)` have.
    Nothing,
    /// Series that this finds.
    Series(Selector),
    /// Each of these.
    All(Vec<Need>),
    /// One of these.
    Any(Vec<Need>),
}

impl Need {
    /// Whether it is met, where that is known of a single selector.
    pub fn is_met(&self, has_series: &impl Fn(&Selector) -> bool) -> bool {
        match self {
            Self::Nothing => true,
            Self::Series(selector) => has_series(selector),
            Self::All(needs) => needs.iter().all(|need| need.is_met(has_series)),
            Self::Any(needs) => needs.iter().any(|need| need.is_met(has_series)),
        }
    }

    /// Every selector, in the order of the text.
    pub fn selectors(&self) -> Vec<&Selector> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Series(selector) => vec![selector],
            Self::All(needs) | Self::Any(needs) => needs.iter().flat_map(Self::selectors).collect(),
        }
    }
}

impl Expression {
    /// What it needs so that it can have an answer.
    pub fn need(&self) -> Need {
        need(&self.tree)
    }

    /// The labels that every series of its answer has at most, sorted; `None`: those of the series it asks for.
    pub fn kept_labels(&self) -> Option<Vec<String>> {
        kept(&self.tree)
    }
}

fn need(tree: &Expr) -> Need {
    match tree {
        Expr::VectorSelector(selector) => Need::Series(selector_of(selector)),
        Expr::MatrixSelector(matrix) => Need::Series(selector_of(&matrix.vs)),
        Expr::Paren(inner) => need(&inner.expr),
        Expr::Unary(inner) => need(&inner.expr),
        Expr::Subquery(inner) => need(&inner.expr),
        Expr::Aggregate(aggregate) => need(&aggregate.expr),
        // What asks for what is not there has its answer just then.
        Expr::Call(call) if call.func.name.starts_with("absent") => Need::Nothing,
        Expr::Call(call) => all(call.args.args.iter().map(|argument| need(argument)).collect()),
        Expr::Binary(binary) => of_two(binary),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => Need::Nothing,
    }
}

fn of_two(binary: &BinaryExpr) -> Need {
    match binary.op.to_string().as_str() {
        "or" => Need::Any(vec![need(&binary.lhs), need(&binary.rhs)]),
        "unless" => need(&binary.lhs),
        _ => all(vec![need(&binary.lhs), need(&binary.rhs)]),
    }
}

fn all(mut needs: Vec<Need>) -> Need {
    needs.retain(|need| *need != Need::Nothing);
    match needs.len() {
        0 => Need::Nothing,
        1 => needs.remove(0),
        _ => Need::All(needs),
    }
}

fn kept(tree: &Expr) -> Option<Vec<String>> {
    match tree {
        Expr::Paren(inner) => kept(&inner.expr),
        Expr::Unary(inner) => kept(&inner.expr),
        Expr::Aggregate(aggregate) => match aggregate.op.to_string().as_str() {
            "topk" | "bottomk" | "limitk" | "limit_ratio" | "count_values" => None,
            _ => match &aggregate.modifier {
                None => Some(Vec::new()),
                Some(LabelModifier::Include(labels)) => Some(sorted(labels)),
                Some(LabelModifier::Exclude(_)) => None,
            },
        },
        Expr::Call(call) if matches!(call.func.name, "histogram_quantile" | "clamp_min" | "clamp_max" | "abs") => {
            let series = call.args.args.iter().find(|argument| !matches!(***argument, Expr::NumberLiteral(_)))?;
            let labels = kept(series)?;
            let loses_le = call.func.name == "histogram_quantile";
            Some(labels.into_iter().filter(|label| !loses_le || label != "le").collect())
        }
        Expr::Call(call) if matches!(call.func.name, "vector" | "time") => Some(Vec::new()),
        Expr::Binary(binary) => kept_of_two(binary),
        _ => None,
    }
}

/// What one to one, or a number beside a series, keeps. Anything richer is not told.
fn kept_of_two(binary: &BinaryExpr) -> Option<Vec<String>> {
    if binary.op.to_string() == "or" || binary.modifier.as_ref().is_some_and(|found| found.matching.is_some()) {
        return None;
    }
    if is_number(&binary.lhs) { kept(&binary.rhs) } else { kept(&binary.lhs) }
}

/// Whether it is one number, which has no labels to keep: `86400`, `time()`, `scalar(…)`.
fn is_number(tree: &Expr) -> bool {
    match tree {
        Expr::NumberLiteral(_) => true,
        Expr::Paren(inner) => is_number(&inner.expr),
        Expr::Unary(inner) => is_number(&inner.expr),
        Expr::Call(call) => matches!(call.func.name, "time" | "scalar" | "pi"),
        Expr::Binary(binary) => is_number(&binary.lhs) && is_number(&binary.rhs),
        _ => false,
    }
}

fn sorted(labels: &Labels) -> Vec<String> {
    let mut labels = labels.labels.clone();
    labels.sort();
    labels
}

#[cfg(test)]
mod tests {
    use super::Expression;

    fn is_met(query: &str, there: &[&str]) -> bool {
        let need = Expression::parse(query).expect("a query").need();
        need.is_met(&|selector| there.contains(&selector.metric.as_deref().unwrap_or_default()))
    }

    #[test]
    fn a_query_needs_both_sides_of_an_operator_and_one_side_of_or() {
        assert!(is_met("a / b > 1", &["a", "b"]));
        assert!(!is_met("a / b > 1", &["a"]));
        assert!(is_met("(sum(rate(a[5m])) or 0 * b) / b", &["b"]));
        assert!(!is_met("a or b", &[]));
        assert!(is_met("a unless b", &["a"]));
        assert!(!is_met("a and b", &["a"]));
        assert!(!is_met("max_over_time(rate(a[5m])[1h:1m])", &[]));
    }

    #[test]
    fn what_asks_for_what_is_absent_needs_nothing() {
        for query in ["vector(1)", "absent(a)", "absent_over_time(a[5m])", "sum(a) or vector(0)"] {
            assert!(is_met(query, &[]), "{query}");
        }
        assert!(!is_met("absent(a) and b", &[]));
    }

    #[test]
    fn the_labels_that_stay_are_told_where_they_are_known() {
        let kept = |query: &str| Expression::parse(query).expect("a query").kept_labels();
        let some = |labels: &[&str]| Some(labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>());
        assert_eq!(kept("sum by (job, code) (rate(a[5m])) > 1"), some(&["code", "job"]));
        assert_eq!(kept("sum(a) / sum(b)"), some(&[]));
        assert_eq!(kept("time() - max by (job) (a) > 60"), some(&["job"]));
        assert_eq!(kept("histogram_quantile(0.9, sum by (le, job) (rate(a_bucket[5m])))"), some(&["job"]));
        for query in ["up == 0", "sum without (instance) (a)", "topk(3, a)", "sum(a) or b", "a * on (job) b"] {
            assert_eq!(kept(query), None, "{query}");
        }
    }
}
