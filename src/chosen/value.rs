//! One variable: what is chosen of it, and what that puts into a query and into words.

use crate::dashboard::{Variable, VariableSource};

/// Stands for "all" in an address.
const ALL: &str = "$__all";

/// Stands for the length of time that fits to what is shown.
const AUTO: &str = "auto";

/// Choices beyond this many make a page slow and nobody's life easier.
const MOST: usize = 500;

/// One variable, its choices and what is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The variable.
    pub variable: Variable,
    /// Everything that can be chosen, "all" and "auto" aside.
    pub options: Vec<String>,
    /// What is chosen; empty: all.
    pub values: Vec<String>,
    /// What stands for "auto" in a query, such as `120s`; empty: there is none.
    pub auto: String,
}

/// What a page offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Value, what is read, whether it is chosen.
    pub listed: Vec<(String, String, bool)>,
    /// How many more there are.
    pub more: usize,
}

/// What was asked for, else the variable's own wish where it can be had, else all, else the first.
pub(super) fn pick(variable: &Variable, options: &[String], mut asked: Vec<String>) -> Vec<String> {
    if asked.is_empty() {
        let can_be_had = |value: &&String| {
            options.is_empty() || options.contains(value) || is_auto(value) && variable.auto.is_some()
        };
        asked.extend(variable.default.iter().filter(can_be_had).cloned());
    }
    // In the one way to write it; where there is no such choice, Grafana's word for it would be no length of time.
    asked.retain(|value| variable.auto.is_some() || !value.starts_with("$__auto"));
    if variable.auto.is_some() {
        asked.iter_mut().filter(|value| is_auto(value)).for_each(|value| AUTO.clone_into(value));
    }
    if asked.is_empty()
        && let VariableSource::Text(text) = &variable.source
    {
        asked.push(text.clone());
    }
    let all = asked.iter().any(|value| value == ALL || value == "All") || asked.is_empty();
    if all && variable.include_all {
        return Vec::new();
    }
    asked.retain(|value| value != ALL && value != "All");
    if asked.is_empty() {
        let auto = variable.auto.map(|_| AUTO.to_owned());
        asked.extend(auto.or_else(|| options.first().cloned()));
    }
    if !variable.multi {
        asked.truncate(1);
    }
    asked
}

fn is_auto(value: &str) -> bool {
    value == AUTO || value.starts_with("$__auto")
}

impl Chosen {
    /// Name, and what stands for it in a query: ready to stand in a matcher, and unable to leave it.
    pub fn pair(&self) -> (String, String) {
        let value = match self.values.as_slice() {
            [] => self.all(),
            [one] => return self.pair_of(one),
            several => any_of(several),
        };
        (self.variable.name.clone(), value)
    }

    /// What stands for "all", as Grafana has it: the variable's own word for it, else every choice.
    fn all(&self) -> String {
        match (&self.variable.all_value, self.options.as_slice()) {
            (Some(all), _) => all.clone(),
            // Not one of which all can be chosen: there is nothing to choose, and nothing is known of it.
            (None, []) if !self.variable.include_all => ".*".to_owned(),
            (None, []) => String::new(),
            (None, [one]) => self.pair_of(one).1,
            (None, several) => any_of(several),
        }
    }

    /// The same for one value alone.
    pub fn pair_of(&self, value: &str) -> (String, String) {
        let matches = self.variable.multi || self.variable.include_all;
        let value = match value {
            AUTO if !self.auto.is_empty() => self.auto.clone(),
            value if matches => escaped(&pattern(value)),
            value => escaped(value),
        };
        (self.variable.name.clone(), value)
    }

    /// Each value that is chosen.
    pub fn each(&self) -> &[String] {
        if self.values.is_empty() { &self.options } else { &self.values }
    }

    /// Name, and what a person reads in its place.
    pub fn words(&self) -> (String, String) {
        let texts: Vec<&str> = self.values.iter().map(|value| self.variable.text_of(value)).collect();
        let text = if texts.is_empty() { "All".to_owned() } else { texts.join(" + ") };
        (self.variable.name.clone(), text)
    }

    /// What a page offers; what is chosen is always among it.
    pub fn choices(&self) -> Choices {
        let all = self.variable.include_all.then(|| (ALL.to_owned(), "All".to_owned(), self.values.is_empty()));
        let is_chosen = |value: &String| self.values.contains(value);
        let auto = self.variable.auto.map(|_| AUTO.to_owned());
        let (shown, rest) = self.options.split_at(self.options.len().min(MOST));
        let elsewhere = self.values.iter().filter(|value| !shown.contains(value) && Some(*value) != auto.as_ref());
        let more = rest.iter().filter(|value| !is_chosen(value)).count();
        let values = auto.iter().chain(shown).chain(elsewhere);
        let values = values.map(|value| (value.clone(), self.variable.text_of(value).to_owned(), is_chosen(value)));
        Choices { listed: all.into_iter().chain(values).collect(), more }
    }
}

/// A regular expression that matches each of the values and nothing else, as it stands between quotes.
fn any_of(values: &[String]) -> String {
    let patterns: Vec<String> = values.iter().map(|value| escaped(&pattern(value))).collect();
    format!("({})", patterns.join("|"))
}

