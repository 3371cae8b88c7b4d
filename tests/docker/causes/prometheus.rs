//! Causes in Prometheus itself: it does not run, or runs something else than was rendered.

use super::{broken, verify_is_content, verify_says};
use crate::reload::edit;
use crate::sandbox::{Sandbox, docker};

const FILE: &str = "/etc/prometheus/prometheus.yml";

#[test]
fn an_edited_a_refused_and_a_stopped_prometheus_are_told_apart_and_up_mends_each() {
    let stack = Sandbox::started(
        "apps: { web: { image: stackctl/self, command: [demo, accesslog], scale: 2, metrics: {} } }\n",
    );
    verify_is_content(&stack, "targets");
    let prometheus = stack.container("prometheus", 1);
    let read_again = || docker(&["kill", "-s", "HUP", &prometheus]);

    let first = stack.container("web", 1);
    edit(
        &prometheus,
        FILE,
        &format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n- job_name: web\n  static_configs: [{{ targets: ['{first}:80', 'stranger:80'] }}]\n"
        ),
    );
    read_again();
    let stale = [
        broken("STACK-prometheus-1", "config-stale", "Prometheus does not run what was rendered", "`stackctl up`"),
        broken("STACK-prometheus-1", "config-stale", "is not what was rendered", "make it in the stack file"),
    ];
    verify_says(&stack, "config", &stale, &[]);
    let targets = [
        broken("STACK-web-2", "target-missing", "has no such target in the job `web`", "`stackctl up`"),
        broken("stranger:80", "target-unexpected", "which the stack file does not want", "`stackctl up`"),
    ];
    verify_says(&stack, "targets", &targets, &["STACK-web-1"]);
    stack.ok(&["up"]);

    edit(&prometheus, FILE, "scrape_configs: [{ job_name: web, no_such_key: 1 }]\n");
    read_again();
    let rejected = broken("STACK-prometheus-1", "config-rejected", "field no_such_key not found", "the rendered file");
    verify_says(&stack, "config", &[rejected], &[]);
    stack.ok(&["up"]);

    docker(&["stop", &prometheus]);
    let stopped = broken("STACK-prometheus-1", "prometheus-unreachable", "it does not run", "`stackctl up`");
    verify_says(&stack, "config", &[stopped], &[]);
    let unseen = [
        broken("STACK-web-1", "prometheus-unreachable", "it does not run", "`stackctl logs prometheus`"),
        broken("STACK-prometheus-1", "container-exited", "exited with code 0", "`stackctl up`"),
    ];
    verify_says(&stack, "targets", &unseen, &[]);
    stack.ok(&["up"]);
}
