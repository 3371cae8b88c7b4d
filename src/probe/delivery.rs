//! Does an alert arrive? Stands as a webhook receiver in the network, posts an alert to each Alertmanager, and waits for
//! what they send.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// More of a request is not read.
const LONGEST_REQUEST: usize = 1024 * 1024;

/// Time for one request, in either direction.
const EXCHANGE: Duration = Duration::from_secs(10);

/// How long an alert lives that is not ended before, in seconds.
const LIFETIME: i64 = 120;

/// What is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Port on which the sink listens.
    pub port: u16,
    /// The label by which an alert is known again.
    pub label: String,
    /// An alert for each: the label's value, and the Alertmanager's base URL.
    pub alerts: BTreeMap<String, String>,
    /// How long to wait for them, in milliseconds.
    pub patience_ms: u64,
}

/// What became of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// What the Alertmanager said to it.
    pub posted: Posted,
    /// After how many milliseconds it arrived. `None`: it did not.
    pub arrived_ms: Option<u64>,
    /// What the Alertmanager makes of one that did not arrive, where it knows of it.
    pub kept_back: Option<KeptBack>,
}

/// What an Alertmanager makes of an alert that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeptBack {
    /// `active`, `suppressed` or `unprocessed`.
    pub state: String,
    /// Ids of silences that mute it.
    pub silenced_by: Vec<String>,
}

/// What an Alertmanager said to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Posted {
    /// It took it.
    Accepted,
    /// It did not take it.
    Refused {
        /// Status code.
        status: u16,
        /// In its words.
        message: String,
    },
    /// It could not be asked.
    Unreachable {
        /// Why.
        message: String,
    },
}

