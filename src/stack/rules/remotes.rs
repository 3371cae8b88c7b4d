//! Remote write and read: places that can be reached, one way to sign in, and relabelling that does something.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::super::document::Path;
use super::super::{BasicAuth, Duration, Relabel, RelabelAction, Secret, ServiceName, Tls, WebUrl};
use super::Examination;

/// Headers that Prometheus sets itself, and refuses in its file (`config.go`, `reservedHeaders`), and the key to use instead.
const OWN_HEADERS: [(&str, &str); 13] = [
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
];

/// Words in the name of a header whose value is a secret.
const SECRET_WORDS: [&str; 5] = ["token", "secret", "password", "api-key", "apikey"];

/// What sending and asking have in common.
struct Remote<'a> {
    url: &'a WebUrl,
    name: Option<&'a ServiceName>,
    timeout: Option<Duration>,
    headers: &'a IndexMap<String, String>,
    basic_auth: Option<&'a BasicAuth>,
    token: Option<&'a Secret>,
    tls: Option<&'a Tls>,
}

/// A place that is reached from where Prometheus stands, with one way to sign in.
pub(super) fn remotes_can_be_reached(examination: &mut Examination) {
    let Some(section) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let writes = section.remote_write.iter().map(|remote| Remote {
        url: &remote.url,
        name: remote.name.as_ref(),
        timeout: remote.timeout,
        headers: &remote.headers,
        basic_auth: remote.basic_auth.as_ref(),
        token: remote.token.as_ref(),
        tls: remote.tls.as_ref(),
    });
    each(examination, path.key("remote_write"), writes);
    let reads = section.remote_read.iter().map(|remote| Remote {
        url: &remote.url,
        name: remote.name.as_ref(),
        timeout: remote.timeout,
        headers: &remote.headers,
        basic_auth: remote.basic_auth.as_ref(),
        token: remote.token.as_ref(),
        tls: remote.tls.as_ref(),
    });
    let list = path.key("remote_read");
    each(examination, list, reads);
    for (index, remote) in section.remote_read.iter().enumerate() {
        for label in remote.required_matchers.keys().filter(|label| !is_label(label)) {
            let here = list.index(index);
            let message = format!("`{}` cannot be a label", label.escape_debug());
            let help = "use letters, digits and `_`, not beginning with a digit";
            examination.error_at_key(here.key("required_matchers").key(label), message, help);
        }
    }
}

fn each<'a>(examination: &mut Examination, list: Path, remotes: impl Iterator<Item = Remote<'a>>) {
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
        for name in remote.headers.keys() {
            let lower = name.to_ascii_lowercase();
            if let Some((_, instead)) = OWN_HEADERS.iter().find(|(own, _)| *own == lower) {
                examination.error_at_key(headers.key(name), format!("`{name}` is Prometheus' own header"), *instead);
            } else if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
                let help = "write `token: { file: PATH }`, which is sent as a bearer token, or `basic_auth`";
                examination.error_at_key(headers.key(name), "a secret does not belong into the stack file", help);
            }
        }
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
    if writes && relabel.target_label.as_ref().is_none_or(String::is_empty) {
        let help = "write `target_label: NAME`, the label that is written";
        examination.missing(here, &["target_label"], "key `target_label` is missing", help);
    }
    if matches!(action, RelabelAction::Lowercase | RelabelAction::Uppercase) && relabel.replacement.is_some() {
        let help = "remove it: what is written are the joined values";
        examination.error_at_key(here.key("replacement"), "`replacement` beside an action that takes none", help);
    }
    if action == RelabelAction::Hashmod && relabel.modulus.is_none_or(|modulus| modulus == 0) {
        let help = "write `modulus: N`, the number of parts";
        examination.error(here.key("modulus"), "`hashmod` divides by a number above zero", help);
    }
    if action == RelabelAction::Keep && relabel.source_labels.is_empty() {
        let help = "write `source_labels: [NAME]`, the labels that are compared";
        examination.missing(here, &["source_labels"], "`keep` compares no label, and drops every sample", help);
    }
    if matches!(action, RelabelAction::Labeldrop | RelabelAction::Labelkeep) {
        let others = [
            ("source_labels", !relabel.source_labels.is_empty()),
            ("target_label", relabel.target_label.is_some()),
            ("replacement", relabel.replacement.is_some()),
            ("separator", relabel.separator.is_some()),
            ("modulus", relabel.modulus.is_some()),
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

fn is_label(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
