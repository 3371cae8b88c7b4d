//! The questions of `init`. Without a terminal, and with `--yes`, each has its likeliest answer.

use std::io::IsTerminal as _;
use std::path::Path;

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, MultiSelect};

use super::answers::{Wishes, place};
use super::look::Seen;
use crate::catalog;
use crate::command::{Exit, Failure, output};
use crate::import::FreshApp;
use crate::stack::{ServiceName, StackName};

/// Asks, or answers itself.
pub(super) struct Asker {
    is_there: bool,
    theme: ColorfulTheme,
}

/// Whether a text can name a stack.
pub(super) fn is_stack_name(text: &str) -> Result<(), String> {
    text.parse::<StackName>().map(|_| ()).map_err(|wrong| format!("{}; {}", wrong.message, wrong.help))
}

fn is_service_name(text: &str) -> Result<(), String> {
    text.parse::<ServiceName>().map(|_| ()).map_err(|wrong| format!("{}; {}", wrong.message, wrong.help))
}

impl Asker {
    /// `silent`: nobody is to be asked.
    pub(super) fn new(silent: bool) -> Result<Self, Failure> {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !silent && !is_terminal {
            let help = "add `--yes` for the likeliest answers, or `--answers FILE`; `stackctl init --help` lists them";
            return Err(Failure::arguments("there is no terminal to ask on", help));
        }
        if !silent {
            restore_on_interrupt();
        }
        Ok(Self { is_there: !silent, theme: ColorfulTheme::default() })
    }

    /// Whether somebody is there to answer.
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// A question with two answers.
    pub(super) fn yes_or_no(&self, question: &str, usual: bool) -> Result<bool, Failure> {
        if !self.is_there {
            return Ok(usual);
        }
        answered(Confirm::with_theme(&self.theme).with_prompt(question).default(usual).interact())
    }

