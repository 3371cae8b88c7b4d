//! An engine on another host: over TCP with TLS, and over ssh. The host is this one, in a network of its own or on loopback.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::beside::{Beside, SMALLEST, must, run};
use crate::tools;

/// An app and nothing else: what is tried here is the way to the engine.
const STACK: &str = "prometheus: off\napps: { web: { image: stackctl/self, command: [demo, iotd] } }\n";

/// Makes an authority, and a certificate of it for a server on loopback and for a client.
fn certificates(folder: &Path) {
    let script = "set -e
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem
        for who in server client; do
            openssl req -newkey rsa:2048 -nodes -subj /CN=$who -keyout $who-key.pem -out $who.csr
            printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' > $who.ext
            openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile $who.ext -out $who.pem
        done
        mkdir right other
        cp ca.pem right/ca.pem; cp client.pem right/cert.pem; cp client-key.pem right/key.pem
        cp right/* other/
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other/ca-key.pem -out other/ca.pem";
    must(Command::new("sh").args(["-c", script]).current_dir(folder));
}

#[test]
fn an_engine_over_tls_is_worked_on_with_its_certificates_and_with_no_others() {
    tools::installed("/usr/bin/openssl", "openssl");
    let folder = tempfile::tempdir().expect("a folder");
    certificates(folder.path());
    let keys = folder.path().display();
    let flags = format!(
        "-H tcp://127.0.0.1:2376 --tlsverify --tlscacert {keys}/ca.pem --tlscert {keys}/server.pem --tlskey {keys}/server-key.pem"
    );
    let engine = Beside::start("bookworm", SMALLEST, &flags);
    engine.write_stack(STACK);
    let stackctl = |certificates: Option<&str>, arguments: &[&str]| {
        let mut command = engine.inside();
        command.env("DOCKER_HOST", "tcp://127.0.0.1:2376").args(arguments);
        if let Some(certificates) = certificates {
            command.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", folder.path().join(certificates));
        }
        run(&mut command)
    };
    let up = stackctl(Some("right"), &["up", "--no-wait"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    let ps = stackctl(Some("right"), &["ps"]);
    assert!(ps.stdout.contains("demo-web-1") && ps.stdout.contains("running"), "{}", ps.stdout);
    let other = stackctl(Some("other"), &["plan"]);
    assert!(other.code == 1 && other.stderr.contains("tcp://127.0.0.1:2376"), "{}", other.stderr);
    assert!(other.stderr.contains("certificate") && other.stderr.contains("ca.pem"), "{}", other.stderr);
    let none = stackctl(None, &["plan"]);
    assert!(none.code == 1 && none.stderr.contains("DOCKER_TLS_VERIFY"), "{}", none.stderr);
    for words in [&["engine", "plan"][..], &["engine", "apply", "--yes"], &["engine", "rollback", "--yes"]] {
        let no = stackctl(Some("right"), words);
        assert!(
            no.code == 1 && no.stderr.contains("it runs on another host, and its daemon.json lies there"),
            "{no:?}"
        );
    }
    let down = stackctl(Some("right"), &["down", "--volumes", "--yes"]);
    assert_eq!(down.code, 0, "{}", down.stderr);
}

/// Debian's sshd on a port of loopback, for root, with a key of its own.
struct SshServer {
    folder: tempfile::TempDir,
    port: u16,
    server: Child,
}

impl SshServer {
    fn start() -> Self {
        tools::installed("/usr/bin/ssh", "openssh-client");
        let sshd = tools::binary("bookworm", "openssh-server", "usr/sbin/sshd");
        // The one library of it that a host without an sshd lacks.
        let library = tools::binary("bookworm", "libwrap0", "usr/share/doc/libwrap0/copyright");
        let library = library.ancestors().nth(4).expect("the package's folder").join("lib");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        for key in ["host", "user"] {
            must(Command::new("ssh-keygen").args(["-q", "-N", "", "-t", "ed25519", "-f"]).arg(folder.path().join(key)));
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {path}/host\nAuthorizedKeysFile {path}/user.pub\nStrictModes no\n\
             PermitRootLogin prohibit-password\nPidFile none\nUsePAM no\n"
        );
        fs::write(folder.path().join("sshd_config"), config).expect("the folder is ours");
        // It wants a user that its package would make; the host's own list of users is not touched.
        let script = format!(
            "mkdir -p /run/sshd && cp /etc/passwd {path}/passwd && \
             {{ grep -q ^sshd: {path}/passwd || echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >>{path}/passwd; }} && \
             mount --bind {path}/passwd /etc/passwd && \
             LD_LIBRARY_PATH=$(echo {}/*-linux-gnu*) exec {} -D -e -f {path}/sshd_config 2>{path}/log",
            library.display(),
            sshd.display()
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &script]).stdout(Stdio::null());
        let server = command.spawn().expect("unshare is part of util-linux");
        let known =
            format!("[127.0.0.1]:{port} {}", fs::read_to_string(folder.path().join("host.pub")).expect("a key"));
        fs::write(folder.path().join("known"), known).expect("the folder is ours");
        // ssh reads the settings of the user from `~`, wherever HOME points: these stand in for them.
        let ssh = format!(
            "#!/bin/sh\nexec /usr/bin/ssh -F none -i ${{TEST_KEY:-{path}/user}} -o IdentitiesOnly=yes -o IdentityAgent=none \
             -o UserKnownHostsFile={path}/known \"$@\"\n"
        );
        fs::create_dir(folder.path().join("bin")).expect("the folder is ours");
        fs::write(folder.path().join("bin/ssh"), ssh).expect("the folder is ours");
        fs::set_permissions(folder.path().join("bin/ssh"), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let started = Self { folder, port, server };
        let listens = Beside::wait_until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(listens, "sshd: {}", fs::read_to_string(started.folder.path().join("log")).unwrap_or_default());
        started
    }

    fn path(&self) -> String {
        format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").expect("there is one"))
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.server.kill().expect("it runs until now");
        self.server.wait().expect("it was killed");
    }
}

#[test]
fn an_engine_over_ssh_is_worked_on_as_the_docker_cli_works_on_it() {
    let server = SshServer::start();
    let engine = Beside::start("bookworm", SMALLEST, "");
    engine.write_stack(STACK);
    let url = format!("ssh://root@127.0.0.1:{}{}", server.port, engine.path("s").display());
    let stackctl = |url: &str, arguments: &[&str]| {
        let mut command = engine.outside();
        run(command.env("DOCKER_HOST", url).env("PATH", server.path()).args(arguments))
    };
    let up = stackctl(&url, &["up", "--no-wait"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert!(engine.docker(&["ps", "--format", "{{.Names}}"]).contains("demo-web-1"));
    let logs = stackctl(&url, &["logs", "web"]);
    assert_eq!(logs.code, 0, "{}", logs.stderr);
    let plan = stackctl(&url, &["plan"]);
    assert_eq!(plan.code, 0, "{}\n{}", plan.stdout, plan.stderr);
    let stranger = server.folder.path().join("host");
    let mut command = engine.outside();
    command.env("DOCKER_HOST", &url).env("PATH", server.path()).env("TEST_KEY", stranger).arg("plan");
    let denied = run(&mut command);
    assert!(denied.code == 1 && denied.stderr.contains("Permission denied ("), "{}", denied.stderr);
    assert!(denied.stderr.contains("ssh HOST docker version"), "{}", denied.stderr);
    let closed = stackctl("ssh://root@127.0.0.1:1", &["plan"]);
    assert!(closed.code == 1 && closed.stderr.contains("Connection refused"), "{}", closed.stderr);
    let down = stackctl(&url, &["down", "--volumes", "--yes"]);
    assert_eq!(down.code, 0, "{}", down.stderr);
}
