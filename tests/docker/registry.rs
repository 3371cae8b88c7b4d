//! Images from a real registry: what can go wrong there is said with what to do, and the rest runs.

pub(crate) mod server;

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::sandbox::{Run, Sandbox, docker, own_image, run};
use server::{PASSWORD, Registry, Relay, Silence, USER, Way};

/// An app that needs no registry, to see that the rest runs.
const FINE: &str = "  fine: { image: stackctl/self, command: [demo, accesslog] }\n";

/// `up` of a stack with an app `web` of that image and one that needs no registry, without Prometheus.
fn stack_with(image: &str, more: &str) -> Sandbox {
    let stack = Sandbox::new("");
    write(&stack, image, more);
    stack
}

fn write(stack: &Sandbox, image: &str, more: &str) {
    stack.write_bare(&format!(
        "images: {{ from: debian }}\ngrafana: off\nprometheus: off\napps:\n  web: {{ image: \"{image}\", \
         command: [demo, iotd]{more} }}\n{FINE}"
    ));
}

/// `up`, with the logins of that folder.
fn up_as(stack: &Sandbox, login: &Path) -> Run {
    run(stack.command(&["up", "--no-wait"]).env("DOCKER_CONFIG", login))
}

#[track_caller]
fn is_said_and_the_rest_runs(stack: &Sandbox, up: &Run, words: &[&str]) {
    assert_eq!(up.code, 1, "{}", up.stderr);
    for word in words {
        assert!(up.stderr.contains(word), "`{word}` is missing in:\n{}", up.stderr);
    }
    assert_eq!((stack.running("web").len(), stack.running("fine").len()), (0, 1), "{}", up.stderr);
}

#[test]
fn a_wrong_password_and_none_are_told_apart_and_the_right_one_is_used() {
    let registry = Registry::with_password();
    let host = registry.host();
    registry.push(&own_image_once(), "acme/web:1");
    let stack = stack_with(&format!("{host}/acme/web:1"), "");
    let nobody = tempfile::tempdir().expect("a folder");
    let login = format!("docker login {host}");
    let up = up_as(&stack, nobody.path());
    is_said_and_the_rest_runs(
        &stack,
        &up,
        &[&format!("the registry `{host}` says no"), &login, "as the user who runs"],
    );
    let up = up_as(&stack, &registry.login(USER, "wrong"));
    is_said_and_the_rest_runs(&stack, &up, &["remembers user `ada`", "log in again", &login]);
    assert!(!up.stderr.contains("wrong\n") && !up.stderr.contains("YWRhOndyb25n"), "no password: {}", up.stderr);
    let up = up_as(&stack, &registry.login(USER, PASSWORD));
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(stack.running("web").len(), 1);
}

#[test]
fn a_tag_and_a_digest_that_the_registry_does_not_have_are_named() {
    let registry = Registry::open();
    let digest = registry.push(&own_image_once(), "acme/web:1");
    let name = format!("{}/acme/web", registry.host());
    let stack = stack_with(&format!("{name}:2"), "");
    let up = stack.run(&["up", "--no-wait"]);
    is_said_and_the_rest_runs(&stack, &up, &[&format!("{name}:2"), "says no", "check the name and the tag"]);
    let (start, end) = digest.split_at(digest.len() - 4);
    let other = format!("{start}{}", if end == "0000" { "1111" } else { "0000" });
    write(&stack, &format!("{name}:1@{other}"), "");
    let up = stack.run(&["up", "--no-wait"]);
    is_said_and_the_rest_runs(&stack, &up, &[&other, "nothing there has this digest"]);
    write(&stack, &format!("{name}:1@{digest}"), "");
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.running("web").len(), 1);
    stack.ok(&["plan"]);
}

#[test]
fn a_registry_that_sends_other_bytes_than_the_digest_says_is_not_trusted() {
    let registry = Registry::open();
    registry.push_noise("acme/web:1", 300_000);
    registry.damage_layers();
    let stack = stack_with(&format!("{}/acme/web:1", registry.host()), "");
    let up = stack.run(&["up", "--no-wait"]);
    let who = format!("do not use what `{}` sends", registry.host());
    is_said_and_the_rest_runs(&stack, &up, &["verification failed", &who]);
}

