//! A page of twenty panels over six hours.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stackctl::dashboard::{Dashboard, Library, Panel, Query, Row as PanelRow};

use crate::measure::{in_turns, time};
use crate::stack::{stackctl, succeed};
use crate::table::Row;
use crate::tools;

const ROUNDS: usize = 11;
const PANELS: usize = 20;
const HOURS: u64 = 6;
const INTERVAL: u64 = 15;

pub(super) fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a folder");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    let prometheus = Server::prometheus(folder.path(), now);
    let page = Server::view(folder.path(), &prometheus.address);
    let path = format!("/d/speed?range={HOURS}h&end={now}&refresh=0");
    let shown = get(&page.address, &path);
    assert_eq!(shown.matches("<svg").count(), PANELS, "every panel is drawn: {shown}");
    assert!(shown.matches("class=\"line ").count() >= 3 * PANELS, "every panel has its lines");
    let [stackctl, api] = in_turns(
        ROUNDS,
        [&mut || time(|| drop(get(&page.address, &path))), &mut || time(|| ask_all(&prometheus.address, now))],
    );
    let what = format!("view, {PANELS} panels over {HOURS} h (bare API: Prometheus' answers)");
    vec![Row { what, stackctl, compose: None, api: Some((api, "")) }]
}

/// A process that listens, and ends with this.
struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Server {
    /// The real Prometheus, with samples of six hours.
    fn prometheus(folder: &Path, now: u64) -> Self {
        std::fs::write(folder.join("samples"), samples(now)).expect("the samples are written");
        std::fs::write(folder.join("prometheus.yml"), "{}\n").expect("the file is written");
        let mut promtool = Command::new(tools::promtool("trixie"));
        promtool.args(["tsdb", "create-blocks-from", "openmetrics"]);
        succeed(promtool.arg(folder.join("samples")).arg(folder.join("data")));
        let address = free_address();
        let process = Command::new(tools::prometheus("trixie"))
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null())
            .spawn()
            .expect("Prometheus starts");
        let server = Self { process, address };
        for _ in 0..300 {
            let is_ready = TcpStream::connect(&server.address).is_ok();
            if is_ready && get(&server.address, "/-/ready").contains(" is Ready") {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("Prometheus is not ready after 30 s");
    }

    /// `stackctl view`, as it runs in a container.
    fn view(folder: &Path, prometheus: &str) -> Self {
        let library = folder.join("dashboards.json");
        let text = serde_json::to_vec(&self::library()).expect("plain data");
        std::fs::write(&library, text).expect("the file is written");
        let mut command = stackctl();
        command.args(["view", "--port", "0", "--prometheus"]).arg(format!("http://{prometheus}"));
        command.arg("--serve-from").arg(library).stderr(Stdio::piped());
        let mut process = command.spawn().expect("stackctl starts");
        let said = BufReader::new(process.stderr.take().expect("it is piped")).lines().next();
        let said = said.expect("it says where it listens").expect("it is text");
        let address = said.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).expect("an address");
        Self { address: address.to_owned(), process }
    }
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").to_string()
}

/// Three counters for each panel.
fn samples(now: u64) -> String {
    let mut text = String::new();
    for panel in 0..PANELS {
        writeln!(text, "# TYPE speed_{panel} counter").expect("a String takes everything");
        for replica in 1..=3 {
            for number in 0..HOURS * 3600 / INTERVAL {
                let (moment, value) = (now - HOURS * 3600 + number * INTERVAL, number * (number % 7 + replica));
                writeln!(text, "speed_{panel}_total{{instance=\"web-{replica}\"}} {value} {moment}")
                    .expect("a String takes everything");
            }
        }
    }
    text + "# EOF\n"
}

fn library() -> Library {
    let panel = |number: usize| Panel {
        title: format!("Panel {number}"),
        queries: vec![Query {
            expression: query(number, "$__rate_interval"),
            legend: "{{instance}}".to_owned(),
            instant: false,
        }],
        width: 12,
        height: 8,
        ..Panel::default()
    };
    let row = PanelRow { panels: (0..PANELS).map(panel).collect(), ..PanelRow::default() };
    let dashboard =
        Dashboard { uid: "speed".to_owned(), title: "Speed".to_owned(), rows: vec![row], ..Dashboard::default() };
    Library { stack: "speed".to_owned(), interval: 15.0, dashboards: vec![dashboard] }
}

fn query(panel: usize, window: &str) -> String {
    format!("rate(speed_{panel}_total[{window}])")
}

/// The same questions, all at once, their answers read and thrown away.
fn ask_all(prometheus: &str, now: u64) {
    std::thread::scope(|scope| {
        for panel in 0..PANELS {
            let query = query(panel, "75s").replace('[', "%5B").replace(']', "%5D");
            let range = format!("start={}&end={now}&step=60", now - HOURS * 3600);
            scope.spawn(move || {
                let answer = get(prometheus, &format!("/api/v1/query_range?query={query}&{range}"));
                assert!(answer.contains("\"success\""), "{answer}");
            });
        }
    });
}

fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("the server takes a question");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("the server answers");
    String::from_utf8_lossy(&answer).into_owned()
}
