//! `nginx`: what `NGINX` does, as its page `stub_status` tells it.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Dashboard, Panel, Row};

pub(super) fn dashboard() -> Dashboard {
    let rows = vec![
        Row::plain(vec![
            Panel::number("Server", "bool_yes_no")
                .asks(chosen("nginx_up{*}"), "reached")
                .says("Whether the exporter reads the page stub_status")
                .bad_or_good("not reached", "reached"),
            Panel::number("Requests", "reqps")
                .asks(chosen("sum(rate(nginx_http_requests_total{*}[$__rate_interval]))"), "requests"),
            Panel::number("Connections", "short").asks(chosen("sum(nginx_connections_active{*})"), "active"),
            Panel::number("Refused connections", "short")
                .asks(
                    chosen(
                        "sum(increase(nginx_connections_accepted{*}[1h]) - increase(nginx_connections_handled{*}[1h]))",
                    ),
                    "refused",
                )
                .says("In the last hour: accepted, and given up for want of room"),
        ]),
        Row::titled(
            "Work",
            vec![
                Panel::lines("Requests", "reqps")
                    .asks(chosen("rate(nginx_http_requests_total{*}[$__rate_interval])"), "{{instance}}")
                    .between(0.0, None),
                Panel::lines("Connections", "short")
                    .asks(chosen("sum(nginx_connections_reading{*})"), "reading")
                    .asks(chosen("sum(nginx_connections_writing{*})"), "writing")
                    .asks(chosen("sum(nginx_connections_waiting{*})"), "idle")
                    .stacked()
                    .between(0.0, None),
                Panel::lines("New connections", "ops")
                    .asks(chosen("sum(rate(nginx_connections_accepted{*}[$__rate_interval]))"), "accepted")
                    .asks(chosen("sum(rate(nginx_connections_handled{*}[$__rate_interval]))"), "handled")
                    .between(0.0, None),
                Panel::lines("Requests of a connection", "short")
                    .asks(
                        chosen(
                            "sum(rate(nginx_http_requests_total{*}[$__rate_interval])) / \
                             sum(rate(nginx_connections_handled{*}[$__rate_interval]))",
                        ),
                        "requests",
                    )
                    .says("Near one: clients do not keep their connections")
                    .between(0.0, None),
            ],
        ),
    ];
    for_jobs_with("nginx_up", "nginx", "NGINX", rows)
}
