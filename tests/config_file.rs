//! `engine plan|apply|rollback --config-file`: any file, every byte, no engine.

#[path = "support/data.rs"]
mod data;
#[path = "support/session.rs"]
mod session;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use session::Session;
use stackctl::daemon::{Backup, Change, ConfigFile, Document, Turn};

/// A folder with a `daemon.json` and a stack file that wants the engine's metrics.
struct Host(tempfile::TempDir);

impl Host {
    fn with(text: &str) -> Self {
        let host = Self::bare("engine: { metrics: gateway }\n");
        fs::write(host.file(), text).expect("writable");
        host
    }

    /// Without a `daemon.json`.
    fn bare(stack: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("stack.yml"), format!("name: demo\n{stack}")).expect("writable");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("daemon.json")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("it is there")
    }

    /// `stackctl engine WORDS… --config-file daemon.json`, where no engine can be reached.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command
            .current_dir(&self.0)
            .env("NO_COLOR", "1")
            .env("DOCKER_HOST", "unix:///nowhere")
            .env_remove("STACKCTL_FILE");
        command.arg("engine").args(words).args(["--config-file", "daemon.json"]).stdin(Stdio::null());
        command
    }

    /// Runs it; what it says on either stream.
    #[track_caller]
    fn expect(&self, code: i32, words: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(words).output().expect("stackctl starts");
        let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert_eq!(status.code(), Some(code), "{said}");
        said
    }

    #[track_caller]
    fn apply(&self) -> String {
        self.expect(0, &["apply", "--yes"])
    }

    /// Names of all files, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

const FULL: &str = "{\n    \"debug\": false,\n    \"log-opts\":   { \"max-size\": \"10m\" },\n\n    \"labels\": [\"a=b\",\n\"c=d\"]\n}\n";

#[test]
fn a_setting_is_added_and_everything_else_stays_to_the_byte() {
    let host = Host::with(FULL);
    let plan = host.expect(3, &["plan"]);
    assert!(plan.contains("+    \"metrics-addr\": \"172.17.0.1:9323\"") && plan.contains("not from the LAN"), "{plan}");
    assert_eq!(host.text(), FULL, "a plan changes nothing");
    host.apply();
    let expected = FULL.replace("\"c=d\"]\n", "\"c=d\"],\n    \"metrics-addr\": \"172.17.0.1:9323\"\n");
    assert_eq!(host.text(), expected);
    assert!(host.expect(0, &["plan"]).contains("nothing to do"));
    assert!(host.apply().contains("nothing to do"));
    assert_eq!((host.text(), host.names().len()), (expected, 3), "one copy, of the first change");
    host.expect(0, &["rollback", "--yes"]);
    assert_eq!(host.text(), FULL);
    assert_eq!(host.names(), ["daemon.json", "stack.yml"]);
}

#[test]
fn a_damaged_copy_is_not_put_in_the_place_of_a_file_that_works() {
    let host = Host::with(FULL);
    host.apply();
    let working = host.text();
    let copy = host.names().into_iter().find(|name| name.ends_with(".stackctl")).expect("a copy");
    fs::write(host.0.path().join(copy), "{\"log-driver\": \"json-file\" BAD").expect("writable");
    let told = host.expect(2, &["rollback", "--yes"]);
    assert!(told.contains("the engine would not start with the copy") && told.contains("line 1"), "{told}");
    assert_eq!((host.text(), host.names().len()), (working, 3));
}

#[test]
fn where_there_was_no_file_there_is_none_after_rolling_back() {
    let host = Host::bare("engine: { metrics: '10.0.0.1:9400' }\n");
    host.apply();
    assert_eq!(host.text(), "{\n  \"metrics-addr\": \"10.0.0.1:9400\"\n}\n");
    host.expect(0, &["rollback", "--yes"]);
    assert_eq!(host.names(), ["stack.yml"]);
    assert!(host.expect(0, &["rollback", "--yes"]).contains("nothing to roll back"));
}

