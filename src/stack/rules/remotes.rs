//! Remote write and read: places that can be reached, one way to sign in, and relabelling that does something.

use std::collections::HashSet;

use super::super::document::{Path, shortened};
use super::super::go_regex;
use super::super::{Duration, Relabel, RelabelAction, RemoteEnd};
use super::Examination;

/// Headers that Prometheus sets itself, and refuses in its file (`config.go`, `reservedHeaders`), and the key to use instead.
const OWN_HEADERS: [(&str, &str); 17] = [
    ("authorization", "write `basic_auth` or `token`"),
    ("host", "remove it: the host stands in `url`"),
    ("content-encoding", "remove it: Prometheus sets it"),
    ("content-length", "remove it: Prometheus sets it"),
    ("content-type", "remove it: Prometheus sets it"),
    ("user-agent", "remove it: Prometheus sets it"),
    ("connection", "remove it: Prometheus sets it"),
    ("keep-alive", "remove it: Prometheus sets it"),
    ("proxy-authenticate", "remove it: Prometheus sets it"),
    ("proxy-authorization", "remove it: Prometheus sets it"),
    ("www-authenticate", "remove it: Prometheus sets it"),
    ("accept-encoding", "remove it: Prometheus sets it"),
    ("x-prometheus-remote-write-version", "remove it: Prometheus sets it"),
    ("x-prometheus-remote-read-version", "remove it: Prometheus sets it"),
    ("x-amz-date", "remove it: it belongs to the signature of `sigv4`"),
    ("x-amz-security-token", "remove it: it belongs to the signature of `sigv4`"),
    ("x-amz-content-sha256", "remove it: it belongs to the signature of `sigv4`"),
];

/// What Go's regular expressions lack.
pub(super) const REGEX_HELP: &str =
    "write it as RE2 reads it: without looking ahead or behind, and without references to groups";

/// Words in the name of a header whose value is a secret.
const SECRET_WORDS: [&str; 5] = ["token", "secret", "password", "api-key", "apikey"];

/// What Prometheus writes where a step says nothing.
const USUAL_REPLACEMENT: &str = "$1";

/// What joins values where a step says nothing.
const USUAL_SEPARATOR: &str = ";";

/// What a label's name consists of.
pub(super) const LABEL_HELP: &str = "use letters, digits and `_`, not beginning with a digit";

/// A place that is reached from where Prometheus stands, with one way to sign in.
pub(super) fn remotes_can_be_reached(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    each(examination, path.key("remote_write"), section.remote_write.iter().map(RemoteEnd::from));
    let list = path.key("remote_read");
    each(examination, list, section.remote_read.iter().map(RemoteEnd::from));
    for (index, remote) in section.remote_read.iter().enumerate() {
        for label in remote.required_matchers.keys().filter(|label| !is_label(label)) {
            let here = list.index(index);
            let message = format!("`{}` cannot be a label", label.escape_debug());
            examination.error_at_key(here.key("required_matchers").key(label), message, LABEL_HELP);
        }
    }
}

fn each<'a>(examination: &mut Examination, list: Path, remotes: impl Iterator<Item = RemoteEnd<'a>>) {
    let mut names = HashSet::new();
    for (index, remote) in remotes.enumerate() {
        let here = list.index(index);
        let (host, _) = remote.url.host_and_port();
        if matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0") {
            let message = format!("`{host}` is the Prometheus container itself");
            let help = "write an app's name, or `host.docker.internal` for the host";
            examination.error(here.key("url"), message, help);
        }
        if let Some(name) = remote.name.filter(|name| !names.insert(name.as_str())) {
            examination.error(here.key("name"), format!("name `{name}` twice"), "give one of them another name");
        }
        if remote.timeout == Some(Duration::default()) {
            examination.error(here.key("timeout"), "a time of zero", "write a time above zero, such as `30s`");
        }
        if remote.basic_auth.is_some() && remote.token.is_some() {
            examination.error_at_key(here.key("token"), "both `basic_auth` and `token`", "keep one of them");
        }
        if remote.tls.is_some() && remote.url.as_str().to_ascii_lowercase().starts_with("http://") {
            let message = "`tls` does nothing: the scheme is `http`";
            examination.warning(here.key("tls"), message, "write `https://` in `url`, or remove `tls`");
        }
        let headers = here.key("headers");
        for (name, value) in remote.headers {
            header(examination, headers, (name, value), &OWN_HEADERS);
        }
    }
}

