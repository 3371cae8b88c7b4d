//! The client libraries and frameworks that stackctl recognises, by the names of their metrics. Data, not behaviour.
//!
//! Names from the libraries' own sources: promhttp, Micrometer, prom-client with express-prom-bundle,
//! `prometheus_flask_exporter`, prometheus-fastapi-instrumentator, starlette-exporter, django-prometheus, prometheus-net,
//! OpenTelemetry's semantic conventions and .NET's own meters.

/// Labels in which libraries keep the status of an HTTP answer.
pub const STATUS_LABELS: &[&str] = &["code", "http_response_status_code", "status", "status_code"];

/// Whether a value of such a label is a status: `200`, `2xx`, `2..`. Some count `success` and `error` under one of these names.
pub fn is_status(value: &str) -> bool {
    let mut letters = value.chars();
    let has_class = letters.next().is_some_and(|first| ('1'..='5').contains(&first));
    let rest: Vec<char> = letters.collect();
    let is_code = rest.iter().all(char::is_ascii_digit);
    has_class && rest.len() == 2 && (is_code || rest.iter().all(|letter| "xX.".contains(*letter)))
}

/// How one library counts HTTP requests.
#[derive(Debug)]
pub(super) struct HttpServer {
    /// Counter of answers, one for each; it has one of [`STATUS_LABELS`].
    pub(super) requests: &'static str,
    /// Requests that are not the users', such as those of the scrape itself: a label, and what it matches.
    pub(super) without: Option<(&'static str, &'static str)>,
    /// Histogram or summary of durations in seconds, without `_bucket`, `_sum`, `_count`.
    pub(super) duration: &'static str,
    /// Gauge of requests in flight.
    pub(super) in_flight: &'static str,
}

const fn server(
    requests: &'static str,
    duration: &'static str,
    in_flight: &'static str,
    without: Option<(&'static str, &'static str)>,
) -> HttpServer {
    HttpServer { requests, without, duration, in_flight }
}

/// In order: the first that an app exposes is taken. What tells more about users' requests comes first.
pub(super) const HTTP_SERVERS: &[HttpServer] = &[
    // OpenTelemetry's semantic conventions, and ASP.NET Core from .NET 8 on.
    server(
        "http_server_request_duration_seconds_count",
        "http_server_request_duration_seconds",
        "http_server_active_requests",
        None,
    ),
    // Micrometer: Spring Boot, Quarkus, Micronaut.
    server(
        "http_server_requests_seconds_count",
        "http_server_requests_seconds",
        "http_server_requests_active_seconds_active_count",
        Some(("uri", "/actuator.*")),
    ),
    // prometheus-net.
    server("http_requests_received_total", "http_request_duration_seconds", "http_requests_in_progress", None),
    // fastapi-observability.
    server("fastapi_responses_total", "fastapi_requests_duration_seconds", "fastapi_requests_in_progress", None),
    // prometheus_flask_exporter.
    server("flask_http_request_total", "flask_http_request_duration_seconds", "", None),
    // starlette-exporter.
    server("starlette_requests_total", "starlette_request_duration_seconds", "starlette_requests_in_progress", None),
    // django-prometheus.
    server(
        "django_http_responses_total_by_status_total",
        "django_http_requests_latency_seconds_by_view_method",
        "",
        None,
    ),
    // promhttp's middleware, express-prom-bundle, prometheus-fastapi-instrumentator and most that is made by hand.
    server("http_requests_total", "http_request_duration_seconds", "http_requests_in_flight", None),
    server("http_request_duration_seconds_count", "http_request_duration_seconds", "http_requests_in_flight", None),
    // go-kit.
    server("request_duration_seconds_count", "request_duration_seconds", "inflight_requests", None),
];

/// One panel about the program itself: title, unit, whether it is a share of a whole, the metrics that its query asks for, the
/// query, legend. The metrics are written here, too, because every `up` wants them, and reading the queries takes a third of the
/// work of one that has nothing to do.
pub(super) struct Runtime {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) is_share: bool,
    pub(super) metrics: &'static [&'static str],
    pub(super) query: &'static str,
    pub(super) legend: &'static str,
}

const fn runtime(
    title: &'static str,
    unit: &'static str,
    metrics: &'static [&'static str],
    query: &'static str,
) -> Runtime {
    Runtime { title, unit, is_share: false, metrics, query, legend: "{{instance}}" }
}

