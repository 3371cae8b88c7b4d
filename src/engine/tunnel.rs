//! The way to an engine behind `ssh://`, as the Docker CLI takes it: `ssh HOST docker system dial-stdio` for each connection.
//!
//! A socket in a folder of our own stands for the engine; whatever connects to it is passed on. ssh itself reads the user's
//! settings, keys and known hosts, and carries all connections over one login.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::Error;

/// Seconds that ssh may take to reach the host.
const PATIENCE: u32 = 30;

/// Bytes of what ssh says that are kept for an error.
const LAST_WORDS: usize = 2000;

/// An open way to a far engine. It is closed, and its ssh ended, when this is dropped.
#[derive(Debug)]
pub(super) struct Tunnel {
    socket: PathBuf,
    last_words: Arc<Mutex<String>>,
    listening: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// `ssh://[USER@]HOST[:PORT][/PATH/OF/SOCKET]`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Destination {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    socket: Option<String>,
}

impl Tunnel {
    /// Opens the way; ssh itself starts with the first connection.
    pub(super) fn open(url: &str) -> Result<Self, Error> {
        let cannot = |cause: String| Error::new(format!("cannot connect to Docker at {url}"), cause);
        let destination = Destination::parse(url).ok_or_else(|| {
            cannot("this is no address for ssh".to_owned()).advise("write ssh://USER@HOST or ssh://USER@HOST:PORT")
        })?;
        let folder = tempfile::Builder::new().prefix("stackctl-").tempdir();
        let folder = folder.map_err(|error| cannot(format!("no folder for its socket: {error}")))?;
        let socket = folder.path().join("engine");
        let listener = UnixListener::bind(&socket).map_err(|error| cannot(format!("no socket for it: {error}")))?;
        let words = destination.words(&folder.path().join("ssh"));
        let last_words: Arc<Mutex<String>> = Arc::default();
        let said = last_words.clone();
        let listening = tokio::spawn(async move {
            // The first connection logs in; the others wait for it and share its login.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                let (words, said) = (words.clone(), said.clone());
                connections.spawn(async move {
                    if let Err(error) = pass(connection, &words, &said).await {
                        note(&said, &error.to_string());
                    }
                });
            }
        });
        Ok(Self { socket, last_words, listening, _folder: folder })
    }

    /// The address of the socket that stands for the far engine.
    pub(super) fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// What ssh said last, where it said something.
    pub(super) fn last_words(&self) -> Option<String> {
        let said = self.last_words.lock().ok()?;
        let line = said.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        Some(line.to_owned())
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Destination {
    fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("ssh://")?;
        let (place, socket) = match rest.find('/') {
            Some(slash) => (&rest[..slash], Some(rest[slash..].to_owned()).filter(|path| path != "/")),
            None => (rest, None),
        };
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, place),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (place, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        // A word that begins with a dash would be an option of ssh.
        let is_fine = |word: &str| !word.is_empty() && !word.starts_with('-') && !word.contains(char::is_whitespace);
        (is_fine(&host) && user.as_deref().is_none_or(is_fine)).then_some(Self { user, host, port, socket })
    }

    /// The words after `ssh`. `control` is where its processes share one login.
    fn words(&self, control: &Path) -> Vec<String> {
        let mut words: Vec<String> =
            ["-T", "-o", "BatchMode=yes", "-o", "ControlMaster=auto", "-o"].map(str::to_owned).into();
        words.extend([format!("ConnectTimeout={PATIENCE}"), "-o".to_owned()]);
        words.push(format!("ControlPath={}", control.display()));
        words.extend(self.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]));
        words.extend(self.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
        words.extend(["--".to_owned(), self.host.clone()]);
        let socket = self.socket.as_deref().and_then(|path| shlex::try_quote(path).ok());
        words.push(match socket {
            Some(path) => format!("docker --host unix://{path} system dial-stdio"),
            None => "docker system dial-stdio".to_owned(),
        });
        words
    }
}

/// Passes one connection on, until either side ends it.
async fn pass(connection: UnixStream, words: &[String], said: &Mutex<String>) -> std::io::Result<()> {
    let mut command = Command::new("ssh");
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut ssh =
        command.spawn().map_err(|error| std::io::Error::new(error.kind(), format!("cannot run ssh: {error}")))?;
    let (Some(mut to), Some(mut from), Some(mut errors)) = (ssh.stdin.take(), ssh.stdout.take(), ssh.stderr.take())
    else {
        return Ok(());
    };
    let (mut read, mut write) = connection.into_split();
    let listen = async {
        let mut buffer = [0; 512];
        while let Ok(count @ 1..) = errors.read(&mut buffer).await {
            note(said, &String::from_utf8_lossy(&buffer[..count]));
        }
    };
    // The question may end before its answer has come; and where ssh takes no more of it, its answer ends, too.
    let there = async {
        let _ = tokio::io::copy(&mut read, &mut to).await;
        let _ = to.shutdown().await;
        drop(to);
        std::future::pending::<()>().await;
    };
    let back = async {
        let copied = tokio::io::copy(&mut from, &mut write).await;
        let ended = write.shutdown().await;
        copied.and(ended)
    };
    tokio::select! {
        (outcome, ()) = async { tokio::join!(back, listen) } => drop(outcome?),
        () = there => {}
    }
    ssh.wait().await.map(drop)
}

fn note(said: &Mutex<String>, words: &str) {
    if let Ok(mut said) = said.lock() {
        said.push_str(words);
        if said.len() > LAST_WORDS {
            let too_many = said.len() - LAST_WORDS;
            let from = said.char_indices().map(|(at, _)| at).find(|at| *at >= too_many).unwrap_or(0);
            said.drain(..from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(user: Option<&str>, host: &str, port: Option<u16>, socket: Option<&str>) -> Destination {
        let (user, socket) = (user.map(str::to_owned), socket.map(str::to_owned));
        Destination { user, host: host.to_owned(), port, socket }
    }

    #[test]
    fn an_address_is_read_as_docker_reads_it() {
        let read = |url| Destination::parse(url).expect("an address");
        assert_eq!(read("ssh://h"), destination(None, "h", None, None));
        assert_eq!(read("ssh://me@h:2222/"), destination(Some("me"), "h", Some(2222), None));
        assert_eq!(read("ssh://me@[::1]:22/run/d.sock"), destination(Some("me"), "::1", Some(22), Some("/run/d.sock")));
        assert_eq!(read("ssh://[::1]"), destination(None, "::1", None, None));
    }

    #[test]
    fn nothing_in_an_address_becomes_an_option_of_ssh_or_a_command_of_the_far_shell() {
        for url in ["ssh://-oProxyCommand=x", "ssh://-l@h", "ssh://", "ssh://h:port", "ssh://a b", "ssh://@h"] {
            assert_eq!(Destination::parse(url), None, "{url}");
        }
        let words = Destination::parse("ssh://h/x;reboot").expect("a path").words(Path::new("/c"));
        assert_eq!(words.last().map(String::as_str), Some("docker --host unix://'/x;reboot' system dial-stdio"));
    }
}
