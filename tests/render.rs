//! Desired → files: the golden folders, and what holds for every stack.

mod support;

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};
use stackctl::desired::{Desired, Facts};
use stackctl::render::{self, Change};
use stackctl::stack::{App, DependencyCondition, Discovery, Metrics, Prometheus, Stack, Toggle};
use support::cost::{cost, grows_with_the_work};
use support::{golden, stacks};

fn check(name: &str, stack: &Stack, facts: &Facts) {
    golden::check(name, &render::all(&Desired::of(stack, facts)));
}

#[test]
fn the_smallest_stack_is_rendered_as_in_its_golden_folder() {
    check("hello", &stacks::hello(), &Facts::default());
}

#[test]
fn the_image_gallery_is_rendered_as_in_its_golden_folder() {
    check("image-gallery", &stacks::image_gallery(), &Facts::default());
}

#[test]
fn the_demo_without_a_registry_is_rendered_as_in_its_golden_folder() {
    check("demo", &stacks::demo(), &stacks::debian_facts());
}

#[test]
fn the_host_monitor_is_rendered_as_in_its_golden_folder() {
    check("host-monitor", &stacks::shipped("host-monitor.yml"), &Facts::default());
}

#[test]
fn the_list_of_two_hosts_is_rendered_as_in_its_golden_folder() {
    check("two-hosts", &stacks::shipped("two-hosts.yml"), &Facts::default());
}

#[test]
fn a_stack_that_uses_every_setting_is_rendered_as_in_its_golden_folder() {
    check("everything", &stacks::everything(), &Facts::default());
}

#[test]
fn a_stack_that_tells_of_alerts_in_every_way_is_rendered_as_in_its_golden_folder() {
    check("alerting", &stacks::alerting(), &Facts::default());
}

#[test]
fn a_stack_with_two_prometheus_servers_is_rendered_as_in_its_golden_folder() {
    check("replicas", &stacks::replicas(), &Facts::default());
}

#[test]
fn a_stack_whose_targets_are_shared_is_rendered_as_in_its_golden_folder() {
    check("shards", &stacks::shards(), &Facts::default());
}

#[test]
fn every_stack_that_comes_with_stackctl_renders() {
    let names = stacks::all_shipped();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let files = render::all(&Desired::of(&stacks::shipped(&name), &Facts::default()));
        assert!(files.0.contains_key("compose.yml"), "{name}");
    }
}

#[test]
fn a_second_write_changes_nothing_and_a_changed_file_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let files = render::all(&Desired::of(&stacks::hello(), &Facts::default()));
    let first = render::write(&files, folder.path()).unwrap();
    assert_eq!(first.len(), files.0.len());
    assert!(first.iter().all(|written| written.change == Change::Created));
    assert_eq!(render::write(&files, folder.path()).unwrap(), []);

    fs::write(folder.path().join("compose.yml"), "changed by hand").unwrap();
    fs::write(folder.path().join("prometheus/mine.yml"), "somebody else's").unwrap();
    let again = render::write(&files, folder.path()).unwrap();
    assert_eq!(
        again.iter().map(|written| (written.path.as_str(), written.change)).collect::<Vec<_>>(),
        [("compose.yml", Change::Updated)]
    );
    assert!(folder.path().join("prometheus/mine.yml").exists());
}

#[test]
fn a_compose_file_of_somebody_else_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yml"), "services: {}\n").unwrap();
    let files = render::all(&Desired::of(&stacks::hello(), &Facts::default()));
    let error = render::write(&files, folder.path()).unwrap_err().to_string();
    assert!(error.contains("compose.yml") && error.contains("has not written"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("compose.yml")).unwrap(), "services: {}\n");
    assert!(!folder.path().join("prometheus").exists(), "nothing else is written");
}

