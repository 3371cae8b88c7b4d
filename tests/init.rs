//! `init`: the questions under a pseudo-terminal, and the answers without one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// No engine is here: what runs on the machine of a test is nobody's business.
const NO_ENGINE: (&str, &str) = ("DOCKER_HOST", "unix:///nowhere/docker.sock");

/// The wizard, as somebody at a terminal sees it.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<String>>,
    seen: usize,
}

impl Session {
    fn start(folder: &Path, words: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 50, cols: 160, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_stackctl"));
        command.args(words);
        command.cwd(folder);
        for (name, value) in [("TERM", "xterm"), ("NO_COLOR", "1"), NO_ENGINE] {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            // The terminal stays open as long as somebody reads it.
            let _master = pair.master;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keys, screen, seen: 0 }
    }

    /// Waits until the text is shown, after all that was waited for before.
    fn expect(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = self.screen.lock().unwrap().clone();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            assert!(Instant::now() < deadline, "`{text}` is not shown:\n{}", &screen[self.seen..]);
            std::thread::yield_now();
        }
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    fn exit_code(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

fn stackctl(folder: &Path, words: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.current_dir(folder).env(NO_ENGINE.0, NO_ENGINE.1).args(words).assert()
}

fn written(folder: &Path) -> String {
    fs::read_to_string(folder.join("stack.yml")).expect("it was written")
}

#[test]
fn the_questions_lead_to_a_stack_file_that_passes_check() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(folder.path(), &["init"]);
    session.expect("Name of the stack").press("\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}shop\r");
    session.expect("Image of an app").press("ghcr.io/acme/web:1.4\r");
    session.expect("Its name").press("\r");
    session.expect("Port to publish").press("8080:80\r");
    session.expect("Where its metrics are").press("nonsense\r").expect("write PORT/PATH");
    session.press("\u{15}80/q/metrics\r");
    session.expect("Image of an app").press("\r");
    session.expect("Which exporters?").press("\r");
    session.expect("engine's own metrics?").press("y");
    session.expect("Run Grafana").press("n");
    session.expect("metrics: { port: 80, path: /q/metrics }").expect("Write stack.yml?").press("y");
    session.expect("wrote stack.yml");
    assert_eq!(session.exit_code(), 0);
    let text = written(folder.path());
    for line in [
        "name: shop",
        "  web:",
        "    image: ghcr.io/acme/web:1.4",
        "grafana: off",
        "engine: { metrics: gateway }",
        "exporters: { node: {} }",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    stackctl(folder.path(), &["check"]).success();
}

#[test]
fn a_compose_file_that_lies_here_is_offered_and_imported() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("docker-compose.yml"),
        "services: { web: { image: 'nginx:1.27', ports: ['80:80'] } }\n",
    )
    .unwrap();
    let mut session = Session::start(folder.path(), &["init"]);
    session.expect("Import docker-compose.yml?").press("y");
    session.expect("1 of 1 services").expect("Write stack.yml?").press("y");
    assert_eq!(session.exit_code(), 0);
    assert!(written(folder.path()).contains("image: nginx:1.27"));
    stackctl(folder.path(), &["check"]).success();
}

#[test]
fn ctrl_c_leaves_the_terminal_whole_and_nothing_half_written() {
    for question in ["Name of the stack", "Which exporters?", "Run Grafana", "Write stack.yml?"] {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::start(folder.path(), &["init"]);
        for (asked, answer) in [
            ("Name of the stack", "\r"),
            ("Image of an app", "\r"),
            ("Which exporters?", "\r"),
            ("engine's own metrics?", "n"),
            ("Run Grafana", "y"),
            ("Write stack.yml?", "y"),
        ] {
            session.expect(asked);
            if asked == question {
                session.press("\u{3}");
                break;
            }
            session.press(answer);
        }
        assert_eq!(session.exit_code(), 130, "at {question}");
        session.expect("\u{1b}[?25h");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "at {question}");
    }
}

#[test]
fn no_terminal_needs_a_word_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let refused = stackctl(folder.path(), &["init"]).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("--yes") && said.contains("--answers"), "{said}");
    stackctl(folder.path(), &["init", "--yes"]).success();
    stackctl(folder.path(), &["check"]).success();
    let before = written(folder.path());
    stackctl(folder.path(), &["init", "--yes", "--name", "other"]).code(2);
    assert_eq!(written(folder.path()), before);
    stackctl(folder.path(), &["init", "--yes", "--name", "other", "--force"]).success();
    assert!(written(folder.path()).contains("name: other"));
}

#[test]
fn options_and_a_file_of_answers_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let options = [
        "init",
        "--yes",
        "--name",
        "shop",
        "--app",
        "web=acme/web:1",
        "--publish",
        "web=8080:80",
        "--metrics",
        "web=80/metrics",
        "--no-exporters",
        "--grafana",
        "false",
        "--no-running",
    ];
    stackctl(folder.path(), &options).success();
    let by_options = written(folder.path());
    let answers = "name: shop\napp: [web=acme/web:1]\npublish: ['web=8080:80']\nmetrics: [web=80/metrics]\nno-exporters: true\n\
                   grafana: false\nno-running: true\n";
    fs::write(folder.path().join("answers.yml"), answers).unwrap();
    stackctl(folder.path(), &["init", "--answers", "answers.yml", "--force"]).success();
    assert_eq!(written(folder.path()), by_options);
    stackctl(folder.path(), &["check"]).success();
    for (wrong, reason) in [
        ("nane: x\n", "nane"),
        ("app: [web]\n", "names no app"),
        ("metrics: [web=80]\n", "no app `web`"),
        ("name: [\n", "cannot use"),
    ] {
        fs::write(folder.path().join("answers.yml"), wrong).unwrap();
        let refused = stackctl(folder.path(), &["init", "--answers", "answers.yml", "--force"]).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains(reason), "{wrong}: {said}");
    }
    assert_eq!(written(folder.path()), by_options);
}
