//! Twenty replicas at once, on a network that is there already.

use crate::compose::RELEASES;
use crate::engine::BareEngine;
use crate::measure::{Figure, Run, in_turns, run, time};
use crate::stack::{DEBIAN, Stack, succeed};
use crate::table::Row;

const ROUNDS: usize = 3;
const REPLICAS: usize = 20;

pub(super) fn measure() -> Vec<Row> {
    let engine = BareEngine::new();
    let image = &engine.image;
    let app = format!("apps: {{ web: {{ image: \"{image}\", command: [demo, accesslog] }} }}");
    let body = format!("{DEBIAN}prometheus: off\n{app}\n");
    let own = Stack::new(&body);
    let others = RELEASES.map(|release| Stack::for_compose(&body, release));
    let mut scale_own = || {
        succeed(&mut own.stackctl(&["up", "--no-wait", "--scale", "web=0"]));
        let run = run(&own.stackctl(&["up", "--no-wait", "--scale", "web=20"]));
        succeed(&mut own.stackctl(&["up", "--no-wait", "--scale", "web=0"]));
        run
    };
    let scale_other = |other: &Stack| {
        succeed(&mut other.compose(&["up", "--detach", "--timeout", "1", "--scale", "web=0"]));
        let run = run(&other.compose(&["up", "--detach", "--scale", "web=20"]));
        succeed(&mut other.compose(&["up", "--detach", "--timeout", "1", "--scale", "web=0"]));
        run
    };
    let bare = |at_a_time: usize| -> Run {
        let run = time(|| engine.start(REPLICAS, at_a_time));
        engine.remove(REPLICAS);
        run
    };
    let [stackctl, older, newer, four, six, eight] = in_turns(
        ROUNDS,
        [
            &mut scale_own,
            &mut || scale_other(&others[0]),
            &mut || scale_other(&others[1]),
            &mut || bare(4),
            &mut || bare(6),
            &mut || bare(8),
        ],
    );
    let at_best = |left: (Figure, &'static str), right: (Figure, &'static str)| {
        if right.0.time < left.0.time { right } else { left }
    };
    let best = [(six, ", 6 at a time"), (eight, ", 8 at a time")].into_iter().fold((four, ", 4 at a time"), at_best);
    let what = "up --no-wait --scale web=20, from 0".to_owned();
    vec![Row { what, stackctl, compose: Some([older, newer]), api: Some(best) }]
}
