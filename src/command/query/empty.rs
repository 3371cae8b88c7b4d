//! What is said of a query that has no answer: what there is instead.

use crate::client::Prometheus;
use crate::command::situation::Situation;
use crate::verify::{self, Found, SelectorState};

/// Why there is no data, as far as that can be seen. `situation`: `None` where the stack file is not known, which says how
/// often what is scraped.
pub(super) async fn explained(situation: Option<&Situation>, prometheus: &Prometheus, promql: &str) -> String {
    let Some(situation) = situation else { return told(&[]) };
    told(&verify::what_is_found(prometheus, &situation.desired, promql).await)
}

fn told(states: &[SelectorState]) -> String {
    let reasons: Vec<String> = states.iter().filter_map(reason).collect();
    if reasons.is_empty() { "no data".to_owned() } else { format!("no data: {}", reasons.join("; ")) }
}

fn reason(SelectorState { selector, found }: &SelectorState) -> Option<String> {
    let metric = selector.metric.as_deref().unwrap_or_default();
    match found {
        Found::Series | Found::NoMatch { matcher: None, .. } => None,
        Found::NoMetric { nearest: Some(nearest) } => {
            Some(format!("no metric is called `{metric}`; the nearest is `{nearest}`"))
        }
        Found::NoMetric { nearest: None } => Some(format!("no metric is called `{metric}`, or anything like it")),
        Found::NoMatch { matcher: Some(matcher), values } if values.is_empty() => {
            Some(format!("no series of `{metric}` has a label `{}`", matcher.label))
        }
        Found::NoMatch { matcher: Some(matcher), values } => {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            Some(format!("no series of `{metric}` has `{matcher}`; the label has {}", values.join(", ")))
        }
        Found::NotThen { text, .. } => Some(format!("`{text}` finds nothing: there are no samples of that time")),
        Found::Before => Some(format!("`{selector}` has no sample at this moment, and had some within the last hour")),
        Found::Rests => {
            Some(format!("`{selector}` has had no sample within the last hour, and comes back with its first event"))
        }
        Found::Recorded { .. } => Some(format!("the rule that records `{metric}` has had nothing to record yet")),
        Found::TooFew { length, interval } => Some(format!(
            "`{selector}` has not two scrapes within {}s yet: it is scraped every {}s",
            length.as_secs_f64(),
            interval.as_secs_f64()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Expression;

    fn said(promql: &str, found: Found) -> String {
        let selector = Expression::parse(promql).expect("it parses").selectors().remove(0);
        told(&[SelectorState { selector, found }])
    }

    #[test]
    fn what_there_is_instead_is_named() {
        let nearest = Some("node_load1".to_owned());
        let near = said("node_laod1", Found::NoMetric { nearest });
        assert_eq!(near, "no data: no metric is called `node_laod1`; the nearest is `node_load1`");
        let far = said("nope", Found::NoMetric { nearest: None });
        assert_eq!(far, "no data: no metric is called `nope`, or anything like it");
        let matcher = Expression::parse("up{job=\"wbe\"}").expect("it parses").selectors()[0].matchers.first().cloned();
        let other = said("up{job=\"wbe\"}", Found::NoMatch { matcher, values: vec!["web".to_owned()] });
        assert_eq!(other, "no data: no series of `up` has `job=\"wbe\"`; the label has `web`");
        let then = said("up offset 1d", Found::NotThen { text: "up offset 1d".to_owned(), is_fixed: false });
        assert_eq!(then, "no data: `up offset 1d` finds nothing: there are no samples of that time");
        let before = said("up", Found::Before);
        assert_eq!(before, "no data: `up` has no sample at this moment, and had some within the last hour");
        assert_eq!(said("up == 5", Found::Series), "no data", "there are series, and none of that value");
    }
}
