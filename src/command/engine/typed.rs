//! Commands in advice, as people have to type them.

use super::subject::USUAL_SOCKET;
use crate::engine::Hints;

/// This command, as it was typed.
pub(in super::super) fn command_line() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default();
    format!("stackctl {words}")
}

/// A command with `sudo`, which keeps nothing of the environment: what says which engine and which stack file are meant is
/// written out.
pub(in super::super) fn as_administrator(command: &str) -> String {
    let engine = Hints::of_process().address().ok().map(|address| address.url).filter(|url| url != USUAL_SOCKET);
    let file = std::env::var("STACKCTL_FILE").ok().filter(|file| !file.is_empty());
    with_sudo(command, &[("DOCKER_HOST", engine), ("STACKCTL_FILE", file)])
}

fn with_sudo(command: &str, kept: &[(&str, Option<String>)]) -> String {
    let quoted = |name: &str, value: &str| format!("{name}={}", shlex::try_quote(value).unwrap_or_default());
    let kept = kept.iter().filter_map(|(name, value)| Some(quoted(name, value.as_deref()?)));
    let words: Vec<String> = std::iter::once("sudo".to_owned()).chain(kept).chain([command.to_owned()]).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::with_sudo;

    #[test]
    fn what_sudo_would_drop_is_written_out() {
        assert_eq!(with_sudo("stackctl engine apply", &[("A", None)]), "sudo stackctl engine apply");
        let kept = [("DOCKER_HOST", Some("unix:///run/a.sock".to_owned())), ("FILE", Some("my stack.yml".to_owned()))];
        assert_eq!(
            with_sudo("stackctl engine apply", &kept),
            "sudo DOCKER_HOST=unix:///run/a.sock FILE='my stack.yml' stackctl engine apply"
        );
    }
}