/// A regular expression that matches the value alone.
fn pattern(value: &str) -> String {
    let mut pattern = String::with_capacity(value.len());
    for character in value.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// As it stands between quotes of `PromQL`.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::AutoInterval;

    fn owned(list: &[&str]) -> Vec<String> {
        list.iter().map(|one| (*one).to_owned()).collect()
    }

    fn of(variable: Variable, options: &[&str], asked: &[&str]) -> Chosen {
        let options = owned(options);
        let values = pick(&variable, &options, owned(asked));
        let auto = variable.auto.map(|auto| auto.of(3600.0)).unwrap_or_default();
        Chosen { variable, options, values, auto }
    }

    fn variable(multi: bool, include_all: bool) -> Variable {
        Variable { name: "job".to_owned(), multi, include_all, ..Variable::default() }
    }

    fn value(multi: bool, include_all: bool, asked: &[&str]) -> String {
        of(variable(multi, include_all), &["a", "b"], asked).pair().1
    }

    #[test]
    fn what_is_chosen_stands_in_a_matcher() {
        assert_eq!(value(true, true, &[]), "(a|b)");
        assert_eq!(value(true, true, &["$__all"]), "(a|b)");
        assert_eq!(value(false, false, &[]), "a");
        assert_eq!(value(false, false, &["b", "a"]), "b");
        assert_eq!(value(true, false, &["a.b:80", "c"]), r"(a\\.b:80|c)");
    }

    #[test]
    fn all_are_the_choices_that_there_are_or_the_variables_own_word_for_it() {
        let all = |all_value: Option<&str>, options: &[&str]| {
            let all_value = all_value.map(str::to_owned);
            of(Variable { all_value, ..variable(true, true) }, options, &[]).pair().1
        };
        assert_eq!(all(None, &["image.a", "b|c"]), r"(image\\.a|b\\|c)");
        assert_eq!(all(None, &["a.b"]), r"a\\.b");
        assert_eq!(all(None, &[]), "", "nothing is chosen where there is nothing to choose");
        assert_eq!(all(Some("io.*"), &["iotd", "node"]), "io.*");
        assert_eq!(of(variable(false, false), &[], &[]).pair().1, ".*");
    }

    #[test]
    fn what_was_chosen_in_grafana_comes_first_where_it_is_still_there() {
        let saved = |multi, default: &[&str], asked: &[&str]| {
            of(Variable { default: owned(default), ..variable(multi, multi) }, &["a", "b", "c"], asked).values
        };
        assert_eq!(saved(false, &["b"], &[]), ["b"]);
        assert_eq!(saved(true, &["b", "c"], &[]), ["b", "c"]);
        assert_eq!(saved(false, &["gone"], &[]), ["a"]);
        assert_eq!(saved(true, &["gone"], &[]), Vec::<String>::new(), "all");
        assert_eq!(saved(false, &["b"], &["c"]), ["c"]);
    }

    #[test]
    fn auto_is_a_length_of_time_and_grafanas_word_for_it_is_never_seen() {
        let auto = Some(AutoInterval::default());
        let interval = |auto, asked: &[&str]| {
            let default = owned(&["$__auto_interval_job"]);
            of(Variable { default, auto, ..variable(false, false) }, &["1m", "5m"], asked)
        };
        for asked in [&[][..], &["auto"], &["$__auto"], &["$__auto_interval_job"]] {
            let chosen = interval(auto, asked);
            assert_eq!(chosen.pair().1, "120s", "{asked:?}");
            let listed: Vec<_> = chosen.choices().listed.into_iter().map(|(value, ..)| value).collect();
            assert_eq!(listed, ["auto", "1m", "5m"], "{asked:?}");
        }
        assert_eq!(interval(auto, &["5m"]).pair().1, "5m");
        assert_eq!(interval(None, &["$__auto_interval_job"]).pair().1, "1m");
    }

    #[test]
    fn texts_are_read_and_values_are_asked_for() {
        let texts = vec![("iotd".to_owned(), "The iotd".to_owned())];
        let chosen = of(Variable { texts, ..variable(false, false) }, &["iotd", "node"], &["iotd"]);
        assert_eq!((chosen.pair().1.as_str(), chosen.words().1.as_str()), ("iotd", "The iotd"));
        assert_eq!(chosen.choices().listed[0], ("iotd".to_owned(), "The iotd".to_owned(), true));
    }

    #[test]
    fn what_is_not_listed_is_counted_and_what_is_chosen_is_listed() {
        let many: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let choices = of(variable(true, true), &many, &["2999"]).choices();
        assert_eq!((choices.listed.len(), choices.more), (1 + MOST + 1, 3000 - MOST - 1));
        assert!(choices.listed.iter().any(|(value, _, is_chosen)| value == "2999" && *is_chosen));
        assert!(of(variable(true, true), &many, &[]).pair().1.ends_with("|2999)"), "all are all");
    }

    #[test]
    fn what_is_asked_for_cannot_leave_its_quotes() {
        assert_eq!(value(false, false, &["\"} or up{x=\""]), "\\\"} or up{x=\\\"");
        assert_eq!(value(false, false, &["\\"]), r"\\");
    }
}
