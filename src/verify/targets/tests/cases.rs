//! Every situation with its cause, its message and its fix.

use super::*;

/// Situation, cause of the finding on replica 1, part of its message, part of its fix.
pub(super) fn table() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let mut cases = container_cases();
    cases.extend(socket_cases());
    cases.extend(answer_cases());
    cases.extend(prometheus_cases());
    cases
}

fn container_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let missing = with(|case| {
        case.observed.containers.remove(1);
    });
    let unhealthy = with(|case| case.container().health = ContainerHealth::Unhealthy);
    let apart = |attached: bool| {
        let mut case = down("no such host", good(2));
        case.container().addresses = [("demo_backend".to_owned(), Some(address(11)))].into();
        if !attached {
            case.desired.services[1].container.networks[0].network = "demo_backend".into();
        }
        case
    };
    let there = {
        let mut case = apart(true);
        case.observed.networks.push(crate::engine::ObservedNetwork {
            id: "1".into(),
            name: "demo_default".into(),
            ours: true,
            external: false,
            in_use: true,
            internal: false,
            subnets: Vec::new(),
            made: crate::engine::ObservedSettings::default(),
        });
        case
    };
    let crashing = {
        let mut case = refused_while(Vec::new());
        case.container().restarts = 5;
        case
    };
    let standing_between_ends = with(|case| {
        case.container().restarts = 2;
        case.container().seconds_up = Some(9);
    });
    let ended_once = with(|case| {
        case.container().restarts = 1;
        case.container().seconds_up = Some(0);
    });
    let nameless = {
        let nowhere = Some(Lookup::Failed { message: "no such host".into() });
        let mut case = down("no such host", Looked { lookup: nowhere, ..Looked::unfinished("web/demo-web-1".into()) });
        case.container().restarts = 3;
        case
    };
    vec![
        (standing_between_ends, Cause::ContainerRestarting, "2 restarts so far", "stackctl logs web"),
        (ended_once, Cause::ContainerRestarting, "ended and was started again a moment ago", "stackctl logs web"),
        (nameless, Cause::ContainerRestarting, "3 restarts so far", "stackctl logs web"),
        (missing, Cause::ContainerMissing, "`demo-web-1` does not exist", "stackctl up"),
        (
            container_in(ContainerState::Exited),
            Cause::ContainerExited,
            "exited with code 1; its last lines: panic: no database",
            "stackctl logs web",
        ),
        (container_in(ContainerState::Dead), Cause::ContainerExited, "exited", "stackctl logs web"),
        (container_in(ContainerState::Created), Cause::ContainerExited, "never started", "stackctl up"),
        (container_in(ContainerState::Removing), Cause::ContainerExited, "being removed", "stackctl up"),
        (container_in(ContainerState::Paused), Cause::ContainerExited, "is paused", "docker unpause demo-web-1"),
        (
            container_in(ContainerState::Restarting),
            Cause::ContainerRestarting,
            "7 restarts so far, the last time with code 1; its last lines: panic",
            "stackctl logs web",
        ),
        (crashing, Cause::ContainerRestarting, "5 restarts so far", "stackctl logs web"),
        (unhealthy, Cause::ContainerUnhealthy, "its health check fails", "docker inspect"),
        (
            apart(true),
            Cause::NetworkMismatch,
            "is in `demo_backend`, Prometheus in `demo_default`",
            "makes network `demo_default`, or says why it cannot, and joins it to its networks again",
        ),
        (
            there,
            Cause::NetworkMismatch,
            "is in `demo_backend`, Prometheus in `demo_default`",
            "run `stackctl up`, which joins it to its networks again",
        ),
        (
            apart(false),
            Cause::NetworkMismatch,
            "they share none",
            "add a network that Prometheus is in to the `networks` of `web`",
        ),
    ]
}