#[test]
fn owner_and_mode_stay_and_a_link_stays_a_link() {
    let host = Host::with("{}");
    let real = host.0.path().join("real.json");
    fs::rename(host.file(), &real).expect("in one folder");
    symlink("real.json", host.file()).expect("a link");
    fs::set_permissions(&real, Permissions::from_mode(0o640)).expect("it is ours");
    // Only root may give a file away.
    let is_root = fs::metadata("/proc/self").expect("there is a /proc").uid() == 0;
    if is_root {
        std::os::unix::fs::chown(&real, Some(0), Some(65534)).expect("root may");
    }
    let before = fs::metadata(&real).expect("it is there");
    let kept = |metadata: &fs::Metadata| (metadata.uid(), metadata.gid(), metadata.mode());
    host.apply();
    assert_eq!(kept(&fs::metadata(&real).expect("it is there")), kept(&before));
    assert!(fs::read_to_string(&real).expect("readable").contains("metrics-addr"));
    assert_eq!(fs::read_link(host.file()).expect("still a link"), Path::new("real.json"));
    host.expect(0, &["rollback", "--yes"]);
    assert_eq!(kept(&fs::metadata(&real).expect("it is there")), kept(&before));
    assert_eq!((host.text().as_str(), host.names().len()), ("{}", 3));
}

#[test]
fn what_is_no_daemon_json_is_refused_with_line_and_column_and_left_alone() {
    for (text, said) in [
        ("{\n  \"debug\": true\n  \"mtu\": 1\n}", "daemon.json, line 3, column 3: expected `,` or `}`"),
        ("{ \"debug\": true,\n  \"debug\": false }", "line 2, column 3: `debug` stands there a second time"),
        ("// settings\n{}", "line 1, column 1: expected value"),
        ("[]", "line 1, column 1: daemon.json has to be an object"),
        ("{\"bridge\": \"none\"}", "there is no default bridge"),
        ("{\"host-gateway-ip\": \"192.0.2.7\"}", "`engine.metrics: 192.0.2.7:9323`"),
    ] {
        let host = Host::with(text);
        let told = host.expect(2, &["apply", "--yes"]);
        assert!(told.contains(said), "{said}: {told}");
        assert_eq!((host.text().as_str(), host.names().len()), (text, 2));
    }
}

#[test]
fn a_byte_order_mark_stays_where_the_engine_passes_over_it_and_is_refused_where_it_does_not() {
    let host = Host::with("\u{feff}{}");
    let told = host.expect(2, &["apply", "--yes", "--engine-version", "20.10"]);
    assert!(told.contains("byte order mark, and Engine 20.10 would not start") && told.contains("sed -i"), "{told}");
    assert_eq!(host.text(), "\u{feff}{}");
    host.expect(0, &["apply", "--yes", "--engine-version", "23.0"]);
    assert_eq!(host.text(), "\u{feff}{\n  \"metrics-addr\": \"172.17.0.1:9323\"\n}");
}

#[test]
fn other_names_of_the_file_are_told_to_keep_the_old_text() {
    let host = Host::with("{}");
    fs::hard_link(host.file(), host.0.path().join("copy.json")).expect("a link");
    assert!(host.expect(3, &["plan"]).contains("daemon.json has another name (hard links)"));
    let told = host.apply();
    assert!(told.contains("what is there keeps the old text; a symbolic link would follow"), "{told}");
    assert_eq!(fs::read_to_string(host.0.path().join("copy.json")).expect("readable"), "{}");
    host.expect(0, &["rollback", "--yes"]);
    assert!(!host.apply().contains("hard links"), "it has one name by now");
}

#[test]
fn where_the_engine_would_forget_where_containers_are_sent_it_is_written_too() {
    let host = Host::with("{\"live-restore\": true}");
    let told = host.expect(0, &["apply", "--yes", "--engine-version", "20.10"]);
    assert!(told.contains("host-gateway-ip: with live-restore, this release forgets"), "{told}");
    let expected =
        "{\"live-restore\": true, \"host-gateway-ip\": \"172.17.0.1\", \"metrics-addr\": \"172.17.0.1:9323\"}";
    assert_eq!(host.text(), expected);
    assert!(host.expect(0, &["plan", "--engine-version", "20.10"]).contains("nothing to do"));
    host.expect(0, &["rollback", "--yes"]);
    host.expect(0, &["apply", "--yes", "--engine-version", "28.5"]);
    assert!(!host.text().contains("host-gateway-ip"), "{}", host.text());
}

#[test]
fn what_can_be_shown_of_a_broken_file_is_shown_and_the_problem_said() {
    let host = Host::with("{\n  \"debug\": true,\n}\n");
    let told = host.expect(1, &["show"]);
    assert!(told.contains("`engine.metrics: gateway`"), "the stack file is shown: {told}");
    assert!(told.contains("BROKEN: ") && told.contains("line 3, column 1: trailing comma"), "{told}");
    assert!(told.contains("mend it first"), "{told}");
    fs::remove_file(host.file()).expect("it is there");
    fs::create_dir(host.file()).expect("a folder");
    assert!(host.expect(1, &["show"]).contains("UNREADABLE: "));
    fs::remove_dir(host.file()).expect("empty");
    assert!(host.expect(0, &["show"]).contains("daemon.json: not there"));
    fs::write(host.0.path().join("stack.yml"), "name: [").expect("writable");
    let told = host.expect(2, &["show"]);
    assert!(told.contains("daemon.json: not there") && told.contains("stack.yml:1"), "{told}");
}

