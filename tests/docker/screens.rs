//! Where people look: the page in a real browser, the terminal, pictures. One stack for all of it.

use std::io::{Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;

use crate::browser::Browser;
use crate::sandbox::{PATIENCE, Sandbox, docker, eventually};

/// A stack whose Grafana cannot be had, so that stackctl's own view stands in for it, and its address.
fn stack() -> (Sandbox, String) {
    let sandbox = Sandbox::new("");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let app = |command: &str| {
        format!(
            "  {command}:\n    image: stackctl/self\n    command: [demo, {command}]\n    metrics: {{}}\n    signals: \
             {{ traffic: access_log_total, saturation: [process_resident_memory_bytes] }}\n"
        )
    };
    sandbox.write_bare(&format!(
        "images: {{ from: debian }}\nengine: {{ metrics: off }}\ngrafana: {{ port: {port} }}\n\
         prometheus: {{ port: off, scrape_interval: 1s }}\napps:\n{}",
        app("accesslog")
    ));
    (sandbox, format!("http://127.0.0.1:{port}"))
}

/// Runs a stack through everything that people look at.
#[test]
fn people_look_at_a_stack_in_the_browser_in_the_terminal_and_in_pictures() {
    let (sandbox, url) = stack();
    let up = sandbox.ok(&["up"]);
    let line = up.stderr.lines().find(|line| line.contains(&url)).unwrap_or_else(|| panic!("{}", up.stderr));
    assert!(line.contains("stackctl's own view of the dashboards, in place of Grafana"), "{line}");
    assert_eq!(sandbox.plan(), Vec::<String>::new(), "a second `up` has nothing to do");
    the_page_shows_every_panel(&sandbox, &url);
    the_page_needs_no_script(&url);
    a_query_is_plotted_and_printed(&sandbox);
    a_check_that_has_nothing_to_prove_says_so_in_one_line(&sandbox);
    up_leaves_no_moving_line_on_the_terminal(&sandbox);
    dashboards_become_pictures(&sandbox);
    top_shows_the_stack_and_leaves_the_terminal_as_it_was(&sandbox);
    a_prometheus_that_is_gone_is_said_and_found_again(&sandbox, &url);
}

fn the_page_shows_every_panel(sandbox: &Sandbox, url: &str) {
    let mut browser = Browser::start(1400, 1000);
    browser.open(&format!("{url}/d/accesslog?range=5m&refresh=2"));
    browser.until("document.querySelectorAll('.panel path.line').length >= 3");
    assert_eq!(browser.evaluate("document.querySelector('.stack').textContent"), sandbox.name.as_str());
    let empty = "[...document.querySelectorAll('.panel')].filter(panel => !panel.querySelector('svg, table, p'))\
                 .map(panel => panel.querySelector('h3').textContent).join()";
    assert_eq!(browser.evaluate(empty), "", "every panel is drawn");
    // Axis, legend, and values where the pointer rests.
    assert_eq!(browser.evaluate("!!document.querySelector('.panel text.dim.small')"), true);
    assert_eq!(browser.evaluate("!!document.querySelector('.panel rect.hover title')"), true);
    keep_picture(&mut browser, "page-light");
    // The page renews itself, without being loaded anew.
    browser.evaluate("window.same = 1; document.querySelector('main').dataset.old = '1'");
    browser.until("!document.querySelector('main').dataset.old");
    assert_eq!(browser.evaluate("window.same"), 1);
    // Another time range, by a link; another one, by the form.
    browser.evaluate("[...document.querySelectorAll('.lengths a')].find(link => link.textContent === '6h').click()");
    browser.until("location.search.includes('range=6h') && document.readyState === 'complete'");
    browser.until("document.querySelector('.lengths [aria-current]').textContent === '6h'");
    browser.evaluate(
        "document.querySelector('[name=range]').value = '90m'; document.querySelector('.choices button').click()",
    );
    browser.until("location.search.includes('range=90m') && document.readyState === 'complete'");
    // The dark one, by its link.
    browser.evaluate("[...document.querySelectorAll('.themes a')].find(link => link.textContent === 'dark').click()");
    browser.until("document.documentElement.dataset.theme === 'dark' && document.readyState === 'complete'");
    assert_eq!(browser.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(16, 20, 24)");
    keep_picture(&mut browser, "page-dark");
    what_is_opened_stays_open_and_a_telephone_gets_drawings_of_its_width(&mut browser, url);
    // Another dashboard.
    browser.evaluate("[...document.querySelectorAll('.dashboards a')].find(link => !link.ariaCurrent).click()");
    browser.until("!location.pathname.endsWith('/accesslog') && document.querySelectorAll('.panel').length > 0");
    keep_picture(&mut browser, "page-overview");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

fn what_is_opened_stays_open_and_a_telephone_gets_drawings_of_its_width(browser: &mut Browser, url: &str) {
    let renewed = "!document.querySelector('main').dataset.old";
    browser.open(&format!("{url}/d/accesslog?range=5m&refresh=2&theme=dark"));
    browser.evaluate(
        "document.querySelector('main').dataset.old = '1'; document.querySelector('details.row').open = false; \
         document.querySelectorAll('.lengths a')[2].focus()",
    );
    browser.until(renewed);
    assert_eq!(browser.evaluate("document.querySelector('details.row').open"), false, "a row that was folded stays so");
    let focus = "[...document.querySelectorAll('.lengths a')].indexOf(document.activeElement)";
    assert_eq!(browser.evaluate(focus), 2, "the keyboard stands where it stood");
    // An answer that is no page of ours is no reason to throw away the one that is there.
    browser.evaluate(
        "window.real = window.fetch; window.fetch = async () => new Response('bad gateway', { status: 502 })",
    );
    browser.until("!document.querySelector('.lost').hidden");
    browser.evaluate("window.fetch = window.real");
    browser.until("document.querySelector('.lost').hidden && document.querySelectorAll('.panel').length > 0");
    browser.resize(390, 844);
    browser.until("document.querySelector('main').dataset.narrow === '1'");
    let overflow = "[...document.querySelectorAll('.panel > svg')].filter(svg => svg.getBoundingClientRect().width \
                    > svg.parentElement.clientWidth + 1).length";
    assert_eq!(browser.evaluate(overflow), 0, "no drawing is wider than its panel");
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= 390"), true, "nor the page than the screen");
    assert_eq!(browser.evaluate(LETTERS_KEEP_THEIR_SIZE), true);
    keep_picture(browser, "page-narrow");
    browser.resize(1400, 1000);
    browser.until("!document.querySelector('main').dataset.narrow");
}

/// No drawing is made smaller than it was drawn.
const LETTERS_KEEP_THEIR_SIZE: &str = "[...document.querySelectorAll('.panel > svg')].every(svg => \
                                       svg.getBoundingClientRect().width / svg.viewBox.baseVal.width > 0.85)";

fn the_page_needs_no_script(url: &str) {
    let mut browser = Browser::start(1200, 900);
    browser.forbid_scripts();
    browser.open(&format!("{url}/d/accesslog?range=5m&refresh=2"));
    browser.until("document.querySelectorAll('.panel path.line').length >= 3");
    assert_eq!(browser.evaluate("typeof renew"), "undefined", "the page's script has not run");
    // The page is loaded anew as a whole.
    for _ in 0..2 {
        browser.evaluate("document.querySelector('main').dataset.old = '1'");
        browser.until("!!document.querySelector('main') && !document.querySelector('main').dataset.old");
    }
    // Time range by a link and by the form, colours, another dashboard: what was chosen before goes along.
    let click = |selector: &str, text: &str| {
        format!("[...document.querySelectorAll('{selector}')].find(link => link.textContent === '{text}').click()")
    };
    browser.open(&format!("{url}/d/accesslog?range=5m&refresh=0"));
    assert_eq!(browser.evaluate("document.querySelector('meta[http-equiv=refresh]')"), Value::Null);
    browser.evaluate(&click(".lengths a", "6h"));
    browser.until("location.search.includes('range=6h') && document.readyState === 'complete'");
    browser.until("document.querySelector('.lengths [aria-current]').textContent === '6h'");
    browser.evaluate(&click(".themes a", "dark"));
    browser.until("document.documentElement.dataset.theme === 'dark' && document.readyState === 'complete'");
    browser.evaluate(
        "document.querySelector('[name=range]').value = '90m'; document.querySelector('.choices button').click()",
    );
    browser.until("location.search.includes('range=90m') && document.readyState === 'complete'");
    for kept in ["theme=dark", "refresh=0"] {
        assert_eq!(browser.evaluate(&format!("location.search.includes('{kept}')")), true, "{kept}");
    }
    browser.evaluate("document.querySelector('.lengths a[rel=prev]').click()");
    browser.until("location.search.includes('end=') && !!document.querySelector('.lengths a[rel=next]')");
    browser.evaluate("[...document.querySelectorAll('.dashboards a')].find(link => !link.ariaCurrent).click()");
    browser.until("!location.pathname.endsWith('/accesslog') && document.querySelectorAll('.panel').length > 0");
    // On a telephone wide drawings are moved from side to side, each within its panel, or asked for by a link.
    browser.resize(390, 844);
    browser.open(&format!("{url}/d/accesslog?range=5m&refresh=0&theme=light"));
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= 390"), true, "the page is not wider");
    browser.evaluate("document.querySelector('.fits a').click()");
    browser.until("location.search.includes('narrow=always') && document.querySelectorAll('.panel > svg').length > 0");
    assert_eq!(browser.evaluate(LETTERS_KEEP_THEIR_SIZE), true);
    browser.evaluate(&click(".lengths a", "15m"));
    browser.until("location.search.includes('range=15m') && location.search.includes('narrow=always')");
    keep_picture(&mut browser, "page-narrow-without-script");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// For eyes: below `target/tmp`.
fn keep_picture(browser: &mut Browser, name: &str) {
    let picture = browser.screenshot();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    std::fs::write(path, picture).expect("the target folder is writable");
}

fn a_query_is_plotted_and_printed(sandbox: &Sandbox) {
    eventually("there is data of ten seconds", || {
        let answer = sandbox.json(&["query", "up", "--since", "1m", "--step", "1s"]);
        assert_eq!(answer["resultType"], "matrix");
        let points = |series: &Value| series["values"].as_array().map_or(0, Vec::len);
        answer["result"].as_array().is_some_and(|series| series.iter().any(|one| points(one) >= 10))
    });
    let plot = sandbox.ok(&["query", "process_resident_memory_bytes", "--since", "1m"]).stdout;
    assert!(plot.contains('┤') && plot.contains("MiB") && plot.contains("last"), "{plot}");
    let table =
        sandbox.ok(&["query", "up{job=\"prometheus\"}", "--since", "1m", "--step", "5s", "--format", "table"]).stdout;
    assert!(table.starts_with("TIME") && table.lines().skip(1).any(|row| row.ends_with("  1")), "{table}");
    let refused = sandbox.expect(2, &["query", "up{"]);
    assert!(refused.stderr.contains("| up{\n") && refused.stderr.contains("|    ^"), "{}", refused.stderr);
    assert_eq!(sandbox.json(&["query", "up"])["resultType"], "vector");
    for range in [&[][..], &["--since", "1m"]] {
        let nothing = sandbox.ok(&[&["query", "access_log_totl"][..], range].concat());
        assert_eq!(nothing.stdout, "", "no data is no data");
        let said = "no data: no metric is called `access_log_totl`; the nearest is `access_log_total`\n";
        assert_eq!(nothing.stderr, said);
    }
}

fn a_check_that_has_nothing_to_prove_says_so_in_one_line(sandbox: &Sandbox) {
    let verify = sandbox.ok(&["verify", "engine"]);
    assert_eq!(verify.stdout, "", "no head of a table without rows");
    let said = verify.stderr.lines().next().unwrap_or_default();
    assert!(said.starts_with("`engine.metrics` is off") && said.contains("`engine.metrics: gateway`"), "{said}");
}

/// The dots of the moving lines.
const DOTS: [char; 8] = ['⠁', '⠂', '⠄', '⡀', '⢀', '⠠', '⠐', '⠈'];

fn up_leaves_no_moving_line_on_the_terminal(sandbox: &Sandbox) {
    let mut up = Terminal::start(sandbox, &["up"], 50, 120);
    up.shows("after ");
    assert!(up.process.wait().expect("it ends").success());
    up.until("all that it printed", |screen| screen.contents().contains("stackctl's own view"));
    let text = up.screen.screen().contents();
    assert!(!text.contains(DOTS), "{text}");
}

fn dashboards_become_pictures(sandbox: &Sandbox) {
    let folder = sandbox.path("pictures");
    let text = folder.display().to_string();
    crate::tools::installed("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core");
    sandbox.ok(&["dashboards", "snapshot", "-o", &text, "--since", "5m", "accesslog"]);
    let svg = std::fs::read_to_string(folder.join("accesslog.svg")).expect("an SVG");
    assert!(svg.contains("prefers-color-scheme:dark") && svg.matches("class=\"line ").count() >= 3, "{svg}");
    assert!(std::fs::read(folder.join("accesslog.png")).expect("a PNG").starts_with(b"\x89PNG"));
    let unknown = sandbox.expect(2, &["dashboards", "snapshot", "-o", &text, "nothing"]);
    assert!(unknown.stderr.contains("accesslog"), "{}", unknown.stderr);
    let no_font = sandbox.expect(1, &["dashboards", "snapshot", "-o", &text, "--font", "/dev/null"]);
    assert!(no_font.stderr.contains("--format svg"), "{}", no_font.stderr);
}

/// A command under a terminal, as an emulator sees it.
struct Terminal {
    master: Box<dyn portable_pty::MasterPty + Send>,
    keys: Box<dyn std::io::Write + Send>,
    process: Box<dyn portable_pty::Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    /// Everything that came since somebody emptied it.
    raw: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    fn top(sandbox: &Sandbox) -> Self {
        Self::start(sandbox, &["top", "--interval", "300ms"], 30, 120)
    }

    fn start(sandbox: &Sandbox, arguments: &[&str], rows: u16, cols: u16) -> Self {
        let pty = native_pty_system().openpty(PtySize { rows, cols, ..PtySize::default() }).expect("a terminal");
        let command = sandbox.command(arguments);
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        for (name, value) in command.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            builder.env(name, value);
        }
        builder.env("TERM", "xterm-256color");
        let process = pty.slave.spawn_command(builder).expect("stackctl starts");
        let (sender, output) = channel();
        let mut reader = pty.master.try_clone_reader().expect("a terminal can be read");
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pty.master.take_writer().expect("a terminal can be written to");
        Self {
            master: pty.master,
            keys,
            process,
            output,
            raw: Vec::new(),
            screen: vt100::Parser::new(cells(rows), cells(cols), 0),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    #[track_caller]
    fn until(&mut self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self.screen.screen()) {
            assert!(Instant::now() < deadline, "not on the screen: {what}\n{}", self.screen.screen().contents());
            if let Ok(bytes) = self.output.recv_timeout(std::time::Duration::from_millis(200)) {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
            }
        }
    }

    #[track_caller]
    fn shows(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// Several looks later, nothing was wiped away, and little was written.
    #[track_caller]
    fn only_what_changed_is_drawn(&mut self) {
        let clock = |screen: &vt100::Screen| screen.contents().lines().next().map(str::to_owned);
        self.raw.clear();
        for _ in 0..3 {
            let before = clock(self.screen.screen());
            self.until("a later time", |screen| clock(screen) != before);
        }
        let drawn = String::from_utf8_lossy(&self.raw);
        assert!(!drawn.contains("\u{1b}[2J") && !drawn.contains("\u{1b}[K"), "it flickers: {drawn:?}");
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        self.master.resize(PtySize { rows, cols, ..PtySize::default() }).expect("a terminal can be resized");
        self.screen.screen_mut().set_size(cells(rows), cells(cols));
    }
}

fn cells(count: u16) -> std::num::NonZero<u16> {
    count.try_into().expect("a terminal has cells")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.process.kill());
    }
}

fn top_shows_the_stack_and_leaves_the_terminal_as_it_was(sandbox: &Sandbox) {
    let mut top = Terminal::top(sandbox);
    top.until("the alternate screen", vt100::Screen::alternate_screen);
    top.shows("req/s");
    top.shows("1/1");
    top.only_what_changed_is_drawn();
    top.press("\t");
    top.shows("● up");
    top.press("3");
    top.shows("no alert is pending or firing");
    top.press("?");
    top.shows("sort the apps by something else");
    top.press("?");
    top.press("1s");
    top.shows("sorted: name");
    top.resize(24, 80);
    top.shows("q leave  ? keys  Tab next list  s sorted: name");
    top.resize(12, 60);
    top.shows("accesslog");
    top.press("q");
    top.until("the screen from before", |screen| !screen.alternate_screen() && !screen.hide_cursor());
    assert!(top.process.wait().expect("it ends").success());

    let mut interrupted = Terminal::top(sandbox);
    interrupted.shows("req/s");
    interrupted.press("\x03");
    interrupted.until("the screen from before", |screen| !screen.alternate_screen() && !screen.hide_cursor());
}

fn a_prometheus_that_is_gone_is_said_and_found_again(sandbox: &Sandbox, url: &str) {
    let prometheus = sandbox.container("prometheus", 1);
    let mut browser = Browser::start(1200, 800);
    browser.open(&format!("{url}/d/accesslog?range=5m&refresh=2"));
    browser.until("document.querySelectorAll('.panel path.line').length >= 3");
    let mut top = Terminal::top(sandbox);
    top.shows("req/s");
    docker(&["stop", "--time", "5", &prometheus]);
    top.shows("does not answer");
    browser.until("document.body.innerText.includes('does not answer')");
    docker(&["start", &prometheus]);
    browser.until("document.querySelectorAll('.panel path.line').length >= 3");
    top.until("that it answers again", |screen| {
        !screen.contents().contains("does not answer") && screen.contents().contains("req/s")
    });
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn top_waits_for_a_prometheus_that_does_not_run_and_says_when_it_is_paused() {
    let (sandbox, _) = stack();
    sandbox.ok(&["up"]);
    let prometheus = sandbox.container("prometheus", 1);
    docker(&["stop", "--time", "5", &prometheus]);
    let mut top = Terminal::top(&sandbox);
    top.shows("it does not run");
    docker(&["start", &prometheus]);
    top.until("that it answers", |screen| {
        screen.contents().contains("req/s") && !screen.contents().contains("does not answer")
    });
    docker(&["pause", &prometheus]);
    let paused = Instant::now();
    top.shows("it is paused");
    assert!(paused.elapsed() < std::time::Duration::from_secs(9), "old numbers look like new ones");
    let refused = sandbox.expect(1, &["query", "up"]);
    assert!(refused.stderr.contains("it is paused") && refused.stderr.contains("docker unpause"), "{}", refused.stderr);
    docker(&["unpause", &prometheus]);
    top.until("that it answers again", |screen| !screen.contents().contains("does not answer"));
    let samples = sandbox.ok(&["query", "up{job=\"prometheus\"}[10s]"]).stdout;
    assert!(samples.starts_with("SERIES") && samples.contains("TIME"), "{samples}");
    assert_eq!(sandbox.json(&["query", "up[10s]"])["resultType"], "matrix");
    assert_eq!(sandbox.ok(&["query", "-1/0"]).stdout, "-Inf\n");
}
