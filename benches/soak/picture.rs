//! The pictures of the report: figures against size, drawn here, since the project's own plots have time below; and times over
//! time, for which those are made.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;
use stackctl::dashboard::{Dashboard, Panel, Row, Unit};
use stackctl::plot::{self, Content, Series, Theme, TimeRange};

/// What a size came to.
pub(crate) struct Point {
    pub(crate) size: usize,
    pub(crate) time: Duration,
    /// Prometheus' own share of the time.
    pub(crate) answer: Duration,
    /// In bytes.
    pub(crate) memory: u64,
}

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 300.0;
/// Of one plot, between its axes.
const PLOT: (f64, f64) = (310.0, 200.0);
const TOP: f64 = 50.0;
const LEFT: f64 = 70.0;

const STYLE: &str = "text{font-family:system-ui,\"DejaVu Sans\",sans-serif;font-size:12px;fill:#1d232b}\
.strong{font-weight:600}.ground{fill:#fff}.grid{stroke:#e6e9ed}.one{stroke:#0072b2}.two{stroke:#e69f00}\
.dot.one{fill:#0072b2}.dot.two{fill:#e69f00}.line{fill:none;stroke-width:2}\
@media (prefers-color-scheme:dark){text{fill:#e4e8ed}.ground{fill:#181d23}.grid{stroke:#272e36}\
.one{stroke:#8ccdf5}.two{stroke:#f8bd3c}.dot.one{fill:#8ccdf5}.dot.two{fill:#f8bd3c}}";

/// One line of a plot: its class, its name, and its values by size.
type Line<'a> = (&'a str, &'a str, Vec<(f64, f64)>);

/// Time and memory against the number of targets: two plots side by side.
pub(crate) fn against_size(points: &[Point]) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a picture does not show the difference")]
    let values = |value: fn(&Point) -> f64| points.iter().map(|point| (point.size as f64, value(point))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a picture does not show the difference")]
    let memory = |point: &Point| point.memory as f64 / 1e6;
    let proof: Line = ("one", "verify targets", values(|point| point.time.as_secs_f64() * 1e3));
    let answer: Line = ("two", "Prometheus' answer alone", values(|point| point.answer.as_secs_f64() * 1e3));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Time and memory of verify targets against the number of targets\"><style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n"
    );
    svg += &one_plot(LEFT, "Time, ms", &[proof, answer]);
    svg += &one_plot(WIDTH / 2.0 + LEFT, "Most resident memory, MB", &[("one", "verify targets", values(memory))]);
    svg + "</svg>\n"
}

fn one_plot(left: f64, title: &str, lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|(_, _, points)| points.iter().copied());
    let (across, up) = (all().map(|point| point.0).fold(1.0, f64::max), all().map(|point| point.1).fold(1.0, f64::max));
    let (step_across, step_up) = (round_step(across), round_step(up));
    let (across, up) = ((across / step_across).ceil() * step_across, (up / step_up).ceil() * step_up);
    let x = |value: f64| left + value / across * PLOT.0;
    let y = |value: f64| TOP + PLOT.1 - value / up * PLOT.1;
    let mut svg = format!("<text class=\"strong\" x=\"{left}\" y=\"20\">{title}</text>\n");
    for tick in ticks(up, step_up) {
        let (height, right) = (y(tick), left + PLOT.0);
        writeln!(
            svg,
            "<path class=\"grid\" d=\"M{left} {height:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{tick}</text>",
            left - 6.0,
            height + 4.0
        )
        .expect("a String takes everything");
    }
    for tick in ticks(across, step_across) {
        let below = TOP + PLOT.1 + 18.0;
        writeln!(svg, "<text x=\"{:.1}\" y=\"{below}\" text-anchor=\"middle\">{tick}</text>", x(tick))
            .expect("a String takes everything");
    }
    let (middle, below) = (left + PLOT.0 / 2.0, TOP + PLOT.1 + 38.0);
    writeln!(svg, "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">targets</text>")
        .expect("a String takes everything");
    let mut legend = left;
    for (class, name, points) in lines {
        let path: Vec<String> =
            points.iter().map(|(size, value)| format!("{:.1} {:.1}", x(*size), y(*value))).collect();
        writeln!(svg, "<path class=\"line {class}\" d=\"M{}\"/>", path.join("L")).expect("a String takes everything");
        for (size, value) in points {
            write!(svg, "<circle class=\"dot {class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\">", x(*size), y(*value))
                .and_then(|()| writeln!(svg, "<title>{size} targets: {value:.1}</title></circle>"))
                .expect("a String takes everything");
        }
        writeln!(
            svg,
            "<path class=\"line {class}\" d=\"M{legend} 35h16\"/><text x=\"{:.1}\" y=\"39\">{name}</text>",
            legend + 22.0
        )
        .expect("a String takes everything");
        legend += 140.0;
    }
    svg
}

/// A round distance of which four or more fit.
fn round_step(most: f64) -> f64 {
    let power = 10f64.powf((most / 4.0).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0].map(|factor| factor * power);
    steps.into_iter().rev().find(|step| *step <= most / 4.0).unwrap_or(power)
}

fn ticks(most: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..=20).map(move |number| f64::from(number) * step).take_while(move |tick| *tick <= most * 1.001)
}

/// So many points are drawn of a line.
const DRAWN: usize = 180;

/// How long each run took, over the time in which they ran: seconds since 1970 and seconds.
pub(crate) fn over_time(times: &[(f64, f64)]) -> String {
    let (start, end) = (times[0].0, times[times.len() - 1].0.max(times[0].0 + 1.0));
    let parts = times.chunks(times.len().div_ceil(DRAWN));
    let line = |name: &str, value: fn(&[f64]) -> f64| {
        let points = parts.clone().map(|part| {
            let mut sorted: Vec<f64> = part.iter().map(|(_, seconds)| *seconds).collect();
            sorted.sort_by(f64::total_cmp);
            (part[0].0, value(&sorted))
        });
        Series { legend: name.to_owned(), points: points.collect(), ..Series::default() }
    };
    let lines =
        vec![line("median", |sorted| sorted[sorted.len() / 2]), line("slowest", |sorted| sorted[sorted.len() - 1])];
    let panel = Panel {
        title: "Time of up, with the proof".to_owned(),
        unit: Unit::named("s"),
        minimum: Some(0.0),
        width: 24,
        height: 8,
        ..Panel::default()
    };
    let row = Row { panels: vec![panel], ..Row::default() };
    let dashboard = Dashboard { title: "Up that changes nothing".to_owned(), rows: vec![row], ..Dashboard::default() };
    let step = (end - start) / 20.0;
    plot::sheet(
        &dashboard,
        &[Content::Series(lines)],
        &[],
        &TimeRange { start, end, step, zone: TimeZone::UTC },
        Theme::Auto,
    )
}
