//! Desired → files: the golden folders, and what holds for every stack.

mod support;

use std::fs;

use stackctl::desired::{Desired, Facts};
use stackctl::render::{self, Change};
use stackctl::stack::Stack;
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
fn a_stack_that_uses_every_setting_is_rendered_as_in_its_golden_folder() {
    check("everything", &stacks::everything(), &Facts::default());
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

#[cfg(unix)]
#[test]
fn written_files_can_be_read_by_the_users_inside_the_containers() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    render::write(&render::all(&Desired::of(&stacks::hello(), &Facts::default())), folder.path()).unwrap();
    let mode = fs::metadata(folder.path().join("prometheus/prometheus.yml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prometheus"), "a file where a folder should be").unwrap();
    let files = render::all(&Desired::of(&stacks::hello(), &Facts::default()));
    let error = render::write(&files, folder.path()).unwrap_err().to_string();
    assert!(error.contains(&*folder.path().join("prometheus").to_string_lossy()), "{error}");
}
