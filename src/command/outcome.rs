//! Says what came of a plan that was carried out, where something is amiss.

use super::prove::Death;
use super::situation::Situation;
use super::{failure, output};
use crate::engine::{Error, Observed, ObservedContainer, Outcome};
use crate::plan::{Plan, Step};
use crate::stack::counted;

/// The error of a stack that the engine calls done and that is not.
pub(super) fn not_done(plan: &Plan) -> Error {
    let first = plan.steps.first().map(ToString::to_string).unwrap_or_default();
    Error::new(
        format!("cannot finish stack `{}`", plan.stack),
        format!("the engine has answered that it is done, and it is not: {first} (and {} more)", plan.steps.len() - 1),
    )
    .advise("see who else changes this stack, and run `stackctl up` again")
}

/// Says what failed, and what was left as it is because of it.
pub(super) fn say_failures(situation: &Situation, outcome: &Outcome) {
    for failed in &outcome.failures {
        output::say(&failure::framed(&failed.error.to_string(), failed.error.advice.as_deref()));
    }
    if !outcome.held_back.is_empty() {
        let names: Vec<&str> = outcome.held_back.iter().map(String::as_str).collect();
        output::say(&format!("left as they are, because they need what failed: {}", names.join(", ")));
    }
    let end = format!(
        "{} done, {} failed; the rest of stack `{}` is left as it runs. `stackctl up` goes on from here, and `stackctl verify` says \
         how the rest does",
        counted(outcome.done, "step"),
        outcome.failures.len(),
        situation.desired.stack
    );
    output::say(&output::fitted(&std::io::stderr(), &end, 0));
}

/// What was told to read its new files, and has not said that it took them. The proof that follows tells more of it.
pub(super) fn say_unproven(outcome: &Outcome) {
    for container in &outcome.unproven {
        output::say(&format!(
            "not proven: `{container}` was told to read its new files, and has not said that it took them; `stackctl up` asks \
             again, and `stackctl verify config` shows what is in force"
        ));
    }
}

/// Says which volumes stay that nothing leads to any more: those without a name of containers that were taken away.
pub(super) fn say_nameless(observed: &Observed, plan: &Plan) {
    let is_gone = |container: &&ObservedContainer| {
        plan.steps.iter().any(|step| matches!(step, Step::RemoveContainer { id, .. } if *id == container.id))
    };
    for container in observed.containers.iter().filter(is_gone).filter(|container| !container.nameless.is_empty()) {
        let (number, names) = (counted(container.nameless.len(), "volume"), container.nameless.join(" "));
        output::say(&format!(
            "{number} without a name of `{}` stays; where nobody needs it: `docker volume rm {names}`",
            container.name
        ));
    }
}

/// Says which containers did not stay up, and why.
pub(super) fn say_deaths(deaths: &[Death]) {
    for death in deaths {
        output::say(&failure::framed(&death.error.to_string(), death.error.advice.as_deref()));
    }
}
