//! Texts that are made to hurt: each is answered within a second, with a line, and without a panic.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use proptest::prelude::*;
use stackctl::stack::{Environment, Loaded, Problems, Vocabulary, load, parse};

use support::cost::{cost, grows_with_the_work};

fn read(text: &str) -> Result<Loaded, Problems> {
    parse("stack.yml", text, Path::new("/nowhere"), &Environment::default(), &Vocabulary::default())
}

/// Reads a hostile text, holds the time it takes, and gives the first message.
fn refused(text: &str) -> String {
    let (took, (problems, shown)) = cost(|| {
        let problems = read(text).expect_err("a hostile text is refused");
        let shown = problems.render(false);
        (problems, shown)
    });
    assert!(took < Duration::from_secs(8), "took {took:?}"); // without optimisation; a release build takes a tenth
    assert!(shown.len() < 1_000_000, "{} bytes of problems", shown.len());
    let first = &problems.as_slice()[0];
    assert!(first.line > 0 && first.column > 0, "{first:?}");
    refused_by_the_program(text.as_bytes());
    first.message.clone()
}

/// The same from outside, on the stack of a real process: exit code 2 before the engine is asked, which is behind a socket
/// that is not there, and would be 1.
fn refused_by_the_program(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let file = folder.path().join("stack.yml");
    std::fs::write(&file, bytes).expect("a new file can be written");
    let mut program = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    program.arg("-f").arg(&file).arg("up").env("DOCKER_HOST", "unix:///no/such.sock");
    let output = program.env("NO_COLOR", "1").env_remove("STACKCTL_FILE").output().expect("it was built");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let begins: String = String::from_utf8_lossy(bytes).chars().take(80).collect();
    assert_eq!(output.status.code(), Some(2), "{begins}…\n{stderr}");
    assert!(output.stdout.is_empty() && !stderr.contains("panicked"), "{begins}…\n{stderr}");
    let place = format!("--> {}:", file.display());
    let line = stderr.split(&place).nth(1).and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
    assert!(line.is_some_and(|line| line > 0) && stderr.contains("help: "), "{begins}…\n{stderr}");
}

/// Many lines, made by number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}

#[test]
fn deep_brackets_do_not_overflow_the_stack() {
    assert!(refused(&"[".repeat(200_000)).contains("levels"));
    assert!(refused(&"{a: ".repeat(200_000)).contains("levels"));
    assert!(refused(&"- ".repeat(200_000)).contains("levels"));
    assert!(refused(&format!("name: {}", "[".repeat(200_000))).contains("levels"));
    let keys = lines(2000, |depth| format!("{}k:\n", " ".repeat(depth)));
    assert!(refused(&keys).contains("levels"));
    refused(&"? ".repeat(200_000));
    refused(&"&a ".repeat(200_000));
    refused(&"!!str ".repeat(100_000));
}

#[test]
fn alias_bombs_are_defused() {
    let bomb = lines(12, |level| match level {
        0 => "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(),
        _ => format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")),
    });
    assert!(refused(&bomb).contains("values"));

    let merges = lines(40, |level| match level {
        0 => "a0: &a0 {k0: x, k1: x}\n".to_owned(),
        _ => format!("a{level}: &a{level} {{k: *a{0}, j: *a{0}}}\n", level - 1),
    });
    refused(&merges);

    let mut nested = "&a [".repeat(60);
    nested.push_str(&"x, ".repeat(100_000));
    refused(&nested);
    assert!(refused("a: &a [*a]\n").contains("alias"));
    assert!(refused("a: &a {<<: *a}\n").contains("alias"));
}

