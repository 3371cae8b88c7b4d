//! `--verbose`: what a command works from.

use super::output;
use super::situation::Situation;
use crate::cli::Global;
use crate::desired::{Image, ImageOrigin};
use crate::engine::without_secrets;
use crate::stack::without_url_secrets;
use crate::verify;

/// Says which files were read, which engine answers, which images are meant, and where Prometheus is asked.
pub(super) fn say(global: &Global, situation: &Situation) {
    if global.verbose > 0 {
        output::say(&words(situation).join("\n"));
    }
}

fn words(situation: &Situation) -> Vec<String> {
    let facts = situation.engine.facts();
    let mut lines = vec![
        format!("stack files: {}", situation.stack_files.join(", ")),
        format!("engine: {}, API {}", without_url_secrets(&facts.address), facts.api_version),
    ];
    let services = situation.desired.services.iter();
    lines.extend(services.map(|service| format!("image of {}: {}", service.name, of(&service.image))));
    for (service, url) in verify::prometheus_urls(&situation.desired, &situation.observed) {
        lines.push(format!("{service} is asked at: {}", url.as_deref().unwrap_or("it does not run")));
    }
    lines
}

fn of(image: &Image) -> String {
    let origin = match image.origin {
        ImageOrigin::Registry => "pulled",
        ImageOrigin::Debian => "made of Debian's package",
        ImageOrigin::Own => "this stackctl",
    };
    format!("{} ({origin})", without_secrets(image.reference.clone()))
}
