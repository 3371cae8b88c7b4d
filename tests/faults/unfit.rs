//! An engine that cannot be used: it is said why, and what to do.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use crate::sandbox::{run, stackctl};
use crate::stage::{APPS, Stage};

#[test]
fn who_may_not_use_the_socket_is_told_how_to_get_the_right() {
    let stage = Stage::new(APPS);
    let mut command = stage.as_nobody(&["up"]);
    fs::set_permissions(stage.proxy.socket(), fs::Permissions::from_mode(0o600)).expect("it is ours");
    let run = run(&mut command);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    let tried = format!("cannot reach Docker at {}", stage.proxy.address());
    for words in [&tried, "Permission denied", "help: add your user to the group `docker`"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert_eq!(stage.proxy.calls(), [""; 0]);
}

/// What engines have answered before Docker 20.10: with the version in the head of the ping, and before that without one.
const OLD_ENGINES: [(&str, &str); 2] = [
    ("HTTP/1.1 200 OK\r\nApi-Version: 1.40\r\nContent-Length: 0\r\n\r\n", "it speaks API `1.40`"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", "it speaks API `1.24`"),
];

#[test]
fn an_engine_that_is_too_old_is_refused_with_what_to_do() {
    for (ping, words) in OLD_ENGINES {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, socket) = (folder.path().join("stack.yml"), folder.path().join("old.sock"));
        fs::write(&file, "name: old\napps: { web: { image: stackctl/self } }\n").expect("it is writable");
        let listener = UnixListener::bind(&socket).expect("the test's folder takes a socket");
        std::thread::spawn(move || {
            for mut client in listener.incoming().map_while(Result::ok) {
                let mut asked = [0; 4096];
                let count = client.read(&mut asked).unwrap_or_default();
                let version = "{\"ApiVersion\":\"1.24\",\"Version\":\"1.12.6\"}";
                let length = version.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
                let is_ping = asked[..count].windows(5).any(|word| word == b"_ping");
                let answer = if is_ping { ping.to_owned() } else { head + version };
                client.write_all(answer.as_bytes()).ok();
            }
        });
        let mut up = stackctl();
        up.arg("-f").arg(&file).arg("up").env("DOCKER_HOST", format!("unix://{}", socket.display()));
        let run = run(&mut up);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        for words in [words, "stackctl needs at least 1.41", "help: upgrade the engine to 20.10 or later"] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
}