/// Posts the alerts and waits until all have arrived, or the time is over.
pub(super) async fn deliver(delivery: &Delivery) -> Result<BTreeMap<String, Delivered>, String> {
    let listener = TcpListener::bind(("0.0.0.0", delivery.port)).await;
    let listener = listener.map_err(|error| format!("cannot listen on port {}: {error}", delivery.port))?;
    let client = client()?;
    let begun = Instant::now();
    let (sender, mut arrivals) = mpsc::unbounded_channel();
    let label = delivery.label.clone();
    let sink = tokio::spawn(async move { listen(listener, &label, &sender).await });
    let mut delivered = BTreeMap::new();
    for (value, base) in &delivery.alerts {
        let posted = post(&client, base, &delivery.label, value, LIFETIME).await;
        delivered.insert(value.clone(), Delivered { posted, arrived_ms: None, kept_back: None });
    }
    let deadline = begun + Duration::from_millis(delivery.patience_ms);
    let is_awaited = |one: &Delivered| one.posted == Posted::Accepted && one.arrived_ms.is_none();
    while delivered.values().any(is_awaited) {
        let Ok(Some(value)) = timeout_at(deadline, arrivals.recv()).await else { break };
        if let Some(one) = delivered.get_mut(&value) {
            one.arrived_ms.get_or_insert(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
    }
    for (value, base) in &delivery.alerts {
        if let Some(one) = delivered.get_mut(value).filter(|one| is_awaited(one)) {
            one.kept_back = kept_back(&client, base, &delivery.label, value).await;
        }
        // Nobody shall see it among the alerts afterwards.
        post(&client, base, &delivery.label, value, 0).await;
    }
    sink.abort();
    Ok(delivered)
}

fn client() -> Result<reqwest::Client, String> {
    crate::client::install_tls_provider();
    let builder = reqwest::Client::builder().no_proxy().timeout(EXCHANGE).tls_certs_only([]);
    builder.build().map_err(|error| format!("cannot set up an HTTP client: {error}"))
}

/// Posts an alert that ends in so many seconds.
async fn post(client: &reqwest::Client, base: &str, label: &str, value: &str, ends_in: i64) -> Posted {
    let ends_at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ends_in);
    let alert = json!([{
        "labels": { "alertname": "StackctlProbe", "severity": "none", label: value },
        "annotations": { "summary": "stackctl verify looks whether alerts arrive; nobody is told of this one" },
        "endsAt": ends_at.to_string(),
    }]);
    let url = format!("{}/api/v2/alerts", base.trim_end_matches('/'));
    match client.post(url).json(&alert).send().await {
        Ok(response) if response.status().is_success() => Posted::Accepted,
        Ok(response) => {
            let status = response.status().as_u16();
            Posted::Refused { status, message: response.text().await.unwrap_or_default().trim().to_owned() }
        }
        Err(error) => Posted::Unreachable { message: innermost(&error) },
    }
}

/// What an Alertmanager makes of an alert. `None`: it does not know of it, or does not say.
async fn kept_back(client: &reqwest::Client, base: &str, label: &str, value: &str) -> Option<KeptBack> {
    let url = format!("{}/api/v2/alerts", base.trim_end_matches('/'));
    let answer = client.get(url).send().await.ok()?.bytes().await.ok()?;
    let alerts: Value = serde_json::from_slice(&answer).ok()?;
    let status = &alerts.as_array()?.iter().find(|alert| alert["labels"][label] == value)?["status"];
    let silences = status["silencedBy"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(KeptBack {
        state: status["state"].as_str().unwrap_or_default().to_owned(),
        silenced_by: silences.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
    })
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// Takes requests, and tells of the label's values in them.
async fn listen(listener: TcpListener, label: &str, sender: &mpsc::UnboundedSender<String>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (label, sender) = (label.to_owned(), sender.clone());
        tokio::spawn(async move {
            let body = timeout(EXCHANGE, exchange(stream)).await;
            for value in body.ok().flatten().iter().flat_map(|body| values(body, &label)) {
                // The receiver is gone only where nobody waits any more.
                let _ = sender.send(value);
            }
        });
    }
}

/// Reads one HTTP request, says 200, and gives its body. `None`: it is none.
async fn exchange(mut stream: TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let body_begins = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(&mut stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..body_begins]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())?;
    while bytes.len() < body_begins.checked_add(length)? {
        read_more(&mut stream, &mut bytes).await?;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.ok()?;
    stream.shutdown().await.ok();
    Some(bytes.split_off(body_begins))
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let count = stream.read_buf(bytes).await.ok()?;
    (count > 0 && bytes.len() <= LONGEST_REQUEST).then_some(())
}

/// The values of a label in Alertmanager's message.
fn values(body: &[u8], label: &str) -> Vec<String> {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let alerts = message["alerts"].as_array().map(Vec::as_slice).unwrap_or_default();
    alerts.iter().filter_map(|alert| alert["labels"][label].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An Alertmanager that takes an alert and tells the sink at once, or says no.
    async fn stand_in(answer: &'static str, sink: Option<u16>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("somebody comes");
                let mut bytes = Vec::new();
                let is_whole = |bytes: &[u8]| {
                    bytes.ends_with(if bytes.starts_with(b"GET") { &b"\r\n\r\n"[..] } else { &b"}]"[..] })
                };
                while !is_whole(&bytes) {
                    stream.read_buf(&mut bytes).await.expect("a request");
                }
                if bytes.starts_with(b"GET") {
                    continue;
                }
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let alerts = text.split("\r\n\r\n").nth(1).expect("a body").to_owned();
                stream.write_all(answer.as_bytes()).await.expect("it listens");
                if let Some(port) = sink {
                    let body = format!("{{\"alerts\":{alerts}}}");
                    let mut sink = TcpStream::connect(("127.0.0.1", port)).await.expect("the sink listens");
                    let head = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
                    sink.write_all((head + &body).as_bytes()).await.expect("it listens");
                }
            }
        });
        format!("http://{address}")
    }

    async fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a free port").port()
    }

    const YES: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const NO: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope";

    #[tokio::test]
    async fn an_alert_that_is_sent_on_arrives_and_one_that_is_refused_or_lost_does_not() {
        let port = free_port().await;
        let nowhere = format!("http://127.0.0.1:{}", free_port().await);
        let alerts = [
            ("sent", stand_in(YES, Some(port)).await),
            ("lost", stand_in(YES, None).await),
            ("refused", stand_in(NO, None).await),
            ("nowhere", nowhere),
        ];
        let alerts = alerts.into_iter().map(|(value, base)| (value.to_owned(), base)).collect();
        let delivery = Delivery { port, label: "probe".to_owned(), alerts, patience_ms: 1500 };
        let delivered = deliver(&delivery).await.expect("the port is free");
        assert_eq!(delivered["sent"].posted, Posted::Accepted);
        assert!(delivered["sent"].arrived_ms.is_some());
        let lost = Delivered { posted: Posted::Accepted, arrived_ms: None, kept_back: None };
        assert_eq!(delivered["lost"], lost);
        let refused = Posted::Refused { status: 400, message: "nope".to_owned() };
        assert_eq!(delivered["refused"], Delivered { posted: refused, ..lost });
        assert!(matches!(delivered["nowhere"].posted, Posted::Unreachable { .. }), "{delivered:?}");
    }
}
