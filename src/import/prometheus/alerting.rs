//! `alerting` of prometheus.yml, in Prometheus' own words: without what says nothing, and as the Prometheus of today takes it.

use crate::import::draft::{Item, Map};
use crate::import::remark::{Place, Remarks};
use crate::stack::OutsideEntry;

/// What there is to say. `None`: nothing, as where the list of Alertmanagers is an example that was never filled in.
pub(super) fn carried(entry: &OutsideEntry, place: &Place, remarks: &mut Remarks) -> Option<Item> {
    let Item::Map(mut alerting) = Item::of_literal(&entry.node) else { return None };
    if let Some(Item::List(mut managers)) = alerting.take("alertmanagers") {
        managers.retain(|manager| matches!(manager, Item::Map(manager) if sends_somewhere(manager)));
        for manager in &mut managers {
            if let Item::Map(manager) = manager
                && manager.get("api_version").and_then(Item::as_text) == Some("v1")
            {
                manager.set("api_version", Item::text("v2"));
                let message =
                    "`api_version: v1` is gone from Alertmanager 0.27 and Prometheus 3, which would not start";
                remarks.changed(
                    place.clone(),
                    message,
                    "nothing: `v2` stands there, which Alertmanager has from 0.16 on",
                );
            }
        }
        if !managers.is_empty() {
            alerting.set("alertmanagers", Item::List(managers));
        }
    }
    (!alerting.is_empty()).then_some(Item::Map(alerting))
}

/// Whether an Alertmanager is named, or how to find one.
fn sends_somewhere(manager: &Map) -> bool {
    let names_one = |group: &Item| {
        let Item::Map(group) = group else { return true };
        matches!(group.get("targets"), Some(Item::List(targets)) if !targets.is_empty())
    };
    let found = |(key, item): (&str, &Item)| match item {
        Item::List(groups) if key == "static_configs" => groups.iter().any(names_one),
        _ => key.ends_with("_sd_configs"),
    };
    manager.0.iter().any(|(key, entry)| found((key, &entry.item)))
}
