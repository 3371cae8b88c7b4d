//! `render`: writes every generated file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Exit, Failure, VOCABULARY, locked, output, secrets, situation};
use crate::cli::Global;
use crate::desired::{Desired, Facts, ImageOrigin, Role, ScaleOverride};
use crate::engine::Error;
use crate::engine::images::own_image;
use crate::render;
use crate::stack::{self, Environment, ImageSource};

/// Arguments of `render`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stackctl render -o out && docker compose -f out/compose.yml up -d")]
pub struct Arguments {
    /// Folder to write into; it is made where it is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    scale: crate::cli::Scale,
    #[command(flatten)]
    locked: crate::cli::Locked,
}

/// Runs it.
pub(super) fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = situation::load(global)?;
    situation::check_scales(&loaded.stack, &arguments.scale.scale)?;
    let own_image = own_image().map_err(Error::from)?;
    let mut facts = Facts { own_image: Some(own_image), ..Facts::default() };
    if arguments.locked.locked {
        locked::hold(global, &loaded.stack)?.tell(&mut facts);
    }
    for (app_name, replicas) in &arguments.scale.scale {
        let file = loaded.stack.apps.get(app_name.as_str()).and_then(|app| app.scale);
        facts.scale.insert(app_name.clone(), ScaleOverride { replicas: *replicas, file });
    }
    let desired = Desired::of(&loaded.stack, &facts);
    let folder = &render::plain(&arguments.output);
    let written = render::write(&render::all(&desired), folder).map_err(|error| {
        let advice = advice(error.kind());
        Error::new(format!("cannot write into {}", folder.display()), error).advise(advice)
    })?;
    let secrets = secrets::write_beside(&desired, &loaded.environment, folder)?;
    if !global.quiet {
        let is_up_to_date = written.is_empty().then(|| format!("{} is up to date", folder.display()));
        let files = written.iter().map(|file| folder.join(&file.path)).chain(secrets);
        let lines: Vec<String> = files.map(|file| format!("wrote {}", file.display())).chain(is_up_to_date).collect();
        // At once: there may be thousands.
        output::say(&lines.join("\n"));
        say_secrets(folder, &secret_variables(global, &loaded.environment, &facts));
        let stands_in = loaded.stack.images.from == ImageSource::Auto;
        say_assumptions(&desired, arguments.locked.locked, stands_in);
    }
    Ok(Exit::Done)
}

fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room on that disk, or choose a folder on another one"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "choose a folder that you may write into",
        ErrorKind::NotADirectory => "a file stands where a folder would have to be: choose another path",
        _ => "choose a folder that is empty, or that `stackctl render` has written before",
    }
}

/// The files in which values of variables stand that hold secrets, and the names of these: by what they are called, or as
/// URLs with a password. The stack is read once more, with marks for the values: a value itself may stand anywhere for
/// another reason.
fn secret_variables(global: &Global, environment: &Environment, facts: &Facts) -> Vec<(String, Vec<String>)> {
    let secret = |name: &str| {
        let value = environment.get(name).filter(|value| !value.is_empty())?;
        let mark = format!("stackctl-{}-mark", name.to_ascii_lowercase());
        let covered = stack::without_url_secrets(&value);
        let marked = if covered == value { mark.clone() } else { covered.replace("***", &mark) };
        (covered != value || stack::names_a_secret(name)).then(|| (name.to_owned(), mark, marked))
    };
    let mut secrets: Vec<(String, String, String)> = environment.names().filter_map(secret).collect();
    secrets.sort();
    let set = environment.names().filter_map(|name| Some((name.to_owned(), environment.get(name)?)));
    let marked = set.chain(secrets.iter().map(|(name, _, marked)| (name.clone(), marked.clone()))).collect();
    if secrets.is_empty() {
        return Vec::new();
    }
    let Ok(loaded) = stack::load(&global.file, &marked, &VOCABULARY) else { return Vec::new() };
    let files = render::all(&Desired::of(&loaded.stack, facts)).0.into_iter().map(|(path, text)| {
        let standing = secrets.iter().filter(|(_, mark, _)| text.contains(mark.as_str()));
        (path, standing.map(|(name, _, _)| name.clone()).collect::<Vec<String>>())
    });
    files.filter(|(_, names)| !names.is_empty()).collect()
}

fn say_secrets(folder: &Path, found: &[(String, Vec<String>)]) {
    for (path, names) in found {
        let who = if path == "compose.yml" {
            "you alone can read it".to_owned()
        } else {
            let folder = folder.display();
            format!("all users of this host can, as that of a container has to: `chmod 700 {folder}` keeps them out")
        };
        output::say(&format!(
            "secret: the value of {} stands in {}; {who}",
            names.join(", "),
            folder.join(path).display()
        ));
    }
}

/// `render` asks nobody. What `up` would have found out is said here.
fn say_assumptions(desired: &Desired, is_locked: bool, stands_in: bool) {
    let of_components = desired.services.iter().filter(|service| service.role != Role::App);
    let pulled = of_components.filter(|service| service.image.origin == ImageOrigin::Registry);
    let images: Vec<_> = pulled.map(|service| service.image.reference.as_str()).collect();
    if !images.is_empty() && !is_locked {
        output::say(&format!("assumed, without asking, that these can be pulled: {}", images.join(", ")));
        if stands_in {
            output::say(
                "where no registry answers, `stackctl up` runs others in their place, from Debian packages, or leaves them out; \
                 `images: { from: debian }` renders those",
            );
        }
    }
    for unfit in desired.alertmanager.iter().flat_map(|config| &config.unfit) {
        output::say(&format!(
            "warning: receiver `{}`: {}; {}.{} is the first that can",
            unfit.receiver, unfit.reason, unfit.since.major, unfit.since.minor
        ));
    }
    if let Some(daemon) = &desired.daemon {
        output::say(&format!("assumed for the engine's metrics: address {}", daemon.metrics_address));
    }
}
