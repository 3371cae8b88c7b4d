//! Objectives: how much of the error budget is gone, how fast it goes, and the alerts on that.
//!
//! The windows, burn rates and severities are those of "The Site Reliability Workbook", chapter 5, for 30 days; for
//! another window each is as much longer or shorter, so that an alert always means the same share of the budget: 2 %, 5 %,
//! 10 % and 10 %.

use super::super::{Duration, Rule, RuleGroup, RuleKind, prometheus_duration};
use super::{MissingRule, Watched};
use crate::dashboard::Latency;
use crate::promql::{Operator, Selector};
use crate::stack::{Amount, FASTEST_BURN, OBJECTIVE_ALERTS, Stack, defaults};
use indexmap::IndexMap;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Long windows of 30 days, in milliseconds, and how many times too fast the budget goes when an alert is due.
const BURN: [(u64, f64); 4] = [(HOUR, FASTEST_BURN), (6 * HOUR, 6.0), (DAY, 3.0), (3 * DAY, 1.0)];

/// A long window has a short one beside it, so that an alert ends soon after its reason.
const SHORT_PART: u64 = 12;

/// Windows up to this one are asked of the app's own series, longer ones of what was recorded.
const LONGEST_DIRECT: u64 = 2 * HOUR;

/// Time between two looks at the whole window. Below the five minutes after which a series counts as gone.
const WINDOW_INTERVAL: Duration = Duration::from_millis(2 * MINUTE);

/// What an app promises, as rules and dashboards need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// The app.
    pub app: String,
    /// What is promised.
    pub kind: ObjectiveKind,
    /// The share of requests for which it is promised, below 1.
    pub share: f64,
    /// The time over which it is counted.
    pub window: Duration,
    /// Long and short window and burn rate of each alert's half, the fastest first.
    pub burns: Vec<(Duration, Duration, f64)>,
}

/// What is promised of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectiveKind {
    /// It does not fail.
    Availability,
    /// It is answered within this time.
    Latency(Duration),
}

impl Objective {
    /// The word for it in the label `slo`.
    pub fn word(&self) -> &'static str {
        match self.kind {
            ObjectiveKind::Availability => "availability",
            ObjectiveKind::Latency(_) => "latency",
        }
    }

    /// The share that may fail.
    pub fn budget(&self) -> f64 {
        ((1.0 - self.share) * 1e10).round() / 1e10
    }

    /// The matchers of everything that is recorded of it.
    pub fn matchers(&self) -> String {
        format!("{{app=\"{}\",slo=\"{}\"}}", self.app, self.word())
    }

    /// Name of the metric that holds the share of failures over a window.
    pub fn ratio(&self, window: Duration) -> String {
        format!("slo:error_ratio:rate{}", prometheus_duration(window))
    }

    /// The windows of the alerts, rising.
    pub(in crate::desired) fn windows(&self) -> Vec<Duration> {
        let mut windows: Vec<Duration> = self.burns.iter().flat_map(|(long, short, _)| [*long, *short]).collect();
        windows.sort();
        windows.dedup();
        windows
    }

    fn labels(&self) -> IndexMap<String, String> {
        [("app", self.app.as_str()), ("slo", self.word())].map(|(key, text)| (key.to_owned(), text.to_owned())).into()
    }

    /// What an alert says first.
    fn promise(&self) -> String {
        let share = Amount::Share(self.share);
        match self.kind {
            ObjectiveKind::Availability => format!("{share} of requests succeed"),
            ObjectiveKind::Latency(under) => format!("{share} of requests are answered within {under}"),
        }
    }
}

/// The objectives of one app.
pub(in crate::desired) fn objectives(
    name: &str,
    written: &crate::stack::Objectives,
    scrape_interval: Duration,
) -> Vec<Objective> {
    let window = written.window.unwrap_or(defaults::OBJECTIVE_WINDOW);
    let least = scrape_interval.as_millis() * 4;
    let scaled = |millis: u64| {
        let millis = millis * window.as_millis() / defaults::OBJECTIVE_WINDOW.as_millis();
        // Whole seconds; every metric's name has its window in it.
        Duration::from_millis(millis.max(least).div_ceil(1000) * 1000)
    };
    let burns: Vec<_> = BURN.iter().map(|(long, burn)| (scaled(*long), scaled(*long / SHORT_PART), *burn)).collect();
    let objective = |kind, share| Objective { app: name.to_owned(), kind, share, window, burns: burns.clone() };
    let availability = written.availability.and_then(Amount::as_share);
    let latency = written
        .latency
        .as_ref()
        .map(|latency| objective(ObjectiveKind::Latency(latency.under), (latency.p * 1e8).round() / 1e10));
    availability.map(|share| objective(ObjectiveKind::Availability, share)).into_iter().chain(latency).collect()
}

