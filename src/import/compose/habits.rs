//! Habits in Compose files that cost people an evening, each with what to write instead.

use std::path::Path;

use super::mounts::Bind;
use super::names::split_image;
use super::project::scalar;
use super::{Project, mounts};
use crate::catalog::own;
use crate::import::remark::{Place, Remarks};
use crate::stack::{OutsideEntry, OutsideNode, OutsideValue};

/// Repositories of cAdvisor, all but the one that is kept.
const OLD_CADVISOR: [&str; 4] = [
    "google/cadvisor",
    "gcr.io/cadvisor/cadvisor",
    "gcr.io/google-containers/cadvisor",
    "gcr.io/google_containers/cadvisor",
];

/// The first cAdvisor that finds containers of an engine whose images are kept by containerd, as Docker 29 does.
const CONTAINERD_CADVISOR: (u32, u32) = (0, 54);

/// Looks at one service.
pub(super) fn look(project: &Project, name: &str, entry: &OutsideEntry, remarks: &mut Remarks) {
    let at = |key: &str| {
        let line = entry.node.entry(key).map_or(entry.key.line, |entry| entry.key.line);
        Place::at(&project.file, line, format!("services.{name}.{key}"))
    };
    let image = entry.node.entry("image").and_then(|entry| scalar(&entry.node)).map(|image| project.filled(image));
    if let Some(image) = image.filter(|_| entry.node.entry("build").is_none()) {
        image_habits(&image, &at("image"), remarks);
    }
    passwords(project, name, entry, remarks);
    single_files(project, &mounts::binds(project, &entry.node), at("volumes"), remarks);
}

/// Folders of the image that hold more than one program's files: nothing can be mounted there.
const SHARED_FOLDERS: [&str; 5] = ["", "/etc", "/opt", "/usr", "/var"];

/// Files that are mounted one by one: an editor that writes a new one in the place of the old is not noticed inside.
fn single_files(project: &Project, binds: &[Bind], place: Place, remarks: &mut Remarks) {
    let is_file = |bind: &&Bind| {
        let is_file = project.rebase.absolute(&bind.source).is_file() || has_extension(&bind.source);
        bind.is_path && is_file && !bind.source.starts_with("/dev") && has_extension(&bind.target)
    };
    let files: Vec<&Bind> = binds.iter().filter(is_file).collect();
    let folder = |bind: &Bind| bind.target.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let Some(first) = files.first().map(|bind| folder(bind)) else { return };
    let names: Vec<&str> = files.iter().map(|bind| bind.source.as_str()).collect();
    let (are, of_them) =
        if names.len() == 1 { ("is mounted as a single file", "it") } else { ("are mounted as single files", "one") };
    let message = format!("`{}` {are}: a new version of {of_them} is not seen inside", names.join("`, `"));
    let is_one_folder = files.iter().all(|bind| folder(bind) == first);
    let fix = if is_one_folder && !SHARED_FOLDERS.contains(&first.as_str()) {
        format!("mount a folder with all that belongs there: `./FOLDER:{first}:ro`")
    } else {
        "mount a folder of its own, and have it read there: `./FOLDER:/FOLDER:ro`".to_owned()
    };
    remarks.habit(place, message, fix);
}

/// Programs of databases that take a password behind `-p`, without a space.
const MYSQL: [&str; 6] = ["mysql", "mysqladmin", "mysqldump", "mariadb", "mariadb-admin", "mysqlcheck"];

/// Programs that take a password in the word after a flag.
const FLAGS: [(&str, &str); 5] =
    [("redis-cli", "-a"), ("valkey-cli", "-a"), ("mongosh", "-p"), ("mongo", "-p"), ("curl", "-u")];

/// Variables that hold a password in front of a program.
const ASSIGNED: [&str; 4] = ["PGPASSWORD=", "MYSQL_PWD=", "REDISCLI_AUTH=", "VALKEYCLI_AUTH="];

/// How hashes of passwords begin behind the name of their user.
const HASHES: [&str; 5] = [":$apr1$", ":$2y$", ":$2a$", ":$2b$", ":{SHA}"];

/// Whether a command line has a password in it that is no variable. `is_assigned`: one in front of a program counts, too.
fn has_password(line: &str, is_assigned: bool) -> bool {
    let words: Vec<&str> = line
        .split([' ', '\t', '\n', ';', '&', '|', '(', ')'])
        .map(|word| word.trim_matches(['"', '\'']))
        .filter(|word| !word.is_empty())
        .collect();
    let is_written = |word: &str| !matches!(word.trim_matches(['"', '\'']), "") && !word.contains('$');
    let mut program = "";
    for (index, word) in words.iter().enumerate() {
        let name = word.rsplit('/').next().unwrap_or(word);
        if MYSQL.contains(&name) || FLAGS.iter().any(|(known, _)| *known == name) {
            program = name;
        }
        let behind = |flag: &str| word.strip_prefix(flag).is_some_and(is_written);
        let next = words.get(index + 1).copied().unwrap_or_default();
        let is_flag = |(known, flag): &(&str, &str)| *known == program && word == flag && is_written(next);
        let is_login = program != "curl" || next.contains(':');
        if (is_assigned && ASSIGNED.into_iter().any(behind))
            || (MYSQL.contains(&program) && behind("-p"))
            || (is_login && FLAGS.iter().any(is_flag))
        {
            return true;
        }
    }
    false
}

