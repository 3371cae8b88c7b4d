//! Changes one place of a `daemon.json` and leaves every other byte alone, in the way the file itself is written.

use std::ops::Range;

use serde_json::Value;

use super::Document;
use super::members::{Member, outermost};

/// How a file is written.
struct Style {
    newline: &'static str,
    /// One step of indentation.
    unit: String,
    /// What stands between a key and its value, such as `: `.
    colon: String,
}

impl Document {
    /// The same with one setting at the top.
    #[must_use]
    pub fn setting(&self, name: &str, value: &Value) -> Self {
        self.with(&[name], value)
    }

    /// The same with this value below a path of keys: put in place of what is there, else behind the last member.
    pub(super) fn with(&self, path: &[&str], value: &Value) -> Self {
        let (last, above) = path.split_last().expect("a path has at least one key");
        let Some(members) = self.members_at(above) else { return self.with_object_for(above, last, value) };
        match members.iter().find(|member| member.name == *last) {
            Some(member) if self.value_at(path).as_ref() == Some(value) => self.replaced(member.value.clone(), None),
            Some(member) => {
                let indent = self.indent_at(member.key.start);
                self.replaced(member.value.clone(), Some(&self.style().written(value, indent.as_deref())))
            }
            None => self.appended(above, &members, last, value),
        }
    }

    /// The same without what stands below a path of keys.
    pub(super) fn without(&self, path: &[&str]) -> Self {
        let (last, above) = path.split_last().expect("a path has at least one key");
        let members = self.members_at(above).unwrap_or_default();
        let Some(index) = members.iter().position(|member| member.name == *last) else { return self.clone() };
        let gone = &members[index];
        let range = match (index.checked_sub(1), members.get(index + 1)) {
            (_, Some(next)) => gone.key.start..next.key.start,
            (Some(before), None) => members[before].value.end..gone.value.end,
            (None, None) => return self.replaced(self.container(above), Some("{}")),
        };
        self.replaced(range, Some(""))
    }

    /// There is no object to put the member into: the file is empty, or something else stands there.
    fn with_object_for(&self, above: &[&str], last: &str, value: &Value) -> Self {
        let object = Value::Object([(last.to_owned(), value.clone())].into_iter().collect());
        if !above.is_empty() {
            return self.with(above, &object);
        }
        let mut fresh = self.clone();
        fresh.text = format!("{}\n", self.style().written(&object, Some("")));
        fresh
    }

    fn appended(&self, above: &[&str], members: &[Member], name: &str, value: &Value) -> Self {
        let style = self.style();
        let key = Value::from(name).to_string();
        let Some(last) = members.last() else {
            let container = self.container(above);
            let indent = if above.is_empty() { Some(String::new()) } else { self.indent_at(container.start) };
            let object = Value::Object([(name.to_owned(), value.clone())].into_iter().collect());
            return self.replaced(container, Some(&style.written(&object, indent.as_deref())));
        };
        let gap = self.gap_before_last(members, &style);
        let indent = gap.rsplit_once('\n').map(|(_, indent)| indent);
        let member = format!(",{gap}{key}{}{}", style.colon, style.written(value, indent));
        self.replaced(last.value.end..last.value.end, Some(&member))
    }

    /// What stands between two members, comma aside.
    fn gap_before_last(&self, members: &[Member], style: &Style) -> String {
        let last = members.last().expect("there is a last one");
        let before = &self.text[..last.key.start];
        let gap = &before[before.trim_end().len()..];
        let is_first = members.len() == 1;
        // `{"a": 1}`: nothing stands before the only key, and a space belongs before the second one.
        if is_first && !gap.contains('\n') {
            let is_airy = style.colon.ends_with(' ') || !gap.is_empty();
            return if is_airy { " ".to_owned() } else { String::new() };
        }
        // One line break is enough, whatever stands between the others.
        gap.rsplit_once('\n').map_or_else(|| gap.to_owned(), |(_, indent)| format!("{}{indent}", style.newline))
    }

    /// Where the object below a path of keys stands.
    fn container(&self, path: &[&str]) -> Range<usize> {
        match path.split_last() {
            None => outermost(&self.text),
            Some((last, above)) => {
                let members = self.members_at(above).unwrap_or_default();
                let member = members.into_iter().find(|member| member.name == *last);
                member.expect("the caller has found its members").value
            }
        }
    }

    /// The white space before what stands there, where its line begins with it.
    fn indent_at(&self, byte: usize) -> Option<String> {
        let (_, line) = self.text[..byte].rsplit_once('\n')?;
        let indent = &line[..line.len() - line.trim_start().len()];
        Some(indent.to_owned())
    }

    fn replaced(&self, range: Range<usize>, with: Option<&str>) -> Self {
        let mut changed = self.clone();
        if let Some(with) = with {
            changed.text.replace_range(range, with);
        }
        changed
    }

    fn style(&self) -> Style {
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let first = self.members_at(&[]).unwrap_or_default().into_iter().next();
        let colon = first.as_ref().map(|member| self.text[member.key.end..member.value.start].to_owned());
        let unit = first.and_then(|member| self.indent_at(member.key.start)).filter(|unit| !unit.is_empty());
        Style {
            newline,
            unit: unit.unwrap_or_else(|| "  ".to_owned()),
            // A line break after the colon is nothing to follow.
            colon: colon.filter(|colon| !colon.contains('\n')).unwrap_or_else(|| ": ".to_owned()),
        }
    }
}

