//! The proof that a thousand targets are scraped.

use std::fmt::Write as _;

use crate::engine::BareEngine;
use crate::measure::{in_turns, run, time};
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
    let [stackctl, api] = in_turns(ROUNDS, [&mut || run(&verify), &mut || time(|| ask(&address))]);
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

/// Prometheus' answer to the question for all targets, read and thrown away.
fn ask(address: &str) {
    use std::io::{Read as _, Write as _};
    let mut connection = std::net::TcpStream::connect((address, 9090)).expect("Prometheus listens");
    let request = format!("GET /api/v1/targets?state=any HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("Prometheus takes a question");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("Prometheus answers");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}
