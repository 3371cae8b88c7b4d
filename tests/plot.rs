//! Drawings as golden files that a person can open: one dashboard with every kind of panel, light and dark.

mod support;
mod tools;

use std::path::Path;

use jiff::tz::TimeZone;
use stackctl::dashboard::{Color, Dashboard, Panel, PanelKind, Query, Row, Stacking, Threshold, Unit};
use stackctl::plot::{self, Canvas, Content, Fonts, Mark, Series, Theme, TimeRange};
use stackctl::render::Files;
use support::golden;

/// Monday 23 November 2026, 13:37:11 UTC.
const NOW: f64 = 1_795_441_031.0;
const STEP: f64 = 60.0;

fn range() -> TimeRange {
    TimeRange { start: NOW - 6.0 * 3600.0, end: NOW, step: STEP, zone: TimeZone::UTC }
}

/// Six hours of a wave with noise that is the same each time.
fn wave(legend: &str, base: f64, height: f64, phase: f64) -> Series {
    let points = (0..=360).map(|minute| {
        let turn = f64::from(minute) / 57.0 + phase;
        let noise = f64::from((minute * 7919 + 31) % 101) / 101.0 - 0.5;
        (NOW - 6.0 * 3600.0 + f64::from(minute) * STEP, base + height * (turn.sin() + 0.3 * noise))
    });
    let labels = [("instance".to_owned(), legend.to_owned()), ("job".to_owned(), "web".to_owned())].into();
    Series { legend: legend.to_owned(), labels, query: 0, points: points.collect() }
}

fn without(mut series: Series, from: usize, to: usize) -> Series {
    series.points.drain(from..to);
    series
}

fn panel(title: &str, kind: PanelKind, unit: &str, width: u8) -> Panel {
    Panel { title: title.to_owned(), kind, unit: Unit::named(unit), width, height: 7, ..Panel::default() }
}

fn limits() -> Vec<Threshold> {
    let limit = |value, color| Threshold { value, color };
    vec![limit(None, Color::Green), limit(Some(0.7), Color::Orange), limit(Some(0.9), Color::Red)]
}

/// Every kind of panel, and what fills it.
fn panels() -> Vec<(Panel, Content)> {
    let replicas = || {
        vec![
            wave("demo-accesslog-1", 40.0, 12.0, 0.0),
            without(wave("demo-accesslog-2", 25.0, 8.0, 1.0), 120, 190),
            wave("demo-accesslog-3", 10.0, 4.0, 2.0),
        ]
    };
    let cpu = wave("cpu", 0.55, 0.3, 0.4);
    let disks = vec![wave("/", 0.42, 0.0, 0.0), wave("/var/lib/docker", 0.81, 0.0, 0.0), wave("/home", 0.95, 0.0, 0.0)];
    let buckets = [(0.005, 4.0), (0.01, 20.0), (0.05, 31.0), (0.1, 33.0), (f64::INFINITY, 34.0)];
    let buckets = buckets.iter().enumerate().map(|(at, (bound, count))| {
        let mut series =
            without(wave("", *count, count / 5.0, 0.1 * f64::from(u8::try_from(at).expect("five"))), 120, 190);
        series.labels =
            [("le".to_owned(), if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() })].into();
        series
    });
    let memory = (1..=11).map(|number| {
        wave(&format!("demo-image-gallery-{number}"), 3e8 + 4e7 * f64::from(number), 2e7, f64::from(number))
    });
    let series = Content::Series;
    let table = Panel {
        queries: vec![Query { legend: "requests".to_owned(), ..Query::default() }],
        ..panel("Replicas", PanelKind::Table, "reqps", 12)
    };
    let text = "## Read me\n\nThe *gallery* calls `iotd` and `accesslog`. See [the source](https://example.org).\n\n- Latency: keep it under 250 ms\n- Errors: none";
    vec![
        (panel("Traffic", PanelKind::Timeseries, "reqps", 12), series(replicas())),
        (
            Panel { thresholds: limits(), ..panel("CPU", PanelKind::Timeseries, "percentunit", 12) },
            series(vec![cpu.clone()]),
        ),
        (panel("Memory", PanelKind::Timeseries, "bytes", 12), series(memory.collect())),
        (
            Panel { stacking: Stacking::Normal, ..panel("Traffic, added up", PanelKind::Timeseries, "reqps", 12) },
            series(vec![replicas().remove(0), replicas().remove(2)]),
        ),
        (
            Panel { thresholds: limits(), ..panel("CPU now", PanelKind::Stat, "percentunit", 4) },
            series(vec![cpu.clone()]),
        ),
        (panel("Latency p95", PanelKind::Stat, "s", 4), series(vec![wave("p95", 0.21, 0.05, 0.0)])),
        (
            Panel {
                mappings: vec![(1.0, "up".to_owned())],
                thresholds: vec![
                    Threshold { value: None, color: Color::Red },
                    Threshold { value: Some(1.0), color: Color::Green },
                ],
                ..panel("State", PanelKind::Stat, "short", 8)
            },
            series(vec![wave("web", 1.0, 0.0, 0.0), wave("db", 0.0, 0.0, 0.0)]),
        ),
        (
            Panel { thresholds: limits(), ..panel("Load", PanelKind::Gauge, "percentunit", 8) },
            series(vec![cpu, wave("db", 0.95, 0.0, 0.0)]),
        ),
        (Panel { thresholds: limits(), ..panel("Disks", PanelKind::Bargauge, "percentunit", 8) }, series(disks)),
        (
            panel("Shares", PanelKind::Piechart, "bytes", 8),
            series(vec![wave("image-gallery", 3e8, 0.0, 0.0), wave("iotd", 1e8, 0.0, 0.0)]),
        ),
        (Panel { text: text.to_owned(), ..panel("Words", PanelKind::Text, "short", 8) }, series(Vec::new())),
        (table, series(replicas())),
        (panel("Answers, by time", PanelKind::Heatmap, "s", 12), series(buckets.collect())),
        (
            Panel {
                mappings: vec![(0.0, "down".to_owned()), (1.0, "up".to_owned())],
                minimum: Some(0.0),
                maximum: Some(1.0),
                ..panel("Up", PanelKind::Timeseries, "none", 12)
            },
            series(vec![wave("web", 1.0, 0.0, 0.0), wave("db", 0.0, 0.0, 0.0)]),
        ),
        (panel("Nothing", PanelKind::Timeseries, "short", 6), series(Vec::new())),
        (
            panel("Broken", PanelKind::Timeseries, "short", 6),
            Content::Failed(
                "Prometheus refuses the query: 1:5: parse error: unexpected <op:/> in label matching".to_owned(),
            ),
        ),
    ]
}

