//! A rule that is wanted and cannot be made: what is missing, and what the app has that could do.

use super::super::series::Lookup;
use super::super::{Cause, Finding, Trouble};
use super::ALERTS;
use crate::desired::MissingRule;

/// Metrics of the app that could count what is wanted; a histogram without its `_bucket`. Empty where nobody can be asked.
pub(super) async fn candidates(missing: &MissingRule, lookup: Option<&Lookup<'_>>) -> Vec<String> {
    let Some(lookup) = lookup else { return Vec::new() };
    let names = if is_latency(missing) { ".+_bucket" } else { ".+(_total|_count)" };
    // What programs tell of themselves is nobody's request.
    let own = "(go|jvm|net|nodejs|process|promhttp|python|scrape)_.+";
    let selector = format!("{{__name__=~\"{names}\",__name__!~\"{own}\",job=\"{}\"}}", missing.job);
    let found = lookup.values_of("__name__", &selector).await;
    found.into_iter().map(|name| name.trim_end_matches("_bucket").to_owned()).collect()
}

pub(super) fn cannot_be_made(missing: &MissingRule, candidates: &[String]) -> Finding {
    let message = format!("`{}` of `{}` has no rules: {}", missing.wanted, missing.app, missing.reason);
    let kind = if is_latency(missing) { "histograms" } else { "counters" };
    let names: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
    let there_are = if names.is_empty() { String::new() } else { format!(". It has the {kind} {}", names.join(", ")) };
    let trouble = Trouble::new(Cause::NoData, message, format!("{}{there_are}", missing.remedy));
    Finding::fail(ALERTS, &missing.app, Some(&missing.wanted), trouble)
}

fn is_latency(missing: &MissingRule) -> bool {
    missing.wanted.ends_with("latency")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_app_has_is_named_beside_what_to_write() {
        let missing = MissingRule {
            app: "web".to_owned(),
            job: "web".to_owned(),
            wanted: "slo.latency".to_owned(),
            reason: "nothing times its requests".to_owned(),
            remedy: "write `apps.web.signals: { latency: … }`".to_owned(),
            signals: "apps.web.signals: { latency: … }".to_owned(),
            alerts: &[],
            is_asked: true,
        };
        let fix = |candidates: &[String]| cannot_be_made(&missing, candidates).fix;
        assert_eq!(fix(&[]), missing.remedy);
        assert_eq!(
            fix(&["shop_seconds".to_owned()]),
            "write `apps.web.signals: { latency: … }`. It has the histograms `shop_seconds`"
        );
    }
}
