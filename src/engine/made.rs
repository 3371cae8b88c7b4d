//! What a container was made with that its image does not say by itself, in the words of a Compose service.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, HealthConfig, HostConfig, HostConfigLogConfig, ImageConfig, MountPoint,
    MountType, NetworkSettings, PortBinding, RestartPolicyNameEnum,
};
use serde_json::{Map, Value, json};

use super::error::{cannot, found};
use super::podman::is_default_bridge;
use super::{Engine, Error, labels};

/// What a container was made with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// Keys of a Compose service, but for mounts and networks.
    pub settings: Map<String, Value>,
    /// Volumes: name at the engine, path inside the container, options such as `:ro`.
    pub volumes: Vec<(String, String, String)>,
    /// Folders and files of the host, as the short form of a mount.
    pub binds: Vec<String>,
    /// Networks other than the engine's own, each with the names that the container was given there.
    pub networks: BTreeMap<String, Vec<String>>,
    /// What no stack file can say, as options of `docker run`.
    pub left: Vec<String>,
}

/// How containers log that say nothing of it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsualLogging {
    /// The engine's driver; empty: it is not known, and taken for `json-file`.
    pub driver: String,
    /// Options that the engine gives each container that logs with its driver, as far as they are known.
    pub options: BTreeMap<String, String>,
}

/// Memory that the engine gives `/dev/shm` by itself.
const USUAL_SHM: i64 = 64 << 20;

/// Processor time in which quotas are counted by themselves, in microseconds.
const USUAL_PERIOD: i64 = 100_000;

impl Engine {
    /// What a container was made with. `None`: there is none of that name. `usual`: how it would log by itself.
    pub async fn made(&self, name: &str, usual: &UsualLogging) -> Result<Option<Made>, Error> {
        let Some(container) = self.inspect(name).await? else { return Ok(None) };
        let id = container.image.clone().unwrap_or_default();
        let image = self.look(async || self.docker.inspect_image(&id).await).await;
        let image = found(image).map_err(cannot(format!("inspect the image of container `{name}`")))?;
        Ok(Some(made(container, &image.and_then(|image| image.config).unwrap_or_default(), usual)))
    }
}

fn made(container: ContainerInspectResponse, image: &ImageConfig, usual: &UsualLogging) -> Made {
    let mut made = Made::default();
    let config = container.config.unwrap_or_default();
    let host = container.host_config.unwrap_or_default();
    let id = container.id.unwrap_or_default();
    made.program(&config, image);
    made.surroundings(&config, image, &id, &host);
    if let Some(logging) = host.log_config.as_ref().and_then(|log| logging(log, usual)) {
        made.set("logging", logging);
    }
    made.mounts(container.mounts.unwrap_or_default(), &host);
    made.ports(&host, container.network_settings.as_ref());
    made.networks(container.network_settings, &host, &id, container.name.unwrap_or_default().trim_start_matches('/'));
    made.rights(&host);
    made.limits(&host);
    made.leave(&config, &host);
    made
}

impl Made {
    fn set(&mut self, key: &str, value: Value) {
        self.settings.insert(key.to_owned(), value);
    }

    fn set_text(&mut self, key: &str, text: Option<&String>, usual: Option<&String>) {
        if let Some(text) = text.filter(|text| !text.is_empty() && Some(*text) != usual) {
            self.set(key, json!(text));
        }
    }

    fn set_list(&mut self, key: &str, list: Option<&Vec<String>>) {
        if let Some(list) = list.filter(|list| !list.is_empty()) {
            self.set(key, json!(list));
        }
    }

    fn set_number(&mut self, key: &str, number: Option<i64>) {
        if let Some(number) = number.filter(|number| *number > 0) {
            self.set(key, json!(number));
        }
    }

    fn set_switch(&mut self, key: &str, switch: Option<bool>) {
        if switch == Some(true) {
            self.set(key, json!(true));
        }
    }

