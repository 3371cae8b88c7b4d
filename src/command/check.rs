//! `check`: is the stack file right? Every problem at once.

use serde_json::json;

use super::advice::typed;
use super::{Exit, Failure, output, situation};
use crate::catalog;
use crate::cli::{Format, Global};
use crate::desired::{Desired, Facts, MissingRule};
use crate::engine::without_secrets;
use crate::stack::{Problem, counted, defaults_table};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl check
  stackctl -f stack.yml -f production.yml check
  stackctl check --format json")]
pub struct Arguments {
    #[command(flatten)]
    output: crate::cli::Output,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Show every default and every choice made: images, versions, ports, jobs
    #[arg(long)]
    explain: bool,
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let file = global.file.first().map(|path| path.display().to_string()).unwrap_or_default();
    let loaded = match situation::load(global) {
        Ok(loaded) => loaded,
        Err(problems) if arguments.output.format == Format::Json => {
            print_json(&file, false, problems.advised(typed).as_slice(), &[]);
            return Ok(Exit::FileIsWrong);
        }
        Err(problems) => return Err(problems.into()),
    };
    let ok = !arguments.strict || loaded.warnings.is_empty();
    let desired = Desired::of(&loaded.stack, &Facts::default());
    match arguments.output.format {
        Format::Json => print_json(&file, ok, loaded.warnings.advised(typed).as_slice(), &waiting(&desired)),
        Format::Text => {
            if !loaded.warnings.is_empty() {
                output::say_problems(&loaded.warnings);
            }
            if arguments.explain {
                output::print(&explanation(&desired));
            } else if ok && !global.quiet {
                output::say(&summary(&file, &desired));
            }
            for objective in waiting(&desired).iter().filter(|_| !global.quiet) {
                let (app, wanted) = (&objective.app, &objective.wanted);
                output::say(&format!(
                    "note: `{wanted}` of `{app}` has no rules before stackctl has seen what `{app}` exposes, or you {}",
                    objective.remedy
                ));
            }
        }
    }
    Ok(if ok { Exit::Done } else { Exit::FileIsWrong })
}

/// Objectives whose signals the stack file does not name. What an app exposes is known once it runs.
fn waiting(desired: &Desired) -> Vec<&MissingRule> {
    let missing = desired.prometheus.iter().flat_map(|prometheus| &prometheus.missing_rules);
    missing.filter(|missing| missing.wanted.starts_with("slo.")).collect()
}

fn print_json(file: &str, ok: bool, problems: &[Problem], waiting: &[&MissingRule]) {
    let problem = |problem: &Problem| {
        let mut entry = json!(problem);
        // The file is the one at the top, but for overlays and included Compose files.
        if problem.file != file {
            entry["file"] = json!(problem.file);
        }
        entry
    };
    let problems: Vec<_> = problems.iter().map(problem).collect();
    let mut report = json!({ "file": file, "ok": ok, "problems": problems });
    if !waiting.is_empty() {
        let entry = |missing: &&MissingRule| {
            json!({
                "path": format!("apps.{}.{}", missing.app, missing.wanted),
                "message": missing.reason,
                "help": missing.remedy,
            })
        };
        report["waiting"] = waiting.iter().map(entry).collect();
    }
    output::print_json(&report);
}

fn summary(file: &str, desired: &Desired) -> String {
    let jobs = desired.prometheus.as_ref().map_or(0, |prometheus| prometheus.jobs.len());
    format!(
        "{} {file}: stack `{}`, {}, {}",
        output::paint(output::GREEN, "ok"),
        desired.stack,
        counted(desired.services.len(), "service"),
        counted(jobs, "scrape job")
    )
}

/// Every choice made, as tables.
fn explanation(desired: &Desired) -> String {
    let services: Vec<Vec<String>> = desired
        .services
        .iter()
        .map(|service| {
            let ports = service.container.settings.ports.0.iter().map(|port| {
                let host_ports = port.host_ports().unwrap_or_else(|| "*".to_owned());
                format!("{}:{host_ports}->{}", port.address(), port.container_port)
            });
            vec![
                service.name.clone(),
                service.replicas.to_string(),
                without_secrets(service.image.reference.clone()),
                ports.collect::<Vec<_>>().join(", "),
            ]
        })
        .collect();
    let mut text = output::table(&["SERVICE", "REPLICAS", "IMAGE", "PORTS"], &services);
    if let Some(prometheus) = &desired.prometheus {
        let jobs: Vec<Vec<String>> = prometheus.jobs.iter().map(|job| job_row(job, prometheus)).collect();
        text.push_str("\n\n");
        text.push_str(&output::table(&["JOB", "TARGETS", "PATH", "INTERVAL", "TIMEOUT"], &jobs));
    }
    let defaults = defaults_table().into_iter().map(|(path, value)| vec![path, value]).collect::<Vec<_>>();
    let with_image = catalog::COMPONENTS.iter().filter(|component| !component.image.is_empty());
    let versions = with_image.map(|component| {
        let debian = component.debian.as_ref().map_or("none", |package| package.package);
        let image = format!("{}:{}{}", component.image, component.tag_prefix, component.version);
        vec![component.name.to_owned(), image, debian.to_owned()]
    });
    let versions = output::table(&["COMPONENT", "IMAGE", "DEBIAN PACKAGE"], &versions.collect::<Vec<_>>());
    [text, versions, output::table(&["KEY", "DEFAULT"], &defaults)].join("\n\n")
}

fn job_row(job: &crate::desired::Job, prometheus: &crate::desired::PrometheusConfig) -> Vec<String> {
    use crate::desired::JobTargets;
    let targets = match &job.targets {
        JobTargets::Static(targets) => {
            targets.iter().map(|target| target.address.as_str()).collect::<Vec<_>>().join(", ")
        }
        JobTargets::Dns { name, port, .. } => format!("every address of {name}, port {port}"),
    };
    let interval = job.interval.unwrap_or(prometheus.scrape_interval);
    let timeout = job.timeout.unwrap_or(prometheus.scrape_timeout);
    vec![job.name.clone(), targets, job.path.clone(), interval.to_string(), timeout.to_string()]
}
