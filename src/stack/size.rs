//! Sizes as Compose and Prometheus write them: `512m`, `1.5GB`.

use serde::Serialize;

/// A size in bytes; `k`, `m`, `g` and `kb`, `mb`, `gb` are powers of 1024, as in Docker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct ByteSize(pub u64);