#[cfg(unix)]
#[test]
fn written_files_can_be_read_by_the_users_inside_the_containers() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    render::write(&render::all(&Desired::of(&stacks::hello(), &Facts::default())), folder.path()).unwrap();
    let mode = fs::metadata(folder.path().join("prometheus/prometheus.yml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    // No container reads this one, and passwords may stand in it.
    let compose = folder.path().join("compose.yml");
    let mode = || fs::metadata(&compose).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&compose, fs::Permissions::from_mode(0o644)).unwrap();
    render::write(&render::all(&Desired::of(&stacks::hello(), &Facts::default())), folder.path()).unwrap();
    assert_eq!(mode(), 0o600, "also where nothing else is to be written");
}

/// Through the program: a umask is the whole process'.
#[cfg(unix)]
#[test]
fn a_new_folder_comes_into_being_whole_and_is_read_in_containers_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("stack.yml"),
        "name: hello\nprometheus: {}\napps: { web: { image: example/web:1 } }\n",
    )
    .unwrap();
    let render = |umask: &str, into: &str| {
        let line = format!("umask {umask} && exec {} render -q -o {into}", env!("CARGO_BIN_EXE_stackctl"));
        let run = std::process::Command::new("sh").arg("-c").arg(line).current_dir(folder.path()).output().unwrap();
        assert!(run.status.success(), "{run:?}");
        let mode = |path: &str| {
            let path = folder.path().join(into).join(path);
            fs::metadata(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")).permissions().mode() & 0o777
        };
        (mode(""), mode("compose.yml"), mode("prometheus/prometheus.yml"))
    };
    assert_eq!(render("022", "plain"), (0o755, 0o600, 0o644));
    assert_eq!(render("022", "a/new/one/"), (0o755, 0o600, 0o644));
    assert_eq!(render("027", "hidden"), (0o750, 0o600, 0o644));
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["a", "hidden", "plain", "stack.yml"]);
}

#[test]
fn what_is_in_the_way_of_a_folder_decides_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("stack.yml"), "name: hello\napps: { web: { image: example/web:1 } }\n").unwrap();
    let mut render = std::process::Command::new(env!("CARGO_BIN_EXE_stackctl"));
    let run = render.args(["render", "-o", "stack.yml/out"]).current_dir(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{told}");
    assert!(told.contains("a file stands where a folder would have to be"), "{told}");
}

#[test]
fn what_a_killed_render_has_left_goes_with_the_next_one() {
    let desired = Desired::of(&stacks::hello(), &Facts::default());
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let leave = |path: std::path::PathBuf| {
        std::fs::write(&path, "half").expect("writable");
        std::fs::File::open(&path).and_then(|opened| opened.set_modified(old)).expect("its owner may");
        path
    };
    let beside = leave(folder.path().join(".stackctl-render-aaaaaaaa"));
    render::write(&render::all(&desired), &out).expect("it is written");
    assert!(!beside.exists());
    let inside =
        [leave(out.join(".stackctl-render-bbbbbbbb")), leave(out.join("prometheus/.stackctl-render-cccccccc"))];
    render::write(&render::all(&desired), &out).expect("it is written");
    assert!(inside.iter().all(|path| !path.exists()));
}

#[test]
fn a_path_that_goes_through_a_folder_that_is_not_there_is_read_without_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = folder.path().join("there");
    std::fs::create_dir(&there).expect("writable");
    for (written, plain) in [("new/..", ""), ("new/../out", "out"), ("there/..", "there/.."), ("a/b/../../out", "out")]
    {
        assert_eq!(
            render::plain(&folder.path().join(written)),
            folder.path().join(plain).components().collect::<std::path::PathBuf>(),
            "{written}"
        );
    }
    assert_eq!(render::plain(std::path::Path::new("no-such-folder/..")), std::path::Path::new("."));
}

