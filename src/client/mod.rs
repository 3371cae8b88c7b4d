//! The HTTP APIs of Prometheus (later Alertmanager and Grafana): typed answers, nothing else.
