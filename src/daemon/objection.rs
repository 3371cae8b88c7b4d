//! What dockerd would not start with, seen before it is asked: unknown settings, wrong kinds of values, settings that are
//! flags already, and metrics for everybody.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::Value;

use super::ignored::is_harmless;
use super::keys::{self, Shape};
use super::{Document, Flags, METRICS_KEY, Release, Setting};

/// Something that dockerd would refuse, or ignore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Setting at the top that it is about. Empty: the file as a whole.
    pub name: String,
    /// Line in the file as it would be.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What stands in [`Objection::help`] for the path of the file, which nobody knows here.
pub const FILE: &str = "FILE";

/// Settings that may stand in the file and on the command line (moby `daemon/config/config.go`, `skipDuplicates` and
/// `skipValidateOptions`).
const MAY_BE_BOTH: [&str; 3] = ["builder", "features", "runtimes"];

/// Keys this unlike a known one are not taken for its misspelling.
const NEAR: f64 = 0.75;

/// All that an engine of that release, started with these flags, would refuse in the file. `None`: a release that is not
/// known, so that only what every release refuses is told.
pub fn objections(document: &Document, flags: &Flags, release: Option<Release>) -> Vec<Objection> {
    let settings = document.settings();
    let look = |setting: &Setting| {
        let Setting { name, value, line, .. } = setting;
        let unknown = unknown(name, *line, release).filter(|_| !is_harmless(name, value, flags, release));
        let misshapen = || misshapen(setting, &document.inside(name), release);
        unknown.or_else(misshapen).or_else(|| twice(name, *line, flags))
    };
    mark(document, release).into_iter().chain(settings.iter().filter_map(look)).collect()
}

fn mark(document: &Document, release: Option<Release>) -> Option<Objection> {
    let release = release.filter(|release| document.has_mark() && !release.passes_over_a_mark())?;
    Some(Objection {
        name: String::new(),
        line: 1,
        message: format!("the file begins with a byte order mark, and Engine {release} would not start with it"),
        help: format!("save it as UTF-8 without one (BOM), such as with `sed -i '1s/^\\xEF\\xBB\\xBF//' {FILE}`"),
    })
}

fn unknown(name: &str, line: usize, release: Option<Release>) -> Option<Objection> {
    let engine = release.map_or_else(|| "any engine".to_owned(), |release| format!("Engine {release}"));
    let message = format!("`{name}` is no setting of {engine}, which would not start with it");
    match keys::key(name) {
        Some(key) if release.is_some_and(|release| key.is_unknown_to(release)) => {
            let help = format!("remove `{name}`: other releases know it");
            Some(Objection { name: name.to_owned(), line, message, help })
        }
        Some(_) => None,
        // It may have come with a release that the table does not know. That one's own program has the last word.
        None if release.is_some_and(keys::is_beyond) => None,
        None => Some(Objection { name: name.to_owned(), line, message, help: nearest(name) }),
    }
}

/// What is probably meant. The documentation's prose has long called the address of the metrics by a name of its own.
pub(super) fn nearest(name: &str) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(known, name);
    let nearest = keys::names().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    match nearest.filter(|nearest| likeness(nearest) >= NEAR) {
        Some(nearest) => format!("did you mean `{nearest}`? Else remove it"),
        None => "remove it".to_owned(),
    }
}

/// `inside`: what it has where it is a map or a list.
fn misshapen(setting: &Setting, inside: &[Setting], release: Option<Release>) -> Option<Objection> {
    let Setting { name, value, .. } = setting;
    if keys::key(name)?.is_unread_by(release) {
        return None;
    }
    let (fits, wanted) = match keys::key(name)?.shape {
        Shape::Switch => (value.is_boolean(), "`true` or `false`"),
        Shape::Text => (value.is_string(), "a text in quotes"),
        // dockerd takes neither fractions nor powers of ten, and no more than 64 bits.
        Shape::Number => (value.as_i64().is_some(), "a whole number without quotes"),
        Shape::List => (value.is_array(), "a list: `[ … ]`"),
        Shape::Map => (value.is_object(), "a map: `{ … }`"),
        Shape::Any => return None,
    };
    // dockerd takes `null` for a setting that is not there.
    if !fits && !value.is_null() {
        return Some(refused(setting, "", &setting.written, wanted));
    }
    misshapen_inside(setting, inside)
}