#[test]
fn large_files_are_refused_by_their_size() {
    assert!(refused(&"#".repeat(10 << 20)).contains("MiB"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yml");
    std::fs::write(&file, "x".repeat(10 << 20)).unwrap();
    let problems = load(&[file], &Environment::default(), &Vocabulary::default()).unwrap_err();
    assert!(problems.as_slice()[0].message.contains("MiB"));
}

#[test]
fn long_lines_and_many_mistakes_are_shown_in_few_words() {
    refused(&"x".repeat(4 << 20));
    refused(&format!("name: {}\n", "x".repeat(3 << 20)));
    refused(&format!("name: \"{}\"\n", "${A}".repeat(200_000)));
    refused(&format!("name: {}\n", "${A:-".repeat(200_000)));
    refused(&format!("name: {}\n", "$".repeat(999_999)));
    refused(&lines(100_000, |number| format!("key{number}: 1\n")));
    refused(&format!("name: demo\n{}", "apps: {}\n".repeat(100_000)));
    refused(&format!("name: demo\napps: {{ web: {{ image: a:1, ports: [{}] }} }}\n", "x, ".repeat(100_000)));
    refused(&format!("name: demo\napps: {{ web: {{ image: a:1, volumes: [{}] }} }}\n", "b:/b, ".repeat(20_000)));
    let apps = lines(5000, |number| format!("  w{number}: {{ imge: a, depends_on: [x{number}] }}\n"));
    refused(&format!("name: demo\napps:\n{apps}"));
}

#[test]
fn ranges_of_ports_that_clash_are_told_once_and_too_many_are_refused() {
    let all = "\"1-65535:1-65535\"";
    assert!(
        refused(&format!("name: x\napps: {{ a: {{ image: a:1, ports: [{all}] }} }}\n"))
            .contains("more than 20000 ports")
    );
    let often = format!("{all}, ").repeat(2000);
    assert!(refused(&format!("name: x\napps: {{ a: {{ image: a:1, ports: [{often}] }} }}\n")).contains("more than"));
    let media = "{ image: a:1, ports: [\"20000-30000:20000-30000/udp\"] }";
    let both = format!("name: x\napps: {{ a: {media}, b: {media} }}\n");
    assert_eq!(refused(&both), "port 20000 of the host is taken by `a`");
    assert_eq!(read(&both).unwrap_err().len(), 1, "one entry, one problem");
}

#[test]
fn what_is_not_text_is_refused_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yml");
    for bytes in
        [&b"name: demo\nx: \xff\xfe"[..], b"\x7fELF\x02\x01\x01\0\0", b"n\0a\0m\0e\0", b"", b"\n\n", b"---\n", b"..."]
    {
        std::fs::write(&file, bytes).unwrap();
        let problems = load(std::slice::from_ref(&file), &Environment::default(), &Vocabulary::default()).unwrap_err();
        assert!(problems.as_slice()[0].line > 0, "{bytes:?}");
        refused_by_the_program(bytes);
    }
    std::fs::write(&file, b"name: demo\nx: \xff\xfe").unwrap();
    let problems = load(&[file], &Environment::default(), &Vocabulary::default()).unwrap_err();
    assert_eq!((problems.as_slice()[0].line, problems.as_slice()[0].column), (2, 4));
}

#[test]
fn a_chain_of_ten_thousand_dependencies_is_no_circle() {
    let apps = lines(9999, |number| format!("  a{}: {{ image: a:1, depends_on: [a{number}] }}\n", number + 1));
    let text = format!("name: demo\napps:\n  a0: {{ image: a:1 }}\n{apps}");
    assert_eq!(read(&text).unwrap().stack.apps.len(), 10_000);
    let circle = text.replace("a0: { image: a:1 }", "a0: { image: a:1, depends_on: [a9999] }");
    assert!(refused(&circle).contains("a0 -> a9999 -> "));
}

#[test]
fn ten_thousand_apps_load_in_ten_times_the_time_of_a_thousand() {
    let (few, ()) = cost(|| apps_load(1_000));
    let (many, ()) = cost(|| apps_load(10_000));
    grows_with_the_work(few, many);
}

fn apps_load(count: usize) {
    let apps = lines(count, |number| {
        format!(
            "  app{number}:\n    image: ghcr.io/acme/app:1.{number}\n    ports: [\"{}:80\"]\n    \
             environment: {{ A: 1, B: two }}\n    metrics: {{ interval: 5s, path: /m }}\n    restart: always\n",
            20_000 + number
        )
    });
    let text = format!("name: demo\napps:\n{apps}");
    assert_eq!(read(&text).expect("a good file").stack.apps.len(), count);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(problems) = read(&String::from_utf8_lossy(&bytes)) {
            prop_assert!(!problems.render(true).is_empty());
        }
    }

    #[test]
    fn no_yaml_makes_it_panic(text in "[a-z$&*!{}\\[\\]:,'\"#|>%@\\-\\n ü\\t0-9./]{0,200}") {
        if let Err(problems) = read(&format!("name: demo\napps:\n  web:\n    image: a:1\n    {text}")) {
            prop_assert!(!problems.render(false).is_empty());
        }
    }

    #[test]
    fn no_value_makes_a_key_panic(key in "[a-z_]{1,12}", value in "[ -~ü]{0,40}") {
        let keys = ["ports", "volumes", "healthcheck", "command", "ulimits", "mem_limit", "metrics", "depends_on", &key];
        for key in keys {
            let value = serde_json::to_string(&value).unwrap();
            for value in [value.clone(), format!("[{value}]"), format!("{{ {value}: {value} }}")] {
                let _ = read(&format!("name: demo\napps: {{ web: {{ image: a:1, {key}: {value} }} }}\n"));
            }
        }
    }

    #[test]
    fn no_text_makes_a_value_panic(text in "\\PC{0,60}") {
        let _ = text.parse::<stackctl::stack::Duration>();
        let _ = text.parse::<stackctl::stack::ByteSize>();
        let _ = text.parse::<stackctl::stack::Ports>();
        let _ = text.parse::<stackctl::stack::Mount>();
        let _ = text.parse::<stackctl::stack::Publish>();
    }
}
