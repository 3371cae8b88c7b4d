//! The cheapest question to an engine: which API version it speaks, and whether it is Podman.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Longest time an answer may take; it usually takes less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pong {
    /// The newest API version that it speaks.
    pub(super) api_version: String,
    /// It is Podman, which speaks Docker's API beside its own.
    pub(super) is_podman: bool,
}

/// What the engine behind a socket of this host says. `None`: ask `/version`, which takes ten times as long,
/// because the engine runs other programs to answer it.
pub(super) async fn ping(address: &str) -> Option<Pong> {
    let path = address.strip_prefix("unix://")?;
    tokio::time::timeout(PATIENCE, ask(path)).await.ok()?
}

async fn ask(path: &str) -> Option<Pong> {
    let mut connection = UnixStream::connect(path).await.ok()?;
    connection.write_all(b"HEAD /_ping HTTP/1.0\r\n\r\n").await.ok()?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.ok()?;
    pong_in(&String::from_utf8_lossy(&answer))
}

fn pong_in(answer: &str) -> Option<Pong> {
    let (status, headers) = answer.split_once("\r\n")?;
    let is_ok = status.split(' ').nth(1) == Some("200");
    let value_of = |wanted: &str| {
        let mut fields = headers.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let is_podman = value_of("libpod-api-version").is_some();
    value_of("api-version").filter(|_| is_ok).map(|api_version| Pong { api_version, is_podman })
}

#[cfg(test)]
mod tests {
    use super::{Pong, pong_in};

    #[test]
    fn the_version_stands_in_the_head_of_a_good_answer() {
        let answer = "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nDocker-Experimental: false\r\n\r\n";
        let pong = |is_podman| Some(Pong { api_version: "1.41".to_owned(), is_podman });
        assert_eq!(pong_in(answer), pong(false));
        assert_eq!(pong_in(&answer.replace("200 OK", "403 Forbidden")), None);
        assert_eq!(pong_in("HTTP/1.0 200 OK\r\nServer: something\r\n\r\n"), None);
        assert_eq!(pong_in(""), None);
        let podman = "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n\r\n";
        assert_eq!(pong_in(podman), pong(true));
    }
}
