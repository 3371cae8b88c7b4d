//! What was found of the way of alerts → findings that name the hop that loses them. Pure.

use std::collections::BTreeMap;

use crate::client::yaml_to_json;
use crate::desired::{Desired, Service};
use crate::engine::{ContainerState, Observed};
use crate::probe::{Delivered, KeptBack, Posted};
use crate::render::Files;

use super::super::{Cause, Finding, Trouble, contains};
use super::{AlertmanagerState, DeliveryState, FILE, SenderState, container, receivers, words};

/// The check that these findings belong to.
pub(super) const CHECK: &str = "alerts";

/// Prometheus tells again after a minute of what fires, and a little later where it is busy: where one of the two stands for
/// less than this, in milliseconds, Alertmanager need not know of everything.
const TOLD_AFTER: i64 = 90 * 1000;

/// Milliseconds within which a Prometheus that starts has read its configuration. It replays its log before that.
const START: i64 = 60 * 1000;

/// Judges what was found: for each Alertmanager how it stands, what comes to it and what it sends on; then the receivers.
pub fn judge_delivery(desired: &Desired, files: &Files, observed: &Observed, state: &DeliveryState) -> Vec<Finding> {
    let Some(config) = &desired.alertmanager else { return Vec::new() };
    let services: Vec<&Service> = desired.alertmanager_services().collect();
    let mut findings = Vec::new();
    for (index, service) in services.iter().enumerate() {
        let one = state.alertmanagers.get(index).cloned().unwrap_or_default();
        let found = container(observed, service);
        let seat = Seat {
            instance: service.container_name(&desired.stack, 1),
            started_at: found.map_or(0, |container| container.started_at),
            address: config.addresses.get(index).map(String::as_str).unwrap_or_default(),
            state,
            one: &one,
        };
        let runs = found.is_some_and(|it| it.state == ContainerState::Running);
        findings.push(seat.finding("alertmanager", seat.stands(runs, files, services.len())));
        if runs {
            findings.extend(seat.comes_in());
            findings.push(seat.goes_out());
        }
    }
    findings.extend(receivers::judge(config, state));
    findings
}

/// Whether an Alertmanager is among the URLs that Prometheus knows.
pub(super) fn knows(known: &[String], address: &str) -> bool {
    known.iter().any(|url| url.contains(&format!("//{address}/")))
}

/// What fires in Prometheus and this Alertmanager does not know.
pub(super) fn lost<'a>(
    firing: &'a [BTreeMap<String, String>],
    one: &AlertmanagerState,
) -> Option<&'a BTreeMap<String, String>> {
    if !matches!(one.status, Some(Ok(_))) {
        return None;
    }
    // It may carry external labels beside its own.
    let is_known = |labels: &BTreeMap<String, String>| {
        let has_all =
            |known: &BTreeMap<String, String>| labels.iter().all(|(key, value)| known.get(key) == Some(value));
        one.alerts.iter().any(|alert| has_all(&alert.labels))
    };
    firing.iter().find(|labels| !is_known(labels))
}

/// One Alertmanager, and what was found of it.
struct Seat<'a> {
    instance: String,
    address: &'a str,
    /// Milliseconds since 1970.
    started_at: i64,
    state: &'a DeliveryState,
    one: &'a AlertmanagerState,
}

