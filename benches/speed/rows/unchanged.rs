//! `up` of a stack that is as it should be.

use crate::compose::RELEASES;
use crate::engine::BareEngine;
use crate::measure::{in_turns, run, time};
use crate::stack::{DEBIAN, Stack, succeed};
use crate::table::Row;

const ROUNDS: usize = 21;

/// The image gallery with its Prometheus: six containers.
const APPS: &str = "prometheus: { port: off, scrape_interval: 1s }
exporters: { node: {} }
apps:
  accesslog: { image: IMAGE, command: [demo, accesslog], scale: 2, metrics: { discovery: dns, interval: 1s } }
  iotd: { image: IMAGE, command: [demo, iotd], metrics: { path: /actuator/prometheus } }
  image-gallery:
    image: IMAGE
    command: [demo, image-gallery]
    depends_on: [accesslog, iotd]
    metrics: { discovery: static }
";

pub(super) fn measure() -> Vec<Row> {
    let engine = BareEngine::new();
    let body = format!("{DEBIAN}{}", APPS.replace("IMAGE", &format!("\"{}\"", engine.image)));
    let own = Stack::new(&body);
    succeed(&mut own.stackctl(&["up"]));
    let others = RELEASES.map(|release| Stack::for_compose(&body, release));
    for other in &others {
        succeed(&mut other.compose(&["up", "--detach"]));
    }
    // A container that is younger than a minute is looked at more closely.
    std::thread::sleep(std::time::Duration::from_secs(62));
    let images = ["stackctl/prometheus:debian", "stackctl/node:debian", &engine.image];
    let (proven, started) = (own.stackctl(&["up"]), own.stackctl(&["up", "--no-wait"]));
    let compose = [0, 1].map(|at: usize| others[at].compose(&["up", "--detach"]));
    let [proven, started, older, newer, api] = in_turns(
        ROUNDS,
        [&mut || run(&proven), &mut || run(&started), &mut || run(&compose[0]), &mut || run(&compose[1]), &mut || {
            time(|| engine.look(&own.name, &images))
        }],
    );
    let compose = Some([older, newer]);
    let row = |what: &str, stackctl| Row { what: what.to_owned(), stackctl, compose, api: Some((api, "")) };
    vec![
        row("up --no-wait, nothing to do, 6 containers", started),
        row("up, nothing to do, with the proof of every target", proven),
    ]
}
