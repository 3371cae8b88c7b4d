//! `pushgateway`: what batch jobs pushed, and when.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let rows = vec![
        Row::plain(vec![
            Panel::number("Groups", "short")
                .asks("count(push_time_seconds) or vector(0)", "groups")
                .says("Jobs, each with its labels, that have pushed and were not deleted"),
            Panel::number("Last push", "s")
                .asks("min(time() - push_time_seconds) or vector(0)", "ago")
                .says("How long ago anybody pushed"),
            Panel::number("Longest silence", "s")
                .asks("max(time() - push_time_seconds) or vector(0)", "ago")
                .says("How long ago the group pushed that is silent the longest"),
            Panel::number("Refused pushes", "short")
                .asks("count(push_failure_time_seconds > push_time_seconds) or vector(0)", "groups")
                .says("Groups whose last push was refused"),
        ]),
        Row::titled(
            "Jobs",
            vec![
                Panel::lines("Since the last push", "s")
                    .asks("time() - max by (job) (push_time_seconds) or vector(0)", "{{job}}")
                    .says("What was pushed stays until it is deleted: a job that died shows here alone")
                    .between(0.0, None),
                Panel::lines("Refused pushes", "s")
                    .asks("time() - max by (job) (push_failure_time_seconds > 0) or vector(0)", "{{job}}")
                    .says("How long ago a push was refused")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "The program",
            vec![
                Panel::lines("Answers", "reqps")
                    .asks(
                        chosen("sum by (code) (rate(pushgateway_http_requests_total{*}[$__rate_interval]))"),
                        "{{code}}",
                    )
                    .between(0.0, None),
                Panel::lines("Memory", "bytes")
                    .asks(chosen("process_resident_memory_bytes{*}"), "{{instance}}")
                    .between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("pushgateway_build_info", "pushgateway", "Pushgateway", rows)
}
