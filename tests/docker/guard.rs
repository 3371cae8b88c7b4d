//! `prometheus.web` with the real Prometheus: nobody gets in without password and certificate, and each of ours does.

use std::process::Command;

use crate::compose::{compose, free_port};
use crate::sandbox::{Sandbox, docker, eventually, run};
use crate::secrets::placed;

const PASSWORD: &str = "from-the-environment";

/// A stack whose Prometheus asks for `web`, seen by stackctl's own view in Grafana's place.
struct Guarded {
    stack: Sandbox,
    prometheus: u16,
    view: u16,
}

impl Guarded {
    fn new() -> Self {
        let guarded = Self { stack: Sandbox::bare(""), prometheus: free_port(), view: free_port() };
        guarded.certify("prometheus");
        guarded.set_password(PASSWORD);
        guarded
    }

    /// A certificate that nobody signed.
    fn certify(&self, name: &str) {
        let alternative = format!("subjectAltName=DNS:{name}");
        let (key, certificate) = (self.stack.path("web.key"), self.stack.path("web.crt"));
        let made = run(Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=prometheus", "-addext", &alternative, "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(certificate));
        assert_eq!(made.code, 0, "{}", made.stderr);
        // Compose binds it as it is, and Prometheus runs as `nobody`.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(key, open).expect("the test's own file");
    }

    fn set_password(&self, password: &str) {
        std::fs::write(self.stack.path(".env"), format!("SCRAPE_PASSWORD={password}\n")).expect("writable");
    }

    fn write(&self, web: &str) {
        let (prometheus, view) = (self.prometheus, self.view);
        self.stack.write_bare(&format!(
            "images: {{ from: debian }}\ngrafana: {{ port: {view} }}\n\
             prometheus: {{ port: {prometheus}, scrape_interval: 1s{web} }}\n\
             apps: {{ web: {{ image: stackctl/self, command: [demo, accesslog], metrics: {{}} }} }}\n"
        ));
    }

    /// The status of Prometheus' answer to a query, asked with these words of curl; 000: none.
    fn status(&self, words: &[&str]) -> String {
        let url = format!("https://prometheus:{}/api/v1/query?query=up", self.prometheus);
        self.curl(words, &url)
    }

    fn curl(&self, words: &[&str], url: &str) -> String {
        let address = format!("prometheus:{}:127.0.0.1", self.prometheus);
        let asked = run(Command::new("curl")
            .args(["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", &address, "--cacert"])
            .arg(self.stack.path("web.crt"))
            .args(words)
            .arg(url));
        asked.stdout
    }

    fn with(&self, password: &str) -> String {
        self.status(&["-u", &format!("reader:{password}")])
    }
}

const WEB: &str = ", web: { basic_auth: { username: reader, password: { env: SCRAPE_PASSWORD } }, \
                   tls: { cert_file: web.crt, key_file: web.key } }";

#[test]
fn a_guarded_prometheus_lets_each_of_ours_in_and_nobody_else() {
    let guarded = Guarded::new();
    guarded.write(WEB);
    let stack = &guarded.stack;
    let up = stack.ok(&["up"]);
    assert!(up.stderr.contains(&format!("https://127.0.0.1:{}", guarded.prometheus)), "{}", up.stderr);
    assert_eq!(stack.plan(), [""; 0]);
    stack.ok(&["verify"]);
    let itself = stack.json(&["query", "up{job=\"prometheus\"}"]);
    assert_eq!(itself["result"][0]["value"][1], "1", "it scrapes itself: {itself}");
    assert_eq!(guarded.status(&[]), "401");
    assert_eq!(guarded.with("guessed"), "401");
    assert_eq!(guarded.with(PASSWORD), "200");
    assert_eq!(guarded.curl(&[], &format!("http://prometheus:{}/", guarded.prometheus)), "400", "not in the clear");
    the_view_shows_its_figures(&guarded);
    the_password_is_in_its_files_and_nowhere_else(&guarded);
    another_certificate_is_not_taken(&guarded);
    a_new_password_is_asked_for_from_the_next_up_on(&guarded);
    guarded.write("");
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    assert_eq!(guarded.curl(&[], &format!("http://prometheus:{}/api/v1/query?query=up", guarded.prometheus)), "200");
}

