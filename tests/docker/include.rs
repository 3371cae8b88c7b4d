//! A team's Compose file stays its own, and the stack file says what to watch: both run as one stack.

use crate::sandbox::Sandbox;

/// A team's file: what serves, what it waits for, a volume.
fn compose(latency: &str, port: &str) -> String {
    format!(
        "services:\n  web:\n    image: stackctl/self\n    command: [demo, accesslog]\n    environment:\n      - LATENCY={latency}\n    \
         depends_on: [store]\n    expose: [\"{port}\"]\n  store:\n    image: stackctl/self\n    command: [demo, iotd]\n    \
         volumes: [\"kept:/kept\"]\nvolumes:\n  kept: {{}}\n"
    )
}

#[test]
fn services_of_an_included_compose_file_run_and_are_scraped_as_one_stack() {
    let stack = Sandbox::new("");
    let file = stack.path("compose.yml");
    std::fs::write(&file, format!("name: {}\n{}", stack.name, compose("${LATENCY}", "80"))).unwrap();
    std::fs::write(stack.path(".env"), "LATENCY=low\n").unwrap();
    stack.write("include: [compose.yml]\napps:\n  web: { scale: 2, metrics: {} }\n");
    let up = stack.ok(&["up"]);
    assert!(!up.stderr.contains("warning"), "{}", up.stderr);
    assert_eq!((stack.running("web").len(), stack.running("store").len()), (2, 1));
    let findings = stack.findings("targets");
    let instances: Vec<&str> = findings.iter().filter_map(|finding| finding["instance"].as_str()).collect();
    for replica in [1, 2] {
        let instance = format!("{}-web-{replica}", stack.name);
        assert!(instances.contains(&instance.as_str()), "{findings:#?}");
    }
    assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:#?}");
    assert_eq!(stack.plan(), [""; 0]);

    std::fs::write(stack.path(".env"), "LATENCY=high\n").unwrap();
    let plan = stack.plan();
    assert_eq!(plan, ["replace container STACK-web-1", "replace container STACK-web-2"]);
    let before = stack.running("store");
    stack.ok(&["up"]);
    assert_eq!(stack.plan(), [""; 0]);
    assert_eq!(stack.running("store"), before, "what did not change keeps running");

    let web = stack.running("web");
    std::fs::write(&file, compose("low", "70000")).unwrap();
    let refused = stack.expect(2, &["up"]);
    assert!(refused.stderr.contains("compose.yml:8:14"), "{}", refused.stderr);
    assert_eq!(stack.running("web"), web, "nothing is changed by a file that is wrong");
    std::fs::write(&file, compose("high", "80")).unwrap();
}
