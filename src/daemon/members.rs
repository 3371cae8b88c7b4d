//! Where the members of a JSON object stand in its text. Takes text that a JSON parser has accepted already.

use std::ops::Range;

/// One member of an object, or one item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The key, unescaped; empty for the item of a list.
    pub(super) name: String,
    /// Where the key stands, quotes included; empty for the item of a list.
    pub(super) key: Range<usize>,
    /// Where the value stands.
    pub(super) value: Range<usize>,
}

/// The members of the object, or the items of the list, that stands in that range of the text.
pub(super) fn members(text: &str, container: &Range<usize>) -> Vec<Member> {
    let bytes = text.as_bytes();
    let is_object = bytes[container.start] == b'{';
    let mut found = Vec::new();
    let mut at = container.start + 1;
    loop {
        at = after_space(bytes, at);
        match bytes[at] {
            b'}' | b']' => return found,
            b',' => at += 1,
            _ => {
                let key = at..if is_object { string_end(bytes, at) } else { at };
                let value_start = if is_object {
                    let colon = after_space(bytes, key.end);
                    after_space(bytes, colon + 1)
                } else {
                    at
                };
                let value = value_start..value_end(bytes, value_start);
                at = value.end;
                let written = &text[key.clone()];
                let name = serde_json::from_str(written).unwrap_or_else(|_| written.to_owned());
                found.push(Member { name, key, value });
            }
        }
    }
}

/// Where the outermost value stands, white space aside.
pub(super) fn outermost(text: &str) -> Range<usize> {
    let start = after_space(text.as_bytes(), 0);
    start..text.trim_end().len()
}

fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// First byte behind the string that begins there.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// First byte behind the value that begins there.
fn value_end(bytes: &[u8], start: usize) -> usize {
    match bytes[start] {
        b'"' => string_end(bytes, start),
        b'{' | b'[' => container_end(bytes, start),
        _ => {
            let length = bytes[start..].iter().take_while(|byte| !b",]} \t\r\n".contains(byte)).count();
            start + length
        }
    }
}

fn container_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_where_they_stand() {
        let text = " { \"a\" : [1, {\"x\": \"}\"}] ,\n\"b\\\"c\":\"\\\\\", \"d\": -1.5e3}\n";
        let found = members(text, &outermost(text));
        let shown: Vec<_> = found.iter().map(|member| (member.name.as_str(), &text[member.value.clone()])).collect();
        assert_eq!(shown, [("a", "[1, {\"x\": \"}\"}]"), ("b\"c", "\"\\\\\""), ("d", "-1.5e3")]);
    }

    #[test]
    fn items_of_a_list_have_no_names() {
        let text = "[ {\"a\":1},2 ]";
        let found = members(text, &outermost(text));
        assert_eq!(found.iter().map(|item| &text[item.value.clone()]).collect::<Vec<_>>(), ["{\"a\":1}", "2"]);
    }

    #[test]
    fn nothing_is_found_in_what_is_empty() {
        assert_eq!(members("{\n}", &(0..3)), []);
    }
}
