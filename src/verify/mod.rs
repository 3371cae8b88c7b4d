//! Promises about the running stack. One file per check; each asks (I/O) and judges (pure).

mod alerts;
mod config;
mod contains;
mod dashboards;
mod delivery;
mod engine;
mod finding;
#[cfg(test)]
pub(crate) mod fixture;
mod locked_out;
mod pending;
mod remote;
mod report;
mod series;
mod server;
mod targets;

pub use alerts::{ALERTS, RuleState, alerts, judge_rule, objectives};
pub use config::{ConfigState, config, judge_config, runs_rendered};
pub use contains::{Difference, contains};
pub use dashboards::{
    Answer, DASHBOARDS, GrafanaState, Jobs, PanelState, QueryState, Silence, dashboards, judge_grafana, judge_panels,
};
pub use delivery::{
    AlertmanagerState, DeliveryState, Hidden, SenderState, alertmanager_urls, delivery, judge_delivery,
};
pub use engine::{EngineChange, EngineState, NoGateway, engine, judge_engine};
pub use finding::{Cause, Finding, Status, Trouble};
pub use locked_out::told_once;
pub use pending::pending;
pub use remote::{Counted, RemoteState, judge_remote, remote};
pub use report::Report;
pub use series::{Found, SelectorState, what_is_found};
pub use server::{Server, prometheus_urls};
pub use targets::{
    Blind, Evidence, TARGETS, Unreached, View, grafana_url, judge_targets, judge_views, not_running, reachable, see,
    targets, without_parameters,
};
