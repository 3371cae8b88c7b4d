//! Durations and sizes as Prometheus and the Compose specification write them.

use super::{ByteSize, Duration};

/// As Prometheus reads it: `500ms`, `1m30s`, `15d`.
pub fn prometheus_duration(duration: Duration) -> String {
    compound(duration, &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)])
}

/// As the Compose specification reads it, which knows no days: `360h`.
pub fn compose_duration(duration: Duration) -> String {
    compound(duration, &[("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)])
}

/// As Prometheus reads it: `512MB`. Its units, too, are powers of 1024.
pub fn prometheus_size(size: ByteSize) -> String {
    largest_unit(size, &["B", "KB", "MB", "GB", "TB", "PB"])
}

/// As the Compose specification reads it: `512m`.
pub fn compose_size(size: ByteSize) -> String {
    largest_unit(size, &["b", "k", "m", "g"])
}

fn compound(duration: Duration, units: &[(&str, u64)]) -> String {
    let mut rest = duration.as_millis();
    let parts = units.iter().map(|(unit, millis)| {
        let count = rest / millis;
        rest %= millis;
        if count > 0 { format!("{count}{unit}") } else { String::new() }
    });
    let text: String = parts.collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn largest_unit(ByteSize(bytes): ByteSize, units: &[&str]) -> String {
    let divisible = (1..units.len()).take_while(|power| bytes > 0 && bytes.is_multiple_of(1024 << (10 * (power - 1))));
    let power = divisible.last().unwrap_or(0);
    format!("{}{}", bytes >> (10 * power), units[power])
}

#[cfg(test)]
mod tests {
    use super::{compose_duration, compose_size, prometheus_duration, prometheus_size};
    use crate::desired::{ByteSize, Duration};

    #[test]
    fn durations_are_written_in_the_largest_units() {
        for (millis, prometheus, compose) in [
            (0, "0s", "0s"),
            (500, "500ms", "500ms"),
            (90_000, "1m30s", "1m30s"),
            (15 * 86_400_000, "15d", "360h"),
            (3_600_001, "1h1ms", "1h1ms"),
        ] {
            assert_eq!(prometheus_duration(Duration::from_millis(millis)), prometheus);
            assert_eq!(compose_duration(Duration::from_millis(millis)), compose);
        }
    }

    #[test]
    fn sizes_are_written_in_the_largest_unit_that_leaves_no_rest() {
        for (bytes, prometheus, compose) in
            [(0, "0B", "0b"), (1000, "1000B", "1000b"), (512 << 20, "512MB", "512m"), (3 << 40, "3TB", "3072g")]
        {
            assert_eq!(prometheus_size(ByteSize(bytes)), prometheus);
            assert_eq!(compose_size(ByteSize(bytes)), compose);
        }
    }
}
