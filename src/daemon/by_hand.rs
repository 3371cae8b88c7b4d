//! The commands that an administrator would type for the same change, for those who may not make it themselves.

use std::borrow::Cow;

use super::{Backup, ConfigFile, Dockerd, without_credentials};

/// What shall be typed.
#[derive(Debug, Clone, Copy)]
pub struct ByHand<'a> {
    /// The file as it is.
    pub file: &'a ConfigFile,
    /// What shall be in it.
    pub text: &'a str,
    /// Whose program looks at the new file before it counts. `None`: there is none that could.
    pub dockerd: Option<&'a Dockerd>,
    /// What has to be typed before a restart. `None`: nothing.
    pub reload: Option<&'a str>,
    /// What restarts the engine. `None`: nobody knows.
    pub restart: Option<&'a str>,
    /// The file belongs to who types: without `sudo`.
    pub is_own: bool,
}

impl ByHand<'_> {
    /// A copy, the new file beside it, a look at it, one rename, a restart: each only where the one before went well.
    pub fn commands(&self) -> String {
        let sudo = if self.is_own { "" } else { "sudo " };
        let path = self.file.path().display().to_string();
        let path = quoted(&path);
        let prepare = match self.file.bytes() {
            // Typed a second time, it leaves the first copy alone.
            Some(_) => {
                format!("{sudo}cp -p {path} {path}.before-$(date +%Y-%m-%dT%H%M%S)\n{sudo}cp -p {path} {path}.new")
            }
            None => format!("{sudo}install -D -m 644 /dev/null {path}.new"),
        };
        let text = self.text.trim_end_matches('\n');
        let look = self.dockerd.map(|dockerd| format!("{sudo}{} --validate --config-file {path}.new", line(dockerd)));
        let rename = format!("{sudo}mv {path}.new {path}");
        let last =
            [look.as_deref(), Some(&rename), self.reload, self.restart].into_iter().flatten().collect::<Vec<_>>();
        let mut commands =
            format!("{prepare}\n{sudo}tee {path}.new >/dev/null <<'END'\n{text}\nEND\n{}", last.join(" &&\n  "));
        if self.restart.is_none() {
            commands.push_str("\n# then restart the engine");
        }
        commands
    }
}

/// What shall be typed to put a copy back.
#[derive(Debug, Clone, Copy)]
pub struct BackByHand<'a> {
    /// The file as it is.
    pub file: &'a ConfigFile,
    /// What shall be in its place.
    pub copy: &'a Backup,
    /// Whose program looks at the copy before it counts. `None`: there is none that could.
    pub dockerd: Option<&'a Dockerd>,
    /// What the file has to say for a moment, and what has the engine read that. `None`: nothing comes before.
    pub before: Option<(&'a str, &'a str)>,
    /// What puts it in force. `None`: nothing has to, or nobody knows.
    pub then: Option<&'a str>,
    /// The file belongs to who types: without `sudo`.
    pub is_own: bool,
}

impl BackByHand<'_> {
    /// A copy of what there is, a look at what comes, one rename, and what puts it in force: each only where the one before went
    /// well.
    pub fn commands(&self) -> String {
        let sudo = if self.is_own { "" } else { "sudo " };
        let shown = |path: &std::path::Path| quoted(&path.display().to_string()).into_owned();
        let (path, copy) = (shown(self.file.path()), shown(self.copy.path()));
        let kept = format!("{path}.before-$(date +%Y-%m-%dT%H%M%S)");
        let look = self.dockerd.map(|dockerd| format!("{sudo}{} --validate --config-file {copy}", line(dockerd)));
        let rename =
            if self.copy.has_bytes() { format!("{sudo}mv {copy} {path}") } else { format!("{sudo}rm {path} {copy}") };
        let then = self.then.map(str::to_owned);
        let chain = look.into_iter().chain([rename]).chain(then).collect::<Vec<_>>().join(" &&\n  ");
        let Some((text, reload)) = self.before else { return format!("{sudo}cp -p {path} {kept} &&\n  {chain}") };
        let (file, reload, restart) = (self.file, Some(reload), Some(chain.as_str()));
        ByHand { file, text, dockerd: None, reload, restart, is_own: self.is_own }.commands()
    }
}

/// A dockerd's program with its flags, the one that names its file aside.
fn line(dockerd: &Dockerd) -> String {
    let (program, flags) = dockerd.arguments.split_first().map_or(("dockerd", &[][..]), |(first, rest)| (first, rest));
    let program = match program {
        relative if relative.contains('/') => dockerd.folder().join(relative).display().to_string(),
        name => name.to_owned(),
    };
    let words = std::iter::once(program).chain(super::validate::without_config_file(flags).into_iter().cloned());
    let words: Vec<String> = words.map(|word| quoted(&without_credentials(&word)).into_owned()).collect();
    words.join(" ")
}

fn quoted(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(dockerd: Option<&str>, restart: Option<&str>, is_own: bool) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("my daemon.json");
        std::fs::write(&path, "{}").expect("writable");
        let file = ConfigFile::read(&path).expect("readable");
        let arguments = |line: &str| line.split(' ').map(str::to_owned).collect();
        let dockerd = dockerd.map(|line| Dockerd { pid: 1, arguments: arguments(line) });
        let by_hand = ByHand { file: &file, text: "{ }\n", dockerd: dockerd.as_ref(), reload: None, restart, is_own };
        by_hand.commands().replace(&folder.path().display().to_string(), "/etc")
    }

    #[test]
    fn the_new_file_counts_only_where_the_engines_program_starts_with_it() {
        let dockerd = "/usr/sbin/dockerd -H fd:// --config-file /etc/d.json --http-proxy http://me:secret@proxy:1";
        assert_eq!(
            commands(Some(dockerd), Some("sudo systemctl restart docker.service"), false),
            "sudo cp -p '/etc/my daemon.json' '/etc/my daemon.json'.before-$(date +%Y-%m-%dT%H%M%S)\n\
             sudo cp -p '/etc/my daemon.json' '/etc/my daemon.json'.new\n\
             sudo tee '/etc/my daemon.json'.new >/dev/null <<'END'\n{ }\nEND\n\
             sudo /usr/sbin/dockerd -H fd:// --http-proxy 'http://…@proxy:1' --validate --config-file \
             '/etc/my daemon.json'.new &&\n  sudo mv '/etc/my daemon.json'.new '/etc/my daemon.json' &&\n  \
             sudo systemctl restart docker.service"
        );
    }

    #[test]
    fn who_owns_the_file_needs_no_administrator() {
        let told = commands(None, None, true);
        assert!(!told.contains("sudo") && told.ends_with("\n# then restart the engine"), "{told}");
    }
}
