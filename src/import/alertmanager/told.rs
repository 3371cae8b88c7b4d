//! Prometheus is told of one Alertmanager: the stack's own.

use super::super::draft::{Item, Map};
use super::super::remark::{Place, Remarks};

/// The section `alertmanager`. Prometheus is told of that one, and of no other. `hosts`: by what it was found before.
pub(in crate::import) fn tell(root: &mut Map, section: Map, hosts: &[String], remarks: &mut Remarks) {
    root.set("alertmanager", Item::Map(section));
    let Some(alerting) = root.take("prometheus.extra_config.alerting") else { return };
    if root.get("prometheus").is_some() && root.map("prometheus").map("extra_config").is_empty() {
        root.take("prometheus.extra_config");
    }
    if is_told_of(&alerting, hosts) {
        return;
    }
    let message = "Prometheus sends its alerts to the stack's own Alertmanager";
    remarks.changed(Place::file("prometheus.yml"), message, "to send them elsewhere, remove `alertmanager` here");
}

/// Whether `alerting` says nothing but that alerts go to these hosts.
fn is_told_of(alerting: &Item, hosts: &[String]) -> bool {
    let mut targets = Vec::new();
    let mut is_plain = true;
    collect_targets(alerting, "", &mut targets, &mut is_plain);
    let is_host =
        |target: &&str| target.rsplit_once(':').is_some_and(|(host, _)| hosts.iter().any(|known| known == host));
    is_plain && !targets.is_empty() && targets.iter().all(is_host)
}

fn collect_targets<'i>(item: &'i Item, key: &str, targets: &mut Vec<&'i str>, is_plain: &mut bool) {
    match item {
        Item::Map(map) => {
            for (key, entry) in &map.0 {
                *is_plain &= ["alertmanagers", "static_configs", "targets", "scheme"].contains(&key.as_str());
                collect_targets(&entry.item, key, targets, is_plain);
            }
        }
        Item::List(items) => items.iter().for_each(|item| collect_targets(item, key, targets, is_plain)),
        Item::Scalar { text, .. } if key == "targets" => targets.push(text),
        Item::Scalar { text, .. } => *is_plain &= text == "http",
    }
}
