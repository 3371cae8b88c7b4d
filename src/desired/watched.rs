//! What follows for an exporter from the app that it watches: where it asks, as whom, and in which networks.

use indexmap::IndexMap;

use super::assemble::Input;
use super::called::{Asked, Asker};
use super::lookup::find;
use super::{
    Attachment, Command, ContainerSettings, Dependency, DependencyCondition, HOST, HealthcheckTest, PlacedSecret, Says,
    SecretForm, SecretSource, SettingPlace, WatchedApp, jobs, network, secret,
};
use crate::catalog::{Component, Handover, Login, PasswordPlace, Watches};
use crate::stack::{App, Exporter, MountKind, ServiceName, Stack};

/// An app, and how an exporter watches it.
pub(super) struct Watched<'a> {
    app_name: &'a str,
    app: &'a App,
    host: String,
    port: u16,
    user: String,
    database: String,
    secret: Option<PlacedSecret>,
    has_password: bool,
    watches: &'static Watches,
}

/// The app that an exporter watches, where it watches one.
pub(super) fn of<'a>(input: Input<'a>, exporter_name: &str, exporter: &'a Exporter) -> Option<Watched<'a>> {
    let component = crate::catalog::component(exporter.kind(exporter_name))?;
    let (target, watches) = (exporter.watched.as_ref()?, component.watches.as_ref()?);
    let (app_name, app) = (target.app.as_str(), find(&input.stack.apps, target.app.as_str())?);
    let login = watches.logins.iter().find_map(|login| found(input.stack, app_name, app, login));
    let written = exporter.login.as_ref();
    let user = written.and_then(|login| login.username.clone());
    let usual = || watches.logins.first().and_then(|login| login.user).unwrap_or_default().to_owned();
    let user = user.or_else(|| login.as_ref().map(|login| login.user.clone())).unwrap_or_else(usual);
    let password = written.and_then(|login| login.password.as_ref()).map(secret::source);
    let password = password.or_else(|| login.and_then(|login| login.password));
    let named = watches.database.iter().find_map(|name| app.container.environment.get(*name).cloned());
    let database = written.and_then(|login| login.database.clone()).or(named).unwrap_or_else(|| user.clone());
    let mut made = Watched {
        app_name,
        app,
        host: Asked { name: app_name, settings: &app.container, replicas: app.replicas() }.host(
            input.stack,
            1,
            Asker::Other,
        ),
        port: target.port.or(watches.port).unwrap_or_else(|| jobs::first_port(&app.container)),
        user,
        database,
        secret: None,
        has_password: password.is_some(),
        watches,
    };
    made.secret = made.handed_over(exporter_name, password);
    Some(made)
}

/// A login found in the settings of an app.
struct Found {
    user: String,
    password: Option<SecretSource>,
}

fn found(stack: &Stack, app_name: &str, app: &App, login: &Login) -> Option<Found> {
    let variable = login.user_variable.and_then(|name| app.container.environment.get(name));
    let user = variable.cloned().or_else(|| login.user.map(str::to_owned))?;
    let password = password(stack, app_name, app, &login.password)?;
    Some(Found { user, password: Some(password) })
}

fn password(stack: &Stack, app_name: &str, app: &App, place: &PasswordPlace) -> Option<SecretSource> {
    let environment = &app.container.environment;
    let setting = |place| SecretSource::Setting { service: app_name.to_owned(), place };
    match place {
        PasswordPlace::Variable(name) => match environment.get(&format!("{name}_FILE")) {
            Some(path) => in_file(stack, app, path),
            None => environment.get(*name).map(|_| setting(SettingPlace::Variable((*name).to_owned()))),
        },
        PasswordPlace::Flag(flag) => {
            secret::flag_value(&app.container.command.as_ref()?.0, flag)?;
            Some(setting(SettingPlace::Flag((*flag).to_owned())))
        }
    }
}

/// Where a file inside the app's container comes from: one of its secrets, or a file of the host.
fn in_file(stack: &Stack, app: &App, path: &str) -> Option<SecretSource> {
    let mut secrets = app.wiring.secrets.iter();
    if let Some(mounted) = secrets.find(|mounted| mounted.target == path) {
        return find(&stack.secrets, mounted.source.as_str()).map(secret::source);
    }
    let mount = app.wiring.volumes.iter().find(|mount| mount.target == path)?;
    match &mount.kind {
        MountKind::Bind { source, .. } => Some(SecretSource::File(source.clone())),
        _ => None,
    }
}