/// `part`: where in it the value stands, such as `.max-file`.
fn refused(setting: &Setting, part: &str, written: &str, wanted: &str) -> Objection {
    let Setting { name, line, .. } = setting;
    Objection {
        name: name.clone(),
        line: *line,
        message: format!("`{name}{part}` is `{written}`, which no engine starts with"),
        help: format!("write {wanted}"),
    }
}

/// The same one level below, and for addresses.
fn misshapen_inside(setting: &Setting, inside: &[Setting]) -> Option<Objection> {
    let first = |is_wrong: &dyn Fn(&Value) -> bool| inside.iter().find(|part| is_wrong(&part.value));
    let no_text = |value: &Value| !value.is_string() && !value.is_null();
    let no_switch = |value: &Value| !value.is_boolean() && !value.is_null();
    let member = |part: &Setting| format!(".{}", part.name);
    let no = |part: &str, written: &str, wanted: &str| Some(refused(setting, part, written, wanted));
    match (setting.name.as_str(), &setting.value) {
        (METRICS_KEY, Value::String(address)) if !address.is_empty() && !is_place(address) => {
            no("", &setting.written, "ADDRESS:PORT, such as `172.17.0.1:9323`")
        }
        ("bip", Value::String(address)) if !address.is_empty() && !is_on_bridge(address) => {
            no("", &setting.written, "the host's address on the bridge with its length, such as `172.17.0.1/16`")
        }
        ("default-address-pools", Value::Array(_)) => {
            no("[]", &first(&|item| !item.is_object())?.written, "maps: `[{ \"base\": …, \"size\": … }]`")
        }
        (_, Value::Array(_)) => no("[]", &first(&no_text)?.written, "texts in quotes"),
        ("log-opts" | "cluster-store-opts", Value::Object(_)) => {
            let part = first(&no_text)?;
            no(&member(part), &part.written, "a text in quotes, such as `\"3\"`")
        }
        ("features", Value::Object(_)) => {
            let part = first(&no_switch)?;
            no(&member(part), &part.written, "`true` or `false`")
        }
        _ => None,
    }
}

/// Whether dockerd could listen there: it wants a host, an address in brackets where it has colons, and a number.
fn is_place(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    port.parse::<u16>().is_ok() && !host.is_empty() && (is_bracketed || !host.contains(':'))
}

/// Whether the host could have that address on the default bridge: one of IPv4 with a length, and not the network's own.
fn is_on_bridge(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<Ipv4Addr>(), length.parse::<u32>()) else { return false };
    let host = u32::MAX.checked_shr(length).unwrap_or(0);
    length <= 32 && (host == 0 || u32::from(address) & host != 0)
}

