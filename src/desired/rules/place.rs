//! Where in the stack file a rule comes from: what to correct when it is wrong.

use super::super::{Rule, RuleFile, RuleGroup};
use super::whole::GROUP;
use crate::stack::{ALERT_PRESETS, OWN_RULE_FILES};

/// The place, as people name it: `apps.web.alerts.TooSlow`, or the file of rules.
pub fn rule_place(file: &RuleFile, group: &RuleGroup, rule: &Rule) -> String {
    let [alerts, recordings, _] = OWN_RULE_FILES;
    let (group, name) = (&group.name, &rule.name);
    let is_preset = is_preset(rule);
    if file.text.is_some() {
        format!("`{name}` of `{}`", file.name)
    } else if file.name == recordings {
        format!("`rules.{name}`")
    } else if file.name == alerts && group == GROUP {
        if is_preset {
            format!("what is scraped, or switch the preset of `{name}` off")
        } else {
            format!("`alerts.{name}`")
        }
    } else if file.name == alerts && !is_preset {
        format!("`apps.{group}.alerts.{name}`")
    } else {
        let app = rule.labels.get("app").unwrap_or(group);
        format!("`apps.{app}.signals`")
    }
}

/// Whether a rule bears the name of one that stackctl makes by itself.
pub fn is_preset(rule: &Rule) -> bool {
    ALERT_PRESETS.iter().any(|preset| preset.makes.contains(&rule.name.as_str()))
}