impl Seat<'_> {
    fn finding(&self, subject: &str, outcome: Result<String, Trouble>) -> Finding {
        match outcome {
            Ok(message) => Finding::ok(CHECK, subject, Some(&self.instance), message),
            Err(trouble) => {
                let is_pending = trouble.cause == Cause::AlertPending;
                let finding = Finding::fail(CHECK, subject, Some(&self.instance), self.masked(trouble));
                if is_pending { finding.as_warning() } else { finding }
            }
        }
    }

    fn masked(&self, trouble: Trouble) -> Trouble {
        masked(trouble, self.state)
    }

    /// Whether it runs, by the rendered configuration, together with the others.
    fn stands(&self, runs: bool, files: &Files, count: usize) -> Result<String, Trouble> {
        let instance = &self.instance;
        let unreachable = |message: String| {
            let fix = "see `stackctl ps` and `stackctl logs alertmanager`, then run `stackctl up`";
            Trouble::new(Cause::AlertmanagerUnreachable, message, fix)
        };
        if !runs {
            return Err(unreachable(format!("`{instance}` does not run, and nobody is told of any alert by it")));
        }
        let status = match &self.one.status {
            Some(Ok(status)) => status,
            Some(Err(error)) => return Err(unreachable(error.to_string())),
            None => return Err(unreachable(format!("`{instance}` has no address that this host reaches"))),
        };
        if let Some(rendered) = files.0.get(FILE) {
            in_force(rendered, &status.config, &self.one.lines)?;
        }
        if count > 1 && (status.cluster != "ready" || status.peers < count) {
            let message = format!(
                "the cluster is {} and has {} of {count} Alertmanagers: one alert may be told twice, and a silence \
                 holds for some of them only",
                status.cluster, status.peers
            );
            let fix = "wait half a minute after a start; then see `stackctl logs alertmanager alertmanager-2`";
            return Err(Trouble::new(Cause::ClusterIncomplete, message, fix));
        }
        let cluster = if count > 1 { format!(", one of {} in the cluster", status.peers) } else { String::new() };
        Ok(format!("Alertmanager {} runs what was rendered{cluster}", status.version))
    }

    /// Each Prometheus → this Alertmanager.
    fn comes_in(&self) -> impl Iterator<Item = Finding> {
        let senders = self.state.senders.iter();
        senders.map(|sender| self.finding(&format!("{} to alertmanager", sender.service), self.incoming(sender)))
    }

    fn incoming(&self, sender: &SenderState) -> Result<String, Trouble> {
        let known = sender.known.as_ref().map_err(|error| {
            let fix = format!("see `stackctl ps` and `stackctl logs {}`, then run `stackctl up`", sender.service);
            Trouble::new(Cause::PrometheusUnreachable, error.to_string(), fix)
        })?;
        let address = self.address;
        let lost_here = |message: String, fix: &str| Err(Trouble::new(Cause::AlertNotDelivered, message, fix));
        if !knows(known, address) {
            let message = format!("lost between Prometheus and Alertmanager: Prometheus does not know `{address}`");
            return lost_here(message, "run `stackctl up`, which has Prometheus read its configuration again");
        }
        if let Some(labels) = lost(&sender.firing, self.one) {
            let name = labels.get("alertname").map(String::as_str).unwrap_or_default();
            let why = words::sending_error(&sender.lines, address);
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            if let Some(trouble) = self.not_told_yet(sender, name, &why) {
                return Err(trouble);
            }
            let message = format!(
                "lost between Prometheus and Alertmanager: `{name}` fires, and `{}` does not know it{why}",
                self.instance
            );
            let fix = "look whether both are in one network (`docker inspect`) and run `stackctl up`; \
                       `alert_relabel_configs` must not drop it";
            return lost_here(message, fix);
        }
        Ok(match sender.firing.len() {
            0 => "Prometheus knows it; nothing fires now that could be seen to arrive".to_owned(),
            1 => "Prometheus knows it, and the alert that fires has arrived".to_owned(),
            count => format!("Prometheus knows it, and the {count} alerts that fire have arrived"),
        })
    }

    /// One of the two has just come: Prometheus tells a new Alertmanager with its next round, and may itself have begun, or
    /// begun anew with another configuration, before it knew the address.
    fn not_told_yet(&self, sender: &SenderState, name: &str, why: &str) -> Option<Trouble> {
        let sender_since = sender.started_at.max(sender.configured_at);
        let stands_for = (self.state.now - self.started_at.max(sender_since)).max(0);
        if stands_for >= TOLD_AFTER {
            return None;
        }
        let seconds = stands_for / 1000;
        let (own, its) = if sender_since > self.started_at {
            // A start reads the configuration, too.
            let has_reloaded = sender.configured_at - sender.started_at > START;
            let since = if has_reloaded { "read its configuration" } else { "stands" };
            let when = if has_reloaded { format!("{seconds} s ago") } else { format!("for {seconds} s") };
            (String::new(), format!("`{}`, which {since} {when},", sender.service))
        } else {
            (format!(", which stands for {seconds} s,"), "Prometheus".to_owned())
        };
        let message = format!(
            "`{name}` fires, and `{}`{own} does not know it yet: {its} tells again after a minute of what fires{why}",
            self.instance
        );
        let fix = format!("run `stackctl verify alerts` again in {} s", (TOLD_AFTER - stands_for + 999) / 1000);
        Some(Trouble::new(Cause::AlertPending, message, fix))
    }

    /// This Alertmanager → a receiver, which is stackctl's own sink.
    fn goes_out(&self) -> Finding {
        let subject = "alertmanager to stackctl's sink";
        match &self.one.delivered {
            Some(Delivered { posted: Posted::Accepted, arrived_ms: Some(millis), .. }) => {
                let seconds = format!("{}.{} s", millis / 1000, millis % 1000 / 100);
                let message = format!("an alert that was posted arrived after {seconds}, at a group wait of 1 s");
                self.finding(subject, Ok(message))
            }
            Some(delivered) => self.finding(subject, Err(self.not_delivered(delivered))),
            None => {
                let why = self.state.trouble.as_deref().unwrap_or("nobody looked");
                let message = format!("no alert was sent to see whether it arrives: {why}");
                let trouble = Trouble::new(Cause::AlertNotDelivered, message, "run `stackctl verify alerts` again");
                Finding::fail(CHECK, subject, Some(&self.instance), self.masked(trouble)).as_warning()
            }
        }
    }

    fn not_delivered(&self, delivered: &Delivered) -> Trouble {
        let trouble = |message: String, fix: &str| Trouble::new(Cause::AlertNotDelivered, message, fix);
        match &delivered.posted {
            Posted::Unreachable { message } => {
                let message = format!("lost on the way to Alertmanager: `{}` cannot be asked: {message}", self.address);
                trouble(message, "see `stackctl logs alertmanager`; then run `stackctl up`")
            }
            Posted::Refused { status, message } => {
                let message = format!("lost on the way to Alertmanager: it refuses an alert with {status}: {message}");
                trouble(message, "see `stackctl logs alertmanager`")
            }
            Posted::Accepted => self.kept_back(delivered.kept_back.as_ref()),
        }
    }

    /// It took the alert, and nothing arrived.
    fn kept_back(&self, kept_back: Option<&KeptBack>) -> Trouble {
        let tries = words::tries(&self.one.lines);
        let last = tries.iter().rev().find(|one| one.receiver == "stackctl-probe");
        if let Some(error) = last.and_then(|last| last.error.as_deref()) {
            let message = format!("lost between Alertmanager and its receiver: {error}");
            let fix = "Alertmanager has to reach what stands in its network: look for a firewall, a proxy in its \
                       `environment`, or `networks` that are `internal`";
            return Trouble::new(Cause::AlertNotDelivered, message, fix);
        }
        let (why, fix) = match kept_back.filter(|status| status.state == "suppressed") {
            Some(status) if !status.silenced_by.is_empty() => (
                format!("it is muted by silence {}", status.silenced_by.join(", ")),
                "a silence for every alert mutes this one, too: `stackctl silence list`, then `stackctl silence remove ID`",
            ),
            Some(_) => (
                "another alert mutes it".to_owned(),
                "an entry of `alertmanager.inhibit` mutes every alert: give its `target` a label",
            ),
            None => (
                "Alertmanager took the alert and sent no message".to_owned(),
                "see the finding about its configuration, and `stackctl logs alertmanager`",
            ),
        };
        Trouble::new(Cause::AlertNotDelivered, format!("lost between Alertmanager and its receiver: {why}"), fix)
    }
}

