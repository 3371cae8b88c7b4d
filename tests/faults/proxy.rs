//! A proxy before the engine's socket: it counts calls, and spoils the one it is told to. Everything else reaches the real
//! engine. The client opens a connection for each call (bollard keeps none), so one call is one connection.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The engine's own socket.
const ENGINE: &str = "/var/run/docker.sock";

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The client is killed (SIGKILL) before the engine hears of the call.
    KillBefore,
    /// The client is killed as soon as the engine has the call, which it goes on to carry out.
    KillDuring,
    /// The engine hears of it late.
    Delay(Duration),
    /// The connection ends; the engine has heard nothing.
    Cut,
    /// The engine carries it out, and the connection ends without an answer.
    CutAfter,
    /// The engine carries it out, and half of the answer arrives.
    Truncate,
    /// The engine hears nothing; this is answered.
    Status(u16),
    /// What comes back is no HTTP.
    Garbage,
    /// HTTP with a body that is not what was asked for.
    WrongBody,
    /// Nothing comes back, and the connection stays open.
    Hang,
}

/// Which calls are spoiled, and how.
#[derive(Debug, Clone, Copy)]
struct Orders {
    /// Number of the call, from 1.
    at: usize,
    fault: Fault,
    /// Every call from then on, too.
    for_good: bool,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    orders: Option<Orders>,
    /// Process to kill.
    victim: Option<u32>,
    /// Calls that contain this take so much longer, and are counted while they are under way.
    slow: Option<(&'static str, Duration)>,
    /// That a call which contains this was carried out is heard so much later.
    late: Option<(&'static str, Duration)>,
    /// How many of the slow ones are under way, and how many were at most.
    under_way: (usize, usize),
}

/// The proxy. It ends with the test program.
pub(crate) struct Proxy {
    state: Arc<Mutex<State>>,
    socket: PathBuf,
}

impl Proxy {
    /// Listens in a folder, before the machine's own engine.
    pub(crate) fn new(folder: &Path) -> Self {
        Self::before(folder, Path::new(ENGINE))
    }

    /// Listens in a folder, before the engine of a socket.
    pub(crate) fn before(folder: &Path, engine: &Path) -> Self {
        let socket = folder.join("proxy.sock");
        let listener = UnixListener::bind(&socket).expect("the test's folder takes a socket");
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, engine) = (Arc::clone(&state), engine.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (state, engine) = (Arc::clone(&shared), engine.clone());
                // A connection that ends early is what this proxy is for.
                std::thread::spawn(move || serve(client, &state, &engine).ok());
            }
        });
        Self { state, socket }
    }

    /// What `DOCKER_HOST` has to say.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Counts from 1 again, and spoils nothing.
    pub(crate) fn reset(&self) {
        *self.lock() = State::default();
    }

    /// Counts from 1 again, and spoils that call.
    pub(crate) fn spoil(&self, at: usize, fault: Fault) {
        *self.lock() = State { orders: Some(Orders { at, fault, for_good: false }), ..State::default() };
    }

    /// Counts from 1 again, and spoils that call and all that follow.
    pub(crate) fn spoil_from(&self, at: usize, fault: Fault) {
        *self.lock() = State { orders: Some(Orders { at, fault, for_good: true }), ..State::default() };
    }

    /// Counts from 1 again, and has each call that contains this take so much longer.
    pub(crate) fn slow(&self, call: &'static str, delay: Duration) {
        *self.lock() = State { slow: Some((call, delay)), ..State::default() };
    }

    /// Has the client hear so much later that a call which contains this was carried out; that one failed, at once.
    pub(crate) fn late(&self, call: &'static str, delay: Duration) {
        self.lock().late = Some((call, delay));
    }

    /// How many of the slow calls were under way at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.lock().under_way.1
    }

    /// Names the process that the orders may kill.
    pub(crate) fn aim_at(&self, process: u32) {
        self.lock().victim = Some(process);
    }

    /// The calls since the count began: `POST /containers/create?name=…`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the state")
    }
}

