//! The command line: one variant per file in `command/`, where each command's own arguments stand.

pub mod habits;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use crate::command;

/// One stack.yml runs your apps with Prometheus and Grafana, and proves that every target is scraped.
#[derive(Debug, Parser)]
#[command(name = "stackctl", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Options that go with every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 the world said no (engine, network, disk); 2 the file or the arguments are wrong; \
3 not as desired (plan with steps, verify with findings, test with failures); 130 interrupted";

/// What they stand under in the help of every command, so that those of the command alone stand by themselves.
const GLOBAL: &str = "Global options";

/// Options that go with every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Stack file, `-` for standard input; repeat it to lay later files over earlier ones [env: `STACKCTL_FILE`]
    #[arg(help_heading = GLOBAL, short, long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[arg(default_values_os_t = default_files())]
    pub file: Vec<PathBuf>,
    /// Say only what went wrong
    #[arg(help_heading = GLOBAL, short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: what is worked from, each change in full, each panel by itself
    #[arg(help_heading = GLOBAL, short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colours; the variable `NO_COLOR` switches them off, too
    #[arg(help_heading = GLOBAL, long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to print data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `--format`
#[derive(Debug, Args)]
pub struct Output {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `--scale`
#[derive(Debug, Args)]
pub struct Scale {
    /// Run APP with N replicas; repeat it for several apps
    #[arg(long, value_name = "APP=N", value_parser = scale, add = ArgValueCompleter::new(command::complete::scales))]
    pub scale: Vec<(String, u32)>,
}

/// `--locked`
#[derive(Debug, Args)]
pub struct Locked {
    /// Run exactly the images of `stack.lock`, and refuse where that is not possible (see `stackctl lock`)
    #[arg(long)]
    pub locked: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at what is here, ask the rest, and write a stack file
    Init(Box<command::init::Arguments>),
    /// Make a stack file of Compose files, prometheus.yml, rules and dashboards
    Import(command::import::Arguments),
    /// Add an app, an exporter or a dashboard to the stack file
    Add(command::add::Arguments),
    /// Remove one from the stack file
    Remove(command::remove::Arguments),
    /// Is the stack file right? Every problem at once
    Check(command::check::Arguments),
    /// Write down which very images the stack runs
    Lock(command::pin::Arguments),
    /// Write every generated file
    Render(command::render::Arguments),
    /// What `up` would do, and why
    Plan(command::plan::Arguments),
    /// Make it so, wait until ready, verify
    Up(command::up::Arguments),
    /// State of every replica
    Ps(command::ps::Arguments),
    /// Every stack at this engine, whichever file it came from
    Ls(command::ls::Arguments),
    /// Run other numbers of replicas; `--save` writes them into the stack file
    Scale(command::scale::Arguments),
    /// What the containers print
    Logs(command::logs::Arguments),
    /// Prove that what runs is what the file says, and that every target is scraped
    Verify(command::verify::Arguments),
    /// What a cause means that `verify` names, and what to do
    Explain(command::explain::Arguments),
    /// How every alert stands
    Alerts(command::alerts::Arguments),
    /// Run the tests of the rules, with promtool in the stack's Prometheus image
    Test(command::test::Arguments),
    /// Hand the figures of a batch job to the pushgateway
    Push(command::push::Arguments),
    /// Every port of the stack that can be reached from outside this host, and why
    Exposure(command::exposure::Arguments),
    /// Ask Prometheus
    Query(command::query::Arguments),
    /// Golden signals, targets and alerts on the terminal, live
    Top(command::top::Arguments),
    /// For a while tell nobody of some alerts
    Silence(command::silence::Arguments),
    /// The dashboards as a web page
    View(command::view::Arguments),
    /// Take the stack away; volumes stay unless asked for
    Down(command::down::Arguments),
    /// The Docker engine's own settings: its metrics, changed safely in daemon.json
    Engine(Box<command::engine::Arguments>),
    /// Dashboards as files
    Dashboards(command::dashboards::Arguments),
    /// Where each image comes from
    Images(command::images::Arguments),
    /// What stackctl knows of components: images, versions, ports, privileges, traps
    Catalog(command::catalog::Arguments),
    /// JSON Schema of the stack file, for editors
    Schema,
    /// Completions for a shell
    Completions(command::completions::Arguments),
    /// Man page of stackctl or of a command
    Man(command::man::Arguments),
    /// Look at targets from inside a network: what stackctl starts in a container
    #[command(hide = true)]
    Probe(command::probe::Arguments),
    /// Serve one of the demo apps
    #[command(hide = true)]
    Demo(Box<command::demo::Arguments>),
}

/// The files of `STACKCTL_FILE`, else `stack.yml`.
pub(crate) fn default_files() -> Vec<PathBuf> {
    let named = std::env::var_os("STACKCTL_FILE").filter(|files| !files.is_empty());
    named.map_or_else(|| vec![PathBuf::from("stack.yml")], |files| std::env::split_paths(&files).collect())
}

/// `APP=N`
pub(crate) fn scale(text: &str) -> Result<(String, u32), String> {
    let (app, replicas) = text.split_once('=').ok_or("write APP=N, such as accesslog=3")?;
    let replicas = replicas.parse().map_err(|_| format!("`{replicas}` is not a number of replicas"))?;
    Ok((app.to_owned(), replicas))
}

/// A duration as in the stack file: `90s`, `2m`.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let duration: crate::stack::Duration = text.parse().map_err(|error| format!("{error}"))?;
    Ok(std::time::Duration::from_millis(duration.as_millis()))
}
