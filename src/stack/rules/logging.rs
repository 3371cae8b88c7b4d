//! Log drivers that write files, and their options. What other drivers need may come from the engine's own settings.

use super::super::document::Path;
use super::super::{Logging, suggest};
use super::settings::is_boolean;
use super::{Examination, each_container};

/// Options of every driver (`daemon/logger`).
const OF_EVERY_DRIVER: [&str; 6] =
    ["mode", "max-buffer-size", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"];

/// Options of the drivers that write files.
const OF_FILES: [&str; 3] = ["max-size", "max-file", "compress"];

/// Options that `json-file` has beside them.
const OF_JSON_FILE: [&str; 5] = ["labels", "labels-regex", "env", "env-regex", "tag"];

/// What the engine refuses: of its own settings, and it would start no container of the host; of a container's, and that one
/// would not start (`daemon/logger/jsonfilelog`, `daemon/logger/local`).
pub(super) fn logs_can_be_written(examination: &mut Examination) {
    let stack = examination.stack;
    if let Some(logging) = &stack.engine.logging {
        let path = Path::ROOT.key("engine");
        let path = path.key("logging");
        if logging.driver.trim().is_empty() {
            let help = "write `local`, which rotates, or another driver of the engine, or leave out `logging`";
            examination.error(path.key("driver"), "a log driver without a name", help);
        }
        options_fit(examination, path, logging);
    }
    each_container(examination, |examination, path, container, _| {
        if let Some(logging) = &container.logging {
            options_fit(examination, path.key("logging"), logging);
        }
    });
}

fn options_fit(examination: &mut Examination, path: Path, logging: &Logging) {
    let is_json = logging.driver == "json-file";
    if !is_json && logging.driver != "local" {
        return;
    }
    let path = path.key("options");
    let of_files = OF_EVERY_DRIVER.into_iter().chain(OF_FILES);
    let known: Vec<&str> = of_files.chain(OF_JSON_FILE.into_iter().filter(|_| is_json)).collect();
    for (name, value) in &logging.options {
        let item = path.key(name);
        let shown = value.escape_debug();
        if !known.contains(&name.as_str()) {
            let what = format!("option of `{}`", logging.driver);
            let add = format!("it knows {}", suggest::listed(&known));
            let wrong = suggest::unknown_name(&what, &name.escape_debug().to_string(), known.iter().copied(), add);
            examination.error_at_key(item, wrong.message, wrong.help);
            continue;
        }
        let (message, help) = match name.as_str() {
            "max-file" if !value.parse::<u32>().is_ok_and(|count| count > 0) => {
                (format!("`{shown}` is no number of files to keep"), "write a number from 1 on, in quotes: `\"3\"`")
            }
            "max-size" if !size(value).is_some_and(|size| size > 0.0 || !is_json) => {
                (format!("`{shown}` is no size of a file"), "write one such as `20m`")
            }
            "max-buffer-size" if size(value).is_none() => {
                (format!("`{shown}` is no size of a buffer"), "write one such as `4m`")
            }
            "compress" | "cache-disabled" if !is_boolean(value) => {
                (format!("`{shown}` is neither `true` nor `false`"), "write one of them, in quotes: `\"true\"`")
            }
            "mode" if !matches!(value.as_str(), "" | "blocking" | "non-blocking") => {
                (format!("`{shown}` is no mode of a log driver"), "write `blocking` or `non-blocking`")
            }
            _ => continue,
        };
        examination.error(item, message, help);
    }
    one_file_is_not_compressed(examination, path, logging);
}

/// Only what has been rotated is compressed, which `local` does unless it is told otherwise.
fn one_file_is_not_compressed(examination: &mut Examination, path: Path, logging: &Logging) {
    let is_one = logging.options.get("max-file").is_some_and(|count| count.parse() == Ok(1));
    let is_sized = logging.driver == "local" || logging.options.contains_key("max-size");
    let compresses = logging.options.get("compress").map_or(logging.driver == "local", |text| {
        is_boolean(text) && text.to_ascii_lowercase().starts_with(['t', '1'])
    });
    if is_one && is_sized && compresses {
        let help = "raise `max-file`, or write `compress: \"false\"`";
        examination.error(path.key("max-file"), "with one file there is none to compress", help);
    }
}

/// The bytes of a size as the engine reads it: `20m`, `1.5g`, `10 MiB`, `1048576`.
fn size(text: &str) -> Option<f64> {
    let end = text.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let unit = text[end..].strip_prefix(' ').unwrap_or(&text[end..]).to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let unit = unit.strip_suffix('i').unwrap_or(unit);
    let is_unit = matches!(unit, "" | "k" | "m" | "g" | "t" | "p");
    let is_number = text[..end].chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    text[..end].parse().ok().filter(|_| is_unit && is_number)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_as_the_engine_reads_them() {
        for text in ["1", "10m", "10M", "10mb", "10mib", "1.5g", "10 m", "1k"] {
            assert!(size(text).is_some_and(|size| size > 0.0), "{text}");
        }
        for text in ["", "x", "-1", "-1m", "10x", "m", "10  m", "1e5", "+1"] {
            assert_eq!(size(text), None, "{text}");
        }
        assert_eq!(size("0"), Some(0.0));
    }
}
