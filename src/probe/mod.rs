//! What runs inside the stack's network, from where Prometheus stands: names, sockets, answers. Knows no Docker.
//!
//! It only reports what it saw. What that means is decided by `verify`.

mod delivery;
mod http;
mod listeners;
mod name;
mod report;
mod request;
mod socket;

pub use delivery::{Delivered, Delivery, KeptBack, Posted};
pub use listeners::{listening, local_listeners};
pub use report::{Answer, Body, Connect, Http, Listener, Looked, Lookup, Other, Report};
pub use request::{Credentials, PATHS, Request, Socket, Target};

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use http::Client;

/// Targets looked at side by side. Waiting costs next to nothing; the bound is for sockets and bodies.
const CONCURRENT_TARGETS: usize = 128;

/// How long a socket may take to open.
const SOCKET_PATIENCE: Duration = Duration::from_secs(5);

/// Looks at all that was asked for, and returns when that is done or the budget is used up.
///
/// Targets come back in the order of the request, each exactly once.
pub async fn run(request: Request) -> Report {
    let deadline = Instant::now() + Duration::from_millis(request.budget_ms);
    let client = match Client::new() {
        Ok(client) => client,
        Err(error) => return Report { trouble: Some(error), ..Report::default() },
    };
    let (targets, names, sockets, listeners, delivered) = tokio::join!(
        look_at_all(&client, &request, deadline),
        look_up_all(&request.names, deadline),
        try_all(&request.sockets, deadline),
        listeners_here(&client, request.listeners.as_deref(), deadline),
        deliver(request.delivery.as_ref(), deadline),
    );
    let trouble = listeners.as_ref().err().or(delivered.as_ref().err()).cloned();
    let (listeners, delivered) = (listeners.unwrap_or_default(), delivered.unwrap_or_default());
    Report { targets, names, sockets, delivered, listeners, trouble }
}

/// The client libraries whose expositions are at these URLs, in their order.
pub async fn libraries(urls: &[String]) -> Vec<Option<&'static str>> {
    let Ok(client) = Client::new() else { return vec![None; urls.len()] };
    futures_util::stream::iter(urls).map(|url| client.library_at(url)).buffered(CONCURRENT_TARGETS).collect().await
}

async fn deliver(delivery: Option<&Delivery>, deadline: Instant) -> Result<BTreeMap<String, Delivered>, String> {
    let Some(delivery) = delivery else { return Ok(BTreeMap::new()) };
    timeout_at(deadline, delivery::deliver(delivery))
        .await
        .unwrap_or_else(|_| Err("the alerts were not done in time".to_owned()))
}

/// Opens sockets, and sends nothing.
async fn try_all(sockets: &[Socket], deadline: Instant) -> Vec<Looked> {
    futures_util::stream::iter(sockets)
        .map(|socket| async move {
            let id = || socket.id.clone();
            timeout_at(deadline, try_one(socket)).await.unwrap_or_else(|_| Looked::unfinished(id()))
        })
        .buffered(CONCURRENT_TARGETS)
        .collect()
        .await
}

async fn try_one(socket: &Socket) -> Looked {
    let mut looked = Looked::unfinished(socket.id.clone());
    let lookup = name::look_up(&socket.host).await;
    if let Lookup::Found { addresses } = &lookup {
        looked.connect = socket::connect(addresses, socket.port, SOCKET_PATIENCE).await;
    }
    looked.lookup = Some(lookup);
    looked
}

async fn look_at_all(client: &Client, request: &Request, deadline: Instant) -> Vec<Looked> {
    futures_util::stream::iter(&request.targets)
        .map(|target| async move {
            let patience = Duration::from_millis(request.patience_ms);
            timeout_at(deadline, look_at(client, target, patience))
                .await
                .unwrap_or_else(|_| Looked::unfinished(target.id.clone()))
        })
        .buffered(CONCURRENT_TARGETS)
        .collect()
        .await
}

/// One target: its name, its socket, its answer; and, where that is not what it should be, what else answers.
async fn look_at(client: &Client, target: &Target, patience: Duration) -> Looked {
    let mut looked = Looked::unfinished(target.id.clone());
    let Some((host, port)) = target.host_and_port() else {
        looked.connect = Connect::Unreachable { message: format!("`{}` is not a URL", target.url) };
        return looked;
    };
    let addresses = match name::look_up(&host).await {
        Lookup::Found { addresses } => addresses,
        failed @ Lookup::Failed { .. } => {
            looked.lookup = Some(failed);
            return looked;
        }
    };
    looked.connect = socket::connect(&addresses, port, target.timeout()).await;
    looked.lookup = Some(Lookup::Found { addresses });
    match looked.connect {
        Connect::Open => ask(client, target, patience, &mut looked).await,
        Connect::Refused => looked.others = client.other_ports(target).await,
        _ => {}
    }
    looked
}

async fn ask(client: &Client, target: &Target, patience: Duration, looked: &mut Looked) {
    let answer = client.ask(target, &target.url, target.timeout() + patience).await;
    looked.other_scheme = match &answer {
        Answer::Broken { .. } => client.answers_with_other_scheme(target).await,
        Answer::Http(http) if http.status == 400 => client.answers_with_other_scheme(target).await,
        _ => false,
    };
    let has_none = |answer: &Answer| matches!(answer, Answer::Http(http) if !http.is_metrics() || http.is_empty());
    if !looked.other_scheme && has_none(&answer) {
        looked.others = client.other_paths(target).await;
    }
    looked.answer = Some(answer);
}

async fn look_up_all(names: &[String], deadline: Instant) -> BTreeMap<String, Lookup> {
    let out_of_time = || Lookup::Failed { message: "no answer in time".to_owned() };
    futures_util::stream::iter(names)
        .map(|name| async move {
            (name.clone(), timeout_at(deadline, name::look_up(name)).await.unwrap_or_else(|_| out_of_time()))
        })
        .buffer_unordered(CONCURRENT_TARGETS)
        .collect()
        .await
}

async fn listeners_here(client: &Client, paths: Option<&[String]>, deadline: Instant) -> Result<Vec<Listener>, String> {
    let Some(paths) = paths else {
        return Ok(Vec::new());
    };
    let addresses = local_listeners().map_err(|error| format!("cannot read the sockets of this network: {error}"))?;
    let look = |address| async move {
        let path = timeout_at(deadline, client.metrics_path_at(address, paths)).await.unwrap_or_default();
        Listener { address, path }
    };
    Ok(futures_util::stream::iter(addresses).map(look).buffered(CONCURRENT_TARGETS).collect().await)
}

#[cfg(test)]
mod tests;
