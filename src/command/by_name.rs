//! What runs of a stack, found by its file or, where that is wrong or lost, by its name.

use clap_complete::engine::ArgValueCompleter;

use super::{Failure, complete, situation};
use crate::cli::Global;
use crate::engine::{Engine, Observed};
use crate::stack::{Stack, StackName, Wrong};

/// Which stack is meant, where its file does not say it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ByName {
    /// The stack of this name, without its file (see `stackctl ls`)
    #[arg(long, value_name = "STACK", value_parser = stack_name, add = ArgValueCompleter::new(complete::stacks))]
    name: Option<StackName>,
}

/// The name of a stack.
pub(super) fn stack_name(text: &str) -> Result<StackName, String> {
    text.parse().map_err(|wrong: Wrong| wrong.message)
}

/// What runs.
pub(super) struct Seen {
    pub(super) engine: Engine,
    pub(super) observed: Observed,
    pub(super) name: StackName,
    /// What the file says, where it was asked for.
    pub(super) stack: Option<Stack>,
}

impl ByName {
    /// Whether a name was given, so that no file is read.
    pub(super) fn is_given(&self) -> bool {
        self.name.is_some()
    }

    /// Looks at what runs.
    pub(super) async fn look(&self, global: &Global) -> Result<Seen, Failure> {
        let (name, stack) = if let Some(name) = &self.name {
            (name.clone(), None)
        } else {
            let stack = situation::load_without_secrets(global)?.stack;
            (stack.name.clone(), Some(stack))
        };
        let engine = situation::connect().await?;
        let question = match &stack {
            Some(stack) => situation::question(stack, &engine),
            None => situation::question_by_name(name.as_str(), &engine),
        };
        let observed = engine.observe(&question).await?;
        Ok(Seen { engine, observed, name, stack })
    }
}
