//! Lines over time for a terminal: braille dots, axes with round numbers, a legend with the last and the largest value.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line, Points};

use super::content::{Series, written};
use super::number::{float, whole};
use super::range::TimeRange;
use super::scale::{Scale, Wish};
use crate::dashboard::Panel;

/// Colours of the lines: the terminal's own, which its user has made readable, in an order that colour-blind eyes can
/// follow. Legends name lines anyway.
const LINES: [Color; 6] = [Color::Blue, Color::Yellow, Color::Cyan, Color::Magenta, Color::Green, Color::Red];

/// Colour of the line with that number.
pub fn line_color(number: usize) -> Color {
    LINES[number % LINES.len()]
}

/// Lines over time as a widget.
#[derive(Debug, Clone, Copy)]
pub struct TerminalPlot<'a> {
    /// Unit, thresholds and ends of the axis.
    pub panel: &'a Panel,
    /// What is drawn.
    pub series: &'a [Series],
    /// The time axis.
    pub range: &'a TimeRange,
}

impl Widget for TerminalPlot<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.width < 20 || area.height < 4 {
            return;
        }
        let rows = area.height - 2;
        let scale = self.scale(usize::from(rows));
        let left = scale.ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0) + 1;
        let left = u16::try_from(left).unwrap_or(u16::MAX).min(area.width / 3);
        let plot = Rect { x: area.x + left, y: area.y, width: area.width - left, height: rows };
        self.draw_axes(&scale, area, plot, buffer);
        self.canvas(&scale, plot, buffer);
    }
}

impl TerminalPlot<'_> {
    fn scale(&self, rows: usize) -> Scale {
        let values = self.series.iter().flat_map(|series| &series.points).map(|(_, value)| *value);
        let Panel { unit, minimum, maximum, .. } = self.panel;
        let wish = Wish { unit, minimum: *minimum, maximum: *maximum, ticks: (rows / 3).clamp(2, 6) };
        Scale::of(values.clone(), wish).worded(&self.panel.mappings, values)
    }

    fn canvas(&self, scale: &Scale, plot: Rect, buffer: &mut Buffer) {
        let canvas = Canvas::default()
            .marker(Marker::Braille)
            .x_bounds([self.range.start, self.range.end])
            .y_bounds([scale.low, scale.high]);
        let canvas = canvas.paint(|context| {
            for (number, series) in self.series.iter().enumerate() {
                let color = line_color(number);
                for stretch in series.stretches(self.range.step) {
                    context.draw(&Points { coords: stretch, color });
                    for pair in stretch.windows(2) {
                        context.draw(&Line::new(pair[0].0, pair[0].1, pair[1].0, pair[1].1, color));
                    }
                }
            }
        });
        canvas.render(plot, buffer);
    }

    fn draw_axes(&self, scale: &Scale, area: Rect, plot: Rect, buffer: &mut Buffer) {
        let dim = Style::new().dim();
        let bottom = plot.y + plot.height;
        for tick in &scale.ticks {
            let share = scale.share(tick.value);
            let row = cell((1.0 - share) * f64::from(plot.height - 1));
            let y = plot.y + row.min(plot.height - 1);
            let label_width = usize::from(plot.x - area.x - 1);
            buffer.set_stringn(area.x, y, format!("{:>label_width$}", tick.label), label_width, dim);
            buffer.set_string(plot.x - 1, y, "┤", dim);
        }
        for row in plot.y..bottom {
            if buffer[(plot.x - 1, row)].symbol() == " " {
                buffer.set_string(plot.x - 1, row, "│", dim);
            }
        }
        buffer.set_string(plot.x - 1, bottom, "└", dim);
        buffer.set_string(plot.x, bottom, "─".repeat(usize::from(plot.width)), dim);
        for tick in self.range.ticks(usize::from(plot.width / 14)) {
            let share = (tick.time - self.range.start) / self.range.length().max(1e-9);
            let column = plot.x + cell(share * f64::from(plot.width - 1)).min(plot.width - 1);
            buffer.set_string(column, bottom, "┬", dim);
            let width = u16::try_from(tick.label.len()).unwrap_or(0);
            let x = column.saturating_sub(width / 2).max(area.x);
            if x + width <= area.x + area.width {
                buffer.set_string(x, bottom + 1, &tick.label, dim);
            }
        }
    }
}

/// A cell's number.
fn cell(position: f64) -> u16 {
    u16::try_from(whole(position.round())).unwrap_or(u16::MAX)
}

/// The plot and its legend as lines of text, coloured by ANSI codes.
pub fn terminal(panel: &Panel, series: &[Series], range: &TimeRange, width: u16, height: u16) -> String {
    let area = Rect { x: 0, y: 0, width, height };
    let mut buffer = Buffer::empty(area);
    TerminalPlot { panel, series, range }.render(area, &mut buffer);
    let rows = (0..height).map(|row| (0..width).map(|column| &buffer[(column, row)]).collect::<Vec<_>>());
    let mut lines: Vec<String> = rows.map(|cells| ansi_line(&cells)).collect();
    lines.push(String::new());
    lines.extend(legend(panel, series, usize::from(width)));
    lines.join("\n")
}

/// Most entries of a legend below a plot.
const ENTRIES: usize = 24;

