//! What people ask of a stack that runs: its containers, and what they have printed.

use crate::compose::RELEASES;
use crate::engine::BareEngine;
use crate::measure::{in_turns, run, time};
use crate::stack::{DEBIAN, Stack, succeed};
use crate::table::Row;

const ROUNDS: usize = 21;

pub(super) fn measure() -> Vec<Row> {
    let engine = BareEngine::new();
    let app = format!("apps: {{ web: {{ image: \"{}\", command: [demo, accesslog], scale: 5 }} }}", engine.image);
    let body = format!("{DEBIAN}prometheus: {{ port: off }}\n{app}\n");
    let own = Stack::new(&body);
    succeed(&mut own.stackctl(&["up"]));
    let others = RELEASES.map(|release| Stack::for_compose(&body, release));
    for other in &others {
        succeed(&mut other.compose(&["up", "--detach"]));
    }
    // Each asks for the stack that it has made itself.
    let mut rows = Vec::new();
    for (what, words, other_words) in
        [("ps", &["ps"][..], &["ps", "--all"][..]), ("logs", &["logs"][..], &["logs", "--no-color"][..])]
    {
        let (command, older, newer) =
            (own.stackctl(words), others[0].compose(other_words), others[1].compose(other_words));
        let mut ask = || time(|| if what == "ps" { engine.list(&own.name) } else { engine.logs(&own.name) });
        let [stackctl, older, newer, api] =
            in_turns(ROUNDS, [&mut || run(&command), &mut || run(&older), &mut || run(&newer), &mut ask]);
        let what = format!("{what} of 6 containers");
        rows.push(Row { what, stackctl, compose: Some([older, newer]), api: Some((api, "")) });
    }
    rows
}