    /// What it runs. An entry point of its own takes the image's command away.
    fn program(&mut self, config: &ContainerConfig, image: &ImageConfig) {
        let words = |words: &Option<Vec<String>>| words.clone().unwrap_or_default();
        let (entrypoint, command) = (words(&config.entrypoint), words(&config.cmd));
        let has_own = entrypoint != words(&image.entrypoint) || (command.is_empty() && command != words(&image.cmd));
        if has_own && !entrypoint.is_empty() {
            self.set("entrypoint", json!(entrypoint));
        }
        if !command.is_empty() && (has_own || command != words(&image.cmd)) {
            self.set("command", json!(command));
        }
        let known = words(&image.env);
        let own = words(&config.env).into_iter().filter(|pair| !known.contains(pair));
        let own: Map<String, Value> =
            own.filter_map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), json!(value)))).collect();
        if !own.is_empty() {
            self.set("environment", Value::Object(own));
        }
        self.set_text("user", config.user.as_ref(), image.user.as_ref());
        let root = "/".to_owned();
        let usual = image.working_dir.as_ref().filter(|folder| !folder.is_empty()).unwrap_or(&root);
        self.set_text("working_dir", config.working_dir.as_ref(), Some(usual));
        self.set_text("stop_signal", config.stop_signal.as_ref(), image.stop_signal.as_ref());
        if let Some(seconds) = config.stop_timeout {
            self.set("stop_grace_period", json!(format!("{seconds}s")));
        }
        if let Some(check) = config.healthcheck.as_ref().filter(|check| Some(*check) != image.healthcheck.as_ref()) {
            self.set("healthcheck", healthcheck(check));
        }
    }

    fn surroundings(&mut self, config: &ContainerConfig, image: &ImageConfig, id: &str, host: &HostConfig) {
        let is_own_name = host.network_mode.as_deref() != Some("host")
            && host.uts_mode.as_deref() != Some("host")
            && config.hostname.as_ref().is_some_and(|name| !id.starts_with(name.as_str()));
        if is_own_name {
            self.set_text("hostname", config.hostname.as_ref(), None);
        }
        let known = image.labels.clone().unwrap_or_default();
        let is_written = |key: &str| !labels::OWN.iter().any(|own| key.starts_with(own));
        let own =
            config.labels.iter().flatten().filter(|(key, value)| is_written(key) && known.get(*key) != Some(value));
        let own: BTreeMap<&String, &String> = own.collect();
        if !own.is_empty() {
            self.set("labels", json!(own));
        }
        let policy = host.restart_policy.as_ref();
        let again = match policy.and_then(|policy| policy.name) {
            Some(RestartPolicyNameEnum::ALWAYS) => Some("always".to_owned()),
            Some(RestartPolicyNameEnum::UNLESS_STOPPED) => Some("unless-stopped".to_owned()),
            Some(RestartPolicyNameEnum::ON_FAILURE) => {
                let most = policy.and_then(|policy| policy.maximum_retry_count).filter(|most| *most > 0);
                Some(most.map_or_else(|| "on-failure".to_owned(), |most| format!("on-failure:{most}")))
            }
            _ => None,
        };
        self.set_text("restart", again.as_ref(), None);
        self.set_list("extra_hosts", host.extra_hosts.as_ref());
        self.set_list("dns", host.dns.as_ref());
        let sysctls: BTreeMap<_, _> = host.sysctls.clone().unwrap_or_default().into_iter().collect();
        if !sysctls.is_empty() {
            self.set("sysctls", json!(sysctls));
        }
    }

    fn mounts(&mut self, points: Vec<MountPoint>, host: &HostConfig) {
        for point in points {
            let target = point.destination.unwrap_or_default();
            let read_only = if point.rw == Some(false) { ":ro" } else { "" };
            match point.typ.as_deref() {
                Some("volume") => {
                    self.volumes.push((point.name.unwrap_or_default(), target, read_only.to_owned()));
                }
                Some("bind") => {
                    let spread = point.propagation.filter(|spread| !matches!(spread.as_str(), "" | "rprivate"));
                    let options = [(!read_only.is_empty()).then(|| "ro".to_owned()), spread];
                    let options: Vec<String> = options.into_iter().flatten().collect();
                    let options = if options.is_empty() { String::new() } else { format!(":{}", options.join(",")) };
                    self.binds.push(format!("{}:{target}{options}", point.source.unwrap_or_default()));
                }
                Some("tmpfs") => {}
                other => self.left.push(format!("--mount type={},target={target}", other.unwrap_or("unknown"))),
            }
        }
        self.binds.sort();
        self.volumes.sort();
        let mut memory: Vec<String> =
            host.tmpfs.iter().flatten().map(|(path, options)| joined(path, options)).collect();
        let mounted = host.mounts.iter().flatten().filter(|mount| mount.typ == Some(MountType::TMPFS));
        memory.extend(mounted.filter_map(|mount| {
            let size = mount.tmpfs_options.as_ref().and_then(|options| options.size_bytes);
            Some(joined(mount.target.as_deref()?, &size.map(|size| format!("size={size}")).unwrap_or_default()))
        }));
        memory.sort();
        self.set_list("tmpfs", Some(&memory));
    }

    /// An address that is left out means all of them, and a port of the host that is left out a free one.
    fn ports(&mut self, host: &HostConfig, networks: Option<&NetworkSettings>) {
        let mut ports: Vec<String> = Vec::new();
        for (inside, places) in sorted(host.port_bindings.as_ref()) {
            for PortBinding { host_ip, host_port } in places.iter().flatten() {
                let address = host_ip.clone().filter(|address| !address.is_empty());
                let address = address.map_or_else(
                    || "*".to_owned(),
                    |address| {
                        if address.contains(':') { format!("[{address}]") } else { address }
                    },
                );
                let port = host_port.clone().filter(|port| port != "0").unwrap_or_default();
                ports.push(format!("{address}:{port}:{}", inside.trim_end_matches("/tcp")));
            }
        }
        if host.publish_all_ports == Some(true) {
            let bound = host.port_bindings.as_ref();
            for (inside, _) in sorted(networks.and_then(|networks| networks.ports.as_ref())) {
                if !bound.is_some_and(|bound| bound.contains_key(inside)) {
                    ports.push(format!("*::{}", inside.trim_end_matches("/tcp")));
                }
            }
        }
        ports.dedup();
        self.set_list("ports", Some(&ports));
    }

    /// The engine's own bridge is left for the stack's network, where services find each other by name.
    fn networks(&mut self, settings: Option<NetworkSettings>, host: &HostConfig, id: &str, name: &str) {
        let mode = host.network_mode.clone().unwrap_or_default();
        if matches!(mode.as_str(), "host" | "none") {
            self.set("network_mode", json!(mode));
            return;
        }
        if mode.starts_with("container:") {
            self.left.push(format!("--network {mode}"));
        }
        for (network, endpoint) in settings.and_then(|settings| settings.networks).unwrap_or_default() {
            if is_default_bridge(&network) {
                continue;
            }
            if let Some(fixed) = endpoint.ipam_config.and_then(|fixed| fixed.ipv4_address.or(fixed.ipv6_address)) {
                self.left.push(format!("--ip {fixed} in network {network}"));
            }
            let given = endpoint.aliases.unwrap_or_default().into_iter();
            let mut names: Vec<String> = given.filter(|alias| !id.starts_with(alias.as_str())).collect();
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            self.networks.insert(network, names);
        }
    }

    fn rights(&mut self, host: &HostConfig) {
        self.set_list("cap_add", host.cap_add.as_ref());
        self.set_list("cap_drop", host.cap_drop.as_ref());
        self.set_switch("privileged", host.privileged);
        self.set_switch("read_only", host.readonly_rootfs);
        self.set_switch("init", host.init);
        let mut options = host.security_opt.clone().unwrap_or_default();
        // Those that the engine adds for `--privileged`.
        options.retain(|option| host.privileged != Some(true) || !option.starts_with("label"));
        // A profile is told with all that stood in its file.
        let (profiles, options): (Vec<String>, Vec<String>) =
            options.into_iter().partition(|option| option.starts_with("seccomp={"));
        self.left.extend(profiles.iter().map(|_| "--security-opt seccomp=PROFILE".to_owned()));
        self.set_list("security_opt", Some(&options));
        match host.pid_mode.as_deref().unwrap_or_default() {
            "" | "private" => {}
            "host" => self.set("pid", json!("host")),
            other => self.left.push(format!("--pid {other}")),
        }
        let devices = host.devices.iter().flatten().map(|device| {
            let parts = [&device.path_on_host, &device.path_in_container, &device.cgroup_permissions];
            parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(":")
        });
        self.set_list("devices", Some(&devices.collect()));
    }

    fn limits(&mut self, host: &HostConfig) {
        self.set_number("mem_limit", host.memory);
        self.set_number("mem_reservation", host.memory_reservation);
        self.set_number("pids_limit", host.pids_limit);
        self.set_number("shm_size", host.shm_size.filter(|size| *size != USUAL_SHM));
        let quota = host.cpu_quota.filter(|quota| *quota > 0);
        let period = host.cpu_period.filter(|period| *period > 0).unwrap_or(USUAL_PERIOD);
        let cores = host.nano_cpus.filter(|cores| *cores > 0).map(|cores| (cores, 1_000_000_000));
        if let Some((part, whole)) = cores.or_else(|| Some((quota?, period))) {
            #[expect(clippy::cast_precision_loss, reason = "no host has so many cores that it would be seen")]
            self.set("cpus", json!(part as f64 / whole as f64));
        }
        let mut limits = Map::new();
        for limit in host.ulimits.iter().flatten() {
            // Podman writes them as the kernel does: `RLIMIT_NOFILE`.
            let name = limit.name.clone().unwrap_or_default();
            let name = name.strip_prefix("RLIMIT_").map_or(name.clone(), str::to_lowercase);
            limits.insert(name, json!({ "soft": limit.soft.unwrap_or(-1), "hard": limit.hard.unwrap_or(-1) }));
        }
        if !limits.is_empty() {
            self.set("ulimits", Value::Object(limits));
        }
    }

    /// Names what no stack file can say.
    fn leave(&mut self, config: &ContainerConfig, host: &HostConfig) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let is_usual = |value: &str| matches!(value, "" | "private" | "shareable" | "default");
        let is_usual =
            |value: &str| is_usual(value) || ["runc", "crun", "oci", "io.containerd.runc.v2"].contains(&value);
        let named = [
            ("--ipc", text(&host.ipc_mode)),
            ("--uts", text(&host.uts_mode)),
            ("--userns", text(&host.userns_mode)),
            ("--runtime", text(&host.runtime)),
            ("--cgroup-parent", text(&host.cgroup_parent)),
            ("--cpuset-cpus", text(&host.cpuset_cpus)),
            ("--domainname", text(&config.domainname)),
        ];
        self.left.extend(
            named.into_iter().filter(|(_, value)| !is_usual(value)).map(|(key, value)| format!("{key} {value}")),
        );
        let lists = [
            ("--group-add", &host.group_add),
            ("--volumes-from", &host.volumes_from),
            ("--link", &host.links),
            ("--dns-search", &host.dns_search),
            ("--dns-option", &host.dns_options),
            ("--device-cgroup-rule", &host.device_cgroup_rules),
        ];
        for (option, list) in lists {
            self.left.extend(list.iter().flatten().map(|item| format!("{option} {item}")));
        }
        let memory = host.memory.unwrap_or_default();
        let swap = host.memory_swap.filter(|swap| *swap != 0 && *swap != memory.saturating_mul(2));
        let numbers = [
            ("--memory-swap", swap),
            ("--cpu-shares", host.cpu_shares.filter(|shares| *shares != 0)),
            ("--oom-score-adj", host.oom_score_adj.filter(|score| *score != 0)),
        ];
        self.left.extend(numbers.into_iter().filter_map(|(option, number)| Some(format!("{option} {}", number?))));
        let switches = [
            ("--gpus", host.device_requests.as_ref().is_some_and(|requests| !requests.is_empty())),
            ("--rm", host.auto_remove == Some(true)),
            ("--tty", config.tty == Some(true)),
            ("--interactive", config.open_stdin == Some(true)),
            ("--oom-kill-disable", host.oom_kill_disable == Some(true)),
        ];
        self.left.extend(switches.into_iter().filter(|(_, is_on)| *is_on).map(|(option, _)| option.to_owned()));
    }
}