/// The longest window of the stack: so long samples have to be kept.
pub(in crate::desired) fn longest_window(stack: &Stack) -> Option<Duration> {
    let run = stack.apps.values().filter_map(|app| app.slo.as_ref());
    let all = run.chain(stack.attached.values().filter_map(|app| app.slo.as_ref()));
    all.map(|slo| slo.window.unwrap_or(defaults::OBJECTIVE_WINDOW)).max()
}

/// Two groups for each app with objectives: what is looked at often, and the whole window.
pub(super) fn groups(apps: &[Watched], missing: &mut Vec<MissingRule>) -> Vec<RuleGroup> {
    let mut groups = Vec::new();
    for app in apps {
        let Some(written) = app.objectives else { continue };
        let (mut often, mut seldom) = (Vec::new(), Vec::new());
        for objective in objectives(app.name, written, app.interval) {
            let Some(counted) = Counted::of(app, &objective, missing) else { continue };
            often.extend(counted.burning());
            seldom.extend(counted.window());
        }
        groups.push(RuleGroup { name: format!("{} objectives", app.name), interval: None, rules: often });
        let name = format!("{} error budget", app.name);
        groups.push(RuleGroup { name, interval: Some(WINDOW_INTERVAL), rules: seldom });
    }
    groups
}

/// An objective and what counts it.
struct Counted<'a> {
    app: &'a Watched<'a>,
    objective: &'a Objective,
    requests: Selector,
    failures: Failures,
}

/// Which requests break the promise.
enum Failures {
    /// Those of this counter.
    Counter(Selector),
    /// All but those of this counter.
    AllBut(Selector),
}

impl<'a> Counted<'a> {
    fn of(app: &'a Watched, objective: &'a Objective, missing: &mut Vec<MissingRule>) -> Option<Self> {
        let signals = &app.signals;
        let counted = match (objective.kind, signals) {
            (ObjectiveKind::Availability, signals) => {
                let found = signals.traffic.clone().zip(signals.errors.clone());
                found.map(|(requests, errors)| (requests, Failures::Counter(errors)))
            }
            (ObjectiveKind::Latency(under), signals) => match &signals.latency {
                Some(Latency::Histogram(histogram)) => {
                    let fast = within(histogram.with_suffix("_bucket"), under);
                    Some((histogram.with_suffix("_count"), Failures::AllBut(fast)))
                }
                _ => None,
            },
        };
        let Some((requests, failures)) = counted else {
            missing.push(match objective.kind {
                ObjectiveKind::Availability => {
                    app.unknown("slo.availability", "counts its requests and failures", "traffic: …, errors: …")
                }
                ObjectiveKind::Latency(_) => {
                    app.unknown("slo.latency", "times its requests in a histogram", "latency: …")
                }
            });
            return None;
        };
        Some(Self { app, objective, requests, failures })
    }

    fn record(&self, name: impl Into<String>, expression: String) -> Rule {
        Rule { name: name.into(), expression, labels: self.objective.labels(), kind: RuleKind::Record }
    }

    fn shortest(&self) -> Duration {
        self.objective.burns[0].1
    }

    /// Failures a second over a window, 0 where there are none.
    fn failures(&self, window: Duration) -> String {
        match &self.failures {
            Failures::Counter(errors) => {
                format!("({} or 0 * {})", self.app.rate(errors, window), self.app.rate(&self.requests, window))
            }
            Failures::AllBut(fast) => {
                format!("({} - {})", self.app.rate(&self.requests, window), self.app.rate(fast, window))
            }
        }
    }

