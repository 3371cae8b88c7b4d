//! `docker-engine`: what the Docker engine says of itself.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Color, Dashboard, Panel, PanelKind, Row};

pub(super) fn dashboard() -> Dashboard {
    let states = || chosen("sum by (state) (engine_daemon_container_states_containers{*})");
    let running = chosen("sum(engine_daemon_container_states_containers{*,state=\"running\"})");
    let rows = vec![
        Row::plain(vec![
            Panel::number("Containers running", "none").asks(running, "running"),
            Panel::number("Failed health checks", "none")
                .asks(chosen("sum(increase(engine_daemon_health_checks_failed_total{*}[1h]))"), "failed")
                .says("In the last hour")
                .colored(&[(1.0, Color::Orange)]),
            Panel::number("Processor", "percentunit")
                .asks(chosen("rate(process_cpu_seconds_total{*}[$__rate_interval])"), "engine"),
            Panel::of(PanelKind::Table, "Version", "none")
                .asks(chosen("max by (version, kernel, os) (engine_daemon_engine_info{*})"), "")
                .sized(6, 4),
        ]),
        Row::titled("Containers", vec![
            Panel::lines("States", "none").asks(states(), "{{state}}").stacked().between(0.0, None),
            Panel::lines("Actions", "ops")
                .asks(
                    chosen("sum by (action) (rate(engine_daemon_container_actions_seconds_count{*}[$__rate_interval]))"),
                    "{{action}}",
                )
                .between(0.0, None),
            Panel::lines("Time of an action, mean", "s")
                .asks(
                    chosen(
                        "sum by (action) (rate(engine_daemon_container_actions_seconds_sum{*}[$__rate_interval])) / \
                         clamp_min(sum by (action) (rate(engine_daemon_container_actions_seconds_count{*}[$__rate_interval])), 1e-9)",
                    ),
                    "{{action}}",
                )
                .between(0.0, None),
            Panel::lines("Health checks", "ops")
                .asks(chosen("sum(rate(engine_daemon_health_checks_total{*}[$__rate_interval]))"), "all")
                .asks(chosen("sum(rate(engine_daemon_health_checks_failed_total{*}[$__rate_interval]))"), "failed")
                .between(0.0, None),
        ]),
        Row::titled("The engine itself", vec![
            Panel::lines("Memory", "bytes").asks(chosen("process_resident_memory_bytes{*}"), "{{instance}}").between(0.0, None),
            Panel::lines("Goroutines", "short").asks(chosen("go_goroutines{*}"), "{{instance}}").between(0.0, None),
        ]),
    ];
    for_jobs_with("engine_daemon_engine_info", "docker-engine", "Docker engine", rows)
}
