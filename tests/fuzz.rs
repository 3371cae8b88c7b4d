//! Damaged and hostile input for everything that reads what others wrote: nothing panics, hangs or eats memory, whatever it is.
//!
//! Inputs are made of the repository's own files and of `tests/fuzz/TARGET/`, where every input that was once a crash is kept.
//! Each run of `cargo test` takes other ones for two seconds a target; `FUZZ_SECONDS=300 cargo test --test fuzz -- --nocapture`
//! for as long as one likes, `FUZZ_SEED=N` for the same ones again. An input that kills the whole process (memory, stack) is
//! found in `target/tmp/fuzz-TARGET`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use stackctl::command::VOCABULARY;
use stackctl::daemon::{Change, Document};
use stackctl::exposition::{self, Format};
use stackctl::import::{Request, import};
use stackctl::pins::Pins;
use stackctl::stack::Environment;

/// Longest time that a restarting engine may be waited for.
const RESTART: Duration = Duration::from_secs(90);

/// Longest that one input may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest input, in bytes: long ones have tests of their own in `tests/hostile.rs`.
const LONGEST: usize = 16 * 1024;

/// One reader: seeds below the repository, words that its input is made of, and what reads it.
struct Target {
    name: &'static str,
    seeds: &'static [(&'static str, &'static str)],
    words: &'static [&'static str],
    read: fn(&[u8]),
}

/// xorshift64*: the same numbers for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { usize::try_from(self.next() >> 33).expect("31 bits") % limit }
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

impl Target {
    fn corpus(&self) -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let kept = root.join("tests/fuzz").join(self.name);
        let folders = self.seeds.iter().map(|(folder, ending)| (root.join(folder), *ending));
        let mut files: Vec<PathBuf> =
            folders.chain([(kept, "")]).flat_map(|(folder, ending)| files(&folder, ending)).collect();
        files.sort();
        files.iter().map(|file| std::fs::read(file).expect("it was listed")).collect()
    }

    /// Everything that is kept first, then damaged inputs until the time is over.
    fn run(&self) {
        let corpus = self.corpus();
        assert!(corpus.len() > 1, "{} has no seeds", self.name);
        for input in &corpus {
            self.try_one(input);
        }
        let seed = number("FUZZ_SEED").unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
            u64::try_from(now.as_nanos() & u128::from(u64::MAX >> 1)).expect("it was cut off")
        });
        let mut random = Random(seed | 1);
        let (begun, time) = (Instant::now(), Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2)));
        let mut inputs = 0_u64;
        while begun.elapsed() < time {
            let input = self.damaged(&corpus, &mut random);
            self.try_one(&input);
            inputs += 1;
        }
        println!("{}: {inputs} inputs from {} seeds, FUZZ_SEED={seed}", self.name, corpus.len());
    }

    fn damaged(&self, corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
        let mut input = random.of(corpus).clone();
        input.truncate(LONGEST);
        for _ in 0..=random.below(6) {
            let at = random.below(input.len() + 1);
            let end = (at + random.below(40)).min(input.len());
            match random.below(8) {
                0 => drop(input.drain(at..end)),
                1 => input.truncate(at),
                2 => {
                    let piece = input[at..end].to_vec();
                    let times = 1 + random.below(20);
                    drop(input.splice(at..at, piece.repeat(times)));
                }
                3 => {
                    let other = random.of(corpus);
                    let from = random.below(other.len());
                    let to = (from + random.below(200)).min(other.len());
                    drop(input.splice(at..end, other[from..to].to_vec()));
                }
                4 if at < input.len() => input[at] = u8::try_from(random.below(256)).expect("a byte"),
                5 if at < input.len() => input[at] ^= 1 << random.below(8),
                _ => drop(input.splice(at..at, random.of(self.words).bytes())),
            }
        }
        input.truncate(LONGEST);
        input
    }

    /// Reads one input. What kills it is kept, and said.
    fn try_one(&self, input: &[u8]) {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", self.name));
        std::fs::write(&kept, input).expect("the target folder is writable");
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.read)(input)));
        let shown = String::from_utf8_lossy(input);
        assert!(
            outcome.is_ok(),
            "{} panics; keep {} in tests/fuzz/{}/:\n{shown}",
            self.name,
            kept.display(),
            self.name
        );
        assert!(begun.elapsed() < PATIENCE, "{} takes {:?}:\n{shown}", self.name, begun.elapsed());
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending)).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

