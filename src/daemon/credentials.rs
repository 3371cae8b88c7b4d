//! Takes what is secret out of settings before they are shown: user names and passwords in URLs, as settings for proxies
//! have them, and the tokens of log drivers.

/// The text with `…` for what stands between `://` and `@`, and for texts under keys that speak of secrets.
pub fn without_credentials(text: &str) -> String {
    without_secrets(&without_passwords(text))
}

/// `"splunk-token": "…"`
fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name, after)) = quoted(rest) {
        shown.push_str(before);
        shown.push_str(name);
        rest = after;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start).filter(|value| value.starts_with('"'));
        if let Some((_, _, behind)) = value.filter(|_| is_secret(name)).and_then(quoted) {
            shown.push_str(&after[..after.len() - value.unwrap_or_default().len()]);
            shown.push_str("\"…\"");
            rest = behind;
        }
    }
    shown + rest
}

/// What stands before the first text in quotes, that text with its quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('"')?;
    let mut escaped = false;
    let length = text[start + 1..].find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })?;
    let end = start + length + 2;
    Some((&text[..start], &text[start..end], &text[end..]))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "passphrase", "credential", "access-key"].iter().any(|word| name.contains(word))
}

fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|letter: char| letter.is_whitespace() || "/\"'`,".contains(letter)).unwrap_or(after.len());
        let (host, behind) = after.split_at(end);
        shown.push_str(before);
        shown.push_str("://");
        if let Some((_, host)) = host.rsplit_once('@') {
            shown.push_str("…@");
            shown.push_str(host);
        } else {
            shown.push_str(host);
        }
        rest = behind;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn passwords_in_urls_are_not_shown() {
        let text = "\"http-proxy\": \"http://me:p%40ss@proxy:3128/x@y\", \"no\": \"unix:///run/x\" a@b tcp://1.2.3.4:5";
        let shown = "\"http-proxy\": \"http://…@proxy:3128/x@y\", \"no\": \"unix:///run/x\" a@b tcp://1.2.3.4:5";
        assert_eq!(without_credentials(text), shown);
        assert_eq!(without_credentials("http://u:p@h"), "http://…@h");
    }

    #[test]
    fn tokens_of_log_drivers_are_not_shown() {
        let text = r#"- "log-opts": {"splunk-token": "hun\"ter", "splunk-url": "https://s", "tag": "a"}"#;
        let shown = r#"- "log-opts": {"splunk-token": "…", "splunk-url": "https://s", "tag": "a"}"#;
        assert_eq!(without_credentials(text), shown);
        assert_eq!(without_credentials("\"a\" \"open"), "\"a\" \"open");
    }
}
