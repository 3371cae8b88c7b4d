//! `add`, `remove` and `scale --save` change what they are asked to change, and no other byte.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;

const FILE: &str = "\
# The shop, kept by hand.
name: shop

apps:
  # What people see.
  web:
    image: acme/web:1      # pinned in March
    scale: 1               # one is enough

    ports: [\"8080\"]

  # Keeps the carts.
  cart: { image: acme/cart:1 }

# Looks at the host.
exporters:
  node: {}
";

fn stackctl(folder: &Path, words: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl")).current_dir(folder).args(words).assert()
}

/// A folder with the file, and what the file says after each command.
fn after(words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stack.yml"), FILE).unwrap();
    stackctl(folder.path(), words).success();
    stackctl(folder.path(), &["check"]).success();
    fs::read_to_string(folder.path().join("stack.yml")).unwrap()
}

#[test]
fn an_app_is_added_below_the_others() {
    let words = ["add", "app", "mail", "--image", "acme/mail:2", "--port", "8025:80", "--metrics", "80/q/metrics"];
    let expected = FILE.replace(
        "  cart: { image: acme/cart:1 }\n",
        "  cart: { image: acme/cart:1 }\n\n  mail:\n    image: acme/mail:2\n    ports: [\"8025:80\"]\n    \
         metrics: { port: 80, path: /q/metrics }\n",
    );
    assert_eq!(after(&words), expected);
}

#[test]
fn an_app_is_added_with_what_it_runs() {
    let words = ["add", "app", "job", "--image", "acme/mail:2", "--command", "sh -c 'echo $HOME # now'"];
    let after = after(&words);
    let (_, added) = after.split_once("  job:\n").expect("it is added");
    let command = "    image: acme/mail:2\n    command: \"sh -c 'echo $$HOME # now'\"\n";
    assert!(added.contains(command), "{after}");
}

#[test]
fn exporters_and_dashboards_are_added_too() {
    assert_eq!(after(&["add", "exporter", "cadvisor"]), format!("{FILE}  cadvisor: {{}}\n"));
    let expected = format!("{FILE}\ndashboards:\n  host: {{ preset: node }}\n");
    assert_eq!(after(&["add", "dashboard", "host", "--preset", "node"]), expected);
}

#[test]
fn what_is_removed_takes_its_comment_with_it() {
    assert_eq!(
        after(&["remove", "app", "cart"]),
        FILE.replace("  # Keeps the carts.\n  cart: { image: acme/cart:1 }\n\n", "")
    );
    assert_eq!(
        after(&["remove", "exporter", "node"]),
        FILE.replace("\n# Looks at the host.\nexporters:\n  node: {}\n", "")
    );
}

#[test]
fn a_scale_is_saved_where_it_stands() {
    let expected = FILE.replace("scale: 1 ", "scale: 3 ").replace("acme/cart:1 }", "acme/cart:1, scale: 2 }");
    assert_eq!(after(&["scale", "web=3", "cart=2", "--save", "--no-up"]), expected);
}

#[test]
fn a_change_that_would_break_the_stack_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yml");
    fs::write(&file, FILE).unwrap();
    for (words, reason) in [
        (&["add", "app", "web", "--image", "acme/web:2"][..], "is there already"),
        (&["add", "app", "Web!", "--image", "acme/web:2"], "cannot be a name"),
        (&["add", "app", "node", "--image", "acme/node:2"], "two services are called"),
        (&["add", "exporter", "nod"], "did you mean `node`?"),
        (&["remove", "app", "wep"], "`web`"),
        (&["scale", "nobody=2", "--save"], "nobody"),
    ] {
        let refused = stackctl(folder.path(), words).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains(reason), "{words:?}: {said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), FILE, "{words:?}");
    }
}

#[test]
fn what_is_watched_and_what_watches_is_told_with_the_command_that_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yml");
    let without = "name: shop\napps:\n  cache: { image: 'redis:7' }\n  web: { image: 'web:1' }\n";
    let with = format!("{without}exporters:\n  redis: {{ for: cache }}\n");
    let none = "name: shop\napps: { web: { image: 'web:1' } }\n";
    for (text, words, reasons) in [
        (
            without,
            &["remove", "exporter", "postgres"][..],
            ["no exporter is called `postgres`", "nothing under `exporters`"],
        ),
        (&with, &["remove", "exporter", "postgres"], ["no exporter is called `postgres`", "it has `redis`"]),
        (
            &with,
            &["remove", "app", "cache"],
            ["`redis` watches the app `cache`", "first `stackctl remove exporter redis`"],
        ),
        (without, &["add", "exporter", "redis"], ["which app to watch", "`stackctl add exporter redis --for cache`"]),
        (none, &["add", "exporter", "redis"], ["which app to watch", "`stackctl add exporter redis --for APP`"]),
        (without, &["add", "exporter", "redis", "--for", "cach"], ["stack.yml stays as it is", "did you mean `cache`"]),
    ] {
        fs::write(&file, text).unwrap();
        let refused = stackctl(folder.path(), words).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(reasons.iter().all(|reason| said.contains(reason)), "{words:?}: {said}");
        assert!(!said.contains("no exporters is"), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "{words:?}");
    }
    fs::write(&file, &with).unwrap();
    stackctl(folder.path(), &["remove", "exporter", "redis"]).success();
    stackctl(folder.path(), &["remove", "app", "cache"]).success();
}

