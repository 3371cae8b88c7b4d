//! Printing: data on standard output, everything else on standard error, colours only where they are wanted.

use std::io::{IsTerminal, Write as _};

use anstyle::{AnsiColor, Style};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::advice::typed;
use crate::cli::Color;
use crate::plan::Action;
use crate::stack::Problems;

pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();

/// Sets when colours are used, for the whole process.
pub(super) fn set_color(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Text in a style; the stream it is written to drops the style where colours are off.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of what is done to a thing: what comes, what goes, what changes.
pub(super) fn style_of(action: Action) -> Style {
    match action {
        Action::Create | Action::Start => GREEN,
        Action::Remove => RED,
        Action::Replace | Action::Write | Action::Reload | Action::Connect => YELLOW,
    }
}

/// Whether standard error takes colours.
fn colors_errors() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// A line on standard output. A reader that went away (`| head`) is no error. Where data cannot be written for another
/// reason, such as a full disk, that is the end: nobody shall take half of it for all.
pub(super) fn print(text: &str) {
    match writeln!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            say(&format!("error: cannot write to standard output: {error}"));
            std::process::exit(1);
        }
        _ => {}
    }
}

/// Waits until nobody reads standard output any more, as behind `| head`. Of a file, and of a terminal that is there, never.
pub(super) async fn reader_gone() {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);
    loop {
        tokio::time::sleep(PAUSE).await;
        let stdout = std::io::stdout();
        let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
        let no_wait = Timespec { tv_sec: 0, tv_nsec: 0 };
        let is_answered = poll(&mut asked, Some(&no_wait)).is_ok_and(|answers| answers > 0);
        if is_answered && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            return;
        }
    }
}

/// A line on standard error, in one piece; commands in it as they have to be typed.
pub(super) fn say(text: &str) {
    write_error(&typed(text));
}

/// Problems of the stack file. The lines that they quote of it stay as they are.
pub(super) fn say_problems(problems: &Problems) {
    write_error(problems.advised(typed).render(colors_errors()).trim_end());
}

fn write_error(text: &str) {
    let written = anstream::stderr().write_all(format!("{text}\n").as_bytes());
    drop(written);
}

/// Columns of a line at most that is made for reading.
pub(super) const COLUMNS: usize = 100;

/// Advice in lines as long as the terminal's, where the stream is one. Whatever else reads it looks for words of one line.
pub(super) fn fitted(stream: &impl IsTerminal, text: &str, indent: usize) -> String {
    let text = typed(text);
    if !stream.is_terminal() {
        return text;
    }
    let columns = crossterm::terminal::size().map_or(COLUMNS, |(columns, _)| usize::from(columns));
    wrapped(&text, indent, columns.clamp(40, COLUMNS))
}

/// Text in lines of so many columns. It begins in column `indent`, as all lines below the first do. What stands between
/// backticks is not torn apart, as somebody may copy it, and a line that is indented already is a quotation: it stays.
pub(super) fn wrapped(text: &str, indent: usize, columns: usize) -> String {
    let margin = format!("\n{}", " ".repeat(indent));
    let mut whole = String::new();
    for line in text.lines() {
        let is_quotation = line.starts_with(' ');
        if !whole.is_empty() {
            whole += if is_quotation { "\n" } else { margin.as_str() };
        }
        let room = columns.saturating_sub(indent).max(20);
        whole += &if is_quotation { line.to_owned() } else { filled(line, room).join(&margin) };
    }
    whole
}

/// One line as several.
fn filled(line: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(line) {
        match lines.last_mut() {
            Some(last) if visible_width(last) + 1 + visible_width(&word) <= room => {
                last.push(' ');
                last.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Words; what stands between backticks is one.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match words.last_mut() {
            Some(last) if last.matches('`').count() % 2 == 1 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// JSON on standard output, indented.
pub(super) fn print_json(value: &impl serde::Serialize) {
    print(&serde_json::to_string_pretty(value).expect("what is printed has only text keys"));
}

/// A table with a header, its columns aligned, without trailing spaces.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| visible_width(&row[column]));
        cells.chain([header[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| {
            let padding = width.saturating_sub(visible_width(cell));
            format!("{cell}{}", " ".repeat(padding))
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = line(header.iter().map(|cell| paint(DIM, cell)).collect());
    let body = rows.iter().map(|row| line(row.clone()));
    [head].into_iter().chain(body).collect::<Vec<_>>().join("\n")
}

/// Characters a terminal shows of a text, its styles aside.
fn visible_width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words_and_what_is_to_be_copied_stays_whole() {
        let text =
            "the registry `docker.io` cannot be reached: write `images: { mirror: registry.example:5000 }` or wait";
        let lines = [
            "the registry `docker.io` cannot be reached:",
            "write",
            "`images: { mirror: registry.example:5000 }` or",
            "wait",
        ];
        assert_eq!(wrapped(text, 4, 50), lines.join("\n    "));
        let quotation = "it says:\n  | a line that is much longer than that";
        assert_eq!(wrapped(quotation, 4, 24), quotation);
        assert_eq!(wrapped("short", 4, 50), "short");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_whatever_its_colour() {
        let rows = vec![vec![paint(GREEN, "ok"), "a".to_owned()], vec!["failed".to_owned(), "b".to_owned()]];
        let plain = anstream::adapter::strip_str(&table(&["STATUS", "X"], &rows)).to_string();
        assert_eq!(plain, "STATUS  X\nok      a\nfailed  b");
    }
}
