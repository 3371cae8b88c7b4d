//! `up` that changes nothing, again and again: nothing may pile up, and the last run takes no longer than the first.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::held::{self, Count, Whose};
use crate::measure::{Run, run as measured};
use crate::stack::{DEBIAN, Stack, succeed};
use crate::table::{aligned, memory, time};
use crate::{page, picture};

const SECONDS: usize = 60;
/// So many runs of `up` for one of `verify`, which looks at everything.
const UPS_FOR_A_PROOF: usize = 20;
const PICTURE: &str = "pictures/soak-unchanged.svg";

/// The image gallery with its Prometheus: six containers.
const APPS: &str = "prometheus: { port: off, scrape_interval: 1s }
exporters: { node: {} }
networks: { back: {} }
volumes: { data: {} }
apps:
  accesslog: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: { discovery: dns, interval: 1s } }
  iotd:
    image: stackctl/self
    command: [demo, iotd]
    volumes: ['data:/data']
    networks: [default, back]
    metrics: { path: /actuator/prometheus }
  image-gallery:
    image: stackctl/self
    command: [demo, image-gallery]
    depends_on: [accesslog, iotd]
    metrics: { discovery: static }
";

/// One run of `up`, and when it began: seconds since 1970.
struct Moment {
    began: f64,
    run: Run,
}

pub(crate) fn run() -> String {
    let seconds = crate::number("SOAK_SECONDS", SECONDS);
    let home = tempfile::tempdir().expect("a folder");
    let stack = Stack::new(&format!("{DEBIAN}{APPS}"));
    succeed(&mut at_home(stack.stackctl(&["up", "--timeout", "5m"]), home.path()));
    let (up, verify) =
        (at_home(stack.stackctl(&["up"]), home.path()), at_home(stack.stackctl(&["verify"]), home.path()));
    // What the first runs write down stays, and counts as what was there.
    measured(&up);
    measured(&verify);
    let (before, memory_before) = (held::counts(&stack.name, home.path()), held::engine_memory());
    let moments = repeat(&up, &verify, Duration::from_secs(seconds as u64));
    let (after, memory_after) = (held::counts(&stack.name, home.path()), held::engine_memory());
    assert_no_growth(&before, &after, moments.len());
    if page::is_wanted() {
        let times: Vec<(f64, f64)> =
            moments.iter().map(|moment| (moment.began, moment.run.time.as_secs_f64())).collect();
        std::fs::write(page::path(PICTURE), picture::over_time(&times)).expect("the picture is written");
    }
    let mut counts = growth(&before, &after);
    let words = |bytes: Option<u64>| bytes.map_or_else(|| "not seen".to_owned(), memory);
    counts.push(vec!["resident memory of the engine".to_owned(), words(memory_before), words(memory_after)]);
    format!("{}\n{}\n{}", told(&moments), aligned(&times(&moments)), aligned(&counts))
}

/// The command with a home of the measurement's own: what it leaves there can be counted.
fn at_home(mut command: Command, home: &Path) -> Command {
    for variable in ["HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(variable, home);
    }
    command
}

fn repeat(up: &Command, verify: &Command, length: Duration) -> Vec<Moment> {
    let begun = Instant::now();
    let mut moments: Vec<Moment> = Vec::new();
    let mut told = 0;
    while begun.elapsed() < length || moments.len() < UPS_FOR_A_PROOF {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 have 41 bits")]
        let began = Timestamp::now().as_millisecond() as f64 / 1e3;
        moments.push(Moment { began, run: measured(up) });
        if moments.len().is_multiple_of(UPS_FOR_A_PROOF) {
            measured(verify);
        }
        let minutes = begun.elapsed().as_secs() / 60;
        if minutes > told {
            told = minutes;
            eprintln!("  {minutes} minutes, {} runs", moments.len());
        }
    }
    moments
}

fn told(moments: &[Moment]) -> String {
    let ups = moments.len();
    let length = moments.last().map_or(0.0, |last| last.began + last.run.time.as_secs_f64() - moments[0].began);
    format!("`up` {ups} times in {length:.0} s, and `verify` {} times between.\n", ups / UPS_FOR_A_PROOF)
}

/// What one thing more for each tenth run would come to, or some for what others do at the same engine.
fn assert_no_growth(before: &[Count], after: &[Count], runs: usize) {
    for (before, after) in before.iter().zip(after) {
        let (Some(was), Some(is)) = (before.number, after.number) else { continue };
        match before.whose {
            Whose::Own => assert_eq!(was, is, "{} before and after {runs} runs", before.what),
            Whose::Everybodys => assert!(
                is <= was + (runs as u64 / 10).max(100),
                "{}: {was} before and {is} after {runs} runs",
                before.what
            ),
        }
    }
}

fn growth(before: &[Count], after: &[Count]) -> Vec<Vec<String>> {
    let number = |count: &Count| count.number.map_or_else(|| "not seen".to_owned(), |number| number.to_string());
    let mut lines = vec![["", "before", "after"].map(str::to_owned).to_vec()];
    lines.extend(
        before.iter().zip(after).map(|(before, after)| vec![before.what.to_owned(), number(before), number(after)]),
    );
    lines
}

/// The first tenth of the runs beside the last one.
fn times(moments: &[Moment]) -> Vec<Vec<String>> {
    let tenth = moments.len().div_ceil(10);
    let mut lines = vec![["", "median", "slowest", "most memory"].map(str::to_owned).to_vec()];
    for (what, part) in [("first tenth", &moments[..tenth]), ("last tenth", &moments[moments.len() - tenth..])] {
        let mut times: Vec<Duration> = part.iter().map(|moment| moment.run.time).collect();
        times.sort();
        let most = part.iter().filter_map(|moment| moment.run.memory).max().unwrap_or_default();
        lines.push(vec![what.to_owned(), time(times[times.len() / 2]), time(times[times.len() - 1]), memory(most)]);
    }
    lines
}
