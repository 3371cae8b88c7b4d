//! `plan`: what `up` would do, and why.

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, failure, host_ports, output};
use crate::cli::{Format, Global};

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exits with 0 when there is nothing to do and with 3 when there is.")]
pub struct Arguments {
    #[command(flatten)]
    pub(super) output: crate::cli::Output,
    #[command(flatten)]
    scale: crate::cli::Scale,
    #[command(flatten)]
    locked: crate::cli::Locked,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let wishes = Wishes { scale: &arguments.scale.scale, locked: arguments.locked.locked, ..Wishes::default() };
    let situation = Situation::of(global, wishes).await?;
    situation.refuse_missing_externals()?;
    situation.refuse_unfit_receivers()?;
    let plan = situation.plan();
    match arguments.output.format {
        Format::Json => output::print_json(&plan.to_json()),
        Format::Text if plan.is_empty() => {
            output::print(&format!("nothing to do: stack `{}` is what the file says", plan.stack));
        }
        Format::Text => output::print(plan.to_string().trim_end()),
    }
    if let Some(refusal) = situation.taken_over(&plan) {
        output::say(&failure::framed(&refusal.to_string(), refusal.advice.as_deref()));
    }
    host_ports::say(&host_ports::taken(&situation, &plan).await?);
    situation.say_left_out();
    Ok(if plan.is_empty() { Exit::Done } else { Exit::NotAsDesired })
}
