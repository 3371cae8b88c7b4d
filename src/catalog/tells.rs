//! Programs that tell their metrics without being told to: the port and the path, by the last part of their image's name.

use super::COMPONENTS;

/// Each as the program listens when nobody tells it otherwise.
const TELLS: [(&str, u16, &str); 11] = [
    ("alertmanager", 9093, "/metrics"),
    ("coredns", 9153, "/metrics"),
    ("etcd", 2379, "/metrics"),
    ("loki", 3100, "/metrics"),
    ("otel-collector", 8888, "/metrics"),
    ("otel-collector-contrib", 8888, "/metrics"),
    ("promtail", 9080, "/metrics"),
    ("tempo", 3200, "/metrics"),
    ("victoria-metrics", 8428, "/metrics"),
    ("vmagent", 8429, "/metrics"),
    ("vmalert", 8880, "/metrics"),
];

/// Where a program of that image tells its metrics.
pub fn metrics_of(image: &str) -> Option<(u16, &'static str)> {
    let bare = image.split('@').next().unwrap_or(image);
    let (repository, _) = bare.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((bare, ""));
    let last = repository.rsplit('/').next().unwrap_or(repository);
    if let Some((_, port, path)) = TELLS.iter().find(|(name, ..)| *name == last) {
        return Some((*port, path));
    }
    let is_exporter = |name: &str| name.ends_with("exporter") || matches!(name, "cadvisor" | "pushgateway");
    let known = COMPONENTS.iter().find(|known| is_exporter(last) && known.image.rsplit('/').next() == Some(last))?;
    Some((known.port, known.metrics_path))
}

#[cfg(test)]
mod tests {
    use super::metrics_of;

    #[test]
    fn an_image_is_known_by_what_it_is_called_wherever_it_comes_from() {
        for (image, expected) in [
            ("prom/node-exporter:v1.9.1", Some((9100, "/metrics"))),
            ("registry.acme.io:5000/mirror/cadvisor@sha256:0", Some((8080, "/metrics"))),
            ("grafana/loki:3.0.0", Some((3100, "/metrics"))),
            ("nginx:1.27", None),
            ("acme/loki/web", None),
        ] {
            assert_eq!(metrics_of(image), expected, "{image}");
        }
    }
}
