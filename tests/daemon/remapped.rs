//! `engine …` on an engine that gives the users in containers other numbers (`userns-remap`).

use std::fs;
use std::process::Command;

use crate::beside::{Beside, must};
use crate::booted::Booted;

const SETTINGS: &str = "{\"storage-driver\": \"vfs\", \"userns-remap\": \"remapped\"}";

/// A user for the mapping, as an administrator makes it.
const USER: &str = "echo remapped:x:2000:2000::/nonexistent:/usr/sbin/nologin >>/etc/passwd; echo remapped:x:2000: >>/etc/group; \
                    echo remapped:200000:65536 >/etc/subuid; cp /etc/subuid /etc/subgid";

const STACK: &str = "engine: { metrics: gateway }\nprometheus: { scrape_interval: 1s }\napps:\n  \
                     web: { image: stackctl/self, command: [demo, accesslog], restart: always, metrics: {} }\n";

#[test]
fn an_engine_that_remaps_users_is_changed_and_proved() {
    let host = Booted::systemd("bookworm");
    host.shell(USER);
    fs::write(host.path("etc/docker/daemon.json"), SETTINGS).expect("writable");
    host.shell("systemctl restart docker");
    assert!(Beside::wait_until(|| host.answers()), "it does not start");
    let options = host.docker(&["info", "--format", "{{.SecurityOptions}}"]);
    assert!(options.contains("name=userns"), "{options}");
    host.write_stack(STACK);
    let shown = host.expect(0, &["engine", "show"]);
    assert!(shown.contains("userns-remap") && shown.contains("off: there is no `metrics-addr`"), "{shown}");
    // Images from outside: the host's network leads nowhere.
    let mut pull = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    pull.arg("-f").arg(host.path("root/stack.yml")).args(["images", "pull"]);
    must(pull.env("DOCKER_HOST", host.address()));
    host.expect(0, &["up", "--no-wait"]);
    assert!(host.expect(3, &["engine", "plan"]).contains("demo-prometheus-1, demo-web-1"));
    let told = host.expect(0, &["engine", "apply", "--yes", "--restart"]);
    for words in ["the containers that ran before run again: 2", "ok      engine  engine   host.docker.internal:9323"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(host.text(), SETTINGS.replace('}', ", \"metrics-addr\": \"172.17.0.1:9323\"}"));
    host.expect(0, &["up", "--timeout", "60s"]);
    host.expect(0, &["verify", "engine"]);
    host.expect(0, &["engine", "rollback", "--yes", "--restart"]);
    assert_eq!(host.text(), SETTINGS);
}
