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
