//! Printing: data on standard output, everything else on standard error, colours only where they are wanted.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};

use crate::cli::Color;

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

/// Whether standard error takes colours.
pub(super) fn colors_errors() -> bool {
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

/// A line on standard error.
pub(super) fn say(text: &str) {
    let written = writeln!(anstream::stderr(), "{text}");
    drop(written);
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
    fn columns_are_as_wide_as_their_widest_cell_whatever_its_colour() {
        let rows = vec![vec![paint(GREEN, "ok"), "a".to_owned()], vec!["failed".to_owned(), "b".to_owned()]];
        let plain = anstream::adapter::strip_str(&table(&["STATUS", "X"], &rows)).to_string();
        assert_eq!(plain, "STATUS  X\nok      a\nfailed  b");
    }
}
