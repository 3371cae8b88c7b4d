//! The checkers that images bring for their programs' own files.

use super::{alertmanager, prometheus};

/// A path inside containers, a folder where it ends with `/`, and the words that check a file there.
static CHECKERS: &[(&str, &[&str])] = &[
    (prometheus::CONFIG_FILE, &["promtool", "check", "config"]),
    ("/etc/prometheus/rules/", &["promtool", "check", "rules"]),
    (alertmanager::CONFIG_FILE, &["amtool", "check-config"]),
];

/// The command that checks a file that lies there, without the file's name. `None`: nothing checks it.
pub fn checker(path: &str) -> Option<&'static [&'static str]> {
    let is_for = |place: &str| path == place || place.ends_with('/') && path.starts_with(place);
    CHECKERS.iter().find(|(place, _)| is_for(place)).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::checker;

    #[test]
    fn a_file_is_checked_by_the_program_that_knows_its_kind() {
        assert_eq!(checker("/etc/prometheus/prometheus.yml"), Some(&["promtool", "check", "config"][..]));
        assert_eq!(checker("/etc/prometheus/rules/shop.yml"), Some(&["promtool", "check", "rules"][..]));
        assert_eq!(checker("/etc/alertmanager/alertmanager.yml"), Some(&["amtool", "check-config"][..]));
        assert_eq!(checker("/etc/alertmanager/templates/mail.tmpl"), None);
    }
}