fn socket_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let no_name = Looked {
        lookup: Some(Lookup::Failed { message: "Name or service not known".into() }),
        connect: Connect::NotTried,
        ..good(2)
    };
    let namesake = Looked { lookup: Some(found(&[99])), ..good(2) };
    let other_port = {
        let others = vec![Other { port: 9090, path: "/metrics".into(), samples: 3 }];
        down("connection refused", Looked { others, ..seen(Connect::Refused, None) })
    };
    let unreachable = Connect::Unreachable { message: "No route to host".into() };
    let mut silent = by_dns(&[12], found(&[12]));
    silent.evidence.looked.insert("web/demo-web-1".into(), seen(Connect::TimedOut { millis: 9 }, None));
    vec![
        (
            down("no such host", no_name),
            Cause::DnsNoSuchName,
            "`demo-web-1` has no address inside the network: Name or service",
            "stackctl up",
        ),
        (
            by_dns(&[12], Lookup::Failed { message: "Name or service not known".into() }),
            Cause::DnsNoSuchName,
            "`web` has no address",
            "stackctl up",
        ),
        (down("x", namesake), Cause::DnsCount, "leads to 172.18.0.99, which is not `demo-web-1`", "who else"),
        (
            by_dns(&[12], found(&[12])),
            Cause::DnsCount,
            "`web` leads to 1 of 2 replicas, and not to `demo-web-1`",
            "stackctl up",
        ),
        (silent, Cause::DnsCount, "1 of 2 replicas", "stackctl up"),
        (refused_while(Vec::new()), Cause::ConnectionRefused, "nothing listens in it", "stackctl logs web"),
        (
            down("x", seen(Connect::Refused, None)),
            Cause::ConnectionRefused,
            "`demo-web-1:80` refuses",
            "stackctl logs web",
        ),
        (
            refused_while(vec![listener("127.0.0.1:80", None)]),
            Cause::ListensOnLoopback,
            "only 127.0.0.1:80 listens",
            "0.0.0.0:80 instead of 127.0.0.1:80",
        ),
        (
            refused_while(vec![listener("[::1]:8080", None)]),
            Cause::ListensOnLoopback,
            "only [::1]:8080 listens",
            "set `apps.web.metrics.port: 8080`",
        ),
        (
            refused_while(vec![listener("0.0.0.0:81", None), listener("[::]:8080", Some("/metrics"))]),
            Cause::WrongPort,
            "port 8080 listens and answers metrics at `/metrics`",
            "set `apps.web.metrics.port: 8080` and run",
        ),
        (
            refused_while(vec![listener("0.0.0.0:8080", Some("/actuator/prometheus"))]),
            Cause::WrongPort,
            "port 8080 listens and answers metrics at `/actuator/prometheus`",
            "set `apps.web.metrics.port: 8080` and `apps.web.metrics.path: /actuator/prometheus` and run",
        ),
        (
            refused_while(vec![listener("127.0.0.1:80", None), listener("0.0.0.0:81", None)]),
            Cause::ListensOnLoopback,
            "127.0.0.1:80",
            "0.0.0.0:80",
        ),
        (
            refused_while(vec![listener("0.0.0.0:6379", None), listener("[::]:6379", None)]),
            Cause::ConnectionRefused,
            "`demo-web-1:80` refuses; what listens on port 6379 speaks no metrics",
            "set `apps.web.metrics.port: PORT_OF_THE_METRICS` and run `stackctl up`; an app that has none itself",
        ),
        (refused_while(vec![listener("0.0.0.0:80", None)]), Cause::TargetPending, "listens now", "wait"),
        (other_port, Cause::WrongPort, "port 9090 listens and answers metrics", "set `apps.web.metrics.port: 9090`"),
        (
            down("x", seen(Connect::TimedOut { millis: 5000 }, None)),
            Cause::Timeout,
            "gives no answer within 5000 ms",
            "firewall",
        ),
        (down("x", seen(unreachable, None)), Cause::Timeout, "cannot be reached: No route to host", "firewall"),
        (
            down("x", seen(Connect::Open, Some(Answer::TimedOut { millis: 20_000 }))),
            Cause::Timeout,
            "no full answer within 20000 ms",
            "why its metrics hang",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn answer_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let text = Some("text/plain; version=0.0.4");
    let not_found = |others| Looked { others, ..http(404, text, "nothing\n", malformed(1)) };
    let html = http(200, Some("text/html"), "<html>", malformed(1));
    let html_beside_metrics = Looked { others: elsewhere("/q/metrics"), ..html.clone() };
    let secure = Looked { other_scheme: true, ..seen(Connect::Open, Some(Answer::Broken { message: "x".into() })) };
    let broken = seen(Connect::Open, Some(Answer::Broken { message: "invalid HTTP version parsed".into() }));
    let slow = match good(2) {
        Looked { answer: Some(Answer::Http(http)), .. } => {
            seen(Connect::Open, Some(Answer::Http(Http { millis: 12_345, ..http })))
        }
        other => other,
    };
    let mut limited = down("sample limit exceeded", good(5000));
    limited.job().sample_limit = Some(1000);
    let health = "{\"status\":\"UP\"}";
    let quoted_sample = "{\"metric.name\",a=\"b\"} x\n";
    vec![
        (
            down("x", not_found(elsewhere("/actuator/prometheus"))),
            Cause::WrongPath,
            "answers 404; metrics are at `/actuator/prometheus`",
            "set `apps.web.metrics.path: /actuator/prometheus`",
        ),
        (
            down("x", not_found(Vec::new())),
            Cause::WrongPath,
            "answers 404: nothing; no usual path answers with metrics",
            "apps.web.metrics.path",
        ),
        (
            down("x", http(500, text, "boom\n", malformed(1))),
            Cause::HttpStatus,
            "answers 500: boom",
            "stackctl logs web",
        ),
        (
            down("x", Looked { others: elsewhere("/metrics"), ..http(503, text, "boom\n", malformed(1)) }),
            Cause::HttpStatus,
            "answers 503: boom; there are metrics at `/metrics`, too",
            "see `stackctl logs web`",
        ),
        (
            down("x", http(401, text, "", malformed(1))),
            Cause::AuthRequired,
            "answers 401",
            "apps.web.metrics.basic_auth",
        ),
        (down("x", http(403, text, "", malformed(1))), Cause::AuthRequired, "answers 403", "bearer_token_file"),
        (
            down("x", secure),
            Cause::TlsMismatch,
            "`demo-web-1:80` speaks https, and is asked in http",
            "set `apps.web.metrics.scheme: https`",
        ),
        (down("x", broken), Cause::NotMetrics, "does not speak HTTP: invalid HTTP", "apps.web.metrics.port"),
        (down("x", html), Cause::NotMetrics, "answers HTML, not metrics", "apps.web.metrics.path"),
        (
            down("x", html_beside_metrics),
            Cause::NotMetrics,
            "metrics are at `/q/metrics`",
            "set `apps.web.metrics.path: /q/metrics`",
        ),
        (down("x", http(200, text, "<!doctype html>", malformed(1))), Cause::NotMetrics, "HTML", "path"),
        (down("x", http(200, Some("application/json"), health, malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, text, "{\"status\": \"UP\"}", malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, text, "{\n  \"status\": 1\n}", malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, text, "[1]", malformed(1))), Cause::NotMetrics, "JSON", "path"),
        (down("x", http(200, None, "hello\n", malformed(1))), Cause::NotMetrics, "something else", "path"),
        (down("x", http(200, text, quoted_sample, malformed(1))), Cause::ParseError, "in line 1", "line 1"),
        (
            down("x", http(200, text, "up 1\nfoo abc\n", malformed(2))),
            Cause::ParseError,
            "in line 2: `abc` is not a number",
            "line 2",
        ),
        (
            down("x", http(200, None, "up 1\n", Body::Metrics { samples: 1 })),
            Cause::BadContentType,
            "with no `Content-Type`",
            "set `apps.web.metrics.fallback_scrape_protocol: PrometheusText0.0.4`",
        ),
        (
            down("x", http(200, Some("text"), "up 1\n", Body::Metrics { samples: 1 })),
            Cause::BadContentType,
            "`Content-Type: text`",
            "fallback_scrape_protocol",
        ),
        (
            down("x", slow),
            Cause::SlowScrape,
            "takes 12345 ms to answer; a scrape may take 10000 ms",
            "set `apps.web.metrics.timeout: 25s` (and `interval`",
        ),
        (
            down("x", http(200, text, "", Body::TooLarge { limit: 32 << 20 })),
            Cause::SlowScrape,
            "more than 32 MiB",
            "fewer series",
        ),
        (
            limited,
            Cause::SampleLimit,
            "answers 5000 samples; the limit is 1000",
            "set `apps.web.metrics.sample_limit: 10000`",
        ),
    ]
}

fn prometheus_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let away = Error {
        service: "Prometheus",
        url: "http://x".into(),
        what: "targets".into(),
        cause: "connection refused".into(),
        answered: false,
    };
    let unreachable = with(|case| case.targets = Err(away));
    let mut missing = down("", good(2));
    missing.targets = Ok(targets(vec![target("web", "demo-web-2:80", Health::Up)]));
    let mut promised = down("", good(2));
    promised.targets = Ok(targets(vec![target("web", "demo-web-2:80", Health::Up)]));
    promised.evidence.promised = [("web".to_owned(), "demo-web-1:80".to_owned())].into();
    let mut dropped = down("", good(2));
    let only_dropped = vec![DroppedTarget { pool: "web".into(), address: "demo-web-1:80".into() }];
    dropped.targets = Ok(Targets { dropped: only_dropped, ..targets(Vec::new()) });
    let mut unknown = down("", good(2));
    unknown.targets = Ok(targets(vec![target("web", "demo-web-1:80", Health::Unknown)]));
    let mut stale = down("HTTP status 404", good(2));
    stale.job().path = "/q/metrics".into();
    let mut trusted = down("tls: failed to verify certificate: x509: certificate signed by unknown authority", good(2));
    trusted.job().scheme = Scheme::Https;
    let url = "https://demo-web-1:80/metrics".to_owned();
    if let Ok(targets) = &mut trusted.targets {
        targets.active[0].url = url;
    }
    let mut blind = down("server returned HTTP status 404 Not Found", good(2));
    blind.evidence = Evidence { trouble: Some("no such image".into()), ..Evidence::default() };
    let mut unfinished = down("Get: context deadline exceeded", Looked::unfinished("web/demo-web-1".into()));
    unfinished.evidence.trouble = None;
    vec![
        (
            unreachable,
            Cause::PrometheusUnreachable,
            "cannot ask Prometheus at http://x for targets",
            "stackctl logs prometheus",
        ),
        (missing, Cause::TargetMissing, "the running Prometheus has no such target in the job `web`", "stackctl up"),
        (promised, Cause::TargetPending, "has read that it shall scrape `demo-web-1`, and has not begun", "wait 5 s"),
        (dropped, Cause::TargetMissing, "relabelling in the job `web` drops it", "relabel_configs"),
        (unknown, Cause::TargetPending, "has not scraped it yet", "at most 15s"),
        (down("EOF", good(2)), Cause::TargetPending, "answers now; the last scrape failed: EOF", "at most 15s"),
        (by_dns(&[12], found(&[11, 12])), Cause::TargetPending, "Prometheus has not looked since", "wait 5 s"),
        (stale, Cause::ConfigStale, "Prometheus asks `http://demo-web-1:80/metrics`", "stackctl up"),
        (trusted, Cause::TlsMismatch, "Prometheus does not trust it", "apps.web.metrics.tls"),
        (
            down("sample limit exceeded", good(2)),
            Cause::SampleLimit,
            "more samples than the job's limit",
            "sample_limit",
        ),
        (
            down("server returned HTTP status 401 Unauthorized", good(2)),
            Cause::AuthRequired,
            "credentials",
            "basic_auth",
        ),
        (
            down("expected label name, got \"BCLOSE\"", good(2)),
            Cause::ParseError,
            "Prometheus cannot read",
            "what this Prometheus reads",
        ),
        (blind, Cause::WrongPath, "Prometheus says: server returned HTTP status 404", "no such image"),
        (unfinished, Cause::Timeout, "Prometheus says", "there was no time"),
    ]
}