const fn share(title: &'static str, metrics: &'static [&'static str], query: &'static str) -> Runtime {
    Runtime { title, unit: "percentunit", is_share: true, metrics, query, legend: "{{instance}}" }
}

/// In order. Of two with one title the first is taken whose metrics the app exposes.
pub(super) const RUNTIME: &[Runtime] = &[
    // Every client library's process collector; Micrometer; .NET 9.
    runtime(
        "Processor",
        "percentunit",
        &["process_cpu_seconds_total"],
        r#"rate(process_cpu_seconds_total{job="$job",instance=~"$instance"}[$__rate_interval])"#,
    ),
    runtime(
        "Processor",
        "percentunit",
        &["process_cpu_usage"],
        r#"process_cpu_usage{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Processor",
        "percentunit",
        &["dotnet_process_cpu_time_seconds_total"],
        r#"sum by (instance) (rate(dotnet_process_cpu_time_seconds_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        "Memory",
        "bytes",
        &["process_resident_memory_bytes"],
        r#"process_resident_memory_bytes{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Memory",
        "bytes",
        &["process_working_set_bytes"],
        r#"process_working_set_bytes{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Memory",
        "bytes",
        &["dotnet_process_memory_working_set_bytes"],
        r#"dotnet_process_memory_working_set_bytes{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Open files",
        &["process_open_fds", "process_max_fds"],
        r#"process_open_fds{job="$job",instance=~"$instance"} / process_max_fds{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Open files",
        &["process_files_open_files", "process_files_max_files"],
        r#"process_files_open_files{job="$job",instance=~"$instance"} / process_files_max_files{job="$job",instance=~"$instance"}"#,
    ),
    // Go.
    runtime("Goroutines", "short", &["go_goroutines"], r#"go_goroutines{job="$job",instance=~"$instance"}"#),
    runtime(
        "Go heap",
        "bytes",
        &["go_memstats_heap_alloc_bytes"],
        r#"go_memstats_heap_alloc_bytes{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Go garbage collection",
        "percentunit",
        &["go_gc_duration_seconds_sum"],
        r#"rate(go_gc_duration_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval])"#,
    ),
    // Java: Micrometer and client_java 1.x, then the older simpleclient.
    share(
        "Java heap",
        &["jvm_memory_used_bytes", "jvm_memory_max_bytes"],
        r#"sum by (instance) (jvm_memory_used_bytes{job="$job",instance=~"$instance",area="heap"}) / sum by (instance) (jvm_memory_max_bytes{job="$job",instance=~"$instance",area="heap"} > 0)"#,
    ),
    share(
        "Java heap",
        &["jvm_memory_bytes_used", "jvm_memory_bytes_max"],
        r#"jvm_memory_bytes_used{job="$job",instance=~"$instance",area="heap"} / (jvm_memory_bytes_max{job="$job",instance=~"$instance",area="heap"} > 0)"#,
    ),
    runtime(
        "Java garbage collection",
        "percentunit",
        &["jvm_gc_pause_seconds_sum"],
        r#"sum by (instance) (rate(jvm_gc_pause_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        "Java garbage collection",
        "percentunit",
        &["jvm_gc_collection_seconds_sum"],
        r#"sum by (instance) (rate(jvm_gc_collection_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        "Java threads",
        "short",
        &["jvm_threads_live_threads"],
        r#"jvm_threads_live_threads{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Java threads",
        "short",
        &["jvm_threads_current"],
        r#"jvm_threads_current{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Tomcat threads",
        &["tomcat_threads_busy_threads", "tomcat_threads_config_max_threads"],
        r#"tomcat_threads_busy_threads{job="$job",instance=~"$instance"} / tomcat_threads_config_max_threads{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Database connections",
        &["hikaricp_connections_active", "hikaricp_connections_max"],
        r#"hikaricp_connections_active{job="$job",instance=~"$instance"} / hikaricp_connections_max{job="$job",instance=~"$instance"}"#,
    ),
    // Node.js.
    runtime(
        "Event loop lag",
        "s",
        &["nodejs_eventloop_lag_p99_seconds"],
        r#"nodejs_eventloop_lag_p99_seconds{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Event loop lag",
        "s",
        &["nodejs_eventloop_lag_seconds"],
        r#"nodejs_eventloop_lag_seconds{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Node.js heap",
        &["nodejs_heap_size_used_bytes", "nodejs_heap_size_total_bytes"],
        r#"nodejs_heap_size_used_bytes{job="$job",instance=~"$instance"} / nodejs_heap_size_total_bytes{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Node.js garbage collection",
        "percentunit",
        &["nodejs_gc_duration_seconds_sum"],
        r#"sum by (instance) (rate(nodejs_gc_duration_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        "Node.js handles",
        "short",
        &["nodejs_active_handles_total"],
        r#"nodejs_active_handles_total{job="$job",instance=~"$instance"}"#,
    ),
    // Python.
    runtime(
        "Python garbage collections",
        "ops",
        &["python_gc_collections_total"],
        r#"sum by (instance) (rate(python_gc_collections_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    // .NET: prometheus-net, then the runtime's own meters.
    runtime(
        ".NET memory",
        "bytes",
        &["dotnet_total_memory_bytes"],
        r#"dotnet_total_memory_bytes{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        ".NET memory",
        "bytes",
        &["dotnet_gc_last_collection_heap_size_bytes"],
        r#"sum by (instance) (dotnet_gc_last_collection_heap_size_bytes{job="$job",instance=~"$instance"})"#,
    ),
    runtime(
        ".NET garbage collections",
        "ops",
        &["dotnet_collection_count_total"],
        r#"sum by (instance) (rate(dotnet_collection_count_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        ".NET garbage collections",
        "ops",
        &["dotnet_gc_collections_total"],
        r#"sum by (instance) (rate(dotnet_gc_collections_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        ".NET threads",
        "short",
        &["process_num_threads"],
        r#"process_num_threads{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Kestrel connections",
        "short",
        &["kestrel_active_connections"],
        r#"sum by (instance) (kestrel_active_connections{job="$job",instance=~"$instance"})"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::{RUNTIME, is_status};
    use crate::promql::{Expression, Filling, fill};

    #[test]
    fn a_status_is_a_code_or_a_class_of_codes() {
        for value in ["200", "404", "503", "2xx", "5XX", "2.."] {
            assert!(is_status(value), "{value}");
        }
        for value in ["", "success", "error", "2", "20", "2000", "2x0", "700", "OK", "ok."] {
            assert!(!is_status(value), "{value}");
        }
    }

    #[test]
    fn the_metrics_of_a_panel_are_those_that_its_query_asks_for() {
        for runtime in RUNTIME {
            let query = Expression::parse(&fill(runtime.query, &Filling::default())).unwrap();
            let asked: Vec<String> = query.selectors().into_iter().filter_map(|selector| selector.metric).collect();
            assert_eq!(asked, runtime.metrics, "{}", runtime.query);
        }
    }
}