fn twice(name: &str, line: usize, flags: &Flags) -> Option<Objection> {
    let flag = flags.get(name).filter(|_| !MAY_BE_BOTH.contains(&name))?;
    let (written, value) = (&flag.written, &flag.value);
    let remove = format!("remove `{written}` from dockerd's command line (`systemctl edit --full docker`)");
    let help = match name {
        METRICS_KEY if value.parse::<SocketAddr>().is_ok() => {
            format!("{remove}, or write `engine.metrics: {value}` and leave the file alone")
        }
        METRICS_KEY => remove,
        _ => format!("{remove}, or `{name}` from the file"),
    };
    Some(Objection {
        name: name.to_owned(),
        line,
        message: format!(
            "`{name}` is given as a flag, too (`{written} {value}`), and dockerd refuses to start with both"
        ),
        help,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, flags: &str, release: Option<Release>) -> Vec<String> {
        let document = Document::parse(text.as_bytes()).expect(text);
        let flags = Flags::parse(&flags.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let told = objections(&document, &flags, release);
        told.into_iter().map(|found| format!("{}: {}; {}", found.line, found.message, found.help)).collect()
    }

    #[test]
    fn a_setting_that_the_release_does_not_know_is_told_with_its_line() {
        assert_eq!(
            told("{\n\"metrics-address\": \"1.2.3.4:5\"}", "", Some(Release(26, 1))),
            ["2: `metrics-address` is no setting of Engine 26.1, which would not start with it; did you mean \
              `metrics-addr`? Else remove it"]
        );
        assert_eq!(
            told("{\"log-format\": \"json\"}", "", Some(Release(20, 10))),
            ["1: `log-format` is no setting of Engine 20.10, which would not start with it; remove `log-format`: \
              other releases know it"]
        );
        assert_eq!(told("{\"log-format\": \"json\"}", "", Some(Release(28, 5))), Vec::<String>::new());
        assert_eq!(told("{\"log-format\": \"json\"}", "", None), Vec::<String>::new());
        assert!(told("{\"zzz\": 1}", "", None)[0].ends_with("; remove it"));
    }

    #[test]
    fn a_byte_order_mark_is_told_where_the_release_would_not_pass_over_it() {
        assert_eq!(
            told("\u{feff}{\"debug\": true}", "", Some(Release(20, 10))),
            [
                "1: the file begins with a byte order mark, and Engine 20.10 would not start with it; save it as UTF-8 without \
              one (BOM), such as with `sed -i '1s/^\\xEF\\xBB\\xBF//' FILE`"
            ]
        );
        assert_eq!(told("\u{feff}{}", "", Some(Release(23, 0))), Vec::<String>::new());
        assert_eq!(told("{}", "", Some(Release(20, 10))), Vec::<String>::new());
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told() {
        assert_eq!(
            told("{\"debug\": \"yes\", \"mtu\": null}", "", None),
            ["1: `debug` is `\"yes\"`, which no engine starts with; write `true` or `false`"]
        );
        // As it is written, not as somebody else would write it.
        for (text, words) in [
            ("{\"mtu\": 3.0e0}", "`mtu` is `3.0e0`"),
            ("{\"dns\": [ 1.50 ]}", "`dns[]` is `1.50`"),
            ("{\"log-opts\": {\"max-file\": 1E1}}", "`log-opts.max-file` is `1E1`"),
        ] {
            assert!(told(text, "", None)[0].contains(words), "{text}: {:?}", told(text, "", None));
        }
    }

    /// Each was given to real engines of 20.10 and 28.5, whose `--validate` takes them all.
    #[test]
    fn a_bridge_where_no_bridge_can_be_is_told() {
        for bip in ["fd00::1/64", "172.17.0.0/16", "10.1.2.3", "hello/8"] {
            let told = told(&format!("{{\"bip\": \"{bip}\"}}"), "", Some(Release(28, 5)));
            assert!(told[0].contains("which no engine starts with; write the host's address"), "{told:?}");
        }
        for bip in ["172.17.0.1/16", "10.0.1.0/16", ""] {
            assert_eq!(told(&format!("{{\"bip\": \"{bip}\"}}"), "", None), Vec::<String>::new());
        }
    }

    #[test]
    fn a_setting_that_came_after_the_table_was_made_is_left_to_the_engine() {
        assert_eq!(told("{\"brand-new\": 1}", "", Some(Release(99, 0))), Vec::<String>::new());
        assert_eq!(told("{\"graph\": \"/x\"}", "", Some(Release(99, 0))).len(), 1, "this one is gone since 24.0");
    }

    #[test]
    fn metrics_that_are_a_flag_with_a_name_are_not_offered_to_the_stack_file() {
        let with_flag =
            |flag: &str| told("{\"metrics-addr\": \"172.17.0.1:9323\"}", flag, Some(Release(20, 10))).remove(0);
        assert!(with_flag("--metrics-addr 10.0.0.1:1").contains("`engine.metrics: 10.0.0.1:1`"));
        assert!(!with_flag("--metrics-addr localhost:1").contains("`engine.metrics"));
    }

    #[test]
    fn a_setting_that_is_a_flag_already_is_told() {
        let told = told("{\"hosts\": [], \"features\": {}}", "-H fd:// --feature x=true", Some(Release(20, 10)));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("`hosts` is given as a flag, too (`-H fd://`)"), "{told:?}");
    }
}
