//! The HTTP API of a pushgateway: what batch jobs push, and take back.

use reqwest::{Method, StatusCode, Url};

use super::error::innermost;
use super::{Error, connection};

/// Who is asked here.
const SERVICE: &str = "the pushgateway";

/// One pushgateway.
#[derive(Debug, Clone)]
pub struct Pushgateway {
    client: reqwest::Client,
    base: String,
}

impl Pushgateway {
    /// A client for a base URL. Nothing is sent yet.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(base_url: &str) -> Result<Self, Error> {
        let (client, base) = connection::client(SERVICE, base_url)?;
        Ok(Self { client, base })
    }

    /// Pushes metrics for a job and labels. `replace`: everything else that was pushed for them goes.
    ///
    /// # Errors
    /// It is not there, or refuses the metrics.
    pub async fn push(&self, job: &str, labels: &[(String, String)], text: String, replace: bool) -> Result<(), Error> {
        self.send(if replace { Method::PUT } else { Method::POST }, job, labels, Some(text)).await
    }

    /// Takes away what was pushed for a job and labels.
    ///
    /// # Errors
    /// It is not there, or refuses.
    pub async fn delete(&self, job: &str, labels: &[(String, String)]) -> Result<(), Error> {
        self.send(Method::DELETE, job, labels, None).await
    }

    async fn send(
        &self,
        method: Method,
        job: &str,
        labels: &[(String, String)],
        text: Option<String>,
    ) -> Result<(), Error> {
        let failed = |cause: String, answered: bool| Error {
            service: SERVICE,
            url: self.base.clone(),
            what: "a push".to_owned(),
            cause,
            answered,
        };
        let url = group(&self.base, job, labels).map_err(|cause| failed(cause, false))?;
        let mut request = self.client.request(method, url).header("Content-Type", "text/plain; version=0.0.4");
        if let Some(text) = text {
            request = request.body(text);
        }
        let answer = request.send().await.map_err(|error| failed(innermost(&error), false))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.text().await.unwrap_or_default();
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let said = said.join(" ");
        let is_gateway = status == StatusCode::BAD_REQUEST;
        Err(failed(format!("it answers {}: {said}", status.as_u16()), is_gateway))
    }
}

/// `/metrics/job/JOB/LABEL/VALUE…`. A value that a path cannot hold goes as base64, as the gateway's own clients do.
fn group(base: &str, job: &str, labels: &[(String, String)]) -> Result<Url, String> {
    let mut url = Url::parse(base).map_err(|error| error.to_string())?;
    let job = ("job".to_owned(), job.to_owned());
    {
        let mut segments = url.path_segments_mut().map_err(|()| "this URL has no path".to_owned())?;
        segments.pop_if_empty().push("metrics");
        for (name, value) in std::iter::once(&job).chain(labels) {
            if value.is_empty() || value.contains('/') || value == "." || value == ".." {
                segments.push(&format!("{name}@base64")).push(&base64(value));
            } else {
                segments.push(name).push(value);
            }
        }
    }
    Ok(url)
}

/// Base64 for URLs (RFC 4648, section 5); `=` for an empty text, which a path could not hold.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if text.is_empty() {
        return "=".to_owned();
    }
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bytes = [chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)];
        let bits = u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2]);
        for place in 0..=chunk.len() {
            encoded.push(char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_path_and_what_a_path_cannot_hold_is_encoded() {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let url = |job, labels: &[(String, String)]| group("http://g:9091", job, labels).expect("a URL").to_string();
        assert_eq!(url("backup", &[]), "http://g:9091/metrics/job/backup");
        assert_eq!(url("a b", &[label("db", "x")]), "http://g:9091/metrics/job/a%20b/db/x");
        assert_eq!(url("a/b", &[label("e", "")]), "http://g:9091/metrics/job@base64/YS9i/e@base64/=");
        assert_eq!(base64("/var/tmp"), "L3Zhci90bXA");
    }
}