pub(super) fn masked(trouble: Trouble, state: &DeliveryState) -> Trouble {
    Trouble { message: words::without(&trouble.message, &state.hidden.0), ..trouble }
}

/// Whether the configuration in force is the rendered one.
fn in_force(rendered: &str, running: &str, lines: &[String]) -> Result<(), Trouble> {
    let stale = |message: String| {
        let fix = "run `stackctl up`, which has Alertmanager read its configuration again";
        Err(Trouble::new(Cause::ConfigStale, message, fix))
    };
    let (running, rendered) = match (yaml_to_json(running), yaml_to_json(rendered)) {
        (Ok(running), Ok(rendered)) => (running, rendered),
        (Err(error), _) | (_, Err(error)) => return stale(format!("its configuration is no YAML: {error}")),
    };
    let Err(difference) = contains(&running, &rendered) else { return Ok(()) };
    if let Some(refusal) = words::refusal(lines) {
        let message = format!("Alertmanager refused its configuration and goes on with the one before: {refusal}");
        let fix = "mend what it names in the stack file, then run `stackctl up`; until then a restart would fail";
        return Err(Trouble::new(Cause::ConfigRejected, message, fix));
    }
    stale(format!("Alertmanager does not run what was rendered: `{}` differs", difference.path))
}

#[cfg(test)]
mod tests;
