//! YAML that Prometheus answers with, as a JSON value.

/// Reads YAML. An error says what is wrong and where.
pub fn yaml_to_json(text: &str) -> Result<serde_json::Value, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_types() {
        let value = yaml_to_json("port: 80\ninterval: 1m\nhonor_labels: true\nversion: \"1.0\"\nempty:\n");
        let expected = serde_json::json!({
            "port": 80, "interval": "1m", "honor_labels": true, "version": "1.0", "empty": null,
        });
        assert_eq!(value, Ok(expected));
    }

    #[test]
    fn what_is_not_yaml_is_an_error() {
        assert!(yaml_to_json("a: [").is_err());
    }
}
