//! Which characters the terminal shows, as far as its locale tells.

/// Whether the locale is one of ASCII or another narrow set. Where no locale is set, as in most containers, nothing speaks
/// against UTF-8.
pub(super) fn is_ascii_only() -> bool {
    let set = |name: &str| std::env::var(name).ok();
    is_narrow([set("LC_ALL"), set("LC_CTYPE"), set("LANG")])
}

/// The first that is set counts.
fn is_narrow(set: [Option<String>; 3]) -> bool {
    let locale = set.into_iter().flatten().find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !(locale.contains("utf-8") || locale.contains("utf8"))
    })
}

#[cfg(test)]
mod tests {
    use super::is_narrow;

    #[test]
    fn the_first_locale_that_is_set_counts() {
        let of = |all: &str, kind: &str, language: &str| {
            is_narrow([all, kind, language].map(|value| Some(value).filter(|value| *value != "-").map(str::to_owned)))
        };
        assert!(of("C", "-", "en_US.UTF-8") && of("-", "POSIX", "-") && of("", "-", "de_DE.ISO-8859-1"));
        assert!(!of("C.UTF-8", "C", "C") && !of("-", "-", "en_US.utf8") && !of("-", "-", "-") && !of("", "", ""));
    }
}
