//! The pictures of the README are what `dashboards snapshot` draws of the demo stack.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::dashboards::load;
use crate::sandbox::{Sandbox, eventually};

/// How long the demo is under load before its picture is taken for the README.
const UNDER_LOAD: Duration = Duration::from_secs(6 * 60);

/// The demo without what its file says of dashboards, on ports that nobody else has.
fn demo() -> Sandbox {
    let text = include_str!("../../stacks/demo.yml");
    let (text, _) = text.split_once("\ndashboards:").expect("the demo has a dashboard of its own");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("name:")).collect();
    let text = lines.join("\n") + "\n";
    let replaced = [
        ("from: auto", "from: debian"),
        ("port: 9090", "port: off"),
        ("port: 3000", "port: off"),
        ("    ports: [\"8010:80\"]\n", ""),
        ("node: {}", "node: { metrics: { port: 19188 } }"),
    ];
    let text = replaced.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "stacks/demo.yml has no `{from}` any more");
        text.replace(from, to)
    });
    Sandbox::bare(&text)
}

/// What does not depend on the numbers: the style sheet, every frame, every title.
fn fixed(svg: &str) -> Vec<String> {
    let shapes = svg.split_inclusive('>').scan(false, |is_word, shape| {
        let keep = *is_word || shape.starts_with("<style") || shape.contains("class=\"frame\"");
        *is_word = ["\"title\"", "heading\"", "\"ink large\""].iter().any(|class| shape.contains(class));
        *is_word |= shape.starts_with("<style");
        Some(keep.then(|| shape.to_owned()))
    });
    shapes.flatten().collect()
}

#[test]
fn the_pictures_of_the_readme_are_what_snapshot_draws_of_the_demo() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let is_blessed = std::env::var_os("BLESS").is_some();
    let stack = demo();
    stack.ok(&["up", "--scale", "accesslog=3"]);
    let start = Instant::now();
    loop {
        load(&stack, "image-gallery", "/", 10);
        if !is_blessed || start.elapsed() > UNDER_LOAD {
            break;
        }
    }
    eventually("a request was scraped", || {
        load(&stack, "image-gallery", "/", 1);
        let seen = stack.json(&["query", "sum(rate(image_gallery_requests_total[30s]))"]);
        seen["result"][0].is_object()
    });
    stack.ok(&["up", "--scale", "accesslog=3"]);
    let folder = stack.path("pictures");
    let since = ["--since", "6m", "--format", "svg", "image-gallery"];
    stack.ok(&[&["dashboards", "snapshot", "-o", &folder.display().to_string()][..], &since].concat());
    let drawn = std::fs::read_to_string(folder.join("image-gallery.svg")).expect("it is drawn");
    if is_blessed {
        std::fs::write(kept.join("image-gallery.svg"), &drawn).expect("the folder is writable");
    }
    let shown = std::fs::read_to_string(kept.join("image-gallery.svg")).expect("the README shows it");
    assert!(fixed(&shown).len() > 15, "{:#?}", fixed(&shown));
    assert_eq!(fixed(&shown), fixed(&drawn), "`BLESS=1 cargo test --test docker pictures` draws it anew");
    let names = std::fs::read_dir(kept).expect("the folder").flatten().map(|entry| entry.file_name());
    // `cargo bench --bench soak` draws the plots of its own page.
    let names: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with("soak-")).collect();
    assert_eq!(names, ["image-gallery.svg"], "every picture is drawn here");
}
