//! Causes in the socket, in HTTP and in the body.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{broken, verify_says};
use crate::sandbox::{Sandbox, docker};
use crate::tools;

#[test]
fn what_listens_elsewhere_or_not_at_all_is_told_with_the_port_or_address_that_listens() {
    let stack = Sandbox::started(
        "\
apps:
  good: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  elsewhere: { image: stackctl/self, command: [demo, accesslog, --port, '8080'], metrics: {} }
  hidden: { image: stackctl/self, command: [demo, accesslog, --bind, 127.0.0.1], metrics: {} }
  # It reads its own output, and so waits for ever.
  deaf: { image: stackctl/self, command: [probe, /proc/self/fd/1], stop_signal: SIGKILL, metrics: {} }
scrape:
  closed: { targets: ['good:9'] }
",
    );
    let expected = [
        broken("STACK-elsewhere-1", "wrong-port", "port 8080 listens", "`apps.elsewhere.metrics.port: 8080`"),
        broken("STACK-hidden-1", "listens-on-loopback", "only 127.0.0.1:80 listens", "0.0.0.0:80 instead of 127.0.0.1"),
        broken("STACK-deaf-1", "connection-refused", "nothing listens in it", "`stackctl logs deaf`"),
        broken("good:9", "connection-refused", "`good:9` refuses", "`scrape.closed.targets`"),
    ];
    verify_says(&stack, "targets", &expected, &["STACK-good-1", "STACK-good-2", "STACK-prometheus-1"]);
}

#[test]
fn what_answers_something_else_is_told_with_what_it_answers_and_where_the_metrics_are() {
    let stack = Sandbox::started(
        "\
apps:
  good: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  moved: { image: stackctl/self, command: [demo, accesslog, --metrics-path, /q/metrics], metrics: {} }
  locked: { image: stackctl/self, command: [demo, accesslog, --basic-auth, 'me:secret'], metrics: {} }
  failing: { image: stackctl/self, command: [demo, accesslog, --metrics-status, '503'], metrics: {} }
  plain: { image: stackctl/self, command: [demo, accesslog], metrics: { scheme: https } }
  page: { image: stackctl/self, command: [demo, accesslog, --metrics-body, html], metrics: {} }
  document: { image: stackctl/self, command: [demo, accesslog, --metrics-body, json], metrics: {} }
  empty: { image: stackctl/self, command: [demo, accesslog, --metrics-body, empty], metrics: {} }
  garbled: { image: stackctl/self, command: [demo, accesslog, --metrics-body, broken], metrics: {} }
  many: { image: stackctl/self, command: [demo, accesslog, --extra-series, '50'], metrics: { sample_limit: 10 } }
",
    );
    let expected = [
        broken("STACK-moved-1", "wrong-path", "metrics are at `/q/metrics`", "`apps.moved.metrics.path: /q/metrics`"),
        broken("STACK-locked-1", "auth-required", "answers 401", "apps.locked.metrics.basic_auth"),
        broken("STACK-failing-1", "http-status", "answers 503", "`stackctl logs failing`"),
        broken(
            "STACK-plain-1",
            "tls-mismatch",
            "speaks http, and is asked in https",
            "apps.plain.metrics.scheme: http`",
        ),
        broken("STACK-page-1", "not-metrics", "answers HTML", "apps.page.metrics.path"),
        broken("STACK-document-1", "not-metrics", "answers JSON", "apps.document.metrics.path"),
        broken("STACK-empty-1", "not-metrics", "answers 200 with nothing at all", "apps.empty.metrics.path"),
        broken("STACK-garbled-1", "parse-error", "in line 1", "write line 1"),
        broken("STACK-many-1", "sample-limit", "the limit is 10", "apps.many.metrics.sample_limit: 1"),
    ];
    verify_says(&stack, "targets", &expected, &["STACK-good-1", "STACK-good-2"]);
}

#[test]
fn what_answers_slowly_is_told_from_what_hangs() {
    let stack = Sandbox::started(
        "\
apps:
  good: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} }
  slow: { image: stackctl/self, command: [demo, accesslog, --slow-metrics, 2500ms], metrics: {} }
  hanging: { image: stackctl/self, command: [demo, accesslog, --slow-metrics, 1h], metrics: {} }
",
    );
    let expected = [
        broken("STACK-slow-1", "slow-scrape", "a scrape may take 1000 ms", "`apps.slow.metrics.timeout: "),
        broken("STACK-hanging-1", "timeout", "no full answer within", "`stackctl logs hanging`"),
    ];
    verify_says(&stack, "targets", &expected, &["STACK-good-1", "STACK-good-2"]);
}

#[test]
fn prometheus_3_refuses_a_content_type_that_it_does_not_know_and_the_advised_setting_helps() {
    let image = prometheus_3();
    let stack = Sandbox::bare(&format!(
        "\
images: {{ from: debian }}
grafana: off
prometheus: {{ image: '{image}', port: off, scrape_interval: 1s }}
apps:
  good: {{ image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {{}} }}
  odd: {{ image: stackctl/self, command: [demo, accesslog, --metrics-content-type, text/odd], metrics: {{}} }}
  untyped: {{ image: stackctl/self, command: [demo, accesslog, --metrics-content-type, none], metrics: {{}} }}
  helped:
    image: stackctl/self
    command: [demo, accesslog, --metrics-content-type, none]
    metrics: {{ fallback_scrape_protocol: PrometheusText0.0.4 }}
"
    ));
    stack.ok(&["up", "--no-wait"]);
    let fix = "metrics.fallback_scrape_protocol: PrometheusText0.0.4";
    let expected = [
        broken("STACK-odd-1", "bad-content-type", "`Content-Type: text/odd`", fix),
        broken("STACK-untyped-1", "bad-content-type", "no `Content-Type`", fix),
    ];
    verify_says(&stack, "targets", &expected, &["STACK-good-1", "STACK-good-2", "STACK-helped-1"]);
}

/// Reference of an image with the Prometheus of Debian sid, made where it is not there yet.
fn prometheus_3() -> String {
    let program = tools::prometheus("sid");
    let said = Command::new(&program).arg("--version").output().expect("it was fetched a moment ago").stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let version = said.split_whitespace().nth(2).and_then(|version| version.split('+').next()).expect("it has one");
    assert!(version.starts_with("3."), "Debian sid has another Prometheus by now: {said}");
    let reference = format!("stackctl-test/prometheus:{version}");
    if docker(&["images", "-q", &reference]).trim().is_empty() {
        import(&program, &reference);
    }
    reference
}

fn import(program: &Path, reference: &str) {
    let mut docker = Command::new("docker")
        .args(["import", "-c", "ENTRYPOINT [\"/prometheus-3\"]", "-c", "USER 65534:65534", "-", reference])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("docker starts");
    let mut image = tar::Builder::new(docker.stdin.take().expect("piped"));
    for library in libraries(program) {
        image.append_path_with_name(&library, library.strip_prefix("/").expect("absolute")).expect("packed");
    }
    image.append_path_with_name(program, "prometheus-3").expect("packed");
    for folder in ["prometheus", "etc/prometheus", "tmp"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o755);
        header.set_uid(65534);
        header.set_gid(65534);
        header.set_size(0);
        image.append_data(&mut header, folder, std::io::empty()).expect("packed");
    }
    image.into_inner().expect("packed").flush().expect("docker reads");
    assert!(docker.wait().expect("docker ends").success(), "docker import");
}

/// Paths of the libraries that a program is linked with, and of its loader.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(program).output().expect("ldd is there").stdout;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let words = listed.split_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).filter(|path| path.exists()).collect()
}