#[test]
fn what_was_to_be_warned_of_before_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yml");
    fs::write(&file, "name: shop\nprometheus: { port: '0.0.0.0:9090' }\napps: { web: { image: web } }\n").unwrap();
    let told = |code: i32, words: &[&str]| {
        let run = stackctl(folder.path(), words).code(code);
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    assert_eq!(told(0, &["add", "app", "api", "--image", "api:1"]), "ok added apps.api to stack.yml\n");
    let news = told(0, &["add", "app", "job", "--image", "job"]);
    assert!(news.contains("`job` means whatever is newest") && news.matches("warning").count() == 1, "{news}");
    let wrong = told(2, &["add", "app", "API", "--image", "api:1"]);
    assert!(wrong.contains("error: two services are called") && !wrong.contains("warning"), "{wrong}");
}

#[test]
fn with_overlays_the_file_that_has_the_app_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stack.yml"), FILE).unwrap();
    fs::write(folder.path().join("more.yml"), "apps:\n  mail: { image: acme/mail:2 }\n").unwrap();
    let files = ["-f", "stack.yml", "-f", "more.yml"];
    stackctl(folder.path(), &[&files[..], &["scale", "mail=2", "--save", "--no-up"]].concat()).success();
    let more = fs::read_to_string(folder.path().join("more.yml")).unwrap();
    assert_eq!(more, "apps:\n  mail: { image: acme/mail:2, scale: 2 }\n");
    stackctl(folder.path(), &[&files[..], &["add", "app", "new", "--image", "acme/new:1"]].concat()).success();
    assert!(fs::read_to_string(folder.path().join("stack.yml")).unwrap().contains("acme/new:1"));
}

#[test]
fn what_an_anchor_shares_is_left_to_its_writer() {
    let shared = [
        "name: a\napps:\n  web: { image: 'x:1', scale: &n 2 }\n  api:\n    image: x:1\n    scale: *n\n",
        "name: a\napps:\n  web: &w { image: 'x:1' }\n  api: *w\n",
        "name: a\nx-base: &base { image: 'x:1' }\napps:\n  web: { <<: *base, scale: 2 }\n  api: *base\n",
    ];
    for text in shared {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("stack.yml"), text).unwrap();
        let refused = stackctl(folder.path(), &["scale", "api=3", "--save", "--no-up"]).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains("anchor"), "{said}");
        assert_eq!(fs::read_to_string(folder.path().join("stack.yml")).unwrap(), text);
    }
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("real.yml"), FILE).unwrap();
    std::os::unix::fs::symlink("real.yml", folder.path().join("stack.yml")).unwrap();
    stackctl(folder.path(), &["remove", "app", "cart"]).success();
    assert!(folder.path().join("stack.yml").is_symlink());
    assert!(!fs::read_to_string(folder.path().join("real.yml")).unwrap().contains("cart"));
}

/// What the file says after a command, which has to come to an end with that code; and what was said.
fn edited(text: &str, code: i32, words: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stack.yml"), text).unwrap();
    let run = stackctl(folder.path(), words).code(code);
    let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    (fs::read_to_string(folder.path().join("stack.yml")).unwrap(), said)
}

#[test]
fn lines_at_the_end_that_belong_to_a_text_stay() {
    let file = "name: a\napps:\n  web:\n    image: x:1\n    environment:\n      TEXT: |+\n        one\n\n\n";
    let (after, _) = edited(file, 0, &["add", "exporter", "node"]);
    assert_eq!(after, format!("{file}exporters:\n  node: {{}}\n"));
    let (after, _) = edited(file, 0, &["add", "app", "api", "--image", "y:1", "--metrics", "80"]);
    assert_eq!(after, format!("{file}  api:\n    image: y:1\n    metrics: {{ port: 80 }}\n"));
    let last = format!("{file}exporters:\n  node: {{}}\n");
    assert_eq!(edited(&last, 0, &["remove", "exporter", "node"]).0, file);
}

