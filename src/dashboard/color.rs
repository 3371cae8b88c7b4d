//! Colours by name, so that each place that draws picks the shade that can be read there.

use std::fmt;

/// A colour by its family. Whoever draws picks a shade that can be told apart on its background.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Color {
    /// All is well.
    #[default]
    Green,
    /// Look at it.
    Yellow,
    /// Look at it soon.
    Orange,
    /// Broken.
    Red,
    /// Neither good nor bad.
    Blue,
    /// Neither good nor bad, told apart from blue.
    Purple,
    /// The colour of text.
    Text,
    /// As written in Grafana's JSON: `#EAB839`, `rgba(50, 172, 45, 0.97)`.
    Custom(String),
}

/// Families by the word that Grafana's names end in: `semi-dark-orange` is an orange.
const FAMILIES: &[(&str, Color)] = &[
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("orange", Color::Orange),
    ("red", Color::Red),
    ("blue", Color::Blue),
    ("purple", Color::Purple),
    ("text", Color::Text),
];

impl Color {
    /// The colour of that name in Grafana's JSON or the stack file.
    pub fn parse(name: &str) -> Self {
        let family = name.rsplit('-').next().unwrap_or(name);
        let known = FAMILIES.iter().find(|(word, _)| *word == family);
        known.map_or_else(|| Self::Custom(name.to_owned()), |(_, color)| color.clone())
    }
}

/// As Grafana's JSON names it.
impl fmt::Display for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(name) => formatter.write_str(name),
            family => {
                let (word, _) = FAMILIES.iter().find(|(_, color)| color == family).expect("every family has a word");
                formatter.write_str(word)
            }
        }
    }
}