fn the_view_shows_its_figures(guarded: &Guarded) {
    let url = format!("http://127.0.0.1:{}/d/web?range=5m", guarded.view);
    eventually("the view has figures", || {
        let page = run(Command::new("curl").args(["-s", "-m", "10", &url]));
        page.stdout.contains("class=\"line")
    });
}

fn the_password_is_in_its_files_and_nowhere_else(guarded: &Guarded) {
    let stack = &guarded.stack;
    let prometheus = stack.container("prometheus", 1);
    let (user, _, mode, text) = placed(&prometheus, "/run/secrets/prometheus_web");
    assert_eq!((user, mode), (65534, 0o400));
    assert!(text.contains("reader") && text.contains(": \"$2b$10$") && !text.contains(PASSWORD), "{text}");
    let folder = stack.path("rendered");
    stack.ok(&["render", "-o", folder.to_str().expect("a plain name")]);
    let mut seen = vec![std::fs::read_to_string(folder.join("compose.yml")).expect("it is rendered")];
    seen.push(std::fs::read_to_string(folder.join("prometheus/prometheus.yml")).expect("it is rendered"));
    seen.push(docker(&["inspect", &prometheus, &stack.container("grafana", 1)]));
    seen.push(stack.run(&["plan", "-v"]).stdout);
    for text in seen {
        assert!(!text.contains(PASSWORD), "{text}");
    }
}

/// The same name, and another key: somebody in between.
fn another_certificate_is_not_taken(guarded: &Guarded) {
    let stack = &guarded.stack;
    let kept = std::fs::read(stack.path("web.crt")).expect("it is there");
    guarded.certify("prometheus");
    let query = stack.expect(1, &["query", "up"]);
    assert!(query.stderr.contains("another certificate than the one of the stack file"), "{}", query.stderr);
    // Replaced, it is the one.
    stack.ok(&["up"]);
    stack.ok(&["query", "up"]);
    assert_ne!(std::fs::read(stack.path("web.crt")).expect("it is there"), kept);
}

fn a_new_password_is_asked_for_from_the_next_up_on(guarded: &Guarded) {
    let stack = &guarded.stack;
    guarded.set_password("another one");
    let refused = stack.expect(1, &["query", "up"]);
    assert!(refused.stderr.contains("401"), "{}", refused.stderr);
    assert_eq!(stack.plan(), ["replace container STACK-prometheus-1", "replace container STACK-grafana-1"]);
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
    assert_eq!((guarded.with(PASSWORD), guarded.with("another one")), ("401".to_owned(), "200".to_owned()));
    guarded.set_password("seventy-three bytes: ".repeat(4).trim_end());
    let up = stack.expect(1, &["up"]);
    assert!(up.stderr.contains("more than 72 bytes"), "{}", up.stderr);
    std::fs::remove_file(stack.path(".env")).expect("it was written");
    let unknown = stack.expect(1, &["query", "up"]);
    assert!(unknown.stderr.contains("password of `prometheus.web` is not known here"), "{}", unknown.stderr);
    guarded.set_password("another one");
}

#[test]
fn a_certificate_without_the_name_is_told_by_check_with_the_name_that_it_has() {
    let guarded = Guarded::new();
    guarded.certify("metrics.example");
    guarded.write(", web: { tls: { cert_file: web.crt, key_file: web.key } }");
    let stack = &guarded.stack;
    let check = stack.run(&["check"]);
    assert_ne!(check.code, 0, "{}", check.stderr);
    assert!(check.stderr.contains("carries `metrics.example`, and is asked for as `prometheus`"), "{}", check.stderr);
    assert!(check.stderr.contains("write `server_name: metrics.example`"), "{}", check.stderr);
    guarded.write(", web: { tls: { cert_file: web.crt, key_file: web.key, server_name: metrics.example } }");
    stack.ok(&["up"]);
    stack.ok(&["verify"]);
}

#[test]
fn compose_alone_runs_a_guarded_prometheus() {
    let guarded = Guarded::new();
    guarded.write(WEB);
    let folder = guarded.stack.path("rendered");
    guarded.stack.ok(&["render", "-o", folder.to_str().expect("a plain name")]);
    compose(&folder, &["up", "-d"]);
    eventually("Prometheus lets in who has the password", || guarded.with(PASSWORD) == "200");
    assert_eq!(guarded.status(&[]), "401");
    the_view_shows_its_figures(&guarded);
    compose(&folder, &["down", "-v"]);
}
