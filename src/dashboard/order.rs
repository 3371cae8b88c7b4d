//! JSON in the order of keys that a file had, so that a change shows as that change alone.

use serde_json::{Map, Value};

/// The same value, its keys in the order of `before` as far as they are there; new keys come after those.
pub fn in_order_of(before: &Value, value: Value) -> Value {
    match (before, value) {
        (Value::Object(before), Value::Object(mut object)) => {
            let mut ordered = Map::new();
            for (key, old) in before {
                if let Some(new) = object.shift_remove(key) {
                    ordered.insert(key.clone(), in_order_of(old, new));
                }
            }
            ordered.extend(object);
            Value::Object(ordered)
        }
        (Value::Array(before), Value::Array(items)) => {
            let ordered = items.into_iter().enumerate().map(|(index, item)| match counterpart(before, index, &item) {
                Some(old) => in_order_of(old, item),
                None => item,
            });
            Value::Array(ordered.collect())
        }
        (_, value) => value,
    }
}

/// What an item of a list was before: the one of its id or name, else the one in its place.
pub(super) fn counterpart<'a>(before: &'a [Value], index: usize, item: &Value) -> Option<&'a Value> {
    counterpart_at(before, index, item).map(|at| &before[at])
}

/// Its place.
pub(super) fn counterpart_at(before: &[Value], index: usize, item: &Value) -> Option<usize> {
    let same = ["id", "refId", "name"].into_iter().find_map(|key| {
        let identity = item.get(key)?;
        before.iter().position(|old| old.get(key) == Some(identity))
    });
    same.or_else(|| (index < before.len()).then_some(index))
}

#[cfg(test)]
mod tests {
    use super::in_order_of;
    use serde_json::{Value, json};

    fn check(before: &str, value: Value, expected: &str) {
        let before: Value = serde_json::from_str(before).expect("JSON");
        assert_eq!(in_order_of(&before, value).to_string(), expected);
    }

    #[test]
    fn keys_keep_their_places_and_new_ones_come_last() {
        check(
            r#"{"title":"A","gone":1,"uid":"a","panels":[{"id":2,"type":"stat"},{"type":"text","id":1}]}"#,
            json!({ "new": 0, "panels": [{ "id": 1, "type": "text" }, { "id": 2, "extra": 3, "type": "stat" }], "uid": "a", "title": "B" }),
            r#"{"title":"B","uid":"a","panels":[{"type":"text","id":1},{"id":2,"type":"stat","extra":3}],"new":0}"#,
        );
    }

    #[test]
    fn what_is_not_alike_is_left_as_it_is() {
        check("[1,2]", json!({ "b": 1, "a": 2 }), r#"{"b":1,"a":2}"#);
        check("{}", json!([3]), "[3]");
    }
}
