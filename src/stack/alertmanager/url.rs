//! Addresses of receivers: URLs with scheme and host, and `HOST:PORT` of mail servers.

use std::fmt;
use std::str::FromStr;

use super::super::mask::without_url_secrets;
use super::super::shape::written_as_text;
use super::super::wrong::Wrong;

/// `http://…` or `https://…` with a host. Password and token do not stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(String);

impl WebUrl {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host, an IPv6 address without brackets, and port.
    pub fn host_and_port(&self) -> (String, u16) {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("http", &self.0));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let usual = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(usual)),
            _ => (authority, usual),
        };
        (host.trim_matches(['[', ']']).to_owned(), port)
    }
}

impl FromStr for WebUrl {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let lower = text.to_ascii_lowercase();
        let shown = without_url_secrets(text);
        let Some(rest) = ["http://", "https://"].iter().find_map(|scheme| lower.strip_prefix(scheme)) else {
            let help = match text.split_once("://") {
                Some(_) => "only `http://` and `https://` can be asked".to_owned(),
                None => format!("write the scheme, too: `{}`", without_url_secrets(&format!("http://{text}"))),
            };
            let shown = without_url_secrets(&format!("://{text}"));
            let shown = if text.contains("://") { without_url_secrets(text) } else { shown[3..].to_owned() };
            return Err(Wrong::new(format!("`{}` is not a URL", shown.escape_debug()), help));
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            let help = "a password has a key of its own; a webhook's whole URL can be a secret: `url: { file: PATH }`";
            return Err(Wrong::new("a password does not belong into a URL of the stack file", help));
        }
        let host = if authority.starts_with('[') {
            authority.rfind(']').map_or(authority, |end| &authority[..=end])
        } else {
            authority.rsplit_once(':').map_or(authority, |(host, _)| host)
        };
        let port_is_right = !authority.contains(':')
            || authority.ends_with(']')
            || authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
        if host.is_empty() || !port_is_right || text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
        {
            let help = "write it as in `http://HOST:PORT/PATH`";
            return Err(Wrong::new(format!("`{}` is not a URL", shown.escape_debug()), help));
        }
        if !is_host(host) {
            let help = "write a name, an IPv4 address, or an IPv6 address in brackets: `http://[fd00::1]:8428/`";
            return Err(Wrong::new(format!("`{}` is not a host", host.escape_debug()), help));
        }
        let path = text.split('?').next().unwrap_or_default();
        if !escapes_are_whole(path) || !escapes_are_whole(text.split_once('#').map_or("", |(_, fragment)| fragment)) {
            let help = "write `%25` for a `%` of its own; else two hexadecimal digits follow it";
            return Err(Wrong::new(format!("`{}` has a `%` that stands for no letter", shown.escape_debug()), help));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What Go takes for a host (`net/url`): letters of names, or an address in brackets that are closed.
fn is_host(host: &str) -> bool {
    let is_of_name =
        |letter: char| !letter.is_ascii() || letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(letter);
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| {
            let address = address.split_once("%25").map_or(address, |(address, _zone)| address);
            address.parse::<std::net::Ipv6Addr>().is_ok()
        }),
        None => host.chars().all(is_of_name),
    }
}

/// Whether two hexadecimal digits follow each `%`.
fn escapes_are_whole(text: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    text.split('%').skip(1).all(|after| is_digit(after.as_bytes().first()) && is_digit(after.as_bytes().get(1)))
}

written_as_text!(WebUrl, "a URL such as `http://HOST:PORT/PATH`", {
    "type": "string",
    "description": "A URL with scheme and host.",
    "pattern": r"^([hH][tT][tT][pP][sS]?://.+|.*\$.*)$",
});

/// `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let wrong = || {
            let help = "write host and port: `mail.example.com:587`";
            Wrong::new(format!("`{}` is not a mail server", text.escape_debug()), help)
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port: &u16| *port > 0).ok_or_else(wrong)?;
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || "-._[]:".contains(letter);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

written_as_text!(HostPort, "`HOST:PORT`", { "type": "string", "description": "A server: `HOST:PORT`." });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_scheme_and_a_host_and_no_password() {
        for text in ["http://hook:8080/alerts", "https://example.com", "HTTP://[::1]:80/x?y=1", "http://a/%7Ex?p=%"] {
            assert!(text.parse::<WebUrl>().is_ok(), "{text}");
        }
        for text in [
            "hook:8080",
            "ftp://hook",
            "http://",
            "http://a b",
            "http://hook:0",
            "http://u:p@hook",
            "",
            "http://[::1/w",
            "http://[x]/",
            "http://a{b}/",
            "http://a/%zz",
            "http://a/%4",
            "http://a/#%",
        ] {
            assert!(text.parse::<WebUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_refused_is_named_without_its_secrets() {
        for text in
            ["a:1/?key=hunter2", "me:hunter2@a:1", "ftp://me:hunter2@a/", "http://me:hunter2@a/", "http://a:x/?hunter2"]
        {
            let wrong = text.parse::<WebUrl>().expect_err(text);
            assert!(!format!("{wrong}").contains("hunter2"), "{wrong}");
        }
    }

    #[test]
    fn a_mail_server_has_a_port() {
        assert_eq!("mail:25".parse(), Ok(HostPort { host: "mail".to_owned(), port: 25 }));
        for text in ["mail", "mail:", ":25", "mail:x", "smtp://mail:25"] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }
}
