//! The probe against real sockets on loopback.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const METRICS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close\r\n\r\nup 1\ndown 0\n";

/// Answers each request with what `respond` makes of it, byte for byte, and closes.
async fn serve(respond: impl Fn(&str) -> String + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let respond = Arc::new(respond);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let respond = respond.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let response = respond(&String::from_utf8_lossy(&request[..length]));
                let _ = stream.write_all(response.as_bytes()).await;
            });
        }
    });
    address
}

fn response(status: &str, content_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n{body}")
}

fn target(url: String) -> Target {
    Target {
        id: "it".to_owned(),
        url,
        timeout_ms: 1000,
        credentials: None,
        fallback: None,
        paths: PATHS.map(str::to_owned).to_vec(),
        ports: Vec::new(),
    }
}

async fn look(target: Target) -> Looked {
    let report = run(Request { targets: vec![target], patience_ms: 1000, ..Request::default() }).await;
    report.targets.into_iter().next().expect("one target, one answer")
}

fn http(looked: &Looked) -> &Http {
    match &looked.answer {
        Some(Answer::Http(http)) => http,
        other => panic!("expected an HTTP answer, got {other:?}"),
    }
}

/// An address on which nothing listens.
async fn closed_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("loopback is there")
}

/// Speaks TLS with a certificate of its own making, and answers every request with metrics.
fn serve_tls() -> SocketAddr {
    crate::client::install_tls_provider();
    let certificate = CertificateDer::from_pem_slice(include_bytes!("fixtures/localhost.crt")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/localhost.key")).expect("a key");
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = rustls::ServerConnection::new(config.clone()).expect("the configuration is fine");
            let mut stream = rustls::StreamOwned::new(session, stream);
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(METRICS.as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    address
}

#[tokio::test]
async fn a_target_that_answers_metrics_has_its_samples_counted() {
    let address = serve(|_| METRICS.to_owned()).await;
    let looked = look(target(format!("http://{address}/metrics"))).await;
    assert_eq!(looked.lookup, Some(Lookup::Found { addresses: vec![address.ip()] }));
    assert_eq!(looked.connect, Connect::Open);
    assert!(http(&looked).is_metrics());
    assert_eq!(http(&looked).body, Body::Metrics { samples: 2 });
    assert!(looked.others.is_empty());
}

#[tokio::test]
async fn a_port_on_which_nothing_listens_is_refused_and_the_other_port_found() {
    let (closed, open) = (closed_address().await, serve(|_| METRICS.to_owned()).await);
    let asked = Target { ports: vec![open.port()], ..target(format!("http://{closed}/metrics")) };
    let looked = look(asked).await;
    assert_eq!(looked.connect, Connect::Refused);
    assert_eq!(looked.answer, None);
    assert_eq!(looked.others, [Other { port: open.port(), path: "/metrics".to_owned(), samples: 2 }]);
}

#[tokio::test]
async fn a_page_that_is_empty_leads_to_the_path_that_has_samples() {
    let address = serve(|request| {
        if request.starts_with("GET /metrics ") { METRICS.to_owned() } else { response("200 OK", "text/plain", "") }
    })
    .await;
    let looked = look(target(format!("http://{address}/"))).await;
    assert!(http(&looked).is_empty(), "{looked:?}");
    assert_eq!(looked.others, [Other { port: address.port(), path: "/metrics".to_owned(), samples: 2 }]);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_from_a_socket_that_does_not_open() {
    let looked = look(target("http://no-such-name.invalid:80/metrics".to_owned())).await;
    assert!(matches!(looked.lookup, Some(Lookup::Failed { .. })), "{looked:?}");
    assert_eq!(looked.connect, Connect::NotTried);
}

#[tokio::test]
async fn a_404_leads_to_the_path_that_answers() {
    let address = serve(|request| {
        if request.starts_with("GET /actuator/prometheus ") {
            METRICS.to_owned()
        } else {
            response("404 Not Found", "text/plain", "nothing here\n")
        }
    })
    .await;
    let looked = look(target(format!("http://{address}/metrics"))).await;
    assert_eq!(http(&looked).status, 404);
    assert_eq!(looked.others, [Other { port: address.port(), path: "/actuator/prometheus".to_owned(), samples: 2 }]);
}

#[tokio::test]
async fn html_is_malformed_and_its_head_is_kept() {
    let address = serve(|_| response("200 OK", "text/html", &format!("<html>{}", "x".repeat(500)))).await;
    let looked = look(target(format!("http://{address}/metrics"))).await;
    assert_eq!(http(&looked).content_type.as_deref(), Some("text/html"));
    assert_eq!(http(&looked).head.len(), 200);
    assert!(matches!(&http(&looked).body, Body::Malformed(error) if error.line == 1));
}

#[tokio::test]
async fn a_body_with_a_bad_line_names_the_line() {
    let address = serve(|_| response("200 OK", "text/plain", "up 1\n\nfoo abc\n")).await;
    let looked = look(target(format!("http://{address}/metrics"))).await;
    assert!(matches!(&http(&looked).body, Body::Malformed(error) if error.line == 3));
}

#[tokio::test]
async fn the_fallback_protocol_decides_the_grammar_where_the_type_is_unknown() {
    let address = serve(|_| response("200 OK", "application/octet-stream", "up 1\n# EOF\n")).await;
    let plain = target(format!("http://{address}/metrics"));
    let fallback = Target { fallback: Some("OpenMetricsText1.0.0".to_owned()), ..plain.clone() };
    assert!(http(&look(plain).await).is_metrics(), "`# EOF` is a comment in the text format");
    assert!(http(&look(fallback).await).is_metrics());
}

#[tokio::test]
async fn credentials_are_sent() {
    let address = serve(|request| {
        let known =
            request.contains("authorization: Basic bWU6c2VjcmV0") || request.contains("authorization: Bearer t0k");
        if known { METRICS.to_owned() } else { response("401 Unauthorized", "text/plain", "") }
    })
    .await;
    let url = format!("http://{address}/metrics");
    assert_eq!(http(&look(target(url.clone())).await).status, 401);
    let basic = Credentials::Basic { username: "me".to_owned(), password: "secret".to_owned() };
    for credentials in [basic, Credentials::Bearer("t0k".to_owned())] {
        assert!(!format!("{credentials:?}").contains("secret"));
        let looked = look(Target { credentials: Some(credentials), ..target(url.clone()) }).await;
        assert_eq!(http(&looked).status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_within_the_patience_is_measured() {
    let address = serve(|_| {
        std::thread::sleep(Duration::from_millis(150));
        METRICS.to_owned()
    })
    .await;
    let looked = look(Target { timeout_ms: 50, ..target(format!("http://{address}/metrics")) }).await;
    assert!(http(&looked).millis >= 150);
}

#[tokio::test]
async fn a_target_that_never_answers_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("http://{}/metrics", listener.local_addr().expect("it is bound"));
    let request =
        Request { targets: vec![Target { timeout_ms: 50, ..target(url) }], patience_ms: 50, ..Request::default() };
    let report = run(request).await;
    assert!(matches!(report.targets[0].answer, Some(Answer::TimedOut { millis: 100.. })), "{report:?}");
}

#[tokio::test]
async fn the_budget_ends_everything_and_still_answers_for_each_target() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let url = format!("http://{}/metrics", listener.local_addr().expect("it is bound"));
    let targets = vec![target(url.clone()), target(url)];
    let report = run(Request { targets, budget_ms: 100, ..Request::default() }).await;
    assert_eq!(report.targets, vec![Looked::unfinished("it".to_owned()); 2]);
}

#[tokio::test]
async fn https_where_http_was_asked_is_noticed_and_the_other_way_round() {
    let (secure, plain) = (serve_tls(), serve(|_| METRICS.to_owned()).await);
    let looked = look(target(format!("http://{secure}/metrics"))).await;
    assert!(looked.other_scheme, "{looked:?}");
    let looked = look(target(format!("https://{plain}/metrics"))).await;
    assert!(looked.other_scheme, "{looked:?}");
    let looked = look(target(format!("https://{secure}/metrics"))).await;
    assert!(http(&looked).is_metrics() && !looked.other_scheme);
}

#[tokio::test]
async fn a_socket_that_does_not_speak_http_is_broken() {
    let address = serve(|_| "220 mail.example ESMTP\r\n".to_owned()).await;
    let looked = look(target(format!("http://{address}/metrics"))).await;
    assert!(matches!(looked.answer, Some(Answer::Broken { .. })), "{looked:?}");
    assert!(!looked.other_scheme);
}

#[tokio::test]
async fn listeners_of_this_network_are_found_with_the_path_that_answers() {
    let address = serve(|request| {
        if request.starts_with("GET /q/metrics ") { METRICS.to_owned() } else { response("404 No", "text/plain", "") }
    })
    .await;
    let listeners = Some(PATHS.map(str::to_owned).to_vec());
    let report = run(Request { listeners, names: vec!["localhost".to_owned()], ..Request::default() }).await;
    assert!(report.listeners.contains(&Listener { address, path: Some("/q/metrics".to_owned()) }), "{report:?}");
    assert!(matches!(report.names.get("localhost"), Some(Lookup::Found { .. })));
}

#[tokio::test]
async fn a_report_survives_its_way_through_json() {
    let address = serve(|_| response("200 OK", "text/html", "<p>")).await;
    let report = run(Request { targets: vec![target(format!("http://{address}/"))], ..Request::default() }).await;
    let line = serde_json::to_string(&report).expect("plain data");
    assert_eq!(serde_json::from_str::<Report>(&line).expect("what was written"), report);
    assert!(!line.contains('\n'));
}
