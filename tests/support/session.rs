//! `stackctl` under a pseudo-terminal, as somebody at a keyboard sees it.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// How long a text may take to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run of `stackctl` on a terminal.
pub(crate) struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<String>>,
    seen: usize,
}

impl Session {
    /// Starts it in a folder, with these variables more.
    pub(crate) fn start(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 50, cols: 160, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("the system has pseudo-terminals");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_stackctl"));
        command.args(words);
        command.cwd(folder);
        for (name, value) in [("TERM", "xterm"), ("NO_COLOR", "1")].iter().chain(variables) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("stackctl starts");
        let mut output = pair.master.try_clone_reader().expect("a terminal is read");
        let keys = pair.master.take_writer().expect("a terminal is written to");
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            // The terminal stays open as long as somebody reads it.
            let _master = pair.master;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().expect("nobody panics with it").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keys, screen, seen: 0 }
    }

    /// Waits until the text is shown, after all that was waited for before.
    pub(crate) fn expect(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen.lock().expect("nobody panics with it").clone();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            assert!(Instant::now() < deadline, "`{text}` is not shown:\n{}", &screen[self.seen..]);
            std::thread::yield_now();
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).expect("the terminal is there");
        self.keys.flush().expect("the terminal is there");
        self
    }

    /// Waits for the end.
    pub(crate) fn exit_code(&mut self) -> u32 {
        self.child.wait().expect("it was started").exit_code()
    }
}
