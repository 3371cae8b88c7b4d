//! Asks for metrics over HTTP as Prometheus does, and looks around where the answer is not metrics.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Response, Url, header};

use super::{Answer, Body, Credentials, Http, Other, Target};
use crate::exposition::{self, Format};

/// What Prometheus sends without native histograms, so that the target answers in the same format.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0;q=0.6,\
    text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// A body of this size holds more than 200,000 samples; more is not read.
const LONGEST_BODY: usize = 32 * 1024 * 1024;

/// Bytes of a body that are shown to a person.
const HEAD: usize = 200;

/// Time for each look beside the asked path, scheme or port.
const GLANCE: Duration = Duration::from_secs(3);

/// One HTTP client for all targets. It trusts any certificate: whether Prometheus does is Prometheus' to say.
pub(super) struct Client(reqwest::Client);

impl Client {
    pub(super) fn new() -> Result<Self, String> {
        crate::client::install_tls_provider();
        reqwest::Client::builder()
            .no_proxy()
            .tls_danger_accept_invalid_certs(true)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("stackctl-probe/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
            .map_err(|error| format!("cannot set up an HTTP client: {}", innermost(&error)))
    }

    /// Asks one URL in the name of a target.
    pub(super) async fn ask(&self, target: &Target, url: &str, patience: Duration) -> Answer {
        let started = Instant::now();
        match tokio::time::timeout(patience, self.exchange(target, url, started)).await {
            Ok(Ok(http)) => Answer::Http(http),
            Ok(Err(error)) => Answer::Broken { message: innermost(&error) },
            Err(_) => Answer::TimedOut { millis: millis_since(started) },
        }
    }

    /// The client library whose exposition is at a URL.
    pub(super) async fn library_at(&self, url: &str) -> Option<&'static str> {
        let read = async {
            let response = self.0.get(url).header(header::ACCEPT, ACCEPT).send().await.ok()?;
            let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let format = exposition::content_type(kind).format();
            let summary = exposition::parse_bytes(&read(response).await.ok()?, format).ok()?;
            let families: Vec<&str> = summary.families.iter().map(|family| family.name.as_str()).collect();
            exposition::library_of(&families)
        };
        tokio::time::timeout(GLANCE, read).await.ok().flatten()
    }

    /// Paths of the target's list that answer with at least one sample.
    pub(super) async fn other_paths(&self, target: &Target) -> Vec<Other> {
        let Ok(asked) = Url::parse(&target.url) else {
            return Vec::new();
        };
        let urls = target.paths.iter().filter(|path| *path != asked.path()).map(|path| {
            let mut url = asked.clone();
            url.set_path(path);
            url.set_query(None);
            url
        });
        join_all(urls.map(|url| self.metrics_at(target, url))).await.into_iter().flatten().collect()
    }

    /// Ports of the target's list that answer the asked path with at least one sample.
    pub(super) async fn other_ports(&self, target: &Target) -> Vec<Other> {
        let Ok(asked) = Url::parse(&target.url) else {
            return Vec::new();
        };
        let urls =
            target.ports.iter().filter(|port| Some(**port) != asked.port_or_known_default()).filter_map(|port| {
                let mut url = asked.clone();
                url.set_port(Some(*port)).ok().map(|()| url)
            });
        join_all(urls.map(|url| self.metrics_at(target, url))).await.into_iter().flatten().collect()
    }

    /// Whether the target speaks HTTPS where HTTP was asked, or HTTP where HTTPS was.
    pub(super) async fn answers_with_other_scheme(&self, target: &Target) -> bool {
        let other = match target.url.split_once("://") {
            Some(("http", rest)) => format!("https://{rest}"),
            Some(("https", rest)) => format!("http://{rest}"),
            _ => return false,
        };
        match self.ask(target, &other, GLANCE).await {
            // A TLS server says so in plain HTTP when it is spoken to in plain HTTP.
            Answer::Http(http) => http.status != 400 || !http.head.to_ascii_uppercase().contains("HTTPS"),
            _ => false,
        }
    }

    /// The first of `paths` at which a socket of this network answers metrics.
    pub(super) async fn metrics_path_at(&self, address: SocketAddr, paths: &[String]) -> Option<String> {
        let base = format!("http://{}", SocketAddr::new(reachable(address.ip()), address.port()));
        let target = Target {
            id: String::new(),
            url: base.clone(),
            timeout_ms: 0,
            credentials: None,
            fallback: None,
            paths: Vec::new(),
            ports: Vec::new(),
        };
        let urls = paths.iter().filter_map(|path| Url::parse(&format!("{base}{path}")).ok());
        let found = join_all(urls.map(|url| self.metrics_at(&target, url))).await;
        found.into_iter().flatten().next().map(|other| other.path)
    }

    async fn metrics_at(&self, target: &Target, url: Url) -> Option<Other> {
        match self.ask(target, url.as_str(), GLANCE).await {
            Answer::Http(Http { status: 200, body: Body::Metrics { samples: samples @ 1.. }, .. }) => {
                Some(Other { port: url.port_or_known_default()?, path: url.path().to_owned(), samples })
            }
            _ => None,
        }
    }

    async fn exchange(&self, target: &Target, url: &str, started: Instant) -> Result<Http, reqwest::Error> {
        let mut request = self.0.get(url).header(header::ACCEPT, ACCEPT);
        request = match &target.credentials {
            Some(Credentials::Basic { username, password }) => request.basic_auth(username, Some(password)),
            Some(Credentials::Bearer(token)) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        let content_type =
            response.headers().get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        let body = read(response).await?;
        Ok(Http {
            status,
            millis: millis_since(started),
            bytes: body.len() as u64,
            head: head(&body),
            body: judge(&body, content_type.as_deref(), target.fallback.as_deref()),
            content_type,
        })
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            break;
        }
    }
    Ok(body)
}

/// Reads the body with the grammar that Prometheus would choose.
fn judge(body: &[u8], content_type: Option<&str>, fallback: Option<&str>) -> Body {
    if body.len() > LONGEST_BODY {
        return Body::TooLarge { limit: LONGEST_BODY as u64 };
    }
    let content_type = exposition::content_type(content_type);
    let format = match fallback {
        Some(protocol) if !content_type.is_supported() && protocol.starts_with("OpenMetrics") => Format::OpenMetrics,
        _ => content_type.format(),
    };
    match exposition::parse_bytes(body, format) {
        Ok(summary) => Body::Metrics { samples: summary.samples },
        Err(error) => Body::Malformed(error),
    }
}

fn head(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..HEAD).unwrap_or(body)).into_owned()
}

fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The cause at the bottom of a chain of errors: the part that says something.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
