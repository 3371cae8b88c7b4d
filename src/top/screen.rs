//! What the reader has chosen, and what is known so far: everything that a picture is made from.

use super::news::{App, News};

/// One of the three lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// Apps and their golden signals.
    #[default]
    Apps,
    /// Everything that is scraped.
    Targets,
    /// Pending and firing alerts.
    Alerts,
}

impl Tab {
    /// In the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Apps, Self::Targets, Self::Alerts];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Apps => "Apps",
            Self::Targets => "Targets",
            Self::Alerts => "Alerts",
        }
    }
}

/// What the apps are sorted by; numbers from the largest down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sorting {
    /// As in the stack file.
    #[default]
    File,
    /// By name.
    Name,
    /// By requests a second.
    Requests,
    /// By share of errors.
    Errors,
    /// By latency.
    Latency,
}

impl Sorting {
    const ALL: [Self; 5] = [Self::File, Self::Name, Self::Requests, Self::Errors, Self::Latency];

    pub(super) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|known| *known == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::File => "stack file",
            Self::Name => "name",
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::Latency => "latency",
        }
    }
}

/// Everything that a picture is made from.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// Name of the stack.
    pub stack: String,
    /// The list in front.
    pub tab: Tab,
    /// What the apps are sorted by.
    pub sorting: Sorting,
    /// The row that is marked.
    pub row: usize,
    /// The terminal shows no other characters.
    pub is_ascii_only: bool,
    /// Keys are explained.
    pub help: bool,
    /// The newest that is known.
    pub news: Option<News>,
    /// Why nothing newer is known.
    pub trouble: Option<String>,
}

impl Screen {
    /// Apps in the chosen order.
    pub fn apps(&self) -> Vec<&App> {
        let mut apps: Vec<&App> = self.news.iter().flat_map(|news| &news.apps).collect();
        let by = |title: &'static str| {
            move |app: &&App| {
                let value = app.signal(title).and_then(super::Signal::value);
                // Largest first; what is not known comes last.
                std::cmp::Reverse(value.map_or(i64::MIN, ordered))
            }
        };
        match self.sorting {
            Sorting::File => {}
            Sorting::Name => apps.sort_by(|one, other| one.name.cmp(&other.name)),
            Sorting::Requests => apps.sort_by_key(by("Requests")),
            Sorting::Errors => apps.sort_by_key(by("Errors")),
            Sorting::Latency => apps.sort_by_key(by("Latency")),
        }
        apps
    }

    /// How many rows the list in front has.
    pub fn rows(&self) -> usize {
        let Some(news) = &self.news else { return 0 };
        match self.tab {
            Tab::Apps => news.apps.len(),
            Tab::Targets => news.targets.len(),
            Tab::Alerts => news.alerts.len(),
        }
    }
}

/// A number with the order of its value, to a millionth.
#[expect(clippy::cast_possible_truncation, reason = "the cast keeps to the ends of the range")]
fn ordered(value: f64) -> i64 {
    (value * 1e6) as i64
}
