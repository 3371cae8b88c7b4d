//! `engine …` on an engine that a user runs: another file, another network, no administrator.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::tools;

const NOBODY: u32 = 65534;

/// How long the engine may take to start, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Programs and libraries that a rootless engine needs beside dockerd: package, file.
const NEEDS: [(&str, &str); 6] = [
    ("rootlesskit", "usr/bin/rootlesskit"),
    ("slirp4netns", "usr/bin/slirp4netns"),
    ("uidmap", "usr/bin/newuidmap"),
    ("uidmap", "usr/bin/newgidmap"),
    ("libslirp0", "usr/lib/ARCH-linux-gnu/libslirp.so.0"),
    ("libsubid4", "usr/lib/ARCH-linux-gnu/libsubid.so.4"),
];

/// As root, in mounts of its own: programs that may take other users' rights, a range of users for nobody, and a device that
/// nobody may open. Then nobody starts its engine.
const START: &str = r#"
mount --make-rprivate /
cp -r $F/programs $F/copies; mount -t tmpfs none $F/programs; cp $F/copies/* $F/programs; rm -r $F/copies
chmod u+s $F/programs/newuidmap $F/programs/newgidmap
echo nobody:200000:65536 >$F/programs/range
mount --bind $F/programs/range /etc/subuid; mount --bind $F/programs/range /etc/subgid
mknod -m 666 $F/programs/tun c 10 200; mount --bind $F/programs/tun /dev/net/tun
export HOME=$F/home XDG_RUNTIME_DIR=$F/run PATH=$F/programs:$PATH LD_LIBRARY_PATH=$F/programs
echo $$ >$F/pid
exec setpriv --reuid 65534 --regid 65534 --clear-groups rootlesskit --state-dir $F/run/kit --net=slirp4netns --mtu=65520 \
    --slirp4netns-sandbox=false --slirp4netns-seccomp=false --disable-host-loopback --port-driver=builtin \
    --copy-up=/etc --copy-up=/run --propagation=rslave \
    sh -c "rm -rf /run/docker /run/containerd /run/xtables.lock; exec dockerd --rootless --data-root $F/data"
"#;

struct Rootless(tempfile::TempDir);

impl Rootless {
    fn start() -> Self {
        let engine = Self(tempfile::Builder::new().prefix("sr").tempdir_in("/tmp").expect("a folder"));
        let folder = engine.0.path().display().to_string();
        fs::set_permissions(&engine.0, fs::Permissions::from_mode(0o755)).expect("it is ours");
        for name in ["programs", "home", "run", "data"] {
            fs::create_dir(engine.path(name)).expect("a new folder");
        }
        for name in ["home", "run", "data"] {
            chown(engine.path(name), Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        let dockerd = tools::binary("sid", "docker.io", "usr/sbin/dockerd");
        let mut programs = vec![dockerd.with_file_name("docker-proxy"), dockerd, env!("CARGO_BIN_EXE_stackctl").into()];
        let of_package = |(package, file): (&str, &str)| {
            tools::binary("bookworm", package, &file.replace("ARCH", std::env::consts::ARCH))
        };
        programs.extend(NEEDS.map(of_package));
        for program in programs {
            let name = program.file_name().expect("a file").to_owned();
            fs::copy(&program, engine.path("programs").join(&name)).expect("a copy that others can run");
            if name == "stackctl" {
                fs::copy(&program, engine.path("stackctl")).expect("a copy that others can run");
            }
        }
        engine.script("inside", &format!("set -e\nF={folder}\n{START}"));
        engine.script("start", &format!("unshare -m {folder}/inside </dev/null >>{folder}/log 2>&1 &"));
        let restart = "kill $(cat $F/pid); while [ -d /proc/$(cat $F/pid) ]; do sleep 0.05; done";
        engine.script("restart", &format!("F={folder}\n{restart}\n{folder}/start"));
        fs::create_dir_all(engine.file().parent().expect("a folder")).expect("a new folder");
        fs::write(engine.file(), "{\"storage-driver\": \"vfs\"}").expect("writable");
        for path in ["home/.config", "home/.config/docker", "home/.config/docker/daemon.json"] {
            chown(engine.path(path), Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        assert!(Command::new(engine.path("start")).status().expect("it runs").success());
        let answers = || engine.docker(&["version"]).is_some();
        assert!(wait_until(answers), "the rootless engine did not start:\n{}", engine.log());
        engine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("home/.config/docker/daemon.json")
    }

    fn script(&self, name: &str, text: &str) {
        fs::write(self.path(name), format!("#!/bin/sh\n{text}\n")).expect("writable");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn address(&self) -> String {
        format!("unix://{}", self.path("run/docker.sock").display())
    }

    fn docker(&self, arguments: &[&str]) -> Option<String> {
        let output =
            Command::new("docker").args(["-H", &self.address()]).args(arguments).output().expect("docker runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `stackctl engine WORDS…` in the user's home, by that user or by root.
    #[track_caller]
    fn engine(&self, code: i32, by_user: bool, words: &[&str]) -> String {
        let mut command = Command::new("setpriv");
        if by_user {
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        }
        command
            .arg(self.path("stackctl"))
            .arg("engine")
            .args(words)
            .stdin(Stdio::null())
            .current_dir(self.path("home"));
        command.env("HOME", self.path("home")).env("XDG_RUNTIME_DIR", self.path("run")).env_remove("XDG_CONFIG_HOME");
        command.env("DOCKER_HOST", self.address()).env("NO_COLOR", "1").env_remove("STACKCTL_FILE");
        let output = command.output().expect("setpriv is part of util-linux");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{said}\n{}", self.log());
        said
    }
}

impl Drop for Rootless {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.path("pid")).unwrap_or_default().trim().to_owned();
        let kill = |signal: &str| Command::new("sh").arg("-c").arg(format!("kill {signal} {pid}")).status();
        let gone = || !Path::new("/proc").join(&pid).exists();
        if !pid.is_empty() && !gone() {
            kill("-TERM").expect("sh runs");
            if !wait_until(gone) {
                kill("-KILL").expect("sh runs");
            }
        }
        let folder = self.0.path().display().to_string();
        let left = || processes_of(&folder);
        let ended = wait_until(|| left().is_empty());
        assert!(ended || std::thread::panicking(), "left behind: {:?}", left());
    }
}

fn processes_of(folder: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(folder)).collect()
}

fn wait_until(holds: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

#[test]
fn a_rootless_engine_is_changed_by_its_user_and_proved() {
    let engine = Rootless::start();
    let shown = engine.engine(0, true, &["show"]);
    let file = engine.file().display().to_string();
    assert!(shown.contains("Docker Engine, rootless") && shown.contains(&file), "{shown}");
    let before = fs::read_to_string(engine.file()).expect("readable");
    let told = engine.engine(0, true, &["apply", "--yes"]);
    assert!(told.contains("containers of this engine only: a rootless engine has a network of its own"), "{told}");
    let after = fs::read_to_string(engine.file()).expect("readable");
    assert_eq!(after, before.replace('}', ", \"metrics-addr\": \"172.17.0.1:9323\"}"));
    // The command that restarts it here needs root; the user's own systemd would not.
    let restart = engine.path("restart").display().to_string();
    let told = engine.engine(0, false, &["apply", "--yes", "--restart-command", &restart]);
    assert!(told.contains("ok      engine  engine   host.docker.internal:9323"), "{told}");
    engine.engine(0, true, &["rollback", "--yes"]);
    assert_eq!(fs::read_to_string(engine.file()).expect("readable"), before);

    let stack = engine.path("home/stack.yml");
    fs::write(&stack, "name: demo\napps: {}\nengine: { live_restore: true }\n").expect("writable");
    chown(&stack, Some(NOBODY), Some(NOBODY)).expect("root may");
    let told = engine.engine(2, true, &["apply", "--yes"]);
    assert!(told.contains("keeps no container of a rootless engine running"), "{told}");
    assert_eq!(fs::read_to_string(engine.file()).expect("readable"), before);
}
