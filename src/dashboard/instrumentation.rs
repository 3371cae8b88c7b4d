//! The client libraries and frameworks that stackctl recognises, by the names of their metrics. Data, not behaviour.
//!
//! Names from the libraries' own sources: promhttp, Micrometer, prom-client with express-prom-bundle,
//! `prometheus_flask_exporter`, prometheus-fastapi-instrumentator, starlette-exporter, django-prometheus, prometheus-net,
//! OpenTelemetry's semantic conventions and .NET's own meters.

/// Labels in which libraries keep the status of an HTTP answer.
pub const STATUS_LABELS: &[&str] = &["code", "http_response_status_code", "status", "status_code"];

/// How one library counts HTTP requests.
#[derive(Debug)]
pub(super) struct HttpServer {
    /// Counter of answers, one for each; it has one of [`STATUS_LABELS`].
    pub(super) requests: &'static str,
    /// Requests that are not the users', such as those of the scrape itself.
    pub(super) without: &'static str,
    /// Histogram or summary of durations in seconds, without `_bucket`, `_sum`, `_count`.
    pub(super) duration: &'static str,
    /// Gauge of requests in flight.
    pub(super) in_flight: &'static str,
}

const fn server(
    requests: &'static str,
    duration: &'static str,
    in_flight: &'static str,
    without: &'static str,
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
        "",
    ),
    // Micrometer: Spring Boot, Quarkus, Micronaut.
    server(
        "http_server_requests_seconds_count",
        "http_server_requests_seconds",
        "http_server_requests_active_seconds_active_count",
        r#"uri!~"/actuator.*""#,
    ),
    // prometheus-net.
    server("http_requests_received_total", "http_request_duration_seconds", "http_requests_in_progress", ""),
    // fastapi-observability.
    server("fastapi_responses_total", "fastapi_requests_duration_seconds", "fastapi_requests_in_progress", ""),
    // prometheus_flask_exporter.
    server("flask_http_request_total", "flask_http_request_duration_seconds", "", ""),
    // starlette-exporter.
    server("starlette_requests_total", "starlette_request_duration_seconds", "starlette_requests_in_progress", ""),
    // django-prometheus.
    server(
        "django_http_responses_total_by_status_total",
        "django_http_requests_latency_seconds_by_view_method",
        "",
        "",
    ),
    // promhttp's middleware, express-prom-bundle, prometheus-fastapi-instrumentator and most that is made by hand.
    server("http_requests_total", "http_request_duration_seconds", "http_requests_in_flight", ""),
    server("http_request_duration_seconds_count", "http_request_duration_seconds", "http_requests_in_flight", ""),
    // go-kit.
    server("request_duration_seconds_count", "request_duration_seconds", "inflight_requests", ""),
];

/// One panel about the program itself: title, unit, whether it is a share of a whole, query, legend.
pub(super) struct Runtime {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) is_share: bool,
    pub(super) query: &'static str,
    pub(super) legend: &'static str,
}

const fn runtime(title: &'static str, unit: &'static str, query: &'static str) -> Runtime {
    Runtime { title, unit, is_share: false, query, legend: "{{instance}}" }
}

const fn share(title: &'static str, query: &'static str) -> Runtime {
    Runtime { title, unit: "percentunit", is_share: true, query, legend: "{{instance}}" }
}

