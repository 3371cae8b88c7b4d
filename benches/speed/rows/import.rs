//! Files of Compose and Prometheus, turned into a stack file.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::compose::RELEASES;
use crate::measure::{in_turns, run};
use crate::stack::stackctl;
use crate::table::Row;

const ROUNDS: usize = 11;
const CORPUS_ROUNDS: usize = 5;
const SERVICES: usize = 100;

pub(super) fn measure() -> Vec<Row> {
    std::iter::once(one_project()).chain(corpus()).collect()
}

/// One large project. Compose reads and prints the same file.
fn one_project() -> Row {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("compose.yml");
    std::fs::write(&file, project()).expect("the file is written");
    let mut own = stackctl();
    own.args(["--quiet", "import"]).arg(&file);
    let others = RELEASES.map(|release| {
        let mut command = Command::new(release.program());
        command.arg("-f").arg(&file).arg("config");
        command
    });
    let [stackctl, older, newer] =
        in_turns(ROUNDS, [&mut || run(&own), &mut || run(&others[0]), &mut || run(&others[1])]);
    let what = format!("import of {SERVICES} services (compose: config)");
    Row { what, stackctl, compose: Some([older, newer]), api: None }
}

fn project() -> String {
    let mut text = "name: many\nservices:\n".to_owned();
    for number in 1..=SERVICES {
        write!(
            text,
            "  app{number}:\n    image: example/app:{number}\n    ports: [\"127.0.0.1:{}:8080\"]\n    environment:\n      \
             - NUMBER={number}\n    volumes: [\"data{number}:/data\"]\n    networks: [back]\n",
            20_000 + number
        )
        .expect("a String takes everything");
    }
    text += "networks: { back: {} }\nvolumes:\n";
    for number in 1..=SERVICES {
        writeln!(text, "  data{number}: {{}}").expect("a String takes everything");
    }
    text
}

/// Other people's files, one after the other: a process for each, as somebody would who looks through them. They are not part
/// of the repository: `STACKCTL_DATA=DIR`.
fn corpus() -> Option<Row> {
    let data = std::env::var_os("STACKCTL_DATA").map(PathBuf::from)?;
    let mut files = Vec::new();
    for kind in ["compose", "prometheus"] {
        let folder = std::fs::read_dir(data.join("corpus").join(kind)).expect("the corpus is there");
        files.extend(folder.map(|entry| entry.expect("an entry").path()));
    }
    let mut all = Command::new("sh");
    all.args(["-c", "for file in \"$@\"; do \"$0\" --quiet import \"$file\" || exit 1; done"]);
    all.arg(env!("CARGO_BIN_EXE_stackctl")).args(&files);
    let [stackctl] = in_turns(CORPUS_ROUNDS, [&mut || run(&all)]);
    Some(Row { what: format!("import of {} files, each by itself", files.len()), stackctl, compose: None, api: None })
}
