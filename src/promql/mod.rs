//! `PromQL`: is a query one, what does it ask for, and what stands for Grafana's macros when it is asked elsewhere.
//! The only folder that knows the parser.

mod answer;
mod expression;
mod fill;
mod need;
mod notation;
mod selector;

pub use answer::Moved;
pub use expression::{Expression, ParseError, Range};
pub use fill::{Filling, fill, fill_words, variables};
pub use need::Need;
pub use notation::{is_series, wrong_value};
pub use selector::{Matcher, Operator, Selector};
