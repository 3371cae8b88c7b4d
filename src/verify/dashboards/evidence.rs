//! What was seen when a panel's queries were put to Prometheus. Plain data.

use std::time::Duration;

use crate::promql::{Matcher, Selector};

/// What a panel's queries came to, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelState {
    /// Each query with its answer.
    pub queries: Vec<QueryState>,
}

/// What one query came to.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryState {
    /// The query as the dashboard has it.
    pub query: String,
    /// Its answer.
    pub answer: Answer,
}

/// What Prometheus said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// So many series, of which so many are a number. The rest is no number: a share of nothing.
    Data {
        /// Series.
        series: usize,
        /// Those whose last value is a number.
        numbers: usize,
    },
    /// Nothing.
    Empty {
        /// Each selector of the query, in order.
        selectors: Vec<SelectorState>,
        /// The query leaves out what does not hold, so that nothing may be the right answer.
        may_be_empty: bool,
    },
    /// It is no query to Prometheus.
    Refused(String),
    /// Prometheus could not be asked.
    Unreachable(String),
}

/// How a selector of an empty query stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectorState {
    /// Which series.
    pub selector: Selector,
    /// What was found.
    pub found: Found,
}

/// What a selector finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Series, and with a length of time enough scrapes of one of them.
    Series,
    /// Series, and too few scrapes within its length of time.
    TooFew {
        /// The length of time.
        length: Duration,
        /// Time between two scrapes.
        interval: Duration,
    },
    /// No series, because there is no such metric.
    NoMetric {
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// No series, although the metric is there: this is what does not hold, and the values that the label has.
    NoMatch {
        /// What does not hold. `None`: each holds somewhere, and nowhere all of them.
        matcher: Option<Matcher>,
        /// Values of the label, sorted, the first few.
        values: Vec<String>,
    },
}
