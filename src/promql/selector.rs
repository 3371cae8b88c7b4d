//! A selector: which series a query asks for.

use std::fmt;

/// Which series: a metric, and what its labels have to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// Name of the metric; `None`: any.
    pub metric: Option<String>,
    /// What the labels have to be.
    pub matchers: Vec<Matcher>,
}

/// What a label has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// Name of the label.
    pub label: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: String,
}

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

impl Selector {
    /// A metric without conditions.
    pub fn of(metric: &str) -> Self {
        Self { metric: Some(metric.to_owned()), matchers: Vec::new() }
    }

    /// The same with one more condition. One on the same label with the same operator gives way to it.
    #[must_use]
    pub fn with(mut self, label: &str, operator: Operator, value: &str) -> Self {
        self.matchers.retain(|matcher| matcher.label != label || matcher.operator != operator);
        self.matchers.push(Matcher { label: label.to_owned(), operator, value: value.to_owned() });
        self
    }

    /// The same for the metric whose name has this at its end.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let metric = self.metric.as_ref().map(|metric| format!("{metric}{suffix}"));
        Self { metric, matchers: self.matchers.clone() }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.metric.as_deref().unwrap_or_default())?;
        if self.matchers.is_empty() {
            return Ok(());
        }
        formatter.write_str("{")?;
        for (index, matcher) in self.matchers.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{matcher}")?;
        }
        formatter.write_str("}")
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(formatter, "{}{}\"{value}\"", self.label, self.operator)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        })
    }
}
