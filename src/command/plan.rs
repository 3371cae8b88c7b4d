//! `plan`: what `up` would do, and why.

use serde_json::{Value, json};

use super::advice::typed;
use super::changes::{Changes, Extent};
use super::host_ports::Taken;
use super::learn::News;
use super::situation::{Situation, Wishes};
use super::{Exit, Failure, failure, host_ports, learn, obstacles, output, summary};
use crate::cli::{Format, Global};
use crate::engine::{Error, without_secrets};
use crate::plan::Plan;

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
    /// Show every line that changes in files, not only the first ones
    #[arg(long)]
    full: bool,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let wishes = Wishes { scale: &arguments.scale.scale, locked: arguments.locked.locked, ..Wishes::default() };
    let situation = Situation::of(global, wishes).await?;
    let plan = situation.plan();
    obstacles::refuse(&situation, &plan).await?;
    let news = learn::news(&situation).await;
    let refusals = Refusals::of(&situation, &plan).await?;
    match arguments.output.format {
        Format::Json => {
            let changes = Changes::of(&situation, &plan, Extent::Full).await;
            let mut json = plan.to_json();
            // An image's name may hold a value that is secret.
            for (index, reference) in
                plan.steps.iter().enumerate().filter_map(|(at, it)| Some((at, it.image_reference()?)))
            {
                json["steps"][index]["name"] = without_secrets(reference.to_owned()).into();
            }
            for (step, diff) in (0..plan.steps.len()).filter_map(|step| Some((step, changes.of_step(step)?))) {
                json["steps"][step]["diff"] = diff.into();
            }
            if !news.is_empty() {
                json["learned"] = news.iter().map(News::as_json).collect();
            }
            if !refusals.is_empty() {
                json["refused"] = refusals.as_json();
            }
            output::print_json(&json);
        }
        Format::Text => {
            if plan.is_empty() {
                output::print(&format!("nothing to do: stack `{}` is what the file says", plan.stack));
            } else {
                output::print(&painted(&plan));
            }
            for one in &news {
                output::print(&format!("{}: `stackctl up` makes its dashboard and alerts of that", one.words()));
            }
            let extent = if arguments.full || global.verbose > 0 { Extent::Full } else { Extent::Short };
            let changes =
                Changes::of(&situation, &plan, extent).await.shown(&typed("; `stackctl plan --full` shows all"));
            if !changes.is_empty() {
                output::print(&format!("\n{changes}"));
            }
        }
    }
    summary::say_renamed(&situation).await;
    refusals.say();
    if global.verbose > 0 {
        situation.say_left_out();
    } else if !global.quiet && !plan.is_empty() {
        situation.name_left_out();
    }
    summary::say_scales(&situation.desired);
    // What is still to be learned is of the running apps, and no difference between the file and the stack.
    Ok(if plan.is_empty() { Exit::Done } else { Exit::NotAsDesired })
}

/// What `up` would not do of a plan. What stands in the way of looking at one is an error of its own.
struct Refusals {
    /// Why it would do nothing at all.
    whole: Vec<Error>,
    /// Containers that it would leave as they are.
    containers: Taken,
}

impl Refusals {
    async fn of(situation: &Situation, plan: &Plan) -> Result<Self, Error> {
        let whole = situation.taken_over(plan).into_iter().chain(situation.missing_secrets()).collect();
        Ok(Self { whole, containers: host_ports::taken(situation, plan).await? })
    }

    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.containers.is_empty()
    }

    fn say(&self) {
        for error in &self.whole {
            output::say(&failure::framed(&error.to_string(), error.advice.as_deref()));
        }
        host_ports::say(&self.containers);
    }

    /// `[{"message", "help", "container"}]`; `container` is `null` where all of the plan is refused.
    fn as_json(&self) -> Value {
        let one = |container: Option<&String>, error: &Error| {
            let help = error.advice.as_deref().map(typed);
            json!({ "message": typed(&error.to_string()), "help": help, "container": container })
        };
        let whole = self.whole.iter().map(|error| one(None, error));
        whole.chain(self.containers.iter().map(|(container, error)| one(Some(container), error))).collect()
    }
}

/// The plan, with what each step does in its colour.
fn painted(plan: &Plan) -> String {
    let text = plan.to_string();
    let lines = text.lines().zip(&plan.steps).map(|(line, step)| {
        // The symbol, a space, the action.
        let words = line.match_indices(' ').nth(1).map_or(line.len(), |(end, _)| end);
        let (does, what) = line.split_at(words);
        let what = match step.image_reference() {
            Some(_) => without_secrets(what.to_owned()),
            None => what.to_owned(),
        };
        output::paint(output::style_of(step.action()), does) + &what
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Image, ImageOrigin, PullPolicy};
    use crate::plan::Step;

    #[test]
    fn programs_are_told_what_up_would_refuse() {
        let error = |cause: &str| Error::new("cannot", cause).advise("do");
        let containers = Taken::from([("demo-web-1".to_owned(), error("port"))]);
        let refusals = Refusals { whole: vec![error("secret")], containers };
        let told = json!([
            { "message": "cannot: secret", "help": "do", "container": null },
            { "message": "cannot: port", "help": "do", "container": "demo-web-1" },
        ]);
        assert_eq!(refusals.as_json(), told);
        assert!(Refusals { whole: Vec::new(), containers: Taken::new() }.is_empty());
    }

    #[test]
    fn what_comes_is_green_and_what_goes_is_red() {
        let image = Image {
            reference: "web:1".to_owned(),
            origin: ImageOrigin::Registry,
            pull_policy: PullPolicy::Missing,
            content: None,
        };
        let reason = "not in the stack file".to_owned();
        let steps = vec![
            Step::GetImage { image, reason: "missing".to_owned() },
            Step::RemoveContainer { id: "1".to_owned(), container: "demo-web-1".to_owned(), reason },
        ];
        let text = painted(&Plan { stack: "demo".to_owned(), steps });
        let (green, red) = (output::paint(output::GREEN, "+ create"), output::paint(output::RED, "- remove"));
        assert_eq!(
            text,
            format!("{green}  image     web:1       missing\n{red}  container demo-web-1  not in the stack file")
        );
    }
}