/// A header that can be sent, is nobody's own, and holds no secret. `own`: such names in small letters, and what to do.
pub(super) fn header(examination: &mut Examination, headers: Path, (name, value): (&str, &str), own: &[(&str, &str)]) {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(is_of_header) {
        let message = format!("`{}` cannot be a header", name.escape_debug());
        examination.error_at_key(headers.key(name), message, "use letters, digits and `-`");
    }
    // What it is is not said: people write secrets here.
    if value.chars().any(|letter| letter.is_control() && letter != '\t') {
        let message = format!("the value of `{}` cannot be sent", name.escape_debug());
        examination.error(headers.key(name), message, "write it on one line, without control characters");
    }
    if let Some((_, instead)) = own.iter().find(|(own, _)| *own == lower) {
        examination.error_at_key(headers.key(name), format!("`{name}` is not written here"), *instead);
    } else if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        let help = "write `token: { file: PATH }`, which is sent as a bearer token, or `basic_auth`";
        examination.error_at_key(headers.key(name), "a secret does not belong into the stack file", help);
    }
}

/// Every step names what its action needs, or Prometheus refuses the whole file.
pub(super) fn relabelling_does_something(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let remotes = path.key("remote_write");
    for (index, remote) in section.remote_write.iter().enumerate() {
        let here = remotes.index(index);
        let list = here.key("write_relabel_configs");
        for (index, relabel) in remote.write_relabel_configs.iter().enumerate() {
            step(examination, list.index(index), relabel);
        }
    }
}

fn step(examination: &mut Examination, here: Path, relabel: &Relabel) {
    let action = relabel.action.unwrap_or(RelabelAction::Replace);
    let writes = matches!(
        action,
        RelabelAction::Replace | RelabelAction::Lowercase | RelabelAction::Uppercase | RelabelAction::Hashmod
    );
    if let Some(fault) = relabel.regex.as_deref().and_then(go_regex::fault) {
        let message = format!("Prometheus refuses this regular expression: {}", shortened(&fault));
        examination.error(here.key("regex"), message, REGEX_HELP);
    }
    let sources = here.key("source_labels");
    for (index, label) in relabel.source_labels.iter().enumerate().filter(|(_, label)| !is_label(label)) {
        examination.error(sources.index(index), format!("`{}` cannot be a label", label.escape_debug()), LABEL_HELP);
    }
    let target = relabel.target_label.as_deref().unwrap_or_default();
    if writes && target.is_empty() {
        let help = "write `target_label: NAME`, the label that is written";
        if relabel.target_label.is_some() {
            examination.error(here.key("target_label"), "an empty `target_label`", help);
        } else {
            examination.missing(here, &["target_label"], "key `target_label` is missing", help);
        }
    } else if writes && !(is_label(target) || action != RelabelAction::Hashmod && is_template(target)) {
        let message = format!("`{}` cannot be a label", target.escape_debug());
        examination.error(here.key("target_label"), message, LABEL_HELP);
    }
    let replacement = relabel.replacement.as_deref().unwrap_or(USUAL_REPLACEMENT);
    if action == RelabelAction::Labelmap && !is_template(replacement) {
        let message = format!("`{}` cannot be a label", replacement.escape_debug());
        examination.error(here.key("replacement"), message, LABEL_HELP);
    }
    if matches!(action, RelabelAction::Lowercase | RelabelAction::Uppercase) && replacement != USUAL_REPLACEMENT {
        let help = "remove it: what is written are the joined values";
        examination.error_at_key(here.key("replacement"), "`replacement` beside an action that takes none", help);
    }
    if action == RelabelAction::Hashmod && relabel.modulus.is_none_or(|modulus| modulus == 0) {
        let help = "write `modulus: N`, the number of parts";
        examination.error(here.key("modulus"), "`hashmod` divides by a number above zero", help);
    }
    let compares_nothing = relabel.source_labels.is_empty() && relabel.regex.is_some();
    if action == RelabelAction::Keep && compares_nothing {
        let help = "write `source_labels: [NAME]`, the labels that are compared";
        examination.warning(here.key("regex"), "`keep` compares no label, and drops every sample or none", help);
    }
    if matches!(action, RelabelAction::Labeldrop | RelabelAction::Labelkeep) {
        let others = [
            ("source_labels", !relabel.source_labels.is_empty()),
            ("target_label", !target.is_empty()),
            ("replacement", replacement != USUAL_REPLACEMENT),
            ("separator", relabel.separator.as_ref().is_some_and(|separator| separator != USUAL_SEPARATOR)),
            ("modulus", relabel.modulus.is_some_and(|modulus| modulus != 0)),
        ];
        for (key, _) in others.into_iter().filter(|(_, is_written)| *is_written) {
            let message = format!("`{key}` beside an action that takes `regex` alone");
            examination.error_at_key(here.key(key), message, "remove it");
        }
    }
}

