//! `engine apply` and `rollback` on each release, from an empty file and from a full one, proved by a real Prometheus.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use serde_json::Value;

use crate::beside::{Beside, SMALLEST};

/// Settings that all three releases know, written as people write.
const FULL: &str = "{\n    \"storage-driver\": \"vfs\",\n    \"log-driver\": \"json-file\",\n    \"log-opts\": { \"max-size\": \"20m\" },\n\n    \
                    \"labels\": [\"rack=7\",\n               \"room=b\"],\n    \"default-ulimits\": { \"nofile\": { \"Name\": \"nofile\", \
                    \"Hard\": 1024, \"Soft\": 1024 } },\n    \"max-concurrent-downloads\": 3, \"shutdown-timeout\": 5\n}\n";

const STACK: &str = "\
engine: { metrics: gateway }
prometheus: { scrape_interval: 1s }
apps:
  web: { image: stackctl/self, command: [demo, accesslog], restart: always, metrics: {} }
";

#[test]
fn engine_20_10_from_empty_and_full() {
    from_empty_and_full("bookworm");
}

#[test]
fn engine_26_1_from_empty_and_full() {
    from_empty_and_full("trixie");
}

#[test]
fn engine_28_5_from_empty_and_full() {
    from_empty_and_full("sid");
}

fn from_empty_and_full(suite: &str) {
    // By a flag: a file that was emptied since would hide what an engine with another driver keeps.
    let engine = Beside::start(suite, "{}", "--storage-driver vfs");
    engine.write_stack(STACK);
    from_empty(&engine, suite != "bookworm");
    drop(engine);
    let engine = Beside::start(suite, SMALLEST, "");
    engine.write_stack(STACK);
    fs::write(engine.file(), FULL).expect("writable");
    fs::set_permissions(engine.file(), fs::Permissions::from_mode(0o640)).expect("it is ours");
    chown(engine.file(), Some(0), Some(65534)).expect("root may");
    engine.restart();
    from_full(&engine);
}

/// An engine that runs, and a file that was emptied since, which not every release starts with.
fn from_empty(engine: &Beside, takes_an_empty_file: bool) {
    fs::write(engine.file(), "").expect("writable");
    engine.expect(3, &["engine", "plan"]);
    let said = engine.expect(0, &["engine", "apply", "--yes"]);
    assert!(said.contains("not in force yet"), "{said}");
    assert_eq!(engine.text(), "{\n  \"metrics-addr\": \"172.17.0.1:9323\"\n}\n");
    assert!(engine.expect(3, &["engine", "plan"]).contains("the engine does not do it yet"));
    if takes_an_empty_file {
        engine.expect(0, &["engine", "rollback", "--yes"]);
        assert_eq!(engine.text(), "");
    } else {
        assert!(engine.expect(2, &["engine", "rollback", "--yes"]).contains("it is empty"));
        assert!(engine.text().contains("metrics-addr"), "{}", engine.text());
    }
}

fn from_full(engine: &Beside) {
    // Images first, from this host's network: the engine's own leads nowhere.
    engine.expect(0, &["images", "pull"]);
    engine.expect_inside(0, &["up", "--no-wait"]);
    assert_eq!(causes(engine), ["engine-metrics-off"]);

    let said = engine.apply(0);
    assert!(said.contains("come back by their restart policy: demo-prometheus-1, demo-web-1"), "{said}");
    assert!(said.contains("the containers that ran before run again: 2"), "{said}");
    let expected = FULL.replace(" 5\n}", " 5,\n    \"metrics-addr\": \"172.17.0.1:9323\"\n}");
    // Both on one line: what is added stands behind the last one in the same way.
    let expected = expected.replace(",\n    \"metrics-addr\"", ", \"metrics-addr\"");
    assert_eq!(engine.text(), expected);
    let metadata = fs::metadata(engine.file()).expect("it is there");
    assert_eq!((metadata.mode() & 0o777, metadata.uid(), metadata.gid()), (0o640, 0, 65534));

    assert!(engine.metrics("172.17.0.1:9323") > 100);
    scraped_by_prometheus(engine);
    assert!(engine.expect(0, &["engine", "apply", "--yes"]).contains("nothing to do"));
    let shown = engine.expect(0, &["engine", "show"]);
    assert!(
        shown.contains("172.17.0.1:9323; something listens there; reached from this host and its containers"),
        "{shown}"
    );

    engine.expect(0, &["engine", "rollback", "--yes", "--restart-command", &engine.restart_command()]);
    assert_eq!(engine.text(), FULL);
    assert_eq!(engine.metrics("172.17.0.1:9323"), 0);
    assert_eq!(causes(engine), ["engine-metrics-off"]);
}

/// `up` ends well when every target is scraped, the engine among them, through `host.docker.internal`.
fn scraped_by_prometheus(engine: &Beside) {
    engine.expect_inside(0, &["up", "--timeout", "60s"]);
    assert_eq!(causes(engine), [""; 0]);
    let answer = engine.expect_inside(0, &["query", "up{job=\"docker\"}", "--format", "json"]);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let text = answer.to_string();
    assert!(text.contains("host.docker.internal:9323") && text.contains("\"1\""), "{text}");
}

/// Causes that `verify engine` names.
fn causes(engine: &Beside) -> Vec<String> {
    let run = engine.stackctl_inside(&["verify", "engine", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    let checks = report["checks"].as_array().expect("a report has checks").iter();
    checks.filter_map(|check| check["cause"].as_str().map(str::to_owned)).collect()
}
