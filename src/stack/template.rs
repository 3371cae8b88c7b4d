//! Prometheus' templates in labels and annotations: what can be seen to be wrong without running them.

/// What Prometheus' templates know without a word.
pub(super) const TEMPLATE_VARIABLES: [&str; 4] = ["labels", "value", "externalLabels", "externalURL"];

/// Functions and words that templates know: those of Go (`text/template`), and those of Prometheus (`template.go`).
const WORDS: [&str; 62] = [
    "if",
    "else",
    "end",
    "range",
    "with",
    "template",
    "define",
    "block",
    "break",
    "continue",
    "true",
    "false",
    "nil",
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "call",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "query",
    "first",
    "label",
    "value",
    "strvalue",
    "args",
    "tmpl",
    "sortByLabel",
    "reReplaceAll",
    "safeHtml",
    "match",
    "title",
    "toUpper",
    "toLower",
    "graphLink",
    "tableLink",
    "stripPort",
    "stripDomain",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "pathPrefix",
    "externalURL",
    "parseDuration",
    "toTime",
    "toDuration",
    "now",
    "urlQueryEscape",
];

/// What is wrong with a template; `labels`: those that the alert has, where that is known.
pub(super) fn mistake(template: &str, labels: Option<&[String]>) -> Option<String> {
    let mut rest = template;
    let mut own: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { return Some("a `{{` that is never closed".to_owned()) };
        let action = &rest[start + 2..start + end];
        own.extend(defined(action));
        if let Some(wrong) = variables(action).find_map(|(name, field)| unknown(name, field, &own, labels)) {
            return Some(wrong);
        }
        let words = words(action);
        if let Some(wrong) = words.iter().find_map(|word| unreadable(word)) {
            return Some(wrong);
        }
        match words.first().copied() {
            Some(block @ ("if" | "range" | "with" | "define" | "block")) => open.push(block),
            Some("end") if open.pop().is_none() => return Some("an `{{ end }}` of nothing".to_owned()),
            _ => {}
        }
        rest = &rest[start + end + 2..];
    }
    open.pop().map(|block| format!("a `{{{{ {block} … }}}}` without its `{{{{ end }}}}`"))
}

/// The words of an action that are no variable, field, number or text: functions and the language's own. A word with a `-` in
/// it, as a label's name that Go cannot read, comes as it is.
fn words(action: &str) -> Vec<&str> {
    let action = action.strip_prefix("- ").unwrap_or(action);
    let mut words = Vec::new();
    if action.trim_start().starts_with("/*") {
        return words;
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$' | '.');
    let mut rest = action;
    while let Some(first) = rest.chars().next() {
        if let quote @ ('"' | '`' | '\'') = first {
            rest = behind(rest, quote);
            continue;
        }
        if !is_part(first) {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let mut end = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
        let is_cut = rest[end..]
            .strip_prefix('-')
            .is_some_and(|after| after.starts_with(|next: char| next.is_ascii_alphabetic()));
        if is_cut {
            end = rest.find(|letter: char| !is_part(letter) && letter != '-').unwrap_or(rest.len());
        }
        if is_cut || first.is_ascii_alphabetic() || first == '_' {
            words.push(&rest[..end]);
        }
        rest = &rest[end..];
    }
    words
}

/// What follows behind a text in quotes.
fn behind(text: &str, quote: char) -> &str {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !is_escaped {
            return &text[at + 1..];
        }
        is_escaped = letter == '\\' && quote != '`' && !is_escaped;
    }
    ""
}

fn unreadable(word: &str) -> Option<String> {
    if word.contains('-') {
        let (path, label) = word.rsplit_once('.').unwrap_or(("$labels", word));
        return Some(format!("templates cannot read `{word}`: write `index {path} \"{label}\"`"));
    }
    let function = word.split('.').next().unwrap_or_default();
    (!WORDS.contains(&function)).then(|| format!("templates of Prometheus know no function `{function}`"))
}

/// The variables that an action makes: `$x := …`, `range $i, $x := …`.
fn defined(action: &str) -> impl Iterator<Item = &str> {
    let before = action.split_once(":=").map_or("", |(before, _)| before);
    variables(before).map(|(name, _)| name)
}

/// Every `$name`, and what follows after a `.`: `$labels.job` is `labels` and `job`.
fn variables(action: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    action.split('$').skip(1).map(move |rest| {
        let end = rest.find(|letter: char| !is_word(letter)).unwrap_or(rest.len());
        let field = rest[end..].strip_prefix('.').unwrap_or_default();
        let field_end = field.find(|letter: char| !is_word(letter)).unwrap_or(field.len());
        (&rest[..end], &field[..field_end])
    })
}

fn unknown(name: &str, field: &str, own: &[&str], labels: Option<&[String]>) -> Option<String> {
    // `$` alone is the whole of what a template is given.
    if name.is_empty() || own.contains(&name) {
        return None;
    }
    if !TEMPLATE_VARIABLES.contains(&name) {
        return Some(format!("templates of Prometheus know no `${name}`"));
    }
    let labels = labels.filter(|_| name == "labels" && !field.is_empty())?;
    if labels.iter().any(|label| label == field) {
        return None;
    }
    let kept = if labels.is_empty() {
        "no label".to_owned()
    } else {
        labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
    };
    Some(format!("the alert has no label `{field}`: what it asks keeps {kept}"))
}

#[cfg(test)]
mod tests {
    use super::mistake;

    #[test]
    fn a_template_that_is_right_is_passed() {
        for text in [
            "nothing to fill in",
            "{{ $labels.instance }} has {{ $value | humanize }}",
            "{{ with query \"up\" }}{{ . | first | value }}{{ end }}",
            "{{ range $i, $x := query \"up\" }}{{ $x.Labels.job }}{{ end }}",
            "{{ $externalLabels.region }} {{ $externalURL }} {{ $.Value }}",
            "costs 5 $",
            "{{- if gt $value 1.5 -}} {{ printf \"%.1f nope()\" (index $labels \"a-b\") }} {{- else }}{{/* nope */}}{{ end }}",
            "{{ $x := `}` }}{{ template \"t\" . }}{{ or $labels.a $labels.b }}",
        ] {
            assert_eq!(mistake(text, None), None, "{text}");
        }
    }

    #[test]
    fn what_a_template_cannot_know_is_named() {
        let labels = ["job".to_owned()];
        assert_eq!(mistake("{{ $label.job }}", None).as_deref(), Some("templates of Prometheus know no `$label`"));
        assert_eq!(mistake("{{ $value", None).as_deref(), Some("a `{{` that is never closed"));
        assert_eq!(
            mistake("{{ $labels.pod }}", Some(&labels)).as_deref(),
            Some("the alert has no label `pod`: what it asks keeps `job`")
        );
        assert_eq!(mistake("{{ $labels.job }}", Some(&labels)), None);
        for (text, told) in [
            ("{{ nope }}", "templates of Prometheus know no function `nope`"),
            ("{{ $value | humanise }}", "templates of Prometheus know no function `humanise`"),
            ("{{ $labels.a-b }}", "templates cannot read `$labels.a-b`: write `index $labels \"a-b\"`"),
            ("{{ range query \"up\" }}x", "a `{{ range … }}` without its `{{ end }}`"),
            ("x{{ end }}", "an `{{ end }}` of nothing"),
        ] {
            assert_eq!(mistake(text, None).as_deref(), Some(told), "{text}");
        }
        assert_eq!(
            mistake("{{ $labels.pod }}", Some(&[])).as_deref(),
            Some("the alert has no label `pod`: what it asks keeps no label")
        );
    }
}