/// A queue of nothing would send nothing.
pub(super) fn queues_hold_something(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let list = path.key("remote_write");
    for (index, remote) in section.remote_write.iter().enumerate() {
        let here = list.index(index);
        let (path, queue) = (here.key("queue_config"), &remote.queue_config);
        let numbers = [
            ("capacity", queue.capacity),
            ("min_shards", queue.min_shards),
            ("max_shards", queue.max_shards),
            ("max_samples_per_send", queue.max_samples_per_send),
        ];
        for (key, _) in numbers.into_iter().filter(|(_, number)| *number == Some(0)) {
            examination.error(path.key(key), format!("`{key}` of zero"), "write a number above zero, or remove it");
        }
        let times = [
            ("batch_send_deadline", queue.batch_send_deadline),
            ("min_backoff", queue.min_backoff),
            ("max_backoff", queue.max_backoff),
        ];
        for (key, _) in times.into_iter().filter(|(_, time)| *time == Some(Duration::default())) {
            examination.error(path.key(key), "a time of zero", "write a time above zero, such as `5s`");
        }
        if let (Some(least), Some(most)) = (queue.min_shards, queue.max_shards)
            && least > most
        {
            let message = format!("at least {least} and at most {most}");
            examination.error(path.key("min_shards"), message, format!("write at most `{most}`"));
        }
        if let (Some(first), Some(longest)) = (queue.min_backoff, queue.max_backoff)
            && first > longest
        {
            let message = format!("the first pause, {first}, is longer than the longest, {longest}");
            examination.error(path.key("min_backoff"), message, format!("write at most `{longest}`"));
        }
    }
}

pub(super) fn is_label(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// What may stand in a header's name (RFC 9110, section 5.6.2): Go sends nothing with another one.
pub(super) fn is_of_header(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A label's name in which `$1`, `$name` and `${name}` stand for groups (`relabel.go`, `relabelTarget`).
fn is_template(text: &str) -> bool {
    let word = |text: &str| text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let length = if let Some(braced) = rest.strip_prefix("${") {
            let length = word(braced);
            if length == 0 || !braced[length..].starts_with('}') {
                return false;
            }
            length + 3
        } else if let Some(name) = rest.strip_prefix('$') {
            let length = word(name);
            if length == 0 {
                return false;
            }
            length + 1
        } else if first.is_ascii_alphabetic() || first == b'_' || first.is_ascii_digit() && rest.len() < text.len() {
            1
        } else {
            return false;
        };
        rest = &rest[length..];
    }
    !text.is_empty()
}
