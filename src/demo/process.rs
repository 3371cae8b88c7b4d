//! What every app says about itself: memory, start, and the name of its container.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Registers `process_start_time_seconds` and `process_resident_memory_bytes`.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Process { start: seconds_since_1970() }));
}

/// Name of the container: `/etc/hostname`, else the variable `HOSTNAME`, else `unknown`.
pub(super) fn hostname() -> String {
    let from_file = std::fs::read_to_string("/etc/hostname").ok();
    let candidates = [from_file, std::env::var("HOSTNAME").ok()];
    let named = candidates.into_iter().flatten().map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    named.unwrap_or_else(|| "unknown".to_owned())
}

#[derive(Debug)]
struct Process {
    start: f64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let start = ConstGauge::new(self.start);
        let help = "Start of the process, in seconds since 1970";
        start.encode(encoder.encode_descriptor("process_start_time_seconds", help, None, start.metric_type())?)?;
        let Some(bytes) = resident_memory_bytes() else { return Ok(()) };
        let memory = ConstGauge::new(bytes);
        let help = "Memory of the process that is in RAM";
        memory.encode(encoder.encode_descriptor("process_resident_memory_bytes", help, None, memory.metric_type())?)
    }
}

fn seconds_since_1970() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// `VmRSS` of proc(5), which the kernel gives in KiB.
fn resident_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::resident_memory_bytes;

    #[test]
    fn the_resident_memory_of_this_process_is_more_than_a_megabyte() {
        assert!(resident_memory_bytes().is_some_and(|bytes| bytes > 1024 * 1024));
    }
}
