//! How many of something, in words.

/// `1 service`, `2 services`; what ends in `y` or a hiss as English has it: `2 queries`, `2 boxes`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {}", plural(thing)) }
}

fn plural(thing: &str) -> String {
    let before_y = thing.strip_suffix('y').filter(|rest| !rest.ends_with(['a', 'e', 'i', 'o', 'u']));
    match before_y {
        Some(rest) => format!("{rest}ies"),
        None if thing.ends_with(['s', 'x']) || thing.ends_with("ch") => format!("{thing}es"),
        None => format!("{thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_one_and_everything_else_is_many() {
        for (count, thing, expected) in [
            (0, "step", "0 steps"),
            (1, "replica", "1 replica"),
            (2, "replica", "2 replicas"),
            (3, "query", "3 queries"),
            (2, "day", "2 days"),
            (2, "box", "2 boxes"),
            (1, "series", "1 series"),
        ] {
            assert_eq!(counted(count, thing), expected);
        }
    }
}