#[test]
fn of_a_folder_that_cannot_be_made_whole_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = render::all(&Desired::of(&stacks::hello(), &Facts::default()));
    files.0.insert("compose.yml/below".to_owned(), "a file below a file".to_owned());
    let error = render::write(&files, &folder.path().join("out")).unwrap_err().to_string();
    assert!(error.contains("compose.yml"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prometheus"), "a file where a folder should be").unwrap();
    let files = render::all(&Desired::of(&stacks::hello(), &Facts::default()));
    let error = render::write(&files, folder.path()).unwrap_err().to_string();
    assert!(error.contains(&*folder.path().join("prometheus").to_string_lossy()), "{error}");
}

/// A stack in which that text stands wherever a stack file takes any text.
fn with_text_everywhere(text: &str) -> Stack {
    let metrics = |discovery| Metrics {
        discovery,
        path: Some(format!("/{text}")),
        labels: stacks::texts([("label", text)]),
        params: [("param".to_owned(), vec![text.to_owned()])].into(),
        ..Metrics::default()
    };
    let mut fixed = stacks::app("image", metrics(Discovery::Static));
    fixed.container.command = Some(stacks::words([text, "second"]));
    fixed.container.environment = stacks::texts([("VALUE", text)]);
    fixed.container.labels = stacks::texts([("label", text)]);
    let followed = App { image: "image".to_owned(), ..stacks::app("image", metrics(Discovery::Dns)) };
    let prometheus = Prometheus { external_labels: stacks::texts([("label", text)]), ..Prometheus::default() };
    Stack {
        apps: stacks::named([("fixed", fixed), ("followed", followed)]),
        prometheus: Toggle::On(prometheus),
        ..stacks::bare("text")
    }
}

fn parsed(desired: &Desired, path: &str) -> Value {
    serde_yaml::from_str(&render::all(desired).0[path]).expect("what is rendered is YAML")
}

fn dollars_doubled(text: &str) -> String {
    text.replace('$', "$$")
}

proptest! {
    #[test]
    fn whatever_a_text_contains_prometheus_reads_that_text(text in any::<String>()) {
        let desired = Desired::of(&with_text_everywhere(&text), &Facts::default());
        let config = parsed(&desired, "prometheus/prometheus.yml");
        let (fixed, followed) = (&config["scrape_configs"][1], &config["scrape_configs"][2]);
        prop_assert_eq!(config["scrape_configs"].as_array().unwrap().len(), 4);
        prop_assert_eq!(&fixed["metrics_path"], &json!(format!("/{text}")));
        prop_assert_eq!(&fixed["params"], &json!({ "param": [text] }));
        prop_assert_eq!(&fixed["static_configs"][0]["labels"], &json!({ "label": text }));
        prop_assert_eq!(&followed["relabel_configs"][0]["replacement"], &json!(dollars_doubled(&text)));
        prop_assert_eq!(&config["global"]["external_labels"]["label"], &json!(dollars_doubled(&text)));
    }

    #[test]
    fn whatever_a_text_contains_compose_reads_that_text(text in any::<String>()) {
        let desired = Desired::of(&with_text_everywhere(&text), &Facts::default());
        let compose = parsed(&desired, "compose.yml");
        let fixed = &compose["services"]["fixed"];
        prop_assert_eq!(compose["services"].as_object().unwrap().len(), 4);
        prop_assert_eq!(&fixed["command"], &json!([dollars_doubled(&text), "second"]));
        prop_assert_eq!(&fixed["environment"], &json!({ "VALUE": dollars_doubled(&text) }));
        prop_assert_eq!(&fixed["labels"]["label"], &json!(dollars_doubled(&text)));
    }
}

/// A stack in which each app waits for the one before it.
fn chain_of(length: usize) -> Stack {
    let chain = |position: usize| {
        let mut app = stacks::app("image", Metrics::default());
        let before = position
            .checked_sub(1)
            .map(|before| (stacks::name(&format!("app-{before}")), DependencyCondition::default()));
        app.wiring.depends_on = before.into_iter().collect();
        (stacks::name(&format!("app-{position}")), app)
    };
    Stack { apps: (0..length).map(chain).collect(), ..stacks::bare("large") }
}

#[test]
fn ten_times_as_many_apps_cost_ten_times_as_much() {
    let rendered = |stack: &Stack| render::all(&Desired::of(stack, &Facts::default()));
    let (few, _) = cost(|| rendered(&chain_of(300)));
    let (many, files) = cost(|| rendered(&chain_of(3_000)));
    assert!(files.0["compose.yml"].contains("app-2999"));
    assert!(files.0.contains_key("grafana/dashboards/app-2999.json"));
    grows_with_the_work(few, many);
}
