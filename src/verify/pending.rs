//! Is every container what the stack file says now? One that is well scraped may still have the ports, the image or the limits of
//! an older stack file, and another may not run that nobody scrapes.

use crate::desired::{Desired, PullPolicy, Service};
use crate::plan::{Action, Plan, Step};

use super::{Cause, Finding, Status, Trouble};

const CHECK: &str = "config";

/// A warning for each container and network that `up` would change; where there is none, one kept promise, as long as there is a
/// Prometheus: without one the check promises nothing. `told`: what was found already, and is not told twice.
pub fn pending(desired: &Desired, plan: &Plan, told: &[Finding]) -> Vec<Finding> {
    let has_failed = |name: &str| {
        let mut failed = told.iter().filter(|finding| finding.status == Status::Fail);
        failed.any(|finding| finding.instance.as_deref() == Some(name))
    };
    let mut steps = plan.steps.iter().filter(|step| is_told(step)).peekable();
    if steps.peek().is_none() {
        let message = "every container is what the stack file says".to_owned();
        let kept = desired.prometheus.as_ref().map(|_| Finding::ok(CHECK, "containers", Some(&desired.stack), message));
        return kept.into_iter().collect();
    }
    steps.filter(|step| !has_failed(step.name())).map(warning).collect()
}

/// Whether a step says that something is not as the file has it. Of files, and whether they are in force, the rest of the check
/// tells; an image that is pulled each time is no difference.
fn is_told(step: &Step) -> bool {
    let is_pulled_each_time = |service: &Service| service.image.pull_policy == PullPolicy::Always;
    (step.makes_or_takes_away() || step.action() == Action::Start)
        && !step.service().is_some_and(|service| is_pulled_each_time(service))
}

fn warning(step: &Step) -> Finding {
    let (reason, does) = (step.reason(), step.action());
    let message = format!("it is not what the stack file says now ({reason}): `up` would {does} it");
    let fix = "run `stackctl up`; `stackctl plan` shows all that it would do";
    let (subject, instance) = match step.service() {
        Some(service) => (service.name.as_str(), Some(step.name())),
        None => (step.name(), None),
    };
    let trouble = Trouble::new(Cause::ContainerStale, message, fix);
    Finding::fail(CHECK, subject, instance, trouble).as_warning()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::Role;
    use crate::verify::fixture;

    fn replacement(pull_policy: PullPolicy) -> Step {
        let mut service = fixture::service("web", Role::App, 1);
        service.image.pull_policy = pull_policy;
        let (id, container, reason) = ("1".to_owned(), "demo-web-1".to_owned(), "ports differ".to_owned());
        Step::ReplaceContainer {
            id,
            service: service.into(),
            replica: 1,
            container,
            yields: false,
            group: None,
            reason,
        }
    }

    fn pending_of(steps: Vec<Step>, told: &[Finding]) -> Vec<Finding> {
        pending(&fixture::demo(Vec::new()), &Plan { stack: "demo".to_owned(), steps }, told)
    }

    #[test]
    fn a_container_that_up_would_replace_is_warned_of_and_nothing_fails() {
        let found = pending_of(vec![replacement(PullPolicy::Missing)], &[]);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.status, one.cause), (Status::Warn, Some(Cause::ContainerStale)), "{one:?}");
        assert_eq!((one.subject.as_str(), one.instance.as_deref()), ("web", Some("demo-web-1")));
        assert!(one.message.contains("(ports differ): `up` would replace it"), "{}", one.message);
        assert!(one.fix.contains("`stackctl up`"), "{}", one.fix);
    }

    #[test]
    fn what_is_as_the_file_says_is_one_kept_promise() {
        for steps in [Vec::new(), vec![replacement(PullPolicy::Always)]] {
            let found = pending_of(steps, &[]);
            assert!(found.len() == 1 && found[0].status == Status::Ok, "{found:?}");
        }
    }

    #[test]
    fn what_has_failed_already_is_not_told_twice() {
        let trouble = Trouble::new(Cause::ContainerMissing, "it is not there", "run `stackctl up`");
        let told = [Finding::fail("targets", "web", Some("demo-web-1"), trouble)];
        assert_eq!(pending_of(vec![replacement(PullPolicy::Missing)], &told), []);
    }
}