fn sheet(theme: Theme) -> String {
    let (panels, contents): (Vec<_>, Vec<_>) = panels().into_iter().unzip();
    let row = Row { title: Some("Golden signals".to_owned()), panels, ..Row::default() };
    let dashboard = Dashboard { title: "Image gallery".to_owned(), rows: vec![row], ..Dashboard::default() };
    let marks = [Mark { time: NOW - 5400.0, name: "Restarts".to_owned(), text: "web-1".to_owned(), color: Color::Red }];
    plot::sheet(&dashboard, &contents, &marks, &range(), theme)
}

#[test]
fn every_kind_of_panel_is_drawn_light_and_dark() {
    let svg = sheet(Theme::Auto);
    assert!(svg.contains("prefers-color-scheme:dark"));
    // A line for each shape, so that a difference can be read.
    golden::check("plot", &Files([("every-panel.svg".to_owned(), svg.replace("><", ">\n<"))].into()));
}

#[test]
fn a_drawing_becomes_a_png_with_letters() {
    tools::installed("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core");
    let fonts = Fonts::of_system().expect("a font");
    let theme = if std::env::var_os("PLOT_DARK").is_some() { Theme::Dark } else { Theme::Light };
    let picture = plot::png(&sheet(theme), &fonts).expect("a picture");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("every-panel.png");
    std::fs::write(&path, &picture).expect("the target folder is writable");
    assert!(picture.starts_with(b"\x89PNG"));
    let no_letters = plot::png(&sheet(theme).replace("<text", "<g").replace("</text>", "</g>"), &fonts);
    assert!(
        picture.len() > no_letters.expect("a picture").len() + 10_000,
        "the letters are missing: {}",
        path.display()
    );
}

#[test]
fn a_drawing_for_a_page_carries_no_colour_and_says_values_where_the_pointer_rests() {
    let (panel, content) = panels().swap_remove(0);
    let range = range();
    let canvas = Canvas { width: 640.0, height: 260.0, range: &range, marks: &[], hints: true };
    let svg = plot::panel(&panel, &content, canvas);
    assert!(!svg.contains("<style") && !svg.contains("style=") && !svg.contains("stroke="), "{svg}");
    assert!(svg.contains("<title>23 Nov 13:"), "{svg}");
    assert!(svg.contains("demo-accesslog-1: "));
}
