//! The dashboards that are shown, and what has to be known to ask for them. As JSON it is what a container reads.

use serde::{Deserialize, Serialize};

use super::Dashboard;

/// The dashboards of one stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Library {
    /// Name of the stack.
    pub stack: String,
    /// Seconds between two scrapes, unless a panel says otherwise.
    pub interval: f64,
    /// The dashboards, in the order in which they are listed.
    pub dashboards: Vec<Dashboard>,
}

impl Library {
    /// The dashboard of that uid.
    pub fn dashboard(&self, uid: &str) -> Option<&Dashboard> {
        self.dashboards.iter().find(|dashboard| dashboard.uid == uid)
    }
}
