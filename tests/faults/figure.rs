//! The figures of `docs/faults.md`. Each is printed, and with `BLESS=1` written into the table it belongs to.

use std::path::Path;
use std::sync::Mutex;

/// Tests run side by side and write one page.
static PAGE: Mutex<()> = Mutex::new(());

/// A line of a table: the first cell names the line, and a later figure of that name takes its place.
pub(crate) fn record(table: &str, cells: &[String]) {
    let line = format!("| {} |", cells.join(" | "));
    println!("{line}");
    if std::env::var_os("BLESS").is_none() {
        return;
    }
    let _alone = PAGE.lock().expect("nobody panics while it writes");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let text = std::fs::read_to_string(&path).expect("the page is there");
    std::fs::write(&path, with_line(&text, table, &cells[0], &line)).expect("the page can be written");
}

/// The page with a line in place of the one of its name, or as the last of its table.
fn with_line(text: &str, table: &str, name: &str, line: &str) -> String {
    let (begin, end) = (format!("<!-- {table} -->\n"), "<!-- end -->");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("docs/faults.md has no table `{table}`"));
    let (rows, after) = rest.split_once(end).expect("a table ends");
    let mut rows: Vec<&str> = rows.lines().collect();
    let beginning = format!("| {name} |");
    match rows.iter().position(|row| row.starts_with(&beginning)) {
        Some(at) => rows[at] = line,
        None => rows.push(line),
    }
    format!("{before}{begin}{}\n{end}{after}", rows.join("\n"))
}

#[test]
fn a_figure_takes_the_place_of_the_earlier_one_of_its_name() {
    let page = "before\n<!-- one -->\n| a | 1 |\n| b | 2 |\n<!-- end -->\nafter\n";
    let page = with_line(page, "one", "a", "| a | 3 |");
    let page = with_line(&page, "one", "c", "| c | 4 |");
    assert_eq!(page, "before\n<!-- one -->\n| a | 3 |\n| b | 2 |\n| c | 4 |\n<!-- end -->\nafter\n");
}
