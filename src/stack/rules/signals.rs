//! What the golden signals of apps are called.

use super::super::Signals;
use super::super::document::Path;
use super::Examination;
use crate::promql::Expression;

/// Each signal is the name of a metric, with conditions on its labels where they are needed.
pub(super) fn signals_are_selectors(examination: &mut Examination) {
    let stack = examination.stack;
    let top = Path::ROOT.key("apps");
    for (name, app) in &stack.apps {
        let Some(signals) = &app.signals else { continue };
        let app_path = top.key(name.as_str());
        let path = app_path.key("signals");
        for (key, text) in written(signals) {
            check(examination, path.key(key), text);
        }
        let list = path.key("saturation");
        for (index, text) in signals.saturation.iter().enumerate() {
            let is_list = examination.locate(&list.index(index)).node.is_some();
            check(examination, if is_list { list.index(index) } else { list }, text);
        }
    }
}

fn written(signals: &Signals) -> impl Iterator<Item = (&'static str, &str)> {
    let all = [
        ("latency", &signals.latency),
        ("traffic", &signals.traffic),
        ("errors", &signals.errors),
        ("in_flight", &signals.in_flight),
    ];
    all.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?)))
}

fn check(examination: &mut Examination, path: Path, text: &str) {
    match Expression::parse(text) {
        Ok(expression) if expression.as_selector().is_some_and(|selector| selector.metric.is_some()) => {}
        Ok(_) => {
            let help =
                "write the metric alone, such as `http_requests_total{code=~\"5..\"}`: rates and sums are made of it";
            examination.error(path, "a signal is the name of a metric, with `{…}` where labels matter", help);
        }
        Err(why) => {
            let help = "write the name of a metric, such as `http_requests_total`";
            examination.error(path, format!("not PromQL: {why}"), help);
        }
    }
}
