//! `postgres`: what `PostgreSQL` does, as the postgres exporter tells it.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Color, Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let databases = "datname!~\"template.*\"";
    let of_databases = |query: &str| chosen(&query.replace("{*", &format!("{{*,{databases}")));
    let rows = vec![
        Row::plain(vec![
            Panel::number("Database", "bool_yes_no")
                .asks(chosen("pg_up{*}"), "reached")
                .says("Whether the exporter reaches the database")
                .bad_or_good("not reached", "reached"),
            Panel::number("Connections", "short").asks(chosen("sum(pg_stat_database_numbackends{*})"), "connections"),
            Panel::number("Connections in use", "percentunit")
                .asks(
                    chosen("sum(pg_stat_database_numbackends{*}) / sum(pg_settings_max_connections{*})"),
                    "of max_connections",
                )
                .colored(&[(0.7, Color::Yellow), (0.9, Color::Red)]),
            Panel::number("Size", "bytes").asks(chosen("sum(pg_database_size_bytes{*})"), "size"),
        ]),
        Row::titled(
            "Work",
            vec![
                Panel::lines("Transactions", "ops")
                    .asks(
                        of_databases("sum by (datname) (rate(pg_stat_database_xact_commit{*}[$__rate_interval]))"),
                        "{{datname}} committed",
                    )
                    .asks(
                        of_databases("sum by (datname) (rate(pg_stat_database_xact_rollback{*}[$__rate_interval]))"),
                        "{{datname}} rolled back",
                    )
                    .between(0.0, None),
                Panel::lines("Rows", "ops")
                    .asks(chosen("sum(rate(pg_stat_database_tup_fetched{*}[$__rate_interval]))"), "fetched")
                    .asks(chosen("sum(rate(pg_stat_database_tup_inserted{*}[$__rate_interval]))"), "inserted")
                    .asks(chosen("sum(rate(pg_stat_database_tup_updated{*}[$__rate_interval]))"), "updated")
                    .asks(chosen("sum(rate(pg_stat_database_tup_deleted{*}[$__rate_interval]))"), "deleted")
                    .between(0.0, None),
                Panel::lines("Found in memory", "percentunit")
                    .asks(
                        chosen(
                            "sum(pg_stat_database_blks_hit{*}) / \
                             (sum(pg_stat_database_blks_hit{*}) + sum(pg_stat_database_blks_read{*}))",
                        ),
                        "blocks",
                    )
                    .says("Blocks that needed no read, since the server's statistics began")
                    .between(0.0, Some(1.0)),
                Panel::lines("Temporary files", "Bps")
                    .asks(
                        of_databases("sum by (datname) (rate(pg_stat_database_temp_bytes{*}[$__rate_interval]))"),
                        "{{datname}}",
                    )
                    .says("Sorts and joins that did not fit into work_mem")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "Waiting",
            vec![
                Panel::lines("Sessions", "short")
                    .asks(chosen("sum by (state) (pg_stat_activity_count{*})"), "{{state}}")
                    .stacked()
                    .between(0.0, None),
                Panel::lines("Longest transaction", "s")
                    .asks(chosen("max by (datname) (pg_stat_activity_max_tx_duration{*})"), "{{datname}}")
                    .between(0.0, None),
                Panel::lines("Locks", "short")
                    .asks(chosen("sum by (mode) (pg_locks_count{*})"), "{{mode}}")
                    .between(0.0, None),
                Panel::lines("Deadlocks and conflicts", "ops")
                    .asks(chosen("sum(rate(pg_stat_database_deadlocks{*}[$__rate_interval]))"), "deadlocks")
                    .asks(chosen("sum(rate(pg_stat_database_conflicts{*}[$__rate_interval]))"), "conflicts")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "Sizes",
            vec![
                Panel::lines("Databases", "bytes")
                    .asks(of_databases("pg_database_size_bytes{*}"), "{{datname}}")
                    .between(0.0, None),
                Panel::lines("Connections", "short")
                    .asks(of_databases("pg_stat_database_numbackends{*}"), "{{datname}}")
                    .between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("pg_up", "postgres", "PostgreSQL", rows)
}
