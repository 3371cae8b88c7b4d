//! What the command line says: help pages, and what needs no engine. `TRYCMD=overwrite` rewrites what is expected.

use clap::CommandFactory;

#[test]
fn the_command_line_says_what_its_transcripts_say() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env("GRAFANA_PASSWORD", "never shown")
        .case("tests/cli/*.trycmd");
}

/// What `stackctl WORDS…` prints. It has to succeed.
fn printed(words: &[&str]) -> String {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl")).args(words).assert().success();
    String::from_utf8_lossy(&output.get_output().stdout).into_owned()
}

#[test]
fn editors_and_shells_get_what_they_read() {
    let schema: serde_json::Value = serde_json::from_str(&printed(&["schema"])).expect("the schema is JSON");
    assert!(schema["properties"]["apps"].is_object(), "{schema}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(printed(&["completions", shell]).contains("verify"), "{shell}");
    }
}

#[test]
fn every_command_has_a_man_page_with_its_options() {
    let all = printed(&["man"]);
    for command in stackctl::cli::Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_name();
        assert!(all.contains(&format!("stackctl\\-{name}(1)")), "{name} is not in the page of stackctl");
        let page = printed(&["man", name]);
        let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
        for option in shown.filter_map(clap::Arg::get_long) {
            let written = format!("\\-\\-{}", option.replace('-', "\\-"));
            assert!(page.contains(&written), "{written} is not in the page of {name}");
        }
    }
}

/// `stackctl WORDS…` in a folder with this on its standard input.
fn fed(folder: &std::path::Path, words: &[&str], text: &str) -> std::process::Output {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.current_dir(folder).env_remove("STACKCTL_FILE").args(words).write_stdin(text);
    command.output().expect("stackctl starts")
}

#[test]
fn a_stack_file_comes_from_standard_input_and_its_paths_begin_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "groups: [{ name: a, rules: [{ record: one, expr: vector(1) }] }]\n";
    std::fs::write(folder.path().join("own.yml"), rules).expect("a file");
    std::fs::write(folder.path().join("more.yml"), "apps: { web: { scale: 2 } }\n").expect("a file");
    std::fs::write(folder.path().join(".env"), "TAG=7\n").expect("a file");
    let text =
        "name: piped\nprometheus: { rule_files: [own.yml] }\napps: { web: { image: \"web:$TAG\", metrics: {} } }\n";
    let rendered = fed(folder.path(), &["-f", "-", "-f", "more.yml", "render", "-o", "out"], text);
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let compose = std::fs::read_to_string(folder.path().join("out/compose.yml")).expect("it was rendered");
    assert!(compose.contains("name: piped") && compose.contains("web:7"), "{compose}");
    assert!(folder.path().join("out/prometheus/rules/own.yml").is_file());

    let wrong = fed(folder.path(), &["-f", "-", "check"], "name: piped\nappz: {}\n");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("-:2:1"), "{}", String::from_utf8_lossy(&wrong.stderr));
    for words in [&["-f", "-", "add", "app", "x", "--image", "x"][..], &["-f", "-", "scale", "web=2", "--save"]] {
        let refused = fed(folder.path(), words, text);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains("standard input cannot be changed"), "{said}");
    }
}

#[test]
fn render_names_the_files_in_which_values_of_secret_variables_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    // The second password is a word that stands everywhere.
    let variables = "DB_PASSWORD=hunter2\nSCRAPE_PASSWORD=web\nUNUSED_TOKEN=1\nTAG=7\nQUEUE=amqp://me:pw@queue/\n";
    std::fs::write(folder.path().join(".env"), variables).expect("a file");
    let text = "name: hidden\ngrafana: off\napps:\n  web:\n    image: web:$TAG\n    metrics: {}\n    \
                environment: { DB_PASSWORD: $DB_PASSWORD, QUEUE: $QUEUE }\n\
                prometheus:\n  extra_scrape_configs:\n    - job_name: far\n      static_configs: [{ targets: [\"far:80\"] }]\n      \
                basic_auth: { username: me, password: $SCRAPE_PASSWORD }\n";
    let rendered = fed(folder.path(), &["-f", "-", "render", "-o", "out"], text);
    let said = String::from_utf8_lossy(&rendered.stderr).into_owned();
    assert!(rendered.status.success(), "{said}");
    let told: Vec<&str> = said.lines().filter(|line| line.starts_with("secret: ")).collect();
    let [compose, prometheus] = told[..] else { panic!("{said}") };
    assert!(compose.contains("DB_PASSWORD, QUEUE stands in out/compose.yml; you alone"), "{said}");
    assert!(prometheus.contains("SCRAPE_PASSWORD stands in out/prometheus/prometheus.yml; all users"), "{said}");
    assert!(!said.contains("hunter2") && !said.contains("stackctl-"), "{said}");
    let written = std::fs::read_to_string(folder.path().join("out/compose.yml")).expect("it was rendered");
    assert!(written.contains("hunter2") && !written.contains("-mark"), "{written}");
    let plain =
        fed(folder.path(), &["-f", "-", "render", "-o", "plain"], "name: plain\napps: { web: { image: web } }\n");
    assert!(!String::from_utf8_lossy(&plain.stderr).contains("secret: "));
}

