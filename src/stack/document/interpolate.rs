//! Fills variables into the scalar values of a document, and reports those that have no value.

use super::super::collector::Collector;
use super::super::environment::Environment;
use super::super::suggest;
use super::super::variables::{self, Mistake, MistakeKind};
use super::{Node, Path, Span, Value, shown};

/// Fills variables into every value below the node. Keys are left alone. Where `needs_values` does not say so, a variable need
/// not be set, but for the name of the stack: what it stands in is taken out.
pub(in crate::stack) fn interpolate(
    node: &mut Node,
    environment: &Environment,
    needs_values: bool,
    problems: &mut Collector,
) {
    walk(node, Path::ROOT, &mut Filler { environment, needs_values, problems });
}

struct Filler<'a> {
    environment: &'a Environment,
    needs_values: bool,
    problems: &'a mut Collector,
}

fn walk(node: &mut Node, path: Path, filler: &mut Filler) {
    match &mut node.value {
        Value::Scalar(_) => filler.fill(node, path),
        Value::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, path.index(index), filler);
            }
        }
        Value::Mapping(entries) => {
            for (key, entry) in entries.iter_mut() {
                walk(&mut entry.node, path.key(key), filler);
            }
        }
    }
}

impl Filler<'_> {
    fn fill(&mut self, node: &mut Node, path: Path) {
        let span = node.span;
        let Value::Scalar(scalar) = &mut node.value else { return };
        if !scalar.text.contains('$') {
            return;
        }
        let filled = variables::fill(&scalar.text, &|name| self.environment.get(name));
        for mistake in &filled.mistakes {
            let at = self.place(span, &scalar.text, mistake);
            self.report(at, path, mistake);
        }
        if !filled.mistakes.is_empty() {
            node.pruned.set(true);
        }
        if filled.text != scalar.text {
            for (value, written) in filled.values {
                self.problems.conceal(value, written);
            }
            scalar.written = Some(std::mem::replace(&mut scalar.text, filled.text));
        }
    }

    /// Where the mistake stands in the file: at the same `$`, counted from the start of the scalar.
    fn place(&self, span: Span, value: &str, mistake: &Mistake) -> Span {
        let written = self.problems.source_text(span).get(span.start as usize..span.end as usize).unwrap_or_default();
        let nth = value[..mistake.offset].matches('$').count();
        let Some((offset, _)) = written.match_indices('$').nth(nth) else { return span };
        let before = &written[..offset];
        let (line, column) = match before.rfind('\n') {
            None => (span.line, span.column + super::narrow(before.chars().count())),
            Some(end) => {
                let lines = before.matches('\n').count();
                (span.line + super::narrow(lines), super::narrow(before[end + 1..].chars().count() + 1))
            }
        };
        let start = span.start + super::narrow(offset);
        let end = (start + super::narrow(mistake.length)).min(span.end);
        Span { line, column, start, end: end.max(start), ..span }
    }

    fn report(&mut self, at: Span, path: Path, mistake: &Mistake) {
        let path = shown(&path.segments());
        if let MistakeKind::Unset(name) | MistakeKind::Required { name, .. } = &mistake.kind
            && !self.needs_values
            && path != "name"
        {
            self.problems.unset.insert(name.clone());
            return;
        }
        let (message, help) = match &mistake.kind {
            MistakeKind::Unset(name) => (format!("variable `{name}` is not set"), self.unset_help(name, &path)),
            MistakeKind::Required { name, message } if message.is_empty() => {
                (format!("variable `{name}` is needed, and not set or empty"), self.unset_help(name, &path))
            }
            MistakeKind::Required { name, message } => (
                format!("variable `{name}` is needed: {message}"),
                format!("set it: `export {name}=…`, or a line in `.env`"),
            ),
            MistakeKind::Malformed(message) => ((*message).to_owned(), "write `$$` for a dollar sign".to_owned()),
        };
        self.problems.error(at, &path, message, help);
    }

    fn unset_help(&self, name: &str, path: &str) -> String {
        if path.starts_with("dashboards.") || path.contains(".signals.") || name.starts_with("__") {
            return format!("in a query write `$${name}`: a single `$` begins a variable of the stack file");
        }
        let others = self.environment.names().filter(|other| *other != name);
        match suggest::nearest(name, others) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("set it, add it to `.env`, or give a default: `${{{name}:-…}}`"),
        }
    }
}