    /// A question for a text.
    pub(super) fn text(
        &self,
        question: &str,
        usual: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, Failure> {
        if !self.is_there {
            return Ok(usual.to_owned());
        }
        let input = Input::<String>::with_theme(&self.theme)
            .with_prompt(question)
            .default(usual.to_owned())
            .show_default(!usual.is_empty())
            .allow_empty(usual.is_empty())
            .validate_with(|text: &String| check(text));
        answered(input.interact_text())
    }

    /// Running containers as apps: those that were named, else those that somebody picks.
    pub(super) fn running(&self, seen: &Seen, wishes: &Wishes) -> Result<Vec<FreshApp>, Failure> {
        if let Some(missing) =
            wishes.container.iter().find(|name| !seen.containers.iter().any(|(known, _)| known.name == **name))
        {
            return Err(Failure::arguments(
                format!("no container `{missing}` runs here"),
                "`docker ps` lists those that run",
            ));
        }
        let picked: Vec<usize> = if !wishes.container.is_empty() {
            let is_named = |index: &usize| wishes.container.contains(&seen.containers[*index].0.name);
            (0..seen.containers.len()).filter(is_named).collect()
        } else if seen.containers.is_empty() || !self.is_there {
            Vec::new()
        } else {
            let lines: Vec<String> =
                seen.containers.iter().map(|(container, metrics)| line(container, metrics.as_ref())).collect();
            let marked: Vec<bool> = seen.containers.iter().map(|(_, metrics)| metrics.is_some()).collect();
            let prompt = "Which of these belong to the stack? (space marks, enter goes on)";
            answered(
                MultiSelect::with_theme(&self.theme).with_prompt(prompt).items(&lines).defaults(&marked).interact(),
            )?
        };
        Ok(picked.into_iter().map(|index| app_of(&seen.containers[index])).collect())
    }

    /// Apps until somebody says that these are all.
    pub(super) fn more_apps(&self, known: &[FreshApp]) -> Result<Vec<FreshApp>, Failure> {
        let mut apps: Vec<FreshApp> = Vec::new();
        if !self.is_there {
            return Ok(apps);
        }
        loop {
            let image =
                self.text("Image of an app, such as ghcr.io/acme/web:1.4 (nothing: no more apps)", "", |_| Ok(()))?;
            if image.trim().is_empty() {
                break;
            }
            let usual =
                image.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default().to_owned();
            let is_free = |name: &str| {
                is_service_name(name)?;
                let is_taken = known.iter().chain(&apps).any(|app| app.name == name);
                if is_taken { Err(format!("there is an app `{name}` already")) } else { Ok(()) }
            };
            let name = self.text("Its name", &usual, is_free)?;
            let port = self.text("Port to publish, such as 8080:80 (nothing: none)", "", |_| Ok(()))?;
            let is_place = |text: &str| {
                if text.is_empty() || place(text).is_ok() {
                    Ok(())
                } else {
                    Err("write PORT/PATH, such as 80/metrics".to_owned())
                }
            };
            let metrics =
                self.text("Where its metrics are, such as 80/metrics (nothing: not scraped)", "", is_place)?;
            apps.push(FreshApp {
                name,
                image: image.trim().to_owned(),
                ports: Some(port.trim().to_owned()).filter(|port| !port.is_empty()).into_iter().collect(),
                metrics: if metrics.is_empty() { None } else { Some(place(&metrics)?) },
                note: None,
            });
        }
        Ok(apps)
    }

    /// Exporters of the catalogue, and a word about those that fit what runs.
    pub(super) fn exporters(&self, seen: &Seen) -> Result<Vec<String>, Failure> {
        for (container, _) in &seen.containers {
            if let Some(exporter) = Seen::exporter_for(&container.image) {
                output::say(&format!("{} could be watched with {exporter}", container.name));
            }
        }
        if !self.is_there {
            return Ok(vec!["node".to_owned()]);
        }
        let marked: Vec<bool> = catalog::FOR_ANY_HOST.iter().map(|name| *name == "node").collect();
        let prompt = "Which exporters? (node: the host; cadvisor: each container)";
        let picked = answered(
            MultiSelect::with_theme(&self.theme)
                .with_prompt(prompt)
                .items(catalog::FOR_ANY_HOST)
                .defaults(&marked)
                .interact(),
        )?;
        Ok(picked.into_iter().map(|index| catalog::FOR_ANY_HOST[index].to_owned()).collect())
    }

    /// Shows the file, and asks whether to write it.
    pub(super) fn shows_and_asks(&self, text: &str, file: &Path) -> Result<bool, Failure> {
        if !self.is_there {
            return Ok(true);
        }
        output::say(&format!("\n{}", text.trim_end()));
        self.yes_or_no(&format!("Write {}?", file.display()), true)
    }
}

/// The answer. Ctrl-C gives the cursor back and ends the program, with nothing written.
fn answered<T>(answer: dialoguer::Result<T>) -> Result<T, Failure> {
    answer.map_err(|error| {
        drop(dialoguer::console::Term::stderr().show_cursor());
        let dialoguer::Error::IO(error) = error;
        if error.kind() == std::io::ErrorKind::Interrupted {
            return Failure::Interrupted;
        }
        Failure::arguments(format!("cannot ask: {error}"), "use `--yes` or `--answers FILE`")
    })
}

/// A terminal that is not read at the very moment turns Ctrl-C into a signal. It is waited for beside the prompts, which
/// hold this thread, so that the cursor comes back whenever it is pressed. Nothing is written yet while questions are asked.
fn restore_on_interrupt() {
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let interrupt = tokio::signal::unix::SignalKind::interrupt();
            let Ok(mut signals) = tokio::signal::unix::signal(interrupt) else { return };
            ready.send(()).unwrap_or_default();
            if signals.recv().await.is_some() {
                drop(dialoguer::console::Term::stderr().show_cursor());
                std::process::exit(i32::from(Exit::INTERRUPTED));
            }
        });
    });
    is_ready.recv().unwrap_or_default();
}

fn line(container: &crate::engine::Neighbour, metrics: Option<&(u16, String)>) -> String {
    let metrics = metrics.map(|(port, path)| format!(", metrics at :{port}{path}")).unwrap_or_default();
    format!("{} ({}{metrics})", container.name, container.image)
}

/// A running container as an app.
fn app_of((container, metrics): &(crate::engine::Neighbour, Option<(u16, String)>)) -> FreshApp {
    let published = container.ports.iter().filter_map(|(inside, outside)| Some(format!("{}:{inside}", (*outside)?)));
    FreshApp {
        name: container.service.clone().unwrap_or_else(|| container.name.clone()),
        image: container.image.clone(),
        ports: published.collect(),
        metrics: metrics.clone(),
        note: Some(format!(
            "Runs already as container `{}`: stop that one before `up`, they share ports",
            container.name
        )),
    }
}
