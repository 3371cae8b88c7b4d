//! A plan as people read it: one line a step, with the symbols that Terraform made common.

use std::fmt;

use super::{Action, Plan, Step};

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let width = self.steps.iter().map(|step| step.name().chars().count()).max().unwrap_or(0);
        for step in &self.steps {
            writeln!(
                formatter,
                "{} {:<7} {:<9} {:<width$}  {}",
                step.action().symbol(),
                word(step.action()),
                word(step.kind()),
                step.name(),
                step.reason()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{} {} `{}`", word(self.action()), word(self.kind()), self.name())
    }
}

impl Step {
    /// The step without its symbol and reason, as progress lines show it: `create container demo-web-1`.
    pub fn words(&self) -> String {
        format!("{} {} {}", word(self.action()), word(self.kind()), self.name())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&word(self))
    }
}

impl Action {
    /// One character for it: `+` make, `-` take away, `±` replace, `~` change in place, `>` start.
    pub fn symbol(self) -> char {
        match self {
            Self::Create => '+',
            Self::Remove => '-',
            Self::Replace => '±',
            Self::Start => '>',
            Self::Write | Self::Reload | Self::Connect => '~',
        }
    }
}

/// The word that the JSON contract has for it.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("actions and kinds serialise as words"),
    }
}