fn legend(panel: &Panel, series: &[Series], width: usize) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or_else(String::new, |value| written(panel, value));
    let shown = &series[..series.len().min(ENTRIES)];
    let numbers: Vec<[String; 2]> = shown.iter().map(|one| [value(one.last()), value(one.largest())]).collect();
    let wide = |column: usize| numbers.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(4);
    let (last, largest) = (wide(0), wide(1));
    let longest = shown.iter().map(|one| one.legend.chars().count()).max().unwrap_or(0);
    let name = longest.min(width.saturating_sub(last + largest + 8)).max(8);
    let dim = anstyle::Style::new().dimmed();
    let mut lines = vec![format!("{dim}   {:<name$}  {:>last$}  {:>largest$}{dim:#}", "", "last", "max")];
    for (number, (one, [now, most])) in shown.iter().zip(&numbers).enumerate() {
        let color = ansi(line_color(number));
        let short = super::letters::shorten(&one.legend, name);
        lines.push(format!("{color}━━{color:#} {short:<name$}  {now:>last$}  {dim}{most:>largest$}{dim:#}"));
    }
    if series.len() > ENTRIES {
        lines.push(format!("{dim}   and {} more{dim:#}", series.len() - ENTRIES));
    }
    lines
}

/// Cells as text; neighbours of one style share its codes.
fn ansi_line(cells: &[&ratatui::buffer::Cell]) -> String {
    let mut line = String::new();
    let look = |cell: &ratatui::buffer::Cell| (cell.fg, cell.modifier);
    for group in cells.chunk_by(|one, next| look(one) == look(next)) {
        let text: String = group.iter().map(|cell| cell.symbol()).collect();
        let dimmed = group[0].modifier.contains(ratatui::style::Modifier::DIM);
        let style = if dimmed { anstyle::Style::new().dimmed() } else { ansi(group[0].fg) };
        write!(line, "{style}{text}{style:#}").expect("a String takes everything");
    }
    line
}

fn ansi(color: Color) -> anstyle::Style {
    let color = match color {
        Color::Blue => anstyle::AnsiColor::Blue,
        Color::Yellow => anstyle::AnsiColor::Yellow,
        Color::Cyan => anstyle::AnsiColor::Cyan,
        Color::Magenta => anstyle::AnsiColor::Magenta,
        Color::Green => anstyle::AnsiColor::Green,
        Color::Red => anstyle::AnsiColor::Red,
        _ => return anstyle::Style::new(),
    };
    color.on_default()
}

/// The newest values as a line of blocks: `▁▂▅█`. Values of a gap are blanks.
pub fn sparkline(series: &Series, range: &TimeRange, width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut columns: Vec<Option<f64>> = vec![None; width];
    for (time, value) in series.points.iter().filter(|(_, value)| value.is_finite()) {
        let at = whole((time - range.start) / range.length().max(1e-9) * float(width)).min(width.saturating_sub(1));
        if let Some(column) = columns.get_mut(at) {
            *column = Some(column.map_or(*value, |most: f64| most.max(*value)));
        }
    }
    let most = columns.iter().flatten().copied().fold(0.0, f64::max);
    let block = |value: f64| {
        let at = if most > 0.0 { whole((value / most * 7.0).round()) } else { 0 };
        BLOCKS[at.min(7)]
    };
    columns.into_iter().map(|value| value.map_or(' ', block)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::dashboard::Unit;

    fn range() -> TimeRange {
        TimeRange { start: 1_795_440_000.0, end: 1_795_440_600.0, step: 15.0, zone: TimeZone::UTC }
    }

    fn rising() -> Series {
        let points = (0..=40_u32).map(|at| (1_795_440_000.0 + f64::from(at) * 15.0, f64::from(at) * 0.25));
        Series { legend: "web".to_owned(), points: points.collect(), ..Series::default() }
    }

    #[test]
    fn a_rising_line_goes_from_the_lower_left_to_the_upper_right() {
        let panel = Panel { unit: Unit::named("reqps"), ..Panel::default() };
        let text = terminal(&panel, &[rising()], &range(), 60, 12);
        let plain = anstream::adapter::strip_str(&text).to_string();
        let lines: Vec<&str> = plain.lines().collect();
        assert!(lines[0].starts_with("10 req/s┤") && lines[0].trim_end().ends_with('⠉'), "{plain}");
        assert!(lines[11].contains("13:20") && lines[11].contains("13:25"), "{plain}");
        assert!(plain.contains("━━ web"), "{plain}");
        assert!(lines.last().is_some_and(|line| line.ends_with("10 req/s")), "{plain}");
    }

    #[test]
    fn nothing_panics_for_want_of_room_or_values() {
        for (width, height) in [(0, 0), (1, 1), (20, 4), (21, 5), (200, 3)] {
            let panel = Panel::default();
            let odd = Series { points: vec![(0.0, f64::NAN), (f64::INFINITY, 1.0)], ..Series::default() };
            for series in [&[][..], &[rising(), odd]] {
                let _ = terminal(&panel, series, &range(), width, height);
            }
        }
    }

    #[test]
    fn a_sparkline_shows_the_course_and_its_gaps() {
        let mut series = rising();
        series.points.drain(12..24);
        assert_eq!(sparkline(&series, &range(), 10), "▂▂▃   ▆▆▇█");
    }
}
