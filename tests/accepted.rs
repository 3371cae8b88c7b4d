//! What is rendered is taken by the programs that read it: promtool of three Prometheus versions, Docker Compose, and schemas.

mod support;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use indexmap::IndexMap;
use serde_json::Value;
use stackctl::desired::{Desired, Facts, ImageChoice, ImageOrigin};
use stackctl::render::{self, Files};
use stackctl::stack::{Stack, Toggle};
use support::{data, stacks};

fn every_stack() -> Vec<(&'static str, Stack)> {
    vec![
        ("hello", stacks::hello()),
        ("image-gallery", stacks::image_gallery()),
        ("demo", stacks::demo()),
        ("everything", stacks::everything()),
        ("alerting", stacks::alerting()),
        ("replicas", stacks::replicas()),
        ("shards", stacks::shards()),
    ]
}

/// Facts in which Prometheus has that version.
fn with_prometheus(version: &str) -> Facts {
    let image = ImageChoice::Take {
        reference: format!("prom/prometheus:v{version}"),
        version: version.to_owned(),
        origin: ImageOrigin::Registry,
    };
    Facts { images: IndexMap::from([("prometheus".to_owned(), image)]), ..Facts::default() }
}

fn rendered(stack: &Stack, facts: &Facts) -> Files {
    render::all(&Desired::of(stack, facts))
}

/// A folder with every rendered file in it, gone with the value.
fn written(stack: &Stack, facts: &Facts) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    render::write(&rendered(stack, facts), folder.path()).expect("a new folder can be written to");
    folder
}

/// Runs a program and gives back what it said.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program was fetched a moment ago");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The version that a promtool says it has, such as `2.53.3`.
fn version_of(promtool: &Path) -> String {
    let says = run(Command::new(promtool).arg("--version"));
    let word = says.split("version ").nth(1).and_then(|rest| rest.split([' ', '+', ',']).next());
    word.unwrap_or_else(|| panic!("which version: {says}")).to_owned()
}

/// `from`: the version, or for a suite that moves on the lowest one.
fn promtool_takes_every_configuration(suite: &str, from: [u32; 2], moves: bool) {
    let promtool = tools::promtool(suite);
    let version = version_of(&promtool);
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().expect("a number"));
    let [major, minor] = [(); 2].map(|()| numbers.next().expect("a full version"));
    let is_meant = major == from[0] && (minor == from[1] || moves && minor > from[1]);
    assert!(is_meant, "Debian {suite} has another version by now: {version}");
    let mut whole = 0;
    for (name, stack) in every_stack() {
        let folder = written(&stack, &with_prometheus(&version));
        let config = folder.path().join("prometheus/prometheus.yml");
        let text = std::fs::read_to_string(&config).expect("it was written");
        let mut check = Command::new(&promtool);
        check.args(["check", "config"]);
        // Secrets lie inside the container only, so their files cannot be looked for. Files of rules lie beside it.
        if text.contains("/run/secrets/") {
            check.arg("--syntax-only");
        } else {
            let here = config.parent().expect("it lies in a folder").display().to_string();
            std::fs::write(&config, text.replace("/etc/prometheus/", &format!("{here}/"))).expect("writable");
            whole += 1;
        }
        let said = run(check.arg(&config));
        assert!(said.contains("SUCCESS"), "{name} with {version}: {said}");
    }
    assert!(whole >= 4, "of {whole} stacks everything was looked at");
}

#[test]
fn promtool_2_42_takes_every_configuration() {
    promtool_takes_every_configuration("bookworm", [2, 42], false);
}

#[test]
fn promtool_2_53_takes_every_configuration() {
    promtool_takes_every_configuration("trixie", [2, 53], false);
}

#[test]
fn promtool_3_takes_every_configuration() {
    promtool_takes_every_configuration("sid", [3, 5], true);
}