#[test]
fn a_folder_a_dangling_link_and_a_huge_file_are_refused() {
    let host = Host::bare("engine: { metrics: gateway }\n");
    fs::create_dir(host.file()).expect("a folder");
    assert!(host.expect(2, &["apply", "--yes"]).contains("daemon.json is a folder"));
    fs::remove_dir(host.file()).expect("empty");
    symlink("nowhere.json", host.file()).expect("a link");
    assert!(host.expect(2, &["apply", "--yes"]).contains("is a link to nowhere.json, which is not there"));
    fs::remove_file(host.file()).expect("a link");
    fs::write(host.file(), " ".repeat(2 << 20)).expect("writable");
    assert!(host.expect(2, &["apply", "--yes"]).contains("is larger than 1024 KiB"));
}

#[test]
fn metrics_for_everybody_have_to_be_asked_for_twice() {
    let host = Host::with("{}");
    let told = host.expect(2, &["apply", "--yes", "--metrics", "0.0.0.0:9323"]);
    assert!(told.contains("--allow-public"), "{told}");
    for address in ["[::]:9323", "[::ffff:0.0.0.0]:9323"] {
        let told = host.expect(2, &["apply", "--yes", "--metrics", address]);
        assert!(told.contains("--allow-public"), "{address}: {told}");
    }
    assert_eq!(host.text(), "{}");
    host.expect(0, &["apply", "--yes", "--metrics", "0.0.0.0:9323", "--allow-public"]);
    assert_eq!(host.text(), "{\n  \"metrics-addr\": \"0.0.0.0:9323\"\n}");
    host.expect(0, &["apply", "--yes", "--metrics", "off"]);
    assert_eq!(host.text(), "{}");
}

#[test]
fn metrics_that_are_off_in_the_stack_file_leave_the_file_alone() {
    let host = Host::bare("");
    fs::write(host.file(), "{\"metrics-addr\": \"127.0.0.1:1\"}").expect("writable");
    assert!(host.apply().contains("`engine.metrics` is off"));
    assert_eq!(host.text(), "{\"metrics-addr\": \"127.0.0.1:1\"}");
}

#[test]
fn without_a_stack_file_the_metrics_go_to_the_gateway() {
    let host = Host::with("{ \"bip\": \"10.7.0.1/24\" }\n");
    fs::remove_file(host.0.path().join("stack.yml")).expect("it is there");
    host.apply();
    assert_eq!(host.text(), "{ \"bip\": \"10.7.0.1/24\", \"metrics-addr\": \"10.7.0.1:9323\" }\n");
}

#[test]
fn what_the_stack_file_wants_of_the_host_comes_with_it() {
    let host = Host::bare(
        "engine:\n  live_restore: true\n  logging: { driver: local }\n  address_pools: [{ base: 10.200.0.0/16, size: 24 }]\n",
    );
    fs::write(host.file(), "{\n  \"log-driver\": \"syslog\",\n  \"log-opts\": { \"tag\": \"x\" }\n}\n")
        .expect("writable");
    host.apply();
    let expected = json!({
        "log-driver": "local",
        "log-opts": { "max-size": "10m", "max-file": "3" },
        "live-restore": true,
        "default-address-pools": [{ "base": "10.200.0.0/16", "size": 24 }],
    });
    assert_eq!(serde_json::from_str::<Value>(&host.text()).expect("JSON"), expected, "{}", host.text());
    host.expect(0, &["apply", "--yes", "--metrics", "gateway"]);
    assert!(host.text().contains("\"metrics-addr\": \"10.200.0.1:9323\""), "the pool has the bridge: {}", host.text());
}

#[test]
fn the_release_decides_what_a_file_may_say() {
    let host = Host::with("{ \"metrics-address\": \"1.2.3.4:5\" }");
    let told = host.expect(2, &["plan", "--engine-version", "28.5"]);
    assert!(told.contains("line 1: `metrics-address` is no setting of Engine 28.5"), "{told}");
    assert!(told.contains("did you mean `metrics-addr`?"), "{told}");
    assert!(
        host.expect(3, &["plan"]).contains("warning: "),
        "a file for nobody knows which engine is only warned about"
    );
    let host = Host::with("{}");
    host.expect(0, &["apply", "--yes", "--engine-version", "19.03.15"]);
    assert!(host.text().contains("\"experimental\": true"), "{}", host.text());
}

