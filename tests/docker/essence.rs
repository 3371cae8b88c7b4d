//! Everything the engine knows of a container's settings that may not depend on who has started it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::sandbox::{Sandbox, docker};

/// Keys of `Config` and `HostConfig` that may differ, and why.
const MAY_DIFFER: [&str; 7] = [
    // Compose asks to be attached, although `up -d` does not attach.
    "AttachStdout",
    "AttachStderr",
    // Who made the container, from which file: the ones that people wrote are compared by themselves.
    "Labels",
    // Two ways to ask for the same mounts: what came of them is compared by itself.
    "Binds",
    "Mounts",
    // The engine makes one of the container's id, where none is written.
    "Hostname",
    // An empty word and `no` are the same to the engine: compared by itself.
    "RestartPolicy",
];

/// Lists whose order says nothing.
const UNORDERED: [&str; 6] = ["Env", "CapAdd", "CapDrop", "ExtraHosts", "SecurityOpt", "Ulimits"];

/// The essence of each container of a stack, by its name.
pub(crate) fn snapshot(stack: &Sandbox) -> BTreeMap<String, Value> {
    let listed = docker(&["ps", "-aq", "--filter", &format!("label=com.docker.compose.project={}", stack.name)]);
    let ids: Vec<&str> = listed.lines().collect();
    let inspected: Vec<Value> = serde_json::from_str(&docker(&[&["inspect"], ids.as_slice()].concat())).expect("JSON");
    let names: BTreeMap<&str, &str> =
        inspected.iter().map(|container| (text(&container["Id"]), text(&container["Name"]))).collect();
    let essences = inspected.iter().map(|container| (text(&container["Name"]).to_owned(), essence(container, &names)));
    essences.collect()
}

/// Settings, mounts and networks of one container. What is empty is left out: the engine has several ways to say nothing.
fn essence(container: &Value, names: &BTreeMap<&str, &str>) -> Value {
    let (config, host) = (&container["Config"], &container["HostConfig"]);
    let mut all = json!({
        "config": settings(config),
        "host": settings(host),
        "labels": labels(&config["Labels"]),
        "hostname": Some(&config["Hostname"]).filter(|name| !text(&container["Id"]).starts_with(text(name))),
        "restart": [Some(text(&host["RestartPolicy"]["Name"])).filter(|word| !word.is_empty()).unwrap_or("no")],
        "tries": host["RestartPolicy"]["MaximumRetryCount"],
        "mounts": mounts(container),
        "networks": networks(container),
    });
    // The engine keeps a name as it was written, and an id as well: both are this container.
    if let Some((_, owner)) = text(&host["PidMode"]).split_once("container:") {
        let owner = names.get(owner).map_or(owner, |name| name.trim_start_matches('/'));
        all["host"]["PidMode"] = format!("container:{owner}").into();
    }
    // A path in memory without options is said, too.
    for options in all["host"]["Tmpfs"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        *options = format!("options: {}", text(options)).into();
    }
    // Compose leaves out what the engine takes for granted: `8080` is `8080/tcp`.
    let exposed = config["ExposedPorts"].as_object().into_iter().flat_map(Map::keys);
    let mut exposed: Vec<_> =
        exposed.map(|port| if port.contains('/') { port.clone() } else { format!("{port}/tcp") }).collect();
    exposed.sort();
    all["config"]["ExposedPorts"] = exposed.into();
    without_nothing(all).unwrap_or_default()
}

fn settings(section: &Value) -> Value {
    let all = section.as_object().expect("the engine describes it").iter();
    let compared = all.filter(|(key, _)| !MAY_DIFFER.contains(&key.as_str())).map(|(key, value)| {
        let value = if UNORDERED.contains(&key.as_str()) { sorted(value) } else { value.clone() };
        (key.clone(), value)
    });
    Value::Object(compared.collect())
}

/// The labels that people wrote, and those by which both find their containers again.
fn labels(all: &Value) -> Value {
    const SHARED: [&str; 5] = [
        "com.docker.compose.project",
        "com.docker.compose.service",
        "com.docker.compose.container-number",
        "com.docker.compose.oneoff",
        "io.stackctl.stack",
    ];
    let all = all.as_object().into_iter().flatten();
    let is_own = |key: &str| key.starts_with("com.docker.compose.") || key.starts_with("io.stackctl.");
    let compared = all.filter(|(key, _)| SHARED.contains(&key.as_str()) || !is_own(key));
    Value::Object(compared.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// What is mounted, by its place. Rendered files and secrets are not mounted but copied by stackctl, and are left out.
fn mounts(container: &Value) -> Value {
    let memory = container["HostConfig"]["Mounts"].as_array().into_iter().flatten();
    let size = |place: &Value| {
        memory.clone().find(|mount| mount["Target"] == *place).map(|mount| mount["TmpfsOptions"]["SizeBytes"].clone())
    };
    let points = container["Mounts"].as_array().expect("a list").iter();
    let own = points.filter(|point| {
        !text(&point["Destination"]).starts_with("/run/secrets") && !text(&point["Source"]).contains("/rendered/")
    });
    let kept = own.map(|point| {
        let nameless = text(&point["Name"]).len() == 64;
        let source = if nameless { "a volume without a name".into() } else { point["Source"].clone() };
        let [kind, writable, spread] = ["Type", "RW", "Propagation"].map(|key| point[key].clone());
        (
            text(&point["Destination"]).to_owned(),
            json!([kind, source, writable.to_string(), spread, size(&point["Destination"])]),
        )
    });
    Value::Object(kept.collect())
}

/// The names under which it is known in each network, its own and its id aside: Compose says its name twice.
fn networks(container: &Value) -> Value {
    let (id, name) = (text(&container["Id"]), text(&container["Name"]).trim_start_matches('/'));
    let all = container["NetworkSettings"]["Networks"].as_object().into_iter().flatten();
    let known = all.map(|(network, joined)| {
        let aliases = joined["Aliases"].as_array().into_iter().flatten().map(text);
        let mut aliases: Vec<&str> = aliases.filter(|alias| *alias != name && !id.starts_with(alias)).collect();
        aliases.sort_unstable();
        (network.clone(), json!(["joined", aliases, joined["Links"], joined["DriverOpts"]]))
    });
    Value::Object(known.collect())
}

/// The value without what is empty, zero or false, however deep. `None`: nothing is left.
fn without_nothing(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(items) => Some(items.into_iter().filter_map(without_nothing).collect::<Vec<_>>().into())
            .filter(|list: &Value| list.as_array().is_some_and(|list| !list.is_empty())),
        Value::Object(map) => {
            let kept: Map<_, _> =
                map.into_iter().filter_map(|(key, value)| Some((key, without_nothing(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other),
    }
}

fn sorted(list: &Value) -> Value {
    let mut items = list.as_array().cloned().unwrap_or_default();
    items.sort_by_key(Value::to_string);
    items.into()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
