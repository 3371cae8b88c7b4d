//! Grafana's macros and variables in a query, replaced by what a Prometheus understands.

/// What stands for macros and variables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filling {
    /// `$__rate_interval`, in seconds: four scrapes, so that a rate has something to go by.
    pub rate_interval: f64,
    /// `$__interval`, in seconds: time between two points.
    pub interval: f64,
    /// `$__range`, in seconds: what is shown as a whole.
    pub range: f64,
    /// End of what is shown, seconds since 1970: `$__to`, and `$__from` the range before it.
    pub end: f64,
    /// Variables and their values, ready to stand in a matcher: `.*` for all.
    pub variables: Vec<(String, String)>,
}

/// Where in a query a variable stands: it decides what can stand in for one without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Inside quotes of that kind: `job=~"$job"`.
    Text(char),
    /// Inside brackets: `[$interval]`.
    Range,
    /// Anywhere else: a label, a name, a number.
    Word,
}

/// A reference to a variable: `$name`, `${name}`, `${name:format}`, `[[name]]`.
struct Reference<'a> {
    name: &'a str,
    /// What stands behind a colon.
    format: &'a str,
    /// Bytes it takes.
    length: usize,
}

/// The query with every macro and variable replaced. What has no value is replaced by what can stand in its place:
/// `.*` in quotes, the interval in brackets, `unknown` elsewhere.
pub fn fill(query: &str, filling: &Filling) -> String {
    let mut filled = String::with_capacity(query.len());
    scan(query, |piece| match piece {
        Piece::Plain(text) => filled.push_str(text),
        Piece::Reference(found, place) => filled.push_str(&value(&found, place, filling)),
    });
    filled
}

/// Words for people, such as a title, with the variables that are known filled in; everything else stays as it is.
pub fn fill_words(text: &str, values: &[(String, String)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let found = reference(rest).and_then(|found| {
            let (_, value) = values.iter().find(|(name, _)| name == found.name)?;
            Some((value, found.length))
        });
        let length = found.map_or(character.len_utf8(), |(_, length)| length);
        filled.push_str(found.map_or(&rest[..length], |(value, _)| value));
        rest = &rest[length..];
    }
    filled
}

/// The names of the variables that a query uses, macros aside, each once.
pub fn variables(query: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    scan(query, |piece| {
        if let Piece::Reference(Reference { name, .. }, _) = piece
            && !name.starts_with("__")
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    });
    names
}

enum Piece<'a> {
    Plain(&'a str),
    Reference(Reference<'a>, Place),
}

/// Goes through the query, piece by piece.
fn scan<'a>(query: &'a str, mut take: impl FnMut(Piece<'a>)) {
    let mut quote = None;
    let mut in_brackets = false;
    let mut plain = 0;
    let mut position = 0;
    // A comment is no place for quotes: the one in `# it's` opens nothing.
    let mut in_comment = false;
    while let Some(character) = query[position..].chars().next() {
        let place = if let Some(quote) = quote {
            Place::Text(quote)
        } else if in_brackets {
            Place::Range
        } else {
            Place::Word
        };
        if let Some(reference) = reference(&query[position..]) {
            take(Piece::Plain(&query[plain..position]));
            position += reference.length;
            take(Piece::Reference(reference, place));
            plain = position;
            continue;
        }
        match (quote, character) {
            (_, '\n') if in_comment => in_comment = false,
            _ if in_comment => {}
            (None, '#') => in_comment = true,
            (Some('"' | '\''), '\\') => {
                position += query[position + 1..].chars().next().map_or(0, char::len_utf8);
            }
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '[') => in_brackets = true,
            (None, ']') => in_brackets = false,
            _ => {}
        }
        position += character.len_utf8();
    }
    take(Piece::Plain(&query[plain..]));
}

/// The reference that the text begins with.
fn reference(text: &str) -> Option<Reference<'_>> {
    let (name, length) = if let Some(rest) = text.strip_prefix("${") {
        let end = rest.find('}')?;
        (&rest[..end], end + 3)
    } else if let Some(rest) = text.strip_prefix("[[") {
        let end = rest.find("]]")?;
        (&rest[..end], end + 4)
    } else {
        let rest = text.strip_prefix('$')?;
        let end = rest.find(|character: char| !is_word(character)).unwrap_or(rest.len());
        (&rest[..end], end + 1)
    };
    let (name, format) = name.split_once(':').unwrap_or((name, ""));
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    (starts_well && name.chars().all(is_word)).then_some(Reference { name, format, length })
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// A moment as `$__from` and `$__to` write it: in milliseconds, or as the format wants it.
fn moment(seconds: f64, format: &str) -> String {
    let milliseconds = (seconds * 1000.0).round();
    match format {
        "date:seconds" => format!("{}", (milliseconds / 1000.0).floor()),
        #[expect(clippy::cast_possible_truncation, reason = "the cast keeps to the ends of the range")]
        "date" | "date:iso" => jiff::Timestamp::from_millisecond(milliseconds as i64)
            .map_or_else(|_| format!("{milliseconds}"), |moment| format!("{moment:.3}")),
        _ => format!("{milliseconds}"),
    }
}

