//! What the logs of Prometheus and Alertmanager say about messages, and what of it is shown. Pure.

/// A try to tell a receiver, as Alertmanager's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Try {
    /// Name of the receiver.
    pub(super) receiver: String,
    /// Why it failed; `None`: it succeeded.
    pub(super) error: Option<String>,
    /// Milliseconds since 1970.
    pub(super) at: i64,
}

/// The value of `key=` in a logfmt line, without its quotes.
pub(in crate::verify) fn field(line: &str, key: &str) -> Option<String> {
    let start = line.find(&format!(" {key}=")).map(|at| at + key.len() + 2);
    let start = start.or_else(|| line.strip_prefix(&format!("{key}=")).map(|_| key.len() + 1))?;
    let rest = &line[start..];
    if let Some(quoted) = rest.strip_prefix('"') {
        let mut value = String::new();
        let mut letters = quoted.chars();
        loop {
            match letters.next() {
                None | Some('"') => return Some(value),
                Some('\\') => value.extend(letters.next().map(|escaped| if escaped == 'n' { ' ' } else { escaped })),
                Some(letter) => value.push(letter),
            }
        }
    }
    Some(rest.split(' ').next().unwrap_or_default().to_owned())
}

/// What Alertmanager says when it begins to work by a configuration: what it said before is about another one.
const LOADED: &str = "Completed loading of configuration file";

/// The tries that a log tells of under the configuration in force, oldest first. Alertmanager says so of failures, and of a
/// success that came after one.
pub(super) fn tries(lines: &[String]) -> Vec<Try> {
    let of_line = |line: &String| {
        let message = field(line, "msg")?;
        let failed = message.starts_with("Notify attempt failed") || message.starts_with("Notify for alerts failed");
        if !failed && message != "Notify success" {
            return None;
        }
        let error = field(line, "err");
        // `err="team/webhook[0]: notify retry canceled after 7 attempts: …"` where no field says it.
        let named = || error.as_deref().and_then(|error| Some(error.split_once('/')?.0.to_owned()));
        let receiver = field(line, "receiver").or_else(named)?;
        let time = field(line, "ts").or_else(|| field(line, "time"))?;
        let at = time.parse::<jiff::Timestamp>().ok()?.as_millisecond();
        Some(Try { receiver, error: failed.then(|| error.clone().unwrap_or_default()), at })
    };
    let begin = lines.iter().rposition(|line| line.contains(LOADED)).map_or(0, |loaded| loaded + 1);
    lines[begin..].iter().filter_map(of_line).collect()
}

/// The last thing that a log says of a receiver, alone or among several that are told together.
pub(super) fn last_try(tries: &[Try], receiver: &str) -> Option<Try> {
    let is_of = |one: &&Try| one.receiver.split('+').any(|name| name == receiver);
    tries.iter().rev().find(is_of).cloned()
}

/// What Prometheus last said about alerts that it could not send to that address.
pub(super) fn sending_error(lines: &[String], address: &str) -> Option<String> {
    let tells = |line: &&String| line.contains("Error sending alert") && line.contains(address);
    field(lines.iter().rev().find(tells)?, "err")
}

/// What the last line says in which Alertmanager tells why it refused its configuration.
pub(super) fn refusal(lines: &[String]) -> Option<String> {
    let tells = |line: &&String| line.contains("Loading configuration file failed");
    field(lines.iter().rev().find(tells)?, "err")
}

/// Host and port of a URL.
pub(super) fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let usual = match scheme.to_ascii_lowercase().as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// A text without these values.
pub(super) fn without(text: &str, hidden: &[String]) -> String {
    hidden.iter().filter(|value| !value.is_empty()).fold(text.to_owned(), |text, value| text.replace(value, "<secret>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 0.25 and 0.33 write it.
    const LINES: [&str; 4] = [
        r#"ts=2026-11-24T14:00:00.000Z caller=notify.go:732 level=warn component=dispatcher receiver=team integration=webhook[0] msg="Notify attempt failed, will retry later" attempts=1 err="Post \"http://hook:80/\": dial tcp: lookup hook on 127.0.0.11:53: no such host""#,
        r#"ts=2026-11-24T14:00:05.000Z caller=notify.go:745 level=info component=dispatcher receiver=team integration=webhook[0] msg="Notify success" attempts=3"#,
        r#"time=2026-11-24T14:01:00.000Z level=WARN source=notify.go:866 msg="Notify attempt failed, will retry later" component=dispatcher receiver=duty+chat integration=slack[0] attempts=1 err="unexpected status code 404""#,
        r#"ts=2026-11-24T14:02:00.000Z caller=dispatch.go:352 level=error component=dispatcher msg="Notify for alerts failed" num_alerts=1 err="mail/email[0]: notify retry canceled after 7 attempts: dial tcp: refused""#,
    ];

    fn lines() -> Vec<String> {
        LINES.map(str::to_owned).to_vec()
    }

    #[test]
    fn the_last_try_of_a_receiver_is_found_whether_it_is_told_alone_or_with_others() {
        let tries = tries(&lines());
        assert_eq!(tries.len(), 4);
        assert!(tries[0].error.as_deref().is_some_and(|error| error.ends_with("no such host")), "{tries:?}");
        assert_eq!(last_try(&tries, "team").and_then(|last| last.error), None);
        let of_chat = last_try(&tries, "chat").and_then(|last| last.error);
        assert_eq!(of_chat.as_deref(), Some("unexpected status code 404"));
        assert!(last_try(&tries, "mail").is_some_and(|last| last.error.is_some()));
        assert_eq!(last_try(&tries, "nobody"), None);
    }

    #[test]
    fn host_and_port_are_read_out_of_a_url_and_nothing_else() {
        let expected = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(host_and_port("https://hooks.example.com/T0/B0/secret"), expected("hooks.example.com", 443));
        assert_eq!(host_and_port("http://u:p@[::1]:8080/x"), expected("::1", 8080));
        for text in ["", "no url", "ftp://host/x", "http://host:port/"] {
            assert_eq!(host_and_port(text), None, "{text}");
        }
    }

    #[test]
    fn a_secret_is_taken_out_of_a_message() {
        let hidden = ["https://hooks.example.com/secret".to_owned(), String::new()];
        assert_eq!(without("Post https://hooks.example.com/secret: EOF", &hidden), "Post <secret>: EOF");
    }
}
