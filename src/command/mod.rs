//! One file per command: load, call the pure parts, do the effects, print.

pub mod add;
pub mod alerts;
pub mod catalog;
pub mod check;
pub mod completions;
pub mod dashboards;
pub mod demo;
pub mod down;
pub mod engine;
pub mod explain;
pub mod exposure;
pub mod images;
pub mod import;
pub mod init;
pub mod logs;
pub mod ls;
pub mod man;
pub mod pin;
pub mod plan;
pub mod probe;
pub mod ps;
pub mod push;
pub mod query;
mod refused;
pub mod remove;
pub mod render;
pub mod scale;
pub mod schema;
pub mod silence;
pub mod test;
pub mod top;
pub mod up;
mod verbose;
pub mod verify;
pub mod view;

pub(crate) mod complete;

mod advice;
mod by_name;
mod changes;
mod edit;
mod elsewhere;
mod facts;
mod failure;
mod findings;
mod glance;
mod host_ports;
mod interrupt;
mod learn;
mod learned;
mod locale;
mod lock;
mod locked;
mod obstacles;
mod outcome;
mod output;
mod panels;
mod place;
mod progress;
mod prompt;
mod prove;
mod published;
mod rules;
mod secrets;
mod situation;
mod state;
mod summary;
mod wait;

pub use failure::{Exit, Failure};

use crate::catalog::EXPORTERS;
use crate::cli::{Cli, Command, Format};
use crate::dashboard::PRESETS;
use crate::import::included;
use crate::stack::Vocabulary;

/// What a stack file may name.
pub const VOCABULARY: Vocabulary<'static> =
    Vocabulary { exporters: EXPORTERS, presets: PRESETS, compose: Some(included) };

/// Carries out a command.
pub async fn run(cli: Cli) -> Exit {
    output::set_color(cli.global.color);
    advice::name_files(&cli.global.file);
    let global = cli.global;
    let wants_json = wants_json(&cli.command);
    let result = match cli.command {
        Command::Add(arguments) => add::run(&global, &arguments),
        Command::Remove(arguments) => remove::run(&global, &arguments),
        Command::Scale(arguments) => scale::run(&global, &arguments).await,
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Exposure(arguments) => exposure::run(&global, &arguments).await,
        Command::Check(arguments) => check::run(&global, &arguments),
        Command::Init(arguments) => init::run(&global, &arguments).await,
        Command::Import(arguments) => import::run(&global, &arguments),
        Command::Lock(arguments) => pin::run(&global, &arguments).await,
        Command::Render(arguments) => render::run(&global, &arguments),
        Command::Plan(arguments) => plan::run(&global, &arguments).await,
        Command::Up(arguments) => up::run(&global, &arguments).await,
        Command::Ps(arguments) => ps::run(&global, &arguments).await,
        Command::Ls(arguments) => ls::run(&arguments).await,
        Command::Logs(arguments) => logs::run(&global, &arguments).await,
        Command::Verify(arguments) => verify::run(&global, &arguments).await,
        Command::Alerts(arguments) => alerts::run(&global, &arguments).await,
        Command::Test(arguments) => Box::pin(test::run(&global, &arguments)).await,
        Command::Push(arguments) => push::run(&global, &arguments).await,
        Command::Query(arguments) => query::run(&global, &arguments).await,
        Command::Top(arguments) => top::run(&global, &arguments).await,
        Command::View(arguments) => view::run(&global, &arguments).await,
        Command::Down(arguments) => down::run(&global, &arguments).await,
        Command::Engine(arguments) => Box::pin(engine::run(&global, &arguments)).await,
        Command::Dashboards(arguments) => dashboards::run(&global, &arguments).await,
        Command::Images(arguments) => images::run(&global, &arguments).await,
        Command::Silence(arguments) => silence::run(&global, &arguments).await,
        Command::Catalog(arguments) => catalog::run(&arguments),
        Command::Schema => schema::run(),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Probe(arguments) => probe::run(&arguments).await,
        Command::Demo(arguments) => demo::run(&arguments).await,
    };
    result.unwrap_or_else(|failure| {
        if wants_json {
            output::print_json(&failure.to_json());
        }
        failure.report()
    })
}

/// Whether a program reads what is printed: then it reads why there is nothing, too. `check` has words of its own for that.
fn wants_json(command: &Command) -> bool {
    let output = match command {
        Command::Plan(arguments) => &arguments.output,
        Command::Ps(arguments) => &arguments.output,
        Command::Ls(arguments) => &arguments.output,
        Command::Verify(arguments) => &arguments.output,
        Command::Exposure(arguments) => &arguments.output,
        Command::Query(arguments) => return arguments.format == query::QueryFormat::Json,
        Command::Alerts(arguments) => &arguments.output,
        Command::Images(arguments) => return arguments.wants_json(),
        Command::Silence(arguments) => return arguments.wants_json(),
        _ => return false,
    };
    output.format == Format::Json
}