#[test]
fn what_a_section_shares_by_an_anchor_is_changed_for_nobody_else() {
    let shared = [
        ("name: a\napps:\n  web: &web\n    image: x:1\n    scale: 2\n  api:\n    <<: *web\n", "web"),
        ("name: a\napps:\n  web:\n    <<: &base { image: 'x:1', scale: 2 }\n  api: { <<: *base }\n", "web"),
        ("name: a\nx-web: &web { image: 'x:1', scale: 2 }\napps:\n  web: *web\n  api: *web\n", "api"),
    ];
    for (text, app) in shared {
        let (after, said) = edited(text, 2, &["scale", &format!("{app}=5"), "--save", "--no-up"]);
        assert_eq!(after, text);
        assert!(said.contains("anchor") && said.contains("by hand"), "{said}");
    }
    let own = "name: a\nx-web: &web\n  image: x:1\n  scale: 2\napps:\n  web:\n    <<: *web\n    restart: always\n  api: *web\n";
    let (after, _) = edited(own, 0, &["scale", "web=5", "--save", "--no-up"]);
    assert_eq!(after, own.replace("restart: always\n", "restart: always\n    scale: 5\n"));
}

#[test]
fn a_comment_is_no_anchor_and_brackets_and_the_end_of_the_document_are_written_around() {
    let text = "name: a\napps:\n  web: # R&D\n    image: x:1\n    scale: 1 # R&D\n";
    let (after, _) = edited(text, 0, &["scale", "web=2", "--save", "--no-up"]);
    assert_eq!(after, text.replace("scale: 1", "scale: 2"));

    let brackets = "{ name: a, apps: { web: { image: 'x:1' } } }\n";
    let (after, _) = edited(brackets, 0, &["add", "exporter", "node"]);
    assert_eq!(after, "{ name: a, apps: { web: { image: 'x:1' } }, exporters: { node: {} } }\n");
    assert_eq!(edited(&after, 0, &["remove", "exporter", "node"]).0, brackets);

    let ended = "name: a\napps:\n  web: { image: 'x:1' }\n...\n# the end\n";
    let (after, _) = edited(ended, 0, &["add", "exporter", "node"]);
    assert_eq!(after, ended.replace("...", "\nexporters:\n  node: {}\n..."));
    assert_eq!(edited(&after, 0, &["remove", "exporter", "node"]).0, ended);
}

#[test]
fn what_an_entry_is_needed_for_is_told_where_it_cannot_be_removed() {
    let text = "name: a\napps:\n  web: &web\n    image: x:1\n  api:\n    <<: *web\n";
    let (after, said) = edited(text, 2, &["remove", "app", "web"]);
    assert_eq!(after, text);
    assert!(said.contains("`*web` stands for nothing") && said.contains("by hand"), "{said}");
}

#[test]
fn a_pipe_or_a_device_is_no_file_to_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let changes: [&[&str]; 3] =
        [&["add", "app", "web", "--image", "x:1"], &["remove", "app", "web"], &["add", "exporter", "redis"]];
    for file in [pipe.to_str().unwrap(), "/dev/zero"] {
        for words in changes {
            let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stackctl"));
            command.current_dir(folder.path()).args(["-f", file]).args(words);
            let refused = command.timeout(std::time::Duration::from_secs(20)).assert().code(2);
            let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
            assert!(said.contains("pipe") || said.contains("device"), "{file} {words:?}: {said}");
        }
    }
}

#[test]
fn a_first_dashboard_tells_which_ones_end_with_it_and_what_brings_them_back() {
    let (after, said) = edited(FILE, 0, &["add", "dashboard", "host", "--preset", "node"]);
    assert!(after.ends_with("dashboards:\n  host: { preset: node }\n"), "{after}");
    assert!(said.contains("no longer shown are overview") && said.contains("node"), "{said}");
    assert!(
        said.contains("`stackctl add dashboard overview --preset overview` brings that back, and so for node"),
        "{said}"
    );
    let (_, said) = edited(&after, 0, &["add", "dashboard", "overview", "--preset", "overview"]);
    assert!(!said.contains("no longer shown"), "{said}");
    assert!(!edited(FILE, 0, &["-q", "add", "dashboard", "host", "--preset", "node"]).1.contains("no longer"));
}

#[test]
fn a_dashboard_of_which_nothing_is_said_is_asked_for_its_json_and_not_for_the_stack_file() {
    let (after, said) = edited(FILE, 2, &["add", "dashboard", "orders", "--file", "orders.json"]);
    assert_eq!(after, FILE);
    assert!(said.contains("`add dashboard orders --json orders.json`"), "{said}");
    assert!(said.contains("`--file` names the stack file") && said.contains("overview, postgres"), "{said}");
    let (_, said) = edited(FILE, 2, &["add", "dashboard", "orders"]);
    assert!(said.contains("--json FILE`") && said.contains("--preset NAME"), "{said}");
}
