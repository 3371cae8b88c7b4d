//! One job of prometheus.yml, as far as a stack file can say it in its own words.

use crate::import::compose::project::scalar;
use crate::import::draft::{Item, Map};
use crate::stack::{Duration, OutsideEntry, OutsideNode, OutsideValue};

/// A job, taken apart.
pub(super) struct Job<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// As it is written.
    pub(super) node: &'a OutsideNode,
    /// Line of its name.
    pub(super) line: u32,
}

/// Where the targets of a job are.
#[derive(Debug, PartialEq)]
pub(super) enum Targets {
    /// Written out.
    Static(Vec<String>),
    /// All addresses of a name.
    Dns {
        /// The name.
        name: String,
        /// Port on each.
        port: String,
    },
}

/// What the stack file says about a job in its own words.
pub(super) struct Plain {
    /// Where the targets are.
    pub(super) targets: Targets,
    /// The keys of `metrics`.
    pub(super) settings: Map,
}

/// Key of prometheus.yml, and of `metrics`.
const SAME: [(&str, &str); 7] = [
    ("metrics_path", "path"),
    ("scheme", "scheme"),
    ("scrape_interval", "interval"),
    ("scrape_timeout", "timeout"),
    ("sample_limit", "sample_limit"),
    ("fallback_scrape_protocol", "fallback_scrape_protocol"),
    ("honor_labels", "honor_labels"),
];

/// What is meant where a key is left out.
const USUAL: [(&str, &str); 7] = [
    ("metrics_path", "/metrics"),
    ("scheme", "http"),
    ("honor_labels", "false"),
    ("honor_timestamps", "true"),
    ("follow_redirects", "true"),
    ("enable_compression", "true"),
    ("enable_http2", "true"),
];

/// Times of `global`, as far as they hold for a job that says nothing.
#[derive(Debug)]
pub(super) struct Times {
    /// Time from one scrape to the next.
    pub(super) interval: Duration,
    /// Time that one may take.
    pub(super) timeout: Duration,
}

impl Times {
    /// Whether a job that has no such key has this value.
    fn holds(&self, key: &str, value: &str) -> bool {
        let is = |time: &Duration| value.parse::<Duration>().is_ok_and(|value| value == *time);
        match key {
            "scrape_interval" => is(&self.interval),
            "scrape_timeout" => is(&self.timeout),
            _ => false,
        }
    }
}

impl<'a> Job<'a> {
    /// The job, where it has a name.
    pub(super) fn of(node: &'a OutsideNode) -> Option<Self> {
        let entry = node.entry("job_name")?;
        Some(Self { name: scalar(&entry.node)?, node, line: entry.key.line })
    }

    /// The job in the words of a stack file; `None` where it says more than those. `global`: times that hold for it anyhow.
    pub(super) fn plain(&self, global: &Times) -> Option<Plain> {
        let OutsideValue::Mapping(entries) = &self.node.value else { return None };
        let says_nothing = |key: &str, entry: &OutsideEntry| {
            let Some(value) = scalar(&entry.node) else { return false };
            USUAL.contains(&(key, value)) || global.holds(key, value)
        };
        let said = |key: &str| entries.get(key).filter(|entry| !says_nothing(key, entry));
        let mut settings = Map::default();
        for (from, to) in SAME {
            settings.set_some(to, said(from).map(|entry| Item::of_literal(&entry.node)));
        }
        if let Some(path) = settings.get("path").and_then(Item::as_text).filter(|path| !path.starts_with('/')) {
            // Prometheus puts the slash there that a URL needs.
            settings.set("path", Item::text(format!("/{path}")));
        }
        settings.set_some("params", entries.get("params").map(params));
        settings.set_some("tls", self.tls()?);
        let known = ["job_name", "static_configs", "dns_sd_configs", "params", "tls_config"];
        let is_known = |key: &str| known.contains(&key) || SAME.iter().any(|(from, _)| *from == key);
        if !entries.iter().all(|(key, entry)| is_known(key) || says_nothing(key, entry)) {
            return None;
        }
        let targets = match (entries.get("static_configs"), entries.get("dns_sd_configs")) {
            (Some(groups), None) => written_out(groups, &mut settings)?,
            (None, Some(lookups)) => looked_up(lookups)?,
            _ => return None,
        };
        Some(Plain { targets, settings })
    }

    /// `Some(None)`: there is nothing to say; `None`: it says more than a stack file can.
    #[expect(clippy::option_option, reason = "the two kinds of nothing differ")]
    fn tls(&self) -> Option<Option<Item>> {
        let Some(entry) = self.node.entry("tls_config") else { return Some(None) };
        let OutsideValue::Mapping(entries) = &entry.node.value else { return None };
        let known = ["insecure_skip_verify", "server_name"];
        entries.keys().all(|key| known.contains(&key.as_str())).then(|| Some(Item::of_literal(&entry.node)))
    }
}

fn params(entry: &OutsideEntry) -> Item {
    Item::of_literal(&entry.node)
}

/// Targets of groups that all have the same labels.
fn written_out(groups: &OutsideEntry, settings: &mut Map) -> Option<Targets> {
    let OutsideValue::Sequence(groups) = &groups.node.value else { return None };
    let mut labels: Option<Option<Item>> = None;
    let mut targets = Vec::new();
    for group in groups {
        let own = group.entry("labels").map(|entry| Item::of_literal(&entry.node));
        if labels.get_or_insert_with(|| own.clone()) != &own {
            return None;
        }
        let OutsideValue::Sequence(items) = &group.entry("targets")?.node.value else { return None };
        for target in items {
            targets.push(with_port(scalar(target)?)?);
        }
    }
    let labels = labels.flatten();
    if let Some(Item::Map(labels)) = &labels
        && !labels.0.keys().all(|name| is_label(name))
    {
        return None;
    }
    settings.set_some("labels", labels);
    let mut seen = std::collections::HashSet::new();
    (!targets.is_empty() && targets.iter().all(|target| seen.insert(target.clone())))
        .then_some(Targets::Static(targets))
}

/// Labels that a stack file takes.
fn is_label(name: &str) -> bool {
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    letters && !name.starts_with("__") && !matches!(name, "job" | "instance")
}

/// `HOST:PORT`; a bare host is port 80. `None` where it is a URL, a variable or otherwise no target of a stack file.
fn with_port(target: &str) -> Option<String> {
    if target.contains(['/', '$', '{', ' ']) {
        return None;
    }
    match target.rsplit_once(':') {
        None => Some(format!("{target}:80")),
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            (!host.contains(':') || host.ends_with(']')).then(|| target.to_owned())
        }
        Some(_) => None,
    }
}

/// A lookup of all addresses of one name.
fn looked_up(lookups: &OutsideEntry) -> Option<Targets> {
    let OutsideValue::Sequence(lookups) = &lookups.node.value else { return None };
    let [lookup] = &lookups[..] else { return None };
    let key = |key: &str| lookup.entry(key).map(|entry| &entry.node);
    let OutsideValue::Sequence(names) = &key("names")?.value else { return None };
    let [name] = &names[..] else { return None };
    (scalar(key("type")?)? == "A").then_some(())?;
    Some(Targets::Dns { name: scalar(name)?.to_owned(), port: scalar(key("port")?)?.to_owned() })
}