#[test]
fn the_example_of_the_documentation_gets_one_line_more() {
    let Some(data) = data::folder("daemon.json of Docker's documentation was not changed") else { return };
    let example = fs::read_to_string(data.join("docker/daemon.example.linux.json")).expect("it is among the data");
    let mut settings: Map<String, Value> = serde_json::from_str(&example).expect("JSON");
    let host = Host::with(&example);
    host.expect(0, &["apply", "--yes"]);
    // Its address pools have the bridge.
    settings.insert("metrics-addr".to_owned(), "172.30.0.1:9323".into());
    assert_eq!(serde_json::from_str::<Map<String, Value>>(&host.text()).expect("JSON"), settings);
    let changed: Vec<_> = host.text().lines().filter(|line| !example.contains(line)).map(str::to_owned).collect();
    assert!(changed.len() <= 2, "{changed:?}");
    host.expect(0, &["rollback", "--yes"]);
    assert_eq!(host.text(), example);
}

#[test]
fn a_file_that_is_kept_from_this_user_gives_the_commands_to_type() {
    let host = Host::with("{\n  \"debug\": true\n}\n");
    let program = host.0.path().join("stackctl");
    fs::copy(env!("CARGO_BIN_EXE_stackctl"), &program).expect("a copy that others can run");
    fs::set_permissions(&host.0, Permissions::from_mode(0o755)).expect("it is ours");
    let as_nobody = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
        command.args(nobody).arg(&program).arg("engine").args(words).current_dir(&host.0).env("NO_COLOR", "1");
        let Output { status, stdout, stderr } = command.output().expect("setpriv is part of util-linux");
        (status.code(), String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned())
    };
    let is_root = fs::metadata("/proc/self").expect("there is a /proc").uid() == 0;
    assert!(is_root, "this test becomes another user, which only root can");

    let (code, commands, said) = as_nobody(&["apply", "--yes", "--config-file", "daemon.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("permission denied") && said.contains("sudo stackctl engine apply --yes"), "{said}");
    let commands = commands.replace("sudo ", "");
    let typed = Command::new("sh").args(["-euc", &commands]).status().expect("sh runs");
    assert!(typed.success(), "{commands}");
    assert_eq!(host.text(), "{\n  \"debug\": true,\n  \"metrics-addr\": \"172.17.0.1:9323\"\n}\n");

    fs::set_permissions(host.file(), Permissions::from_mode(0o600)).expect("it is ours");
    let (code, _, said) = as_nobody(&["plan", "--config-file", "daemon.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("cannot read") && said.contains("`sudo stackctl engine plan"), "{said}");
}

/// How often a run is killed, each time a little later.
const ROUNDS: u32 = 100;

#[test]
fn an_apply_that_is_killed_leaves_the_old_file_or_the_new_one() {
    let host = Host::with(FULL);
    let start = Instant::now();
    host.apply();
    let whole = start.elapsed();
    let new = host.text();
    host.expect(0, &["rollback", "--yes"]);
    let (mut old_left, mut new_left) = (0, 0);
    for round in 0..ROUNDS {
        let mut child =
            host.command(&["apply", "--yes", "--quiet"]).stderr(Stdio::null()).spawn().expect("stackctl starts");
        // From before its first look at the file until after its last.
        std::thread::sleep(whole * round / (ROUNDS / 2));
        child.kill().expect("it is ours");
        child.wait().expect("it was killed");
        let left = host.text();
        assert!(left == FULL || left == new, "neither the old file nor the new one:\n{left}");
        if left == FULL {
            old_left += 1;
        } else {
            new_left += 1;
        }
        // What a killed run leaves behind is in nobody's way.
        host.apply();
        assert_eq!(host.text(), new);
        while host.text() != FULL {
            host.expect(0, &["rollback", "--yes"]);
        }
        while !host.expect(0, &["rollback", "--yes"]).contains("nothing to roll back") {}
    }
    assert_eq!(host.names(), ["daemon.json", "stack.yml"]);
    println!(
        "killed {} times: {old_left} times the old file was left, {new_left} times the new one",
        old_left + new_left
    );
    assert!(old_left > 0 && new_left > 0, "the kills were all too early or all too late: {old_left}, {new_left}");
}

/// Any JSON, nested a little.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Any object, keys of dockerd among its own, written in one of three ways.
fn any_file() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        3 => any::<String>(),
        1 => prop::sample::select(vec!["metrics-addr", "log-opts", "log-driver", "live-restore", "debug"]).prop_map(str::to_owned),
    ];
    let object = prop::collection::btree_map(key, any_json(), 0..8).prop_shuffle_members();
    (object, 0..4_u8).prop_map(|(object, way)| match way {
        0 => Value::Object(object).to_string(),
        1 => format!("{:#}", Value::Object(object)),
        2 => format!("{:#}\n", Value::Object(object)).replace("\n  ", "\n\t"),
        _ => format!(" {:#}\n\n", Value::Object(object)).replace('\n', "\r\n"),
    })
}

/// Members in any order.
trait Shuffled: Strategy<Value = std::collections::BTreeMap<String, Value>> + Sized {
    fn prop_shuffle_members(self) -> impl Strategy<Value = Map<String, Value>> {
        self.prop_map(|members| members.into_iter().collect::<Vec<_>>())
            .prop_shuffle()
            .prop_map(|members| members.into_iter().collect())
    }
}

impl<S: Strategy<Value = std::collections::BTreeMap<String, Value>>> Shuffled for S {}

fn wanted() -> Map<String, Value> {
    let wanted = json!({
        "metrics-addr": "172.17.0.1:9323",
        "live-restore": true,
        "log-opts": { "max-size": "10m", "max-file": "3" },
        "default-address-pools": [{ "base": "10.200.0.0/16", "size": 24 }],
    });
    wanted.as_object().expect("an object").clone()
}

/// What is wanted, laid over what is there: what the text has to say afterwards.
fn merged(text: &str, wanted: &Map<String, Value>) -> Map<String, Value> {
    let mut merged: Map<String, Value> = serde_json::from_str(text).expect("an object");
    for (key, value) in wanted {
        match (merged.get_mut(key), value) {
            (Some(Value::Object(present)), Value::Object(members)) => present.extend(members.clone()),
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    merged
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_file_says_a_change_adds_just_what_is_wanted(text in any_file()) {
        let document = Document::parse(text.as_bytes()).expect("JSON with each key once");
        let change = Change::of(&document, &wanted(), &[]);
        let after: Map<String, Value> = serde_json::from_str(change.after.text()).expect("still JSON");
        let expected = merged(&text, &wanted());
        prop_assert_eq!(after.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "in the order that was there");
        prop_assert_eq!(after, expected);
        prop_assert!(Change::of(&change.after, &wanted(), &[]).is_empty(), "a second time changes nothing");
    }

    #[test]
    fn whatever_a_file_says_it_is_there_again_after_rolling_back(text in any_file()) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.json");
        fs::write(&path, &text).expect("writable");
        let file = ConfigFile::read(&path).expect("readable");
        let change = Change::of(&file.document().expect("JSON"), &wanted(), &["debug"]);
        let turn = Turn::of(&file).expect("nobody else is at work");
        file.replace(&turn, &change.after.bytes(), |_| Ok(())).expect("writable");
        prop_assert_eq!(fs::read(&path).expect("readable"), change.after.bytes());
        let backup = Backup::last(&path).expect("readable").expect("there is one");
        backup.restore(&turn, &ConfigFile::read(&path).expect("readable")).expect("writable");
        prop_assert_eq!(fs::read_to_string(&path).expect("readable"), text);
        prop_assert_eq!(fs::read_dir(&folder).expect("readable").count(), 1);
    }
}

#[test]
fn a_question_is_answered_by_a_line_of_its_own_and_by_nothing_else() {
    let host = Host::with("{}");
    let words = ["engine", "apply", "--config-file", "daemon.json"];
    let start = || Session::start(host.0.path(), &words, &[("DOCKER_HOST", "unix:///nowhere")]);
    let mut asked = start();
    // Pasted behind the command, with a `y` in it.
    asked.expect("Change it? [y/N] ").press("systemctl status docker\n").expect("answer `y` or `n`");
    asked.expect("Change it? [y/N] ").press("\n").expect("nothing was changed");
    assert_eq!((asked.exit_code(), host.text().as_str()), (2, "{}"));
    let mut ended = start();
    ended.expect("Change it? [y/N] ").press("\u{4}").expect("nothing was changed");
    assert_eq!((ended.exit_code(), host.text().as_str()), (2, "{}"));
    let mut half = start();
    half.expect("Change it? [y/N] ").press("y\u{4}\u{4}").expect("nothing was changed");
    assert_eq!((half.exit_code(), host.text().as_str()), (2, "{}"));
    let mut agreed = start();
    agreed.expect("Change it? [y/N] ").press("Yes\n").expect("wrote");
    assert_eq!(agreed.exit_code(), 0);
    assert_ne!(host.text(), "{}");
}
