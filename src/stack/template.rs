//! Prometheus' templates in labels and annotations: what can be seen to be wrong without running them.

/// What Prometheus' templates know without a word.
pub(super) const TEMPLATE_VARIABLES: [&str; 4] = ["labels", "value", "externalLabels", "externalURL"];

/// What is wrong with a template; `labels`: those that the alert has, where that is known.
pub(super) fn mistake(template: &str, labels: Option<&[String]>) -> Option<String> {
    let mut rest = template;
    let mut own: Vec<&str> = Vec::new();
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { return Some("a `{{` that is never closed".to_owned()) };
        let action = &rest[start + 2..start + end];
        own.extend(defined(action));
        if let Some(wrong) = variables(action).find_map(|(name, field)| unknown(name, field, &own, labels)) {
            return Some(wrong);
        }
        rest = &rest[start + end + 2..];
    }
    None
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
        assert_eq!(
            mistake("{{ $labels.pod }}", Some(&[])).as_deref(),
            Some("the alert has no label `pod`: what it asks keeps no label")
        );
    }
}
