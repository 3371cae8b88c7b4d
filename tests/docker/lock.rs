//! `stack.lock`: what is locked is what runs, whatever the registry says meanwhile.

use crate::registry::server::Registry;
use crate::sandbox::{Run, Sandbox, docker, own_image};

/// A registry with one image, and a stack that runs it, without Prometheus.
fn stack() -> (Registry, Sandbox, String) {
    let stack = Sandbox::new("");
    let registry = Registry::open();
    registry.push(&own_image(), "acme/web:1");
    let image = format!("{}/acme/web:1", registry.host());
    write(&stack, &image);
    (registry, stack, image)
}

fn write(stack: &Sandbox, image: &str) {
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\nprometheus: off\nexporters: {{ node: {{}} }}\napps:\n  web: \
         {{ image: \"{image}\", command: [demo, iotd] }}\n  own: {{ image: stackctl/self, command: [demo, accesslog] }}\n"
    ));
}

fn lock(stack: &Sandbox) -> String {
    std::fs::read_to_string(stack.path("stack.lock")).expect("`lock` has written it")
}

fn image_of_web(stack: &Sandbox) -> String {
    docker(&["inspect", "--format", "{{.Config.Image}}", &stack.container("web", 1)]).trim().to_owned()
}

#[track_caller]
fn says(run: &Run, words: &[&str]) {
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is missing in:\n{}", run.stderr);
    }
}

/// Gives the tag another image at the registry, and takes every trace of it from the engine.
fn move_tag(registry: &Registry, image: &str) {
    let container = docker(&["create", &own_image()]);
    let other = format!("{image}-other");
    docker(&["commit", "--change", "LABEL another=one", container.trim(), &other]);
    docker(&["rm", container.trim()]);
    registry.push(&other, "acme/web:1");
    docker(&["rmi", &other]);
}

#[test]
fn a_locked_stack_runs_the_same_image_after_the_tag_has_moved() {
    let (registry, stack, image) = stack();
    says(&stack.expect(2, &["up", "--locked"]), &["there is no `", "stackctl lock"]);
    stack.expect(3, &["lock", "--check"]);
    let said = stack.ok(&["lock"]);
    says(&said, &[&image, "Debian's prometheus-node-exporter", "no build is held"]);
    let text = lock(&stack);
    assert_eq!(text.lines().filter(|line| line.contains("\"reference\"")).count(), 3, "one line an image: {text}");
    let digest = text
        .lines()
        .find(|line| line.contains(&image))
        .and_then(|line| line.split('"').find(|word| word.starts_with("sha256:")));
    let exact = format!("{}@{}", image.trim_end_matches(":1"), digest.expect("a digest"));
    stack.ok(&["lock", "--check"]);
    move_tag(&registry, &image);
    stack.ok(&["lock"]);
    assert_eq!(lock(&stack), text, "what is locked stays");
    stack.ok(&["up", "--locked", "--no-wait"]);
    assert_eq!(image_of_web(&stack), exact);
    let label = docker(&["inspect", "--format", "{{index .Config.Labels \"another\"}}", &stack.container("web", 1)]);
    assert_eq!(label.trim(), "", "the locked one runs");
    assert_eq!(stack.ok(&["plan", "--locked"]).stdout.lines().count(), 1, "nothing to do");
    let rendered = stack.path("out").display().to_string();
    stack.ok(&["render", "--locked", "-o", &rendered]);
    let compose = std::fs::read_to_string(stack.path("out/compose.yml")).expect("it was rendered");
    assert!(compose.contains(&exact), "{compose}");
    stack.ok(&["lock", "--update"]);
    assert_eq!(
        lock(&stack).lines().zip(text.lines()).filter(|(new, old)| new != old).count(),
        1,
        "one line for one image"
    );
    stack.ok(&["up", "--locked", "--no-wait"]);
    assert_ne!(image_of_web(&stack), exact);
}

#[test]
fn digest_and_id_of_a_lock_both_count_and_another_name_of_the_same_image_replaces_nothing() {
    let (_registry, stack, image) = stack();
    stack.ok(&["up", "--no-wait"]);
    let id = |name: &str| docker(&["inspect", "--format", "{{.Id}}", name]).trim().to_owned();
    let before = id(&stack.container("web", 1));
    stack.ok(&["lock"]);
    let text = lock(&stack);
    stack.ok(&["up", "--locked", "--no-wait"]);
    assert_eq!(stack.ok(&["plan"]).stdout.lines().count(), 1, "nothing to do");
    assert_eq!(id(&stack.container("web", 1)), before, "the image is the same");
    let line = text.lines().find(|line| line.contains(&image)).expect("its line");
    let locked: Vec<&str> = line.split('"').filter(|word| word.starts_with("sha256:")).collect();
    for right in locked {
        let wrong = format!("sha256:{}", "ab".repeat(32));
        std::fs::write(stack.path("stack.lock"), text.replace(right, &wrong)).expect("ours");
        says(&stack.expect(1, &["up", "--locked", "--no-wait"]), &["cannot hold image", &wrong, right]);
        says(&stack.expect(3, &["lock", "--check"]), &[&wrong, right]);
    }
}

#[test]
fn a_lock_of_another_stack_file_or_of_another_engine_is_refused() {
    let (_registry, stack, image) = stack();
    stack.ok(&["lock"]);
    let text = lock(&stack);
    // The file names another tag than the lock.
    let other = format!("{}:2", image.rsplit_once(':').expect("a tag").0);
    write(&stack, &other);
    for command in [&["plan", "--locked"][..], &["up", "--locked"], &["render", "--locked", "-o", "/nowhere"]] {
        says(&stack.expect(2, command), &["`apps.web.image`", &other, &image, "run `stackctl lock`"]);
    }
    says(&stack.expect(3, &["lock", "--check"]), &[&other, "and the stack file does not name it"]);
    write(&stack, &image);
    // An image that only this engine has, and that is another one now.
    let made_here = format!("stackctl-test/{}:1", stack.name);
    docker(&["tag", &own_image(), &made_here]);
    write(&stack, &made_here);
    stack.ok(&["lock"]);
    docker(&["tag", "stackctl/node:debian", &made_here]);
    says(
        &stack.expect(1, &["plan", "--locked"]),
        &["cannot hold image", "no registry gives that", "stackctl images save"],
    );
    docker(&["rmi", &made_here]);
    // A lock that somebody broke.
    std::fs::write(stack.path("stack.lock"), text.replace("sha256:", "sha256;")).expect("ours");
    says(&stack.expect(2, &["plan", "--locked"]), &["is no lock of images", "does not say what the image is"]);
}
