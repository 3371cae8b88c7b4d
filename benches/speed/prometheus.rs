//! What Prometheus itself answers, asked without stackctl.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Prometheus' answer to the question for all targets, read and thrown away: its length in bytes.
pub(crate) fn ask_for_targets(address: &str) -> u64 {
    let mut connection = TcpStream::connect((address, 9090)).expect("Prometheus listens");
    let request = format!("GET /api/v1/targets?state=any HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("Prometheus takes a question");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("Prometheus answers");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    answer.len() as u64
}
