//! How containers log that a stack takes over, where the engine has an opinion of its own.

use crate::beside::{Beside, WEB};

#[test]
fn what_the_engine_says_of_logging_is_not_written_for_a_container_that_is_taken_over() {
    let settings = "{\"storage-driver\": \"vfs\", \"log-driver\": \"local\", \"log-opts\": {\"max-size\": \"12m\"}}";
    let engine = Beside::start("bookworm", settings, "");
    engine.write_stack(WEB);
    engine.expect(0, &["up", "--no-wait"]);
    let image = engine.docker(&["inspect", "--format", "{{.Config.Image}}", "demo-web-1"]);
    let started: [(&str, &[&str]); 3] =
        [("plain", &[]), ("own", &["--log-opt", "max-file=7"]), ("other", &["--log-driver", "json-file"])];
    for (name, options) in started {
        engine.docker(&[&["run", "-d", "--name", name], options, &[image.trim(), "demo", "accesslog"]].concat());
    }
    let inspected = engine.docker(&["inspect", "--format", "{{.HostConfig.LogConfig}}", "plain"]);
    assert!(inspected.contains("max-size:12m"), "the engine writes its own options into it: {inspected}");
    let containers = ["--container", "plain", "--container", "own", "--container", "other"];
    let rest = ["--no-exporters", "--engine-metrics", "false", "--grafana", "false"];
    engine.expect(0, &[&["init", "--yes", "--force", "--no-import"][..], &containers, &rest].concat());
    let text = std::fs::read_to_string(engine.path("stack.yml")).expect("it was written");
    assert_eq!(text.matches("logging:").count(), 2, "`plain` logs as the engine says: {text}");
    assert!(text.contains("driver: local\n      options: { max-file: \"7\" }\n"), "{text}");
    assert!(text.contains("logging: { driver: json-file }\n"), "{text}");
}
