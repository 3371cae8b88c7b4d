//! What stands at the top of a `daemon.json`, is no setting, and keeps no dockerd from starting: it ignores that without a word.
//!
//! To dockerd (moby `daemon/config/config.go`, `findConfigurationConflicts`) unknown is what is not the name of a flag, and
//! flags such as `label` are called otherwise than their settings. A map there stands for its members, and an empty one for
//! nothing.

use serde_json::Value;

use super::flags::setting_of;
use super::keys;
use super::objection::nearest;
use super::{Document, Flags, Objection, Release, Setting};

/// Flags that no setting of one name or another goes with. `validate` is none of them: an engine whose file has that looks at it
/// and ends (measured with Engine 26.1 and 28.5).
const FLAGS_ALONE: [(&str, Release); 6] = [
    ("config-file", Release(17, 6)),
    ("help", Release(17, 6)),
    ("version", Release(17, 6)),
    ("http-proxy", PROXIES),
    ("https-proxy", PROXIES),
    ("no-proxy", PROXIES),
];

/// The first release that can be told its proxies.
const PROXIES: Release = Release(23, 0);

/// The last release looked at without `--feature`; the setting was there long before.
const WITHOUT_FEATURE: Release = Release(27, 0);

/// A map that releases which do not know it do not open either.
const NEVER_OPENED: &str = "cluster-store-opts";

/// What an engine of that release, started with these flags, ignores in the file.
pub fn ignored(document: &Document, flags: &Flags, release: Option<Release>) -> Vec<Objection> {
    let told = |Setting { name, value, line, .. }: Setting| {
        let is_given = flags.get(&name).is_some();
        let is_it = !is_given && !is_setting(&name, release) && is_harmless(&name, &value, flags, release);
        is_it.then(|| Objection { message: format!("dockerd ignores `{name}`"), help: instead(&name), name, line })
    };
    document.settings().into_iter().filter_map(told).collect()
}

/// Whether an engine starts although that is no setting of its.
pub(super) fn is_harmless(name: &str, value: &Value, flags: &Flags, release: Option<Release>) -> bool {
    let passes = |member: &String| is_setting(member, release) || is_flag(member, release);
    match value {
        Value::Object(members) if name != NEVER_OPENED => {
            members.keys().all(|member| passes(member) && flags.get(member).is_none())
        }
        _ => is_flag(name, release),
    }
}

fn is_setting(name: &str, release: Option<Release>) -> bool {
    keys::key(name).is_some_and(|key| !release.is_some_and(|release| key.is_unknown_to(release)))
}

/// Whether it is the name of a flag that is called otherwise as a setting, or is none.
fn is_flag(name: &str, release: Option<Release>) -> bool {
    let has_flag = |setting: &str| {
        is_setting(setting, release) && (name != "feature" || release.is_none_or(|release| release > WITHOUT_FEATURE))
    };
    let is_alone = |(flag, since): &(&str, Release)| *flag == name && release.is_none_or(|release| release >= *since);
    setting_of(name).is_some_and(has_flag) || FLAGS_ALONE.iter().any(is_alone)
}

fn instead(name: &str) -> String {
    match (setting_of(name), name) {
        (Some(setting), _) => format!("did you mean `{setting}`? Else remove it"),
        (None, "http-proxy" | "https-proxy" | "no-proxy") => {
            format!("did you mean `\"proxies\": {{ \"{name}\": … }}`? Else remove it")
        }
        (None, "config-file" | "help" | "version") => "remove it".to_owned(),
        (None, _) => nearest(name),
    }
}

#[cfg(test)]
mod tests {
    use super::super::objections;
    use super::*;

    fn told(text: &str, flags: &str, release: Option<Release>) -> Vec<String> {
        let document = Document::parse(text.as_bytes()).expect(text);
        let flags = Flags::parse(&flags.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let refused =
            objections(&document, &flags, release).into_iter().map(|found| format!("REFUSED: {}", found.message));
        let ignored = ignored(&document, &flags, release).into_iter();
        ignored.map(|found| format!("{}: {}; {}", found.line, found.message, found.help)).chain(refused).collect()
    }

    #[test]
    fn the_name_of_a_flag_is_ignored_and_its_setting_is_named() {
        let new = Some(Release(28, 5));
        let label = ["2: dockerd ignores `label`; did you mean `labels`? Else remove it"];
        assert_eq!(told("{\n\"label\": \"a=b\"}", "", new), label);
        assert_eq!(told("{\n\"label\": \"a=b\"}", "--label c=d", new), label, "that one is called `labels` by then");
        let proxy = &told("{\"http-proxy\": \"x\"}", "", new)[0];
        assert!(proxy.contains("did you mean `\"proxies\": { \"http-proxy\": … }`"), "{proxy}");
        assert_eq!(told("{\"config-file\": \"x\"}", "", new), ["1: dockerd ignores `config-file`; remove it"]);
        assert_eq!(told("{\"version\": 1}", "", new), ["1: dockerd ignores `version`; remove it"]);
    }

    #[test]
    fn the_name_of_a_flag_that_is_given_or_came_later_is_refused() {
        let refused = |text: &str, flags: &str, release| {
            let told = told(text, flags, Some(release));
            assert!(told.iter().any(|told| told.starts_with("REFUSED")), "{text} {flags}: {told:?}");
        };
        refused("{\"http-proxy\": \"x\"}", "--http-proxy http://proxy:1", Release(28, 5));
        refused("{\"http-proxy\": \"x\"}", "", Release(20, 10));
        refused("{\"validate\": true}", "", Release(20, 10));
        refused("{\"validate\": true}", "", Release(28, 5));
        refused("{\"config-file\": \"x\"}", "--config-file /etc/d.json", Release(20, 10));
        refused("{\"feature\": \"x\"}", "", Release(26, 1));
    }

    #[test]
    fn a_map_that_is_no_setting_stands_for_its_members() {
        let new = Some(Release(26, 1));
        assert_eq!(told("{\"zzz\": {}}", "", new), ["1: dockerd ignores `zzz`; remove it"]);
        assert_eq!(told("{\"zzz\": {\"debug\": true}}", "", new).len(), 1);
        for (text, flags) in [
            ("{\"zzz\": {\"debug\": true}}", "--debug"),
            ("{\"zzz\": {\"yyy\": 1}}", ""),
            ("{\"zzz\": []}", ""),
            ("{\"cluster-store-opts\": {}}", ""),
        ] {
            assert!(told(text, flags, new)[0].starts_with("REFUSED"), "{text}");
        }
    }
}
