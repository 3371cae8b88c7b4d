//! The table of settings, held against what the real programs say of themselves.

use std::collections::BTreeSet;
use std::process::Command;

use stackctl::daemon::{Document, Flags, Release, ignored, objections, setting_names};

use crate::tools;

const RELEASES: [(&str, Release); 3] =
    [("bookworm", Release(20, 10)), ("trixie", Release(26, 1)), ("sid", Release(28, 5))];

/// Flags that are no settings of `daemon.json`; proxies stand there as one map.
const FLAGS_ONLY: [&str; 7] = ["config-file", "help", "http-proxy", "https-proxy", "no-proxy", "validate", "version"];

/// The settings that `dockerd --help` lists, as they are called in `daemon.json`.
fn settings(suite: &str) -> BTreeSet<String> {
    let dockerd = tools::binary(suite, "docker.io", "usr/sbin/dockerd");
    let output = Command::new(dockerd).arg("--help").output().expect("it runs here");
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    // Words of a description may begin a line, too: those of a flag stand behind nothing but a short one.
    let lines = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let flags = lines.filter_map(|line| line.split_whitespace().take(2).find(|word| word.starts_with("--")));
    let flags: Vec<String> = flags.map(|flag| format!("{flag}=x")).collect();
    let settings = Flags::parse(&flags).iter().map(|flag| flag.key.clone()).collect::<BTreeSet<_>>();
    settings.into_iter().filter(|key| !FLAGS_ONLY.contains(&key.as_str())).collect()
}

fn is_refused(key: &str, release: Release) -> bool {
    let text = format!("{{\"{key}\": null}}");
    let document = Document::parse(text.as_bytes()).expect("JSON");
    !objections(&document, &Flags::default(), Some(release)).is_empty()
}

#[test]
fn no_setting_that_a_real_engine_lists_is_called_unknown_to_it() {
    for (suite, release) in RELEASES {
        let settings = settings(suite);
        assert!(settings.len() > 60, "{suite}: {settings:?}");
        let refused: Vec<_> = settings.iter().filter(|key| is_refused(key, release)).collect();
        assert!(refused.is_empty(), "Engine {release} lists {refused:?}");
    }
}

#[test]
fn settings_that_came_or_went_between_two_engines_are_refused_for_the_other_one() {
    let listed: Vec<_> = RELEASES.map(|(suite, release)| (settings(suite), release)).into();
    let (oldest, newest) = (&listed[0], &listed[2]);
    for (of, other) in [(oldest, newest), (newest, oldest)] {
        let own: Vec<_> = of.0.difference(&other.0).collect();
        assert!(own.len() >= 3, "{own:?}");
        let passed: Vec<_> = own.into_iter().filter(|key| !is_refused(key, other.1)).collect();
        // The first two are taken by 28.5 and not listed any more; for the others there was no flag before 28.0.
        let unlisted = ["allow-nondistributable-artifacts", "api-cors-header", "features", "host-gateway-ip"];
        assert!(passed.iter().all(|key| unlisted.contains(&key.as_str())), "{passed:?} pass for {}", other.1);
    }
}

/// The table comes from what moby's structures can hold, and engines take of that what a flag goes with.
#[test]
fn a_setting_is_called_unknown_where_a_real_engine_does_not_know_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("daemon.json");
    for (suite, release) in RELEASES {
        let dockerd = tools::binary(suite, "docker.io", "usr/sbin/dockerd");
        // 20.10 cannot be asked: it ends for want of a folder, once it has read the file.
        let last = if suite == "bookworm" { &["--data-root", "/dev/null/none"][..] } else { &["--validate"] };
        // The folder is a flag then; and `null` is no map, which proxies have to be.
        for name in setting_names().filter(|name| !["data-root", "proxies"].contains(name)) {
            std::fs::write(&file, format!("{{\"{name}\": null}}")).expect("writable");
            let output = Command::new(&dockerd).arg("--config-file").arg(&file).args(last).output();
            let said = String::from_utf8_lossy(&output.expect("it runs here").stderr).into_owned();
            let unknown = said.contains("don't match any configuration option");
            assert_eq!(is_refused(name, release), unknown, "Engine {release}, {name}: {said}");
        }
    }
}

/// Values that people write, and some that nobody does.
const VALUES: [(&str, &[&str]); 12] = [
    (
        "mtu",
        &["1400", "0", "1400.0", "1e3", "1.5", "\"1400\"", "9223372036854775807", "9223372036854775808", "null", "[]"],
    ),
    ("max-concurrent-downloads", &["3", "\"3\"", "3.5", "true"]),
    ("debug", &["true", "1", "\"true\"", "null"]),
    ("log-level", &["\"info\"", "3", "null"]),
    ("dns", &["[\"10.0.0.1\"]", "[1]", "\"10.0.0.1\"", "null"]),
    ("labels", &["[\"a=b\"]", "[{\"a\": \"b\"}]", "{\"a\": \"b\"}", "[[\"a=b\"]]"]),
    ("log-opts", &["{\"max-file\": \"3\"}", "{\"max-file\": 3}", "{\"compress\": true}", "[]", "null"]),
    ("features", &["{\"buildkit\": true}", "{\"buildkit\": \"true\"}", "{\"buildkit\": 1}"]),
    ("default-address-pools", &["[{\"base\": \"10.200.0.0/16\", \"size\": 24}]", "[\"10.200.0.0/16\"]", "{}"]),
    ("insecure-registries", &["[\"a:5000\"]", "[5000]"]),
    ("live-restore", &["true", "\"yes\""]),
    ("registry-mirrors", &["[\"https://mirror.example\"]", "[false]"]),
];

