//! Very many containers and very many targets: how long everything takes, and how much memory.
//!
//! `cargo test --test docker many -- --ignored --nocapture --test-threads 1` prints the tables of `docs/scale.md`, and with
//! BLESS=1 writes them.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::{Sandbox, docker};

const CONTAINERS: [u32; 3] = [10, 50, 200];
const TARGETS: [usize; 3] = [1_000, 5_000, 20_000];

/// Ports that are tried, below those that the kernel gives to whoever asks for any.
const PORTS: std::ops::Range<u16> = 10_000..32_768;

/// What one run came to.
struct Cost {
    time: Duration,
    /// Peak of resident memory, in MB, as far as looking every few milliseconds shows.
    memory: u64,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{:.1} s, {} MB", self.time.as_secs_f64(), self.memory)
    }
}

/// Runs `stackctl` to its end, which has to be a good one.
#[track_caller]
fn measure(stack: &Sandbox, arguments: &[&str]) -> Cost {
    let begun = Instant::now();
    let said = std::fs::File::create(stack.path("said")).expect("the test's folder is writable");
    let mut command = stack.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(said).spawn().expect("stackctl starts");
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|rest| rest.trim_end_matches("kB"));
        memory = memory.max(peak.and_then(|peak| peak.trim().parse().ok()).unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("the child is ours") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let time = begun.elapsed();
    let said = std::fs::read_to_string(stack.path("said")).expect("it was written");
    assert!(ended.success(), "stackctl {}: {ended}\n{said}", arguments.join(" "));
    Cost { time, memory: memory / 1024 }
}

/// Writes the rows of a table into the page, with BLESS=1.
fn record(table: &str, rows: &str) {
    println!("{rows}");
    if std::env::var_os("BLESS").is_none() {
        return;
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scale.md");
    let text = std::fs::read_to_string(page).expect("the page is there");
    let begin = format!("<!-- {table} -->\n");
    let (before, rest) = text.split_once(&begin).expect("the page has the table");
    let (old, after) = rest.split_once("<!-- end -->").expect("a table ends");
    let head: String = old.split_inclusive('\n').take(2).collect();
    std::fs::write(page, format!("{before}{begin}{head}{rows}<!-- end -->{after}")).expect("the page can be written");
}

#[test]
#[ignore = "takes ten minutes, and prints the first table of docs/scale.md"]
fn many_containers_are_started_proved_scaled_and_taken_away() {
    let mut rows = String::new();
    for count in CONTAINERS {
        let app = "apps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: { interval: 10s } } }\n";
        let stack = Sandbox::new(app);
        let [all, fewer] = [count, count * 3 / 4].map(|count| format!("web={count}"));
        let up = measure(&stack, &["up", "--timeout", "20m", "--scale", &all]);
        assert_eq!(stack.running("web").len(), count as usize);
        let nothing = measure(&stack, &["up", "--timeout", "20m"]);
        let verify = measure(&stack, &["verify", "targets"]);
        let down_to = measure(&stack, &["up", "--no-wait", "--scale", &fewer]);
        let up_to = measure(&stack, &["up", "--no-wait", "--scale", &all]);
        stack.ok(&["plan"]);
        assert_eq!(stack.running("web").len(), count as usize);
        let down = measure(&stack, &["down"]);
        assert_eq!(stack.running("web").len(), 0);
        writeln!(rows, "| {count} | {up} | {nothing} | {verify} | {down_to} | {up_to} | {down} |").expect("a String");
    }
    record("containers", &rows);
}

#[test]
#[ignore = "takes ten minutes, and prints the second table of docs/scale.md"]
fn many_targets_are_proved() {
    let gateway = docker(&["network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]);
    let gateway = gateway.trim();
    let ports = answer_on(gateway, *TARGETS.last().expect("there are some"));
    let mut rows = String::new();
    for count in TARGETS {
        let mut body = "images: { from: debian }\ngrafana: off\nprometheus: { port: off, scrape_interval: 60s }\n\
                        apps: {}\nscrape:\n  many:\n    targets:\n"
            .to_owned();
        for port in &ports[..count] {
            writeln!(body, "      - {gateway}:{port}").expect("a String takes everything");
        }
        let stack = Sandbox::bare(&body);
        let check = measure(&stack, &["check"]);
        let render = measure(&stack, &["render", "--output", &stack.path("rendered").display().to_string()]);
        let up = measure(&stack, &["up", "--timeout", "10m"]);
        let verify = measure(&stack, &["verify", "targets"]);
        let proved = stack.findings("targets");
        let well = proved.iter().filter(|finding| finding["status"] == "ok").count();
        assert!(well >= count, "{well} of {count}");
        writeln!(rows, "| {count} | {check} | {render} | {up} | {verify} |").expect("a String takes everything");
    }
    record("targets", &rows);
}

/// Answers with metrics on so many ports of an address, for as long as this process runs.
fn answer_on(address: &str, count: usize) -> Vec<u16> {
    use nix::sys::resource::{Resource, setrlimit};
    setrlimit(Resource::RLIMIT_NOFILE, 100_000, 100_000).expect("the tests run as root, as those of the engine do");
    // Nobody may wait for a runtime: a test program has none.
    let listeners: Vec<TcpListener> =
        PORTS.filter_map(|port| TcpListener::bind((address, port)).ok()).take(count).collect();
    assert_eq!(listeners.len(), count, "free ports");
    let ports = listeners.iter().map(|listener| listener.local_addr().expect("it is bound").port()).collect();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for listener in listeners {
                listener.set_nonblocking(true).expect("it is ours");
                let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime takes it");
                tokio::spawn(async move {
                    while let Ok((connection, _)) = listener.accept().await {
                        tokio::spawn(answer(connection));
                    }
                });
            }
            std::future::pending::<()>().await;
        });
    });
    ports
}

/// Answers each request of a connection until the other side closes it.
async fn answer(mut connection: tokio::net::TcpStream) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 25\r\n\r\n\
                          # TYPE one gauge\none 1234\n\n";
    let mut request = vec![0; 4096];
    // A scrape's request has no body and comes in one piece.
    while connection.read(&mut request).await.is_ok_and(|count| count > 0) {
        if connection.write_all(&ANSWER.as_bytes()[..ANSWER.len() - 1]).await.is_err() {
            return;
        }
    }
}
