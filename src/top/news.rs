//! What is known of the running stack at one moment.

use crate::client::{Alert, Target};
use crate::dashboard::Panel;
use crate::plot::{Series, TimeRange};

/// What is known at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// Apps, in the order of the stack file.
    pub apps: Vec<App>,
    /// Everything that is scraped.
    pub targets: Vec<Target>,
    /// Pending and firing alerts, and why nobody is told of each: `silenced` or `muted`.
    pub alerts: Vec<(Option<&'static str>, Alert)>,
    /// The stretch of time that courses show.
    pub range: TimeRange,
}

/// One app.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// Its name, which is its job's.
    pub name: String,
    /// Its golden signals.
    pub signals: Vec<Signal>,
}

/// One golden signal of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// What it is, its unit and its thresholds.
    pub panel: Panel,
    /// Its course; `None`: there is no data.
    pub series: Option<Series>,
}

impl App {
    /// The signal under the title that begins so, such as `Latency`.
    pub fn signal(&self, title: &str) -> Option<&Signal> {
        self.signals.iter().find(|signal| signal.panel.title.starts_with(title))
    }
}

impl Signal {
    /// The newest value.
    pub fn value(&self) -> Option<f64> {
        self.series.as_ref()?.last().filter(|value| !value.is_nan())
    }
}
