//! stackctl: one `stack.yml` in, a running and proven monitoring stack out.

pub mod catalog;
pub mod cli;
pub mod client;
pub mod command;
pub mod demo;
pub mod desired;
pub mod engine;
pub mod exposition;
pub mod plan;
pub mod probe;
pub mod render;
pub mod stack;
pub mod verify;
