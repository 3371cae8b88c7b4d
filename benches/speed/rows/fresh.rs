//! A small stack from nothing to all containers, and back to nothing: volumes and networks come and go with it.

use crate::compose::RELEASES;
use crate::engine::BareEngine;
use crate::measure::{Run, in_turns, run, time};
use crate::stack::{DEBIAN, Stack};
use crate::table::Row;

const ROUNDS: usize = 4;

/// Six containers, three networks (one of them the stack's own), two volumes (one of them Prometheus' own).
const BODY: &str = "prometheus: { port: off }
apps:
  accesslog: { image: IMAGE, command: [demo, accesslog], scale: 3, networks: [default, back] }
  iotd: { image: IMAGE, command: [demo, iotd], volumes: ['data:/data'], networks: [default, back] }
  image-gallery: { image: IMAGE, command: [demo, image-gallery], networks: [default, front] }
networks: { front: {}, back: {} }
volumes: { data: {} }
";

const CONTAINERS: usize = 6;
const NETWORKS: usize = 3;
const VOLUMES: usize = 2;

pub(super) fn measure() -> Vec<Row> {
    let engine = BareEngine::new();
    let body = format!("{DEBIAN}{}", BODY.replace("IMAGE", &format!("\"{}\"", engine.image)));
    let own = Stack::new(&body);
    let others = RELEASES.map(|release| Stack::for_compose(&body, release));
    let compose_up = |at: usize| -> Run { run(&others[at].compose(&["up", "--detach"])) };
    let compose_down = |at: usize| -> Run { run(&others[at].compose(&["down", "--volumes"])) };
    let [up, down, older_up, older_down, newer_up, newer_down, bare_up, bare_down] = in_turns(
        ROUNDS,
        [
            &mut || run(&own.stackctl(&["up", "--no-wait"])),
            &mut || run(&own.stackctl(&["down", "--volumes", "--yes"])),
            &mut || compose_up(0),
            &mut || compose_down(0),
            &mut || compose_up(1),
            &mut || compose_down(1),
            &mut || time(|| engine.make_all(CONTAINERS, NETWORKS, VOLUMES)),
            &mut || time(|| engine.take_all(CONTAINERS, NETWORKS, VOLUMES)),
        ],
    );
    let row = |what: &str, stackctl, compose, api| Row {
        what: what.to_owned(),
        stackctl,
        compose: Some(compose),
        api: Some((api, "")),
    };
    vec![
        row("up --no-wait from nothing, 6 containers, 3 networks, 2 volumes", up, [older_up, newer_up], bare_up),
        row("down --volumes of the same", down, [older_down, newer_down], bare_down),
    ]
}
