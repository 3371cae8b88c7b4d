//! Apps that somebody else runs are watched, and nothing of theirs is touched.

use crate::sandbox::{Sandbox, docker, eventually, own_image, run};

/// Containers and a network of somebody else.
struct Neighbour {
    containers: Vec<String>,
    network: Option<String>,
}

impl Neighbour {
    /// A plain `docker run` of the demo app, on the default bridge.
    fn plain(name: &str) -> Self {
        docker(&["run", "-d", "--name", name, &own_image(), "demo", "accesslog"]);
        Self { containers: vec![name.to_owned()], network: None }
    }

    /// Two containers of a service of a Compose project, in a network of its own.
    fn project(name: &str) -> Self {
        let network = format!("{name}_default");
        docker(&["network", "create", &network]);
        let containers: Vec<String> = (1..=2).map(|number| format!("{name}-api-{number}")).collect();
        for (number, container) in (1..).zip(&containers) {
            let label = |key: &str, value: &str| format!("--label=com.docker.compose.{key}={value}");
            let labels = [
                label("project", name),
                label("service", "api"),
                label("oneoff", "False"),
                label("container-number", &format!("{number}")),
            ];
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let start = ["run", "-d", "--name", container, "--network", &network];
            docker(&[&start[..], &labels[..], &[&own_image(), "demo", "iotd"]].concat());
        }
        Self { containers, network: Some(network) }
    }

    /// Id and start of each container: the same, as long as nobody touched them.
    fn marks(&self) -> Vec<String> {
        let mark = |name: &String| docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name]);
        self.containers.iter().map(mark).collect()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        for container in &self.containers {
            run(std::process::Command::new("docker").args(["rm", "-f", container]));
        }
        if let Some(network) = &self.network {
            run(std::process::Command::new("docker").args(["network", "rm", network]));
        }
    }
}

#[test]
fn a_plain_container_and_a_compose_service_are_scraped_and_left_as_they_are() {
    let stack = Sandbox::new("");
    let plain = Neighbour::plain(&format!("{}plain", stack.name));
    let project = Neighbour::project(&format!("{}shop", stack.name));
    let (before, project_before) = (plain.marks(), project.marks());
    stack.write(&format!(
        "apps:\n  log: {{ attach: {0}plain }}\n  api: {{ attach: {0}shop/api, metrics: {{ path: /actuator/prometheus }} }}\n",
        stack.name
    ));
    stack.ok(&["up"]);
    let findings = stack.findings("targets");
    let instances: Vec<&str> = findings.iter().filter_map(|finding| finding["instance"].as_str()).collect();
    let [plain_name] = plain.containers.as_slice() else { unreachable!("one container") };
    for instance in project.containers.iter().chain([plain_name]) {
        assert!(instances.contains(&instance.as_str()), "{instance}: {findings:#?}");
    }
    assert!(findings.iter().all(|finding| finding["status"] == "ok"), "{findings:#?}");
    assert_eq!(stack.plan(), [""; 0]);
    let shown = stack.json(&["ps"]);
    assert_eq!(shown.as_array().expect("a list").len(), 4, "{shown}");

    stack.ok(&["down", "--volumes", "--yes"]);
    assert_eq!((plain.marks(), project.marks()), (before, project_before), "nothing of theirs was touched");
    drop((plain, project));
    stack.write("");
}

#[test]
fn what_is_wrong_with_an_attached_container_is_named_and_is_not_for_stackctl_to_mend() {
    let stack = Sandbox::new("");
    let plain = Neighbour::plain(&format!("{}plain", stack.name));
    let (there, gone) = (format!("{}plain", stack.name), format!("{}gone", stack.name));
    stack.write(&format!(
        "apps:\n  log: {{ attach: {there}, metrics: {{ path: /stats }} }}\n  lost: {{ attach: {gone} }}\n"
    ));
    stack.expect(3, &["up", "--timeout", "20s"]);
    let causes = || stack.broken_targets();
    assert_eq!(causes(), ["STACKplain wrong-path", "STACKgone container-missing"]);
    let findings = stack.findings("targets");
    let fix = |cause: &str| {
        let found = findings.iter().find(|finding| finding["cause"] == cause).expect("it was found");
        found["fix"].as_str().expect("a fix").to_owned()
    };
    assert!(fix("wrong-path").contains("apps.log.metrics.path: /metrics"), "{}", fix("wrong-path"));
    assert!(fix("container-missing").contains("apps.lost.attach"), "{}", fix("container-missing"));
    docker(&["stop", "-t", "1", &there]);
    eventually("the stopped container is seen", || causes().contains(&"STACKplain container-exited".to_owned()));
    assert!(stack.plan().iter().all(|step| !step.contains("plain")), "{:?}", stack.plan());
    drop(plain);
}