impl Style {
    /// A value as this file would write it. `indent`: that of the line it begins on; `None`: all on one line.
    fn written(&self, value: &Value, indent: Option<&str>) -> String {
        let deeper = indent.map(|indent| format!("{indent}{}", self.unit));
        let parts: Vec<String> = match value {
            Value::Object(members) if !members.is_empty() => members
                .iter()
                .map(|(name, value)| {
                    format!("{}{}{}", Value::from(name.as_str()), self.colon, self.written(value, deeper.as_deref()))
                })
                .collect(),
            // The entries of a list of objects are short: each on a line of its own.
            Value::Array(items) if !items.is_empty() => items.iter().map(|item| self.written(item, None)).collect(),
            _ => return value.to_string(),
        };
        let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
        match (indent, deeper) {
            (Some(indent), Some(deeper)) => {
                let newline = self.newline;
                let separator = format!(",{newline}{deeper}");
                format!("{open}{newline}{deeper}{}{newline}{indent}{close}", parts.join(&separator))
            }
            _ if value.is_object() && self.colon.ends_with(' ') => format!("{open} {} {close}", parts.join(", ")),
            _ => format!("{open}{}{close}", parts.join(if self.colon.ends_with(' ') { ", " } else { "," })),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(text: &str, path: &[&str], value: &Value) -> String {
        let changed = Document::parse(text.as_bytes()).expect(text).with(path, value);
        Document::parse(changed.text.as_bytes()).expect("what is written can be read").text
    }

    fn without(text: &str, path: &[&str]) -> String {
        Document::parse(text.as_bytes()).expect(text).without(path).text
    }

    #[test]
    fn a_setting_is_added_as_the_file_is_written() {
        let added = |text| with(text, &["x"], &json!("1"));
        assert_eq!(added(""), "{\n  \"x\": \"1\"\n}\n");
        assert_eq!(added("{}\n"), "{\n  \"x\": \"1\"\n}\n");
        assert_eq!(added("{\n}"), "{\n  \"x\": \"1\"\n}");
        assert_eq!(added("{\"a\":1}"), "{\"a\":1,\"x\":\"1\"}");
        assert_eq!(added("{\"a\": 1}"), "{\"a\": 1, \"x\": \"1\"}");
        assert_eq!(added("{ \"a\": 1 }\n"), "{ \"a\": 1, \"x\": \"1\" }\n");
        assert_eq!(added("{\n\t\"a\": 1,\n\t\"b\": {}\n}"), "{\n\t\"a\": 1,\n\t\"b\": {},\n\t\"x\": \"1\"\n}");
        assert_eq!(added("{\r\n    \"a\" : 1\r\n}\r\n"), "{\r\n    \"a\" : 1,\r\n    \"x\" : \"1\"\r\n}\r\n");
        assert_eq!(added("{\n  \"a\": 1,\n\n  \"b\": 2\n}"), "{\n  \"a\": 1,\n\n  \"b\": 2,\n  \"x\": \"1\"\n}");
        assert_eq!(added("{ \"a\": 1\n, \"b\": 2\n}"), "{ \"a\": 1\n, \"b\": 2, \"x\": \"1\"\n}");
    }

    #[test]
    fn a_setting_is_changed_in_its_place() {
        assert_eq!(with("{\"x\" :  \"0\", \"b\": 2}", &["x"], &json!("1")), "{\"x\" :  \"1\", \"b\": 2}");
        let odd = "{ \"x\":\t\"\\u0031\" }";
        assert_eq!(with(odd, &["x"], &json!("1")), odd, "it says so already");
    }

    #[test]
    fn a_setting_inside_another_is_added_and_changed() {
        let opts = |text| with(text, &["log-opts", "max-size"], &json!("10m"));
        assert_eq!(opts("{\n  \"log-opts\": {}\n}"), "{\n  \"log-opts\": {\n    \"max-size\": \"10m\"\n  }\n}");
        assert_eq!(opts("{\n  \"a\": 1\n}"), "{\n  \"a\": 1,\n  \"log-opts\": {\n    \"max-size\": \"10m\"\n  }\n}");
        assert_eq!(
            opts("{\"log-opts\": {\"max-size\": \"1g\", \"tag\": \"x\"}}"),
            "{\"log-opts\": {\"max-size\": \"10m\", \"tag\": \"x\"}}"
        );
        assert_eq!(opts("{\"log-opts\":null}"), "{\"log-opts\":{\"max-size\":\"10m\"}}");
        assert_eq!(opts("{\"a\": 1}"), "{\"a\": 1, \"log-opts\": { \"max-size\": \"10m\" }}");
    }

    #[test]
    fn a_list_of_objects_has_a_line_for_each() {
        let pools = json!([{ "base": "10.1.0.0/16", "size": 24 }, { "base": "10.2.0.0/16", "size": 24 }]);
        assert_eq!(
            with("{\n  \"a\": 1\n}\n", &["pools"], &pools),
            "{\n  \"a\": 1,\n  \"pools\": [\n    { \"base\": \"10.1.0.0/16\", \"size\": 24 },\n    { \"base\": \
             \"10.2.0.0/16\", \"size\": 24 }\n  ]\n}\n"
        );
    }

    #[test]
    fn a_setting_is_taken_out_with_its_comma() {
        assert_eq!(without("{\n  \"x\": 1,\n  \"b\": 2\n}", &["x"]), "{\n  \"b\": 2\n}");
        assert_eq!(without("{\n  \"a\": 1,\n  \"x\": 2\n}\n", &["x"]), "{\n  \"a\": 1\n}\n");
        assert_eq!(without("{\n  \"x\": 2\n}\n", &["x"]), "{}\n");
        assert_eq!(without("{ \"a\": 1 }", &["x"]), "{ \"a\": 1 }");
        assert_eq!(without("", &["x"]), "");
    }
}