const YAML: &[&str] = &[
    "${A}",
    "${A:-${B:?x}}",
    "$$",
    "&a",
    "*a",
    "<<: *a",
    "!!binary ",
    "!include x",
    "? ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "|\n",
    ">-\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "'",
    "\"",
    "\\x",
    "#",
    "---\n",
    "...\n",
    "~",
    ".inf",
    "-.nan",
    "0x_1",
    "9999999999999999999999",
    "-1",
    "1e999",
    "yes",
    "apps:",
    "  image: ",
    "scale: 4294967295",
    "ports: [\"1-65535:1\"]",
    "metrics: {}",
    "99999999999y",
    "1ms",
    "☃",
];

#[test]
fn stack_files() {
    let read = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        // A folder without files: what a stack file names beside itself is not part of this.
        let folder = Path::new("/nonexistent");
        match stackctl::stack::parse("stack.yml", text, folder, &Environment::default(), &VOCABULARY) {
            Ok(loaded) => {
                let desired = stackctl::desired::Desired::of(&loaded.stack, &stackctl::desired::Facts::default());
                assert!(!stackctl::render::all(&desired).0.is_empty());
            }
            Err(problems) => assert!(!problems.render(false).is_empty()),
        }
    };
    let seeds = &[("stacks", ".yml"), ("tests/stack", ".yml")];
    Target { name: "stack", seeds, words: YAML, read }.run();
}

#[test]
fn compose_files_and_prometheus_configurations_to_import() {
    let read = |input: &[u8]| {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["docker-compose.yml", "prometheus.yml"] {
            let file = folder.path().join(name);
            std::fs::write(&file, input).expect("the folder is ours");
            let request = Request {
                paths: &[file],
                folder: folder.path(),
                name: Some("fuzz"),
                profiles: &[],
                seen: None,
                environment: &Environment::default(),
                vocabulary: &VOCABULARY,
            };
            match import(&request) {
                Ok(imported) => assert!(imported.text.contains("name: fuzz"), "{}", imported.text),
                Err(problems) => assert!(!problems.render(false).is_empty()),
            }
        }
    };
    let seeds = &[("tests/fuzz/import-seeds", ".yml"), ("stacks", "hello.yml")];
    Target { name: "import", seeds, words: YAML, read }.run();
}

#[test]
fn expositions() {
    let read = |input: &[u8]| {
        for format in [Format::Text, Format::OpenMetrics] {
            if let Err(error) = exposition::parse_bytes(input, format) {
                assert!(error.line > 0 && !error.message.is_empty());
            }
        }
        let _ = exposition::content_type(Some(&String::from_utf8_lossy(input)));
    };
    let words = &[
        "# HELP ",
        "# TYPE a counter\n",
        "# EOF\n",
        "# UNIT ",
        "{",
        "}",
        "=\"",
        "\\",
        "\\n",
        "\"",
        ",",
        " ",
        "\t",
        "NaN",
        "+Inf",
        "1e999",
        "-0x1p3",
        " # {a=\"b\"} 1 1",
        "_bucket",
        "le=\"",
        "\n",
        "\r\n",
        "\0",
        "\u{feff}",
        "é",
        " 9223372036854775808",
        "{\"a.b\"}",
        "_total",
    ];
    Target { name: "exposition", seeds: &[], words, read }.run();
}

#[test]
fn dashboards_of_grafana() {
    let read = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        match stackctl::dashboard::import(text, "uid") {
            Ok(imported) => drop(format!("{imported:?}")),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    };
    let words = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "\"panels\":[",
        "\"rows\":[",
        "\"templating\":{\"list\":[",
        "\"gridPos\":{\"h\":-1,\"w\":99999999999}",
        "\"targets\":[{\"expr\":\"",
        "\"datasource\":null",
        "\"datasource\":{\"uid\":\"${ds}\"}",
        "1e400",
        "-1",
        "\"\\ud800\"",
        "\\u0000",
        "\"type\":\"row\"",
    ];
    Target { name: "dashboard", seeds: &[], words, read }.run();
}

#[test]
fn settings_of_the_engine() {
    let read = |input: &[u8]| {
        let Ok(document) = Document::parse(input) else { return };
        let wanted = serde_json::json!({ "metrics-addr": "172.17.0.1:9323" });
        let change = Change::of(&document, wanted.as_object().expect("an object"), &["live-restore"]);
        drop((change.diff("daemon.json"), document.settings()));
    };
    let words = &[
        "{",
        "}",
        "\"metrics-addr\"",
        ":",
        ",",
        "\"live-restore\": true",
        "[",
        "]",
        "\"\\ud800\"",
        "1e400",
        "//",
        "null",
        "\u{feff}",
        "\n",
    ];
    Target { name: "daemon", seeds: &[], words, read }.run();
}

