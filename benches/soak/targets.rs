//! Tens of thousands of scrape targets: a real Prometheus scrapes each of them, `verify` proves it.
//!
//! The targets are one process: a thousand ports, each with as many paths as are needed. Twenty thousand ports would be
//! most of those that a host gives away by itself.

use std::fmt::Write as _;
use std::time::Duration;

use crate::engine::BareEngine;
use crate::measure::{in_turns, run as measured, time as timed};
use crate::picture::{self, Point};
use crate::prometheus::ask_for_targets;
use crate::stack::{DEBIAN, Stack};
use crate::table::{aligned, memory, time};
use crate::{assert_all_are_scraped, page, responder};

const SIZES: &str = "1000,5000,20000";
/// Ports, and so targets of one job.
const PORTS: usize = 1_000;
/// What the Prometheus of a busy machine with two cores keeps up with.
const SCRAPES_PER_SECOND: usize = 250;
/// Seconds. A scrape may take ten of them: on a busy machine that is what tells a slow target from one that is down.
const SHORTEST_INTERVAL: usize = 15;
const ROUNDS: usize = 5;
const PICTURE: &str = "pictures/soak-targets.svg";

pub(crate) fn run() -> String {
    let sizes = std::env::var("SOAK_TARGETS").unwrap_or_else(|_| SIZES.to_owned());
    let sizes: Vec<usize> =
        sizes.split(',').map(|size| size.trim().parse().expect("SOAK_TARGETS is `1000,5000`")).collect();
    let engine = BareEngine::new();
    let gateway = engine.gateway();
    let ports = responder::listen(&gateway, PORTS.min(sizes.iter().copied().max().unwrap_or_default()));
    let head =
        ["targets", "scraped every", "`up` until all are up", "`verify targets`", "its memory", "Prometheus' answer"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let mut points = Vec::new();
    for size in sizes {
        eprintln!("  {size} targets");
        let interval = size.div_ceil(SCRAPES_PER_SECOND).max(SHORTEST_INTERVAL);
        let stack = Stack::new(&stack_file(&gateway, &ports, size, interval));
        let up = measured(&stack.stackctl(&["up", "--timeout", "10m"]));
        assert_all_are_scraped(&stack, "many", size);
        let verify = stack.stackctl(&["verify", "targets"]);
        let address = engine.address_of(&format!("{}-prometheus-1", stack.name), &format!("{}_default", stack.name));
        let mut bytes = 0;
        let [proof, answer] =
            in_turns(ROUNDS, [&mut || measured(&verify), &mut || timed(|| bytes = ask_for_targets(&address))]);
        let most = proof.memory.unwrap_or_default();
        points.push(Point { size, time: proof.time, answer: answer.time, memory: most });
        lines.push(vec![
            size.to_string(),
            format!("{interval} s"),
            whole_seconds(up.time),
            time(proof.time),
            memory(most),
            format!("{}, {}", time(answer.time), memory(bytes)),
        ]);
    }
    if page::is_wanted() && points.len() > 1 {
        std::fs::write(page::path(PICTURE), picture::against_size(&points)).expect("the picture is written");
    }
    aligned(&lines)
}

fn whole_seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}

/// A job for each path, in which each port is a target.
fn stack_file(gateway: &str, ports: &[u16], size: usize, interval: usize) -> String {
    let mut text = format!(
        "{DEBIAN}prometheus: {{ port: off, scrape_interval: {interval}s, scrape_timeout: 10s }}\napps: {{}}\nscrape:\n"
    );
    let targets: Vec<usize> = (0..size).collect();
    for (number, job) in targets.chunks(ports.len()).enumerate() {
        writeln!(text, "  many{number}:\n    path: /metrics/{number}\n    targets:")
            .expect("a String takes everything");
        for port in &ports[..job.len()] {
            writeln!(text, "      - {gateway}:{port}").expect("a String takes everything");
        }
    }
    text
}
