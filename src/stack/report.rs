//! Problems for people, as rustc shows them: the line, a caret under it, and what to do.

use std::collections::HashSet;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::problem::{Problem, Problems, Severity, Source};

/// How many problems are shown in full.
const MOST_SHOWN: usize = 50;
/// Lines with more bytes are not shown; the position is.
pub(super) const LONGEST_LINE: usize = 2000;

/// The problems, the first 50 of them in full, and how many more there are.
pub(super) fn render(problems: &Problems, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(DEFAULT_TERM_WIDTH);
    let hidden: HashSet<(Option<usize>, usize)> = problems.iter().filter(|one| is_secret(one)).map(line_of).collect();
    let mut text = String::new();
    for problem in problems.iter().take(MOST_SHOWN) {
        let source = problem.place.source.and_then(|source| problems.sources.get(source));
        let source = source.filter(|_| !hidden.contains(&line_of(problem)));
        text.push_str(&renderer.render(&[group(problem, source)]));
        text.push_str("\n\n");
    }
    if problems.len() > MOST_SHOWN {
        let more = (problems.len() - MOST_SHOWN).to_string();
        text.extend(["… and ", &more, " more\n\n"]);
    }
    text
}

fn group<'a>(problem: &'a Problem, source: Option<&'a Source>) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(problem.message.as_str());
    let group = match source.and_then(|source| line(problem, source)) {
        Some(snippet) => title.element(snippet),
        None => title.element(origin(problem)),
    };
    if problem.help.is_empty() { group } else { group.element(Level::HELP.message(problem.help.as_str())) }
}

/// The place alone; line 0 means that there is no text to speak of.
fn origin(problem: &Problem) -> Origin<'_> {
    let origin = Origin::path(problem.file.as_str());
    if problem.line == 0 { origin } else { origin.line(problem.line).char_column(problem.column) }
}

/// Whether the problem stands at a password.
fn is_secret(problem: &Problem) -> bool {
    problem.path.to_ascii_lowercase().ends_with("password")
}

fn line_of(problem: &Problem) -> (Option<usize>, usize) {
    (problem.place.source, problem.line)
}

/// The line of a problem with its caret; none for lines that are too long.
fn line<'a>(problem: &'a Problem, source: &'a Source) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let start = problem.place.start.min(source.text.len());
    let begin = source.text[..start].rfind('\n').map_or(0, |end| end + 1);
    let length = source.text[start..].find('\n').unwrap_or(source.text.len() - start);
    let text = source.text[begin..start + length].trim_end_matches('\r');
    if text.len() > LONGEST_LINE || text.is_empty() {
        return None;
    }
    let from = (start - begin).min(text.len());
    let to = (problem.place.end.max(start) - begin).clamp(from, text.len());
    let label = (!problem.path.is_empty()).then_some(problem.path.as_str());
    let caret = AnnotationKind::Primary.span(from..to).label(label);
    Some(Snippet::source(text).line_start(problem.line).path(problem.file.as_str()).annotation(caret))
}
