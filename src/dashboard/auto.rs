//! A length of time that fits to what is shown, as Grafana chooses it for an interval variable with "auto".

use serde::{Deserialize, Serialize};

/// How such a length is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoInterval {
    /// How many times it shall fit into what is shown.
    pub count: u32,
    /// The shortest that it may be, in milliseconds.
    pub shortest: u64,
}

/// Lengths that Grafana rounds to, in milliseconds, and up to which length each of them holds.
const ROUND: [(f64, u64); 27] = [
    (15.0, 10),
    (35.0, 20),
    (75.0, 50),
    (150.0, 100),
    (350.0, 200),
    (750.0, 500),
    (1_500.0, 1_000),
    (3_500.0, 2_000),
    (7_500.0, 5_000),
    (12_500.0, 10_000),
    (17_500.0, 15_000),
    (25_000.0, 20_000),
    (45_000.0, 30_000),
    (90_000.0, 60_000),
    (210_000.0, 120_000),
    (450_000.0, 300_000),
    (750_000.0, 600_000),
    (1_050_000.0, 900_000),
    (1_500_000.0, 1_200_000),
    (2_700_000.0, 1_800_000),
    (5_400_000.0, 3_600_000),
    (9_000_000.0, 7_200_000),
    (16_200_000.0, 10_800_000),
    (32_400_000.0, 21_600_000),
    (86_400_000.0, 43_200_000),
    (604_800_000.0, 86_400_000),
    (1_814_400_000.0, 604_800_000),
];

const MONTH: u64 = 2_592_000_000;

impl Default for AutoInterval {
    /// As Grafana has it where nothing is said.
    fn default() -> Self {
        Self { count: 30, shortest: 10_000 }
    }
}

impl AutoInterval {
    /// The length, as `PromQL` writes it, for that many seconds that are shown.
    pub fn of(&self, seconds: f64) -> String {
        let wanted = seconds * 1000.0 / f64::from(self.count.max(1));
        let round = ROUND.iter().find(|(below, _)| wanted < *below).map_or(MONTH, |(_, length)| *length);
        match round.max(self.shortest).max(1) {
            length if length.is_multiple_of(1000) => format!("{}s", length / 1000),
            length => format!("{length}ms"),
        }
    }

    /// A text such as `10s` or `1m` in milliseconds.
    pub(super) fn milliseconds(text: &str) -> Option<u64> {
        let at = text.find(|character: char| !character.is_ascii_digit())?;
        let unit = match &text[at..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        text[..at].parse::<u64>().ok()?.checked_mul(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::AutoInterval;

    #[test]
    fn the_length_is_the_one_that_grafana_rounds_to() {
        let auto = AutoInterval::default();
        for (shown, expected) in
            [(60.0, "10s"), (3_600.0, "120s"), (21_600.0, "600s"), (86_400.0, "3600s"), (7.0 * 86_400.0, "21600s")]
        {
            assert_eq!(auto.of(shown), expected, "{shown}");
        }
        assert_eq!(AutoInterval { count: 100, shortest: 250 }.of(1.0), "250ms");
        assert_eq!(AutoInterval { count: 0, shortest: 0 }.of(1e12), "2592000s");
    }

    #[test]
    fn the_shortest_is_read_as_grafana_writes_it() {
        assert_eq!(AutoInterval::milliseconds("1m"), Some(60_000));
        for unknown in ["", "10", "s", "1x", "99999999999999999999s"] {
            assert_eq!(AutoInterval::milliseconds(unknown), None, "{unknown}");
        }
    }
}
