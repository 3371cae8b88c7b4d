//! The questions of `init`. Without a terminal, and with `--yes`, each has its likeliest answer.

use std::io::IsTerminal as _;
use std::path::Path;

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, MultiSelect, Select};

use super::answers::{Wishes, place};
use super::exporters::{Choice, Proposal};
use super::look::{Running, Seen};
use crate::command::{Failure, output, prompt};
use crate::import::{FreshApp, FreshExporter, FreshMetrics, Origin};
use crate::stack::{Ports, ServiceName, StackName, counted};

/// What is done with a Compose project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Import,
    Include,
    /// Its containers run: Compose goes on running them, and they are watched.
    Attach,
    Nothing,
}

/// Asks, or answers itself.
pub(super) struct Asker {
    is_there: bool,
    is_quiet: bool,
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
    /// `silent`: nobody is to be asked. `is_quiet`: nobody is to be told of what may be of use either.
    pub(super) fn new(silent: bool, is_quiet: bool) -> Result<Self, Failure> {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !silent && !is_terminal {
            let help = "add `--yes` for the likeliest answers, or `--answers FILE`; `stackctl init --help` lists them";
            return Err(Failure::arguments("there is no terminal to ask on", help));
        }
        if !silent {
            prompt::restore_on_interrupt();
        }
        Ok(Self { is_there: !silent, is_quiet, theme: ColorfulTheme::default() })
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
        prompt::answered(Confirm::with_theme(&self.theme).with_prompt(question).default(usual).interact())
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
        prompt::answered(input.interact_text())
    }

    /// What to do with the Compose files that lie here. `running`: services of the project that run now.
    pub(super) fn what_of(&self, files: &str, running: &[String]) -> Result<Use, Failure> {
        if !self.is_there {
            if !running.is_empty() && !self.is_quiet {
                let options: Vec<String> = running.iter().map(|name| format!("--attach {name}")).collect();
                let options = options.join(" ");
                output::say(&format!(
                    "the project runs: `stackctl init --yes --no-import {options}` watches it, and Compose goes on running it"
                ));
            }
            return Ok(Use::Import);
        }
        let mut ways = vec![
            (Use::Import, format!("import {files}: one stack file from now on")),
            (Use::Include, format!("include {files}: it stays the source, and the stack file says what to watch")),
        ];
        if !running.is_empty() {
            let count = counted(running.len(), "service");
            ways.push((Use::Attach, format!("attach what runs of it ({count}): Compose goes on running it")));
        }
        ways.push((Use::Nothing, "none of these".to_owned()));
        let lines: Vec<&str> = ways.iter().map(|(_, line)| line.as_str()).collect();
        let picked = prompt::answered(
            Select::with_theme(&self.theme)
                .with_prompt("A Compose project lies here")
                .items(&lines)
                .default(0)
                .interact(),
        )?;
        Ok(ways.get(picked).map_or(Use::Nothing, |(way, _)| *way))
    }

    /// The services of an included project that are watched: those that answer with metrics, or that somebody picks.
    pub(super) fn services(&self, services: &[String], seen: &Seen) -> Result<Vec<FreshApp>, Failure> {
        let answers = |service: &String| {
            let found = seen.containers.iter().find(|(container, _)| container.service.as_ref() == Some(service));
            found.and_then(|(_, metrics)| metrics.clone())
        };
        let marked: Vec<bool> = services.iter().map(|service| answers(service).is_some()).collect();
        let picked: Vec<usize> = if self.is_there && !services.is_empty() {
            let prompt = "Which of these services have metrics? (space marks, enter goes on)";
            prompt::answered(
                MultiSelect::with_theme(&self.theme).with_prompt(prompt).items(services).defaults(&marked).interact(),
            )?
        } else {
            (0..services.len()).filter(|index| marked[*index]).collect()
        };
        let app = |index: usize| {
            let service = &services[index];
            let metrics = answers(service).unwrap_or(FreshMetrics { port: None, path: "/metrics".to_owned() });
            FreshApp { name: service.clone(), metrics: Some(metrics), ..FreshApp::default() }
        };
        Ok(picked.into_iter().map(app).collect())
    }

