//! The stack file alone: checked and rendered, with many apps in it.

use std::fmt::Write as _;

use crate::measure::{in_turns, run};
use crate::stack::{Stack, succeed};
use crate::table::Row;

const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// The size at which Compose reads what stackctl rendered.
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
    if apps == COMPARED {
        succeed(stack.stackctl(&["render", "--output"]).arg(stack.path("rendered")));
        let config = stack.compose(&["config"]);
        let [checked, rendered, compose] = in_turns(rounds, [&mut || run(&check), &mut render, &mut || run(&config)]);
        [row("check (compose: config)", checked, Some(compose)), row("render", rendered, None)]
    } else {
        let [checked, rendered] = in_turns(rounds, [&mut || run(&check), &mut render]);
        [row("check", checked, None), row("render", rendered, None)]
    }
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