#[test]
fn a_registry_that_never_answers_is_given_up_and_named() {
    let silence = Silence::start();
    let stack = stack_with(&format!("{}/acme/web:1", silence.host()), "");
    let begun = Instant::now();
    let up = stack.run(&["up", "--no-wait"]);
    let who = format!("the registry `{}` cannot be reached", silence.host());
    is_said_and_the_rest_runs(&stack, &up, &[&who, "help:"]);
    assert!(silence.taken() > 0, "the engine asked it");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn a_registry_that_stops_half_way_through_a_layer_is_given_up_and_named() {
    let registry = Registry::open();
    registry.push_noise("acme/web:1", 4_000_000);
    let relay = Relay::start(&registry, Way::StopsAfter(1_000_000));
    let stack = stack_with(&format!("{}/acme/web:1", relay.host()), "");
    let begun = Instant::now();
    let up = stack.run(&["up", "--no-wait"]);
    let who = format!("the registry `{}` cannot be reached: it has sent nothing for 45 s", relay.host());
    is_said_and_the_rest_runs(&stack, &up, &[&who, "help:"]);
    assert!(begun.elapsed() < Duration::from_secs(90), "{:?}", begun.elapsed());
    // What the first address sent is of use to nobody; the other one gives it whole.
    write(&stack, &format!("{}/acme/web:1", registry.host()), "");
    let pull = stack.run(&["images", "pull"]);
    assert_eq!(pull.code, 0, "{}", pull.stderr);
}

#[test]
fn several_images_are_pulled_at_a_time_and_a_terminal_shows_how_far_each_is() {
    let registry = Registry::open();
    for name in ["one:1", "two:1", "three:1"] {
        registry.push_noise(name, 3_000_000);
    }
    let relay = Relay::start(&registry, Way::Slow(700_000));
    let stack = Sandbox::new("");
    let app = |name: &str| format!("  {name}: {{ image: \"{}/{name}:1\" }}\n", relay.host());
    stack.write_bare(&format!("grafana: off\nprometheus: off\napps:\n{}", ["one", "two", "three"].map(app).concat()));
    let screen = on_a_terminal(&stack, &["images", "pull"]);
    // Each redraw begins with the cursor going up; in one of them two images stand with bytes of their own.
    let moving = |line: &&str| line.contains("downloading") && line.contains("/2.9 MiB");
    let most = screen.split("\x1b[1A").collect::<Vec<_>>();
    let most = most.windows(3).map(|frame| {
        let images = ["one:1", "two:1", "three:1"];
        images.iter().filter(|image| frame.iter().any(|line| line.contains(**image) && moving(line))).count()
    });
    assert!(most.max() >= Some(2), "{screen}");
    assert!(stack.json(&["images", "list"]).as_array().expect("a list").iter().all(|image| image["present"] == true));
}

/// Runs stackctl on a terminal to its end, and gives all that the terminal was sent.
fn on_a_terminal(stack: &Sandbox, arguments: &[&str]) -> String {
    let size = PtySize { rows: 30, cols: 150, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_stackctl"));
    command.arg("-f");
    command.arg(stack.stack_file());
    command.args(arguments);
    command.env("TERM", "xterm");
    command.env("NO_COLOR", "1");
    let mut child = pair.slave.spawn_command(command).expect("stackctl starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("a terminal");
    let mut sent = Vec::new();
    // The terminal of a program that has ended is an error to read.
    while let Ok(count) = {
        let mut buffer = [0; 4096];
        reader.read(&mut buffer).inspect(|count| sent.extend(&buffer[..*count]))
    } {
        if count == 0 {
            break;
        }
    }
    let sent = String::from_utf8_lossy(&sent).into_owned();
    assert!(child.wait().expect("it ends").success(), "{sent}");
    sent
}

#[test]
fn a_component_comes_from_the_mirror_and_the_file_says_whether_debian_may_stand_in() {
    let registry = Registry::open();
    let stack = Sandbox::new("");
    let version = docker(&[
        "inspect",
        "--format",
        "{{index .Config.Labels \"io.stackctl.built-from\"}}",
        "stackctl/prometheus:debian",
    ]);
    let version = version.split([' ', '+', '-']).nth(1).expect("`prometheus 2.42.0+ds-5`").trim().to_owned();
    registry.push("stackctl/prometheus:debian", &format!("prom/prometheus:v{version}"));
    let write = |from: &str, version: &str, mirror: &str| {
        stack.write_bare(&format!(
            "images: {{ from: {from}, mirror: \"{mirror}\" }}\ngrafana: off\n\
             prometheus: {{ version: \"{version}\", port: off, scrape_interval: 1s }}\napps:\n{FINE}"
        ));
    };
    write("registry", &version, &registry.host());
    let listed = stack.json(&["images", "list"]);
    let of_prometheus = listed.as_array().expect("a list").iter().find(|image| image["service"] == "prometheus");
    let expected = format!("{}/prom/prometheus:v{version}", registry.host());
    assert_eq!(of_prometheus.expect("prometheus is on")["image"], expected.as_str());
    stack.ok(&["images", "pull"]);
    assert_eq!(docker(&["images", "-q", &expected]).lines().count(), 1);
    // With `auto`, Debian's image that is here will do until somebody asks again. Then a registry that answers is
    // believed, whatever it answers; one that does not is stood in for.
    write("auto", "2.0.0", &registry.host());
    let up = stack.expect(1, &["images", "pull"]);
    assert!(
        up.stderr.contains("prom/prometheus:v2.0.0") && up.stderr.contains("check the name and the tag"),
        "{}",
        up.stderr
    );
    write("auto", "2.0.0", "127.0.0.1:1");
    stack.ok(&["up", "--no-wait", "--pull"]);
    assert_eq!(
        docker(&["inspect", "--format", "{{.Config.Image}}", &stack.container("prometheus", 1)]).trim(),
        "stackctl/prometheus:debian"
    );
    write("registry", "2.0.0", "127.0.0.1:1");
    let up = stack.expect(1, &["images", "pull"]);
    assert!(
        up.stderr.contains("`127.0.0.1:1` cannot be reached") && up.stderr.contains("from: debian"),
        "{}",
        up.stderr
    );
}

#[test]
fn pull_policies_do_what_they_say() {
    let registry = Registry::open();
    registry.push(&own_image_once(), "acme/web:1");
    let image = format!("{}/acme/web:1", registry.host());
    let stack = stack_with(&image, ", pull_policy: never");
    let up = stack.run(&["up", "--no-wait"]);
    is_said_and_the_rest_runs(&stack, &up, &[&image, "pull_policy: never", "docker pull"]);
    write(&stack, &image, "");
    stack.ok(&["up", "--no-wait"]);
    let first = stack.running("web");
    // Another image under the same tag: what is here will do, unless the file says otherwise.
    let other = format!("{}/other", registry.host());
    let container = docker(&["create", &image]);
    docker(&["commit", "--change", "LABEL another=one", container.trim(), &other]);
    docker(&["rm", container.trim()]);
    registry.push(&other, "acme/web:1-next");
    docker(&["tag", &other, &image]);
    docker(&["push", &image]);
    let old = docker(&["inspect", "--format", "{{.Image}}", &stack.container("web", 1)]);
    docker(&["tag", old.trim(), &image]);
    stack.ok(&["plan"]);
    write(&stack, &image, ", pull_policy: always");
    stack.ok(&["up", "--no-wait"]);
    assert_ne!(stack.running("web"), first, "the new image runs");
    let label = docker(&["inspect", "--format", "{{index .Config.Labels \"another\"}}", &stack.container("web", 1)]);
    assert_eq!(label.trim(), "one");
}

/// The image of the stackctl of this test run, which is made with the first sandbox.
fn own_image_once() -> String {
    drop(Sandbox::new(""));
    own_image()
}
