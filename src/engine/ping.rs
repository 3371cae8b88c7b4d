//! The cheapest question to an engine: which API version it speaks.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Longest time an answer may take; it usually takes less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(2);

/// The API version of the engine behind a socket of this host. `None`: ask `/version`, which takes ten times as long,
/// because the engine runs other programs to answer it.
pub(super) async fn api_version(address: &str) -> Option<String> {
    let path = address.strip_prefix("unix://")?;
    tokio::time::timeout(PATIENCE, ask(path)).await.ok()?
}

async fn ask(path: &str) -> Option<String> {
    let mut connection = UnixStream::connect(path).await.ok()?;
    connection.write_all(b"HEAD /_ping HTTP/1.0\r\n\r\n").await.ok()?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.ok()?;
    version_in(&String::from_utf8_lossy(&answer))
}

fn version_in(answer: &str) -> Option<String> {
    let (status, headers) = answer.split_once("\r\n")?;
    let is_ok = status.split(' ').nth(1) == Some("200");
    let fields = headers.lines().filter_map(|line| line.split_once(':'));
    let mut versions = fields.filter(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    versions.next().map(|(_, version)| version.trim().to_owned()).filter(|_| is_ok)
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn the_version_stands_in_the_head_of_a_good_answer() {
        let answer = "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nDocker-Experimental: false\r\n\r\n";
        assert_eq!(version_in(answer).as_deref(), Some("1.41"));
        assert_eq!(version_in(&answer.replace("200 OK", "403 Forbidden")), None);
        assert_eq!(version_in("HTTP/1.0 200 OK\r\nServer: something\r\n\r\n"), None);
        assert_eq!(version_in(""), None);
    }
}
