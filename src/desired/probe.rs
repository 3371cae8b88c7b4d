//! Probes: what blackbox.yml says of each, and the job that has it asked.

use indexmap::IndexMap;
use serde::Serialize;

use super::assemble::Input;
use super::called::{Asked, Asker};
use super::scrape::{Timing, job};
use super::{
    BasicAuth, Job, JobOrigin, JobTargets, OnChange, PlacedFile, PlacedSecret, Says, Service, StaticTarget,
    prometheus_duration, secret,
};
use crate::catalog::blackbox::{BLACKBOX, CONFIG_FILE};
use crate::stack::{Metrics, Probe, ProbeKind, ServiceName, Stack};

/// What blackbox.yml says of one probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbeModule {
    /// `http`, `tcp`, `icmp` or `dns`.
    pub prober: &'static str,
    /// Settings of a request over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpModule>,
    /// Settings of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<TcpModule>,
    /// Settings of an echo request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp: Option<Protocol>,
    /// Settings of a question to a name server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsModule>,
}

/// A request over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HttpModule {
    #[serde(flatten)]
    protocol: Protocol,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    headers: IndexMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic_auth: Option<BasicAuth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Authorization>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    valid_status_codes: Vec<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fail_if_body_not_matches_regexp: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fail_if_body_matches_regexp: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    follow_redirects: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_config: Option<Trust>,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TcpModule {
    #[serde(flatten)]
    protocol: Protocol,
    tls: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_config: Option<Trust>,
}

/// A question to a name server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DnsModule {
    #[serde(flatten)]
    protocol: Protocol,
    query_name: String,
    query_type: String,
}

/// The version of IP.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Protocol {
    preferred_ip_protocol: &'static str,
    ip_protocol_fallback: bool,
}

/// A token that is sent (of the blackbox exporter from 0.19 on).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Authorization {
    r#type: &'static str,
    credentials_file: String,
}

/// Which certificates are trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trust {
    insecure_skip_verify: bool,
}

/// What blackbox.yml says, by the name of the probe.
pub(super) fn modules(stack: &Stack) -> IndexMap<String, ProbeModule> {
    stack.probes.iter().map(|(name, probe)| (name.to_string(), module(name.as_str(), probe))).collect()
}

/// What the blackbox exporter sends to sign in.
pub(super) fn secrets(stack: &Stack) -> Vec<PlacedSecret> {
    let of_probe = |(name, probe): (&ServiceName, &Probe)| {
        let name = name.as_str();
        let password =
            probe.basic_auth.as_ref().map(|auth| secret::place(secret_name(name, "password"), &auth.password));
        let token = probe.token.as_ref().map(|token| secret::place(secret_name(name, "token"), token));
        [password, token]
    };
    stack.probes.iter().flat_map(of_probe).flatten().collect()
}

fn secret_name(probe: &str, key: &str) -> String {
    format!("probe_{probe}_{key}")
}

fn module(name: &str, probe: &Probe) -> ProbeModule {
    let (kind, _) = probe.asks();
    let protocol = Protocol {
        preferred_ip_protocol: if probe.ip == Some(6) { "ip6" } else { "ip4" },
        ip_protocol_fallback: probe.ip.is_none(),
    };
    let trust = probe.insecure_skip_verify.then_some(Trust { insecure_skip_verify: true });
    let mut module = ProbeModule { prober: kind.key(), http: None, tcp: None, icmp: None, dns: None };
    match kind {
        ProbeKind::Http => {
            module.http = Some(HttpModule {
                protocol,
                method: probe.method.clone(),
                headers: probe.headers.clone(),
                basic_auth: probe.basic_auth.as_ref().map(|auth| BasicAuth {
                    username: auth.username.clone(),
                    password_file: secret::path(&secret_name(name, "password")),
                }),
                authorization: probe.token.is_some().then(|| Authorization {
                    r#type: "Bearer",
                    credentials_file: secret::path(&secret_name(name, "token")),
                }),
                valid_status_codes: probe.status.clone(),
                fail_if_body_not_matches_regexp: probe.body.iter().cloned().collect(),
                fail_if_body_matches_regexp: probe.body_not.iter().cloned().collect(),
                follow_redirects: probe.follow_redirects,
                tls_config: trust,
            });
        }
        ProbeKind::Tcp => module.tcp = Some(TcpModule { protocol, tls: probe.tls, tls_config: trust }),
        ProbeKind::Icmp => module.icmp = Some(protocol),
        ProbeKind::Dns => {
            module.dns = Some(DnsModule {
                protocol,
                query_name: probe.name.clone().unwrap_or_default(),
                query_type: probe.record.clone().unwrap_or_else(|| "A".to_owned()),
            });
        }
    }
    module
}

/// Whether a probe sends echo requests.
pub(super) fn has_echo(stack: &Stack) -> bool {
    stack.probes.values().any(|probe| probe.asks().0 == ProbeKind::Icmp)
}

/// The file that the blackbox exporter reads.
pub(super) fn file() -> PlacedFile {
    PlacedFile {
        source: "blackbox/blackbox.yml".to_owned(),
        target: CONFIG_FILE.to_owned(),
        on_change: OnChange::Replace,
    }
}

/// One job for each probe, which the stack's blackbox exporter carries out.
pub(super) fn jobs(input: Input, services: &[Service], timing: &Timing) -> Vec<Job> {
    let prober = input.stack.exporters.iter().find(|(name, exporter)| exporter.kind(name.as_str()) == BLACKBOX.name);
    let Some((name, exporter)) = prober else { return Vec::new() };
    let Some(service) = services.iter().find(|service| service.name == name.as_str()) else { return Vec::new() };
    let asked = Asked { name: &service.name, settings: &service.container.settings, replicas: 1 };
    let host = asked.host(input.stack, 1, Asker::Prometheus);
    let address = format!("{host}:{}", super::exporter::port(name.as_str(), exporter));
    input.stack.probes.iter().map(|(name, probe)| one(name.as_str(), probe, &address, timing)).collect()
}

fn one(name: &str, probe: &Probe, prober: &str, timing: &Timing) -> Job {
    let (kind, targets) = probe.asks();
    let metrics = Metrics {
        path: Some("/probe".to_owned()),
        interval: probe.interval,
        timeout: probe.timeout,
        labels: probe.labels.clone(),
        params: IndexMap::from([("module".to_owned(), vec![name.to_owned()])]),
        ..Metrics::default()
    };
    let target = |address: &String| StaticTarget { address: address.clone(), replica: None };
    let targets = JobTargets::Static(targets.iter().map(target).collect());
    Job {
        prober: Some(prober.to_owned()),
        says: Some(Says::Probed {
            kind,
            timeout: prometheus_duration(probe.timeout.unwrap_or(timing.timeout)),
            tls: probe.tls,
            signs_in: probe.basic_auth.is_some() || probe.token.is_some(),
        }),
        ..job(name, JobOrigin::Probe, targets, &metrics, timing)
    }
}
