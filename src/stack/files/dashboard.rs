//! The files of dashboards.

use std::io::ErrorKind;
use std::path::Path;

use super::super::document;
use super::super::input::read_regular;
use super::super::rules::locate;
use super::super::{Dashboard, DashboardSource};
use super::Files;
use crate::dashboard::{DATASOURCE_UID, Imported, WrongQuery, import, text_of};

impl Files<'_> {
    pub(super) fn dashboard(&mut self, dashboard: &mut Dashboard, path: document::Path) {
        let DashboardSource::File { path: file, imported } = &mut dashboard.source else { return };
        let path = path.key("file");
        *file = self.absolute(file);
        match read_regular(Path::new(file)) {
            Ok(bytes) => *imported = self.imported(path, file, &bytes),
            // Who only looks at what runs, or takes it away, does without the picture of it.
            Err(error) if error.kind() == ErrorKind::NotFound && !self.needs_secrets => {}
            Err(error) => self.cannot_read(path, &error),
        }
    }

    /// What a dashboard's file says. What it cannot carry over is a warning.
    fn imported(&mut self, path: document::Path, file: &str, bytes: &[u8]) -> Option<Box<Imported>> {
        let name = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let imported = match text_of(bytes).and_then(|text| import(text, DATASOURCE_UID)) {
            Ok(imported) => imported,
            Err(error) => {
                self.error(path, format!("`{name}` is not a dashboard: {error}"), error.help);
                return None;
            }
        };
        let named = |wrong: &WrongQuery| {
            let place = if wrong.line == 0 { String::new() } else { format!(":{}:{}", wrong.line, wrong.column) };
            format!("`{name}{place}`: panel `{}`: {}", wrong.panel, wrong.message)
        };
        for wrong in &imported.wrong_queries {
            self.error(path, named(wrong), "correct the query in that file");
        }
        let found = locate(self.root, &path);
        if imported.dashboard.panels().next().is_none() {
            let help = "add a panel in Grafana and export it again, or remove the dashboard here";
            let message = format!("`{name}` has no panel that could be shown");
            self.problems.warning(found.value, &found.path, message, help);
        }
        for vain in &imported.vain_queries {
            let help = "keep it in that file: `sum by (le) (…)`";
            self.problems.warning(found.value, &found.path, named(vain), help);
        }
        let help = "the rest of the dashboard is shown; without it in the file, this is quiet";
        for note in &imported.notes {
            self.problems.warning(found.value, &found.path, format!("`{name}`: not carried over: {note}"), help);
        }
        Some(Box::new(imported))
    }
}
