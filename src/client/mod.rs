//! The HTTP APIs of Prometheus (later Alertmanager and Grafana): typed answers, nothing else.

mod tls;

pub use tls::install_tls_provider;
