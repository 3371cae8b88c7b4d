//! Colours by name, so that each place that draws picks the shade that can be read there.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A colour by its family. Whoever draws picks a shade that can be told apart on its background.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// Families; Grafana's names end in their words: `semi-dark-orange` is an orange.
const FAMILIES: [Color; 7] =
    [Color::Green, Color::Yellow, Color::Orange, Color::Red, Color::Blue, Color::Purple, Color::Text];

impl Color {
    /// The colour of that name in Grafana's JSON or the stack file.
    pub fn parse(name: &str) -> Self {
        let family = name.rsplit('-').next().unwrap_or(name);
        let known = FAMILIES.into_iter().find(|color| color.name() == family);
        known.unwrap_or_else(|| Self::Custom(name.to_owned()))
    }

    /// As Grafana's JSON names it.
    pub fn name(&self) -> &str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Text => "text",
            Self::Custom(name) => name,
        }
    }
}

/// As [`Color::name`].
impl fmt::Display for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
