//! `mysql`: what `MySQL` or `MariaDB` does, as the mysqld exporter tells it.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Color, Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let rate = |name: &str| chosen(&format!("sum(rate(mysql_global_status_{name}{{*}}[$__rate_interval]))"));
    let now = |name: &str| chosen(&format!("sum(mysql_global_status_{name}{{*}})"));
    let rows = vec![
        Row::plain(vec![
            Panel::number("Database", "bool_yes_no")
                .asks(chosen("mysql_up{*}"), "reached")
                .says("Whether the exporter reaches the database")
                .bad_or_good("not reached", "reached"),
            Panel::number("Up for", "s").asks(now("uptime"), "uptime"),
            Panel::number("Queries", "ops").asks(rate("queries"), "queries"),
            Panel::number("Connections in use", "percentunit")
                .asks(
                    chosen(
                        "sum(mysql_global_status_threads_connected{*}) / sum(mysql_global_variables_max_connections{*})",
                    ),
                    "of max_connections",
                )
                .colored(&[(0.7, Color::Yellow), (0.9, Color::Red)]),
        ]),
        Row::titled(
            "Work",
            vec![
                Panel::lines("Statements", "ops")
                    .asks(
                        chosen(
                            "topk(6, sum by (command) (rate(mysql_global_status_commands_total{*}[$__rate_interval])))",
                        ),
                        "{{command}}",
                    )
                    .between(0.0, None),
                Panel::lines("Slow queries", "ops").asks(rate("slow_queries"), "slow").between(0.0, None),
                Panel::lines("Handling of rows", "ops")
                    .asks(
                        chosen(
                            "topk(6, sum by (handler) (rate(mysql_global_status_handlers_total{*}[$__rate_interval])))",
                        ),
                        "{{handler}}",
                    )
                    .between(0.0, None),
                Panel::lines("Traffic", "Bps")
                    .asks(rate("bytes_received"), "in")
                    .asks(rate("bytes_sent"), "out")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "Waiting",
            vec![
                Panel::lines("Threads", "short")
                    .asks(now("threads_connected"), "connected")
                    .asks(now("threads_running"), "running")
                    .between(0.0, None),
                Panel::lines("Failed connections", "ops")
                    .asks(rate("aborted_connects"), "refused")
                    .asks(rate("aborted_clients"), "left without a word")
                    .between(0.0, None),
                Panel::lines("Waits for locks", "ops")
                    .asks(rate("innodb_row_lock_waits"), "rows")
                    .asks(rate("table_locks_waited"), "tables")
                    .between(0.0, None),
                Panel::lines("Temporary tables", "ops")
                    .asks(rate("created_tmp_tables"), "in memory")
                    .asks(rate("created_tmp_disk_tables"), "on disk")
                    .between(0.0, None),
            ],
        ),
        Row::titled(
            "Memory",
            vec![
                Panel::lines("Buffer pool", "bytes")
                    .asks(chosen("sum(mysql_global_variables_innodb_buffer_pool_size{*})"), "size")
                    .asks(now("innodb_buffer_pool_bytes_data"), "data")
                    .asks(now("innodb_buffer_pool_bytes_dirty"), "not written yet")
                    .between(0.0, None),
                Panel::lines("Read from disk", "ops")
                    .asks(rate("innodb_buffer_pool_reads"), "reads that missed the buffer pool")
                    .between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("mysql_up", "mysql", "MySQL", rows)
}
