//! `cadvisor`: what each container takes of the host.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Dashboard, Panel, PanelKind, Row};

pub(super) fn dashboard() -> Dashboard {
    let by_name = |metric: &str| {
        chosen(&format!("sum by (name) (rate(container_{metric}_total{{*,name!=\"\"}}[$__rate_interval]))"))
    };
    let memory = || chosen("sum by (name) (container_memory_working_set_bytes{*,name!=\"\"})");
    let rows = vec![
        Row::plain(vec![
            Panel::number("Containers", "none").asks(chosen("count(container_last_seen{*,name!=\"\"})"), "containers"),
            Panel::number("Processor", "percentunit")
                .asks(chosen("sum(rate(container_cpu_usage_seconds_total{*,name!=\"\"}[$__rate_interval]))"), "all"),
            Panel::number("Memory", "bytes").asks(format!("sum({})", memory()), "all"),
            Panel::number("Restarts in the last hour", "none")
                .asks(chosen("sum(changes(container_start_time_seconds{*,name!=\"\"}[1h]))"), "restarts"),
        ]),
        Row::titled(
            "Processor and memory",
            vec![
                Panel::lines("Processor", "percentunit")
                    .asks(by_name("cpu_usage_seconds"), "{{name}}")
                    .says("Share of one processor")
                    .stacked()
                    .between(0.0, None),
                Panel::lines("Memory", "bytes").asks(memory(), "{{name}}").stacked().between(0.0, None),
            ],
        ),
        Row::titled(
            "Network and disks",
            vec![
                Panel::lines("Received", "Bps").asks(by_name("network_receive_bytes"), "{{name}}").between(0.0, None),
                Panel::lines("Sent", "Bps").asks(by_name("network_transmit_bytes"), "{{name}}").between(0.0, None),
                Panel::lines("Read", "Bps").asks(by_name("fs_reads_bytes"), "{{name}}").between(0.0, None),
                Panel::lines("Written", "Bps").asks(by_name("fs_writes_bytes"), "{{name}}").between(0.0, None),
            ],
        ),
        Row::titled(
            "Each container",
            vec![
                Panel::of(PanelKind::Bargauge, "Memory", "bytes").asks(memory(), "{{name}}").between(0.0, None),
                Panel::of(PanelKind::Table, "Running for", "s").asks(
                    chosen("max by (name, image) (time() - container_start_time_seconds{*,name!=\"\"})"),
                    "{{name}}",
                ),
            ],
        ),
    ];
    for_jobs_with("container_last_seen", "cadvisor", "Containers", rows)
}
