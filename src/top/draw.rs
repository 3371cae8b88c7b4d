//! One picture: the tabs, the list in front, what is to be known of its marked row, and the keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Table, TableState, Tabs, Wrap};

use super::keys::HELP;
use super::news::{App, News, Signal};
use super::screen::{Screen, Sorting, Tab};
use crate::client::{Alert, Health, Target};
use crate::dashboard;
use crate::plot::{TerminalPlot, in_ascii, sparkline, written};

/// Rows below which a plot would take the list's room.
const ROOM_FOR_PLOT: u16 = 20;

/// Draws everything.
pub(super) fn draw(screen: &Screen, frame: &mut Frame) {
    let trouble = u16::from(screen.trouble.is_some());
    let rows = [Constraint::Length(1), Constraint::Length(trouble), Constraint::Min(1), Constraint::Length(1)];
    let [head, notice, body, foot] = Layout::vertical(rows).areas(frame.area());
    draw_head(screen, head, frame);
    if let Some(trouble) = &screen.trouble {
        let since = screen.news.as_ref().map(|news| format!(". Below: {}", news.range.moment(news.range.end)));
        let words = format!("{trouble}; trying again{}", since.unwrap_or_default());
        frame.render_widget(Paragraph::new(words).style(Style::new().red().bold()), notice);
    }
    match &screen.news {
        None if screen.trouble.is_none() => frame.render_widget(Paragraph::new("asking Prometheus …").dim(), body),
        None => {}
        Some(news) => match screen.tab {
            Tab::Apps => draw_apps(screen, news, body, frame),
            Tab::Targets => draw_targets(screen, news, body, frame),
            Tab::Alerts => draw_alerts(screen, news, body, frame),
        },
    }
    if screen.trouble.is_some() {
        // Nobody shall take what was known for what is.
        frame.buffer_mut().set_style(body, Style::new().dim());
    }
    draw_foot(screen, foot, frame);
    if screen.help {
        draw_help(frame);
    }
    if screen.is_ascii_only {
        for cell in &mut frame.buffer_mut().content {
            let plain = in_ascii(cell.symbol());
            cell.set_symbol(&plain);
        }
    }
}

fn draw_head(screen: &Screen, area: Rect, frame: &mut Frame) {
    let count = |tab| {
        screen.news.as_ref().map(|news| match tab {
            Tab::Apps => news.apps.len(),
            Tab::Targets => news.targets.len(),
            Tab::Alerts => news.alerts.len(),
        })
    };
    let titles =
        Tab::ALL.map(|tab| count(tab).map_or(tab.title().to_owned(), |count| format!("{} {count}", tab.title())));
    let selected = Tab::ALL.iter().position(|tab| *tab == screen.tab);
    // The lists come first: where there is no room for both, the clock goes.
    let clock_width = if area.width >= 68 { 20 } else { 0 };
    let [name, tabs, clock] = Layout::horizontal([
        Constraint::Length(screen_width(&screen.stack) + 2),
        Constraint::Min(1),
        Constraint::Length(clock_width),
    ])
    .areas(area);
    frame.render_widget(Span::from(screen.stack.as_str()).bold(), name);
    frame.render_widget(Tabs::new(titles).select(selected).highlight_style(Style::new().reversed()), tabs);
    if let Some(news) = &screen.news {
        frame.render_widget(Line::from(news.range.moment(news.range.end)).right_aligned().dim(), clock);
    }
}

fn screen_width(text: &str) -> u16 {
    u16::try_from(text.chars().count()).unwrap_or(u16::MAX).min(40)
}

