//! Which jobs an alert about the whole stack looks at.

use serde_json::Value;

use super::super::{JobOrigin, PrometheusConfig};

/// A matcher for every job but these. `None`: there is no other.
///
/// It names the jobs that there are: what has left the configuration keeps its last value in Prometheus for five minutes, after
/// a restart even without the mark that it is gone, and is no target any more. Where some jobs' names are not known here, it
/// names those that it leaves out, because an alert too many is better than one that never comes.
pub(super) fn but(config: &PrometheusConfig, others: &[&str]) -> Option<String> {
    let Some(names) = names(config) else {
        let others: Vec<String> = others.iter().map(|name| exactly(name)).collect();
        let matcher = format!("{{job!~\"{}\"}}", others.join("|"));
        return Some(if others.is_empty() { String::new() } else { matcher });
    };
    let names: Vec<&str> = names.into_iter().filter(|name| !others.contains(name)).collect();
    (!names.is_empty()).then(|| matcher(&names))
}

/// A matcher for these jobs.
pub(super) fn matcher(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| exactly(name)).collect();
    format!("{{job=~\"{}\"}}", names.join("|"))
}

/// The values that the label `job` has; `None`: they are not all known.
fn names(config: &PrometheusConfig) -> Option<Vec<&str>> {
    // A job for another Prometheus' `/federate` brings that one's jobs along.
    let mut jobs = config.jobs.iter();
    let brings_others = jobs.any(|job| job.honor_labels && job.origin == JobOrigin::Elsewhere);
    if brings_others || config.extra_config.contains_key("scrape_config_files") {
        return None;
    }
    let own = config.jobs.iter().map(|job| Some(job.name.as_str()));
    own.chain(config.extra_scrape_configs.iter().map(name)).collect()
}

/// The name of a job in Prometheus' own words; `None`: its targets may be of another one.
fn name(job: &Value) -> Option<&str> {
    let mut keys = job.as_object()?.keys();
    let is_plain = |key: &String| {
        let finds_labels = key.ends_with("_sd_configs") && key != "dns_sd_configs";
        !finds_labels && key != "relabel_configs" && key != "honor_labels"
    };
    let mut groups = job["static_configs"].as_array().into_iter().flatten();
    let is_renamed = groups.any(|group| !group["labels"]["job"].is_null());
    if keys.all(is_plain) && !is_renamed { job["job_name"].as_str() } else { None }
}

/// A regular expression for this name alone, as it stands in a text of `PromQL`.
pub(super) fn exactly(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        match letter {
            '\\' => text += r"\\\\",
            '"' => text += "\\\"",
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                text += r"\\";
                text.push(letter);
            }
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{exactly, name};

    #[test]
    fn a_name_stands_for_itself_alone() {
        assert_eq!(exactly("image-gallery"), "image-gallery");
        assert_eq!(exactly("a.b (c) \"d\""), r#"a\\.b \\(c\\) \"d\""#);
    }

    #[test]
    fn a_job_whose_targets_may_carry_another_name_is_not_known_by_its_own() {
        let job = |more: serde_json::Value| {
            let mut job = json!({ "job_name": "mine", "static_configs": [{ "targets": ["a:1"] }] });
            job.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            job
        };
        assert_eq!(name(&job(json!({ "scrape_interval": "5s" }))), Some("mine"));
        for more in [
            json!({ "relabel_configs": [] }),
            json!({ "file_sd_configs": [] }),
            json!({ "honor_labels": true }),
            json!({ "static_configs": [{ "targets": [], "labels": { "job": "other" } }] }),
        ] {
            assert_eq!(name(&job(more.clone())), None, "{more}");
        }
    }
}
