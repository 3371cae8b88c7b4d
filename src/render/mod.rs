//! Desired → the exact bytes of every generated file, in memory. Pure. The only folder that knows tera.

use indexmap::IndexMap;

/// Every generated file by its path below the output folder, such as `prometheus/prometheus.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(pub IndexMap<String, String>);
