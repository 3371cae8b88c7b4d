//! `node`: a host as node exporter sees it. For each resource: how much of it is in use, and how much waits for it.

use super::{chosen, for_jobs_with};
use crate::dashboard::{Color, Dashboard, Panel, Row};

/// File systems that hold nothing of their own.
const DISKS: &str = r#"fstype!~"tmpfs|ramfs|overlay|squashfs|rootfs|autofs|nsfs|fuse.lxcfs""#;

/// Network devices that lead out of the host.
const DEVICES: &str = r#"device!~"lo|veth.*|br-.*|docker.*""#;

pub(super) fn dashboard() -> Dashboard {
    let rows = vec![
        Row::plain(numbers()),
        Row::titled("Processor", processor()),
        Row::titled("Memory", memory()),
        Row::titled("Disks", disks()),
        Row::titled("Network", network()),
    ];
    for_jobs_with("node_boot_time_seconds", "node", "Hosts", rows)
}

fn in_use(panel: Panel) -> Panel {
    panel.share().colored(&[(0.8, Color::Orange), (0.9, Color::Red)])
}

fn idle(by: &str) -> String {
    chosen(&format!(
        r#"1 - avg by ({by}) (sum by ({by}, cpu) (rate(node_cpu_seconds_total{{*,mode=~"idle|iowait|steal"}}[$__rate_interval])))"#
    ))
}

fn memory_in_use() -> String {
    chosen("1 - node_memory_MemAvailable_bytes{*} / node_memory_MemTotal_bytes{*}")
}

fn disk_in_use() -> String {
    chosen(&format!(
        "1 - max by (instance, mountpoint) (node_filesystem_avail_bytes{{*,{DISKS}}} / node_filesystem_size_bytes{{*,{DISKS}}})"
    ))
}

fn numbers() -> Vec<Panel> {
    vec![
        in_use(Panel::number("Processor in use", "percentunit")).asks(idle("instance"), "{{instance}}"),
        in_use(Panel::number("Memory in use", "percentunit")).asks(memory_in_use(), "{{instance}}"),
        in_use(Panel::number("Fullest disk", "percentunit"))
            .asks(format!("max by (instance) ({})", disk_in_use()), "{{instance}}"),
        Panel::number("Up since", "s")
            .asks(chosen("node_time_seconds{*} - node_boot_time_seconds{*}"), "{{instance}}")
            .says("Time since the host was started"),
    ]
}

fn processor() -> Vec<Panel> {
    vec![
        in_use(Panel::lines("In use", "percentunit")).asks(idle("instance"), "{{instance}}"),
        Panel::lines("Load for each processor", "short")
            .asks(
                chosen(r#"node_load1{*} / on (instance, job) count by (instance, job) (node_cpu_seconds_total{*,mode="idle"})"#),
                "{{instance}}",
            )
            .says("Programs that run or wait, over the last minute; above 1 some of them wait")
            .between(0.0, None),
    ]
}

fn memory() -> Vec<Panel> {
    vec![
        in_use(Panel::lines("In use", "percentunit")).asks(memory_in_use(), "{{instance}}"),
        Panel::lines("Major page faults", "ops")
            .asks(chosen("rate(node_vmstat_pgmajfault{*}[$__rate_interval])"), "{{instance}}")
            .says("Pages that had to be read from disk: many of them mean that memory is short")
            .between(0.0, None),
    ]
}

fn disks() -> Vec<Panel> {
    vec![
        in_use(Panel::lines("Space in use", "percentunit")).asks(disk_in_use(), "{{instance}} {{mountpoint}}"),
        Panel::lines("Busy", "percentunit")
            .asks(chosen("rate(node_disk_io_time_seconds_total{*}[$__rate_interval])"), "{{instance}} {{device}}")
            .says("Share of time in which the disk has something to do")
            .share(),
        Panel::lines("Read", "Bps")
            .asks(chosen("rate(node_disk_read_bytes_total{*}[$__rate_interval])"), "{{instance}} {{device}}")
            .between(0.0, None),
        Panel::lines("Written", "Bps")
            .asks(chosen("rate(node_disk_written_bytes_total{*}[$__rate_interval])"), "{{instance}} {{device}}")
            .between(0.0, None),
    ]
}

fn network() -> Vec<Panel> {
    let of = |metric: &str| {
        chosen(&format!("sum by (instance) (rate(node_network_{metric}_total{{*,{DEVICES}}}[$__rate_interval]))"))
    };
    vec![
        Panel::lines("Traffic", "Bps")
            .asks(of("receive_bytes"), "{{instance}} received")
            .asks(of("transmit_bytes"), "{{instance}} sent")
            .between(0.0, None),
        Panel::lines("Lost", "pps")
            .asks(of("receive_drop"), "{{instance}} received, dropped")
            .asks(of("transmit_drop"), "{{instance}} sent, dropped")
            .asks(of("receive_errs"), "{{instance}} received, broken")
            .asks(of("transmit_errs"), "{{instance}} sent, broken")
            .between(0.0, None),
    ]
}
