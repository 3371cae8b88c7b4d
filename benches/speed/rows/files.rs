//! The stack file alone: checked and rendered, with many apps in it.

use std::fmt::Write as _;

use crate::compose::RELEASES;
use crate::measure::{in_turns, run};
use crate::stack::Stack;
use crate::table::Row;

const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// Up to this size Compose reads what stackctl rendered, too.
const COMPARED: usize = 1_000;

pub(super) fn measure() -> Vec<Row> {
    SIZES.into_iter().flat_map(measure_size).collect()
}

fn measure_size(apps: usize) -> [Row; 2] {
    let rounds = if apps > 1_000 { 5 } else { 11 };
    let stack = Stack::on_paper(&stack_file(apps));
    let check = stack.stackctl(&["check"]);
    let mut round = 0;
    let mut render = || {
        // A render that finds its files as they should be writes nothing. And where thousands of files were removed a moment
        // ago, ext4 looks for one that was not each time that one is made: so each round has a folder of its own.
        round += 1;
        let mut render = stack.stackctl(&["render", "--output"]);
        render.arg(stack.path(&format!("rendered-{round}")));
        run(&render)
    };
    let row =
        |what: &str, stackctl, compose| Row { what: format!("{what} of {apps} apps"), stackctl, compose, api: None };
    if apps > COMPARED {
        let [checked, rendered] = in_turns(rounds, [&mut || run(&check), &mut render]);
        return [row("check", checked, None), row("render", rendered, None)];
    }
    let other = RELEASES.map(|release| Stack::rendered(&stack_file(apps), release));
    let quiet = [0, 1].map(|at: usize| other[at].compose(&["config", "--quiet"]));
    let printed = [0, 1].map(|at: usize| other[at].compose(&["config"]));
    let [checked, rendered, older_quiet, newer_quiet, older_printed, newer_printed] = in_turns(
        rounds,
        [
            &mut || run(&check),
            &mut render,
            &mut || run(&quiet[0]),
            &mut || run(&quiet[1]),
            &mut || run(&printed[0]),
            &mut || run(&printed[1]),
        ],
    );
    [
        row("check (compose: config --quiet)", checked, Some([older_quiet, newer_quiet])),
        row("render (compose: config)", rendered, Some([older_printed, newer_printed])),
    ]
}

fn stack_file(apps: usize) -> String {
    let mut text = "apps:\n".to_owned();
    for number in 1..=apps {
        write!(
            text,
            "  app{number}:\n    image: example/app:{number}\n    environment: {{ NUMBER: \"{number}\" }}\n    \
             metrics: {{ port: 8080, interval: 10s }}\n"
        )
        .expect("a String takes everything");
    }
    text
}
