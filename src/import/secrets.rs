//! Passwords do not come into the stack file: `${NAME}` stands there for each, and its value is handed on beside the text.

use super::draft::{Entry, Item, Map};
use super::remark::{Place, Remarks};
use crate::stack::Environment;

/// Sections in which a password may stand.
const SECTIONS: [&str; 5] = ["apps", "exporters", "prometheus", "grafana", "scrape"];

/// How the name of a setting ends that is a password.
const ENDINGS: [&str; 24] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "_PWD",
    "_PW",
    "MASTERAUTH",
    "CLI_AUTH",
    "NEO4J_AUTH",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "APP_KEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "PRIVATE_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "MASTER_KEY",
    "_SALT",
    "ERLANG_COOKIE",
    "CREDENTIALS",
];

/// Words that end like the name of a password, and are none.
const NO_PASSWORDS: [&str; 3] = ["ASKPASS", "BYPASS", "COMPASS"];

/// Addresses that let whoever knows them write there.
const HOOKS: [&str; 3] =
    ["https://hooks.slack.com/services/", "https://discord.com/api/webhooks/", "https://api.telegram.org/bot"];

/// How the name of a setting ends that holds a password among other things, without being a URL.
const CONNECTIONS: [&str; 3] = ["DSN", "DATA_SOURCE_NAME", "CONNECTION_STRING"];

/// Values that are a switch, and no password.
const SWITCHES: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "0", "1", "none"];

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
                    let flag = item
                        .as_text()
                        .filter(|text| !text.contains(['=', ' ']))
                        .and_then(secret_flag)
                        .map(str::to_owned);
                    let key = follows.take().unwrap_or_default();
                    self.item(item, &key, &format!("{path}[{index}]"), remarks);
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
        let is_connection = ends_with(key, &CONNECTIONS) && !text.contains("://") && text.contains('@');
        if ends_with(key, &ENDINGS) || is_connection {
            if let Some((name, value)) = default_of(text) {
                return self.hide(value, Some(name), key, path).unwrap_or_else(|| text.to_owned());
            }
            return self.hide(text, None, key, path).unwrap_or_else(|| text.to_owned());
        }
        let (name, address) = default_of(text).map_or((None, text), |(name, value)| (Some(name), value));
        if path.contains(".environment.") && HOOKS.iter().any(|hook| address.starts_with(hook)) {
            return self.hide(address, name, key, path).unwrap_or_else(|| text.to_owned());
        }
        let text = self.urls(text, key, path);
        self.flags(&text, path)
    }

    /// `scheme://user:PASSWORD@host`
    fn urls(&mut self, text: &str, key: &str, path: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("://") {
            let (before, after) = rest.split_at(at + 3);
            out.push_str(before);
            let end = after.find(['/', ' ', '"', '\'', '\n', '?']).unwrap_or(after.len());
            let password = after[..end].rfind('@').and_then(|at| Some((after[..at].find(':')? + 1, at)));
            rest = after;
            let Some((from, to)) = password else { continue };
            let key = if is_variable(key) { format!("{key}_PASSWORD") } else { "URL_PASSWORD".to_owned() };
            if let Some(hidden) = self.hide(&after[from..to], None, &key, path) {
                out.push_str(&after[..from]);
                out.push_str(&hidden);
                rest = &after[to..];
            }
        }
        out.push_str(rest);
        out
    }

    /// `--password=VALUE` and `--password VALUE` in a command line.
    fn flags(&mut self, text: &str, path: &str) -> String {
        if !text.contains('-') {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut follows: Option<String> = None;
        for piece in text.split_inclusive([' ', '\n', '\t']) {
            let word = piece.trim_end();
            let space = &piece[word.len()..];
            let key = follows.take();
            let pair = word.split_once('=').and_then(|(flag, value)| Some((flag, secret_flag(flag)?, value)));
            let hidden = match (pair, &key) {
                (Some((flag, key, value)), _) => {
                    self.hide(value, None, key, path).map(|value| format!("{flag}={value}"))
                }
                (None, Some(key)) if !word.starts_with('-') => self.hide(word, None, key, path),
                _ => None,
            };
            out.push_str(hidden.as_deref().unwrap_or(word));
            out.push_str(space);
            follows = secret_flag(word).map(str::to_owned);
        }
        out
    }

    /// The variable that stands for a value from now on. `None`: it is no password, or none that stands there.
    fn hide(&mut self, value: &str, name: Option<&str>, key: &str, path: &str) -> Option<String> {
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

fn ends_with(key: &str, endings: &[&str]) -> bool {
    let upper = key.to_ascii_uppercase().replace(['-', '.'], "_");
    endings.iter().any(|ending| upper.ends_with(ending)) && !NO_PASSWORDS.iter().any(|word| upper.ends_with(word))
}

/// The name of a flag whose value is a password.
fn secret_flag(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    ends_with(name, &ENDINGS).then_some(name)
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
    let owner = if matches!(section, "prometheus" | "grafana") { section } else { parts.next().unwrap_or(section) };
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
