//! What was seen when a panel's queries were put to Prometheus. Plain data.

use crate::verify::series::SelectorState;

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
        /// The query divides by a zero that is written out, so that there is never a number.
        divides_by_zero: bool,
    },
    /// Nothing.
    Empty(Silence),
    /// It is no query to Prometheus.
    Refused(String),
    /// Prometheus could not be asked.
    Unreachable(String),
}

/// What is known of a query without an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Silence {
    /// Each selector of the query, in order.
    pub selectors: Vec<SelectorState>,
    /// The query leaves out what does not hold, so that nothing may be the right answer.
    pub may_be_empty: bool,
    /// The query divides one thing by another.
    pub divides: bool,
    /// Why it has no answer, whatever is scraped.
    pub in_vain: Option<String>,
}
