//! `images`: where each image comes from, and getting them.

mod load;
mod prune;
mod save;

use serde_json::json;

use super::progress::Progress;
use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output};
use crate::cli::{Format, Global, Output};
use crate::desired::{Image, ImageOrigin};
use crate::engine::{Event, without_secrets};
use crate::plan::{Plan, Step};

/// Arguments of `images`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

impl Arguments {
    /// Whether a program reads what is printed.
    pub(super) fn wants_json(&self) -> bool {
        matches!(&self.action, Action::List(output) if output.format == Format::Json)
    }
}

/// What to do with images.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Which image each service gets, and whether the engine has it
    List(Output),
    /// Get every image the stack needs that the engine does not have: pull it, or build it from Debian packages
    Pull,
    /// Build stackctl's own image and those from Debian packages anew
    Build,
    /// Write every image of the stack into one archive, for a host without a registry
    Save(save::Arguments),
    /// Bring the images of an archive to the engine
    Load(load::Arguments),
    /// Take away the images of stackctl's own making that no container was made from
    Prune(prune::Arguments),
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    if let Action::Save(save) = &arguments.action {
        save::check(save)?;
    }
    if let Action::Load(load) = &arguments.action {
        return load::run(load, global.quiet).await;
    }
    if let Action::Prune(prune) = &arguments.action {
        return prune::run(prune, global.quiet).await;
    }
    let ask_again = matches!(arguments.action, Action::Pull | Action::Build);
    let situation = Situation::of(global, Wishes { ask_again, ..Wishes::default() }).await?;
    match &arguments.action {
        Action::List(format) => {
            list(&situation, format.format, global.quiet);
            Ok(Exit::Done)
        }
        Action::Pull => get(&situation, situation.plan(), global.quiet).await,
        Action::Build => get(&situation, rebuild(&situation), global.quiet).await,
        Action::Load(load) => load::run(load, global.quiet).await,
        Action::Prune(prune) => prune::run(prune, global.quiet).await,
        Action::Save(save) => match get(&situation, missing(&situation), global.quiet).await? {
            Exit::Done => save::run(&situation, save, global.quiet).await,
            failed => Ok(failed),
        },
    }
}

fn list(situation: &Situation, format: Format, quiet: bool) {
    let images = situation.desired.services.iter().map(|service| {
        let present = situation.observed.images.contains_key(&service.image.reference);
        // A name may hold a value that is secret.
        (service.name.as_str(), &service.image, without_secrets(service.image.reference.clone()), present)
    });
    match format {
        Format::Json => {
            let entries = images.map(|(service, image, reference, present)| {
                json!({ "service": service, "image": reference, "from": origin(image), "present": present })
            });
            output::print_json(&entries.collect::<Vec<_>>());
        }
        Format::Text => {
            let rows: Vec<Vec<String>> = images
                .map(|(service, image, reference, present)| {
                    let presence = if present { "yes" } else { "no" };
                    vec![service.to_owned(), reference, origin(image).to_owned(), presence.to_owned()]
                })
                .collect();
            output::print(&output::table(&["SERVICE", "IMAGE", "FROM", "PRESENT"], &rows));
        }
    }
    if !quiet {
        situation.say_left_out();
    }
}

fn origin(image: &Image) -> &'static str {
    match image.origin {
        ImageOrigin::Registry => "registry",
        ImageOrigin::Debian => "debian",
        ImageOrigin::Own => "stackctl",
    }
}

/// The steps of a plan that get images, and no others.
async fn get(situation: &Situation, mut plan: Plan, quiet: bool) -> Result<Exit, Failure> {
    plan.steps.retain(|step| step.image_reference().is_some());
    let progress = Progress::new(quiet);
    let show = |event: Event| progress.show(&event);
    let outcome = situation.apply(&plan, std::time::Duration::ZERO, &show).await?;
    for failure in &outcome.failures {
        output::say(&super::failure::framed(&failure.error.to_string(), failure.error.advice.as_deref()));
    }
    Ok(if outcome.failures.is_empty() { Exit::Done } else { Exit::WorldSaidNo })
}

/// What gets the images that the engine does not have, stackctl's own among them.
fn missing(situation: &Situation) -> Plan {
    let mut plan = situation.plan();
    let own = Image {
        reference: situation.own_image.clone(),
        origin: ImageOrigin::Own,
        pull_policy: crate::desired::PullPolicy::Never,
        content: None,
    };
    let has_own = plan.steps.iter().any(|step| step.image_reference() == Some(own.reference.as_str()));
    if !has_own && !situation.observed.images.contains_key(&own.reference) {
        plan.steps.push(Step::GetImage { image: own, reason: "missing".to_owned() });
    }
    plan
}

fn rebuild(situation: &Situation) -> Plan {
    let mut images: Vec<&Image> = situation.desired.services.iter().map(|service| &service.image).collect();
    images.retain(|image| image.origin != ImageOrigin::Registry);
    images.sort_by_key(|image| &image.reference);
    images.dedup();
    let steps = images.into_iter().map(|image| Step::GetImage { image: image.clone(), reason: "asked for".to_owned() });
    Plan { stack: situation.desired.stack.clone(), steps: steps.collect() }
}