#[test]
fn locks_of_images() {
    let read = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        if let Ok(pins) = Pins::parse(text) {
            assert_eq!(Pins::parse(&pins.text()), Ok(pins), "what was read is written and read again");
        }
    };
    let words = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"reference\"",
        "\"digest\"",
        "\"left_out\":true",
        "\"version\":1",
        "\"\\ud800\"",
        "sha256:",
        "null",
        "\\\"",
    ];
    Target { name: "pins", seeds: &[], words, read }.run();
}

/// An engine whose answers are damaged: what reads them says so, and neither panics nor waits for ever.
#[test]
fn answers_of_an_engine() {
    use std::sync::{Arc, Mutex};
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let body: Arc<Mutex<Vec<u8>>> = Arc::default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listener = runtime.block_on(async { tokio::net::UnixListener::bind(&socket).expect("the folder is ours") });
    let served = body.clone();
    runtime.spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let served = served.clone();
            tokio::spawn(async move { drop(answer(connection, &served).await) });
        }
    });
    let address = stackctl::engine::Address { url: format!("unix://{}", socket.display()), tls: None };
    let question = stackctl::engine::Question {
        stack: "fuzz".to_owned(),
        external_networks: vec!["other".to_owned()],
        external_volumes: vec!["data".to_owned()],
        named_volumes: vec!["data".to_owned()],
        ..Default::default()
    };
    let engine = runtime.block_on(stackctl::engine::Engine::connect(&address)).expect("the version is whole");
    let references = ["a:1".to_owned()];
    let target = Target { name: "engine", seeds: &[], words: ANSWERS, read: |_| {} };
    let corpus = target.corpus();
    let seed = number("FUZZ_SEED").unwrap_or(0x5DEE_CE66);
    // An engine without a proper answer is waited for as if it restarted, and only once.
    body.lock().expect("nobody panics with it").clone_from(&b"{".to_vec());
    let given_up = runtime.block_on(async { tokio::time::timeout(RESTART, engine.gateway()).await });
    given_up.expect("it is waited for within bounds").expect_err("half an answer is none");
    let (mut random, begun) = (Random(seed | 1), Instant::now());
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(2));
    let mut inputs = 0_u64;
    while begun.elapsed() < time {
        let input = target.damaged(&corpus, &mut random);
        body.lock().expect("nobody panics with it").clone_from(&input);
        let asked = async {
            let looks = tokio::join!(engine.observe(&question), engine.images(&references), engine.gateway());
            if let (Err(error), ..) = &looks {
                assert!(!error.to_string().is_empty());
            }
        };
        let bounded = async { tokio::time::timeout(PATIENCE, asked).await };
        let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(bounded)));
        let shown = String::from_utf8_lossy(&input);
        assert!(matches!(outcome, Ok(Ok(()))), "engine: {outcome:?}; keep this in tests/fuzz/engine/:\n{shown}");
        inputs += 1;
    }
    println!("engine: {inputs} inputs from {} seeds, FUZZ_SEED={seed}", corpus.len());
}

const ANSWERS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "1e400",
    "9999999999999999999",
    "\"\"",
    "\"Id\":",
    "\"State\":\"stopping\"",
    "\"Names\":[]",
    "\"Names\":null",
    "\"Labels\":null",
    "\"io.stackctl.files\":\"[\"",
    "\"\\ud800\"",
    "\u{0}",
    "\"NetworkSettings\":{}",
    "\"IPAddress\":\"::\"",
    "\"Created\":-9223372036854775808",
    "\"Status\":\"Up 1 second (healthy)\"",
];

/// Says the version where it is asked for, and the damaged body to every other question.
async fn answer(mut connection: tokio::net::UnixStream, body: &std::sync::Mutex<Vec<u8>>) -> std::io::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = connection.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        request.extend(&buffer[..count]);
    }
    let body = body.lock().expect("nobody panics with it").clone();
    let is_ping = request.starts_with(b"HEAD /_ping");
    let length = if is_ping { 0 } else { body.len() };
    let head = format!(
        "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(&body[..length]).await?;
    connection.shutdown().await
}
