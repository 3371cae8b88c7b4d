//! The proof that a thousand targets are scraped.

use std::fmt::Write as _;

use crate::engine::BareEngine;
use crate::measure::{in_turns, run, time};
use crate::prometheus::ask_for_targets;
use crate::responder;
use crate::stack::{DEBIAN, Stack, succeed};
use crate::table::Row;

const ROUNDS: usize = 11;
const TARGETS: usize = 1_000;

pub(super) fn measure() -> Vec<Row> {
    let engine = BareEngine::new();
    let gateway = engine.gateway();
    let ports = responder::listen(&gateway, TARGETS);
    let stack = Stack::new(&stack_file(&gateway, &ports));
    succeed(&mut stack.stackctl(&["up"]));
    let verify = stack.stackctl(&["verify", "targets"]);
    let address = engine.address_of(&format!("{}-prometheus-1", stack.name), &format!("{}_default", stack.name));
    let ask = || {
        ask_for_targets(&address);
    };
    let [stackctl, api] = in_turns(ROUNDS, [&mut || run(&verify), &mut || time(ask)]);
    let what = format!("verify targets of {TARGETS} (bare API: Prometheus' answer)");
    vec![Row { what, stackctl, compose: None, api: Some((api, "")) }]
}

fn stack_file(gateway: &str, ports: &[u16]) -> String {
    let mut text = format!(
        "{DEBIAN}prometheus: {{ port: off, scrape_interval: 5s }}\napps: {{}}\nscrape:\n  many:\n    targets:\n"
    );
    for port in ports {
        writeln!(text, "      - {gateway}:{port}").expect("a String takes everything");
    }
    text
}
