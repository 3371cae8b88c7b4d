//! `prometheus`: how Prometheus itself does.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Color, Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let rows = vec![
        Row::plain(vec![
            Panel::number("Configuration", "bool_yes_no")
                .asks(chosen("prometheus_config_last_reload_successful{*}"), "taken")
                .says("Whether the file on disk is the one in force")
                .bad_or_good("refused", "in force"),
            Panel::number("Series", "short").asks(chosen("prometheus_tsdb_head_series{*}"), "series"),
            Panel::number("Samples", "ops")
                .asks(chosen("rate(prometheus_tsdb_head_samples_appended_total{*}[$__rate_interval])"), "samples"),
            Panel::number("Failed queries of rules", "none")
                .asks(chosen("sum(increase(prometheus_rule_evaluation_failures_total{*}[1h])) or vector(0)"), "failed")
                .says("In the last hour")
                .colored(&[(1.0, Color::Red)]),
        ]),
        Row::titled(
            "Scraping",
            vec![
                Panel::lines("Samples", "ops")
                    .asks(
                        chosen("rate(prometheus_tsdb_head_samples_appended_total{*}[$__rate_interval])"),
                        "{{instance}}",
                    )
                    .between(0.0, None),
                Panel::lines("Targets", "none").asks("sum by (job) (up)", "{{job}}").stacked().between(0.0, None),
                Panel::lines("Refused samples", "ops")
                    .asks(
                        chosen("rate(prometheus_target_scrapes_sample_out_of_order_total{*}[$__rate_interval])"),
                        "out of order",
                    )
                    .asks(
                        chosen("rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{*}[$__rate_interval])"),
                        "two of one time",
                    )
                    .asks(
                        chosen("rate(prometheus_target_scrapes_exceeded_sample_limit_total{*}[$__rate_interval])"),
                        "over the limit",
                    )
                    .between(0.0, None),
                Panel::lines("Series", "short")
                    .asks(chosen("prometheus_tsdb_head_series{*}"), "{{instance}}")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "Asking",
            vec![
                Panel::lines("Answers", "reqps")
                    .asks(
                        chosen("sum by (handler) (rate(prometheus_http_requests_total{*}[$__rate_interval]))"),
                        "{{handler}}",
                    )
                    .between(0.0, None),
                Panel::lines("Time of a query, p90", "s")
                    .asks(
                        chosen("max by (slice) (prometheus_engine_query_duration_seconds{*,quantile=\"0.9\"})"),
                        "{{slice}}",
                    )
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "The program",
            vec![
                Panel::lines("Memory", "bytes")
                    .asks(chosen("process_resident_memory_bytes{*}"), "{{instance}}")
                    .between(0.0, None),
                Panel::lines("Processor", "percentunit")
                    .asks(chosen("rate(process_cpu_seconds_total{*}[$__rate_interval])"), "{{instance}}")
                    .between(0.0, None),
                Panel::lines("Data on disk", "bytes")
                    .asks(chosen("prometheus_tsdb_storage_blocks_bytes{*}"), "blocks")
                    .asks(chosen("prometheus_tsdb_wal_storage_size_bytes{*}"), "write-ahead log")
                    .between(0.0, None),
                Panel::lines("Goroutines", "short").asks(chosen("go_goroutines{*}"), "{{instance}}").between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("prometheus_build_info", "prometheus", "Prometheus", rows)
}