fn draw_apps(screen: &Screen, news: &News, area: Rect, frame: &mut Frame) {
    let apps = screen.apps();
    let has_plot = area.height >= ROOM_FOR_PLOT;
    // The list takes no more than it needs, a free line below it included.
    let needed = u16::try_from(apps.len() + 2).unwrap_or(u16::MAX);
    let list_height = if has_plot { needed.min(area.height / 2) } else { area.height };
    let [list, plot] = Layout::vertical([Constraint::Length(list_height), Constraint::Min(0)]).areas(area);
    let columns = Columns::of(area.width);
    let head = Row::new(columns.of_row(["APP", "UP", "REQUESTS", "ERRORS", LATENCY, "REQUESTS, 15 MIN"])).dim();
    let longest = apps.iter().map(|app| screen_width(&app.name)).max().unwrap_or(0).max(12);
    // What is over goes to the courses, so that numbers stay near the names that they belong to.
    let taken: u16 = longest + NUMBERS.iter().sum::<u16>() + 5;
    // More columns than points would be a comb.
    let points = u16::try_from(news.range.points()).unwrap_or(u16::MAX);
    let course_width = usize::from(area.width.saturating_sub(taken).min(points));
    let rows = apps.iter().map(|app| {
        let value = |title: &str| app.signal(title).map_or_else(|| nothing("unknown"), value_cell);
        let latency = app.signal("Latency").map_or_else(|| nothing("unknown"), latency_cell);
        let course = app.signal("Requests").and_then(|signal| signal.series.as_ref());
        let course = course.map(|series| sparkline(series, &news.range, course_width)).unwrap_or_default();
        let up = up_cell(app, &news.targets);
        let name = Cell::from(app.name.clone());
        let course = Cell::from(course).blue();
        Row::new(columns.of_row([name, up, value("Requests"), value("Errors"), latency, course]))
    });
    let table =
        Table::new(rows, columns.of_row(widths(longest))).header(head).row_highlight_style(Style::new().reversed());
    frame.render_stateful_widget(table, list, &mut TableState::new().with_selected(Some(screen.row)));
    if let Some(app) = apps.get(screen.row).filter(|_| has_plot) {
        draw_courses(app, news, plot, frame);
    }
}

/// Widths of the columns between the name and the course.
const NUMBERS: [u16; 4] = [6, 12, 9, 12];

/// What the latency is of, unless the cell says another.
const LATENCY: &str = "LATENCY, P95";

fn widths(longest: u16) -> [Constraint; 6] {
    let [up, requests, errors, latency] = NUMBERS.map(Constraint::Length);
    [Constraint::Max(longest), up, requests, errors, latency, Constraint::Fill(1)]
}

/// How many columns there is room for; those on the right go first.
#[derive(Clone, Copy)]
struct Columns(usize);

impl Columns {
    fn of(width: u16) -> Self {
        Self(match width {
            96.. => 6,
            56.. => 5,
            36.. => 3,
            _ => 2,
        })
    }

    fn of_row<T>(self, cells: [T; 6]) -> impl Iterator<Item = T> {
        cells.into_iter().take(self.0)
    }
}

/// A word where there is no number.
fn nothing(word: &'static str) -> Cell<'static> {
    Cell::from(word).dim()
}

fn value_cell(signal: &Signal) -> Cell<'static> {
    let Some(value) = signal.value() else { return nothing("no data") };
    let style = signal.panel.color_of(value).map(style_of).unwrap_or_default();
    Cell::from(written(&signal.panel, value)).style(style)
}

/// An app without buckets has a mean, and no percentile.
fn latency_cell(signal: &Signal) -> Cell<'static> {
    let is_mean = signal.panel.title.ends_with("mean");
    match signal.value() {
        Some(value) if is_mean => Cell::from(format!("{} mean", written(&signal.panel, value))),
        _ => value_cell(signal),
    }
}

/// `2/3` replicas up; of an app that Prometheus has no target of, as of one with no replica, none.
fn up_cell(app: &App, targets: &[Target]) -> Cell<'static> {
    let of_app = || targets.iter().filter(|target| target.pool == app.name);
    let (up, all) = (of_app().filter(|target| target.health == Health::Up).count(), of_app().count());
    if all == 0 {
        return Cell::from("none").yellow();
    }
    let cell = Cell::from(format!("{up}/{all}"));
    if up == all { cell.green() } else { cell.red().bold() }
}

