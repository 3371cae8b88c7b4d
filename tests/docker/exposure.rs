//! What can be reached from outside is listed, and what no word of the file asks for is found out; components have no
//! rights that they do not need.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, docker};

fn addresses(report: &Value) -> Vec<(String, Value)> {
    let exposures = report["exposures"].as_array().expect("a list").iter();
    let field = |exposure: &Value, key: &str| exposure[key].as_str().expect("text").to_owned();
    exposures
        .map(|exposure| {
            let port = exposure["address"].as_str().and_then(|text| text.rsplit_once(':')).map_or("", |(_, port)| port);
            (format!("{} {port}", field(exposure, "service")), exposure["said_by"].clone())
        })
        .collect()
}

#[test]
fn what_is_open_to_others_is_listed_and_what_the_file_does_not_ask_for_is_exit_3() {
    let stack = Sandbox::new("apps: { web: { image: stackctl/self, command: [demo, accesslog], ports: [\"80\"] } }\n");
    stack.ok(&["up", "--no-wait"]);
    let report = stack.json(&["exposure"]);
    assert_eq!((&report["ok"], addresses(&report)), (&json!(true), vec![]));
    assert!(stack.ok(&["exposure"]).stdout.contains("nothing of stack"));

    // In the file, on an address: the file says so.
    let open = "[{ target: 80, host_ip: 0.0.0.0 }]";
    stack.write(&format!("apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], ports: {open} }} }}\n"));
    stack.ok(&["up", "--no-wait"]);
    let report = stack.json(&["exposure"]);
    assert_eq!((&report["ok"], addresses(&report)), (&json!(true), vec![("web *".to_owned(), json!("file"))]));

    // Closed in the file, and still open in the container that runs.
    stack.write("apps: { web: { image: stackctl/self, command: [demo, accesslog], ports: [\"80\"] } }\n");
    let found = stack.expect(3, &["exposure"]);
    assert!(
        found.stdout.contains("not by the file") && found.stderr.contains("help:"),
        "{}{}",
        found.stdout,
        found.stderr
    );
    assert_eq!(stack.json(&["exposure"])["ok"], false);
    stack.ok(&["up", "--no-wait"]);
    stack.ok(&["exposure"]);

    // On the host's network, where nobody says which ports.
    let on_host = |more: &str| {
        let command = "command: [demo, accesslog, --port, \"0\"]";
        format!("apps: {{ web: {{ image: stackctl/self, {command}, network_mode: host{more} }} }}\n")
    };
    stack.write(&on_host(""));
    let report = stack.json(&["exposure"]);
    assert_eq!(report["ok"], false, "{report}");
    stack.write(&on_host(", expose: [8080]"));
    let report = stack.json(&["exposure"]);
    assert!(addresses(&report).contains(&("web 8080".to_owned(), json!("file"))), "{report}");
}

#[test]
fn components_run_without_capabilities_and_without_new_privileges() {
    let stack = Sandbox::new(
        "exporters: { node: {} }\napps: { web: { image: stackctl/self, command: [demo, accesslog], metrics: {} } }\n",
    );
    stack.ok(&["up"]);
    let inspect = |container: &str| {
        let format = "{{json .HostConfig}}";
        let text = docker(&["inspect", "--format", format, &stack.container(container, 1)]);
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    for (component, read_only) in [("prometheus", false), ("node", true)] {
        let host = inspect(component);
        assert_eq!(host["CapDrop"], json!(["ALL"]), "{component}");
        // The engine adds `label=disable` where the host's processes are seen.
        assert_eq!(host["SecurityOpt"][0], "no-new-privileges:true", "{component}");
        assert_eq!(host["PidsLimit"], 4096, "{component}");
        assert_eq!(host["ReadonlyRootfs"], read_only, "{component}");
        assert_eq!(host["Privileged"], false, "{component}");
    }
    // An app's rights are the file's business.
    assert_eq!(inspect("web")["CapDrop"], Value::Null);
    stack.ok(&["verify"]);
}

#[test]
fn a_published_port_behind_which_nobody_listens_is_told() {
    let app = |port: u16| {
        format!(
            "apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], ports: [\"{port}\"], metrics: {{ port: 80 }} }} }}\n"
        )
    };
    let stack = Sandbox::new(&app(81));
    let up = stack.ok(&["up"]);
    let said = format!("nobody listens on port 81 of `{}`", stack.container("web", 1));
    assert!(up.stderr.contains(&said), "{}", up.stderr);
    stack.write(&app(80));
    let up = stack.ok(&["up"]);
    assert!(!up.stderr.contains("nobody listens"), "{}", up.stderr);
    stack.write(&app(80).replace("accesslog]", "accesslog, --bind, 127.0.0.1]"));
    let told = stack.expect(3, &["up", "--timeout", "5s"]).stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("the app listens on loopback only: have it listen on 0.0.0.0:80"), "{told}");
    assert!(!told.contains("nobody listens"), "{told}");
}