/// Whether `users=NAME:HASH` stands in a label.
fn has_hash(key: &str, users: &str) -> bool {
    let users = users.replace("$$", "$");
    let is_list = key.to_ascii_lowercase().ends_with("basicauth.users");
    HASHES.iter().any(|hash| users.contains(hash)) || (is_list && users.contains(':') && !users.starts_with("${"))
}

/// Passwords where everybody reads them who may look at the container: in its health check and its command line, and hashes in
/// its labels.
fn passwords(project: &Project, name: &str, entry: &OutsideEntry, remarks: &mut Remarks) {
    let test = entry.node.entry("healthcheck").and_then(|check| check.node.entry("test"));
    if let Some(test) = test.filter(|test| has_password(&command_line(&test.node), true)) {
        let place = Place::at(&project.file, test.key.line, format!("services.{name}.healthcheck.test"));
        let message = "a password stands in the health check: it stays there, for all who may look at the container";
        let fix = "write `$$NAME` in its place, a variable of the container, with `CMD-SHELL`";
        remarks.habit(place, message, fix);
    }
    for key in ["command", "entrypoint"] {
        let Some(line) = entry.node.entry(key).filter(|line| has_password(&command_line(&line.node), false)) else {
            continue;
        };
        let place = Place::at(&project.file, line.key.line, format!("services.{name}.{key}"));
        let message = "a password stands in the command line: it stays in the stack file, and for all who may look at the container";
        let fix =
            "give it by a variable of the program's own, such as `MYSQL_PWD` or `REDISCLI_AUTH`, under `environment`";
        remarks.habit(place, message, fix);
    }
    let deploy = entry.node.entry("deploy").and_then(|deploy| deploy.node.entry("labels"));
    for labels in entry.node.entry("labels").into_iter().chain(deploy) {
        for (line, key, _) in labels_of(&labels.node).into_iter().filter(|(_, key, value)| has_hash(key, value)) {
            let place = Place::at(&project.file, line, format!("services.{name}.labels.{key}"));
            let message = "hashes of passwords stand in a label: they stay there, and can be guessed at";
            let fix = "keep them in a file that the proxy reads, such as Traefik's `basicauth.usersfile`";
            remarks.habit(place, message, fix);
        }
    }
}

/// A command, written as a text or as a list.
fn command_line(node: &OutsideNode) -> String {
    match &node.value {
        OutsideValue::Sequence(words) => words.iter().filter_map(scalar).collect::<Vec<_>>().join(" "),
        _ => scalar(node).unwrap_or_default().to_owned(),
    }
}

/// Labels with their lines, written as a map or as a list.
fn labels_of(node: &OutsideNode) -> Vec<(u32, &str, &str)> {
    match &node.value {
        OutsideValue::Mapping(entries) => entries
            .iter()
            .map(|(key, entry)| (entry.key.line, key.as_str(), scalar(&entry.node).unwrap_or_default()))
            .collect(),
        OutsideValue::Sequence(items) => items
            .iter()
            .filter_map(|item| {
                let (key, value) = scalar(item)?.split_once('=')?;
                Some((item.span.line, key, value))
            })
            .collect(),
        OutsideValue::Scalar(_) => Vec::new(),
    }
}

fn image_habits(image: &str, place: &Place, remarks: &mut Remarks) {
    let (repository, tag) = split_image(image);
    // stackctl's own image is that of whoever brings the stack up.
    if image.contains('@') || repository == own::IMAGE {
        return;
    }
    // Where a variable leaves the tag empty, that is told by itself.
    if tag.is_none_or(|tag| tag == "latest") {
        let message = "an image without a version: another day, another program";
        remarks.habit(place.clone(), message, "pin it: `IMAGE:VERSION`; `stackctl lock` keeps what runs today");
    }
    let version = tag.and_then(numbers);
    if OLD_CADVISOR.contains(&repository) && version.is_none_or(|version| version < CONTAINERD_CADVISOR) {
        let message = format!("`{image}` loses the names of containers on engines that keep images in containerd");
        remarks.habit(
            place.clone(),
            message,
            "take `ghcr.io/google/cadvisor:0.56.2`, or write `exporters: { cadvisor: {} }`",
        );
    }
}

/// The first two numbers of a tag.
fn numbers(tag: &str) -> Option<(u32, u32)> {
    let mut parts = tag.strip_prefix('v').unwrap_or(tag).split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn has_extension(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end.len() <= 10 && end != "d" && end != "sock")
}