fn sorted<V>(map: Option<&HashMap<String, V>>) -> BTreeMap<&String, &V> {
    map.into_iter().flatten().collect()
}

fn joined(path: &str, options: &str) -> String {
    if options.is_empty() { path.to_owned() } else { format!("{path}:{options}") }
}

/// `logging`, but for what the engine says by itself. It adds its own options to those of each container that logs with its
/// driver when that is made (moby `mergeAndVerifyLogConfig`), so that an inspection shows them as the container's: one that the
/// container was given with the same value cannot be told from them, and comes to the same.
fn logging(log: &HostConfigLogConfig, usual: &UsualLogging) -> Option<Value> {
    let driver = log.typ.as_deref().unwrap_or_default();
    let usual_driver = if usual.driver.is_empty() { "json-file" } else { &usual.driver };
    let is_usual = driver.is_empty() || driver == usual_driver;
    let is_own = |(name, value): &(&String, &String)| !is_usual || usual.options.get(*name) != Some(*value);
    let options: BTreeMap<_, _> = log.config.iter().flatten().filter(is_own).collect();
    match (is_usual, options.is_empty()) {
        (true, true) => None,
        (false, true) => Some(json!({ "driver": driver })),
        (_, false) => Some(json!({ "driver": driver, "options": options })),
    }
}

