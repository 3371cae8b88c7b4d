//! The command of a Prometheus service → the keys of the section `prometheus`.

use crate::import::compose::{is_bitnami, usual_config};
use crate::import::draft::{Item, Map};
use crate::import::remark::{Place, Remarks};
use crate::stack::WebUrl;

/// What the flags say that the rest of the import needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flags {
    /// Path of the configuration inside the container.
    pub(super) config_file: String,
    /// Folder of the data inside the container.
    pub(super) data: String,
    /// Port it listens on.
    pub(super) port: u16,
    external_url: Option<String>,
    /// Whatever path its URL has.
    answers_at_root: bool,
    retention_time: Option<String>,
    retention_size: Option<String>,
    extra: Vec<String>,
    refused: Vec<(String, &'static str)>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            config_file: "/etc/prometheus/prometheus.yml".to_owned(),
            data: "/prometheus".to_owned(),
            port: 9090,
            external_url: None,
            answers_at_root: false,
            retention_time: None,
            retention_size: None,
            extra: Vec::new(),
            refused: Vec::new(),
        }
    }
}

impl Flags {
    /// The flags of a command, for an image of that repository.
    pub(super) fn of(command: Option<&Item>, repository: &str) -> Self {
        let words: Vec<String> = match command {
            Some(Item::List(items)) => {
                items.iter().filter_map(Item::as_text).map(|word| word.trim().to_owned()).collect()
            }
            Some(item) => item.as_text().and_then(shlex::split).unwrap_or_default(),
            None => Vec::new(),
        };
        let data = if is_bitnami(repository) { "/opt/bitnami/prometheus/data" } else { "/prometheus" };
        let mut flags =
            Self { config_file: usual_config(repository).to_owned(), data: data.to_owned(), ..Self::default() };
        for word in joined(words) {
            flags.take(word);
        }
        flags
    }

    fn take(&mut self, word: String) {
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        let value = value.to_owned();
        match name {
            "--config.file" => self.config_file = value,
            "--storage.tsdb.path" => self.data = value.trim_end_matches('/').to_owned(),
            "--storage.tsdb.retention.time" | "--storage.tsdb.retention" => self.retention_time = Some(value),
            "--storage.tsdb.retention.size" => self.retention_size = Some(value),
            "--web.listen-address" => {
                self.port = value.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(9090);
            }
            "--web.route-prefix" if value == "/" => self.answers_at_root = true,
            "--web.route-prefix" => self.refused.push((word, "stackctl asks Prometheus at `/`")),
            "--web.external-url" if value.parse::<WebUrl>().is_ok() => self.external_url = Some(value),
            "--web.external-url" => self.refused.push((word, "it is no URL that people could open")),
            _ if !name.starts_with("--") => self.refused.push((word, "it is no flag of Prometheus 2 or later")),
            _ => self.extra.push(word),
        }
    }

    /// Writes them into the section.
    pub(super) fn write(&self, section: &mut Map, place: &Place, remarks: &mut Remarks) {
        if let Some(url) = &self.external_url {
            section.set("external_url", Item::text(url));
            if has_path(url) && !self.answers_at_root {
                let message = format!("it answered below the path of `{url}`, and now answers at `/`");
                let fix =
                    "have the proxy before it take the path away from what it hands on; links still begin with it";
                remarks.changed(place.clone(), message, fix);
            }
        }
        if let Some(time) = &self.retention_time {
            section.map("retention").set("time", Item::word(time));
        }
        if let Some(size) = &self.retention_size {
            section.map("retention").set("size", Item::word(size));
        }
        if !self.extra.is_empty() {
            section.set("extra_flags", Item::texts(self.extra.clone()));
        }
        for (flag, why) in &self.refused {
            remarks.not_carried(
                place.clone(),
                format!("flag `{flag}`: {why}"),
                "leave it out, or put a proxy before Prometheus",
            );
        }
        if self.port != 9090 {
            let message = format!("it listened on port {} inside its container", self.port);
            remarks.changed(
                place.clone(),
                message,
                "others find it at `prometheus:9090`; `port:` says where it is published",
            );
        }
    }
}

/// `--flag value` as `--flag=value`.
fn joined(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        match joined.last_mut() {
            Some(flag) if flag.starts_with("--") && !flag.contains('=') && !word.starts_with('-') => {
                flag.push('=');
                flag.push_str(&word);
            }
            _ => joined.push(word),
        }
    }
    joined
}

fn has_path(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').is_some_and(|(_, path)| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_keys_or_stay_flags() {
        let command = "--config.file=/p.yml --storage.tsdb.retention.time 200h --web.enable-lifecycle --web.route-prefix=/x \
             --web.external-url=https://metrics.example.com/";
        let as_rendered = Flags::of(Some(&Item::text("--web.route-prefix=/")), "prom/prometheus");
        assert!(as_rendered.refused.is_empty() && as_rendered.extra.is_empty(), "{as_rendered:?}");
        let flags = Flags::of(Some(&Item::text(command)), "prom/prometheus");
        assert_eq!((flags.config_file.as_str(), flags.retention_time.as_deref()), ("/p.yml", Some("200h")));
        let (mut section, mut remarks) = (Map::default(), Remarks::default());
        flags.write(&mut section, &Place::file("compose.yml"), &mut remarks);
        assert_eq!(section.get("extra_flags"), Some(&Item::texts(["--web.enable-lifecycle"])));
        assert_eq!(section.get("external_url"), Some(&Item::text("https://metrics.example.com/")));
        assert_eq!(remarks.0.len(), 1);
    }

    #[test]
    fn a_url_with_a_path_is_carried_and_where_it_answers_is_told_unless_it_is_the_same() {
        for (more, told) in [("", 1), (" --web.route-prefix=/", 0)] {
            let command = format!("--web.external-url=https://prom.example.com/p{more}");
            let flags = Flags::of(Some(&Item::text(command)), "prom/prometheus");
            let (mut section, mut remarks) = (Map::default(), Remarks::default());
            flags.write(&mut section, &Place::file("compose.yml"), &mut remarks);
            assert_eq!(section.get("external_url"), Some(&Item::text("https://prom.example.com/p")));
            assert_eq!(remarks.0.len(), told, "{:?}", remarks.0);
        }
    }
}
