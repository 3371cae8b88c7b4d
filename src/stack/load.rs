//! Files → [`Stack`]: read, fill in variables, lay overlays, read the sections, look at the files they name, apply the rules.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::collector::Collector;
use super::document::{self, Node, Reader, SIZE_LIMIT, Span};
use super::include::{self, Joint, ReadCompose};
use super::problem::Problems;
use super::{Environment, Stack, dotenv, files, input, mask, rules, sections};

/// The files of variables beside a stack file; what the first sets counts. The second is stackctl's alone: what stands in it
/// comes to no app that reads `.env` itself.
pub const VARIABLE_FILES: [&str; 2] = [".env", ".env.stackctl"];

/// What other parts of stackctl know by name. An empty list means that its names are not checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vocabulary<'a> {
    /// Exporters of the catalogue.
    pub exporters: &'a [&'a str],
    /// Presets of dashboards.
    pub presets: &'a [&'a str],
    /// Who reads the Compose files that a stack file includes. `None`: it can include none.
    pub compose: Option<ReadCompose>,
}

/// A stack file that is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What it says.
    pub stack: Stack,
    /// What is probably not meant.
    pub warnings: Problems,
    /// Folder of the first file, absolute. Relative paths are resolved against it.
    pub folder: PathBuf,
    /// The variables, those of [`VARIABLE_FILES`] included, from which secrets are read at the last moment.
    pub environment: Environment,
    /// Variables that are not set, and that who needs no secrets does not need: what they stand in was taken out.
    pub unset: BTreeSet<String>,
}

/// Loads a stack from files; later ones overlay earlier ones. Variables come from the environment, then from
/// [`VARIABLE_FILES`] beside the first file.
///
/// # Errors
/// All problems of all files at once.
pub fn load(paths: &[PathBuf], environment: &Environment, vocabulary: &Vocabulary) -> Result<Loaded, Problems> {
    load_files(paths, environment, vocabulary, true)
}

/// The same for who only looks at what runs, or takes it away: files of secrets may be missing, and variables need not be set,
/// but for the name of the stack.
///
/// # Errors
/// All other problems of all files at once.
pub fn load_without_secrets(
    paths: &[PathBuf],
    environment: &Environment,
    vocabulary: &Vocabulary,
) -> Result<Loaded, Problems> {
    load_files(paths, environment, vocabulary, false)
}

fn load_files(
    paths: &[PathBuf],
    environment: &Environment,
    vocabulary: &Vocabulary,
    needs_secrets: bool,
) -> Result<Loaded, Problems> {
    let mut problems = Collector::default();
    let texts: Vec<_> = paths.iter().filter_map(|path| read_file(path, &mut problems)).collect();
    if paths.is_empty() {
        problems.error_in(String::new(), 0, "no stack file is given", "give one with `-f FILE`");
    }
    if problems.has_errors() {
        return Err(problems.finish());
    }
    // The folder of `stack.yml` is the working directory: an empty path cannot be made absolute.
    let folder = paths.first().and_then(|path| path.parent()).filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    assemble(texts, (folder, needs_secrets), environment, vocabulary, problems)
}

/// Loads a stack from files, one of which has another text by now that is not written yet.
///
/// # Errors
/// All problems of all files at once.
pub fn load_changed(
    paths: &[PathBuf],
    changed: (&Path, &str),
    environment: &Environment,
    vocabulary: &Vocabulary,
) -> Result<Loaded, Problems> {
    let mut problems = Collector::default();
    let read = |path: &PathBuf| {
        if path == changed.0 {
            decode(&path.display().to_string(), changed.1.as_bytes().to_vec(), &mut problems)
                .map(|text| (path.display().to_string(), text))
        } else {
            read_file(path, &mut problems)
        }
    };
    let texts: Vec<_> = paths.iter().filter_map(read).collect();
    if problems.has_errors() {
        return Err(problems.finish());
    }
    let folder = paths.first().and_then(|path| path.parent()).filter(|folder| !folder.as_os_str().is_empty());
    assemble(texts, (folder.unwrap_or(Path::new(".")), true), environment, vocabulary, problems)
}

/// Loads a stack from a text, as if it stood in the file `name` in that folder.
///
/// # Errors
/// All problems at once.
pub fn parse(
    name: &str,
    text: &str,
    folder: &Path,
    environment: &Environment,
    vocabulary: &Vocabulary,
) -> Result<Loaded, Problems> {
    let mut problems = Collector::default();
    match decode(name, text.as_bytes().to_vec(), &mut problems) {
        Some(text) => assemble(vec![(name.to_owned(), text)], (folder, true), environment, vocabulary, problems),
        None => Err(problems.finish()),
    }
}

