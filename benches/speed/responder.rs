//! One process that answers with metrics on many ports, at every path, for a Prometheus that is to have many targets.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const METRICS: &str = "# TYPE one gauge\none 1\n";

/// Listens on so many free ports of an address, for as long as this process runs. Returns the ports.
pub(crate) fn listen(address: &str, count: usize) -> Vec<u16> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let address = address.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(async {
            for _ in 0..count {
                let listener = TcpListener::bind((address.as_str(), 0)).await.expect("a free port");
                sender.send(listener.local_addr().expect("it is bound").port()).expect("somebody waits for the ports");
                tokio::spawn(answer_all(listener));
            }
            drop(sender);
            std::future::pending::<()>().await;
        });
    });
    receiver.iter().collect()
}

async fn answer_all(listener: TcpListener) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(answer(connection));
    }
}

/// Answers one request and closes: as many connections as targets would be more open files than a process may have.
async fn answer(mut connection: TcpStream) {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{METRICS}",
        METRICS.len()
    );
    let mut request = vec![0; 4096];
    // A scrape's request has no body and comes in one piece.
    if connection.read(&mut request).await.is_ok_and(|count| count > 0) {
        // Who does not listen any more needs no answer.
        let _ = connection.write_all(answer.as_bytes()).await;
    }
}
