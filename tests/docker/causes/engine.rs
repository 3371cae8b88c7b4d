//! Causes in the engine's own metrics. In the engine's place a process of the test serves them, on a port of its own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use super::{Broken, broken, verify, verify_says};
use crate::sandbox::{Sandbox, docker, eventually, run, stackctl};

#[test]
fn where_the_engine_serves_its_metrics_and_who_stands_in_the_way_is_told() {
    let gateway = gateway();
    let gateway = gateway.as_str();
    let port = free_port();
    let stack = Sandbox::started(&format!("engine: {{ metrics: '{gateway}:{port}' }}\napps: {{}}\n"));
    let instance: &'static str = format!("host.docker.internal:{port}").leak();
    let told = |cause, seen, fix| verify_says(&stack, "engine", &[broken(instance, cause, seen, fix)], &[]);

    told("engine-metrics-off", "does not serve its metrics", "into daemon.json");
    let served = Served::on("127.0.0.1", port, &[]);
    told("engine-metrics-loopback", "listen on 127.0.0.1:", "into daemon.json");
    drop(served);

    let served = Served::on("0.0.0.0", port, &[]);
    warned(&stack, broken(instance, "engine-metrics-public", "0.0.0.0:", "`engine.metrics: gateway`"));
    drop(served);

    let served = Served::on(gateway, port, &["--metrics-body", "html"]);
    told("not-metrics", "something else listens", "`ss -ltnp`");
    drop(served);

    let _served = Served::on(gateway, port, &[]);
    let (code, report) = verify(&stack, "engine");
    assert_eq!((code, &report["ok"], &report["checks"][0]["status"]), (0, &true.into(), &"ok".into()), "{report:#}");
    let barred = Barred::port(gateway, port);
    told("engine-firewall", "a firewall of the host is in the way", "iptables -I INPUT");
    drop(barred);
    assert_eq!(verify(&stack, "engine").0, 0);
}

/// A warning does not make `verify` fail.
fn warned(stack: &Sandbox, expected: Broken) {
    let (code, report) = verify(stack, "engine");
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report:#}");
    assert!(super::fits(stack, &report["checks"][0], &expected), "{report:#}");
}

/// Address of this host on the default bridge; some engines write down its subnet only, and take the first address.
fn gateway() -> String {
    let format = "{{range .IPAM.Config}}{{.Gateway}} {{.Subnet}} {{end}}";
    let written = docker(&["network", "inspect", "-f", format, "bridge"]);
    let first = written.split_whitespace().next().expect("the default bridge has addresses");
    first.split_once(".0/").map_or_else(|| first.to_owned(), |(network, _)| format!("{network}.1"))
}

fn free_port() -> u16 {
    TcpListener::bind("0.0.0.0:0").and_then(|socket| socket.local_addr()).expect("there is a free port").port()
}

/// A process on this host that serves metrics; ended with the value.
struct Served(Child);

impl Served {
    fn on(address: &str, port: u16, more: &[&str]) -> Self {
        let port = port.to_string();
        let mut command = stackctl();
        command.args(["demo", "accesslog", "--bind", address, "--port", &port]).args(more);
        let served = Self(command.stdout(Stdio::null()).spawn().expect("stackctl starts"));
        let target = if address == "0.0.0.0" { "127.0.0.1" } else { address };
        eventually("the process listens", || std::net::TcpStream::connect(format!("{target}:{port}")).is_ok());
        served
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().expect("it runs until now");
        self.0.wait().expect("it was killed");
    }
}

/// A rule of the host's firewall against one port of one address; taken out with the value.
struct Barred([String; 2]);

impl Barred {
    fn port(address: &str, port: u16) -> Self {
        let barred = Self([address.to_owned(), port.to_string()]);
        barred.rule("-I");
        barred
    }

    fn rule(&self, action: &str) {
        let [address, port] = &self.0;
        let rule = ["-w", action, "INPUT", "-p", "tcp", "-d", address, "--dport", port, "-j", "DROP"];
        let run = run(Command::new("iptables").args(rule));
        assert_eq!(run.code, 0, "iptables {action}: {}", run.stderr);
    }
}

impl Drop for Barred {
    fn drop(&mut self) {
        self.rule("-D");
    }
}
