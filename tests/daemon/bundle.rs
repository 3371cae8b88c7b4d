//! A whole stack, carried in one file to an engine that has nothing and reaches no registry.

use std::process::Command;

use crate::beside::{Beside, SMALLEST};

/// Registry images and Debian's, stackctl's own, and Prometheus to prove them.
const STACK: &str = "prometheus: { port: off, scrape_interval: 1s }\nexporters: { node: {} }\napps:\n  \
                     web: { image: \"REGISTRY/acme/web:1\", command: [demo, accesslog], metrics: {} }\n  \
                     own: { image: stackctl/self, command: [demo, iotd], metrics: { path: /actuator/prometheus } }\n";

#[test]
fn a_stack_is_carried_to_an_engine_without_a_registry_and_proved_there() {
    let (first, second) = (Beside::start("bookworm", SMALLEST, ""), Beside::start("bookworm", SMALLEST, ""));
    // The second engine's network has no way out, and this registry is nowhere: what runs there came in the file.
    let stack = STACK.replace("REGISTRY", "registry.invalid:5000");
    for engine in [&first, &second] {
        engine.write_stack(&stack);
    }
    let said = first.expect(1, &["images", "save", "stack.tar"]);
    assert!(said.contains("registry.invalid:5000") && !first.path("stack.tar").exists(), "{said}");
    let own = first.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=stackctl/self"]);
    first.docker(&["tag", own.trim(), "registry.invalid:5000/acme/web:1"]);
    first.expect(0, &["lock"]);
    let said = first.expect(0, &["images", "save", "stack.tar"]);
    assert!(said.contains("4 images") && said.contains("stackctl images load"), "{said}");
    let size = std::fs::metadata(first.path("stack.tar")).expect("it was saved").len();
    assert!(size > 50_000_000, "{size}");
    assert_eq!(second.docker(&["images", "-q"]), "");

    let whole = first.path("stack.tar").display().to_string();
    let half = second.path("half.tar").display().to_string();
    let script = format!("head -c {} {whole} > {half}", size / 2);
    assert!(Command::new("sh").args(["-c", &script]).status().expect("sh runs").success());
    let said = second.expect(1, &["images", "load", &half]);
    assert!(said.contains("cannot load images") && said.contains("check that the archive is whole"), "{said}");
    let said = second.expect(1, &["images", "load", "no-such.tar"]);
    assert!(said.contains("no-such.tar"), "{said}");

    let said = second.expect(0, &["images", "load", &whole]);
    assert!(said.contains("registry.invalid:5000/acme/web:1") && said.lines().count() == 4, "{said}");
    std::fs::copy(first.path("stack.lock"), second.path("stack.lock")).expect("both are ours");
    second.expect_inside(0, &["up", "--locked"]);
    let verified = second.expect_inside(0, &["verify", "targets"]);
    assert!(verified.contains("demo-web-1") && !verified.contains("fail"), "{verified}");
    let images = || second.docker(&["images", "-q"]).lines().count();
    let said = second.expect(0, &["images", "prune", "--yes"]);
    assert!(said.contains("nothing to take away") && images() == 4, "a container was made from each of them: {said}");
    second.expect_inside(0, &["down", "--volumes", "--yes"]);
    let said = second.expect(2, &["images", "prune"]);
    assert!(said.contains("stackctl/prometheus:debian") && said.contains("images prune --yes"), "{said}");
    assert_eq!(images(), 4, "nobody has agreed");
    let said = second.expect(0, &["images", "prune", "--yes"]);
    assert!(said.contains("stackctl/prometheus:debian") && said.contains("removed "), "{said}");
    let left = second.docker(&["images", "--format", "{{.Repository}}"]);
    assert!(left.contains("stackctl/self") && left.contains("acme/web") && !left.contains("prometheus"), "{left}");
}