fn healthcheck(check: &HealthConfig) -> Value {
    let mut settings = Map::new();
    let test = check.test.clone().unwrap_or_default();
    if test.first().is_some_and(|word| word == "NONE") {
        return json!({ "disable": true });
    }
    if !test.is_empty() {
        settings.insert("test".to_owned(), json!(test));
    }
    let times = [("interval", check.interval), ("timeout", check.timeout), ("start_period", check.start_period)];
    for (key, nanoseconds) in times {
        if let Some(nanoseconds) = nanoseconds.filter(|time| *time > 0) {
            settings.insert(key.to_owned(), json!(format!("{}ms", nanoseconds / 1_000_000)));
        }
    }
    if let Some(retries) = check.retries.filter(|retries| *retries > 0) {
        settings.insert("retries".to_owned(), json!(retries));
    }
    Value::Object(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_image_does_not_say_by_itself_is_carried_and_what_a_stack_file_cannot_say_is_named() {
        let container = json!({
            "Id": "0123456789ab0000", "Name": "/db",
            "Config": {
                "Hostname": "0123456789ab", "User": "33", "Tty": true,
                "Env": ["PATH=/bin", "POSTGRES_PASSWORD=geheim", "LANG=C"],
                "Cmd": ["httpd", "-f"], "Entrypoint": ["/entry"], "WorkingDir": "/",
                "Labels": { "team": "a", "com.docker.compose.project": "x", "vendor": "v" },
            },
            "HostConfig": {
                "NetworkMode": "back", "Memory": 67_108_864, "MemorySwap": 134_217_728, "NanoCpus": 1_500_000_000, "ShmSize": 67_108_864,
                "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 },
                "PortBindings": { "5432/tcp": [{ "HostIp": "", "HostPort": "25090" }], "53/udp": [{ "HostIp": "127.0.0.1", "HostPort": "" }] },
                "LogConfig": { "Type": "json-file", "Config": {} }, "IpcMode": "host", "GroupAdd": ["7"], "Runtime": "oci",
                "Ulimits": [{ "Name": "RLIMIT_NOFILE", "Soft": 1024, "Hard": 4096 }],
                "CapAdd": ["NET_ADMIN"], "Tmpfs": { "/run": "size=1m" },
            },
            "Mounts": [
                { "Type": "volume", "Name": "tnpg", "Destination": "/data", "RW": true, "Driver": "local" },
                { "Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": false, "Propagation": "rprivate" },
            ],
            "NetworkSettings": { "Networks": {
                "bridge": {}, "back": { "Aliases": ["0123456789ab", "database"] },
            } },
        });
        let image = json!({
            "Env": ["PATH=/bin", "LANG=C"], "Cmd": ["sh"], "Entrypoint": ["/entry"], "WorkingDir": "/", "Labels": { "vendor": "v" },
        });
        let image = serde_json::from_value(image).unwrap();
        let made = made(serde_json::from_value(container).unwrap(), &image, &UsualLogging::default());
        let expected = json!({
            "command": ["httpd", "-f"], "environment": { "POSTGRES_PASSWORD": "geheim" }, "user": "33",
            "labels": { "team": "a" }, "restart": "on-failure:3", "mem_limit": 67_108_864, "cpus": 1.5,
            "ports": ["127.0.0.1::53/udp", "*:25090:5432"], "cap_add": ["NET_ADMIN"], "tmpfs": ["/run:size=1m"],
            "ulimits": { "nofile": { "soft": 1024, "hard": 4096 } },
        });
        assert_eq!(Value::Object(made.settings), expected);
        assert_eq!(made.volumes, [("tnpg".to_owned(), "/data".to_owned(), String::new())]);
        assert_eq!(made.binds, ["/srv/x:/x:ro"]);
        let names = vec!["database".to_owned(), "db".to_owned()];
        assert_eq!(made.networks, BTreeMap::from([("back".to_owned(), names)]));
        assert_eq!(made.left, ["--ipc host", "--group-add 7", "--tty"]);
    }

    #[test]
    fn a_container_of_an_image_as_it_is_has_nothing_to_carry() {
        let config = json!({ "Cmd": ["sh"], "Env": ["PATH=/bin"], "Entrypoint": null });
        let container = json!({ "Id": "00", "Config": config, "HostConfig": { "NetworkMode": "default" } });
        let image = serde_json::from_value(config).unwrap();
        let made = made(serde_json::from_value(container).unwrap(), &image, &UsualLogging::default());
        assert_eq!(made, Made::default());
    }

    #[test]
    fn what_the_engine_says_of_logging_by_itself_is_not_the_containers() {
        let logs = |driver: &str, options: &[(&str, &str)], usual: (&str, &[(&str, &str)])| {
            let pairs =
                |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let log = HostConfigLogConfig { typ: Some(driver.to_owned()), config: Some(pairs(options)) };
            let options = pairs(usual.1).into_iter().collect();
            logging(&log, &UsualLogging { driver: usual.0.to_owned(), options })
        };
        let (ten, three) = (("max-size", "10m"), ("max-file", "3"));
        assert_eq!(logs("json-file", &[], ("", &[])), None);
        assert_eq!(logs("local", &[ten], ("local", &[ten])), None);
        assert_eq!(logs("json-file", &[], ("json-file", &[ten])), None, "it is older than the option");
        let own = json!({ "driver": "json-file", "options": { "max-file": "3" } });
        assert_eq!(logs("json-file", &[ten, three], ("json-file", &[ten])), Some(own.clone()));
        assert_eq!(logs("json-file", &[three], ("", &[])), Some(own.clone()), "nobody knows whose it is");
        assert_eq!(logs("json-file", &[three], ("json-file", &[("max-file", "5")])), Some(own.clone()));
        assert_eq!(logs("json-file", &[three], ("local", &[three])), Some(own));
        assert_eq!(logs("json-file", &[], ("local", &[])), Some(json!({ "driver": "json-file" })));
    }
}
