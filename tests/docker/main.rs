//! Tests against the real Docker engine and the real Prometheus. Each test has a stack of its own and takes it away again.

mod alertmanager;
mod alerts;
mod attach;
mod browser;
mod builds;
mod causes;
mod compose;
mod converge;
mod dashboards;
#[path = "../support/data.rs"]
mod data;
mod docs;
mod essence;
mod exporters;
mod exposure;
mod external;
mod extra;
mod failures;
mod guard;
mod import;
mod include;
mod lifecycle;
mod lock;
mod logs;
mod names;
mod networks;
#[path = "../support/pages.rs"]
mod pages;
mod pictures;
mod pull;
mod registry;
mod reload;
mod remote;
mod sandbox;
mod scale;
mod screens;
mod secrets;
mod servers;
mod services;
#[path = "../support/session.rs"]
mod session;
mod settings;
mod shipped;
mod soak;
#[path = "../tools/mod.rs"]
mod tools;
mod waiting;
