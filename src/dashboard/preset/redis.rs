//! `redis`: what `Redis` or `Valkey` does, as the redis exporter tells it.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let rows = vec![
        Row::plain(vec![
            Panel::number("Database", "bool_yes_no")
                .asks(chosen("redis_up{*}"), "reached")
                .says("Whether the exporter reaches the database")
                .bad_or_good("not reached", "reached"),
            Panel::number("Up for", "s").asks(chosen("min(redis_uptime_in_seconds{*})"), "uptime"),
            Panel::number("Clients", "short").asks(chosen("sum(redis_connected_clients{*})"), "clients"),
            Panel::number("Memory", "bytes").asks(chosen("sum(redis_memory_used_bytes{*})"), "used"),
        ]),
        Row::titled(
            "Work",
            vec![
                Panel::lines("Commands", "ops")
                    .asks(chosen("topk(8, sum by (cmd) (rate(redis_commands_total{*}[$__rate_interval])))"), "{{cmd}}")
                    .between(0.0, None),
                Panel::lines("Time in commands", "s")
                    .asks(
                        chosen("sum by (cmd) (rate(redis_commands_duration_seconds_total{*}[$__rate_interval]))"),
                        "{{cmd}}",
                    )
                    .says("Seconds of each second; one command runs at a time")
                    .between(0.0, None),
                Panel::lines("Found or not", "ops")
                    .asks(chosen("sum(rate(redis_keyspace_hits_total{*}[$__rate_interval]))"), "found")
                    .asks(chosen("sum(rate(redis_keyspace_misses_total{*}[$__rate_interval]))"), "not found")
                    .between(0.0, None),
                Panel::lines("Traffic", "Bps")
                    .asks(chosen("sum(rate(redis_net_input_bytes_total{*}[$__rate_interval]))"), "in")
                    .asks(chosen("sum(rate(redis_net_output_bytes_total{*}[$__rate_interval]))"), "out")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "Memory and keys",
            vec![
                Panel::lines("Memory", "bytes")
                    .asks(chosen("redis_memory_used_bytes{*}"), "used")
                    .asks(chosen("redis_memory_used_rss_bytes{*}"), "of the host")
                    .asks(chosen("redis_memory_max_bytes{*} > 0"), "limit")
                    .between(0.0, None),
                Panel::lines("Keys", "short")
                    .asks(chosen("sum by (db) (redis_db_keys{*})"), "{{db}}")
                    .between(0.0, None),
                Panel::lines("Keys that went", "ops")
                    .asks(chosen("sum(rate(redis_expired_keys_total{*}[$__rate_interval]))"), "expired")
                    .asks(chosen("sum(rate(redis_evicted_keys_total{*}[$__rate_interval]))"), "evicted for room")
                    .between(0.0, None),
                Panel::lines("Clients", "short")
                    .asks(chosen("redis_connected_clients{*}"), "connected")
                    .asks(chosen("redis_blocked_clients{*}"), "waiting")
                    .asks(chosen("redis_connected_slaves{*}"), "replicas")
                    .between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("redis_up", "redis", "Redis", rows)
}
