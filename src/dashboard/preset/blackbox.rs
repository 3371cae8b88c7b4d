//! `blackbox`: what the probes of the stack find, as the blackbox exporter tells it.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let rows = vec![
        Row::plain(vec![
            Panel::number("Answers", "bool_yes_no")
                .asks(chosen("min(probe_success{*})"), "answers")
                .says("Whether everything that this job asks answers as it shall")
                .bad_or_good("fails", "well"),
            Panel::number("Answered in the last day", "percentunit")
                .asks(chosen("avg(avg_over_time(probe_success{*}[1d]))"), "answered")
                .says("Share of the probes that were well"),
            Panel::number("Time of an answer", "s").asks(chosen("max(probe_duration_seconds{*})"), "slowest"),
            Panel::number("Certificates end in", "s")
                .asks(chosen("min(probe_ssl_earliest_cert_expiry{*} - time())"), "end")
                .says("The first of all; no data where nothing speaks TLS"),
        ]),
        Row::titled(
            "By target",
            vec![
                Panel::lines("Answers", "bool_yes_no")
                    .asks(chosen("probe_success{*}"), "{{instance}}")
                    .between(0.0, Some(1.0)),
                Panel::lines("Time of an answer", "s")
                    .asks(chosen("probe_duration_seconds{*}"), "{{instance}}")
                    .between(0.0, None),
                Panel::lines("Looking up the name", "s")
                    .asks(chosen("probe_dns_lookup_time_seconds{*}"), "{{instance}}")
                    .between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("probe_success", "blackbox", "Probes", rows)
}
