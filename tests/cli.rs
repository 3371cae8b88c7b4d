//! What the command line says: help pages, and what needs no engine. `TRYCMD=overwrite` rewrites what is expected.

#[test]
fn the_command_line_says_what_its_transcripts_say() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env("GRAFANA_PASSWORD", "never shown")
        .case("tests/cli/*.trycmd");
}
