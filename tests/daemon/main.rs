//! `engine …` on real engines of three releases, each with a network, a data folder and a `daemon.json` of its own beside the
//! machine's engine, whose own settings nobody touches; and on hosts of their own with systemd or OpenRC. Needs root, `ip` (iproute2) and the machine's containerd and runc.

mod apply;
mod beside;
mod booted;
mod bundle;
mod ended;
mod engines;
mod fears;
mod files;
mod full;
mod hands;
mod hanging;
mod known;
mod logging;
mod midway;
mod mounts;
mod no_bridge;
mod outlive;
#[path = "../support/pages.rs"]
#[expect(dead_code, reason = "the page that is typed here names no file")]
mod pages;
mod podman;
mod refusals;
mod remapped;
mod remote;
mod restart;
mod rollback;
mod rootless;
mod service;
mod sight;
mod stopped;
#[path = "../tools/mod.rs"]
mod tools;
mod typed;