/// The courses of the marked app, side by side.
fn draw_courses(app: &App, news: &News, area: Rect, frame: &mut Frame) {
    let known: Vec<&Signal> = SIGNALS.iter().filter_map(|title| app.signal(title)).collect();
    let signals: Vec<&Signal> = known.iter().copied().filter(|signal| signal.series.is_some()).collect();
    if signals.is_empty() {
        let has_target = news.targets.iter().any(|target| target.pool == app.name);
        let words = match (has_target, known.is_empty()) {
            (false, _) => no_target(app),
            (true, true) => unknown(app),
            (true, false) => empty(app),
        };
        return frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }).dim(), area);
    }
    let shown = signals.len().min(usize::from(area.width / 36).max(1));
    let columns = Layout::horizontal(vec![Constraint::Fill(1); shown]).split(area);
    for (signal, column) in signals.iter().zip(columns.iter()) {
        let block = Block::new().title(Line::from(format!("{}: {}", app.name, signal.panel.title)).bold());
        let inside = block.inner(*column);
        frame.render_widget(block, *column);
        let series = signal.series.as_slice();
        frame.render_widget(TerminalPlot { panel: &signal.panel, series, range: &news.range }, inside);
    }
}

/// What is drawn of an app, by the beginning of its title.
const SIGNALS: [&str; 3] = ["Requests", "Errors", "Latency"];

fn no_target(app: &App) -> String {
    format!(
        "{}: Prometheus has no target of it. No replica of it is wanted, or `stackctl up` is still to bring it.",
        app.name
    )
}

fn unknown(app: &App) -> String {
    format!(
        "{}: unknown, because stackctl knows none of its metrics by name. `signals` of the app in the stack file says what its \
         requests, errors and latency are called.",
        app.name
    )
}

fn empty(app: &App) -> String {
    format!(
        "{}: no data within 15 minutes. Many a metric appears with the first request; `stackctl verify dashboards` names what \
         is missing.",
        app.name
    )
}

fn draw_targets(screen: &Screen, news: &News, area: Rect, frame: &mut Frame) {
    // A column that is empty everywhere would take the addresses' room.
    let columns = if news.targets.iter().any(|target| !target.last_error.is_empty()) { 5 } else { 4 };
    let head = Row::new(["JOB", "INSTANCE", "HEALTH", "TOOK", "LAST ERROR"].into_iter().take(columns)).dim();
    let rows = news.targets.iter().map(|target| {
        let instance = target.labels.get("instance").unwrap_or(&target.address).clone();
        let took = dashboard::Unit::named("s").format(target.last_scrape_seconds);
        Row::new([
            Cell::from(target.pool.clone()),
            Cell::from(instance),
            health_cell(target.health),
            Cell::from(took),
            Cell::from(target.last_error.clone()).red(),
        ])
    });
    let widths =
        [Constraint::Fill(2), Constraint::Fill(3), Constraint::Length(8), Constraint::Length(9), Constraint::Fill(4)];
    draw_list(screen, Table::new(rows, widths.into_iter().take(columns)).header(head), area, frame);
}

fn health_cell(health: Health) -> Cell<'static> {
    match health {
        Health::Up => Cell::from("● up").green(),
        Health::Down => Cell::from("✖ down").red().bold(),
        Health::Unknown => Cell::from("? new").yellow(),
    }
}

