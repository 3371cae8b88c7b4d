//! What the pages under `docs/` tell people to type, typed: in the order of the page, on the page's own stack files.

use std::process::Command;

use crate::pages::{OTHERS, Page};
use crate::sandbox::{Run, Sandbox, eventually, own_image, run};
use crate::tools::docker_compose;

/// What this machine has no image or port for is another's business.
const HERE: &str = "images: { from: debian }\ngrafana: off\nprometheus: { port: off, scrape_interval: 1s }\n";

/// A folder in which a page is typed: `stackctl` and `docker compose` are the ones of the tests.
struct Desk {
    stack: Sandbox,
    path: String,
}

impl Desk {
    fn new() -> Self {
        let stack = Sandbox::bare("");
        let programs = std::path::Path::new(env!("CARGO_BIN_EXE_stackctl")).parent().expect("a folder");
        let compose = format!("#!/bin/sh\nshift\nexec {} \"$@\"\n", docker_compose("trixie").display());
        std::fs::create_dir(stack.path("bin")).expect("a folder of its own");
        std::fs::write(stack.path("bin/docker"), compose).expect("it is written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(stack.path("bin/docker"), mode).expect("it is its own");
        let inherited = std::env::var("PATH").expect("a PATH");
        let path = format!("{}:{}:{inherited}", stack.path("bin").display(), programs.display());
        for (other, text) in OTHERS {
            // Compose knows the image by its whole name only.
            let text = text.replace("name: shop", &format!("name: {}", stack.name));
            let text = text.replace("stackctl/self", &own_image());
            std::fs::write(stack.path(other), text).expect("it is written");
        }
        Self { stack, path }
    }

    /// The stack file of the page under the test's own name.
    fn put(&self, file: &str, here: &str) {
        let name = |line: &str| line.starts_with("name: ").then(|| format!("name: {}", self.stack.name));
        let file: String = file.lines().map(|line| name(line).unwrap_or_else(|| line.to_owned()) + "\n").collect();
        std::fs::write(self.stack.stack_file(), file).expect("it is written");
        std::fs::write(self.stack.path("here.yml"), here).expect("it is written");
    }

    fn type_line(&self, line: &str) -> Run {
        self.type_line_that_ends(line, 0)
    }

    fn type_line_that_ends(&self, line: &str, code: i32) -> Run {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.stack.path("")).env("PATH", &self.path);
        shell.env("STACKCTL_FILE", "stack.yml:here.yml").env("COMPOSE_PROJECT_NAME", &self.stack.name);
        let run = run(&mut shell);
        assert_eq!(run.code, code, "`{line}`\n{}\n{}", run.stdout, run.stderr);
        run
    }
}

fn page(name: &str) -> Page {
    Page::all().into_iter().find(|page| page.name == name).expect("the page is there")
}

/// What stands under the heading that begins so, up to the next one.
fn section(page: &Page, heading: &str) -> Page {
    let text = page.text.split("\n## ").find(|text| text.starts_with(heading));
    let text = text.unwrap_or_else(|| panic!("{} has no heading `{heading}`", page.name));
    Page { name: page.name.clone(), text: text.to_owned() }
}

