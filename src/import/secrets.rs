//! Passwords do not come into the stack file: `${NAME}` stands there for each, and its value is handed on beside the text.

mod names;
mod texts;

use std::path::Path;

use super::draft::{Entry, Item, Map};
use super::remark::{Place, Remarks};
use crate::stack::{Environment, VARIABLE_FILES, read_file, variables_of};
use names::{is_connection, is_password};
use texts::{Found, Name};

/// Sections in which a password may stand.
const SECTIONS: [&str; 8] =
    ["apps", "exporters", "prometheus", "grafana", "alertmanager", "scrape", "networks", "volumes"];

/// Addresses that let whoever knows them write there.
const HOOKS: [&str; 3] =
    ["https://hooks.slack.com/services/", "https://discord.com/api/webhooks/", "https://api.telegram.org/bot"];

/// Values that are a switch, and no password.
const SWITCHES: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "0", "1", "none", "null", "~"];

/// Takes passwords out of a stack file in the making.
pub(super) struct Secrets<'a> {
    /// Variables that are set already: a name of theirs can only stand for the same value.
    pub(super) set: &'a Environment,
    /// The file that was imported.
    pub(super) file: &'a str,
    /// Names and values of the variables that now stand for passwords.
    pub(super) found: Vec<(String, String)>,
    /// Names of those that stand in the value which is looked at.
    pub(super) used: Vec<String>,
}

/// The variables of these, and of the files beside a stack file in that folder, in which nothing may be set otherwise.
pub(super) fn known_beside(folder: &Path, environment: &Environment) -> Environment {
    let beside = VARIABLE_FILES.iter().rev().filter_map(|name| read_file(&folder.join(name)).ok());
    let beside = beside.flat_map(|bytes| variables_of(&String::from_utf8_lossy(&bytes), environment));
    let set = environment.names().filter_map(|name| Some((name.to_owned(), environment.get(name)?)));
    beside.chain(set).collect()
}

/// The file beside a stack file in that folder that takes passwords. Where `.env` is a link, what it leads to is somebody
/// else's, too.
pub fn file_beside(folder: &Path) -> &'static str {
    let [usual, own] = VARIABLE_FILES;
    if folder.join(usual).is_symlink() { own } else { usual }
}