    /// The share of failures over a window. No request: no failure. Of the whole window nothing is said before the first
    /// request: that nothing of the budget is gone would be told of an app that nobody has asked anything yet.
    fn ratio(&self, window: Duration) -> Rule {
        let (failures, requests) = if window.as_millis() <= LONGEST_DIRECT {
            (self.failures(window), self.app.rate(&self.requests, window))
        } else {
            let sum = |of: &str| {
                let (metric, matchers) = (self.sum(of), self.objective.matchers());
                format!("sum_over_time({metric}{matchers}[{}])", prometheus_duration(window))
            };
            (sum("errors"), sum("requests"))
        };
        let divisor = if window == self.objective.window {
            format!("({requests} > 0)")
        } else {
            format!("clamp_min({requests}, 1e-9)")
        };
        self.record(self.objective.ratio(window), format!("{failures} / {divisor}"))
    }

    /// Name of the metric that is added up over long windows.
    fn sum(&self, of: &str) -> String {
        format!("slo:{of}:rate{}", prometheus_duration(self.shortest()))
    }

    /// What the burn rates are made of, and the alerts on them.
    fn burning(&self) -> Vec<Rule> {
        let shortest = self.shortest();
        let mut rules = vec![
            self.record(self.sum("requests"), self.app.rate(&self.requests, shortest)),
            self.record(self.sum("errors"), self.failures(shortest)),
        ];
        rules.extend(self.objective.windows().into_iter().map(|window| self.ratio(window)));
        let (fast, slow) = self.objective.burns.split_at(2);
        let [fast_name, slow_name] = OBJECTIVE_ALERTS;
        rules.extend(self.alert(fast_name, "critical", fast, "in a few days at this rate"));
        rules.extend(self.alert(slow_name, "warning", slow, "before the window is over, or just then"));
        rules
    }

    /// The whole window: what is left of the budget.
    fn window(&self) -> Vec<Rule> {
        let (matchers, window) = (self.objective.matchers(), self.objective.window);
        let ratio = self.objective.ratio(window);
        let left = format!("1 - {ratio}{matchers} / {}", self.objective.budget());
        vec![
            self.record("slo:objective:ratio", format!("vector({})", self.objective.share)),
            self.ratio(window),
            self.record("slo:error_budget:remaining", left),
        ]
    }

    /// `None`: the budget is so large that it cannot go so fast.
    fn alert(&self, name: &str, severity: &str, burns: &[(Duration, Duration, f64)], gone: &str) -> Option<Rule> {
        let matchers = self.objective.matchers();
        let limits = burns.iter().map(|(long, short, burn)| {
            let limit = (burn * self.objective.budget() * 1e10).round() / 1e10;
            (long, short, limit)
        });
        // More than all requests cannot fail.
        let halves = limits.filter(|(_, _, limit)| *limit < 1.0).map(|(long, short, limit)| {
            let above = |window: &Duration| format!("{}{matchers} > {limit}", self.objective.ratio(*window));
            format!("({} and {})", above(long), above(short))
        });
        let expression = halves.collect::<Vec<_>>().join(" or ");
        if expression.is_empty() {
            return None;
        }
        let (app, promise, window) = (&self.objective.app, self.objective.promise(), self.objective.window);
        let words = [
            ("summary", format!("{{{{ $value | humanizePercentage }}}} of the requests to {app} break its promise")),
            ("description", format!("Promised is that {promise} over {window}. The error budget is gone {gone}.")),
        ];
        let mut labels: IndexMap<String, String> = [("severity".to_owned(), severity.to_owned())].into();
        labels.extend(self.objective.labels());
        Some(Rule {
            name: name.to_owned(),
            expression,
            labels,
            kind: RuleKind::Alert {
                holds_for: Duration::default(),
                keeps_firing_for: Duration::default(),
                annotations: words.map(|(key, text)| (key.to_owned(), text)).into(),
            },
        })
    }
}

/// The bucket of all that took no longer. Prometheus 3 writes a whole number as `1.0`, what came before as it is exposed.
fn within(buckets: Selector, under: Duration) -> Selector {
    let seconds = Amount::Time(under).as_seconds().unwrap_or_default();
    if seconds.fract() == 0.0 {
        buckets.with("le", Operator::Matches, &format!("{seconds}|{seconds}\\.0"))
    } else {
        buckets.with("le", Operator::Equal, &seconds.to_string())
    }
}
