//! What the pages under `docs/` tell people to type, typed: in the order of the page, on the page's own stack file.

use crate::pages::{OTHERS, Page};
use crate::sandbox::Sandbox;

/// What this machine has no image or port for is another's business.
const HERE: &str = "images: { from: debian }\ngrafana: off\nprometheus: { port: off, scrape_interval: 1s }\n";

/// The page's stack file under the test's own name, and its lines.
fn type_the_page(name: &str) {
    let page = Page::all().into_iter().find(|page| page.name == name).expect("the page is there");
    let stack = Sandbox::bare("");
    let file = page.blocks("yaml").into_iter().next().expect("the page shows a stack file");
    let named = |line: &str| if line.starts_with("name: ") { format!("name: {}", stack.name) } else { line.to_owned() };
    let file = file.lines().map(named).collect::<Vec<_>>().join("\n");
    std::fs::write(stack.stack_file(), file + "\n").expect("it is written");
    std::fs::write(stack.path("here.yml"), HERE).expect("it is written");
    for (other, text) in OTHERS {
        let text = text.replace("name: shop", &format!("name: {}", stack.name));
        std::fs::write(stack.path(other), text).expect("it is written");
    }
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_stackctl")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("a PATH"));
    let lines = page.shell_lines("sh");
    assert!(lines.len() >= 3, "{lines:?}");
    for line in lines {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &line]).current_dir(stack.path("")).env("PATH", &path);
        shell.env("STACKCTL_FILE", "stack.yml:here.yml").env("COMPOSE_PROJECT_NAME", &stack.name);
        let run = crate::sandbox::run(&mut shell);
        assert_eq!(run.code, 0, "docs/{name}: `{line}`\n{}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn scaling_works_as_the_page_says() {
    type_the_page("scale.md");
}

#[test]
fn dashboards_work_as_the_page_says() {
    type_the_page("dashboards.md");
}

#[test]
fn a_host_without_a_registry_works_as_the_page_says() {
    type_the_page("offline.md");
}

#[test]
fn stackctl_goes_away_as_the_page_says() {
    type_the_page("remove.md");
}
