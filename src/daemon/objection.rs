//! What dockerd would not start with, seen before it is asked: unknown settings, wrong kinds of values, settings that are
//! flags already, and metrics for everybody.

use serde_json::Value;

use super::keys::{self, Shape};
use super::{Document, Flags, METRICS_KEY, Release};

/// Something that dockerd would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Line in the file as it would be.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Settings that may stand in the file and on the command line (moby `daemon/config/config.go`, `skipDuplicates` and
/// `skipValidateOptions`).
const MAY_BE_BOTH: [&str; 3] = ["builder", "features", "runtimes"];

/// Keys this unlike a known one are not taken for its misspelling.
const NEAR: f64 = 0.75;

/// All that an engine of that release, started with these flags, would refuse in the file. `None`: a release that is not
/// known, so that only what every release refuses is told.
pub fn objections(document: &Document, flags: &Flags, release: Option<Release>) -> Vec<Objection> {
    let settings = document.settings();
    let look = |(name, value, line): &(String, Value, usize)| {
        unknown(name, *line, release).or_else(|| misshapen(name, value, *line)).or_else(|| twice(name, *line, flags))
    };
    mark(document, release).into_iter().chain(settings.iter().filter_map(look)).collect()
}

fn mark(document: &Document, release: Option<Release>) -> Option<Objection> {
    let release = release.filter(|release| document.has_mark() && !release.passes_over_a_mark())?;
    Some(Objection {
        line: 1,
        message: format!("the file begins with a byte order mark, and Engine {release} would not start with it"),
        help: "save it as UTF-8 without one (BOM), such as with `sed -i '1s/^\\xEF\\xBB\\xBF//' FILE`".to_owned(),
    })
}

fn unknown(name: &str, line: usize, release: Option<Release>) -> Option<Objection> {
    let engine = release.map_or_else(|| "any engine".to_owned(), |release| format!("Engine {release}"));
    let message = format!("`{name}` is no setting of {engine}, which would not start with it");
    match keys::key(name) {
        Some(key) if release.is_some_and(|release| key.is_unknown_to(release)) => {
            Some(Objection { line, message, help: format!("remove `{name}`: other releases know it") })
        }
        Some(_) => None,
        None => Some(Objection { line, message, help: nearest(name) }),
    }
}

/// What is probably meant. The documentation's prose has long called the address of the metrics by a name of its own.
fn nearest(name: &str) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(known, name);
    let nearest = keys::names().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    match nearest.filter(|nearest| likeness(nearest) >= NEAR) {
        Some(nearest) => format!("did you mean `{nearest}`? Else remove it"),
        None => "remove it".to_owned(),
    }
}

fn misshapen(name: &str, value: &Value, line: usize) -> Option<Objection> {
    let (fits, wanted) = match keys::key(name)?.shape {
        Shape::Switch => (value.is_boolean(), "`true` or `false`"),
        Shape::Text => (value.is_string(), "a text in quotes"),
        Shape::Number => (value.is_number(), "a number without quotes"),
        Shape::List => (value.is_array(), "a list: `[ … ]`"),
        Shape::Map => (value.is_object(), "a map: `{ … }`"),
        Shape::Any => return None,
    };
    // dockerd takes `null` for a setting that is not there.
    (!fits && !value.is_null()).then(|| Objection {
        line,
        message: format!("`{name}` is `{value}`, which no engine starts with"),
        help: format!("write {wanted}"),
    })
}

fn twice(name: &str, line: usize, flags: &Flags) -> Option<Objection> {
    let flag = flags.get(name).filter(|_| !MAY_BE_BOTH.contains(&name))?;
    let (written, value) = (&flag.written, &flag.value);
    let remove = format!("remove `{written}` from dockerd's command line (`systemctl edit --full docker`)");
    let help = match name {
        METRICS_KEY => format!("{remove}, or write `engine.metrics: {value}` and leave the file alone"),
        _ => format!("{remove}, or `{name}` from the file"),
    };
    Some(Objection {
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
    }

    #[test]
    fn a_setting_that_is_a_flag_already_is_told() {
        let told = told("{\"hosts\": [], \"features\": {}}", "-H fd:// --feature x=true", Some(Release(20, 10)));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("`hosts` is given as a flag, too (`-H fd://`)"), "{told:?}");
    }
}
