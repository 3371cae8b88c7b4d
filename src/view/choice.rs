//! What a reader has chosen, as it stands in the page's address: time range, refresh, colours, variables.

use jiff::Zoned;

use super::when;
use crate::dashboard::Span;

/// Lengths that one click chooses.
pub(super) const LENGTHS: [&str; 9] = ["5m", "15m", "1h", "3h", "6h", "24h", "2d", "7d", "30d"];

/// Seconds between two refreshes that can be chosen; 0: never.
pub(super) const REFRESHES: [u32; 6] = [0, 5, 10, 30, 60, 300];

/// What a variable's name has before it in an address, so that none can be taken for one of stackctl's own.
const VARIABLE: &str = "var-";

/// What a reader has chosen. What is `None` is as the dashboard has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Choice {
    /// The range as it was written: a length that ends now, or from when to when.
    pub(super) range: Option<String>,
    /// Another end of the range, seconds since 1970.
    pub(super) end: Option<i64>,
    /// Seconds between two refreshes; 0: never.
    pub(super) refresh: Option<u32>,
    /// `light` or `dark`; `None`: as the screen has it.
    pub(super) theme: Option<&'static str>,
    /// Drawings are as wide as a telephone. The page's script asks for it, so no link carries it.
    pub(super) is_narrow: bool,
    /// The reader asks for them, whose browser runs no script: every link carries it.
    pub(super) stays_narrow: bool,
    /// Variables and values, as they came.
    pub(super) variables: Vec<(String, String)>,
}

impl Choice {
    /// Reads the pairs of an address; the second: what is wrong with them, in words. What is wrong is as if not there.
    pub(super) fn of(pairs: &[(String, String)], now: &Zoned) -> (Self, Vec<String>) {
        let mut choice = Self::default();
        let mut wrong = Vec::new();
        for (key, value) in pairs {
            match key.as_str() {
                "range" if when::ends(value, now).is_some() => choice.range = Some(value.clone()),
                "range" => wrong.push(format!(
                    "`{value}` is no time to show: write a length such as 90m or 6h, or `now-1d/d to now-1d/d`"
                )),
                "end" => match value.parse() {
                    Ok(end) if (0..=253_402_207_200).contains(&end) => choice.end = Some(end),
                    _ => wrong.push(format!("`{value}` is no moment: write seconds since 1970")),
                },
                "refresh" => match value.parse().ok().and_then(when::refresh) {
                    Some(refresh) => choice.refresh = Some(refresh),
                    None => wrong.push(format!("`{value}` is no number of seconds between two refreshes")),
                },
                "theme" => choice.theme = ["light", "dark"].into_iter().find(|theme| theme == value),
                "narrow" => {
                    choice.stays_narrow = value == "always";
                    choice.is_narrow = choice.stays_narrow || value == "1";
                }
                _ => choice.variables.extend(key.strip_prefix(VARIABLE).map(|name| (name.to_owned(), value.clone()))),
            }
        }
        // From when to when says both ends.
        choice.end = choice.end.filter(|_| choice.range.as_deref().and_then(Span::parse).is_none());
        (choice, wrong)
    }

    /// The pairs that `of` reads.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self.range.iter().map(|range| ("range".to_owned(), range.clone())).collect();
        pairs.extend(self.end.map(|end| ("end".to_owned(), end.to_string())));
        pairs.extend(self.refresh.map(|refresh| ("refresh".to_owned(), refresh.to_string())));
        pairs.extend(self.theme.map(|theme| ("theme".to_owned(), theme.to_owned())));
        pairs.extend(self.stays_narrow.then(|| ("narrow".to_owned(), "always".to_owned())));
        pairs.extend(self.variables.iter().map(|(name, value)| (format!("{VARIABLE}{name}"), value.clone())));
        pairs
    }

    /// The address of a dashboard with these choices, seen from another dashboard: it holds whatever a proxy has put
    /// before it.
    pub(super) fn href(&self, uid: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish();
        let before = if query.is_empty() { "" } else { "?" };
        format!("../d/{uid}{before}{query}")
    }

    /// Name of a variable's field in a form.
    pub(super) fn field(variable_name: &str) -> String {
        format!("{VARIABLE}{variable_name}")
    }
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use super::Choice;

    fn of(query: &str) -> (Choice, Vec<String>) {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Choice::of(&pairs, &Zoned::now())
    }

    #[test]
    fn an_address_keeps_every_choice() {
        let (choice, wrong) = of("range=90m&end=1795441031&refresh=5&theme=dark&var-job=a%26b&var-job=c");
        assert_eq!(wrong, Vec::<String>::new());
        let (_, query) =
            choice.href("web").split_once('?').map(|(path, query)| (path.to_owned(), query.to_owned())).expect("pairs");
        assert_eq!(of(&query).0, choice);
        assert_eq!(choice.variables, [("job".to_owned(), "a&b".to_owned()), ("job".to_owned(), "c".to_owned())]);
    }

    #[test]
    fn the_width_of_the_screen_is_in_no_link_and_links_hold_below_any_path() {
        let (choice, _) = of("narrow=1&theme=dark");
        assert!(choice.is_narrow);
        assert_eq!(choice.href("web"), "../d/web?theme=dark");
    }

    #[test]
    fn what_nobody_has_chosen_is_in_no_link_so_that_another_dashboard_shows_its_own() {
        assert_eq!(of("").0.href("web"), "../d/web");
        assert_eq!(of("range=6h&refresh=30").0.href("web"), "../d/web?range=6h&refresh=30");
        let (whole, _) = of("range=now-1d/d+to+now-1d/d&end=1795441031");
        assert_eq!(whole.end, None, "it is said already");
        assert_eq!(whole.range.as_deref(), Some("now-1d/d to now-1d/d"));
    }

    #[test]
    fn drawings_for_a_telephone_stay_so_where_the_reader_asks_for_them() {
        let (choice, _) = of("narrow=always");
        assert!(choice.is_narrow);
        assert_eq!(choice.href("web"), "../d/web?narrow=always");
    }

    #[test]
    fn what_is_wrong_is_said_and_the_usual_holds() {
        for query in ["range=banana", "range=1s", "range=99y", "end=-1", "end=tomorrow", "refresh=1", "refresh=x"] {
            let (choice, wrong) = of(query);
            assert_eq!(wrong.len(), 1, "{query}");
            assert_eq!(choice, of("").0, "{query}");
        }
    }
}
