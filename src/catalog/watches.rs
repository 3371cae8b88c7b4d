//! How an exporter watches an app: where it asks, and how the app's own login reaches it.

use serde::Serialize;

/// How an exporter watches an app.
///
/// In `command` and `environment`, `{host}` stands for the app's name, `{target}` for `HOST:PORT` of the app,
/// `{user}` and `{database}` for its login, and `{secret}` for the path of the file that holds the password.
#[derive(Debug, PartialEq, Eq)]
pub struct Watches {
    /// Port the app answers on. `None`: the first port that it names.
    pub port: Option<u16>,
    /// Words by which images of such an app are known.
    pub images: &'static [&'static str],
    /// Where the app's settings name its login, the least powerful first.
    pub logins: &'static [Login],
    /// The app's variables that name a database.
    pub database: &'static [&'static str],
    /// More words of the command.
    pub command: &'static [&'static str],
    /// More environment.
    pub environment: &'static [(&'static str, &'static str)],
    /// More environment where there is a password.
    pub environment_with_password: &'static [(&'static str, &'static str)],
    /// How the exporter takes the password.
    pub password: Handover,
    /// What has to be done at the app, or known of it, before the exporter is of use. Empty: nothing.
    pub needs: &'static str,
    /// Metric that is 0 while the exporter runs and cannot reach the app.
    pub reaches: &'static str,
}

/// Words in the names of images that speak of an app, and are none: `mongo-express`, `cp-kafka-connect`, `postgrest`.
const TOOLS: [&str; 13] = [
    "exporter",
    "admin",
    "backup",
    "browser",
    "commander",
    "connect",
    "console",
    "express",
    "insight",
    "kafdrop",
    "manager",
    "postgrest",
    "-ui",
];

impl Watches {
    /// Nothing is known.
    pub const PLAIN: Self = Self {
        port: None,
        images: &[],
        logins: &[],
        database: &[],
        command: &[],
        environment: &[],
        environment_with_password: &[],
        password: Handover::None,
        needs: "",
        reaches: "",
    };

    /// Whether an image is one of such an app, and not of a tool for it.
    pub fn fits(&self, image: &str) -> bool {
        self.names(image).is_some_and(|name| !TOOLS.iter().any(|word| name.contains(word)))
    }

    /// Whether an image is one of an exporter for such an app.
    pub fn is_exporter(&self, image: &str) -> bool {
        self.names(image).is_some_and(|name| name.contains("exporter"))
    }

    /// The last part of an image's name, where a word in it is known.
    fn names<'i>(&self, image: &'i str) -> Option<&'i str> {
        let last = image.split('@').next().and_then(|name| name.rsplit('/').next())?;
        let name = last.split(':').next()?;
        self.images.iter().any(|word| name.contains(word)).then_some(name)
    }
}

/// A login that the settings of an app may name.
#[derive(Debug, PartialEq, Eq)]
pub struct Login {
    /// Variable with the user's name.
    pub user_variable: Option<&'static str>,
    /// The user where no variable names one. `None`: without the variable there is no such login.
    pub user: Option<&'static str>,
    /// Where the password is.
    pub password: PasswordPlace,
}

/// Where the settings of an app hold a password.
#[derive(Debug, PartialEq, Eq)]
pub enum PasswordPlace {
    /// In a variable of this name, or in the file that the variable of this name with `_FILE` names.
    Variable(&'static str),
    /// In the word of the command after this one.
    Flag(&'static str),
}

/// How an exporter takes a password.
#[derive(Debug, PartialEq, Eq)]
pub enum Handover {
    /// Not at all.
    None,
    /// In a file of this form, in which `{password}` stands for it.
    File {
        /// Last part of the file's name.
        name: &'static str,
        /// What the file says.
        form: &'static str,
        /// How the password is written there.
        quoting: Quoting,
        /// The exporter wants the file even where there is no password.
        always: bool,
    },
    /// In an environment variable alone, which everybody sees who may look at the container: stackctl does not do it.
    Variable(&'static str),
}

/// How a password is written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Quoting {
    /// As it is.
    Plain,
    /// Between backticks, in which the INI files of Go programs take everything for what it is.
    Ini,
    /// As a string of JSON.
    Json,
    /// Not itself, but its bcrypt hash.
    Bcrypt,
}
