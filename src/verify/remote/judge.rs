//! What Prometheus counts of its remote writes → findings. Pure.

use crate::desired::{PrometheusConfig, Remote, without_url_secrets};

use super::super::delivery::field;
use super::super::{Cause, Finding, Trouble};
use super::{Counted, RemoteState};

/// The check that these findings belong to.
const CHECK: &str = "remote";

/// What was scraped longer ago than this, in seconds, and than four scrapes, shall have arrived.
const MOST_BEHIND: u64 = 60;

/// Judges what was found: one finding for each remote write.
/// `instance`: name of the container of the Prometheus that was asked.
pub fn judge_remote(config: &PrometheusConfig, instance: &str, state: &RemoteState) -> Vec<Finding> {
    let findings = config.remote_write.iter().map(|remote| {
        let outcome = match &state.counted {
            None => Err(unreachable(&super::super::not_running())),
            Some(Err(error)) => Err(unreachable(error)),
            Some(Ok(counted)) => {
                arrives(config, remote, counted.get(&remote.name).copied().unwrap_or_default(), &state.lines)
            }
        };
        match outcome {
            Ok(message) => Finding::ok(CHECK, &remote.name, Some(instance), message),
            Err(trouble) => {
                let pending = trouble.cause == Cause::DataPending;
                let finding = Finding::fail(CHECK, &remote.name, Some(instance), trouble);
                if pending { finding.as_warning() } else { finding }
            }
        }
    });
    findings.collect()
}

fn unreachable(error: &crate::client::Error) -> Trouble {
    let fix = "see `stackctl ps` and `stackctl logs prometheus`, then run `stackctl up`";
    Trouble::new(Cause::PrometheusUnreachable, error.to_string(), fix)
}

fn arrives(config: &PrometheusConfig, remote: &Remote, counted: Counted, lines: &[String]) -> Result<String, Trouble> {
    let Counted { tried, failed, retried, dropped, pending, behind, stuck } = counted;
    let url = &without_url_secrets(&remote.url);
    let most_behind = MOST_BEHIND.max(4 * config.scrape_interval.as_millis() / 1000);
    let reason = said(lines, remote).filter(|_| failed > 0 || retried > 0);
    let said = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let failing = |message: String, fix: &str| Err(Trouble::new(Cause::RemoteWriteFailing, message, fix));
    let fix = remedy(reason.as_deref().unwrap_or_default());
    if failed > 0 {
        let message = format!("`{url}` refused {failed} samples in two minutes, and they are lost{said}");
        let usual = "correct `url`, `basic_auth` or `token` of the remote write, or what answers there";
        return failing(message, fix.filter(|fix| *fix == START).unwrap_or(usual));
    }
    if retried > 0 && behind.is_none() {
        let message = format!("`{url}` takes nothing; {pending} samples wait{said}");
        return failing(message, fix.unwrap_or(START));
    }
    if stuck {
        let message = format!("`{url}` takes nothing any more; {pending} samples wait{said}");
        return failing(message, fix.unwrap_or(START));
    }
    if let Some(behind) = behind {
        if behind > most_behind {
            let message = format!("what arrives at `{url}` is {behind} s behind; {pending} samples wait{said}");
            let busy = "look whether it answers still, and how busy it is; `queue_config` has more `max_shards`";
            return failing(message, fix.unwrap_or(busy));
        }
        return Ok(format!("what is scraped arrives at `{url}`, {behind} s later"));
    }
    let drops_all = dropped > 0 && tried == 0;
    let message = if drops_all {
        format!("nothing is sent to `{url}`: relabelling drops every sample")
    } else {
        format!("nothing was sent to `{url}` yet, and nothing failed")
    };
    let fix = if drops_all { "look at `write_relabel_configs`" } else { "run `stackctl verify remote` again" };
    Err(Trouble::new(Cause::DataPending, message, fix))
}

/// What to do where nobody answers.
const START: &str = "start what shall answer there, or correct host and port of `url`";

/// What to do, as the reason tells. `None`: it does not.
fn remedy(reason: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["dial ", "no such host", "connection refused", "connection reset", "EOF"]) {
        Some(START)
    } else if says(&["HTTP status"]) {
        Some("it answers and takes nothing: see its log")
    } else {
        None
    }
}

/// What Prometheus' log last says about a remote write that failed.
fn said(lines: &[String], remote: &Remote) -> Option<String> {
    let is_of = |line: &&String| field(line, "remote_name").as_deref() == Some(remote.name.as_str());
    let url = field_of_url(lines.iter().rev().filter(is_of), remote);
    url.map(|error| without_url_secrets(&error).chars().take(300).collect())
}

