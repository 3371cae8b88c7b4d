//! The receivers: what is known of the last message to each, else whether its socket opens. Pure.
//!
//! Alertmanager's log tells of failures, and of a success only where tries before it failed: that a receiver has come back is
//! seen there at most by chance. So a failure counts as one of now only while something says that it goes on.

use crate::desired::AlertmanagerConfig;
use crate::probe::{Connect, Looked, Lookup};

use super::super::{Cause, Finding, Trouble};
use super::DeliveryState;
use super::judge::{CHECK, masked};
use super::words::{self, Try};

/// A failed try that is older than this, in milliseconds, says nothing about now.
const RECENT: i64 = 15 * 60 * 1000;

/// The longest pause of Alertmanager between two tries is a minute, half as long again by chance.
const GOES_ON: i64 = 90 * 1000;

/// One finding for each receiver.
pub(super) fn judge(config: &AlertmanagerConfig, state: &DeliveryState) -> Vec<Finding> {
    let mut tries: Vec<Try> = state.alertmanagers.iter().flat_map(|one| words::tries(&one.lines)).collect();
    tries.sort_by_key(|one| one.at);
    let failed = |name: &str| {
        let last = tries.iter().rev().find(|one| is_of(one, name, config))?;
        (last.error.is_some() && state.now - last.at < RECENT).then_some(last)
    };
    let findings = config.told.iter().map(|told| {
        let name = &told.receiver;
        let subject = format!("alertmanager to {name}");
        let looked = state.sockets.get(name);
        let closed = looked.and_then(|(address, looked)| Some((address, closed(looked)?)));
        let failed_here = failed(name);
        let shown = |one: &Try| {
            let error = one.error.as_deref().unwrap_or_default();
            words::shortened(&words::without(error, &state.hidden.0))
        };
        let others_fail = config.told.iter().any(|other| {
            other.receiver != *name
                && failed(&other.receiver).zip(failed_here).is_some_and(|(one, own)| way(one) == way(own))
        });
        let opens = looked.is_some_and(|(_, looked)| looked.connect == Connect::Open);
        let trouble = match (failed_here, closed) {
            (Some(last), None) if !goes_on(last, opens, others_fail, state) => {
                return past(&subject, told.way, name, last, &shown(last), looked);
            }
            (Some(last), _) => format!("its last message was not taken: {}", shown(last)),
            (None, Some((address, why))) => format!("`{address}` cannot be reached from Alertmanager: {why}"),
            (None, None) => {
                let message = match looked {
                    Some((address, _)) => format!("`{address}` can be reached from Alertmanager; nothing was sent to it"),
                    None => "nothing is known against it, and nothing was sent to it".to_owned(),
                };
                return Finding::ok(CHECK, &subject, None, words::without(&message, &state.hidden.0));
            }
        };
        let message = format!("lost between Alertmanager and receiver `{name}` ({}): {trouble}", told.way);
        let fix = format!("correct `alertmanager.receivers.{name}`, or start what it names; `stackctl logs alertmanager` has every try");
        let trouble = masked(Trouble::new(Cause::AlertNotDelivered, message, fix), state);
        Finding::fail(CHECK, &subject, None, trouble)
    });
    findings.collect()
}

/// Whether a try was for that receiver. Of several that are told together the way with its number says for which.
fn is_of(one: &Try, receiver: &str, config: &AlertmanagerConfig) -> bool {
    let members: Vec<&str> = one.receiver.split('+').collect();
    if !members.contains(&receiver) {
        return false;
    }
    let Some((way, number)) = one.way.as_ref().filter(|_| members.len() > 1) else { return true };
    let has_way = |member: &&&str| {
        let own = config.receivers.iter().filter(|known| known.name == **member).flat_map(|known| known.ways.keys());
        own.into_iter().any(|key| key.strip_suffix("_configs") == Some(way.as_str()))
    };
    members.iter().filter(has_way).nth(*number).is_none_or(|blamed| *blamed == receiver)
}

fn way(one: &Try) -> Option<&str> {
    Some(one.way.as_ref()?.0.as_str())
}

/// Whether a failure is one of now.
fn goes_on(last: &Try, opens: bool, others_fail: bool, state: &DeliveryState) -> bool {
    // Nothing was listening there, and now something is.
    if opens && last.error.as_deref().is_some_and(|error| error.contains("dial ")) {
        return false;
    }
    // Alertmanager counts by way: where another receiver of that way fails, the count says nothing about this one.
    let is_counted = !others_fail && way(last).is_some_and(|way| state.failing.contains(way));
    is_counted || state.now - last.at < GOES_ON
}

/// It failed, and nobody can say how the message after that went.
fn past(subject: &str, way: &str, name: &str, last: &Try, error: &str, looked: Option<&(String, Looked)>) -> Finding {
    let time = jiff::Timestamp::from_millisecond(last.at).map(|at| at.strftime("%H:%M UTC").to_string());
    let reach = looked.map(|(address, _)| format!("`{address}` can be reached now, and ")).unwrap_or_default();
    let message = format!(
        "receiver `{name}` ({way}) did not take a message at {}: {error}; {reach}nothing is known since",
        time.unwrap_or_default()
    );
    let fix = format!(
        "look whether a message has come since; if not, correct `alertmanager.receivers.{name}`, or what it names"
    );
    Finding::fail(CHECK, subject, None, Trouble::new(Cause::AlertNotDelivered, message, fix)).as_warning()
}

/// Why a socket did not open.
fn closed(looked: &Looked) -> Option<String> {
    match (&looked.lookup, &looked.connect) {
        (_, Connect::Open) => None,
        (Some(Lookup::Failed { message }), _) => Some(format!("its name leads nowhere ({message})")),
        (_, Connect::Refused) => Some("nothing listens there".to_owned()),
        (_, Connect::TimedOut { millis }) => Some(format!("no answer within {} s", millis / 1000)),
        (_, Connect::Unreachable { message }) => Some(message.clone()),
        // The budget ended first.
        (_, Connect::NotTried) => None,
    }
}