fn serve(mut client: UnixStream, state: &Mutex<State>, engine: &Path) -> io::Result<()> {
    let (head, rest) = read_head(&mut client)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let slow = {
        let mut state = state.lock().expect("no thread panics while it holds the state");
        let slow = state.slow.filter(|(call, _)| line.contains(call)).map(|(_, delay)| delay);
        let (now, most) = state.under_way;
        if slow.is_some() {
            state.under_way = (now + 1, most.max(now + 1));
        }
        slow
    };
    if let Some(delay) = slow {
        std::thread::sleep(delay);
        let mut state = state.lock().expect("no thread panics while it holds the state");
        state.under_way.0 = state.under_way.0.saturating_sub(1);
    }
    let (fault, late) = {
        let mut state = state.lock().expect("no thread panics while it holds the state");
        let late = state.late.filter(|(call, _)| line.contains(call)).map(|(_, delay)| delay);
        state.calls.push(without_version(&line));
        let number = state.calls.len();
        let ordered = state.orders.filter(|orders| number == orders.at || orders.for_good && number > orders.at);
        (ordered.map(|orders| orders.fault), late)
    };
    if let Some(delay) = late {
        let answer = carry_out(&mut client, engine, &head, &rest)?;
        if answer.starts_with(b"HTTP/1.1 2") {
            std::thread::sleep(delay);
        }
        client.write_all(&answer)?;
        return client.shutdown(Shutdown::Both);
    }
    let victim = || state.lock().expect("no thread panics while it holds the state").victim;
    match fault {
        None => forward(client, engine, &head, &rest, &mut |_| {}),
        Some(Fault::Delay(delay)) => {
            std::thread::sleep(delay);
            forward(client, engine, &head, &rest, &mut |_| {})
        }
        Some(Fault::KillBefore) => {
            kill(&victim);
            Ok(())
        }
        Some(Fault::KillDuring) => forward(client, engine, &head, &rest, &mut |_| kill(&victim)),
        Some(Fault::Cut) => client.shutdown(Shutdown::Both),
        Some(Fault::CutAfter) => {
            let answer = carry_out(&mut client, engine, &head, &rest)?;
            drop(answer);
            client.shutdown(Shutdown::Both)
        }
        Some(Fault::Truncate) => {
            let answer = carry_out(&mut client, engine, &head, &rest)?;
            let end = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
            client.write_all(&answer[..end + (answer.len() - end) / 2])?;
            client.shutdown(Shutdown::Both)
        }
        Some(Fault::Status(code)) => {
            let body = format!("{{\"message\":\"spoiled by the test with {code}\"}}");
            write!(
                client,
                "HTTP/1.1 {code} Spoiled\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        Some(Fault::Garbage) => client.write_all(b"\x16\x03\x01 this is no answer at all\r\n\r\n"),
        Some(Fault::WrongBody) => client
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n<html></html"),
        Some(Fault::Hang) => {
            // Until the client gives up.
            io::copy(&mut client, &mut io::sink()).map(drop)
        }
    }
}

/// Everything up to the empty line, and what came after it.
fn read_head(client: &mut UnixStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        match client.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// One call, one connection: the engine shall close it after its answer. A hijacked connection keeps its own words.
fn closing(head: &str) -> String {
    if head.to_ascii_lowercase().contains("\r\nupgrade:") {
        return head.to_owned();
    }
    let lines = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    lines.chain(["Connection: close", "", ""]).collect::<Vec<_>>().join("\r\n")
}

/// Passes bytes both ways until both sides are done. `delivered` is called once the engine has the whole request.
fn forward(
    mut client: UnixStream,
    engine: &Path,
    head: &str,
    rest: &[u8],
    delivered: &mut dyn FnMut(&UnixStream),
) -> io::Result<()> {
    let mut upstream = UnixStream::connect(engine)?;
    upstream.write_all(closing(head).as_bytes())?;
    upstream.write_all(rest)?;
    let missing = body_length(head).saturating_sub(rest.len() as u64);
    io::copy(&mut (&mut client).take(missing), &mut upstream)?;
    delivered(&client);
    let (mut from_client, mut to_engine) = (client.try_clone()?, upstream.try_clone()?);
    std::thread::spawn(move || {
        io::copy(&mut from_client, &mut to_engine).ok();
        to_engine.shutdown(Shutdown::Write).ok();
    });
    io::copy(&mut upstream, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// Has the engine carry the call out, and returns its whole answer.
fn carry_out(client: &mut UnixStream, engine: &Path, head: &str, rest: &[u8]) -> io::Result<Vec<u8>> {
    let mut upstream = UnixStream::connect(engine)?;
    upstream.set_read_timeout(Some(Duration::from_secs(60)))?;
    upstream.write_all(closing(head).as_bytes())?;
    upstream.write_all(rest)?;
    let missing = body_length(head).saturating_sub(rest.len() as u64);
    io::copy(&mut client.take(missing), &mut upstream)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// What the client says that its body has. Bodies of bollard's calls are known in full.
fn body_length(head: &str) -> u64 {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// `POST /v1.41/containers/create?name=x HTTP/1.1` → `POST /containers/create?name=x`
fn without_version(line: &str) -> String {
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = match path.strip_prefix("/v1.") {
        Some(versioned) => versioned.trim_start_matches(|character: char| character.is_ascii_digit()),
        None => path,
    };
    format!("{method} {path}")
}

fn kill(victim: &dyn Fn() -> Option<u32>) {
    // The test names its process right after it has started it.
    let process = loop {
        match victim() {
            Some(process) => break process,
            None => std::thread::yield_now(),
        }
    };
    let killed = Command::new("kill").args(["-9", &process.to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()), "process {process} could not be killed");
}
