//! Samples that are sent on: to Debian's own `VictoriaMetrics`, as an app of the stack; and asked for, from another Prometheus.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;

use crate::compose::contents;
use crate::sandbox::{Sandbox, docker, eventually};
use crate::tools;

const ARCHIVE: &str = "stackctl-test/victoria-metrics:bookworm";
const PASSWORD: &str = "q7Zwriter3secret";

/// The image of `VictoriaMetrics`: the binary of the Debian package, and the libraries that it links.
fn archive_image() -> &'static str {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let binary = tools::binary("bookworm", "victoria-metrics", "usr/bin/victoria-metrics");
        let root = tempfile::tempdir().expect("a folder");
        let take = |from: &str, to: &str| {
            let target = root.path().join(to.trim_start_matches('/'));
            fs::create_dir_all(target.parent().expect("it is below the root")).expect("a folder of ours");
            fs::copy(from, target).unwrap_or_else(|error| panic!("cannot copy {from}: {error}"));
        };
        take(binary.to_str().expect("text"), "/victoria-metrics");
        let linked = Command::new("ldd").arg(&binary).output().expect("ldd starts").stdout;
        for word in String::from_utf8_lossy(&linked).split_whitespace().filter(|word| word.starts_with('/')) {
            take(word, word);
        }
        let archive = root.path().join("root.tar");
        let done = Command::new("tar")
            .arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(root.path())
            .arg("--exclude=root.tar")
            .arg(".")
            .status();
        assert!(done.expect("tar starts").success());
        docker(&["import", "-c", "ENTRYPOINT [\"/victoria-metrics\"]", archive.to_str().expect("text"), ARCHIVE]);
    });
    ARCHIVE
}

/// A stack whose Prometheus sends to that port of `archive`, with that password.
fn write(stack: &Sandbox, port: u16, password: &str) {
    fs::write(stack.path("password"), password).expect("the test's folder is writable");
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\n\
         networks: {{ back: {{}} }}\n\
         prometheus:\n  port: off\n  scrape_interval: 1s\n  extra_flags: [--storage.remote.flush-deadline=1s]\n  external_labels: {{ site: here }}\n  remote_write:\n    \
         - url: http://archive:{port}/api/v1/write\n      \
         basic_auth: {{ username: writer, password: {{ file: password }} }}\n      \
         write_relabel_configs: [{{ source_labels: [__name__], regex: up, action: keep }}]\n      \
         queue_config: {{ batch_send_deadline: 1s, max_backoff: 1s }}\n\
         apps:\n  web: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{}} }}\n  \
         archive: {{ image: \"{}\", networks: [back], command: [-storageDataPath=/data, -httpAuth.username=writer, -httpAuth.password={PASSWORD}] }}\n",
        archive_image()
    ));
}

/// What `VictoriaMetrics` answers to a query.
fn asked(stack: &Sandbox, query: &str) -> Value {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = docker(&["inspect", "-f", format, &stack.container("archive", 1)]);
    let login = base64::engine::general_purpose::STANDARD.encode(format!("writer:{PASSWORD}"));
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(format!("{}:8428", address.trim()))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let host = "Host: archive\r\nConnection: close";
        write!(stream, "GET /api/v1/query?query={query} HTTP/1.0\r\n{host}\r\nAuthorization: Basic {login}\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = answer().unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}

/// The one finding about remote writes: status, cause and message.
#[track_caller]
fn finding(stack: &Sandbox) -> (String, String, String) {
    let findings = stack.findings("remote");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let word = |key: &str| findings[0][key].as_str().unwrap_or_default().to_owned();
    (word("status"), word("cause"), word("message"))
}

#[test]
fn what_prometheus_scrapes_arrives_at_victoria_metrics_and_where_it_does_not_verify_says_why() {
    let stack = Sandbox::bare("");
    write(&stack, 8428, PASSWORD);
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    let (status, _, message) = finding(&stack);
    assert_eq!(status, "ok", "{message}");
    assert!(message.contains("arrives at `http://archive:8428/api/v1/write`"), "{message}");
    eventually("VictoriaMetrics has `up` of the app", || {
        let answer = asked(&stack, "up%7Bjob=%22web%22%7D");
        let series = &answer["data"]["result"][0];
        series["metric"]["site"] == "here" && series["value"][1] == "1"
    });
    let others = asked(&stack, "count(%7B__name__!=%22up%22%7D)");
    assert_eq!(others["data"]["result"], serde_json::json!([]), "relabelling keeps `up` alone");
    assert_eq!(stack.plan(), [""; 0], "a second `up` has nothing to do");

    write(&stack, 8429, PASSWORD);
    stack.expect(3, &["up"]);
    let (status, cause, message) = finding(&stack);
    assert_eq!((status.as_str(), cause.as_str()), ("fail", "remote-write-failing"), "{message}");
    assert!(message.contains("takes nothing") && message.contains("connection refused"), "{message}");

    write(&stack, 8428, "another");
    let run = stack.expect(3, &["up"]);
    assert!(!run.stdout.contains("another") && !run.stderr.contains("another"), "{run:?}");
    let (status, cause, message) = finding(&stack);
    assert_eq!((status.as_str(), cause.as_str()), ("fail", "remote-write-failing"), "{message}");
    assert!(message.contains("refused") && message.contains("lost"), "{message}");

    write(&stack, 8428, PASSWORD);
    stack.ok(&["up"]);
    assert_eq!(finding(&stack).0, "ok");
}

#[test]
fn the_password_of_a_remote_write_is_a_file_in_every_output() {
    let stack = Sandbox::bare("");
    write(&stack, 8428, "w8Kanother5value");
    let folder = stack.path("out");
    stack.ok(&["render", "-o", folder.to_str().expect("text")]);
    let rendered = contents(&folder);
    let config = fs::read_to_string(folder.join("prometheus/prometheus.yml")).expect("it is rendered");
    assert!(config.contains("password_file: /run/secrets/remote_write_archive_password"), "{config}");
    for (name, text) in rendered {
        assert!(!text.contains("w8Kanother5value"), "{name}");
    }
}

#[test]
fn queries_find_what_another_prometheus_keeps() {
    let stack = Sandbox::bare("");
    let config = "global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: history\n    static_configs: [{ targets: ['localhost:9090'] }]\n";
    fs::write(stack.path("history.yml"), config).expect("the test's folder is writable");
    stack.write_bare(
        "images: { from: debian }\ngrafana: off\n\
         prometheus: { port: off, scrape_interval: 1s, remote_read: [{ url: \"http://history:9090/api/v1/read\", read_recent: true }] }\n\
         apps: { history: { image: \"stackctl/prometheus:debian\", command: [--config.file=/history.yml, --storage.tsdb.path=/prometheus], volumes: [\"./history.yml:/history.yml:ro\"] } }\n",
    );
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    eventually("a query finds a series that only the other one has", || {
        stack.run(&["query", "up{job=\"history\"}"]).stdout.contains("history")
    });
}
