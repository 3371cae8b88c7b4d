//! Exporters: their kinds, and the apps that they watch.

use super::super::document::Path;
use super::super::{App, Exporter, ServiceName, Stack, suggest};
use super::Examination;
use crate::catalog::{self, Handover, PasswordPlace, Watches};

/// Exporters come from the catalogue.
pub(super) fn kinds_are_known(examination: &mut Examination) {
    let known = examination.vocabulary.exporters;
    let stack = examination.stack;
    if known.is_empty() {
        return;
    }
    for (name, exporter) in &stack.exporters {
        let kind = exporter.kind(name.as_str());
        let top = Path::ROOT.key("exporters");
        let path = top.key(name.as_str());
        if !known.contains(&kind) {
            let add = if let (None, Some(watched)) = (&exporter.kind, &exporter.watched) {
                let likely = stack.apps.get(&watched.app).and_then(kind_of);
                format!("write `kind: {}` beside `for`; known are {}", likely.unwrap_or("KIND"), suggest::listed(known))
            } else {
                format!("known are {}; write any other as an app with `metrics: {{}}`", suggest::listed(known))
            };
            let wrong = suggest::unknown_name("exporter", kind, known.iter().copied(), add);
            let key = path.key("kind");
            examination.error_at_key(if exporter.kind.is_some() { key } else { path }, wrong.message, wrong.help);
        } else if exporter.image.is_none() && catalog::component(kind).is_some_and(|known| known.image.is_empty()) {
            let message = format!("the makers of the {kind} exporter publish no image");
            let help = format!("name one with `image:`; `stackctl catalog show {kind}` says what else there is");
            examination.error_at_key(path, message, help);
        }
    }
}

/// `for` names an app that the exporter can watch.
pub(super) fn watched_apps_are_there(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, exporter) in &stack.exporters {
        let Some(known) = catalog::component(exporter.kind(name.as_str())) else { continue };
        let top = Path::ROOT.key("exporters");
        let path = top.key(name.as_str());
        match (&exporter.watched, &known.watches) {
            (None, None) => {}
            (None, Some(watches)) => names_its_app_by_hand(examination, path, exporter, known.name, watches),
            (Some(_), None) => {
                let message = format!("the {} exporter belongs to no app", known.name);
                examination.error_at_key(path.key("for"), message, "remove `for`");
            }
            (Some(target), Some(watches)) => match stack.apps.get(&target.app) {
                Some(app) => app_fits(examination, path, (target.app.as_str(), app), known.name, watches),
                None => no_such_app(examination, path.key("for"), target.app.as_str()),
            },
        }
    }
}

/// Without `for` somebody has to say where the exporter asks.
fn names_its_app_by_hand(
    examination: &mut Examination,
    path: Path,
    exporter: &Exporter,
    kind: &str,
    watches: &Watches,
) {
    let container = &exporter.container;
    let is_said_already = examination.locate(&path).node.is_some_and(|node| node.entry("for").is_some());
    if is_said_already
        || container.command.is_some()
        || !container.environment.is_empty()
        || container.entrypoint.is_some()
    {
        return;
    }
    let likely = examination.stack.apps.iter().find(|(_, app)| looks_like(app, watches));
    let app = likely.map_or("APP", |(name, _)| name.as_str());
    let help = format!("write `for: {app}`, or where it asks in `environment` or `command`");
    examination.error_at_key(path, format!("the {kind} exporter does not know what to watch"), help);
}

fn no_such_app(examination: &mut Examination, path: Path, app_name: &str) {
    let stack = examination.stack;
    let is_attached = stack.attached.keys().any(|name| name.as_str() == app_name);
    if is_attached || stack.exporters.keys().any(|name| name.as_str() == app_name) {
        let message = format!("`{app_name}` is no app that this stack runs");
        let help = "leave `for` out, and write where the exporter asks in `environment` or `command`";
        return examination.error(path, message, help);
    }
    if !examination.is_written("apps", app_name) {
        let add = format!("add `{app_name}` under `apps`, or name another app");
        let known = stack.apps.keys().map(ServiceName::as_str);
        examination.wrong(path, suggest::unknown_name("app", app_name, known, add));
    }
}

fn app_fits(examination: &mut Examination, path: Path, (name, app): (&str, &App), kind: &str, watches: &Watches) {
    if app.container.network_mode.as_deref() == Some("none") {
        let message = format!("nobody can reach `{name}`: it has `network_mode: none`");
        return examination.error(path.key("for"), message, "remove `network_mode` from the app");
    }
    if app.replicas() > 1 {
        let message = format!("`{name}` has {} replicas, and the exporter watches the first alone", app.replicas());
        examination.warning(path.key("for"), message, "write one app, and one exporter, for each");
    }
    if app.image.is_empty() || looks_like(app, watches) {
        return;
    }
    let message = format!("`{name}` runs `{}`, which does not look like {kind}", app.image);
    let other = kind_of(app);
    let help = match other {
        Some(other) => format!("write `kind: {other}`, if that is meant"),
        None => "if it is one all the same, a login in its settings or under `login:` makes this quiet".to_owned(),
    };
    if other.is_some() || !knows_login(examination.stack, name, kind) {
        examination.warning(path.key("for"), message, help);
    }
}

/// Whether an exporter of that kind for that app brings its own login.
fn knows_login(stack: &Stack, app_name: &str, kind: &str) -> bool {
    stack.exporters.iter().any(|(name, exporter)| {
        let is_for = exporter.watched.as_ref().is_some_and(|watched| watched.app.as_str() == app_name);
        is_for && exporter.kind(name.as_str()) == kind && exporter.login.is_some()
    })
}

/// The kind that an app looks like by its image.
fn kind_of(app: &App) -> Option<&'static str> {
    catalog::exporter_for(&app.image).map(|known| known.name)
}

/// An image is known by its name, and an app by the settings that images of its kind take.
fn looks_like(app: &App, watches: &Watches) -> bool {
    let passwords = watches.logins.iter().filter_map(|login| match login.password {
        PasswordPlace::Variable(name) => Some(name),
        PasswordPlace::Flag(_) => None,
    });
    let mut names = passwords.chain(watches.database.iter().copied());
    let environment = &app.container.environment;
    let is_set = |name: &str| environment.contains_key(name) || environment.contains_key(&format!("{name}_FILE"));
    watches.fits(&app.image) || names.any(is_set)
}

/// A login that the exporter takes only where everybody can see it is not handed over.
pub(super) fn logins_reach_the_exporter(examination: &mut Examination) {
    let stack = examination.stack;
    for (name, exporter) in &stack.exporters {
        let Some(watches) = catalog::component(exporter.kind(name.as_str())).and_then(|known| known.watches.as_ref())
        else {
            continue;
        };
        let top = Path::ROOT.key("exporters");
        let path = top.key(name.as_str());
        let Some(login) = &exporter.login else { continue };
        if exporter.watched.is_none() {
            let message = "`login` is the login to the app of `for`, which is not there";
            examination.error_at_key(path.key("login"), message, "write `for: APP`, or remove `login`");
            continue;
        }
        match watches.password {
            Handover::File { .. } => {}
            _ if login.password.is_none() => {}
            Handover::Variable(variable) if !exporter.container.environment.contains_key(variable) => {
                let message = "this exporter takes a password from its environment alone, where everybody can read it";
                let help = format!("remove it here; if that is meant, write `environment: {{ {variable}: … }}`");
                examination.error_at_key(path.key("login"), message, help);
            }
            Handover::Variable(_) => {}
            Handover::None => {
                examination.error_at_key(path.key("login"), "this exporter takes no password", "remove `login`");
            }
        }
    }
}