impl Secrets<'_> {
    /// Takes out every password.
    pub(super) fn take_out(&mut self, root: &mut Map, remarks: &mut Remarks) {
        for section in SECTIONS {
            if let Some(entry) = root.0.get_mut(section) {
                self.item(&mut entry.item, section, section, remarks);
            }
        }
    }

    fn item(&mut self, item: &mut Item, key: &str, path: &str, remarks: &mut Remarks) {
        match item {
            Item::Scalar { text, .. } if path == "grafana.admin_password" => {
                *item = self.placed(text, key, path);
                self.used.clear();
            }
            Item::Scalar { text, .. } if is_of_remote(path) => {
                let kind = path.split(['.', '[']).nth(1).unwrap_or_default();
                *item = self.placed(text, &format!("{kind}_{key}"), path);
                self.say(path, remarks);
            }
            Item::Scalar { text, .. } => {
                let hidden = self.scalar(text, key, path);
                if hidden != *text {
                    *text = hidden;
                    self.say(path, remarks);
                }
            }
            Item::List(items) => {
                let mut follows: Option<String> = None;
                for (index, item) in items.iter_mut().enumerate() {
                    // `[--password, VALUE]`
                    let flag = item.as_text().and_then(texts::flag).map(str::to_owned);
                    let before = follows.take();
                    let key = if is_password(key, "") { key } else { before.as_deref().unwrap_or_default() };
                    self.item(item, key, &format!("{path}[{index}]"), remarks);
                    follows = flag;
                }
            }
            Item::Map(Map(entries)) => {
                for (key, Entry { item, .. }) in entries {
                    self.item(item, key, &format!("{path}.{key}"), remarks);
                }
            }
        }
    }

    /// A password as `{ env: NAME }`, whatever it looks like: `on` is one, too.
    fn placed(&mut self, text: &str, key: &str, path: &str) -> Item {
        let (name, value) = default_of(text).map_or((None, text), |(name, value)| (Some(name), value));
        let name = self.stands_for(value.replace("$$", "$"), name, key, path);
        let mut secret = Map::default();
        secret.set_some("env", name.map(Item::text));
        Item::Map(secret)
    }

    fn say(&mut self, path: &str, remarks: &mut Remarks) {
        let names = std::mem::take(&mut self.used);
        if names.is_empty() {
            return;
        }
        let names = format!("`${{{}}}`", names.join("}`, `${"));
        let place = Place { file: self.file.to_owned(), line: None, subject: path.to_owned() };
        let message = format!("a password stood in the file; {names} stands for it");
        remarks.changed(place, message, "nothing; keep its value out of version control");
    }

    /// The text without passwords.
    fn scalar(&mut self, text: &str, key: &str, path: &str) -> String {
        let is_whole = |key: &str, text: &str| {
            let value = default_of(text).map_or(text, |(_, value)| value);
            let is_hook = path.contains(".environment.") && HOOKS.iter().any(|hook| value.starts_with(hook));
            is_password(key, value) || is_connection(key, value) || is_hook || value.contains(" PRIVATE KEY-----")
        };
        if is_whole(key, text)
            && let Some(hidden) = self.hide(text, key, path)
        {
            return hidden;
        }
        // An item of a list, such as `NAME=VALUE`, is one value to its end, and so is a flag with what belongs to it.
        if path.ends_with(']')
            && let Some((name, value)) = text.split_once('=')
            && !name.contains(char::is_whitespace)
            && is_whole(name.trim_start_matches('-'), value)
            && let Some(hidden) = self.hide(value, name.trim_start_matches('-'), path)
        {
            return format!("{name}={hidden}");
        }
        let mut out = String::new();
        let mut end = 0;
        for Found { at, name } in texts::passwords(text, key) {
            let name = match name {
                Name::Written(name) => name,
                Name::Token if at == (0..text.len()) && !key.is_empty() => key.to_owned(),
                Name::Token if is_variable(key) => format!("{key}_TOKEN"),
                Name::Token => "TOKEN".to_owned(),
                Name::OfUrl if is_variable(key) => format!("{key}_PASSWORD"),
                Name::OfUrl => "URL_PASSWORD".to_owned(),
            };
            if let Some(hidden) = self.hide(&text[at.clone()], &name, path) {
                out.push_str(&text[end..at.start]);
                out.push_str(&hidden);
                end = at.end;
            }
        }
        out.push_str(&text[end..]);
        out
    }

    /// The variable that stands for a value from now on: the one whose default it is, else one called after the setting. `None`: it
    /// is no password, or none that stands there.
    fn hide(&mut self, value: &str, key: &str, path: &str) -> Option<String> {
        let (name, value) = default_of(value).map_or((None, value), |(name, value)| (Some(name), value));
        let bare = value.replace("$$", "");
        let is_switch = SWITCHES.contains(&value.to_ascii_lowercase().as_str());
        if bare.contains('$') || value.is_empty() || is_switch || value.starts_with("/run/secrets/") {
            return None;
        }
        self.stands_for(value.replace("$$", "$"), name, key, path).map(|name| format!("${{{name}}}"))
    }

    /// Name of the variable that stands for a password.
    fn stands_for(&mut self, value: String, name: Option<&str>, key: &str, path: &str) -> Option<String> {
        let wanted = name.map_or_else(|| variable(key, path), str::to_owned);
        let mut candidates = std::iter::once(wanted.clone()).chain((2..).map(|number| format!("{wanted}_{number}")));
        let name = candidates.find(|name| self.can_stand(name, &value))?;
        if !self.found.iter().any(|(known, _)| *known == name) {
            self.found.push((name.clone(), value));
        }
        self.used.push(name.clone());
        Some(name)
    }

    /// Whether the variable has this value, or none yet.
    fn can_stand(&self, name: &str, value: &str) -> bool {
        let known = self.found.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        known.or_else(|| self.set.get(name)).is_none_or(|known| known == value)
    }
}

/// Where a stack file takes a password as `{ env: NAME }` or `{ file: PATH }` alone.
fn is_of_remote(path: &str) -> bool {
    let is_remote = path.starts_with("prometheus.remote_write[") || path.starts_with("prometheus.remote_read[");
    is_remote && (path.ends_with("].token") || path.ends_with("].basic_auth.password"))
}

/// `${NAME:-VALUE}`
pub(super) fn default_of(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix("${")?.strip_suffix('}')?;
    let (name, value) = inside.split_once(":-").or_else(|| inside.split_once('-'))?;
    (is_variable(name) && !value.contains(['{', '}'])).then_some((name, value))
}

fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

