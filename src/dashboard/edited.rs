//! A dashboard's file with what somebody changed in Grafana, and nothing else: Grafana was given the file as it was
//! rendered, and adds things of its own when it saves.

use serde_json::Value;

use super::defaults::without_defaults;
use super::import::FOREIGN_KEYS;
use super::order::{counterpart_at, in_order_of};

/// What Grafana has kept, as the file that it comes from. `rendered`: what Grafana was given for it.
///
/// What is as it was rendered is as the file has it (`${DS_PROMETHEUS}`, inputs, numbers of another Grafana's database),
/// what Grafana adds by itself is left out, and keys stand in the order of the file.
pub fn as_edited(file: &Value, rendered: &Value, kept: Value) -> Value {
    let file = file.get("dashboard").filter(|inner| inner.is_object()).unwrap_or(file);
    let kept = without_defaults(Some(rendered), kept);
    let mut edited = restored(file, rendered, kept);
    if let (Value::Object(edited), Value::Object(file)) = (&mut edited, file) {
        for key in FOREIGN_KEYS {
            edited.extend(file.get(*key).map(|value| ((*key).to_owned(), value.clone())));
        }
        // The stack gives it one by its name.
        if !file.contains_key("uid") {
            edited.shift_remove("uid");
        }
    }
    in_order_of(file, edited)
}

/// As the file has it, wherever it is as it was rendered.
fn restored(file: &Value, rendered: &Value, kept: Value) -> Value {
    if *rendered == kept {
        return file.clone();
    }
    match (file, rendered, kept) {
        (Value::Object(file), Value::Object(rendered), Value::Object(kept)) => {
            let values = kept.into_iter().map(|(key, value)| match (file.get(&key), rendered.get(&key)) {
                (Some(file), Some(rendered)) => (key, restored(file, rendered, value)),
                _ => (key, value),
            });
            Value::Object(values.collect())
        }
        (Value::Array(file), Value::Array(rendered), Value::Array(kept)) if file.len() == rendered.len() => {
            let items = kept.into_iter().enumerate().map(|(at, item)| match counterpart_at(rendered, at, &item) {
                Some(at) => restored(&file[at], &rendered[at], item),
                None => item,
            });
            Value::Array(items.collect())
        }
        (_, _, kept) => kept,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_changed_is_as_the_file_has_it() {
        let file = json!({
            "__inputs": [{ "name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus" }],
            "id": 7, "title": "Shop",
            "panels": [
                { "type": "stat", "id": 1, "datasource": "${DS_PROMETHEUS}", "title": "A", "targets": [{ "expr": "a" }] },
                { "type": "stat", "id": 2, "datasource": "${DS_PROMETHEUS}", "title": "B", "targets": [{ "expr": "b" }] },
            ],
        });
        let rendered = super::super::import(&file.to_string(), "prometheus").expect("a dashboard").json;
        let mut kept = rendered.clone();
        kept["uid"] = json!("shop");
        kept["version"] = json!(12);
        kept["panels"][0]["pluginVersion"] = json!("12.0.0");
        let kept_as = |kept: Value| {
            let kept = super::super::import(&kept.to_string(), "prometheus").expect("a dashboard").json;
            as_edited(&file, &rendered, kept)
        };
        assert_eq!(kept_as(kept.clone()).to_string(), file.to_string());
        kept["panels"][1]["targets"][0]["expr"] = json!("c");
        kept["panels"].as_array_mut().expect("a list").push(json!({ "type": "text", "id": 3, "title": "C" }));
        let mut expected = file.clone();
        expected["panels"][1]["targets"][0]["expr"] = json!("c");
        expected["panels"].as_array_mut().expect("a list").push(json!({ "type": "text", "id": 3, "title": "C" }));
        assert_eq!(kept_as(kept).to_string(), expected.to_string());
    }
}
