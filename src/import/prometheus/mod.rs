//! prometheus.yml and the flags of a Prometheus service → the section `prometheus`, `scrape`, and `metrics` of apps.

mod alerting;
mod config;
mod files;
mod flags;
mod job;
mod jobs;
mod remote;
mod section;

pub(super) use config::{Config, locate};
pub(super) use files::Mounted;
pub(super) use jobs::{Hosts, Jobs};
pub(super) use section::Section;
