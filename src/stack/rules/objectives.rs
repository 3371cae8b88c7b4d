//! Objectives: each promises something that can be counted.

use super::super::document::Path;
use super::super::{
    Amount, App, Attached, Duration, FASTEST_BURN, LatencyObjective, OBJECTIVE_ALERTS, Objectives, Signals, defaults,
};
use super::Examination;

const DAY: u64 = 24 * 3600;

/// The shortest window: in less, the alerts' own windows would hold too few scrapes.
const SHORTEST: Duration = Duration::from_secs(7 * DAY);

/// The longest window: a quarter.
const LONGEST: Duration = Duration::from_secs(92 * DAY);

/// A promise that can be counted: a share below a whole, over a window that leaves room for its alerts.
pub(super) fn objectives_can_be_counted(examination: &mut Examination) {
    let stack = examination.stack;
    let of_app = |app: &'_ App| (app.slo.clone(), app.signals.clone(), app.metrics.is_some());
    let of_attached = |app: &'_ Attached| (app.slo.clone(), app.signals.clone(), true);
    let run = stack.apps.iter().map(|(name, app)| (name, of_app(app)));
    let attached = stack.attached.iter().map(|(name, app)| (name, of_attached(app)));
    for (name, (slo, signals, is_scraped)) in run.chain(attached) {
        let Some(slo) = slo else { continue };
        let apps = Path::ROOT.key("apps");
        let path = apps.key(name.as_str());
        let path = path.key("slo");
        if !is_scraped {
            examination.error_at_key(path, "an objective of an app that nobody scrapes", "add `metrics: {}`");
        }
        promises_fit(examination, path, &slo);
        window_fits(examination, path, &slo);
        if let Some(Signals { traffic: Some(_), errors: None, .. }) = &signals
            && slo.availability.is_some()
        {
            let help = "add `errors:` to the `signals` of the app, such as `http_requests_total{code=~\"5..\"}`";
            examination.error_at_key(path.key("availability"), "nothing says which requests fail", help);
        }
    }
}

fn promises_fit(examination: &mut Examination, path: Path, slo: &Objectives) {
    if slo.availability.is_none() && slo.latency.is_none() {
        let help = "write `availability: 99.9%`, `latency: { p: 99, under: 250ms }`, or both";
        examination.missing(path, &["availability", "latency"], "an objective that promises nothing", help);
    }
    burns_fit(examination, path.key("availability"), slo.availability.and_then(Amount::as_share));
    let share = slo.availability.map(Amount::as_share);
    if share.is_some_and(|share| share.is_none_or(|share| share <= 0.0 || share >= 1.0)) {
        let help = "write a percentage below 100 %, such as `99.9%`: what is left is the error budget";
        examination.error(path.key("availability"), "not a share that leaves a budget", help);
    }
    let Some(LatencyObjective { p, under }) = slo.latency else { return };
    if !(p > 0.0 && p < 100.0) {
        let help = "write the percentage of requests, such as `99`";
        examination.error(path.key("latency").key("p"), "not a share that leaves a budget", help);
    }
    burns_fit(examination, path.key("latency").key("p"), Some(p / 100.0));
    if under == Duration::default() {
        examination.error(path.key("latency").key("under"), "a time of zero", "write a time such as `300ms`");
    }
}

/// More than all requests cannot fail: a large budget cannot go as fast as the alerts would have it.
fn burns_fit(examination: &mut Examination, path: Path, share: Option<f64>) {
    let Some(share) = share.filter(|share| *share > 0.0 && *share < 1.0) else { return };
    if (1.0 - share) * FASTEST_BURN >= 1.0 {
        let [fast, _] = OBJECTIVE_ALERTS;
        let message = format!("such a budget cannot go {FASTEST_BURN} times too fast, when `{fast}` would tell of it");
        let help = "what can be told is told, and later; promise more, such as 99 %, to hear of it at once";
        examination.warning(path, message, help);
    }
}

fn window_fits(examination: &mut Examination, path: Path, slo: &Objectives) {
    let window = slo.window.unwrap_or(defaults::OBJECTIVE_WINDOW);
    if !(SHORTEST..=LONGEST).contains(&window) {
        let message = format!("a window of {window}");
        examination.error(path.key("window"), message, "write `7d` to `92d`; `30d` is usual");
    }
    let prometheus = examination.stack.prometheus.as_option();
    let kept = prometheus.and_then(|prometheus| prometheus.retention.time);
    if let Some(kept) = kept.filter(|kept| *kept < window) {
        let message = format!("the window is {window}, and Prometheus keeps {kept}");
        let help = "write a longer `prometheus.retention.time`, or leave it out: it follows the window";
        examination.warning(path, message, help);
    }
}