/// What an exporter without `for` says of what its own settings name.
pub(super) fn says_of_unnamed(component: &Component) -> Option<Says> {
    let metric = component.watches.as_ref()?.reaches;
    (!metric.is_empty()).then(|| Says::Reaches { metric: metric.to_owned(), app: None })
}

impl Watched<'_> {
    /// The file that holds the password, for an exporter that reads one.
    fn handed_over(&self, exporter_name: &str, password: Option<SecretSource>) -> Option<PlacedSecret> {
        let Handover::File { name, form, quoting, always } = &self.watches.password else { return None };
        if password.is_none() && !always {
            return None;
        }
        let source = match password {
            Some(password) if *form == "{password}" => password,
            password => {
                let (before, after) = form.split_once("{password}").unwrap_or((form, ""));
                let (before, after) = (self.filled(before), self.filled(after));
                let form = SecretForm { before, after, quoting: *quoting };
                SecretSource::Made { form, of: password.map(Box::new) }
            }
        };
        Some(secret::at_usual_place(format!("{exporter_name}_{name}"), source))
    }

    fn filled(&self, text: &str) -> String {
        let secret = self.secret.as_ref().map_or("", |secret| secret.target.as_str());
        text.replace("{target}", &format!("{}:{}", self.host, self.port))
            .replace("{host}", &self.host)
            .replace("{port}", &self.port.to_string())
            .replace("{user}", &self.user)
            .replace("{database}", &self.database)
            .replace("{secret}", secret)
    }

    /// Adds where the exporter asks, and as whom, to what it is started with. What the file writes stays.
    pub(super) fn complete(&self, settings: &mut ContainerSettings, command_is_written: bool) {
        let more: &[(&str, &str)] = if self.has_password { self.watches.environment_with_password } else { &[] };
        for (key, value) in self.watches.environment.iter().chain(more) {
            settings.environment.entry((*key).to_owned()).or_insert_with(|| self.filled(value));
        }
        if !command_is_written && !self.watches.command.is_empty() {
            let words = self.watches.command.iter().map(|word| self.filled(word));
            settings.command.get_or_insert_with(|| Command(Vec::new())).0.extend(words);
        }
        if self.host == HOST {
            settings.extra_hosts.entry(HOST.to_owned()).or_insert_with(|| "host-gateway".to_owned());
        }
    }

    /// The stack's own networks of the app, for an exporter that names none itself: whoever need not be among others is not.
    /// Where the app is among others alone, theirs.
    pub(super) fn networks(&self, stack: &Stack, exporter_name: &str) -> Vec<Attachment> {
        let joined: Vec<&str> = self.app.wiring.networks.keys().map(ServiceName::as_str).collect();
        if joined.is_empty() {
            return network::attachments(stack, exporter_name, &IndexMap::new());
        }
        let own: Vec<&str> = joined.iter().copied().filter(|key| !network::is_of_others(stack, key)).collect();
        let joined = if own.is_empty() { joined } else { own };
        network::in_order(joined.into_iter().map(|key| network::visiting(stack, key, exporter_name)).collect())
    }

    /// It starts once the app is well, as far as the file says how to tell. An app that falls ill later is what it shows.
    pub(super) fn dependency(&self) -> Dependency {
        let check = self.app.container.healthcheck.as_ref();
        let can_tell = check.is_some_and(|check| check.test != HealthcheckTest::Disabled);
        let condition = if can_tell { DependencyCondition::Healthy } else { DependencyCondition::Started };
        Dependency { service: self.app_name.to_owned(), condition }
    }

    /// What the exporter says of the app.
    pub(super) fn says(&self) -> Says {
        Says::Reaches {
            metric: self.watches.reaches.to_owned(),
            app: Some(WatchedApp { name: self.app_name.to_owned(), address: format!("{}:{}", self.host, self.port) }),
        }
    }

    /// The file with the password.
    pub(super) fn secret(&self) -> Option<PlacedSecret> {
        self.secret.clone()
    }
}
