//! Reads the text that a target answers with: Prometheus text format 0.0.4 and OpenMetrics 1.0. Pure.
