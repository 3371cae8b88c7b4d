//! Every setting of a container reaches the engine, and stackctl and Compose make the same of it.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::compose::{compose, free_port};
use crate::essence::snapshot;
use crate::sandbox::{Sandbox, docker, run};

/// Keys of an app's container that no container at the engine shows: which image, when it is pulled, and what is read in
/// place of it.
const NOT_SEEN: [&str; 2] = ["platform", "pull_policy"];

/// Every setting that a container can have, in as many apps as they need to go together.
fn write(stack: &Sandbox) {
    for folder in ["pages", "etc"] {
        fs::create_dir(stack.path(folder)).expect("the test's folder is writable");
    }
    fs::write(stack.path("more.env"), "FROM_A_FILE=yes\n").expect("the test's folder is writable");
    fs::write(stack.path("token"), "tok").expect("the test's folder is writable");
    stack.write_bare(&format!(
        "\
prometheus: off
grafana: off
apps:
  every:
    image: stackctl/self
    entrypoint: [/stackctl, demo]
    command: [accesslog]
    environment: {{ PRICE: \"costs $$5\", EMPTY: \"\" }}
    env_file: [more.env]
    ports: [\"{tcp}:80\", {{ target: 53, published: \"{udp}\", host_ip: 127.0.0.1, protocol: udp }}]
    expose: [8080]
    healthcheck: {{ test: [CMD, /stackctl, --version], interval: 7s, timeout: 3s, retries: 4, start_period: 2s }}
    restart: on-failure:3
    hostname: odd
    user: \"1000:1000\"
    working_dir: /srv
    labels: {{ team: shop, dollars: \"$$x\" }}
    extra_hosts: {{ host.docker.internal: host-gateway, other: 10.0.0.9 }}
    dns: [10.0.0.2]
    cap_add: [NET_ADMIN, SYS_TIME]
    cap_drop: [MKNOD]
    read_only: true
    security_opt: [no-new-privileges:true]
    tmpfs: [/run/cache, \"/tmp:size=1m,mode=1777\"]
    init: true
    stop_signal: SIGINT
    stop_grace_period: 3s
    devices: [/dev/zero, \"/dev/null:/dev/other:r\"]
    ulimits: {{ nproc: 4096, nofile: {{ soft: 1024, hard: 4096 }} }}
    sysctls: {{ net.core.somaxconn: 1024 }}
    shm_size: 16m
    logging: {{ driver: json-file, options: {{ max-size: 7m }} }}
    mem_limit: 256m
    mem_reservation: 64m
    cpus: 0.5
    pids_limit: 100
    volumes:
      - data:/var/lib/data
      - ./etc:/etc/web:ro
      - {{ type: bind, source: ./pages, target: /pages, bind: {{ propagation: rprivate }} }}
      - {{ type: tmpfs, target: /scratch, tmpfs: {{ size: 4m }} }}
      - /nameless
    networks: {{ default: {{}}, front: {{ aliases: [www] }} }}
    depends_on: [host]
    secrets: [token]
  host:
    image: stackctl/self
    command: [demo, accesslog, --port, \"0\"]
    container_name: {name}-fixed
    network_mode: host
    pid: host
    privileged: true
    restart: unless-stopped
    healthcheck: {{ disable: true }}
  beside:
    image: stackctl/self
    command: [demo, accesslog]
    network_mode: none
    pid: \"service:every\"
    restart: always
    healthcheck: {{ test: \"/stackctl --version\" }}
networks: {{ front: {{ internal: true }} }}
volumes: {{ data: {{}} }}
secrets: {{ token: {{ file: token }} }}
",
        name = stack.name,
        tcp = free_port(),
        udp = free_port(),
    ));
}

/// Every key that an app's container can have, but those that say something else than how it is made.
fn keys() -> BTreeSet<String> {
    let schema = stackctl::stack::schema();
    let keys = schema["$defs"]["App"]["properties"].as_object().expect("an app has keys").keys().cloned();
    let others = ["image", "scale", "metrics", "signals", "alerts", "slo", "attach"];
    keys.filter(|key| !others.contains(&key.as_str()) && !NOT_SEEN.contains(&key.as_str())).collect()
}

#[test]
fn every_setting_is_at_the_engine_what_compose_makes_of_it() {
    let stack = Sandbox::bare("");
    write(&stack);
    let file = fs::read_to_string(stack.stack_file()).expect("it was written");
    let missing: Vec<String> = keys().into_iter().filter(|key| !file.contains(&format!("    {key}: "))).collect();
    assert_eq!(
        missing,
        ["volumes"],
        "but for those that stand over several lines, a setting that the test does not try"
    );

    let folder = stack.path("rendered");
    stack.ok(&["render", "-o", &folder.display().to_string()]);
    compose(&folder, &["up", "-d"]);
    let by_compose = snapshot(&stack);
    assert_eq!(by_compose.len(), 3);
    stack.ok(&["up", "--no-wait"]);
    assert_eq!(stack.plan(), [""; 0]);
    let by_stackctl = snapshot(&stack);
    for (container, ours) in &by_stackctl {
        let differing = differing("", ours, &by_compose[container]);
        assert!(differing.is_empty(), "{container}, by stackctl and by Compose:\n{}", differing.join("\n"));
    }
    assert_eq!(by_stackctl, by_compose);
    // Neither of them leaves a setting out: what the engine knows differs from a container without settings.
    let plain = plain(&stack);
    let said =
        |section: &str| differing(section, &by_compose[&format!("/{}-every-1", stack.name)][section], &plain[section]);
    assert!(said("host").len() >= 20 && said("config").len() >= 9, "{:#?} {:#?}", said("host"), said("config"));

    // What shares the processes of another one goes with it, and comes again after it.
    fs::write(stack.stack_file(), file.replace("hostname: odd", "hostname: even")).expect("it is writable");
    stack.ok(&["up", "--no-wait"]);
    assert_eq!((stack.plan(), stack.running("beside").len()), (vec![], 1));
}

#[test]
fn what_compose_reads_in_a_container_s_settings_is_read_as_compose_reads_it() {
    let stack = Sandbox::bare("");
    let profile = "{ \"defaultAction\": \"SCMP_ACT_ALLOW\",\n  \"syscalls\": [] }\n";
    fs::write(stack.path("profile.json"), profile).expect("the test's folder is writable");
    let app = "image: stackctl/self, command: [demo, iotd]";
    stack.write_bare(&format!(
        "\
prometheus: off
grafana: off
apps:
  logs: {{ {app}, logging: {{ options: {{ max-size: 7m }} }}, extra_hosts: ['six=[::1]', 'seven:[fd00::7]'] }}
  profile: {{ {app}, security_opt: ['seccomp:./profile.json', systempaths=unconfined] }}
  equals: {{ {app}, security_opt: ['seccomp=profile.json'] }}
  mounts:
    image: stackctl/self
    command: [demo, iotd]
    volumes:
      - {{ type: bind, source: ./made/here, target: /made, read_only: true, bind: {{ create_host_path: true }} }}
      - {{ type: volume, source: data, target: /data, volume: {{}} }}
      - {{ type: volume, source: data, target: /empty, volume: {{ nocopy: true }} }}
volumes: {{ data: {{}} }}
"
    ));
    let folder = stack.path("rendered");
    stack.ok(&["render", "-o", &folder.display().to_string()]);
    compose(&folder, &["up", "-d"]);
    let by_compose = snapshot(&stack);
    compose(&folder, &["down"]);
    fs::remove_dir_all(stack.path("made")).expect("the engine has made it");
    stack.ok(&["up", "--no-wait"]);
    let by_stackctl = snapshot(&stack);
    assert_eq!(by_compose.len(), 4);
    for (container, ours) in &by_stackctl {
        let differing = differing("", ours, &by_compose[container]);
        assert!(differing.is_empty(), "{container}, by stackctl and by Compose:\n{}", differing.join("\n"));
    }
    assert!(stack.path("made/here").is_dir());
    let of =
        |app: &str, format: &str| docker(&["inspect", "--format", format, &stack.container(app, 1)]).trim().to_owned();
    let seccomp = "[seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[]}]";
    assert_eq!(of("profile", "{{.HostConfig.SecurityOpt}} {{.HostConfig.MaskedPaths}}"), format!("{seccomp} []"));
    assert_eq!(of("equals", "{{.HostConfig.SecurityOpt}}"), seccomp);
    assert_eq!(
        of("logs", "{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config \"max-size\"}}"),
        "json-file 7m"
    );
    // Another profile in the same file is another container.
    assert_eq!(stack.plan(), [""; 0]);
    fs::write(stack.path("profile.json"), profile.replace("ALLOW", "LOG")).expect("the test's folder is writable");
    assert_eq!(stack.plan(), ["replace container STACK-profile-1", "replace container STACK-equals-1"]);
    // Who only looks, or takes it away, needs no profile.
    fs::remove_file(stack.path("profile.json")).expect("it was written");
    stack.expect(2, &["plan"]);
    stack.ok(&["ps"]);
    stack.ok(&["down"]);
}

/// The essence of a container of the same image that nobody has said anything about.
fn plain(stack: &Sandbox) -> Value {
    let image = crate::sandbox::own_image();
    let label = format!("com.docker.compose.project={}", stack.name);
    let id = docker(&["create", "--label", &label, &image]);
    let name = docker(&["inspect", "--format", "{{.Name}}", id.trim()]);
    let essence = snapshot(stack).remove(name.trim()).expect("it was made a moment ago");
    run(std::process::Command::new("docker").args(["rm", id.trim()]));
    essence
}

/// `PATH: ONE | OTHER` for each value that is not the same in both.
fn differing(path: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            keys.into_iter().flat_map(|key| differing(&format!("{path}.{key}"), &one[key], &other[key])).collect()
        }
        _ if one == other => Vec::new(),
        _ => vec![format!("{path}: {one} | {other}")],
    }
}
