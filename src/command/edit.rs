//! `add`, `remove` and `scale --save`: changes to the stack file that leave comments, order and every other line alone.

use std::path::{Path, PathBuf};

use super::{Exit, Failure, VOCABULARY, output, place};
use crate::cli::Global;
use crate::engine::Error;
use crate::stack::{self, Editor, Environment, STANDARD_INPUT, Wrong};

/// Changes one of the stack files, looks whether all of them together are still right, and only then writes it.
/// `belongs`: which file is meant where there are several; the last one counts, and else the first.
pub(super) fn change(
    global: &Global,
    belongs: impl Fn(&Editor) -> bool,
    edit: impl Fn(&Editor) -> Result<String, Wrong>,
) -> Result<PathBuf, Failure> {
    let editors = open(global)?;
    let found = editors.iter().rfind(|(_, editor)| belongs(editor)).or(editors.first());
    let Some((file, editor)) = found else {
        return Err(Failure::arguments("no stack file is given", "name one: `-f FILE`"));
    };
    let text = edit(editor).map_err(|wrong| Failure::arguments(wrong.message, wrong.help))?;
    prove(global, file, &text)?;
    place::write(file, &text, true)?;
    Ok((*file).clone())
}

/// Whether one of the stack files has an entry of that name.
pub(super) fn is_written(global: &Global, section: &str, name: &str) -> Result<bool, Failure> {
    Ok(open(global)?.iter().any(|(_, editor)| editor.has(section, name)))
}

fn open(global: &Global) -> Result<Vec<(&PathBuf, Editor)>, Failure> {
    let mut editors = Vec::new();
    if global.file.iter().any(|file| file.as_os_str() == STANDARD_INPUT) {
        return Err(Failure::arguments("standard input cannot be changed", "name the file that is meant: `-f FILE`"));
    }
    for file in &global.file {
        place::refuse_what_is_no_file(file, "name the file that is to be changed: `-f FILE`")?;
        let text = stack::read_text(file, "-f").map_err(|error| {
            let advice = "name it with `-f FILE`, or make one: `stackctl init`";
            Failure::World(Error::new(format!("cannot read {}", file.display()), error).advise(advice))
        })?;
        editors.push((file, Editor::open(&file.display().to_string(), &text)?));
    }
    Ok(editors)
}

/// The change is written only where the stack is right with it. What was to be warned of before is no news.
fn prove(global: &Global, file: &Path, text: &str) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let loaded = match stack::load_changed(&global.file, (file, text), &environment, &VOCABULARY) {
        Ok(loaded) => loaded,
        Err(problems) => {
            output::say(&format!(
                "{} stays as it is: with the change it would be wrong, as shown here",
                file.display()
            ));
            return Err(problems.errors().into());
        }
    };
    let before = stack::load(&global.file, &environment, &VOCABULARY).map(|before| before.warnings).unwrap_or_default();
    let news = loaded.warnings.beyond(&before);
    if !news.is_empty() && !global.quiet {
        output::say_problems(&news);
    }
    Ok(())
}

/// Says what was done to which file.
pub(super) fn done(global: &Global, file: &Path, what: &str) -> Exit {
    if !global.quiet {
        output::say(&format!("{} {what} {}", output::paint(output::GREEN, "ok"), file.display()));
    }
    Exit::Done
}
