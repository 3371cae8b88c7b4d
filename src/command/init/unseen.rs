//! What somebody names for `init`, and is not among what others run here: whose it is, and what to do.

use std::path::Path;

use super::answers::Wishes;
use super::look::Seen;
use crate::command::{Failure, advice, situation};
use crate::engine::{Called, ContainerState, Engine};

/// Refuses what is to be attached and does not run, or is of a stack.
pub(super) async fn refuse(seen: &Seen, wishes: &Wishes) -> Result<(), Failure> {
    let running = seen.running();
    let is_seen = |name: &&String| running.iter().any(|found| found.is_called(name));
    let Some(name) = wishes.attach.iter().find(|name| !is_seen(name)) else { return Ok(()) };
    let help = "`docker ps` lists the containers that run; of Compose write `PROJECT/SERVICE`";
    let unknown = Failure::arguments(format!("nothing called `{name}` runs here"), help);
    Err(whose(&situation::connect().await?, name).await?.unwrap_or(unknown))
}

/// Why a container cannot be taken over.
pub(super) async fn of_container(engine: &Engine, name: &str) -> Result<Failure, Failure> {
    let unknown = Failure::arguments(format!("no container `{name}` runs here"), "`docker ps` lists those that run");
    Ok(whose(engine, name).await?.unwrap_or(unknown))
}

async fn whose(engine: &Engine, name: &str) -> Result<Option<Failure>, Failure> {
    let Ok(attach) = name.parse() else { return Ok(None) };
    Ok(engine.called(&attach).await?.and_then(|called| refusal(&called, |file| Path::new(file).is_file())))
}

fn refusal(called: &Called, is_there: impl Fn(&str) -> bool) -> Option<Failure> {
    let Called { name, stack, stack_files, state } = called;
    let Some(stack) = stack else {
        let stands_still = !matches!(state, ContainerState::Running | ContainerState::Restarting);
        let (state, help) = match state {
            ContainerState::Paused => ("is paused", format!("run `docker unpause {name}` first")),
            _ => ("does not run", format!("run `docker start {name}` first, so that it can be looked at")),
        };
        return stands_still.then(|| Failure::arguments(format!("container `{name}` is there and {state}"), help));
    };
    let message = format!("container `{name}` is of stack `{stack}`, which stackctl runs already");
    let files = stack_files.join(", ");
    let help = if !stack_files.is_empty() && stack_files.iter().all(|file| is_there(file)) {
        let stackctl = advice::stackctl_of_files(stack_files);
        format!("its stack file is {files}: change it there, and run `{stackctl} up`; `stackctl ls` lists every stack")
    } else {
        format!(
            "its stack file was {files}, and is not there any more: bring it back from where it is kept; or write one anew that \
             says `name: {stack}` (`docker inspect {name}` shows what this container was made with), and `stackctl up` takes \
             over what runs, with its volumes; `stackctl down --name {stack}` takes the stack away, and its volumes stay"
        )
    };
    Some(Failure::arguments(message, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(called: &Called, files: &[&str]) -> Option<String> {
        refusal(called, |file| files.contains(&file)).map(|failure| format!("{failure:?}"))
    }

    #[test]
    fn what_is_of_a_stack_is_told_with_its_file_and_without_it() {
        let called = Called {
            name: "shop-web-1".to_owned(),
            stack: Some("shop".to_owned()),
            stack_files: vec!["/srv/shop/stack.yml".to_owned()],
            state: ContainerState::Running,
        };
        let there = told(&called, &["/srv/shop/stack.yml"]).expect("it is refused");
        assert!(there.contains("is of stack `shop`") && there.contains("-f /srv/shop/stack.yml up"), "{there}");
        let gone = told(&called, &[]).expect("it is refused");
        assert!(gone.contains("not there any more") && gone.contains("`name: shop`"), "{gone}");
    }

    #[test]
    fn what_stands_still_is_named_and_what_runs_is_not_refused() {
        let called = |state| Called { name: "db".to_owned(), stack: None, stack_files: Vec::new(), state };
        let still = told(&called(ContainerState::Exited), &[]).expect("it is refused");
        assert!(still.contains("does not run") && still.contains("docker start db"), "{still}");
        assert_eq!(told(&called(ContainerState::Running), &[]), None);
    }
}