/// Remote writes and reads: what promtool takes, and what it refuses.
const REMOTES: &[(&str, bool)] = &[
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a|b", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(a)(b)?", action: drop }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "[[:alpha:]_]+", action: drop }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a{2,5}", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a{,5}", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "x{", action: drop }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\Qa+b\\E", action: drop }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\pL+", action: drop }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\p{Greek}", action: drop }] }"#,
        true,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?P<x>a)", action: drop }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?i:a)b", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?s-i)a", action: drop }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\x{10FFFF}", action: drop }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\012", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "[^]a]", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "[a-]", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a(?i)*", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "é+", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a)(b", action: drop }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?:a{10}){100}", action: drop }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\_", action: drop }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "", action: drop }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "((a*)*)*", action: drop }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?=a)", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?!a)", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?<=a)b", action: drop }] }"#,
        false,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?<x>a)", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a**", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a{2}{3}", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "*a", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a|+", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(a", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a)", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "[a", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "[z-a]", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "[[:nope:]]", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\C", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\1", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\8", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\q", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\x{110000}", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\xg0", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\p{Klingon}", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\Qa", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a{1001}", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "a{3,2}", action: drop }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?:a{101}){10}", action: drop }] }"#,
        false,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?P<x>a)(?P<x>b)", action: drop }] }"#,
        true,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?P<a b>x)", action: drop }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?P=x)", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "(?-)", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [x], regex: "\\", action: drop }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a-b], target_label: x }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [0a], target_label: x }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [__name__], target_label: x }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "x-y" }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "$1" }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "${1}_x" }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "x$1_9" }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "9x" }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "$" }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "${a-b}" }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], target_label: "" }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a] }] }"#, false),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: lowercase, target_label: x }] }"#,
        true,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: lowercase, target_label: "$1" }] }"#,
        true,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: uppercase, target_label: x, replacement: y }] }"#,
        false,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: uppercase, target_label: x, replacement: "$1" }] }"#,
        true,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: hashmod, modulus: 4, target_label: x }] }"#,
        true,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: hashmod, modulus: 4, target_label: "$1" }] }"#,
        false,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ source_labels: [a], action: hashmod, target_label: x }] }"#,
        false,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labelmap, regex: "a(.*)" }] }"#, true),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ action: labelmap, regex: "a(.*)", replacement: "b-$1" }] }"#,
        false,
    ),
    (
        r#"{ url: "http://a/w", write_relabel_configs: [{ action: labelmap, regex: "a(.*)", replacement: "b_${1}" }] }"#,
        true,
    ),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labeldrop, regex: a }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labeldrop, regex: a, separator: ";" }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labeldrop, regex: a, separator: "," }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labelkeep, regex: a, source_labels: [b] }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labelkeep, regex: a, replacement: "$1" }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: labeldrop, regex: a, target_label: b }] }"#, false),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: keep, regex: a }] }"#, true),
    (r#"{ url: "http://a/w", write_relabel_configs: [{ action: keep, source_labels: [a], regex: b }] }"#, true),
    (r#"{ url: "http://[::1/w" }"#, false),
    (r#"{ url: "http://[fd00::1]:80/w" }"#, true),
    (r#"{ url: "http://a/%zz" }"#, false),
    (r#"{ url: "http://a/%41" }"#, true),
    (r#"{ url: "http://a/?x=%zz" }"#, true),
    (r#"{ url: "http://a/#%zz" }"#, false),
    (r#"{ url: "http://a{b}/" }"#, false),
    (r#"{ url: "http://a:b/" }"#, false),
    (r#"{ url: "http://a^b/" }"#, false),
    (r#"{ url: "HTTP://A/w" }"#, true),
    (r#"{ url: "http://a_b.c-d:1/w" }"#, true),
    (r#"{ url: "http://a/w", headers: { Authorization: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { Authorization: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { host: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { host: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { Content-Encoding: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { Content-Encoding: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { content-length: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { content-length: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { Content-Type: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { Content-Type: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { user-agent: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { user-agent: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { Connection: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { Connection: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { keep-alive: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { keep-alive: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { proxy-authenticate: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { proxy-authenticate: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { Proxy-Authorization: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { Proxy-Authorization: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { www-authenticate: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { www-authenticate: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { accept-encoding: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { accept-encoding: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { X-Prometheus-Remote-Write-Version: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { X-Prometheus-Remote-Write-Version: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { X-Prometheus-Remote-Read-Version: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { X-Prometheus-Remote-Read-Version: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { X-Amz-Date: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { X-Amz-Date: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { x-amz-security-token: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { x-amz-security-token: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { X-Amz-Content-Sha256: x } }"#, false),
    (r#"{ url: "http://a/read", headers: { X-Amz-Content-Sha256: x } }"#, false),
    (r#"{ url: "http://a/w", headers: { X-Scope-OrgID: shop, Accept: x } }"#, true),
    (r#"{ url: "http://a/read", required_matchers: { a: b } }"#, true),
    (r#"{ url: "http://a/read", required_matchers: { 0a: b } }"#, false),
    (r#"{ url: "http://a/read", required_matchers: { "a-b": c } }"#, false),
    (r#"{ url: "http://a/read", required_matchers: { __name__: up } }"#, true),
    (r#"{ url: "http://a/w", queue_config: { capacity: 10, max_shards: 2 } }"#, true),
    (
        r#"{ url: "http://a/w", queue_config: { batch_send_deadline: 5s, min_backoff: 30ms, max_backoff: 1m30s } }"#,
        true,
    ),
    (r#"{ url: "http://a/w", queue_config: { batch_send_deadline: 5 } }"#, false),
    (r#"{ url: "http://a/w", queue_config: { min_backoff: 1m1h } }"#, false),
    (r#"{ url: "http://a/w", queue_config: { max_backoff: 1x } }"#, false),
    (r#"{ url: "http://a/w", queue_config: { no_such: 1 } }"#, false),
];

/// Whether stackctl takes an entry of `remote_write` or `remote_read`.
fn stackctl_takes(kind: &str, entry: &str) -> Result<(), String> {
    // In the stack file `$` begins a variable.
    let text = format!("name: hello\nprometheus:\n  {kind}:\n    - {}\n", entry.replace('$', "$$"));
    let environment = stackctl::stack::Environment::default();
    let read = stackctl::stack::parse("stack.yml", &text, Path::new("."), &environment, &stackctl::command::VOCABULARY);
    read.map(drop).map_err(|problems| problems.render(false))
}

#[test]
fn check_takes_of_remote_writes_and_reads_what_promtool_2_42_takes() {
    let promtool = tools::promtool("bookworm");
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let config = folder.path().join("prometheus.yml");
    let mut differing = Vec::new();
    for (entry, is_right) in REMOTES {
        let kind =
            if entry.contains("required_matchers") || entry.contains("/read") { "remote_read" } else { "remote_write" };
        std::fs::write(&config, format!("{kind}:\n  - {entry}\n")).expect("writable");
        let output = Command::new(&promtool).args(["check", "config"]).arg(&config).output().expect("it was fetched");
        let said = String::from_utf8_lossy(&output.stderr);
        let taken = stackctl_takes(kind, entry);
        if output.status.success() != *is_right || taken.is_ok() != *is_right {
            differing.push(format!("{entry}\n  promtool: {} {said}\n  stackctl: {taken:?}", output.status));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Facts in which Alertmanager has that version.
fn with_alertmanager(version: &str) -> Facts {
    let image = ImageChoice::Take {
        reference: format!("prom/alertmanager:v{version}"),
        version: version.to_owned(),
        origin: ImageOrigin::Registry,
    };
    Facts { images: IndexMap::from([("alertmanager".to_owned(), image)]), ..Facts::default() }
}

/// What amtool says of a stack's alertmanager.yml.
fn amtool(suite: &str, stack: &Stack, facts: &Facts) -> std::process::Output {
    let folder = written(stack, facts);
    let config = folder.path().join("alertmanager/alertmanager.yml");
    // The templates lie inside the container.
    let text = std::fs::read_to_string(&config).expect("it was written");
    let here = folder.path().join("alertmanager/templates");
    std::fs::write(&config, text.replace("/etc/alertmanager/templates", &here.to_string_lossy())).expect("writable");
    Command::new(tools::amtool(suite)).arg("check-config").arg(&config).output().expect("it was fetched a moment ago")
}

/// The stack with these receivers only, and what names others taken out.
fn told_by(stack: &Stack, keep: impl Fn(&str) -> bool) -> Stack {
    let mut stack = stack.clone();
    let Toggle::On(alertmanager) = &mut stack.alertmanager else { unreachable!("it has Alertmanager") };
    alertmanager.receivers.retain(|name, _| keep(name.as_str()));
    alertmanager.receiver.retain(|name| keep(name.as_str()));
    for route in &mut alertmanager.routes {
        route.receiver.retain(|name| keep(name.as_str()));
    }
    alertmanager.routes.retain(|route| !route.receiver.is_empty());
    stack
}

/// Takes what is rendered for that version; and what stackctl says the version cannot have, it cannot have.
fn amtool_takes_every_way_to_tell(suite: &str, version: &str, unfit: &[&str]) {
    let stack = stacks::alerting();
    let facts = with_alertmanager(version);
    let desired = Desired::of(&stack, &facts).alertmanager.expect("it has Alertmanager");
    let refused: Vec<&str> = desired.unfit.iter().map(|unfit| unfit.receiver.as_str()).collect();
    assert_eq!(refused, unfit);
    let output = amtool(suite, &told_by(&stack, |name| !refused.contains(&name)), &facts);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("SUCCESS"), "{version}: {said}");
    for name in unfit {
        let output = amtool(suite, &told_by(&stack, |other| other == *name), &facts);
        assert!(!output.status.success(), "Alertmanager {version} can have receiver `{name}` after all");
    }
    let smallest = told_by(&stack, |_| false);
    assert!(amtool(suite, &smallest, &facts).status.success(), "{version}: nobody is told");
}

#[test]
fn amtool_0_25_takes_what_it_can_have() {
    amtool_takes_every_way_to_tell("bookworm", "0.25.0", &["guarded", "teams", "discord", "phone"]);
}

#[test]
fn amtool_0_28_takes_every_way_to_tell() {
    amtool_takes_every_way_to_tell("trixie", "0.28.1", &[]);
}

#[test]
fn amtool_0_33_takes_every_way_to_tell() {
    amtool_takes_every_way_to_tell("sid", "0.33.1", &[]);
}

/// What Compose makes of a stack's `compose.yml`.
fn compose_reads(stack: &Stack, facts: &Facts) -> Value {
    let folder = written(stack, facts);
    let mut compose = Command::new(tools::docker_compose("trixie"));
    compose.arg("-f").arg(folder.path().join("compose.yml")).args(["config", "--format", "json"]);
    compose.envs([
        ("SHOP_API_KEY", "key"),
        ("GRAFANA_PASSWORD", "password"),
        ("FIVE", "not this"),
        ("HOOK_TOKEN", "token"),
    ]);
    serde_json::from_str(&run(&mut compose)).expect("it was asked for JSON")
}

#[test]
fn compose_takes_every_stack() {
    for (name, stack) in every_stack() {
        for facts in [Facts::default(), stacks::debian_facts()] {
            let read = compose_reads(&stack, &facts);
            let desired = Desired::of(&stack, &facts);
            assert_eq!(read["name"], desired.stack, "{name}");
            assert_eq!(read["services"].as_object().unwrap().len(), desired.services.len(), "{name}");
        }
    }
}

/// `compose.yml` and the Docker API are fed from one `Desired`. This looks at what Compose understood, field by field.
#[test]
fn compose_understands_what_was_meant() {
    let stack = stacks::everything();
    let desired = Desired::of(&stack, &Facts::default());
    let read = compose_reads(&stack, &Facts::default());
    for service in &desired.services {
        let seen = &read["services"][&service.name];
        let settings = &service.container.settings;
        assert_eq!(seen["image"], service.image.reference);
        assert_eq!(unescaped(&seen["environment"]), json_or_null(&settings.environment), "{}", service.name);
        assert_eq!(unescaped(&seen["command"]), serde_json::json!(settings.command), "{}", service.name);
        let mut labels = settings.labels.clone();
        labels.insert("io.stackctl.stack".to_owned(), desired.stack.clone());
        labels.sort_keys();
        assert_eq!(unescaped(&seen["labels"]), serde_json::json!(labels), "{}", service.name);
        let replicas = seen["scale"].as_u64().or(seen["deploy"]["replicas"].as_u64()).unwrap_or(1);
        assert_eq!(replicas, u64::from(service.replicas), "{}", service.name);
        let networks = seen["networks"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(networks, service.container.networks.len(), "{}", service.name);
        assert_eq!(seen["ports"].as_array().map_or(0, Vec::len), settings.ports.0.len(), "{}", service.name);
    }
    for network in &desired.networks {
        assert_eq!(read["networks"][&network.key]["name"], network.name);
    }
    for volume in &desired.volumes {
        assert_eq!(read["volumes"][&volume.key]["name"], volume.name);
    }
}

/// Texts on which YAML readers have been seen to disagree.
const ODD_TEXTS: &[&str] = &[
    "",
    " ",
    "\t",
    "\ttab first\nthen a line",
    "no",
    "ON",
    "~",
    "null",
    "1:30",
    "1_000",
    "0o17",
    "1e3",
    ".inf",
    "2026-11-20",
    "<<",
    "a: b",
    "a #b",
    "- a",
    "? a",
    "!tag",
    "&a",
    "*a",
    "%a",
    "@a",
    "`a`",
    "|",
    ">",
    "{a}",
    "[a]",
    "'",
    "\"",
    "\\",
    "\\n",
    "a\n\nb\n",
    "\n",
    "\r\n",
    " lead",
    "trail ",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{1}",
    "\u{e000}",
    "日本",
    "🙂",
    "$",
    "$$",
    "${X}",
    "$X:-y",
    "{{ x }}",
    "{% x %}",
    "---",
    "...",
    "key:",
    ":",
    "#",
];

#[test]
fn compose_reads_odd_texts_as_they_were_written() {
    let mut stack = stacks::hello();
    let web = &mut stack.apps[0];
    web.container.environment =
        ODD_TEXTS.iter().enumerate().map(|(number, text)| (format!("V{number}"), (*text).to_owned())).collect();
    let read = compose_reads(&stack, &Facts::default());
    for (number, text) in ODD_TEXTS.iter().enumerate() {
        assert_eq!(unescaped(&read["services"]["web"]["environment"][format!("V{number}")]), *text);
    }
}

#[test]
fn promtool_takes_odd_texts() {
    let mut stack = stacks::hello();
    let metrics = stack.apps[0].metrics.as_mut().expect("hello is scraped");
    metrics.params = ODD_TEXTS.iter().map(|text| ((*text).to_owned(), vec![(*text).to_owned()])).collect();
    metrics.labels =
        ODD_TEXTS.iter().enumerate().map(|(number, text)| (format!("l{number}"), (*text).to_owned())).collect();
    let folder = written(&stack, &Facts::default());
    run(Command::new(tools::promtool("trixie"))
        .args(["check", "config"])
        .arg(folder.path().join("prometheus/prometheus.yml")));
}

/// `config` prints text that could be read again, with each `$` doubled.
fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("$$", "$")),
        Value::Array(values) => values.iter().map(unescaped).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), unescaped(value))).collect(),
        other => other.clone(),
    }
}

fn json_or_null(map: &IndexMap<String, String>) -> Value {
    if map.is_empty() { Value::Null } else { serde_json::json!(map) }
}

fn check_schema(schema_file: &Path, path: &str) {
    let text = std::fs::read_to_string(schema_file).expect("STACKCTL_DATA has the schema");
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let schema = jsonschema::draft7::new(&schema).expect("it is a schema");
    let mut checked = 0;
    for (name, stack) in every_stack() {
        let files = rendered(&stack, &Facts::default());
        // A stack without Grafana has none of its files.
        let Some(text) = files.0.get(path) else { continue };
        let value: Value = serde_yaml::from_str(text).expect("it is YAML");
        let errors: Vec<String> =
            schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}/{path}: {errors:#?}");
        checked += 1;
    }
    assert!(checked > 1, "no stack has a {path}");
}

#[test]
fn compose_files_fit_the_schema_of_the_compose_specification() {
    let Some(folder) = data::folder("no compose.yml was compared with the schema of Compose") else { return };
    check_schema(&folder.join("compose/compose-spec.json"), "compose.yml");
}

#[test]
fn provisioning_files_fit_the_schemas_of_grafana() {
    let Some(folder) = data::folder("no provisioning was compared with the schemas of Grafana") else { return };
    let schemas = folder.join("grafana/provisioning-schema");
    check_schema(&schemas.join("datasources.schema.json"), "grafana/provisioning/datasources/prometheus.yml");
    check_schema(&schemas.join("dashboards.schema.json"), "grafana/provisioning/dashboards/stackctl.yml");
}

/// A stack whose rules are tested.
fn stack_of_rules(file: &str) -> Stack {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let text = std::fs::read_to_string(folder.join(file)).expect("it lies beside the tests");
    let environment = stackctl::stack::Environment::default();
    let loaded = stackctl::stack::parse(file, &text, &folder, &environment, &stackctl::stack::Vocabulary::default());
    loaded.unwrap_or_else(|problems| panic!("{problems}")).stack
}

/// `promtool check rules` and `promtool test rules`, as `stackctl test` runs it, here with several versions.
fn promtool_agrees_with_the_rules(suite: &str) {
    promtool_agrees(suite, "stack.yml", 3);
    promtool_agrees(suite, "shards.yml", 1);
}

/// The same of one stack, which has so many files of rules.
fn promtool_agrees(suite: &str, file: &str, count: usize) {
    let stack = stack_of_rules(file);
    let promtool = tools::promtool(suite);
    let version = version_of(&promtool);
    let facts = with_prometheus(&version);
    let folder = written(&stack, &facts);
    let rules = folder.path().join("prometheus/rules");
    let mut files: Vec<_> =
        std::fs::read_dir(&rules).expect("rules are rendered").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert_eq!(files.len(), count, "{files:?}");
    let said = run(Command::new(&promtool).args(["check", "rules"]).args(&files));
    assert_eq!(said.matches("SUCCESS").count(), count, "{said}");
    let tests = render::rule_tests(&Desired::of(&stack, &facts));
    let here = |text: &str| text.replace(render::TESTS_FOLDER, &folder.path().to_string_lossy());
    let all = tests.rules.iter().cloned().chain(tests.tests.iter().map(|(_, path, text)| (path.clone(), text.clone())));
    for (path, text) in all {
        let path = PathBuf::from(here(&path));
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a new folder can be written to");
        std::fs::write(path, here(&text)).expect("a new folder can be written to");
    }
    assert!(!tests.tests.is_empty());
    let paths = tests.tests.iter().map(|(_, path, _)| here(path));
    let output =
        Command::new(&promtool).args(["test", "rules"]).args(paths).output().expect("it was fetched a moment ago");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{version}:\n{said}");
    assert_eq!(said.matches("SUCCESS").count(), tests.tests.len(), "{said}");
}

#[test]
fn promtool_2_42_agrees_with_every_preset_and_objective() {
    promtool_agrees_with_the_rules("bookworm");
}

#[test]
fn promtool_2_53_agrees_with_every_preset_and_objective() {
    promtool_agrees_with_the_rules("trixie");
}

#[test]
fn promtool_3_agrees_with_every_preset_and_objective() {
    promtool_agrees_with_the_rules("sid");
}
