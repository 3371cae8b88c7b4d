//! Whom `query --name` asks: the Prometheus that runs in a stack of that name, whatever its file says.

use std::net::SocketAddr;

use crate::catalog::prometheus::{CLIENT_FILE, PROMETHEUS};
use crate::client::Prometheus;
use crate::engine::{Error, Observed, ObservedContainer};
use crate::verify;

/// The first Prometheus that runs and knows of everything.
pub(super) fn prometheus(observed: &Observed, stack: &str) -> Result<Prometheus, Error> {
    let cannot = |cause: String, advice: &str| Error::new("cannot ask Prometheus", cause).advise(advice);
    let answering = observed.containers.iter().filter_map(|container| Some((number(&container.service)?, container)));
    let mut answering: Vec<(u32, &ObservedContainer)> = answering.collect();
    answering.sort_by_key(|(number, _)| *number);
    if answering.is_empty() {
        let advice = "`stackctl ls --all` names the stacks of this engine, `stackctl ps --name STACK` what one has";
        return Err(cannot(format!("stack `{stack}` has none here"), advice));
    }
    let Some((container, url)) = answering.iter().find_map(|(_, container)| Some((container, url(container)?))) else {
        return Err(cannot("it does not run".to_owned(), "`stackctl up` starts it"));
    };
    if container.files.contains_key(CLIENT_FILE) {
        let cause = "it asks for a password, or shows a certificate, and only the stack file says which";
        return Err(cannot(cause.to_owned(), "name the file with `-f` in place of `--name`"));
    }
    Prometheus::new(&url).map_err(|error| cannot(error.to_string(), "look at `stackctl ps --name STACK`"))
}

/// Which of the servers that have the whole a service is: `prometheus` is the first, `prometheus-2` the second. `None`: it is
/// something else, or a shard.
fn number(service: &str) -> Option<u32> {
    match service.strip_prefix(PROMETHEUS.name)? {
        "" => Some(1),
        rest => rest.strip_prefix('-')?.parse().ok(),
    }
}

/// Where this host reaches it: where it is published, else at its own address. `None`: it does not run.
fn url(container: &ObservedContainer) -> Option<String> {
    let published = container.ports.iter().filter_map(|port| {
        let (host, inside) = port.split_once("->")?;
        let (inside, _) = inside.split_once('/')?;
        (inside.parse() == Ok(PROMETHEUS.port)).then(|| host.parse::<SocketAddr>().ok())?
    });
    let address = container.addresses.values().flatten().next().copied();
    verify::reachable(container, published.into_iter().next(), address, PROMETHEUS.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ContainerState;
    use crate::verify::fixture;

    fn asked(change: impl FnOnce(&mut Observed)) -> Result<String, String> {
        let mut observed = fixture::observed();
        change(&mut observed);
        prometheus(&observed, "demo").map(|prometheus| prometheus.url().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_that_runs_is_asked_where_it_is_published_or_at_its_own_address() {
        assert_eq!(asked(|_| {}), Ok("http://172.18.0.2:9090".to_owned()));
        let published = |observed: &mut Observed| {
            observed.containers[0].ports = vec!["0.0.0.0:9095->9090/tcp".to_owned()];
        };
        assert_eq!(asked(published), Ok("http://127.0.0.1:9095".to_owned()));
        let fallen = |observed: &mut Observed| {
            observed.containers[0].state = ContainerState::Exited;
            observed.containers.push(fixture::container("prometheus-2", 1, 3));
            observed.containers.push(fixture::container("prometheus-shard-1", 1, 4));
        };
        assert_eq!(asked(fallen), Ok("http://172.18.0.3:9090".to_owned()));
    }

    #[test]
    fn one_that_cannot_be_asked_is_told() {
        assert!(asked(|observed| observed.containers.clear()).is_err_and(|told| told.contains("has none here")));
        let fallen = |observed: &mut Observed| observed.containers[0].state = ContainerState::Exited;
        assert!(asked(fallen).is_err_and(|told| told.contains("does not run")));
        let guarded = |observed: &mut Observed| {
            observed.containers[0].files.insert(CLIENT_FILE.to_owned(), None);
        };
        assert!(asked(guarded).is_err_and(|told| told.contains("password")));
    }
}