fn draw_alerts(screen: &Screen, news: &News, area: Rect, frame: &mut Frame) {
    if news.alerts.is_empty() {
        return frame.render_widget(Paragraph::new("no alert is pending or firing").green(), area);
    }
    let head = Row::new(["STATE", "ALERT", "SEVERITY", "WHAT"]).dim();
    let rows = news.alerts.iter().map(|(kept_back, alert)| {
        let state = if let Some(word) = kept_back {
            Cell::from(*word).dim()
        } else if alert.state == "firing" {
            Cell::from("✖ firing").red().bold()
        } else {
            Cell::from(alert.state.clone()).yellow()
        };
        Row::new([state, label(alert, "alertname"), label(alert, "severity"), Cell::from(words(alert))])
    });
    let widths = [Constraint::Length(9), Constraint::Fill(2), Constraint::Length(10), Constraint::Fill(5)];
    draw_list(screen, Table::new(rows, widths).header(head), area, frame);
}

fn label(alert: &Alert, name: &str) -> Cell<'static> {
    Cell::from(alert.labels.get(name).cloned().unwrap_or_default())
}

/// The summary, else the description, else the labels.
fn words(alert: &Alert) -> String {
    let written = ["summary", "description"].iter().find_map(|name| alert.annotations.get(*name).cloned());
    let labels = || alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    written.unwrap_or_else(labels)
}

fn draw_list(screen: &Screen, table: Table, area: Rect, frame: &mut Frame) {
    let table = table.row_highlight_style(Style::new().reversed());
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(Some(screen.row)));
}

/// The keys that matter most, as many as there is room for.
fn draw_foot(screen: &Screen, area: Rect, frame: &mut Frame) {
    let by = if screen.sorting == Sorting::File { "as in the stack file" } else { screen.sorting.title() };
    let sorted = format!("sorted: {by}");
    let mut hints = vec![("q", "leave"), ("?", "keys"), ("Tab", "next list")];
    if screen.tab == Tab::Apps {
        hints.push(("s", sorted.as_str()));
    }
    let mut room = area.width;
    let mut words = Vec::new();
    for (key, does) in hints {
        let width = screen_width(key) + 1 + screen_width(does);
        if width > room {
            break;
        }
        room = room.saturating_sub(width + 2);
        words.extend([Span::from(key), format!(" {does}  ").dim()]);
    }
    frame.render_widget(Line::from(words), area);
}

fn draw_help(frame: &mut Frame) {
    let lines: Vec<Line> = HELP
        .iter()
        .map(|(keys, does)| Line::from(vec![Span::from(format!(" {keys:<18}")).bold(), Span::from(*does)]))
        .collect();
    let (width, height) = (54.min(frame.area().width), 8.min(frame.area().height));
    let area = frame.area().centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" keys ");
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