fn assemble(
    texts: Vec<(String, String)>,
    (named_folder, needs_secrets): (&Path, bool),
    environment: &Environment,
    vocabulary: &Vocabulary,
    mut problems: Collector,
) -> Result<Loaded, Problems> {
    let folder = std::path::absolute(named_folder).unwrap_or_else(|_| named_folder.to_path_buf());
    let of_process = environment;
    let mut environment = environment.clone();
    for name in VARIABLE_FILES {
        environment.add_missing(variables_in(&folder, name, &environment, &mut problems));
    }
    let is_overlaid = texts.len() > 1;
    let Some(root) = documents(texts, (&environment, needs_secrets), &mut problems) else {
        return Err(problems.finish());
    };
    let joint = Joint { folder: named_folder, of_process, compose: vocabulary.compose };
    let mut root = include::join(root, &joint, &mut environment, &mut problems);
    files::pass_through(&mut root, &environment);
    let mut stack = sections::read(&root, &mut Reader::new(&mut problems));
    let place = files::Place { folder: &folder, is_overlaid, needs_secrets };
    files::resolve(&mut stack, &root, place, &environment, &mut problems);
    rules::examine(&stack, &root, vocabulary, &mut problems);
    if problems.has_errors() {
        return Err(problems.finish());
    }
    let unset = std::mem::take(&mut problems.unset);
    Ok(Loaded { stack, warnings: problems.finish(), folder, environment, unset })
}

/// The documents of all texts, laid over each other; `None` where one of them is not YAML.
fn documents(
    texts: Vec<(String, String)>,
    (environment, needs_values): (&Environment, bool),
    problems: &mut Collector,
) -> Option<Node> {
    let mut root: Option<Node> = None;
    let mut is_whole = true;
    for (name, text) in texts {
        let source = problems.add_source(name, text.clone());
        let Some(mut node) = document::parse(&text, source, problems) else {
            is_whole = false;
            continue;
        };
        problems.cover(mask::secrets(&node));
        document::interpolate(&mut node, environment, needs_values, problems);
        match &mut root {
            None => root = Some(node),
            Some(below) => document::overlay(below, node),
        }
    }
    root.filter(|_| is_whole)
}

/// The variables of a file of that name, where there is one.
fn variables_in(
    folder: &Path,
    name: &str,
    environment: &Environment,
    problems: &mut Collector,
) -> Vec<(String, String)> {
    let bytes = match input::read_regular(&folder.join(name)) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Vec::new(),
        Err(error) => {
            // Without it, variables would fall back to their defaults without a word.
            let message = format!("cannot read the file of variables: {}", reason(&error));
            problems.error_in(name.to_owned(), 1, message, "let this user read it, or move it away");
            return Vec::new();
        }
    };
    let (pairs, bad) = dotenv::decode(&bytes, environment);
    for line in bad {
        let help = line.help();
        if line.is_unset {
            let message = format!("{}: nothing stands in for it, as with Compose", line.message);
            problems.warning_in(name.to_owned(), line.line, message, help);
        } else {
            problems.error_in(name.to_owned(), line.line, line.message, help);
        }
    }
    pairs
}

/// The text of a file and its name; what is wrong is recorded.
fn read_file(path: &Path, problems: &mut Collector) -> Option<(String, String)> {
    let name = path.display().to_string();
    match input::read(path, "-f") {
        Ok(bytes) => decode(&name, bytes, problems).map(|text| (name, text)),
        Err(error) => {
            let message = format!("cannot read the stack file: {}", reason(&error));
            let compose = compose_file(path).filter(|_| error.kind() == std::io::ErrorKind::NotFound);
            let help = compose
                .map(|file| format!("{file} lies there: `stackctl init` makes a stack file of it, or one beside it"));
            problems.error_in(name, 1, message, help.as_deref().unwrap_or_else(|| remedy(&error)));
            None
        }
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// The file that Compose would take in the folder of a stack file that is not there.
fn compose_file(stack_file: &Path) -> Option<&'static str> {
    const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    let folder = stack_file.parent().unwrap_or(Path::new("."));
    NAMES.into_iter().find(|name| folder.join(name).is_file())
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            "name another with `-f FILE`, write one with `stackctl init`, or by hand: `name: hello` and below it \
             `apps: { web: { image: IMAGE, ports: [\"8080:80\"], metrics: {} } }`"
        }
        std::io::ErrorKind::IsADirectory => "name the file in it with `-f FOLDER/stack.yml`",
        std::io::ErrorKind::PermissionDenied => {
            "see who may read it and its folders with `namei -l FILE`, and run this as such a user or change that with `chmod`"
        }
        _ => "see whether `cat FILE` can read it, or name another with `-f FILE`",
    }
}

/// The bytes as text, where they can be a stack file.
pub(super) fn decode(name: &str, bytes: Vec<u8>, problems: &mut Collector) -> Option<String> {
    let size = bytes.len();
    let (text, bad) = match String::from_utf8(bytes) {
        Ok(text) => {
            let bad = text.find(['\0', '\u{1}', '\u{7f}']);
            (text, bad)
        }
        Err(error) => {
            let bad = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(&error.into_bytes()[..bad]).into_owned(), Some(bad))
        }
    };
    let (at, message, help) = match bad {
        _ if size > SIZE_LIMIT => {
            let message = format!("the file has more than {} MiB", SIZE_LIMIT >> 20);
            (Span::top(0), message, "is it really a stack file?")
        }
        Some(bad) => (
            position(&text, bad),
            "not text: a byte that UTF-8 text does not have".to_owned(),
            "save the file as UTF-8",
        ),
        None => return Some(text),
    };
    let source = problems.add_source(name.to_owned(), String::new());
    let source = Span::top(source).source;
    problems.error(Span { source, ..at }, "", message, help);
    None
}

/// Line and column of a byte.
fn position(text: &str, byte: usize) -> Span {
    let before = &text[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Span { line: narrow(line), column: narrow(column), ..Span::top(0) }
}
