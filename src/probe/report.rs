//! What the probe saw. Plain data, one JSON line on its way out of the container.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::Delivered;
use crate::exposition::ParseError;

/// What the probe saw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// One entry for each target of the request, in its order.
    pub targets: Vec<Looked>,
    /// The names that were to be looked up.
    pub names: BTreeMap<String, Lookup>,
    /// One entry for each socket of the request, in its order.
    #[serde(default)]
    pub sockets: Vec<Looked>,
    /// What became of each alert, by the value of its label.
    #[serde(default)]
    pub delivered: BTreeMap<String, Delivered>,
    /// Sockets that listen in the probe's own network, where asked.
    pub listeners: Vec<Listener>,
    /// Why a part of the request could not be done.
    pub trouble: Option<String>,
}

/// What was seen of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Id from the request.
    pub id: String,
    /// What its host's name leads to. `None`: the budget ended before that was known.
    pub lookup: Option<Lookup>,
    /// What its socket did.
    pub connect: Connect,
    /// What it answered, where the socket is open.
    pub answer: Option<Answer>,
    /// It speaks HTTPS where HTTP was asked, or the other way round.
    pub other_scheme: bool,
    /// Where else metrics were found: other paths on the asked port, or other ports.
    pub others: Vec<Other>,
}

impl Looked {
    /// Nothing seen yet.
    pub fn unfinished(id: String) -> Self {
        Self { id, lookup: None, connect: Connect::NotTried, answer: None, other_scheme: false, others: Vec::new() }
    }
}

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lookup {
    /// These addresses, sorted, each once.
    Found {
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// Nothing.
    Failed {
        /// What the resolver said.
        message: String,
    },
}

/// What a socket did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connect {
    /// The name led nowhere, or the budget ended first.
    NotTried,
    /// It opened.
    Open,
    /// Nothing listens there.
    Refused,
    /// No answer.
    TimedOut {
        /// How long was waited, in milliseconds.
        millis: u64,
    },
    /// The network said that there is no way.
    Unreachable {
        /// In its words.
        message: String,
    },
}

/// What came over an open socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// An HTTP answer.
    Http(Http),
    /// Something else, or the end of the connection.
    Broken {
        /// What the HTTP or TLS client said to it.
        message: String,
    },
    /// Nothing, or not all of it, within timeout and patience.
    TimedOut {
        /// How long was waited, in milliseconds.
        millis: u64,
    },
}

/// An HTTP answer, redirects followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    /// Status code.
    pub status: u16,
    /// `Content-Type`, as it was sent.
    pub content_type: Option<String>,
    /// From the request to the last byte, in milliseconds.
    pub millis: u64,
    /// Bytes of the body, as far as it was read.
    pub bytes: u64,
    /// The first 200 bytes of the body.
    pub head: String,
    /// What the body is.
    pub body: Body,
}

impl Http {
    /// A 200 with a body that Prometheus can read and that holds nothing.
    pub fn is_empty(&self) -> bool {
        self.status == 200 && self.body == Body::Metrics { samples: 0 }
    }

    /// A 200 with a body that Prometheus can read.
    pub fn is_metrics(&self) -> bool {
        self.status == 200 && matches!(self.body, Body::Metrics { .. })
    }
}

/// What a body is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// An exposition.
    Metrics {
        /// Number of samples.
        samples: u64,
    },
    /// Not one that Prometheus accepts.
    Malformed(ParseError),
    /// Longer than the probe reads.
    TooLarge {
        /// What it reads at most, in bytes.
        limit: u64,
    },
}

/// A place where metrics were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// Port.
    pub port: u16,
    /// Path.
    pub path: String,
    /// Number of samples there.
    pub samples: u64,
}

/// A socket that listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Where it listens; `0.0.0.0` or `::` for everywhere.
    pub address: SocketAddr,
    /// Path at which it answers metrics, if any.
    pub path: Option<String>,
}
