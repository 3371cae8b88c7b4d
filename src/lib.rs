//! stackctl: one `stack.yml` in, a running and proven monitoring stack out.
//!
//! This page is the architecture. `tests/architecture.rs` holds it: who may use whom, and which crate lives where.
//!
//! # Data flows one way
//!
//! ```text
//!  stack.yml ─ stack::load ─▶ Stack ─ Desired::of ─▶ Desired ─ render::all ─▶ Files ─────────▶ disk (render -o)
//!              (line, caret)            ▲               │                      │
//!                                     Facts             └──────────┬───────────┘
//!                                       ▲                          ▼
//!          Docker ─ Engine::observe ─▶ Observed ──────────▶ Plan::of ─▶ Plan ─ Engine::apply ─▶ Docker
//!                                       │
//!                 Desired + Observed + Prometheus ─ verify ─▶ Findings
//! ```
//!
//! A stack file may include Compose files: [`stack::load`] is given who reads them ([`import::included`], in
//! [`command::VOCABULARY`]), lays the stack file over what they come to, and every value keeps the place it was written at.
//!
//! [`import`] and [`command`]'s editing stand before all that: they read files of others, or the stack file itself, and
//! write a stack file. What [`import::import`] gives out has been read by [`stack::parse`] before.
//!
//! | a value of this type means | may making it do I/O? |
//! |---|---|
//! | [`stack::Stack`]: the file is valid, every reference resolves | only `load` |
//! | [`desired::Facts`]: what had to be known of the world first: gateway, images to be had, scales asked for, what apps expose | gathered by a command |
//! | [`pins::Pins`]: `stack.lock`: what each image has to be, whatever a registry says today | `command` reads and writes the file |
//! | [`desired::Desired`]: every choice is made: images, names, ports, mounts, jobs, dashboards | no |
//! | [`render::Files`]: the exact bytes of every generated file | no; `render::write` writes them |
//! | [`engine::Observed`]: what carries our label, at one moment | it is what was read |
//! | [`plan::Plan`]: exactly what will be done, in order, and why | no |
//! | [`daemon::Change`]: what `daemon.json` shall say instead, every other byte as it was | no; `daemon::ConfigFile` reads and writes |
//! | [`dashboard::Dashboard`]: what is shown, in which unit and where; [`plot`] draws it, [`view`] serves it, `render` writes Grafana's JSON | no |
//! | [`chosen::Chosen`]: one variable of a dashboard, what can be chosen and what is | asks Prometheus |
//! | [`verify::Finding`]: one promise looked at: kept, or broken with cause and fix | asks, then judges without I/O |
//!
//! # Never
//!
//! 1. A `Stack` that exists is never invalid. [`stack::load`] and [`stack::parse`] are the only ways to get one.
//! 2. `desired`, `render` and `plan` never read the disk, the clock, the environment or the network. Same input, same bytes.
//! 3. The plan decides everything and does nothing; the engine does everything and decides nothing. `stackctl plan`
//!    prints the very value that `stackctl up` carries out.
//! 4. stackctl never touches an object that lacks its labels.
//! 5. A plan never removes or replaces a volume. Only `down --volumes` does, and it asks. A volume carries the stack file that it
//!    was made for: another one of that name in another folder neither removes nor takes it without being told.
//! 6. `compose.yml` and the API calls come from the same `Desired`, so they cannot drift apart.
//! 7. A second `up` is an empty plan. The proof may still have `up` write what it has learned of an app that only now exposes it.
//! 8. What runs is compared by content: a configuration file changed inside a container is drift, and shows in the plan.
//!    Networks and volumes carry hashes of the settings that they were made with: where the file says others, a network is
//!    replaced and a volume refused, but for its labels, which are told. Where they carry none (docker compose made them, or an earlier stackctl), what the file
//!    says is compared with what the engine tells, and what it says no more is not seen. Networks and volumes that are
//!    external, or lack the stack's label, are taken as they are.
//!
//! # Four things worth knowing
//!
//! * **Files reach containers through the archive API**, never by a path of the host, and carry a modification time made
//!   from their content ([`engine::FileStamp`]), so that a look at the file's entry tells whether it was edited.
//! * **The running stack remembers** what the file does not say (`--scale`, components left out, what apps expose) in a file beside
//!   prometheus.yml inside the Prometheus container. No state file can be lost or shared wrongly: a copy on
//!   the user's host bridges the time when nothing runs, and what runs goes before it.
//! * **One change at a time**: the lock of a stack lies at the engine, as a volume whose name the engine gives out once
//!   ([`engine::Lock`]), so that it holds for other users and hosts, too. Who finds nothing to do takes none.
//! * **The probe is stackctl itself**, run from an image that it makes of its own executable, inside the stack's network:
//!   a cause is found by looking from where Prometheus stands.

pub mod catalog;
pub mod chosen;
pub mod cli;
pub mod client;
pub mod command;
#[cfg(test)]
#[path = "../tests/support/cost.rs"]
mod cost;
pub mod daemon;
pub mod dashboard;
pub mod demo;
pub mod desired;
mod disk;
pub mod engine;
pub mod exposition;
pub mod import;
pub mod pins;
pub mod plan;
pub mod plot;
mod printable;
pub mod probe;
pub mod promql;
pub mod render;
pub mod stack;
pub mod top;
pub mod verify;
pub mod view;
