//! Containers that share the processes of one that is replaced. The kernel ends them with it: where their own replacement is
//! not tried, because that one's failed, they run again once it does. Who the engine has start them with is that very
//! container, and no other one of its name.

use super::apply::{Failure, Run};
use super::successor::aside_name;
use super::{Engine, Error};
use crate::plan::{Plan, Step};

/// A container that ran in the processes of another one, and is to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sharer {
    /// Engine id.
    pub(super) id: String,
    container: String,
    service: String,
    /// The container whose processes it shares.
    owner: String,
    /// Engine id of that, where it is to be replaced, too.
    owner_id: Option<String>,
}

impl Engine {
    /// Those of a plan that run now, or ran until an `up` was killed that had the owner of their processes stand aside. One
    /// that cannot be looked at is told by its own step.
    pub(super) async fn sharers(&self, plan: &Plan) -> Vec<Sharer> {
        let mut found = Vec::new();
        for step in &plan.steps {
            let Step::ReplaceContainer { id, container, service, .. } = step else { continue };
            let Some(owner) = service.container.processes_of.clone() else { continue };
            let owner_id = plan.steps.iter().find_map(|step| match step {
                Step::ReplaceContainer { id, container, .. } if *container == owner => Some(id.clone()),
                _ => None,
            });
            if self.runs(id).await || self.stands_aside(owner_id.as_deref(), &owner).await {
                let (id, container, service) = (id.clone(), container.clone(), service.name.clone());
                found.push(Sharer { id, container, service, owner, owner_id });
            }
        }
        found
    }

    async fn runs(&self, id: &str) -> bool {
        let found = self.inspect(id).await.ok().flatten();
        found.and_then(|found| found.state?.running).unwrap_or(false)
    }

    async fn stands_aside(&self, owner_id: Option<&str>, owner: &str) -> bool {
        let Some(id) = owner_id else { return false };
        let found = self.inspect(id).await.ok().flatten();
        found.and_then(|found| found.name).is_some_and(|name| name.trim_start_matches('/') == aside_name(owner, id))
    }

    /// One that was replaced is gone.
    async fn start_again(&self, sharer: &Sharer) -> Result<(), Error> {
        let Sharer { id, container, owner, owner_id, .. } = sharer;
        let Some(found) = self.inspect(id).await? else { return Ok(()) };
        let is_in_place = found.name.unwrap_or_default().trim_start_matches('/') == container;
        if found.state.and_then(|state| state.running).unwrap_or(false) || !is_in_place {
            return Ok(());
        }
        if let Some(owner_id) = owner_id
            && !self.runs(owner_id).await
        {
            let cause =
                format!("it ended with `{owner}`, whose processes it shared, and which is another one or does not run");
            return Err(Error::new(format!("cannot start container `{container}`"), cause));
        }
        self.start(id, container).await
    }
}

impl Run<'_> {
    /// Starts those that ended with a container that came back, and were not replaced. One whose replacement failed was told.
    pub(super) async fn start_sharers(&self) {
        // In the order of the plan: who shares comes after whose processes it shares.
        for sharer in self.sharers.iter().filter(|sharer| !self.has_failed(&sharer.service)) {
            if let Err(error) = self.engine.start_again(sharer).await {
                let step = format!("start container `{}`", sharer.container);
                self.note(Failure { step, service: Some(sharer.service.clone()), error });
            }
        }
    }
}
