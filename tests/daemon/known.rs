//! The table of settings, held against what the real programs say of themselves.

use std::collections::BTreeSet;
use std::process::Command;

use stackctl::daemon::{Document, Flags, Release, objections};

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
        // The first is taken by 28.5 and not listed any more; for the others there was no flag before 28.0.
        let unlisted = ["api-cors-header", "features", "host-gateway-ip"];
        assert!(passed.iter().all(|key| unlisted.contains(&key.as_str())), "{passed:?} pass for {}", other.1);
    }
}
