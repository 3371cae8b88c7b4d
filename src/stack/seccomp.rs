//! Profiles for seccomp: the file names them by their files, and an engine wants what is in them.

use std::path::Path;

use super::ContainerSettings;
use super::document;
use super::files::Files;
use super::input::read_regular;

impl Files<'_> {
    /// Puts what is in the files of profiles in their place.
    pub(super) fn security(&mut self, container: &mut ContainerSettings, list: document::Path) {
        for (index, option) in container.security_opt.iter_mut().enumerate() {
            let Some(file) = file_of(option).map(|file| self.absolute(file)) else { continue };
            let profile = match read_regular(Path::new(&file)) {
                Ok(bytes) => {
                    serde_json::from_slice::<serde_json::Value>(&bytes).ok().filter(serde_json::Value::is_object)
                }
                // Who only looks at what runs, or takes it away, needs none.
                Err(_) if !self.needs_secrets => continue,
                Err(error) => {
                    self.cannot_read(list.index(index), &error);
                    continue;
                }
            };
            let Some(profile) = profile else {
                let help = "a profile is a JSON object, such as `{ \"defaultAction\": \"SCMP_ACT_ALLOW\" }`";
                self.error(list.index(index), "the file is no profile for seccomp", help);
                continue;
            };
            *option = format!("seccomp={profile}");
            container.security_files.insert(option.clone(), file);
        }
    }
}

/// The file that an option names. `builtin` is known from Engine 23 on.
fn file_of(option: &str) -> Option<&str> {
    let value = option.strip_prefix("seccomp").and_then(|rest| rest.strip_prefix(['=', ':']))?;
    let is_profile = value.trim_start().starts_with('{') || matches!(value, "" | "unconfined" | "builtin");
    (!is_profile).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::file_of;

    #[test]
    fn a_profile_is_named_by_its_file_or_written_out() {
        for option in ["seccomp=./a.json", "seccomp:./a.json"] {
            assert_eq!(file_of(option), Some("./a.json"));
        }
        for option in ["seccomp=unconfined", "seccomp:builtin", "seccomp={\"a\": 1}", "label=disable", "seccomp"] {
            assert_eq!(file_of(option), None, "{option}");
        }
    }
}
