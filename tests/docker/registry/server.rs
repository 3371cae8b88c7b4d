//! A registry of a test's own on loopback: Debian's docker-registry, and a way to it that can be slow, or stop half-way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::sandbox::{docker, eventually, run};
use crate::tools;

/// Whom the registry knows, where it asks: a name, its password, and the line of an htpasswd file that says so (bcrypt).
pub(crate) const USER: &str = "ada";
pub(crate) const PASSWORD: &str = "right";
const PASSWORD_FILE: &str = "ada:$2y$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC\n";

/// A running registry. It ends, and its images leave the engine, when this is dropped.
pub(crate) struct Registry {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
}

impl Registry {
    /// One that gives to everybody.
    pub(crate) fn open() -> Self {
        Self::start("")
    }

    /// One that gives to [`USER`] only.
    pub(crate) fn with_password() -> Self {
        Self::start("auth: { htpasswd: { realm: test, path: FOLDER/htpasswd } }\n")
    }

    fn start(more: &str) -> Self {
        let program = tools::binary("bookworm", "docker-registry", "usr/bin/docker-registry");
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let root = folder.path().display().to_string();
        let config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: FOLDER/data }}, \
             delete: {{ enabled: true }} }}\nhttp: {{ addr: '127.0.0.1:{port}' }}\n{more}"
        );
        let config_file = folder.path().join("registry.yml");
        std::fs::write(&config_file, config.replace("FOLDER", &root)).expect("the folder is ours");
        std::fs::write(folder.path().join("htpasswd"), PASSWORD_FILE).expect("the folder is ours");
        let mut command = Command::new(program);
        command.arg("serve").arg(&config_file).stdout(Stdio::null()).stderr(Stdio::null());
        let registry = Self { server: command.spawn().expect("the registry starts"), folder, port };
        eventually("the registry listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        registry
    }

    /// `127.0.0.1:PORT`, which the engine asks without TLS.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Pushes an image of the engine under another name and takes that name away again. Gives the digest it has there.
    pub(crate) fn push(&self, image: &str, name: &str) -> String {
        let reference = format!("{}/{name}", self.host());
        let config = self.login(USER, PASSWORD);
        docker(&["tag", image, &reference]);
        let said = docker(&["--config", &config.display().to_string(), "push", &reference]);
        docker(&["rmi", &reference]);
        let digest = said.split_whitespace().find(|word| word.starts_with("sha256:"));
        digest.unwrap_or_else(|| panic!("push names no digest: {said}")).to_owned()
    }

    /// Pushes an image that nobody else has: `bytes` of noise. Gives its digest.
    pub(crate) fn push_noise(&self, name: &str, bytes: u64) -> String {
        let noise = self.folder.path().join(name.replace(['/', ':'], "-"));
        let mut random = std::fs::File::open("/dev/urandom").expect("Linux has it").take(bytes);
        let mut file = std::fs::File::create(&noise).expect("the folder is ours");
        std::io::copy(&mut random, &mut file).expect("the folder is ours");
        let archive = noise.with_extension("tar");
        let mut tar = tar::Builder::new(std::fs::File::create(&archive).expect("the folder is ours"));
        tar.append_path_with_name(&noise, "noise").expect("a tar file");
        tar.finish().expect("a tar file");
        let image = format!("stackctl-test/noise-{}-{}", self.port, name.replace(['/', ':'], "-"));
        docker(&["import", &archive.display().to_string(), &image]);
        let digest = self.push(&image, name);
        docker(&["rmi", &image]);
        digest
    }

    /// A folder for `DOCKER_CONFIG` where that user is logged in here.
    pub(crate) fn login(&self, user: &str, password: &str) -> PathBuf {
        self.login_at(&self.host(), user, password)
    }

    /// The same for another way to the registry.
    pub(crate) fn login_at(&self, host: &str, user: &str, password: &str) -> PathBuf {
        use base64::Engine as _;
        let folder = self.folder.path().join(format!("login-{user}-{password}-{}", host.replace(':', "-")));
        std::fs::create_dir_all(&folder).expect("the folder is ours");
        let auth = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
        let config = serde_json::json!({ "auths": { host: { "auth": auth } } });
        std::fs::write(folder.join("config.json"), config.to_string()).expect("the folder is ours");
        folder
    }

    /// Writes other bytes under the digest of every layer, as a damaged or hostile registry has them.
    pub(crate) fn damage_layers(&self) {
        let blobs = self.folder.path().join("data/docker/registry/v2/blobs/sha256");
        let mut damaged = 0;
        for file in files_below(&blobs) {
            let content = std::fs::read(&file).expect("readable");
            if content.starts_with(&[0x1f, 0x8b]) {
                let mut other = content.clone();
                let middle = other.len() / 2;
                other[middle] ^= 0xff;
                std::fs::write(&file, other).expect("the folder is ours");
                damaged += 1;
            }
        }
        assert!(damaged > 0, "the registry keeps its layers somewhere else");
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it was pushed to").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.kill().expect("it runs until now");
        self.server.wait().expect("it was killed");
        forget_images(&self.host());
    }
}

/// Takes the names of a host's images from the engine.
fn forget_images(host: &str) {
    let format = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
    let listed = run(Command::new("docker").args(["images", "--digests", "--format", format]));
    let names = listed.stdout.split_whitespace().filter(|name| name.starts_with(&format!("{host}/")));
    for name in names.filter(|name| !name.contains("<none>")) {
        run(Command::new("docker").args(["rmi", name]));
    }
}

/// How a [`Relay`] passes on what the registry sends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// So many bytes a second on each connection.
    Slow(usize),
    /// Nothing after so many bytes of a connection, which stays open.
    StopsAfter(usize),
}

/// Another address of a registry, which is slow or stops.
pub(crate) struct Relay {
    port: u16,
}

impl Relay {
    pub(crate) fn start(registry: &Registry, way: Way) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let target = registry.port;
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)) else { continue };
                let (to, from) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
                std::thread::spawn(move || drop(pass(from, to, None)));
                std::thread::spawn(move || drop(pass(server, client, Some(way))));
            }
        });
        Self { port }
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        forget_images(&self.host());
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, way: Option<Way>) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut passed = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return to.shutdown(Shutdown::Write);
        }
        passed += count;
        match way {
            Some(Way::StopsAfter(limit)) if passed > limit => loop {
                std::thread::park();
            },
            #[expect(clippy::cast_precision_loss, reason = "a rough pace will do")]
            Some(Way::Slow(pace)) => std::thread::sleep(Duration::from_secs_f64(count as f64 / pace as f64)),
            _ => {}
        }
        to.write_all(&buffer[..count])?;
    }
}

/// A listener that takes connections and never says a word, and how many it took.
pub(crate) struct Silence {
    port: u16,
    taken: Arc<AtomicUsize>,
}

impl Silence {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = taken.clone();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for client in listener.incoming() {
                kept.push(client);
                counter.store(kept.len(), Ordering::Relaxed);
            }
        });
        Self { port, taken }
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Connections that it holds.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
