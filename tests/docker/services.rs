//! Debian's own database servers as images, made where they are missing: what exporters watch in the tests.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;

use crate::sandbox::docker;
use crate::tools;

/// What the container starts, and how it sets the servers up.
const SERVE: &str = include_str!("serve.sh");

/// Servers in the image. It has a name for each, because stackctl knows apps by their images.
const PACKAGES: &str = "postgresql-15,redis-server,mariadb-server,nginx-light,memcached,haproxy,snmpd";
const NAMES: [&str; 7] = ["postgres", "redis", "mariadb", "nginx", "memcached", "haproxy", "snmpd"];

/// Folders that a server does not read: half of the image.
const NOT_NEEDED: [&str; 8] = [
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/perl",
    "usr/lib/gcc",
    "dev",
];

/// The image of a server, such as `stackctl-test/postgres:bookworm`.
pub(crate) fn image(name: &str) -> String {
    static ONCE: Once = Once::new();
    ONCE.call_once(make);
    assert!(NAMES.contains(&name), "{name}");
    reference(name)
}

fn reference(name: &str) -> String {
    format!("stackctl-test/{name}:bookworm")
}

fn make() {
    let folder = tools::root();
    fs::create_dir_all(&folder).expect("the target folder is writable");
    // Test programs of several worktrees may run at the same time; the first one makes the image.
    let lock = File::create(folder.join("services.lock")).expect("the target folder is writable");
    lock.lock().expect("a file of ours can be locked");
    let stamp = format!("{}/{}", PACKAGES, SERVE.len());
    let listed = docker(&["images", "-q", "--filter", &format!("label=stackctl-test={stamp}"), &reference("postgres")]);
    if listed.trim().is_empty() {
        import(&folder, &stamp);
    }
}

/// A small Debian of its own, in a folder, and an image of that.
fn import(folder: &Path, stamp: &str) {
    tools::installed("/usr/sbin/debootstrap", "debootstrap");
    let root = folder.join("services");
    if root.exists() {
        fs::remove_dir_all(&root).expect("a folder of ours can be removed");
    }
    let archive = tools::archive().unwrap_or_else(|reason| panic!("cannot tell this host's Debian archive: {reason}"));
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &format!("--include={PACKAGES}"), "bookworm"]).arg(&root).arg(archive);
    let output = debootstrap.output().expect("debootstrap starts");
    assert!(output.status.success(), "no servers to watch: {}", String::from_utf8_lossy(&output.stdout));
    for path in NOT_NEEDED {
        let _ = fs::remove_dir_all(root.join(path));
    }
    fs::create_dir_all(root.join("dev")).expect("a folder of ours");
    let serve = root.join("serve");
    fs::write(&serve, SERVE).expect("a folder of ours");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&serve, mode).expect("a file of ours");
    let mut tar = Command::new("tar");
    let mut tar = tar.arg("-C").arg(&root).args(["-c", "."]).stdout(Stdio::piped()).spawn().expect("tar starts");
    let words = ["import", "-c", "ENTRYPOINT [\"/serve\"]", "-c", &format!("LABEL stackctl-test={stamp}"), "-"];
    let first = reference(NAMES[0]);
    let imported = Command::new("docker").args(words).arg(&first).stdin(tar.stdout.take().expect("piped")).output();
    assert!(imported.expect("docker starts").status.success() && tar.wait().expect("tar ends").success());
    for name in &NAMES[1..] {
        docker(&["tag", &first, &reference(name)]);
    }
    fs::remove_dir_all(&root).expect("a folder of ours can be removed");
}
