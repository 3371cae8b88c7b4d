//! The checkers that images bring for their programs' own files.

use super::{alertmanager, prometheus};

/// A path inside containers, a folder where it ends with `/`, any letters where it has a `*`; and the words that check a file there.
static CHECKERS: &[(&str, &[&str])] = &[
    (prometheus::CONFIG_FILES, &["promtool", "check", "config"]),
    ("/etc/prometheus/rules/", &["promtool", "check", "rules"]),
    (alertmanager::CONFIG_FILE, &["amtool", "check-config"]),
];

/// The command that checks a file that lies there, without the file's name. `None`: nothing checks it.
pub fn checker(path: &str) -> Option<&'static [&'static str]> {
    let is_for = |place: &str| match place.split_once('*') {
        Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
        None => path == place || place.ends_with('/') && path.starts_with(place),
    };
    CHECKERS.iter().find(|(place, _)| is_for(place)).map(|(_, words)| *words)
}

/// The same for one file alone, where nothing that it names lies beside it. `None`: nothing checks it so.
pub fn lone_checker(path: &str) -> Option<&'static [&'static str]> {
    match checker(path)? {
        // Known since 2.37. It looks for none of the secrets and certificates that the configuration names.
        ["promtool", "check", "config"] => Some(&["promtool", "check", "config", "--syntax-only"]),
        words @ ["promtool", "check", "rules"] => Some(words),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{checker, lone_checker};

    #[test]
    fn a_file_is_checked_by_the_program_that_knows_its_kind() {
        assert_eq!(checker("/etc/prometheus/prometheus.yml"), Some(&["promtool", "check", "config"][..]));
        assert_eq!(checker("/etc/prometheus/prometheus-2.yml"), checker("/etc/prometheus/prometheus.yml"));
        assert_eq!(checker("/etc/prometheus/client.yml"), None);
        assert_eq!(checker("/etc/prometheus/rules/shop.yml"), Some(&["promtool", "check", "rules"][..]));
        assert_eq!(checker("/etc/alertmanager/alertmanager.yml"), Some(&["amtool", "check-config"][..]));
        assert_eq!(checker("/etc/alertmanager/templates/mail.tmpl"), None);
        let alone = lone_checker("/etc/prometheus/prometheus.yml").and_then(|words| words.last());
        assert_eq!(alone, Some(&"--syntax-only"));
        assert_eq!(lone_checker("/etc/alertmanager/alertmanager.yml"), None);
    }
}
