//! Containers that are replaced together or not at all: of each the one before it stands aside until the others are replaced, too.

use std::collections::BTreeMap;

use super::Error;
use super::apply::{Failure, Run};
use super::successor::{Aside, is_taken};
use crate::plan::Step;

/// A container that was replaced, and is still there.
#[derive(Debug)]
pub(super) struct Held {
    group: usize,
    /// Engine id of the one that stands aside.
    old: String,
    aside: Aside,
    /// Engine id of the one in its place.
    new: String,
    container: String,
    service: String,
}

impl Run<'_> {
    /// The old one goes, where nobody else's replacement can come to need it.
    pub(super) async fn let_go(&self, old: &str, aside: Option<Aside>, new: &str) -> Result<(), Error> {
        let step = self.replacement(old);
        let Some((Step::ReplaceContainer { service, container, group, .. }, aside)) = step.zip(aside) else {
            return Ok(());
        };
        let Some(group) = *group else { return self.engine.remove_container(old, container, None).await };
        let (old, new) = (old.to_owned(), new.to_owned());
        let held = Held { group, old, aside, new, container: container.clone(), service: service.name.clone() };
        self.held.lock().expect("no step panics while it holds the list").push(held);
        Ok(())
    }

    /// Takes the new container away, which has not started, and puts the old one in its place again. The error is the new
    /// one's, with what became of the old one.
    pub(super) async fn bring_back(&self, old: &str, aside: Option<Aside>, new: &str, error: Error) -> Error {
        let Some(aside) = aside else { return error };
        let told = match self.engine.restore_container(old, &aside, new).await {
            Ok(()) if aside.ran() => "the container that ran before runs again".to_owned(),
            Ok(()) => "the container that was there before is there again".to_owned(),
            // One that was replaced together with it, or is at this moment, may have what it had.
            Err(_) if self.has_partners(old) => {
                self.aside.lock().expect("no step panics while it holds the map").insert(old.to_owned(), aside);
                "the container before it comes back with those that were replaced together with it".to_owned()
            }
            Err(failed) if is_taken(&failed) => {
                "and the container before it cannot come back: another one of the stack has its port or its name by now"
                    .to_owned()
            }
            Err(failed) => format!("and the container before it cannot come back: {}", failed.cause),
        };
        Error { cause: format!("{}; {told}", error.cause), ..error }
    }

    /// Containers that gave way to others, and whose own replacement failed or was not tried, are what they were, and so are
    /// those that were replaced together with them: nothing that ran is down because of a mistake.
    pub(super) async fn take_back(&self) {
        let mut back = std::mem::take(&mut *self.aside.lock().expect("no step panics while it holds the map"));
        let held = std::mem::take(&mut *self.held.lock().expect("no step panics while it holds the list"));
        let failed: BTreeMap<usize, String> = back
            .keys()
            .filter_map(|id| match self.replacement(id)? {
                Step::ReplaceContainer { container, group, .. } => Some(((*group)?, container.clone())),
                _ => None,
            })
            .collect();
        for held in held.into_iter().rev() {
            let Some(other) = failed.get(&held.group) else {
                if let Err(error) = self.engine.remove_container(&held.old, &held.container, None).await {
                    let step = format!("remove container `{}`, which was replaced", held.container);
                    self.note(Failure { step, service: Some(held.service), error });
                }
                continue;
            };
            self.undo(held, other, &mut back).await;
        }
        for step in &self.plan.steps {
            let Step::ReplaceContainer { id, .. } = step else { continue };
            let Some(aside) = back.remove(id) else { continue };
            if let Err(error) = self.engine.return_from(&aside, id).await {
                let step = format!("have container `{}` back, which stopped for another one", aside.from());
                let error = if is_taken(&error) {
                    error.advise(
                        "another container of the stack has its port or its name by now: mend what failed, and run `stackctl up` \
                         again, which gives this one what the stack file says",
                    )
                } else {
                    error
                };
                self.note(Failure { step, service: None, error });
            }
        }
    }

    /// Takes the new one away; the one before it is to come back.
    async fn undo(&self, held: Held, other: &str, back: &mut BTreeMap<String, Aside>) {
        let Held { old, aside, new, container, service, .. } = held;
        let attempt = format!("replace container `{container}`");
        let error = match self.engine.remove_container(&new, &container, None).await {
            Ok(()) => {
                back.insert(old, aside);
                self.outcome.lock().expect("no step panics while it holds the outcome").done -= 1;
                let cause = format!(
                    "`{other}` is not replaced, which gives or gets its port, its name or its processes; the container that was \
                     there before comes back"
                );
                Error::new(format!("cannot {attempt}"), cause).advise("mend what failed, and run `stackctl up` again")
            }
            Err(error) => error,
        };
        self.note(Failure { step: attempt, service: Some(service), error });
    }

    /// Whether others are replaced together with it.
    fn has_partners(&self, old: &str) -> bool {
        matches!(self.replacement(old), Some(Step::ReplaceContainer { group: Some(_), .. }))
    }

    /// The step that replaces the container of this engine id.
    fn replacement(&self, old: &str) -> Option<&Step> {
        self.plan.steps.iter().find(|step| matches!(step, Step::ReplaceContainer { id, .. } if id == old))
    }
}
