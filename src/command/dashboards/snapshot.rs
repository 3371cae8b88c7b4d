//! `dashboards snapshot`: each dashboard as a picture, for a report or a pull request.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use clap_complete::engine::ArgValueCompleter;

use crate::chosen::{Among, Chosen, choose};
use crate::cli::Global;
use crate::client::Prometheus;
use crate::command::situation::{Situation, Wishes};
use crate::command::{Exit, Failure, complete, output, view};
use crate::dashboard::{Dashboard, Library};
use crate::desired::StackDashboard;
use crate::disk;
use crate::engine::Error;
use crate::plot::{self, Fonts, PictureError, Theme, TimeRange};
use crate::view::{LONGEST, SHORTEST, Shown, ask, filling, step, worded};

/// Arguments of `dashboards snapshot`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl dashboards snapshot -o pictures
  stackctl dashboards snapshot -o pictures gallery --since 6h --format png --theme dark")]
pub(super) struct Arguments {
    /// Names of dashboards, or their uids; left out: all of them
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::dashboards))]
    dashboards: Vec<String>,
    /// Folder to write into; it is made where it is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// From so long ago until now
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = crate::cli::duration)]
    since: Duration,
    /// Kind of picture; left out: both
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Colours; `auto` follows the reader's screen in SVG, and is light in PNG
    #[arg(long, value_enum, default_value_t = Colours::Auto)]
    theme: Colours,
    /// Font for PNG, a TTF or OTF file; left out: one that is installed
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

/// Kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Svg,
    Png,
}

/// Colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colours {
    Auto,
    Light,
    Dark,
}

impl From<Colours> for Theme {
    fn from(colours: Colours) -> Self {
        match colours {
            Colours::Auto => Self::Auto,
            Colours::Light => Self::Light,
            Colours::Dark => Self::Dark,
        }
    }
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    if !(SHORTEST..=LONGEST).contains(&arguments.since.as_secs_f64()) {
        let help = "write a length from `--since 1m` to `--since 400d`";
        return Err(Failure::arguments("there is nothing to draw of so short or so long a time", help));
    }
    let wants = |format| arguments.format.is_none_or(|wanted| wanted == format);
    // First, because without fonts the rest would be for nothing.
    let fonts = wants(Format::Png).then(|| fonts(arguments)).transpose()?;
    let situation = Situation::of(global, Wishes::default()).await?;
    let prometheus = view::running_prometheus(&situation)?;
    let library = view::library_of(&situation)?;
    let dashboards = chosen(&situation.desired.dashboards, &arguments.dashboards)?;
    let folder = &arguments.output;
    fs_err::create_dir_all(folder).map_err(|error| Error::new("cannot make the folder for the pictures", error))?;
    for StackDashboard { name, dashboard, .. } in dashboards {
        let theme = Theme::from(arguments.theme);
        if wants(Format::Svg) {
            let svg = draw(&prometheus, &library, dashboard, arguments.since, theme).await?;
            write(global, &folder.join(format!("{name}.svg")), svg.as_bytes())?;
        }
        if let Some(fonts) = &fonts {
            // A PNG cannot ask the reader's screen.
            let theme = if theme == Theme::Auto { Theme::Light } else { theme };
            let svg = draw(&prometheus, &library, dashboard, arguments.since, theme).await?;
            let png = plot::png(&svg, fonts);
            let png = png.map_err(|error| Error::new(format!("cannot draw `{}`", dashboard.title), error))?;
            write(global, &folder.join(format!("{name}.png")), &png)?;
        }
    }
    Ok(Exit::Done)
}

fn fonts(arguments: &Arguments) -> Result<Fonts, Failure> {
    let fonts = arguments.font.as_deref().map_or_else(Fonts::of_system, Fonts::of_file);
    fonts.map_err(|error| {
        let advice = match &error {
            PictureError::NoFonts => {
                "install one (`apt-get install fonts-dejavu-core`), name a file with `--font`, or take `--format svg`"
            }
            _ => "name a TTF or OTF file with `--font`, or take `--format svg`",
        };
        Error::new("cannot draw PNG pictures", &error).advise(advice).into()
    })
}

fn chosen<'a>(all: &'a [StackDashboard], names: &[String]) -> Result<Vec<&'a StackDashboard>, Failure> {
    if names.is_empty() {
        return Ok(all.iter().collect());
    }
    let find = |name: &String| {
        let of_uid = || all.iter().find(|dashboard| dashboard.dashboard.uid == *name);
        all.iter().find(|dashboard| dashboard.name == *name).or_else(of_uid).ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|dashboard| dashboard.name.as_str()).collect();
            Failure::arguments(format!("there is no dashboard `{name}`"), format!("there are: {}", known.join(", ")))
        })
    };
    names.iter().map(find).collect()
}

/// Asks for everything on the dashboard, and draws it.
async fn draw(
    prometheus: &Prometheus,
    library: &Library,
    dashboard: &Dashboard,
    since: Duration,
    theme: Theme,
) -> Result<String, Error> {
    let failed = |error| Error::new(format!("cannot draw `{}`", dashboard.title), error);
    let (length, interval) = (since.as_secs_f64(), library.interval);
    let step = step(length, interval);
    let end = (jiff::Timestamp::now().as_duration().as_secs_f64() / interval).floor() * interval;
    let range = TimeRange { start: end - length, end, step, zone: jiff::tz::TimeZone::system() };
    let variables =
        choose(prometheus, dashboard, &[], &filling(&range, interval, &[]), Among::Known).await.map_err(failed)?;
    let worded = worded(dashboard, &variables);
    let variables = variables.iter().map(Chosen::pair).collect();
    let shown = Shown { range, interval, variables };
    let answers = ask(prometheus, &worded, &shown).await.map_err(failed)?;
    Ok(plot::sheet(&worded, &answers.contents, &answers.marks, &shown.range, theme))
}

fn write(global: &Global, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    disk::place_of(path)
        .and_then(|place| fs_err::write(place, bytes))
        .map_err(|error| Error::new("cannot write the picture", error))?;
    if !global.quiet {
        output::say(&format!("wrote {}", path.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::chosen;
    use crate::command::VOCABULARY;
    use crate::desired::{Desired, Facts};
    use crate::stack::{Environment, parse};

    #[test]
    fn a_dashboard_is_chosen_by_its_name_or_by_its_uid() {
        let text = "name: demo\napps: { web: { image: \"web:1\", metrics: {} } }\n";
        let folder = std::path::Path::new(".");
        let loaded = parse("stack.yml", text, folder, &Environment::default(), &VOCABULARY).expect("a stack");
        let all = Desired::of(&loaded.stack, &Facts::default()).dashboards;
        let names = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
            let found = chosen(&all, &asked).map_err(|failure| format!("{failure:?}"))?;
            Ok::<_, String>(found.iter().map(|dashboard| dashboard.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(&["overview"]), Ok(vec!["overview".to_owned()]), "as `dashboards list` calls it");
        assert_eq!(
            names(&["_overview", "web"]),
            Ok(vec!["overview".to_owned(), "web".to_owned()]),
            "as its address has it"
        );
        assert!(names(&["nope"]).is_err_and(|told| told.contains("overview") && !told.contains("_overview")));
    }
}