/// In order. Of two with one title the first is taken whose metrics the app exposes.
pub(super) const RUNTIME: &[Runtime] = &[
    // Every client library's process collector; Micrometer; .NET 9.
    runtime(
        "Processor",
        "percentunit",
        r#"rate(process_cpu_seconds_total{job="$job",instance=~"$instance"}[$__rate_interval])"#,
    ),
    runtime("Processor", "percentunit", r#"process_cpu_usage{job="$job",instance=~"$instance"}"#),
    runtime(
        "Processor",
        "percentunit",
        r#"sum by (instance) (rate(dotnet_process_cpu_time_seconds_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime("Memory", "bytes", r#"process_resident_memory_bytes{job="$job",instance=~"$instance"}"#),
    runtime("Memory", "bytes", r#"process_working_set_bytes{job="$job",instance=~"$instance"}"#),
    runtime("Memory", "bytes", r#"dotnet_process_memory_working_set_bytes{job="$job",instance=~"$instance"}"#),
    share(
        "Open files",
        r#"process_open_fds{job="$job",instance=~"$instance"} / process_max_fds{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Open files",
        r#"process_files_open_files{job="$job",instance=~"$instance"} / process_files_max_files{job="$job",instance=~"$instance"}"#,
    ),
    // Go.
    runtime("Goroutines", "short", r#"go_goroutines{job="$job",instance=~"$instance"}"#),
    runtime("Go heap", "bytes", r#"go_memstats_heap_alloc_bytes{job="$job",instance=~"$instance"}"#),
    runtime(
        "Go garbage collection",
        "percentunit",
        r#"rate(go_gc_duration_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval])"#,
    ),
    // Java: Micrometer and client_java 1.x, then the older simpleclient.
    share(
        "Java heap",
        r#"sum by (instance) (jvm_memory_used_bytes{job="$job",instance=~"$instance",area="heap"}) / sum by (instance) (jvm_memory_max_bytes{job="$job",instance=~"$instance",area="heap"} > 0)"#,
    ),
    share(
        "Java heap",
        r#"jvm_memory_bytes_used{job="$job",instance=~"$instance",area="heap"} / (jvm_memory_bytes_max{job="$job",instance=~"$instance",area="heap"} > 0)"#,
    ),
    runtime(
        "Java garbage collection",
        "percentunit",
        r#"sum by (instance) (rate(jvm_gc_pause_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        "Java garbage collection",
        "percentunit",
        r#"sum by (instance) (rate(jvm_gc_collection_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime("Java threads", "short", r#"jvm_threads_live_threads{job="$job",instance=~"$instance"}"#),
    runtime("Java threads", "short", r#"jvm_threads_current{job="$job",instance=~"$instance"}"#),
    share(
        "Tomcat threads",
        r#"tomcat_threads_busy_threads{job="$job",instance=~"$instance"} / tomcat_threads_config_max_threads{job="$job",instance=~"$instance"}"#,
    ),
    share(
        "Database connections",
        r#"hikaricp_connections_active{job="$job",instance=~"$instance"} / hikaricp_connections_max{job="$job",instance=~"$instance"}"#,
    ),
    // Node.js.
    runtime("Event loop lag", "s", r#"nodejs_eventloop_lag_p99_seconds{job="$job",instance=~"$instance"}"#),
    runtime("Event loop lag", "s", r#"nodejs_eventloop_lag_seconds{job="$job",instance=~"$instance"}"#),
    share(
        "Node.js heap",
        r#"nodejs_heap_size_used_bytes{job="$job",instance=~"$instance"} / nodejs_heap_size_total_bytes{job="$job",instance=~"$instance"}"#,
    ),
    runtime(
        "Node.js garbage collection",
        "percentunit",
        r#"sum by (instance) (rate(nodejs_gc_duration_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime("Node.js handles", "short", r#"nodejs_active_handles_total{job="$job",instance=~"$instance"}"#),
    // Python.
    runtime(
        "Python garbage collections",
        "ops",
        r#"sum by (instance) (rate(python_gc_collections_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    // .NET: prometheus-net, then the runtime's own meters.
    runtime(".NET memory", "bytes", r#"dotnet_total_memory_bytes{job="$job",instance=~"$instance"}"#),
    runtime(
        ".NET memory",
        "bytes",
        r#"sum by (instance) (dotnet_gc_last_collection_heap_size_bytes{job="$job",instance=~"$instance"})"#,
    ),
    runtime(
        ".NET garbage collections",
        "ops",
        r#"sum by (instance) (rate(dotnet_collection_count_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(
        ".NET garbage collections",
        "ops",
        r#"sum by (instance) (rate(dotnet_gc_collections_total{job="$job",instance=~"$instance"}[$__rate_interval]))"#,
    ),
    runtime(".NET threads", "short", r#"process_num_threads{job="$job",instance=~"$instance"}"#),
    runtime(
        "Kestrel connections",
        "short",
        r#"sum by (instance) (kestrel_active_connections{job="$job",instance=~"$instance"})"#,
    ),
];
