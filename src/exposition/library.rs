//! The client library that an exposition was written by, known by the families that it brings along. Data, not behaviour.
//!
//! Names from the libraries' own sources: what each registers without being asked to.

/// A family, and the library that has it. In order: a framework's own before what lies below it.
const LIBRARIES: &[(&str, &str)] = &[
    ("flask_exporter_info", "prometheus_flask_exporter (Python)"),
    ("django_http_requests_before_middlewares", "django-prometheus (Python)"),
    ("starlette_requests", "starlette-exporter (Python)"),
    ("python_info", "prometheus_client (Python)"),
    ("nodejs_version_info", "prom-client (Node.js)"),
    ("jvm_threads_live_threads", "Micrometer (Java)"),
    ("jvm_threads_current", "client_java (Java)"),
    ("dotnet_collection_count", "prometheus-net (.NET)"),
    ("go_info", "client_golang (Go)"),
    ("target", "OpenTelemetry"),
];

/// The library of these families, where it is one that is known.
pub fn library_of(families: &[&str]) -> Option<&'static str> {
    // The text format has the ending in the family of a counter or an info, and OpenMetrics has not.
    let bare = |name: &'static str| name.strip_suffix("_info").unwrap_or(name);
    let is = |found: &str, family: &'static str| {
        let found = found.strip_suffix("_total").unwrap_or(found);
        found == family || found.strip_suffix("_info").unwrap_or(found) == bare(family)
    };
    let has = |family: &'static str| families.iter().any(|found| is(found, family));
    LIBRARIES.iter().find(|(family, _)| has(family)).map(|(_, library)| *library)
}

#[cfg(test)]
mod tests {
    use super::library_of;

    #[test]
    fn a_library_is_known_by_its_families_in_either_format() {
        for (families, library) in [
            (&["http_requests_total", "go_info", "go_goroutines"][..], Some("client_golang (Go)")),
            (&["python_info", "flask_exporter_info"], Some("prometheus_flask_exporter (Python)")),
            (&["python"], Some("prometheus_client (Python)")),
            (&["dotnet_collection_count_total"], Some("prometheus-net (.NET)")),
            (&["target_info"], Some("OpenTelemetry")),
            (&["jvm_threads_live_threads"], Some("Micrometer (Java)")),
            (&["http_requests_total"], None),
        ] {
            assert_eq!(library_of(families), library, "{families:?}");
        }
    }
}
