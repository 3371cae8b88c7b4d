//! `Content-Type` as Prometheus judges it.
//!
//! Prometheus 3 fails a scrape whose type is missing or unknown unless the job has a `fallback_scrape_protocol`
//! (`model/textparse/interface.go`, `extractMediaType`); Prometheus 2 reads such a body as text.

use serde::{Deserialize, Serialize};

use super::Format;

/// A `Content-Type` header, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentType {
    /// `text/plain`, version 0.0.4 or none.
    Text004,
    /// `text/plain; version=1.0.0`.
    Text1,
    /// `application/openmetrics-text`.
    OpenMetrics,
    /// `application/vnd.google.protobuf`.
    Protobuf,
    /// No header, or an empty one.
    Missing,
    /// Anything else, also what cannot be parsed.
    Unsupported(String),
}

impl ContentType {
    /// Prometheus 3 takes it without a fallback.
    pub fn is_supported(&self) -> bool {
        !matches!(self, Self::Missing | Self::Unsupported(_))
    }

    /// The grammar Prometheus reads the body with: text where the type says nothing it knows.
    pub fn format(&self) -> Format {
        if *self == Self::OpenMetrics { Format::OpenMetrics } else { Format::Text }
    }
}

/// Judges the value of a `Content-Type` header.
pub fn content_type(header: Option<&str>) -> ContentType {
    let Some(header) = header.filter(|header| !header.is_empty()) else {
        return ContentType::Missing;
    };
    let mut parts = split_outside_quotes(header).into_iter().map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let Some(parameters) = parameters(parts) else {
        return ContentType::Unsupported(header.to_owned());
    };
    let version = parameters.iter().find(|(name, _)| name == "version").map(|(_, value)| *value);
    match media_type.as_str() {
        "text/plain" if version == Some("1.0.0") => ContentType::Text1,
        "text/plain" => ContentType::Text004,
        "application/openmetrics-text" => ContentType::OpenMetrics,
        "application/vnd.google.protobuf" => ContentType::Protobuf,
        _ => ContentType::Unsupported(header.to_owned()),
    }
}

/// `name=value` pairs; `None` where one is malformed or named twice, which Go's `mime.ParseMediaType` refuses.
fn parameters<'header>(parts: impl Iterator<Item = &'header str>) -> Option<Vec<(String, &'header str)>> {
    let mut pairs: Vec<(String, &str)> = Vec::new();
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if part.is_empty() && index + 1 == parts.len() {
            continue;
        }
        let (name, value) = part.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim();
        let well_formed = !name.is_empty() && !name.contains(' ') && is_value(value);
        if !well_formed || pairs.iter().any(|(known, earlier)| *known == name && *earlier != value) {
            return None;
        }
        pairs.push((name, value.trim_matches('"')));
    }
    Some(pairs)
}

fn is_value(value: &str) -> bool {
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    quoted || (!value.is_empty() && !value.contains(|character: char| character.is_whitespace() || character == '"'))
}

fn split_outside_quotes(header: &str) -> Vec<&str> {
    let mut quoted = false;
    header
        .split(|character| {
            quoted ^= character == '"';
            character == ';' && !quoted
        })
        .collect()
}