fn style_of(color: &dashboard::Color) -> Style {
    let color = match color {
        dashboard::Color::Green => Color::Green,
        dashboard::Color::Yellow | dashboard::Color::Orange => Color::Yellow,
        dashboard::Color::Red => Color::Red,
        dashboard::Color::Blue => Color::Blue,
        dashboard::Color::Purple => Color::Magenta,
        dashboard::Color::Text | dashboard::Color::Custom(_) => return Style::new(),
    };
    Style::new().fg(color)
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::dashboard::{Panel, Unit};
    use crate::plot::{Series, TimeRange};

    fn screen() -> Screen {
        let range =
            TimeRange { start: 1_795_440_000.0, end: 1_795_440_900.0, step: 15.0, zone: jiff::tz::TimeZone::UTC };
        let points: Vec<_> = (0..=60_u32).map(|at| (range.start + f64::from(at) * 15.0, f64::from(at % 20))).collect();
        let signal = |title: &str, unit: &str, last: f64| {
            let mut points = points.clone();
            points.push((range.end, last));
            let panel = Panel { title: title.to_owned(), unit: Unit::named(unit), ..Panel::default() };
            Signal { panel, series: Some(Series { points, ..Series::default() }) }
        };
        let app = |name: &str, requests| App {
            name: name.to_owned(),
            signals: vec![signal("Requests", "reqps", requests), signal("Latency, p95", "s", 0.25)],
        };
        let target = |pool: &str, health| Target { pool: pool.to_owned(), health, ..Target::default() };
        let targets = vec![target("web", Health::Up), target("web", Health::Down), target("db", Health::Up)];
        let news = News { apps: vec![app("web", 3.0), app("db", 40.0)], targets, alerts: Vec::new(), range };
        Screen { stack: "demo".to_owned(), news: Some(news), ..Screen::default() }
    }

    fn drawn(screen: &Screen, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
        terminal.draw(|frame| draw(screen, frame)).expect("it can be drawn");
        terminal.backend().to_string()
    }

    #[test]
    fn apps_show_replicas_signals_and_courses() {
        let text = drawn(&screen(), 120, 30);
        assert!(text.contains("Apps 2") && text.contains("Targets 3"), "{text}");
        let web = text.lines().find(|line| line.contains(" 1/2 ") || line.contains("web ")).expect("a line of web");
        assert!(
            web.contains("1/2") && web.contains("3 req/s") && web.contains("250 ms") && web.contains('█'),
            "{text}"
        );
        assert!(text.contains("web: Requests") && text.contains("┤"), "{text}");
    }

    #[test]
    fn which_latency_it_is_stands_above_it_or_beside() {
        let mut screen = screen();
        let news = screen.news.as_mut().expect("there are news");
        news.apps[1].signals[1].panel.title = "Latency, mean".to_owned();
        let text = drawn(&screen, 120, 30);
        assert!(text.contains("LATENCY, P95") && text.contains("250 ms mean"), "{text}");
        assert_eq!(text.matches("mean").count(), 1, "{text}");
    }

    #[test]
    fn a_terminal_of_ascii_gets_nothing_else() {
        for tab in Tab::ALL {
            let text = drawn(&Screen { tab, help: true, is_ascii_only: true, ..screen() }, 120, 30);
            assert!(text.is_ascii(), "{text}");
        }
        let text = drawn(&Screen { is_ascii_only: true, ..screen() }, 120, 30);
        assert!(text.contains('#') && text.contains("3 req/s") && text.contains('*'), "{text}");
    }

    #[test]
    fn numbers_stay_near_the_names_on_a_wide_terminal_and_the_lists_are_named_on_a_narrow_one() {
        let wide = drawn(&screen(), 200, 60);
        let web = wide.lines().find(|line| line.contains("1/2")).expect("a line of web");
        assert!(
            web.find("1/2").is_some_and(|at| at < 30)
                && web.chars().filter(|one| ('▁'..='█').contains(one)).count() > 40,
            "{wide}"
        );
        let narrow = drawn(&screen(), 40, 10);
        assert!(narrow.contains("Apps 2 │ Targets 3 │ Alerts 0"), "{narrow}");
        let narrow = drawn(&Screen { tab: Tab::Targets, ..screen() }, 80, 24);
        assert!(!narrow.contains("LAST ERROR"), "no target has one: {narrow}");
    }

    #[test]
    fn what_is_not_known_is_said_in_words() {
        let mut unknown = screen();
        let news = unknown.news.as_mut().expect("there are news");
        news.apps[0].signals.clear();
        news.apps[1].signals[0].series = None;
        let text = drawn(&unknown, 80, 30);
        let line =
            |name: &str| text.lines().find(|line| line.starts_with(&format!("\"{name} "))).expect("a line of it");
        assert!(line("web").contains("1/2") && line("web").matches("unknown").count() == 3, "{text}");
        assert!(line("db").contains("1/1") && line("db").contains("no data"), "{text}");
        assert!(text.contains("stackctl knows none of its metrics by name"), "{text}");
        let marked = drawn(&Screen { row: 1, ..unknown.clone() }, 80, 30);
        assert!(marked.contains("db: Latency, p95"), "what has data is drawn: {marked}");
        let news = unknown.news.as_mut().expect("there are news");
        news.apps[1].signals.iter_mut().for_each(|signal| signal.series = None);
        let empty = drawn(&Screen { row: 1, ..unknown.clone() }, 80, 30);
        assert!(empty.contains("db: no data within 15 minutes"), "{empty}");
        unknown.news.as_mut().expect("there are news").targets.clear();
        let none = drawn(&unknown, 80, 30);
        assert!(none.contains("  none ") && none.contains("web: Prometheus has no target of it"), "{none}");
    }

    #[test]
    fn the_foot_is_never_cut_within_a_word() {
        for width in 1..=90_u16 {
            let text = drawn(&screen(), width, 24);
            let foot = text.lines().last().expect("a last line").trim_matches('"').trim_end();
            let whole = ["leave", "keys", "next list", "as in the stack file"];
            assert!(foot.is_empty() || whole.iter().any(|words| foot.ends_with(words)), "{width}: {foot}");
        }
        assert!(drawn(&screen(), 80, 24).contains("s sorted: as in the stack file"));
    }

    #[test]
    fn an_alert_that_is_silenced_does_not_look_as_if_somebody_were_told() {
        let mut screen = Screen { tab: Tab::Alerts, ..screen() };
        let alert = |name: &str| Alert {
            labels: [("alertname".to_owned(), name.to_owned())].into(),
            annotations: std::collections::BTreeMap::new(),
            state: "firing".to_owned(),
            active_at: String::new(),
        };
        screen.news.as_mut().expect("there are news").alerts =
            vec![(Some("silenced"), alert("Quiet")), (Some("muted"), alert("Known")), (None, alert("Loud"))];
        let text = drawn(&screen, 120, 30);
        let line = |name: &str| text.lines().find(|line| line.contains(name)).expect("a line of it");
        assert!(line("Quiet").contains("silenced") && line("Loud").contains("firing"), "{text}");
        assert!(!line("Quiet").contains("firing"), "{text}");
        assert!(line("Known").contains("muted") && !line("Known").contains("firing"), "{text}");
    }

    #[test]
    fn sorting_puts_the_largest_first() {
        let sorted = Screen { sorting: Sorting::Requests, ..screen() };
        let names: Vec<_> = sorted.apps().into_iter().map(|app| app.name.as_str()).collect();
        assert_eq!(names, ["db", "web"]);
    }

    #[test]
    fn a_prometheus_that_is_gone_is_said_above_what_was_known() {
        let text = drawn(
            &Screen { trouble: Some("Prometheus at X does not answer: refused".to_owned()), ..screen() },
            120,
            30,
        );
        assert!(text.contains("does not answer: refused; trying again. Below: 23 Nov 13:35:00"), "{text}");
        assert!(text.contains("3 req/s"), "{text}");
        let is_dim = |trouble: Option<&str>| {
            let mut terminal = Terminal::new(TestBackend::new(120, 30)).expect("a terminal in memory");
            let screen = Screen { trouble: trouble.map(str::to_owned), ..screen() };
            terminal.draw(|frame| draw(&screen, frame)).expect("it can be drawn");
            let buffer = terminal.backend().buffer();
            // Rows of the list, without its head, which is dim anyhow.
            let mut row = (0..120_u16).map(|column| &buffer[(column, 3)]);
            row.any(|cell| cell.symbol() == "w")
                && row.all(|cell| cell.modifier.contains(ratatui::style::Modifier::DIM))
        };
        assert!(is_dim(Some("it is paused")) && !is_dim(None), "numbers that are not of now do not look so");
    }

    #[test]
    fn every_size_and_every_list_can_be_drawn() {
        for (width, height) in [(1, 1), (10, 3), (40, 12), (80, 24), (300, 90)] {
            for tab in Tab::ALL {
                let _ = drawn(&Screen { tab, help: true, ..screen() }, width, height);
                let _ = drawn(&Screen { tab, ..Screen::default() }, width, height);
            }
        }
    }
}
