//! What the logs of Prometheus and Alertmanager say about messages, and what of it is shown. Pure.

/// A try to tell a receiver, as Alertmanager's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Try {
    /// Name of the receiver; `duty+team` of several that are told together.
    pub(super) receiver: String,
    /// Which of its ways, and the number among those of that kind: `webhook` and 0 of `webhook[0]`.
    pub(super) way: Option<(String, usize)>,
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
    let begin = lines.iter().rposition(|line| line.contains(LOADED)).map_or(0, |loaded| loaded + 1);
    lines[begin..].iter().filter_map(|line| of_line(line)).flatten().collect()
}

fn of_line(line: &str) -> Option<Vec<Try>> {
    let message = field(line, "msg")?;
    let failed = message.starts_with("Notify attempt failed") || message.starts_with("Notify for alerts failed");
    if !failed && message != "Notify success" {
        return None;
    }
    let error = field(line, "err").unwrap_or_default();
    let time = field(line, "ts").or_else(|| field(line, "time"))?;
    let at = time.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    let Some(receiver) = field(line, "receiver") else { return Some(named(&error, at)) };
    let way = field(line, "integration").and_then(|way| numbered(&way));
    Some(vec![Try { receiver, way, error: failed.then_some(error), at }])
}

/// `team/webhook[0]: notify retry canceled after 7 attempts: …; team/slack[0]: …`, where no field says whose failures they are.
fn named(error: &str, at: i64) -> Vec<Try> {
    let mut tries: Vec<Try> = Vec::new();
    for part in error.split("; ") {
        let head = part.split_once(": ").and_then(|(name, why)| Some((name.split_once('/')?, why)));
        if let Some(((receiver, way), why)) =
            head.filter(|((receiver, way), _)| way.ends_with(']') && !receiver.contains(' '))
        {
            let (receiver, error) = (receiver.to_owned(), Some(why.to_owned()));
            tries.push(Try { receiver, way: numbered(way), error, at });
        } else if let Some(why) = tries.last_mut().and_then(|last| last.error.as_mut()) {
            why.push_str("; ");
            why.push_str(part);
        }
    }
    tries
}

/// `webhook` and 0 of `webhook[0]`.
fn numbered(way: &str) -> Option<(String, usize)> {
    let (name, number) = way.strip_suffix(']')?.split_once('[')?;
    Some((name.to_owned(), number.parse().ok()?))
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

/// A reason that is short enough to be read. What was asked stands at its beginning, and what came of it at its end.
pub(super) fn shortened(reason: &str) -> String {
    const HEAD: usize = 120;
    const TAIL: usize = 200;
    let letters: Vec<char> = reason.chars().collect();
    if letters.len() <= HEAD + TAIL {
        return reason.to_owned();
    }
    let text = |letters: &[char]| letters.iter().collect::<String>();
    format!("{} … {}", text(&letters[..HEAD]).trim_end(), text(&letters[letters.len() - TAIL..]).trim_start())
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
    fn every_try_is_told_with_its_receiver_its_way_and_its_reason() {
        let tries = tries(&lines());
        assert_eq!(tries.len(), 4);
        assert!(tries[0].error.as_deref().is_some_and(|error| error.ends_with("no such host")), "{tries:?}");
        assert_eq!((tries[1].receiver.as_str(), tries[1].error.as_deref()), ("team", None));
        assert_eq!(
            (tries[2].receiver.as_str(), tries[2].error.as_deref()),
            ("duty+chat", Some("unexpected status code 404"))
        );
        assert_eq!(tries[2].way, Some(("slack".to_owned(), 0)));
        let of_mail = "notify retry canceled after 7 attempts: dial tcp: refused";
        assert_eq!((tries[3].receiver.as_str(), tries[3].error.as_deref()), ("mail", Some(of_mail)));
    }

    #[test]
    fn failures_of_several_ways_in_one_line_are_told_apart() {
        let line = r#"ts=2026-11-24T14:02:00.000Z level=error component=dispatcher msg="Notify for alerts failed" num_alerts=1 err="duty+team/webhook[0]: canceled: a; b: c; duty+team/webhook[1]: status 500""#;
        let tries = tries(&[line.to_owned()]);
        let found: Vec<_> = tries.iter().map(|one| (one.way.as_ref().map(|way| way.1), one.error.as_deref())).collect();
        assert_eq!(found, [(Some(0), Some("canceled: a; b: c")), (Some(1), Some("status 500"))]);
    }

    #[test]
    fn a_long_reason_keeps_what_was_asked_and_what_came_of_it() {
        let long = format!("Post \"http://hook/{}\": connection refused", "x".repeat(900));
        let short = shortened(&long);
        assert!(short.starts_with("Post \"http://hook/x") && short.ends_with("x\": connection refused"), "{short}");
        assert!(short.chars().count() < 330, "{short}");
        assert_eq!(shortened("EOF"), "EOF");
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