/// Of an earlier URL nothing is told.
fn field_of_url<'a>(mut lines: impl Iterator<Item = &'a String>, remote: &Remote) -> Option<String> {
    lines.find_map(|line| field(line, "err").filter(|_| field(line, "url").is_none_or(|url| url == remote.url)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::verify::{Status, fixture};

    fn judge(counted: Counted, line: &str) -> Finding {
        let mut desired = fixture::demo(vec![fixture::web_job()]);
        let remote = Remote {
            name: "archive".to_owned(),
            url: "http://archive:8428/api/v1/write".to_owned(),
            host: "archive".to_owned(),
            settings: serde_json::json!({}),
        };
        let config = desired.prometheus.as_mut().unwrap();
        config.remote_write.push(remote);
        let counted = Some(Ok(BTreeMap::from([("archive".to_owned(), counted)])));
        let state = RemoteState { counted, lines: vec![line.to_owned()] };
        judge_remote(config, "demo-prometheus-1", &state).remove(0)
    }

    #[test]
    fn samples_that_arrive_are_well() {
        let finding = judge(Counted { tried: 90, behind: Some(3), ..Counted::default() }, "");
        assert_eq!((finding.status, finding.instance.as_deref()), (Status::Ok, Some("demo-prometheus-1")));
    }

    #[test]
    fn nobody_there_is_told_with_the_reason_from_the_log() {
        let line = "ts=2026-01-01T00:00:00Z component=remote remote_name=archive \
                    url=http://archive:8428/api/v1/write msg=\"Failed to send batch, retrying\" err=\"connection refused\"";
        let counted = Counted { tried: 50, retried: 40, pending: 10, ..Counted::default() };
        let finding = judge(counted, line);
        assert_eq!((finding.status, finding.cause), (Status::Fail, Some(Cause::RemoteWriteFailing)));
        assert!(finding.message.ends_with("10 samples wait: connection refused"), "{}", finding.message);
        let other = judge(counted, &line.replace("archive:8428", "archive:1"));
        assert!(other.message.ends_with("10 samples wait"), "an earlier URL's reason: {}", other.message);
    }

    #[test]
    fn a_token_in_the_url_is_in_no_message() {
        let line = "remote_name=archive msg=\"Failed to send batch, retrying\" \
                    err=\"Post \\\"http://archive/w?key=hunter2\\\": connection refused\"";
        let finding = judge(Counted { tried: 50, retried: 40, pending: 10, ..Counted::default() }, line);
        assert!(finding.message.contains("http://archive/w?key=***"), "{}", finding.message);
    }

    #[test]
    fn what_is_refused_is_lost_even_where_other_samples_arrive() {
        let finding = judge(Counted { tried: 50, failed: 20, behind: Some(2), ..Counted::default() }, "");
        assert_eq!(finding.cause, Some(Cause::RemoteWriteFailing));
        assert!(finding.message.contains("refused 20 samples"), "{}", finding.message);
        assert!(finding.fix.contains("`basic_auth` or `token`"), "{}", finding.fix);
        let line = "remote_name=archive err=\"dial tcp 10.0.0.2:8428: connect: connection refused\"";
        let gone = judge(Counted { tried: 50, failed: 20, ..Counted::default() }, line);
        assert!(gone.fix.starts_with("start what shall answer there"), "nobody answers any more: {}", gone.fix);
    }

    #[test]
    fn one_that_has_just_stopped_is_told_before_it_is_far_behind_and_with_what_helps() {
        let line = "remote_name=archive msg=\"Failed to send batch, retrying\" \
                    err=\"Post \\\"http://archive/w\\\": dial tcp: lookup archive: no such host\"";
        let stuck = Counted { tried: 50, retried: 10, pending: 20, behind: Some(8), stuck: true, ..Counted::default() };
        let finding = judge(stuck, line);
        assert_eq!((finding.status, finding.cause), (Status::Fail, Some(Cause::RemoteWriteFailing)));
        assert!(finding.message.contains("takes nothing any more; 20 samples wait"), "{}", finding.message);
        let long = judge(Counted { behind: Some(400), stuck: false, ..stuck }, line);
        for fix in [&finding.fix, &long.fix] {
            assert!(fix.starts_with("start what shall answer there"), "{fix}");
        }
        let busy = judge(Counted { behind: Some(400), stuck: false, ..stuck }, "");
        assert!(busy.fix.contains("max_shards"), "{}", busy.fix);
    }

    #[test]
    fn a_receiver_that_cannot_keep_up_is_failing_and_one_that_was_tried_again_is_not() {
        let slow = Counted { tried: 50, retried: 10, behind: Some(400), ..Counted::default() };
        assert_eq!(judge(slow, "").cause, Some(Cause::RemoteWriteFailing));
        assert_eq!(judge(Counted { behind: Some(5), ..slow }, "").cause, None);
    }

    #[test]
    fn nothing_sent_yet_and_everything_dropped_are_warnings() {
        let nothing = judge(Counted::default(), "");
        assert_eq!((nothing.status, nothing.cause), (Status::Warn, Some(Cause::DataPending)));
        let dropped = judge(Counted { dropped: 5, ..Counted::default() }, "");
        assert!(dropped.message.contains("drops every sample"), "{}", dropped.message);
    }
}
