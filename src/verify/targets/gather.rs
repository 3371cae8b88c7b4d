//! Looks closer at what is not well at first sight: logs, health checks, and a probe inside the network.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::future::join_all;

use super::evidence::Evidence;
use super::expected::{Expected, Index};
use super::says::Unreached;
use super::scraped::Scraped;
use super::{question, unwatched};
use crate::client::Targets;
use crate::desired::Job;
use crate::engine::{ContainerState, Health, ObservedContainer, Prober};
use crate::probe::{Credentials, Request};

/// Containers looked into side by side; the engine gains nothing from more.
const CONCURRENT_CONTAINERS: usize = 4;

/// Log lines shown of a container that does not run.
const LOG_LINES: usize = 5;

/// Looks closer at what is not well at first sight.
pub(super) async fn gather(
    index: &Index<'_>,
    targets: Option<&Targets>,
    unreached: &Unreached,
    prober: &Prober,
) -> Evidence {
    let expected = index.expected();
    let unwatched = unwatched::unwatched(index);
    let containers = expected.iter().filter_map(|expected| expected.container);
    let containers = containers.chain(unwatched.iter().filter_map(|unwatched| unwatched.container));
    let (logs, health) = tokio::join!(logs(containers.clone(), prober), health(containers, prober));
    let mut evidence = Evidence { logs, health, ..Evidence::default() };
    let Some(targets) = targets else {
        return evidence;
    };
    let scraped = Scraped::new(targets);
    let unwell = question::unwell(index, &expected, &scraped, unreached);
    let credentials = credentials(index, &unwell, prober).await;
    let request = question::request(index, &expected, &unwell, &scraped, &credentials).unwrap_or_default();
    let request = Request { sockets: question::sockets(&expected, &scraped, unreached), ..request };
    if request == Request::default() {
        return evidence;
    }
    match prober.inside(&request).await {
        Ok(report) => {
            evidence.looked = report.targets.into_iter().map(|looked| (looked.id.clone(), looked)).collect();
            evidence.sockets = report.sockets.into_iter().map(|looked| (looked.id.clone(), looked)).collect();
            evidence.names = report.names;
            evidence.trouble = report.trouble;
        }
        Err(error) => evidence.trouble = Some(error.to_string()),
    }
    let requests = question::listeners(&expected, &evidence);
    let look = |(job, (id, request)): (&str, (&str, _))| {
        let (job, id) = (job.to_owned(), id.to_owned());
        async move { prober.beside(&id, &request).await.ok().map(|report| (job, report.listeners)) }
    };
    let reports: Vec<_> =
        futures_util::stream::iter(requests).map(look).buffer_unordered(CONCURRENT_CONTAINERS).collect().await;
    evidence.listeners = reports.into_iter().flatten().collect();
    evidence
}

/// What the health checks say that fail.
async fn health<'a>(
    containers: impl Iterator<Item = &'a ObservedContainer>,
    prober: &Prober,
) -> BTreeMap<String, String> {
    let ill = containers.filter(|it| it.state == ContainerState::Running && it.health == Health::Unhealthy);
    let ill: BTreeMap<&str, &str> = ill.map(|container| (container.name.as_str(), container.id.as_str())).collect();
    let asked = ill.into_iter().map(|(name, id)| async move { (name.to_owned(), prober.health_check_said(id).await) });
    join_all(asked).await.into_iter().collect()
}

async fn logs<'a>(
    containers: impl Iterator<Item = &'a ObservedContainer>,
    prober: &Prober,
) -> BTreeMap<String, Vec<String>> {
    let stopped = containers.filter(|container| {
        matches!(container.state, ContainerState::Exited | ContainerState::Dead | ContainerState::Restarting)
            || container.is_between_two_ends()
    });
    let containers: BTreeMap<&str, &str> =
        stopped.map(|container| (container.name.as_str(), container.id.as_str())).collect();
    let read = |(name, id): (&str, &str)| {
        let (name, id) = (name.to_owned(), id.to_owned());
        async move { (name, prober.last_log_lines(&id, LOG_LINES).await) }
    };
    futures_util::stream::iter(containers).map(read).buffer_unordered(CONCURRENT_CONTAINERS).collect().await
}

/// What Prometheus identifies itself with, read where Prometheus reads it, for the jobs that need a look.
async fn credentials(index: &Index<'_>, unwell: &[&Expected<'_>], prober: &Prober) -> BTreeMap<String, Credentials> {
    let mut credentials = BTreeMap::new();
    let Some(container) = index.prometheus_container() else {
        return credentials;
    };
    for job in unwell.iter().map(|expected| expected.job) {
        if !credentials.contains_key(&job.name)
            && let Some(known) = credentials_of(job, &container.id, prober).await
        {
            credentials.insert(job.name.clone(), known);
        }
    }
    credentials
}

async fn credentials_of(job: &Job, container_id: &str, prober: &Prober) -> Option<Credentials> {
    let read = async |path: &str| Some(prober.read_file(container_id, path).await?.trim_end_matches('\n').to_owned());
    if let Some(auth) = &job.basic_auth {
        let password = read(&auth.password_file).await?;
        return Some(Credentials::Basic { username: auth.username.clone(), password });
    }
    read(job.bearer_token_file.as_ref()?).await.map(Credentials::Bearer)
}