fn value(&Reference { name, format, .. }: &Reference, place: Place, filling: &Filling) -> String {
    let in_seconds = |seconds: f64| format!("{}s", seconds.max(1.0).ceil());
    match name {
        "__rate_interval" => return in_seconds(filling.rate_interval),
        "__interval" => return in_seconds(filling.interval),
        "__range" => return in_seconds(filling.range),
        "__range_s" => return format!("{}", filling.range.max(1.0).ceil()),
        "__rate_interval_ms" => return format!("{}", (filling.rate_interval * 1000.0).ceil()),
        "__interval_ms" => return format!("{}", (filling.interval * 1000.0).ceil()),
        "__from" => return moment(filling.end - filling.range, format),
        "__to" => return moment(filling.end, format),
        "__range_ms" => return format!("{}", (filling.range * 1000.0).ceil()),
        _ => {}
    }
    let chosen = filling.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    match (chosen, place) {
        // Between backticks nothing can be escaped.
        (Some(value), Place::Text(quote)) if quote != '`' => value.replace(quote, &format!("\\{quote}")),
        (Some(value), _) => value.clone(),
        (None, Place::Text(_)) => ".*".to_owned(),
        (None, Place::Range) => in_seconds(filling.rate_interval),
        (None, Place::Word) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Filling, fill, fill_words, variables};

    fn filling() -> Filling {
        let variables = vec![("job".to_owned(), "web".to_owned()), ("instance".to_owned(), ".*".to_owned())];
        Filling { rate_interval: 60.0, interval: 15.0, range: 3600.0, end: 1_795_441_031.0, variables }
    }

    #[test]
    fn macros_and_variables_are_replaced_in_every_way_to_write_them() {
        for (query, expected) in [
            ("up", "up"),
            ("rate(a[$__rate_interval])", "rate(a[60s])"),
            ("rate(a[${__rate_interval}])", "rate(a[60s])"),
            ("a[$__range] / $__range_s", "a[3600s] / 3600"),
            (r#"up{job="$job",instance=~"${instance:regex}"}"#, r#"up{job="web",instance=~".*"}"#),
            (r#"up{job="[[job]]"}"#, r#"up{job="web"}"#),
            (r#"up{pod="$pod"}"#, r#"up{pod=".*"}"#),
            ("rate(a[$window])", "rate(a[60s])"),
            ("sum by ($label) (a)", "sum by (unknown) (a)"),
            (r#"a{b=~"c$"}"#, r#"a{b=~"c$"}"#),
            (r#"a{b=~"c\"$job"}"#, r#"a{b=~"c\"web"}"#),
            ("a{b='$job'}[5m]", "a{b='web'}[5m]"),
            ("time() * 1000 - $__from + ${__to}", "time() * 1000 - 1795437431000 + 1795441031000"),
            ("a[${__interval}] + $__interval_ms", "a[15s] + 15000"),
            ("vector(${__to:date:seconds}) - ${__from:date:seconds}", "vector(1795441031) - 1795437431"),
            (r#"a{b="${__to:date}"}"#, r#"a{b="2026-11-23T13:37:11.000Z"}"#),
            ("up{job=~\"${job:pipe}\"} # it's $job\n> [[__range_s]]", "up{job=~\"web\"} # it's web\n> 3600"),
            ("a # \"quoted\n[$window]", "a # \"quoted\n[60s]"),
        ] {
            assert_eq!(fill(query, &filling()), expected, "{query}");
        }
    }

    #[test]
    fn a_value_with_quotes_does_not_end_the_text_that_it_stands_in() {
        let variables = vec![("code".to_owned(), r#"4".."#.to_owned())];
        let filling = Filling { variables, ..filling() };
        assert_eq!(fill(r#"a{code=~"$code"}"#, &filling), r#"a{code=~"4\".."}"#);
        assert_eq!(fill("a{code=~'$code'}", &filling), r#"a{code=~'4"..'}"#);
    }

    #[test]
    fn words_have_the_variables_that_are_known() {
        let values = [("job".to_owned(), "web".to_owned())];
        let filled = fill_words("$job, [[job]] and ${job:text}: $5 for $other, 100 $ é", &values);
        assert_eq!(filled, "web, web and web: $5 for $other, 100 $ é");
    }

    #[test]
    fn the_variables_of_a_query_are_told_once_and_macros_are_none() {
        let query = r#"rate(a{job="$job",x="${job}"}[$__rate_interval]) + on([[label:csv]]) b"#;
        assert_eq!(variables(query), ["job", "label"]);
    }

    #[test]
    fn no_text_makes_it_panic() {
        for query in ["$", "${", "[[", "${}", "[[]]", "\"\\", "é$é", "`${job`", "a[[b]", "\\"] {
            let _ = (fill(query, &filling()), variables(query));
        }
    }
}
