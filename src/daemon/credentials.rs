//! Takes user names and passwords out of URLs before a text is shown: settings for proxies have them.

/// The text with `…` for what stands between `://` and `@`.
pub fn without_credentials(text: &str) -> String {
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
}