/// All of a page that has one stack file.
fn type_the_page(name: &str) {
    let page = page(name);
    let desk = Desk::new();
    desk.put(page.blocks("yaml").first().expect("the page shows a stack file"), HERE);
    let lines = page.shell_lines("sh");
    assert!(lines.len() >= 3, "{lines:?}");
    for line in lines {
        desk.type_line(&line);
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

#[test]
fn a_compose_project_is_included_attached_and_imported_as_the_page_says() {
    let page = page("compose-project.md");
    let desk = Desk::new();
    desk.type_line("docker compose up -d");

    let include = section(&page, "Include it");
    // Another test may have a node-exporter at the host's usual port.
    let free =
        std::net::TcpListener::bind("0.0.0.0:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
    let here = format!("{HERE}exporters: {{ node: {{ metrics: {{ port: {free} }} }} }}\n");
    desk.put(&include.blocks("yaml")[0], &here);
    for line in include.shell_lines("sh") {
        desk.type_line(&line);
    }
    assert_eq!(desk.stack.running("web").len(), 1);
    desk.stack.ok(&["down"]);

    // Compose's project keeps the name `shop` of the page, as the stack that watches has one of its own.
    let project = format!("{}shop", desk.stack.name);
    let attach = section(&page, "Attach it");
    let file = attach.blocks("yaml")[0].replace("shop/web", &format!("{project}/web"));
    desk.put(&file, HERE);
    desk.type_line(&format!("docker compose -p {project} up -d"));
    for line in attach.shell_lines("sh") {
        desk.type_line(&line);
    }
    desk.type_line("stackctl verify targets");
    desk.stack.ok(&["down"]);
    desk.type_line(&format!("docker compose -p {project} down"));

    let import = section(&page, "Import it");
    std::fs::remove_file(desk.stack.stack_file()).expect("it was written");
    for line in import.shell_lines("sh") {
        desk.type_line(&line);
    }
    let written = std::fs::read_to_string(desk.stack.stack_file()).expect("`import` wrote it");
    assert!(written.contains("stackctl/self"), "{written}");
}

#[test]
fn alerts_are_told_and_silenced_as_the_page_says() {
    let page = page("alerting.md");
    let desk = Desk::new();
    let apps = "name: alerting\napps:\n  hook: { image: stackctl/self, command: [demo, accesslog] }\n  web: { image: stackctl/self, command: [demo, accesslog], metrics: {} }\n";
    desk.put(&format!("{apps}{}", page.blocks("yaml")[0]), &format!("{HERE}alertmanager: {{ port: off }}\n"));
    desk.type_line("stackctl up --no-wait");
    let here = desk.stack.path("here.yml").display().to_string();
    eventually("Alertmanager answers", || desk.stack.run(&["-f", &here, "silence", "list"]).code == 0);
    let mut made = String::new();
    let lines = page.shell_lines("sh");
    assert!(lines.iter().any(|line| line.contains("silence remove 5f0a31c2")), "{lines:?}");
    for line in lines {
        // The page shows an id as an example; the first one made here stands for it.
        let run = desk.type_line(&line.replace("5f0a31c2", &made));
        if made.is_empty() {
            made = first_id(&run.stdout);
        }
    }
}

#[test]
fn alerts_rules_and_their_tests_work_as_the_page_says() {
    let page = page("alerts.md");
    let desk = Desk::new();
    // What is indented is a part of an app, shown by itself.
    let blocks = page.blocks("yaml");
    let whole: String = blocks.iter().filter(|block| !block.starts_with(' ')).map(String::as_str).collect();
    let whole = whole.replace("image: shop:1", "image: stackctl/self\n    command: [demo, accesslog]");
    desk.put(&format!("name: alerts\n{whole}"), HERE);
    let lines = page.shell_lines("sh");
    assert!(lines.len() >= 6, "{lines:?}");
    let here = desk.stack.path("here.yml").display().to_string();
    for line in lines {
        match line.as_str() {
            // The demo app loses no carts, and has no metric of it, which is what this command is there to tell.
            "stackctl verify alerts" => {
                let run = desk.type_line_that_ends(&line, 3);
                assert!(run.stdout.contains("shop_carts_lost_total"), "{}", run.stdout);
            }
            "stackctl up" => {
                desk.type_line("stackctl up --no-wait");
                // Until its first scrape nobody can tell what the app lacks.
                eventually("the app is scraped", || {
                    desk.stack.run(&["-f", &here, "verify", "alerts"]).stdout.contains("shop_carts_lost_total")
                });
            }
            _ => drop(desk.type_line(&line)),
        }
    }
}

/// The first word that is the id of a silence, as Alertmanager writes one.
fn first_id(text: &str) -> String {
    let id = |word: &&str| word.len() >= 8 && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
    text.split_whitespace().find(id).unwrap_or_else(|| panic!("no id in: {text}")).to_owned()
}