#[test]
fn a_value_is_refused_where_a_real_engine_refuses_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("daemon.json");
    for (suite, release) in &RELEASES[1..] {
        let dockerd = tools::binary(suite, "docker.io", "usr/sbin/dockerd");
        for (key, values) in VALUES {
            for value in values {
                let text = format!("{{\"{key}\": {value}}}");
                std::fs::write(&file, &text).expect("writable");
                let output = Command::new(&dockerd).arg("--validate").arg("--config-file").arg(&file).output();
                let output = output.expect("it runs here");
                let document = Document::parse(text.as_bytes()).expect("JSON");
                let refused = !objections(&document, &Flags::default(), Some(*release)).is_empty();
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_eq!(refused, !output.status.success(), "Engine {release}, {text}: {said}");
            }
        }
    }
}

/// What a real program says of a file: nothing where it starts with it.
fn refused(suite: &str, file: &std::path::Path, flags: &[&str]) -> Option<String> {
    let dockerd = tools::binary(suite, "docker.io", "usr/sbin/dockerd");
    // 20.10 cannot be asked: it ends for want of a folder, once it has taken the file.
    let last = if suite == "bookworm" { &["--data-root", "/dev/null/none"][..] } else { &["--validate"] };
    let output = Command::new(dockerd).arg("--config-file").arg(file).args(flags).args(last).output();
    let output = output.expect("it runs here");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success() && !said.contains("/dev/null/none")).then_some(said)
}

/// Names of flags, and maps that are none of its settings: some of it real engines ignore, and some they do not.
#[test]
fn what_is_no_setting_is_refused_or_ignored_as_real_engines_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("daemon.json");
    let flags = "add-runtime authorization-plugin cdi-spec-dir default-address-pool default-network-opt default-ulimit \
                 dns-opt exec-opt feature help host http-proxy https-proxy insecure-registry label log-opt no-proxy \
                 node-generic-resource registry-mirror storage-opt version zzz D";
    let names = flags.split_whitespace().map(|flag| (format!("{{\"{flag}\": \"x\"}}"), &[][..]));
    let given = [
        ("{\"http-proxy\": \"x\"}", &["--http-proxy", "http://proxy:1"][..]),
        ("{\"label\": \"x\"}", &["--label", "a=b"]),
        ("{\"zzz\": {\"debug\": true}}", &["--debug"]),
        ("{\"zzz\": {\"debug\": true}}", &[]),
        ("{\"zzz\": {\"yyy\": true}}", &[]),
        ("{\"zzz\": {\"label\": true}}", &[]),
        ("{\"zzz\": {}}", &[]),
        ("{\"zzz\": []}", &[]),
        ("{\"zzz\": null}", &[]),
        ("{\"label\": {\"zzz\": 1}}", &[]),
    ];
    let given = given.map(|(text, flags)| (text.to_owned(), flags));
    for (text, flags) in names.chain(given) {
        std::fs::write(&file, &text).expect("writable");
        let document = Document::parse(text.as_bytes()).expect("JSON");
        let arguments = Flags::parse(&flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>());
        for (suite, release) in RELEASES {
            // That one has no such flag to be given.
            if flags.contains(&"--http-proxy") && release < Release(23, 0) {
                continue;
            }
            let said = refused(suite, &file, flags);
            let told = objections(&document, &arguments, Some(release));
            assert_eq!(!told.is_empty(), said.is_some(), "Engine {release}, {text}, {flags:?}: {said:?}");
            let passed_over = ignored(&document, &arguments, Some(release));
            assert_eq!(passed_over.is_empty(), said.is_some(), "Engine {release}, {text}, {flags:?}: {said:?}");
        }
    }
}

/// Each setting, set to what most do not take.
#[test]
fn no_value_is_refused_that_a_real_engine_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("daemon.json");
    for (name, value) in setting_names().flat_map(|name| ["1", "{}"].map(|value| (name, value))) {
        let text = format!("{{\"{name}\": {value}}}");
        let document = Document::parse(text.as_bytes()).expect("JSON");
        std::fs::write(&file, &text).expect("writable");
        for (suite, release) in RELEASES {
            let told = objections(&document, &Flags::default(), Some(release));
            if let Some(first) = told.first() {
                // The folder is a flag for the oldest.
                let is_flag = name == "data-root" && suite == "bookworm";
                assert!(is_flag || refused(suite, &file, &[]).is_some(), "Engine {release}, {text}: {}", first.message);
            }
        }
    }
}
