//! A Prometheus in this process, for tests: it answers as it is told, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Prometheus;

/// What it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The expression, or the selector.
    pub(crate) query: String,
}

type Asked = Arc<Mutex<Vec<Question>>>;

/// The stand-in, as long as the test's runtime lives.
pub(crate) struct StandIn {
    pub(crate) prometheus: Prometheus,
    asked: Asked,
}

impl StandIn {
    /// One that gives this body to each question.
    pub(crate) async fn new(answer: impl Fn(&Question) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (asked, answer) = (Asked::default(), Arc::new(answer));
        let known = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (known, answer) = (known.clone(), answer.clone());
                tokio::spawn(async move {
                    serve(stream, |question| {
                        known.lock().expect("nobody panicked").push(question.clone());
                        answer(question)
                    })
                    .await;
                });
            }
        });
        Self { prometheus: Prometheus::new(&url).expect("a URL"), asked }
    }

    /// Everything that it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Question> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

async fn serve(mut stream: TcpStream, answer: impl Fn(&Question) -> String) {
    let mut reader = BufReader::new(&mut stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.expect("a line");
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let length =
        head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).await.expect("the body");
    let mut words = head.first().map(String::as_str).unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, in_address) = target.split_once('?').unwrap_or((target, ""));
    let pairs = form_urlencoded::parse(in_address.as_bytes()).chain(form_urlencoded::parse(&body));
    let query = pairs.into_iter().find(|(name, _)| name == "query" || name == "match[]");
    let query = query.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let text = answer(&Question { method: method.to_owned(), path: path.to_owned(), query });
    let length = text.len();
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}");
    drop(stream.write_all(response.as_bytes()).await);
}

/// Prometheus' own envelope around what it knows.
pub(crate) fn success(data: &serde_json::Value) -> String {
    serde_json::json!({ "status": "success", "data": data }).to_string()
}