/// What bash offers for a line, in a folder: the script of `completions bash` and the program that it asks.
fn offered(folder: &std::path::Path, words: &[&str]) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_stackctl"));
    let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let last = words.last().copied().unwrap_or_default();
    let script = format!(
        "source <(stackctl completions bash); COMP_WORDS=({line}); COMP_CWORD={}; _clap_complete_stackctl stackctl '{last}' x; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1
    );
    let path = format!("{}:{}", program.parent().expect("a folder").display(), std::env::var("PATH").expect("a PATH"));
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", &script])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("STACKCTL_FILE")
        .output()
        .expect("bash runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_shell_offers_names_of_the_stack_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it is written");
    write(
        "stack.yml",
        "name: shop\ninclude: [compose.yml]\napps:\n  web: { image: 'web:1', scale: 2, metrics: {} }\n  worker: { image: 'worker:1' }\n\
         exporters: { node: {} }\ndashboards: { own: { preset: node } }\nalerts: { high: { when: up == 0 } }\n\
         tests: { quiet: { series: { up: 1x5 }, expect: [{ at: 1m, alert: high, firing: [] }] } }\n",
    );
    write("compose.yml", "services: { database: { image: 'postgres:16' } }\n");
    write("other.yml", "name: other\napps: { elsewhere: { image: 'x:1' } }\n");
    let offered = |words: &[&str]| offered(folder.path(), words);
    assert_eq!(offered(&["stackctl", "logs", "w"]), ["web", "worker"]);
    assert_eq!(offered(&["stackctl", "logs", "d"]), ["database"]);
    assert_eq!(offered(&["stackctl", "logs", "pro"]), ["prometheus"]);
    assert_eq!(offered(&["stackctl", "-f", "other.yml", "logs", "e"]), ["elsewhere"]);
    assert_eq!(offered(&["stackctl", "scale", "we"]), ["web="]);
    assert_eq!(offered(&["stackctl", "up", "--scale", "web="]), ["web=2"]);
    assert_eq!(offered(&["stackctl", "remove", "exporter", "n"]), ["node"]);
    assert_eq!(offered(&["stackctl", "remove", "app", "wo"]), ["worker"]);
    assert_eq!(offered(&["stackctl", "dashboards", "pull", "o"]), ["own"]);
    assert_eq!(offered(&["stackctl", "dashboards", "snapshot", "-o", "x", "o"]), ["own"]);
    assert_eq!(offered(&["stackctl", "silence", "add", "--app", "w"]), ["web"], "of `worker` nothing is scraped");
    assert_eq!(offered(&["stackctl", "test", "q"]), ["quiet"]);
    assert_eq!(offered(&["stackctl", "add", "exporter", "cad"]), ["cadvisor"]);
    assert_eq!(offered(&["stackctl", "add", "exporter", "postgres", "--for", "d"]), ["database"]);
    assert_eq!(offered(&["stackctl", "add", "dashboard", "host", "--preset", "no"]), ["node"]);
    assert_eq!(offered(&["stackctl", "catalog", "show", "graf"]), ["grafana"]);
    assert_eq!(offered(&["stackctl", "explain", "wrong-pa"]), ["wrong-path"]);
    assert_eq!(offered(&["stackctl", "ver"]), ["verify"]);
    write("stack.yml", "name: [\n");
    assert_eq!(offered(&["stackctl", "logs", "w"]), [""]);
}

/// As `PATH` has it: several, with the later ones laid over the earlier ones. What is said on the command line goes before it.
#[test]
fn the_stack_file_may_be_named_by_a_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the test's own folder");
    };
    write("base.yml", "name: base\napps: { web: { image: web:1 } }\n");
    write("over.yml", "name: over\n");
    write("stack.yml", "name: usual\napps: { web: { image: web:1 } }\n");
    let rendered = |files: Option<&str>, words: &[&str]| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.current_dir(folder.path()).env_remove("STACKCTL_FILE").args(words).args(["render", "-o", "out"]);
        command.envs(files.map(|files| ("STACKCTL_FILE", files))).assert().success();
        let text = std::fs::read_to_string(folder.path().join("out/compose.yml")).expect("it was rendered");
        text.lines().find(|line| line.starts_with("name: ")).expect("a project has a name").to_owned()
    };
    assert_eq!(rendered(None, &[]), "name: usual");
    assert_eq!(rendered(Some(""), &[]), "name: usual");
    assert_eq!(rendered(Some("base.yml"), &[]), "name: base");
    assert_eq!(rendered(Some("base.yml:over.yml"), &[]), "name: over");
    assert_eq!(rendered(Some("over.yml"), &["-f", "base.yml"]), "name: base");
}

#[test]
fn a_cause_that_is_none_is_told_in_two_lines() {
    let said = |cause: &str| {
        let run = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl")).args(["explain", cause]).assert().code(2);
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    let near = said("wrong-prot");
    assert!(near.contains("no cause is called `wrong-prot`") && near.contains("did you mean `wrong-port`?"), "{near}");
    let far = said("nope");
    assert!(far.contains("`stackctl explain` lists them all") && far.lines().count() == 2, "{far}");
}