/// What to call the variable: as the app's own is called, else after the app and the setting.
fn variable(key: &str, path: &str) -> String {
    let upper = |text: &str| -> String {
        text.chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' })
            .collect()
    };
    if path.contains(".environment.") {
        return upper(key);
    }
    let mut parts = path.split(['.', '[']);
    let section = parts.next().unwrap_or_default();
    let owner = if matches!(section, "prometheus" | "grafana" | "alertmanager") {
        section
    } else {
        parts.next().unwrap_or(section)
    };
    format!("{}_{}", upper(owner), upper(key)).trim_start_matches(|first: char| first.is_ascii_digit()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str, key: &str, path: &str) -> (String, Vec<(String, String)>) {
        let set: Environment = [("TAKEN_PASSWORD", "other")].into_iter().collect();
        let mut secrets = Secrets { set: &set, file: "compose.yml", found: Vec::new(), used: Vec::new() };
        let text = secrets.scalar(text, key, path);
        (text, secrets.found)
    }

    #[test]
    fn passwords_are_found_wherever_they_are_written() {
        let environment = "apps.db.environment.X";
        for (text, key, path, expected, name, value) in [
            ("hunter2", "POSTGRES_PASSWORD", environment, "${POSTGRES_PASSWORD}", "POSTGRES_PASSWORD", "hunter2"),
            ("a$$b", "API_TOKEN", environment, "${API_TOKEN}", "API_TOKEN", "a$b"),
            ("${DB_PASS:-hunter2}", "DB_PASSWORD", environment, "${DB_PASS}", "DB_PASS", "hunter2"),
            ("x", "TAKEN_PASSWORD", environment, "${TAKEN_PASSWORD_2}", "TAKEN_PASSWORD_2", "x"),
            (
                "postgres://shop:hunter2@db:5432/shop",
                "DATABASE_URL",
                environment,
                "postgres://shop:${DATABASE_URL_PASSWORD}@db:5432/shop",
                "DATABASE_URL_PASSWORD",
                "hunter2",
            ),
            (
                "u:p@(db:3306)/",
                "DATA_SOURCE_NAME",
                environment,
                "${DATA_SOURCE_NAME}",
                "DATA_SOURCE_NAME",
                "u:p@(db:3306)/",
            ),
            (
                "redis-server --requirepass hunter2 --save ''",
                "command",
                "apps.cache.command",
                "redis-server --requirepass ${CACHE_REQUIREPASS} --save ''",
                "CACHE_REQUIREPASS",
                "hunter2",
            ),
            ("hunter2", "PGPASS", environment, "${PGPASS}", "PGPASS", "hunter2"),
            ("hunter2", "MYSQL_PWD", environment, "${MYSQL_PWD}", "MYSQL_PWD", "hunter2"),
            (
                "abc",
                "RABBITMQ_ERLANG_COOKIE",
                environment,
                "${RABBITMQ_ERLANG_COOKIE}",
                "RABBITMQ_ERLANG_COOKIE",
                "abc",
            ),
            ("neo4j/abc", "NEO4J_AUTH", environment, "${NEO4J_AUTH}", "NEO4J_AUTH", "neo4j/abc"),
            (
                "${HOOK:-https://hooks.slack.com/services/T0/B0}",
                "NOTIFY_URL",
                environment,
                "${HOOK}",
                "HOOK",
                "https://hooks.slack.com/services/T0/B0",
            ),
            ("--api.token=t0k", "", "apps.web.command[1]", "--api.token=${WEB_API_TOKEN}", "WEB_API_TOKEN", "t0k"),
            ("-----BEGIN PRIVATE KEY-----\nx", "TLS", environment, "${TLS}", "TLS", "-----BEGIN PRIVATE KEY-----\nx"),
            (
                "postgres://${U:-shop}:${P:-hunter2}@db/shop",
                "URL",
                environment,
                "postgres://${U:-shop}:${P}@db/shop",
                "P",
                "hunter2",
            ),
            ("NPM_TOKEN=a b", "", "apps.web.x-compose.args[0]", "NPM_TOKEN=${WEB_NPM_TOKEN}", "WEB_NPM_TOKEN", "a b"),
            (
                "addr=h,username=u,password=p,vers=3.0",
                "o",
                "volumes.data.driver_opts.o",
                "addr=h,username=u,password=${DATA_PASSWORD},vers=3.0",
                "DATA_PASSWORD",
                "p",
            ),
            (
                "Bearer abc",
                "Authorization",
                "apps.web.x-headers.Authorization",
                "Bearer ${WEB_TOKEN}",
                "WEB_TOKEN",
                "abc",
            ),
            (
                "s3cr3t",
                "password",
                "prometheus.extra_scrape_configs[0].basic_auth.password",
                "${PROMETHEUS_PASSWORD}",
                "PROMETHEUS_PASSWORD",
                "s3cr3t",
            ),
        ] {
            let found = hidden(text, key, path);
            assert_eq!(found, (expected.to_owned(), vec![(name.to_owned(), value.to_owned())]), "{text}");
        }
    }

    #[test]
    fn what_is_no_password_stays() {
        for (text, key) in [
            ("yes", "ALLOW_EMPTY_PASSWORD"),
            ("/run/secrets/db", "POSTGRES_PASSWORD_FILE"),
            ("${POSTGRES_PASSWORD}", "POSTGRES_PASSWORD"),
            ("", "PASSWORD"),
            ("/app", "PWD"),
            ("/secrets/pgpass", "PGPASSFILE"),
            ("all", "TLS_BYPASS"),
            ("https://hooks.acme.example/services/x", "NOTIFY_URL"),
            ("http://db:5432/x@y", "URL"),
            ("https://grafana.com/?a=b:c@d", "URL"),
            ("--token-file=/x --log.level=debug", "command"),
            ("postgres://shop:${PASS}@db/shop", "DATABASE_URL"),
        ] {
            assert_eq!(hidden(text, key, "apps.web.environment.X"), (text.to_owned(), Vec::new()), "{key}");
        }
    }
}