    /// Running containers that are watched and stay whose they are: those that were named, else those that somebody picks.
    pub(super) fn attached(&self, seen: &Seen, wishes: &Wishes) -> Result<Vec<Running>, Failure> {
        let running = seen.running();
        if !wishes.attach.is_empty() {
            let is_named = |found: &Running| wishes.attach.iter().any(|name| found.is_called(name));
            return Ok(running.into_iter().filter(is_named).collect());
        }
        if running.is_empty() || !self.is_there || !wishes.container.is_empty() {
            return Ok(Vec::new());
        }
        let lines: Vec<String> = running.iter().map(Running::line).collect();
        let marked: Vec<bool> = running.iter().map(|found| found.metrics.is_some()).collect();
        let prompt = "Which of these shall be watched? They stay whose they are (space marks, enter goes on)";
        let picked = prompt::answered(
            MultiSelect::with_theme(&self.theme).with_prompt(prompt).items(&lines).defaults(&marked).interact(),
        )?;
        Ok(picked.into_iter().map(|index| running[index].clone()).collect())
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
            let is_port = |text: &str| match text.trim().parse::<Ports>() {
                Err(wrong) if !text.trim().is_empty() => Err(wrong.to_string()),
                _ => Ok(()),
            };
            let port = self.text("Port to publish, such as 8080:80 (nothing: none)", "", is_port)?;
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
                origin: Origin::Image(image.trim().to_owned()),
                ports: Some(port.trim().to_owned()).filter(|port| !port.is_empty()).into_iter().collect(),
                metrics: if metrics.is_empty() { None } else { Some(place(&metrics)?) },
                ..FreshApp::default()
            });
        }
        Ok(apps)
    }

    /// Exporters for a new stack file.
    pub(super) fn exporters(&self, choices: Vec<Choice>) -> Result<Vec<FreshExporter>, Failure> {
        self.chosen("Which exporters? (space marks, enter goes on)", choices)
    }

    /// Exporters that fit imported apps. Without somebody to ask, an import stays what it was, and one is told of them.
    pub(super) fn exporters_of_imported(&self, proposals: &[Proposal]) -> Result<Vec<FreshExporter>, Failure> {
        if !self.is_there && !self.is_quiet {
            for proposal in proposals {
                output::say(&proposal.advice());
            }
        }
        if !self.is_there || proposals.is_empty() {
            return Ok(Vec::new());
        }
        let prompt = "Which exporters for what was imported? (space marks, enter goes on)";
        self.chosen(prompt, proposals.iter().map(Proposal::choice).collect())
    }

    /// What somebody marks of lines, each with whether it is marked before, else what is marked before.
    fn chosen(&self, prompt: &str, choices: Vec<Choice>) -> Result<Vec<FreshExporter>, Failure> {
        let marked: Vec<bool> = choices.iter().map(|(_, is_marked, _)| *is_marked).collect();
        let lines: Vec<&str> = choices.iter().map(|(line, _, _)| line.as_str()).collect();
        let picked = if self.is_there && !choices.is_empty() {
            prompt::answered(
                MultiSelect::with_theme(&self.theme).with_prompt(prompt).items(&lines).defaults(&marked).interact(),
            )?
        } else {
            (0..choices.len()).filter(|index| marked[*index]).collect()
        };
        let choices = choices.into_iter().enumerate().filter(|(index, _)| picked.contains(index));
        Ok(choices.map(|(_, (_, _, exporter))| exporter).collect())
    }

    /// Asks whether to write the file that was shown.
    pub(super) fn may_write(&self, file: &Path) -> Result<bool, Failure> {
        self.yes_or_no(&format!("Write {}?", file.display()), true)
    }
}
